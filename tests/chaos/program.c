#include "tests/chaos/program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/chaos/endpoint.h"
#include "tests/chaos/network.h"

enum { FILES_MAX = 200, ASSOCS_MAX = 1000, BIND_TRIES = 500, BIND_US = 20000 };

static uint32_t last_incarnation;

static void fatal(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(2);
}

void program_new(struct program *p, const struct setting *s, enum role role, unsigned index, unsigned host)
{
    *p = (struct program){.setting = s, .role = role, .index = index, .host = host};
    p->shared = mmap(NULL, sizeof *p->shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (p->shared == MAP_FAILED)
        fatal("mmap");
}

void program_name(const struct program *p, char out[32])
{
    static const char *const names[] = {"server", "client", "watcher"};
    snprintf(out, 32, "%s-%u", names[p->role], p->index);
}

uint16_t program_port(enum role role, unsigned index)
{
    return (uint16_t)(6000 + 1000 * (unsigned)role + index);
}

static void option(int sock, int level, int name, const void *value, size_t size)
{
    if (setsockopt(sock, level, name, value, (socklen_t)size) != 0)
        fatal("setsockopt");
}

/* Ready to fail over within seconds: a cut is noticed before the scene changes again. */
static void set_options(int sock, unsigned streams)
{
    static const uint16_t events[] = {SCTP_ASSOC_CHANGE, SCTP_SEND_FAILED_EVENT, SCTP_SHUTDOWN_EVENT};
    const int on = 1, buffer = 128 * 1024;
    const struct sctp_initmsg init = {(uint16_t)streams, (uint16_t)streams, 4, 400};
    const struct sctp_rtoinfo rto = {.srto_initial = 200, .srto_max = 400, .srto_min = 100};
    const struct sctp_assocparams assoc = {.sasoc_asocmaxrxt = 8};
    const struct sctp_paddrparams path = {
        .spp_hbinterval = 200, .spp_pathmaxrxt = 4, .spp_flags = SPP_HB_ENABLE};
    option(sock, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    option(sock, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
    option(sock, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    option(sock, IPPROTO_SCTP, SCTP_NODELAY, &on, sizeof on);
    option(sock, IPPROTO_SCTP, SCTP_RECVRCVINFO, &on, sizeof on);
    option(sock, IPPROTO_SCTP, SCTP_INITMSG, &init, sizeof init);
    option(sock, IPPROTO_SCTP, SCTP_RTOINFO, &rto, sizeof rto);
    option(sock, IPPROTO_SCTP, SCTP_ASSOCINFO, &assoc, sizeof assoc);
    option(sock, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, &path, sizeof path);
    for (unsigned i = 0; i < sizeof events / sizeof *events; i++) {
        struct sctp_event e = {.se_assoc_id = SCTP_FUTURE_ASSOC, .se_type = events[i], .se_on = 1};
        option(sock, IPPROTO_SCTP, SCTP_EVENT, &e, sizeof e);
    }
}

/* The same port in each incarnation: one whose end the broker has not seen is a restart (RFC 9260 5.2.4). The
 * kernel may keep the port longer than the socket that had it, sometimes for more than ten seconds; with
 * SO_REUSEADDR that is no hindrance, as the old socket does not listen any more. */
static void bind_to(const struct program *p, int sock)
{
    struct sockaddr_in all[CHAOS_PATHS];
    uint16_t port = program_port(p->role, p->index);
    unsigned tries = 0;
    for (unsigned i = 0; i < p->setting->paths; i++)
        all[i] = network_address((int)p->host, i, port);
    while (sctp_bindx(sock, (struct sockaddr *)all, (int)p->setting->paths, SCTP_BINDX_ADD_ADDR) != 0) {
        if (errno != EADDRINUSE || ++tries == BIND_TRIES)
            fatal("bind");
        usleep(BIND_US);
    }
}

static int open_socket(const struct program *p)
{
    int sock = network_socket(p->host, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_SCTP);
    set_options(sock, p->role == SERVER ? p->setting->streams : CHAOS_STREAMS);
    bind_to(p, sock);
    if (p->role == SERVER && listen(sock, 100) != 0)
        fatal("listen");
    return sock;
}

/* Sockets of other programs, which would stay open when those end. */
static void close_others(const struct program *p)
{
    for (int fd = 3; fd < FILES_MAX; fd++)
        if (fd != p->sock && fd != p->record)
            close(fd);
}

void program_start(struct program *p)
{
    char name[32];
    program_name(p, name);
    p->incarnation = ++last_incarnation;
    p->sock = open_socket(p);
    p->record = record_open(p->setting->folder, name, p->incarnation);
    memset(p->shared, 0, sizeof *p->shared);
    p->shared->hand.self = p->incarnation;
    p->shared->hand.asks = p->role == CLIENT;
    p->shared->hand.any_stream = p->role == SERVER && p->setting->maps;
    pid_t driver = getpid();
    p->pid = fork();
    if (p->pid < 0)
        fatal("fork");
    if (p->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        setpriority(PRIO_PROCESS, 0, 0);
        if (getppid() != driver)
            _exit(2);
        close_others(p);
        endpoint_run(p);
        _exit(0);
    }
}

/* By itself, or by this signal. */
static void must_have_ended(int status, int by_signal)
{
    if (WIFEXITED(status) ? WEXITSTATUS(status) == 0 : WTERMSIG(status) == by_signal)
        return;
    fprintf(stderr, "a program of the test ended with status 0x%x\n", (unsigned)status);
    exit(2);
}

bool program_has_finished(struct program *p)
{
    int status;
    if (p->pid > 0 && waitpid(p->pid, &status, WNOHANG) == p->pid) {
        must_have_ended(status, 0);
        p->pid = -1;
    }
    return p->pid < 0;
}

/* What the program had read when it was killed, and perhaps not recorded. */
static void record_hand(struct program *p)
{
    struct hand *h = &p->shared->hand;
    enum record_kind kind = RECORD_READ;
    struct chaos_id id;
    uint32_t at;
    if (h->busy && h->data.first && hand_is_whole(h) && hand_tells(h, &kind, &id, &at))
        record_repair(p->record, kind, &id, at);
}

/* Ends all associations: from then on the kernel acknowledges nothing any more. */
static void abort_all(int sock)
{
    _Alignas(
        struct sctp_assoc_ids) char space[sizeof(struct sctp_assoc_ids) + ASSOCS_MAX * sizeof(sctp_assoc_t)];
    const struct sctp_assoc_ids *ids = (struct sctp_assoc_ids *)space;
    socklen_t size = sizeof space;
    if (getsockopt(sock, IPPROTO_SCTP, SCTP_GET_ASSOC_ID_LIST, space, &size) != 0)
        fatal("SCTP_GET_ASSOC_ID_LIST");
    for (unsigned i = 0; i < ids->gaids_number_of_ids; i++)
        endpoint_send_flag(sock, ids->gaids_assoc_id[i], SCTP_ABORT);
}

void program_end(struct program *p)
{
    struct hand *h = &p->shared->hand;
    int status;
    if (p->pid == 0)
        return;
    if (p->pid > 0) {
        kill(p->pid, SIGKILL);
        waitpid(p->pid, &status, 0);
        must_have_ended(status, SIGKILL);
    }
    record_hand(p);
    if (p->role == SERVER)
        listen(p->sock, 0);
    abort_all(p->sock);
    while (hand_read(h, p->sock)) {
        enum record_kind kind = RECORD_UNREAD;
        struct chaos_id id;
        uint32_t at;
        if (hand_tells(h, &kind, &id, &at))
            record_add(p->record, kind, &id, at);
    }
    close(p->sock);
    close(p->record);
    p->pid = 0;
}
