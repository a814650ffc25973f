/* Sending: what is sent on which association, and when, for the flows of one direction.
 *
 * A sender is an association that may send; it has a lane for each flow that uses it. A lane has its next
 * message: when it is due, and all its random properties. As fast as possible, a sender sends a burst
 * whenever its endpoint is writable, one burst per wake-up, so that the others on the same loop are served.
 * At a rate, it sends a burst of what is due and, if that was not all or its send buffer was full, continues
 * whenever it is writable; the messages then carry the times at which they were due.
 *
 * The last message of each stream is marked, so that a sink in another process detects the end.
 *
 * One thread: that of the loop the endpoints are in. */
#ifndef JUNCTOR_BENCH_TRAFFIC_H
#define JUNCTOR_BENCH_TRAFFIC_H

#include "bench/histogram.h"
#include "bench/judge.h"
#include "bench/plan.h"
#include "bench/schedule.h"
#include "bench/script.h"
#include "transport/transport.h"

#define BENCH_LATE_NS UINT64_C(250000000)

/* The content that follows the header of every message, repeated: --payload. */
struct bench_content {
    uint8_t *data;
    size_t len; /* above 0 */
};

/* One flow on one association. */
struct bench_lane {
    uint8_t flow; /* its number in the plan */
    bool finished;
    bool measured;        /* it has reached the messages after the warm-up */
    uint32_t streams;     /* that were granted */
    uint32_t stream;      /* of the next message, counted from the flow's first */
    uint64_t next, quota; /* message to send next; messages to send in all */
    uint64_t sequence;    /* of message `next` on its stream */
    uint64_t offered;     /* at a rate: messages that were offered to the stack at least once */
    uint64_t content_at;  /* where its content begins in the user's file */
    double position;      /* at a rate: of message `next` in the flow's schedule */
    uint64_t due_ns;      /* when it is due; as fast as possible: 0, or when the pause is over */
    struct bench_random random;
};

struct bench_sender {
    struct bench_traffic *traffic;
    struct tr_endpoint *endpoint;
    uint32_t assoc, index; /* id at the endpoint; number in the plan */
    unsigned granted;      /* outbound streams */
    uint64_t handed;       /* messages handed to the stack */
    struct bench_lane *lanes;
    unsigned lane_count, unfinished; /* lanes; of these, those that have messages to send */
    unsigned turn;                   /* as fast as possible: the lane that comes first */
    uint16_t incarnation;            /* how many times its association has come up */
    bool open;                       /* its association is up */
    bool suspended;                  /* it was up and will be up again */
    bool counted;                    /* in the traffic's `unfinished` */
    bool writing;                    /* it waits until it is writable */
    bool held_up;                    /* it refused a message, and has not caught up since */
    uint64_t refused_ns; /* as fast as possible: when the next message was first refused; 0: not yet tried */
    uint64_t due_ns;     /* when to serve it next; UINT64_MAX: when it is writable, or never */
    unsigned place;      /* its position in the traffic's queue, from 1; 0: not in it */
};

/* Of a flow, or of all. */
struct bench_sent {
    uint64_t messages, bytes;
    uint64_t not_sent; /* due, or asked for with --count, and not handed over; known at the end */
};

struct bench_traffic {
    const struct bench_plan *plan;
    bool down;
    uint32_t run;
    uint16_t clock;
    const struct bench_content *content; /* NULL: the pattern */
    const struct bench_script *script;   /* messages that are sent as they are; NULL: none */
    bool paced;                          /* by the times of the script, not the flow's schedule */
    struct bench_raw *replies;           /* is told when each message of the script was sent; NULL: nobody */
    bool started, measuring, finishing;
    uint64_t start_ns, measure_ns, end_ns; /* from bench_traffic_start; end_ns UINT64_MAX: none */
    struct bench_schedule schedule[BENCH_FLOWS_MAX];
    unsigned unfinished; /* senders that have messages to send and are open, or will be opened again */
    struct bench_sender **senders; /* all there are */
    unsigned sender_count, sender_room;
    struct bench_sender **queue; /* a heap of those with a time, the earliest first */
    unsigned queued;

    uint8_t *buffers; /* plan->batch messages, each `stride` bytes */
    size_t stride;
    size_t *tails; /* the position of the end mark of each buffer's last message */
    struct tr_msg *msgs;
    uint64_t *intended;                       /* when each was due */
    uint8_t *lane_of;                         /* each message's lane, */
    struct bench_lane saved[BENCH_FLOWS_MAX]; /* and the lanes before the burst */

    struct bench_sent sent, flow_sent[BENCH_FLOWS_MAX];
    struct bench_histogram lag; /* at a rate: from when a message was due until it was first offered to an
                                   association that had not refused one before it */
    uint64_t late;              /* of these, more than BENCH_LATE_NS */
    uint64_t not_offered;       /* of those not sent, the ones that no association held up */
};

/* Initializes. False: out of memory; there is nothing to free. */
bool bench_traffic_init(struct bench_traffic *t, const struct bench_plan *plan, bool down, uint32_t run,
                        uint16_t clock);
void bench_traffic_free(struct bench_traffic *t);

/* Before anything is sent: send the messages of this script as they are. `replies` may be NULL. */
void bench_traffic_script(struct bench_traffic *t, const struct bench_script *script,
                          struct bench_raw *replies);

/* Adds association number `index`, which is not up yet. False: out of memory. *s must stay where it is until
 * bench_traffic_free. */
bool bench_sender_init(struct bench_sender *s, struct bench_traffic *t, uint32_t index);

/* Its association is up, with this many outbound streams granted. If the traffic is already running it joins:
 * messages due before are not sent. */
void bench_sender_open(struct bench_sender *s, struct tr_endpoint *endpoint, uint32_t assoc, unsigned granted,
                       uint64_t now_ns);

/* Its association is being closed and will be opened again: messages due meanwhile wait. */
void bench_sender_suspend(struct bench_sender *s);

/* It cannot send any longer. */
void bench_sender_close(struct bench_sender *s);

/* The endpoint is writable. TR_OK, or the error that makes the association unusable; then *which is the
 * message that could not be sent. */
enum tr_code bench_sender_writable(struct bench_sender *s, uint64_t now_ns, const struct tr_msg **which);

/* Begins to send: the warm-up, and from `measure_ns` on the measured messages. */
void bench_traffic_start(struct bench_traffic *t, uint64_t now_ns, uint64_t measure_ns, uint64_t end_ns);

/* The warm-up is over. */
void bench_traffic_measure(struct bench_traffic *t);

/* The same, at another time than was said at the start, with another end of sending. */
void bench_traffic_measure_from(struct bench_traffic *t, uint64_t measure_ns, uint64_t end_ns);

/* Sends what is due at a rate. Calls `broken` for an association that has become unusable. Returns when to
 * call it next; UINT64_MAX: nothing will be due by time. */
uint64_t bench_traffic_turn(struct bench_traffic *t, uint64_t now_ns,
                            void (*broken)(struct bench_sender *s, enum tr_code code,
                                           const struct tr_msg *which));

/* Ends sending, whatever is due: each stream gets one more message, its last, unless it has been sent
 * already.
 */
void bench_traffic_finish(struct bench_traffic *t, uint64_t now_ns);

/* True when everything has been handed to the stack, or its association has ended. */
bool bench_traffic_finished(const struct bench_traffic *t);

/* At the end, counts what was due and not handed to the stack, in sent.not_sent of each flow and of all. */
void bench_traffic_account(struct bench_traffic *t);

/* Tells a judge what was sent on each stream. */
void bench_traffic_tell(const struct bench_traffic *t, struct bench_judge *judge);

#endif
