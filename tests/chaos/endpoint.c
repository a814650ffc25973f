#include "tests/chaos/endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/chaos/network.h"

enum { ASSOCS_MAX = 256, ANSWER_EACH = 4, NAP_MS = 5, RECONNECT_MS = 400, BATCH = 64 };

struct assoc {
    sctp_assoc_t id; /* 0: none */
    bool ending;     /* it takes nothing any more */
    uint32_t next[CHAOS_STREAMS_MAX];
};

struct endpoint {
    struct program *program;
    struct assoc assocs[ASSOCS_MAX]; /* of a client: the first one */
    bool connecting;
    bool finishing;
    uint64_t due_ms; /* when a client connects again, or sends the next message */
    double interval_ms, next_ms;
    uint64_t random;
};

static volatile sig_atomic_t asked_abort, asked_shut_down, asked_finish;

static void on_signal(int sig)
{
    if (sig == PROGRAM_ABORT)
        asked_abort = 1;
    else if (sig == PROGRAM_SHUT_DOWN)
        asked_shut_down = 1;
    else
        asked_finish = 1;
}

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static unsigned random_below(struct endpoint *e, unsigned n)
{
    e->random ^= e->random << 13;
    e->random ^= e->random >> 7;
    e->random ^= e->random << 17;
    return (unsigned)(e->random >> 20) % n;
}

