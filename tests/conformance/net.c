/* Namespaces, cables and their failures, with `ip` and `tc`; see net.h. */
#include "tests/conformance/net.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool six; /* the network of the running case has IPv6 addresses */

/* ---- Visiting a host ------------------------------------------------------------------------------- */

static int home = -1; /* the namespace that this process was started in */

static int here(void)
{
    int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    assert_int_not_equal(fd, -1);
    return fd;
}

static void go_to(int host)
{
    assert_int_equal(setns(host, CLONE_NEWNET), 0);
}

void net_visit(const struct net *n, enum net_host host, void (*work)(void *arg), void *arg)
{
    go_to(n->hosts[host]);
    work(arg); /* where an assertion ends the case in here, the next net_make goes home */
    go_to(home);
}

struct lines {
    const char *command, *text;
    int status;
};

static void feed(void *arg)
{
    struct lines *l = arg;
    FILE *f = popen(l->command, "we");
    if (f) {
        fputs(l->text, f);
        l->status = pclose(f);
    } else {
        l->status = -1;
    }
}

/* Runs `ip -batch -` or `tc -batch -` on a host. */
static bool batch(const struct net *n, enum net_host host, const char *command, const char *text)
{
    struct lines l = {command, text, 0};
    net_visit(n, host, feed, &l);
    return l.status == 0;
}

/* ---- Making it ------------------------------------------------------------------------------------- */

static void cannot(const char *why)
{
    fprintf(stderr, "  no network that can fail: %s\n", why);
    if (getenv("JUNCTOR_TEST_KERNEL"))
        fail_msg("the test kernel has all that it takes: %s", why);
    skip();
}

static int new_host(void)
{
    if (unshare(CLONE_NEWNET) != 0)
        cannot(errno == EPERM ? "network namespaces need root" : strerror(errno));
    int host = here();
    go_to(home);
    return host;
}

/* Fixed link addresses and neighbours: nothing is on a cable but what the stacks send, and the first packet
 * after a repair need not wait for an ARP answer. */
static bool lay_cables(const struct net *n)
{
    char text[400];
    int len = 0;
    for (int c = 0; c < NET_CABLES; c++)
        len += snprintf(text + len, sizeof text - (size_t)len,
                        "link add c%d address 02:00:00:00:%02d:01 type veth peer name c%d address "
                        "02:00:00:00:%02d:02 netns /proc/%d/fd/%d\n",
                        c, c, c, c, getpid(), n->hosts[NET_FAR]);
    return batch(n, NET_NEAR, "ip -batch -", text);
}

static bool plug_in(const struct net *n, enum net_host host)
{
    char text[600];
    enum net_host other = NET_HOSTS - 1 - host;
    int len = snprintf(text, sizeof text, "link set lo up\n");
    for (int c = 0; c < NET_CABLES; c++) {
        len += snprintf(text + len, sizeof text - (size_t)len,
                        "link set c%d addrgenmode none up\naddress add %s/%s dev c%d\n", c,
                        net_address_text(host, c), six ? "64 nodad" : "24", c);
        len += snprintf(text + len, sizeof text - (size_t)len,
                        "neighbour add %s lladdr 02:00:00:00:%02d:%02d dev c%d nud permanent\n",
                        net_address_text(other, c), c, other + 1, c);
    }
    return batch(n, host, "ip -batch -", text);
}

static bool impair(const struct net *n, enum net_host host, unsigned cable, const struct net_cable *how)
{
    char text[400];
    int len = 0;
    for (unsigned c = 0; c < NET_CABLES; c++)
        if (cable == c || cable == NET_ALL)
            len += snprintf(text + len, sizeof text - (size_t)len,
                            "qdisc replace dev c%u root netem limit 100000 delay %ums %ums loss %u%% "
                            "duplicate %u%%\n",
                            c, how->delay_ms, how->jitter_ms, how->loss, how->duplicate);
    return batch(n, host, "tc -batch -", text);
}

static bool impair_both(const struct net *n, unsigned cable, const struct net_cable *how)
{
    return impair(n, NET_NEAR, cable, how) && impair(n, NET_FAR, cable, how);
}

