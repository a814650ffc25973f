/* The size of a destination's send buffer follows the rate at which the destination takes data.
 *
 * The broker no longer controls what is in a send buffer: it cannot go to another member, has to wait
 * behind everything before it, and is lost to a paired session when the peer aborts. A buffer that is
 * large enough for a fast destination holds seconds of a slow one (4M: two seconds at 20 Mbit/s). So
 * `sndbuf` is only the maximum: a buffer starts with FIRST, and whenever it is full, at most every
 * INTERVAL_MS, it is set to hold what its destination takes in WAIT_MS, plus what is in flight during two
 * round trips (what is not acknowledged is in it, too, and the congestion window must be able to grow). A
 * destination that takes everything at once fills no buffer, and one that takes much has the maximum at
 * the first adjustment. What does not fit waits in the broker, charged to its source, which is paused when
 * that becomes too much.
 *
 * FIRST is what bursts need: with 256K there is often too little room to bundle them into packets
 * (transport/kernel/send.c), although the buffer is never full; that halved the throughput of 1400-byte
 * messages on the loopback interface. 1M made no difference to 4M.
 *
 * It is never smaller than the longest message, which the stack would refuse otherwise. Only for sockets
 * with one association, and only if the buffer can be changed while it is in use (TR_CAP_SNDBUF_LATER). */
#include "broker/sndbuf.h"

#include "broker/assoc.h"
#include "broker/socket.h"
#include "broker/state.h"
#include "config/sctp/options.h"
#include "transport/transport.h"

enum { WAIT_MS = 100, INTERVAL_MS = 100, IDLE_MS = 1000 };

enum { FIRST = 1 << 20, LEAST = 64 << 10 };

int64_t brk_sndbuf_fit(int64_t taken, uint64_t elapsed_ms, int64_t rtt_ms)
{
    return taken / (int64_t)elapsed_ms * (WAIT_MS + 2 * rtt_ms);
}

static void set(struct brk_socket *s, int64_t size)
{
    struct opt_set one = {0};
    struct tr_error error;
    opt_put(&one, OPTF_SNDBUF, size);
    if (tr_set_options(s->ep, 0, &one, NULL, &error) != TR_OK)
        s->sndbuf.most = 0; /* not changed any more */
    s->sndbuf.now = size;
}

/* At least what must fit, at most what is configured. */
static int64_t bound(const struct brk_socket *s, int64_t size)
{
    int64_t least = (int64_t)s->worker->config->max_message;
    if (least < LEAST)
        least = LEAST;
    if (size < least)
        size = least;
    return size < s->sndbuf.most ? size : s->sndbuf.most;
}

/* False: it stays as configured. */
static bool begin(struct brk_socket *s, int64_t most)
{
    if (!(tr_backend_caps(s->worker->broker->backend) & TR_CAP_SNDBUF_LATER))
        return false;
    s->sndbuf.most = s->sndbuf.now = most;
    return bound(s, FIRST) < most;
}

void brk_sndbuf_begin(struct brk_socket *s, int64_t most)
{
    if (begin(s, most))
        set(s, bound(s, FIRST));
}

void brk_sndbuf_begin_with(struct brk_socket *s, struct opt_set *options)
{
    if (!begin(s, opt_num(options, OPTF_SNDBUF, 0)))
        return;
    s->sndbuf.now = bound(s, FIRST);
    opt_put(options, OPTF_SNDBUF, s->sndbuf.now);
}

void brk_sndbuf_end(struct brk_socket *s)
{
    if (s->sndbuf.most)
        set(s, s->sndbuf.most);
    s->sndbuf = (struct brk_sndbuf){0};
}

void brk_sndbuf_inherit(struct brk_socket *s, const struct brk_socket *from)
{
    s->sndbuf = (struct brk_sndbuf){.most = from->sndbuf.most, .now = from->sndbuf.now};
}

/* Of the primary path; 0 if it is not known. */
static int64_t round_trip_ms(const struct brk_assoc *a)
{
    struct opt_set got = {0};
    struct tr_error error;
    const char *primary;
    if (tr_get_option(a->socket->ep, a->id, OPT_STATUS, &got, &error) != TR_OK ||
        !(primary = opt_text(&got, OPTF_STATUS_PRIMARY)))
        return 0;
    opt_put_text(&got, OPTF_PAI_ADDRESS, primary);
    if (tr_get_option(a->socket->ep, a->id, OPT_PEER_ADDR_INFO, &got, &error) != TR_OK)
        return 0;
    return opt_num(&got, OPTF_PAI_SRTT, 0);
}

void brk_sndbuf_full(struct brk_worker *w, struct brk_assoc *a)
{
    struct brk_sndbuf *b = &a->socket->sndbuf;
    uint64_t elapsed = w->now_ms - b->since_ms;
    if (b->most == 0 || elapsed < INTERVAL_MS || a->socket->kind == BRK_LISTENING)
        return;
    int64_t before = b->now;
    if (elapsed <= IDLE_MS) { /* otherwise it was not full for a long time, and what was taken says nothing
                                 about the rate */
        int64_t size = bound(a->socket, brk_sndbuf_fit(b->taken, elapsed, round_trip_ms(a)));
        if (size < before - before / 8 || size > before + before / 8)
            set(a->socket, size);
        if (b->now > before)
            brk_assoc_keep_sent(a);
    }
    b->since_ms = w->now_ms;
    b->taken =
        before - b->now; /* what is taken until it is full again, not counting what the change of size adds */
}
