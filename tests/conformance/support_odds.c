/* What conformance cases need besides loops and endpoints: checks of errors, a peer that never answers, sets
 * of options; see support.h. */
#include "tests/conformance/support.h"

#include <dirent.h>
#include <linux/filter.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

void ct_failed_as(enum tr_code got, enum tr_code wanted, const struct tr_error *error)
{
    if (got != wanted)
        fail_msg("got %s (%s), wanted %s", tr_code_name(got), error->text, tr_code_name(wanted));
    assert_int_equal(error->code, got);
    assert_in_range(strnlen(error->text, sizeof error->text), 1, sizeof error->text - 1);
}

void ct_ok(enum tr_code got, const struct tr_error *error)
{
    if (got != TR_OK)
        fail_msg("%s: %s", tr_code_name(got), error->text);
}

struct sender {
    struct ct_end *end;
    uint32_t assoc;
};

static bool nothing_is_out(void *arg)
{
    const struct sender *s = arg;
    struct opt_set got = {0};
    struct tr_error error = {0};
    ct_ok(tr_get_option(s->end->ep, s->assoc, OPT_STATUS, &got, &error), &error);
    return opt_num(&got, OPTF_STATUS_UNACKDATA, -1) == 0 && opt_num(&got, OPTF_STATUS_PENDDATA, -1) == 0;
}

void ct_acknowledged(struct ct_end *e, uint32_t assoc)
{
    struct sender s = {e, assoc};
    if (!ct_pump(e->world, nothing_is_out, &s, CT_DEADLINE_MS))
        fail_msg("the peer did not acknowledge all");
    ct_turn(e->world, 0);
}

/* ---- What this host's stack is too old for --------------------------------------------------------- */

static bool lacks[OPT_ID_COUNT];

/* "…; it came with Linux 5.11" is true of older kernels only. */
static bool younger_than_this_kernel(const char *text)
{
    struct utsname host;
    unsigned major, minor, own_major, own_minor;
    const char *since = strstr(text, "came with Linux ");
    return since && sscanf(since, "came with Linux %u.%u", &major, &minor) == 2 && uname(&host) == 0 &&
           sscanf(host.release, "%u.%u", &own_major, &own_minor) == 2 &&
           (major > own_major || (major == own_major && minor > own_minor));
}

static bool learn(struct tr_endpoint *ep, enum opt_id id)
{
    struct opt_set got = {0};
    struct tr_error error = {0};
    if (!tr_backend_can_get(ct_backend, id) || tr_get_option(ep, 0, id, &got, &error) != TR_UNSUPPORTED)
        return true;
    lacks[id] = true;
    fprintf(stderr, "  not here: %s\n", error.text);
    return younger_than_this_kernel(error.text);
}

bool ct_learn_options(void)
{
    struct net_addr local = ct_addr("127.0.0.1", 0);
    struct tr_open_params params = {.addresses = &local, .address_count = 1};
    struct tr_loop *loop = NULL;
    struct tr_endpoint *ep = NULL;
    bool fine =
        tr_loop_open(ct_backend, NULL, &loop, NULL) == TR_OK && tr_open(loop, &params, &ep, NULL) == TR_OK;
    for (int id = 0; fine && id < OPT_ID_COUNT; id++)
        fine = learn(ep, (enum opt_id)id);
    tr_loop_close(loop);
    return fine;
}

bool ct_can_set(enum opt_id id)
{
    return tr_backend_can_set(ct_backend, id) && !lacks[id];
}

bool ct_can_get(enum opt_id id)
{
    return tr_backend_can_get(ct_backend, id) && !lacks[id];
}

/* ---- Somebody who never answers -------------------------------------------------------------------- */

static int swallow_sctp(const struct net_addr *at)
{
    static struct sock_filter nothing[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
    struct sock_fprog drop_all = {1, nothing};
    int fd = socket(AF_INET, SOCK_SEQPACKET | SOCK_CLOEXEC, IPPROTO_SCTP);
    assert_int_not_equal(fd, -1);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &drop_all, sizeof drop_all), 0);
    assert_int_equal(bind(fd, &at->sa, sizeof at->in4), 0);
    assert_int_equal(listen(fd, 1), 0);
    return fd;
}

static int swallow_udp(const struct net_addr *at)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_not_equal(fd, -1);
    assert_int_equal(bind(fd, &at->sa, sizeof at->in4), 0);
    return fd;
}

int ct_black_hole(struct ct_world *w, uint16_t port, uint16_t udp)
{
    struct net_addr at = ct_addr("127.0.0.1", ct_has(TR_CAP_ENCAPS) ? udp : port);
    assert_in_range(w->fd_count, 0, sizeof w->fds / sizeof *w->fds - 1);
    return w->fds[w->fd_count++] = ct_has(TR_CAP_ENCAPS) ? swallow_udp(&at) : swallow_sctp(&at);
}

void ct_close_fd(struct ct_world *w, int fd)
{
    for (unsigned i = 0; i < w->fd_count; i++)
        if (w->fds[i] == fd)
            w->fds[i] = -1;
    close(fd);
}

unsigned ct_descriptors(void)
{
    unsigned n = 0;
    DIR *dir = opendir("/proc/self/fd");
    assert_non_null(dir);
    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

bool ct_ipv6(void)
{
    struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool can = fd >= 0 && bind(fd, (struct sockaddr *)&any, sizeof any) == 0;
    if (fd >= 0)
        close(fd);
    return can;
}

struct opt_set ct_options(const struct ct_option *list)
{
    struct opt_set s = {0};
    for (; list->field != OPTF_COUNT; list++)
        opt_put(&s, list->field, list->num);
    return s;
}

struct opt_set ct_tight(int64_t sndbuf, int64_t recbuf)
{
    return CT_OPTIONS({OPTF_SNDBUF, sndbuf}, {OPTF_RECBUF, recbuf}, {OPTF_NODELAY, 1},
                      {OPTF_RTO_INITIAL, 100}, {OPTF_RTO_MIN, 50});
}

struct opt_set ct_able(void)
{
    struct opt_set able = {0};
    if (ct_can_set(OPT_AUTH_SUPPORTED))
        opt_put(&able, OPTF_AUTH_SUPPORTED, 1);
    return able;
}

struct opt_set ct_roomy(void)
{
    return ct_tight(4194304, 4194304);
}