static struct net make(struct ct_world *w)
{
    static const struct net_cable fine;
    struct net n = {.world = w};
    if (home < 0)
        home = here();
    else
        go_to(home);
    for (unsigned i = 0; i < NET_HOSTS; i++) {
        n.hosts[i] = new_host();
        assert_in_range(w->fd_count, 0, sizeof w->fds / sizeof *w->fds - 1);
        w->fds[w->fd_count++] = n.hosts[i];
    }
    if (!lay_cables(&n) || !plug_in(&n, NET_NEAR) || !plug_in(&n, NET_FAR))
        cannot("`ip` (package iproute2) could not make a veth pair");
    if (!impair_both(&n, NET_ALL, &fine))
        cannot("`tc` (package iproute2) could not set netem; this kernel may lack sch_netem");
    return n;
}

struct net net_make(struct ct_world *w)
{
    six = false;
    return make(w);
}

struct net net_make_ipv6(struct ct_world *w)
{
    if (!ct_ipv6())
        skip(); /* the host has none */
    six = true;
    return make(w);
}

/* ---- What befalls it ------------------------------------------------------------------------------- */

void net_set(const struct net *n, unsigned cable, const struct net_cable *how)
{
    assert_true(impair_both(n, cable, how));
}

void net_set_from(const struct net *n, enum net_host host, unsigned cable, const struct net_cable *how)
{
    assert_true(impair(n, host, cable, how));
}

void net_break(const struct net *n, unsigned cable)
{
    net_set(n, cable, &(struct net_cable){.loss = 100});
}

void net_mend(const struct net *n, unsigned cable)
{
    net_set(n, cable, &(struct net_cable){0});
}

void net_deafen(const struct net *n, enum net_host host)
{
    net_set_from(n, 1 - host, NET_ALL, &(struct net_cable){.loss = 100});
}

static void plug(const struct net *n, enum net_host host, unsigned cable, const char *how)
{
    char text[32];
    snprintf(text, sizeof text, "link set c%u %s\n", cable, how);
    assert_true(batch(n, host, "ip -batch -", text));
}

void net_unplug(const struct net *n, enum net_host host, unsigned cable)
{
    plug(n, host, cable, "down");
}

void net_plug(const struct net *n, enum net_host host, unsigned cable)
{
    plug(n, host, cable, "up");
}

static void change_address(const struct net *n, enum net_host host, unsigned cable, const char *how,
                           const char *address)
{
    char text[96];
    snprintf(text, sizeof text, "address %s %s dev c%u\n", how, address, cable);
    assert_true(batch(n, host, "ip -batch -", text));
}

void net_gain(const struct net *n, enum net_host host, unsigned cable, const char *address)
{
    change_address(n, host, cable, "add", address);
}

void net_lose(const struct net *n, enum net_host host, unsigned cable, const char *address)
{
    change_address(n, host, cable, "delete", address);
}

struct counting {
    unsigned cable;
    struct net_count count;
    bool found;
};

/* " Sent 1234 bytes 12 pkt (dropped 3, overlimits 0 requeues 0)" */
static void count(void *arg)
{
    struct counting *c = arg;
    char command[64], line[256];
    snprintf(command, sizeof command, "tc -s qdisc show dev c%u", c->cable);
    FILE *f = popen(command, "re");
    assert_non_null(f);
    while (fgets(line, sizeof line, f))
        c->found |=
            sscanf(line, " Sent %*u bytes %llu pkt (dropped %llu", &c->count.sent, &c->count.lost) == 2;
    pclose(f);
}

struct net_count net_counted(const struct net *n, enum net_host host, unsigned cable)
{
    struct counting c = {.cable = cable};
    net_visit(n, host, count, &c);
    assert_true(c.found);
    return c.count;
}

static unsigned long long sum_of(const char *path, const char *format)
{
    char line[512];
    unsigned long long sum = 0, number;
    FILE *f = fopen(path, "re"); /* there is none where the host lacks the protocol */
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, format, &number) == 1)
            sum += number;
    if (f)
        fclose(f);
    return sum;
}

static void count_packets(void *arg)
{
    unsigned long long *sum = arg;
    *sum = sum_of("/proc/thread-self/net/snmp", "Udp: %*u %*u %*u %llu") +
           sum_of("/proc/thread-self/net/snmp6", "Udp6OutDatagrams %llu") +
           sum_of("/proc/thread-self/net/sctp/snmp", "SctpOutSCTPPacks %llu");
}

unsigned long long net_packets(const struct net *n, enum net_host host)
{
    unsigned long long sum = 0;
    net_visit(n, host, count_packets, &sum);
    return sum;
}