void endpoint_send_flag(int sock, sctp_assoc_t assoc, uint16_t flag)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct sctp_sndinfo))];
    struct cmsghdr *head = (struct cmsghdr *)control;
    struct sctp_sndinfo info = {.snd_flags = flag, .snd_assoc_id = assoc};
    struct msghdr header = {.msg_control = control, .msg_controllen = sizeof control};
    *head = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(sizeof info), .cmsg_level = IPPROTO_SCTP, .cmsg_type = SCTP_SNDINFO};
    memcpy(CMSG_DATA(head), &info, sizeof info);
    sendmsg(sock, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* ---- associations ------------------------------------------------------------------------------------- */

static struct assoc *find(struct endpoint *e, sctp_assoc_t id)
{
    for (unsigned i = 0; i < ASSOCS_MAX; i++)
        if (e->assocs[i].id == id)
            return &e->assocs[i];
    return NULL;
}

static void end_all(struct endpoint *e, uint16_t flag)
{
    for (unsigned i = 0; i < ASSOCS_MAX; i++) {
        struct assoc *a = &e->assocs[i];
        if (a->id == 0)
            continue;
        endpoint_send_flag(e->program->sock, a->id, flag);
        a->ending = true;
    }
}

static bool has_any(const struct endpoint *e)
{
    for (unsigned i = 0; i < ASSOCS_MAX; i++)
        if (e->assocs[i].id != 0)
            return true;
    return false;
}

static void came_up(struct endpoint *e, sctp_assoc_t id)
{
    struct assoc *a = find(e, id);
    if (a == NULL)
        a = find(e, 0);
    if (a == NULL)
        _exit(2);
    *a = (struct assoc){.id = id};
    e->connecting = false;
    e->next_ms = (double)now_ms();
}

static void went_down(struct endpoint *e, sctp_assoc_t id)
{
    struct assoc *a = find(e, id);
    if (a != NULL)
        a->id = 0;
    e->connecting = false;
    e->due_ms = now_ms() + 20 + random_below(e, RECONNECT_MS);
}

static void take_event(struct endpoint *e, const union sctp_notification *n)
{
    struct assoc *a;
    switch (n->sn_header.sn_type) {
    case SCTP_ASSOC_CHANGE:
        if (n->sn_assoc_change.sac_state == SCTP_COMM_UP || n->sn_assoc_change.sac_state == SCTP_RESTART)
            came_up(e, n->sn_assoc_change.sac_assoc_id);
        else
            went_down(e, n->sn_assoc_change.sac_assoc_id);
        break;
    case SCTP_SHUTDOWN_EVENT:
        a = find(e, n->sn_shutdown_event.sse_assoc_id);
        if (a != NULL)
            a->ending = true;
        break;
    default:
        break;
    }
}

static void connect_own(struct endpoint *e)
{
    struct sockaddr_in to[CHAOS_PATHS];
    uint16_t port = e->program->role == CLIENT ? CHAOS_LISTEN_PORT : CHAOS_WATCH_PORT;
    for (unsigned i = 0; i < e->program->setting->paths; i++)
        to[i] = network_address(CHAOS_BROKER, i, port);
    sctp_assoc_t id = 0;
    if (sctp_connectx(e->program->sock, (struct sockaddr *)to, (int)e->program->setting->paths, &id) == 0 ||
        errno == EINPROGRESS)
        e->connecting = true;
    else
        e->due_ms = now_ms() + RECONNECT_MS;
}

/* ---- messages ----------------------------------------------------------------------------------------- */

/* False: the stack takes none now. */
static bool send_one(struct endpoint *e, struct assoc *a, unsigned stream, const struct chaos_id *request)
{
    struct program *p = e->program;
    struct chaos_message m;
    struct chaos_id id = {p->incarnation, (uint32_t)a->id, stream, a->next[stream]};
    struct sctp_sndinfo info = {.snd_sid = (uint16_t)stream,
                                .snd_ppid = htonl(CHAOS_PPID + stream),
                                .snd_context = hand_context(&id),
                                .snd_assoc_id = a->id};
    struct iovec part = {&m, CHAOS_MESSAGE_MIN + random_below(e, p->setting->size - CHAOS_MESSAGE_MIN)};
    chaos_message_make(&m, &id, part.iov_len);
    if (request != NULL) {
        m.to = request->sender;
        m.to_stream = request->stream;
    }
    record_add(p->record, RECORD_TRY, &id, 0);
    if (sctp_sendv(p->sock, &part, 1, NULL, 0, &info, sizeof info, SCTP_SENDV_SNDINFO,
                   MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
        if (errno != EAGAIN)
            a->ending = true;
        record_add(p->record, RECORD_REFUSED, &id, 0);
        return false;
    }
    record_add(p->record, RECORD_ACCEPTED, &id, 0);
    a->next[stream]++;
    p->shared->accepted++;
    return true;
}

static void answer(struct endpoint *e, const struct hand *h)
{
    const struct sctp_rcvinfo *info = hand_info(h);
    const struct chaos_id *id = &h->data.message.id;
    if (!e->program->setting->answers || e->program->role != SERVER || info == NULL ||
        id->number % ANSWER_EACH != 0 || info->rcv_sid >= CHAOS_STREAMS_MAX)
        return;
    struct assoc *a = find(e, info->rcv_assoc_id);
    if (a != NULL && !a->ending)
        send_one(e, a, info->rcv_sid, id);
}

static void read_some(struct endpoint *e)
{
    struct program *p = e->program;
    struct hand *h = &p->shared->hand;
    for (unsigned i = 0; i < BATCH && hand_read(h, p->sock); i++) {
        enum record_kind kind = RECORD_READ;
        struct chaos_id id;
        uint32_t at;
        if (hand_tells(h, &kind, &id, &at))
            record_add(p->record, kind, &id, at);
        hand_done(h);
        if (hand_is_event(h)) {
            take_event(e, &h->data.event);
        } else {
            p->shared->read++;
            answer(e, h);
        }
    }
}

/* A client sends in bursts of what has become due since it looked last. */
static void send_due(struct endpoint *e)
{
    double now = (double)now_ms();
    struct assoc *a = &e->assocs[0];
    if (e->next_ms < now - 200)
        e->next_ms = now - 200; /* what it could not send is not made up for */
    while (e->program->role == CLIENT && a->id != 0 && !a->ending && e->next_ms <= now) {
        if (!send_one(e, a, random_below(e, CHAOS_STREAMS), NULL))
            return;
        e->next_ms += e->interval_ms;
    }
}

/* ---- the process -------------------------------------------------------------------------------------- */

static void obey(struct endpoint *e)
{
    if (asked_abort)
        end_all(e, SCTP_ABORT);
    if (asked_shut_down || (asked_finish && e->program->role != SERVER && !e->finishing))
        end_all(e, SCTP_EOF);
    if (asked_finish)
        e->finishing = true;
    asked_abort = asked_shut_down = 0;
}

static void step_own(struct endpoint *e)
{
    if (has_any(e))
        send_due(e);
    else if (!e->connecting && !e->finishing && now_ms() >= e->due_ms)
        connect_own(e);
}

void endpoint_run(struct program *p)
{
    static struct endpoint e;
    const int signals[] = {PROGRAM_ABORT, PROGRAM_SHUT_DOWN, PROGRAM_FINISH};
    struct sigaction action = {.sa_handler = on_signal};
    struct pollfd fd = {.fd = p->sock, .events = POLLIN};
    for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &action, NULL);
    signal(SIGPIPE, SIG_IGN); /* sctp_sendv asks for it whatever its flags */
    e.program = p;
    e.random = p->setting->seed * 2862933555777941757u + p->incarnation * 3037000493u + 1;
    e.interval_ms = 2000.0 / p->setting->rate / (1u << p->index);
    while (!e.finishing || has_any(&e) || fd.revents) {
        poll(&fd, 1, NAP_MS);
        obey(&e);
        read_some(&e);
        if (p->role != SERVER)
            step_own(&e);
    }
}
