/* The sending side of the load generator: its associations, and what to send on them when.
 *
 * As fast as possible, an association sends a burst whenever its endpoint is writable, one burst a wake-up,
 * so that the other associations and the sink on the same loop get their turn. At a rate, each association
 * sends a burst of what is due by the schedule and, when that was not all or its send buffer was full, goes
 * on whenever it is writable; the messages then carry the times at which they were due.
 *
 * Message k of an association goes out on stream k mod S as number k div S of that flow. The last one of each
 * flow is marked, so that a sink in another process knows the end.
 *
 * One thread: that of the loop it was opened in. */
#ifndef JUNCTOR_BENCH_SOURCE_H
#define JUNCTOR_BENCH_SOURCE_H

#include "bench/judge.h"
#include "bench/plan.h"
#include "bench/schedule.h"
#include "transport/transport.h"

#define BENCH_LATE_NS UINT64_C(250000000)

struct bench_link; /* one association */

struct bench_source_counts {
    uint64_t sent, bytes;
    uint64_t failed_sent, failed_unsent; /* given back by the stack */
    uint64_t taken_back;                 /* still in the send buffers at the end: bench_source_take_back */
    unsigned up, set_up_failed, lost, restarted; /* associations */
    unsigned not_closed;                         /* associations that had to be aborted at the end */
    unsigned not_tried;       /* associations whose set-up was not even begun, since nobody answered */
    unsigned streams_refused; /* associations that got fewer streams than asked for */
    unsigned statistics;      /* associations whose statistics could be read when all was sent */
    uint64_t retransmitted;   /* DATA chunks, of these */
};

struct bench_source {
    const struct bench_plan *plan;
    const struct bench_end *to;
    struct tr_loop *loop;
    struct bench_link *links;
    unsigned started;           /* links opened so far */
    unsigned oldest;            /* of these, none before it is still being set up */
    unsigned timed_out;         /* set-ups without an answer since the last association came up */
    unsigned connecting, alive; /* links being set up; up now */
    unsigned unfinished;        /* links that have messages to send */
    unsigned behind;            /* at a rate: of these, those that go on when they are writable */
    struct bench_schedule schedule;
    uint64_t skipped;          /* at a rate: messages due that were left out when the time was over */
    bool aborting;             /* bench_source_take_back was called */
    uint64_t dealt;            /* messages of the schedule that are due, as of the last look */
    uint64_t warmup_messages;  /* at a rate: how many of the schedule are warm-up */
    bool measuring, finishing; /* as fast as possible: the warm-up is over; the end has been announced */
    uint32_t run;
    uint16_t clock;
    uint64_t random;
    uint8_t *buffers; /* plan->batch messages, each `stride` bytes */
    size_t stride;
    size_t *tails; /* where the mark at the end of each buffer's last message stands */
    struct tr_msg *msgs;
    struct bench_judge *replies; /* judges what comes back; NULL: not awaited */
    struct bench_source_counts counts;
    struct bench_histogram set_up; /* of associations: from the first INIT to TR_COMM_UP */
    struct bench_histogram lag;    /* at a rate: from when a message was due until it was first offered to an
                                      association that had not refused one before it */
    uint64_t late;                 /* of these, more than BENCH_LATE_NS */
    uint64_t not_offered;          /* of those skipped, which no association held up */
    char trouble[BENCH_TROUBLE_MAX]; /* the first thing that went wrong, for the user; "" */
};

/* Prepares; opens nothing yet. `replies` may be NULL. False: out of memory. */
bool bench_source_init(struct bench_source *s, const struct bench_plan *plan, const struct bench_end *to,
                       struct tr_loop *loop, uint32_t run, uint16_t clock, struct bench_judge *replies);

/* Closes all endpoints (aborting what is still up) and frees everything. */
void bench_source_free(struct bench_source *s);

/* Goes on setting up associations, a bounded number at a time. One that is not up after the plan's connect_ms
 * has failed, and no more are begun until another one comes up; when none does, the others are given up.
 * Returns when it is to be called again at the latest (it may be earlier); 0 when all are up, have failed or
 * were given up. */
uint64_t bench_source_connect(struct bench_source *s, uint64_t now_ns);

/* Gives up on the associations that are not up yet: those being set up have failed, those not begun are
 * counted as not tried. */
void bench_source_give_up(struct bench_source *s);

/* Begins to send. */
void bench_source_start(struct bench_source *s, uint64_t now_ns);

/* The warm-up is over (as fast as possible; at a rate the schedule knows). */
void bench_source_measure(struct bench_source *s);

/* Sends what is due at a rate. Returns when the next message will be, UINT64_MAX when there is none,
 * nobody waits for it, or sending goes as fast as possible. */
uint64_t bench_source_turn(struct bench_source *s, uint64_t now_ns);

/* Ends sending, whatever is due: each flow gets one more message, its last, unless it has had that already.
 */
void bench_source_finish(struct bench_source *s);

/* True when everything has been handed to the stack, or its association is gone. */
bool bench_source_finished(const struct bench_source *s);

/* Messages that the schedule or --count asks for and that were not handed over. */
uint64_t bench_source_not_sent(const struct bench_source *s);

/* Reads the associations' statistics, and shuts them down gracefully; `alive` counts those still up. */
void bench_source_eof(struct bench_source *s);

/* Aborts the associations that are still up, so that the stack gives back what it has not got rid of. It
 * comes as events of the loop; `counts.taken_back` counts it. What is on the wire may have arrived all the
 * same. */
void bench_source_take_back(struct bench_source *s);

/* Tells where the stack granted other values than the plan asks for, of one association that is up. */
void bench_source_compare(const struct bench_source *s,
                          void (*differs)(enum opt_id id, const char *text, void *arg), void *arg);

/* Tells a judge what was sent on each flow. */
void bench_source_tell(const struct bench_source *s, struct bench_judge *judge);

#endif