struct setting {
    const char *name, *value;
    bool done;
};

static void set(void *arg)
{
    struct setting *s = arg;
    char path[128];
    snprintf(path, sizeof path, "/proc/sys/net/%s", s->name);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    s->done = fd >= 0 && write(fd, s->value, strlen(s->value)) > 0;
    if (fd >= 0)
        close(fd);
}

bool net_sysctl(const struct net *n, enum net_host host, const char *name, const char *value)
{
    struct setting s = {name, value, false};
    net_visit(n, host, set, &s);
    return s.done;
}

/* ---- Endpoints there ------------------------------------------------------------------------------- */

const char *net_address_text(enum net_host host, unsigned cable)
{
    static char text[32];
    snprintf(text, sizeof text, six ? "fd98:0:0:%u::%d" : "10.98.%u.%d", cable, host + 1);
    return text;
}

struct net_addr net_address(enum net_host host, unsigned cable)
{
    return ct_addr(net_address_text(host, cable), 0);
}

struct opening {
    struct ct_world *world;
    const struct tr_open_params *params;
    struct ct_end *end;
};

static void open_it(void *arg)
{
    struct opening *o = arg;
    o->end = ct_open(o->world, NULL, o->params);
}

struct ct_end *net_open(const struct net *n, enum net_host host, const struct tr_open_params *params)
{
    char space[40];
    struct tr_open_params p = *params;
    struct opening o = {n->world, &p, NULL};
    p.port = p.port ? p.port : ct_port();
    p.encaps_port =
        p.encaps_port ? p.encaps_port : ct_port(); /* of its own: a shared socket stands at home */
    if (!ct_has(TR_CAP_NETNS)) {
        net_visit(n, host, open_it, &o);
        return o.end;
    }
    snprintf(space, sizeof space, "/proc/self/fd/%d", n->hosts[host]);
    p.netns = space;
    open_it(&o);
    return o.end;
}

unsigned net_paths(void)
{
    return ct_has(TR_CAP_MULTIHOMING) ? NET_CABLES : 1;
}

struct ct_end *net_end(const struct net *n, enum net_host host, const struct opt_set *options, bool listen)
{
    struct net_addr local[NET_CABLES] = {net_address(host, 0), net_address(host, 1)};
    struct tr_open_params p = {.addresses = local, .address_count = net_paths(), .options = options};
    struct tr_error error = {0};
    struct ct_end *e = net_open(n, host, &p);
    if (listen)
        ct_ok(tr_listen(e->ep, 128, &error), &error);
    return e;
}

struct ct_pair net_pair(const struct net *n, const struct opt_set *client, const struct opt_set *server)
{
    struct ct_pair p = {.client = net_end(n, NET_NEAR, client, false),
                        .server = net_end(n, NET_FAR, server, true)};
    p.near = ct_connect(p.client, p.server, &p.far);
    return p;
}

struct opt_set net_hasty(int64_t asocmaxrxt)
{
    return CT_OPTIONS({OPTF_NODELAY, 1}, {OPTF_LINGER_ENABLED, 1}, {OPTF_LINGER_TIME, 0},
                      {OPTF_RTO_INITIAL, 100}, {OPTF_RTO_MIN, 50}, {OPTF_RTO_MAX, 200},
                      {OPTF_ASOC_MAXRXT, asocmaxrxt}, {OPTF_INIT_ATTEMPTS, 3}, {OPTF_INIT_TIMEO, 200},
                      {OPTF_PAP_HBINTERVAL, 100}, {OPTF_PAP_PATHMAXRXT, 2}, {OPTF_PAP_FLAGS, OPT_HB_ENABLE},
                      {OPTF_DELAYED_ACK_TIME, 20}, {OPTF_EV_ADDRESS, 1}, {OPTF_EV_PEER_ERROR, 1});
}

void net_give_up(struct ct_end *e, uint32_t assoc, int64_t asocmaxrxt)
{
    struct opt_set s = CT_OPTIONS({OPTF_ASOC_MAXRXT, asocmaxrxt});
    struct tr_error error = {0};
    ct_ok(tr_set_options(e->ep, assoc, &s, NULL, &error), &error);
}

const struct tr_event *net_path(struct ct_end *e, enum tr_path_state state)
{
    const struct tr_event *event;
    do
        event = ct_event(e, TR_EV_PATH_CHANGE);
    while (event->path.state != state);
    return event;
}
