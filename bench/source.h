/* The source of the load generator: its associations, from the first INIT to their end. traffic.h decides
 * what they send. With several workers each has a source with its share of the plan's associations: worker w
 * of W has the numbers w, w + W, w + 2W ….
 *
 * One thread: that of the loop it was opened in. */
#ifndef JUNCTOR_BENCH_SOURCE_H
#define JUNCTOR_BENCH_SOURCE_H

#include "bench/judge.h"
#include "bench/plan.h"
#include "bench/traffic.h"
#include "transport/transport.h"

struct bench_link; /* one association */
struct bench_far_source;

struct bench_source_counts {
    uint64_t sent, bytes;
    uint64_t failed_sent, failed_unsent; /* given back by the stack */
    uint64_t given_up;   /* given back by the stack, because of the flow's PR policy or the churn */
    uint64_t taken_back; /* still in the send buffers at the end: bench_source_take_back */
    unsigned up, set_up_failed, lost, restarted; /* associations */
    unsigned not_closed;                         /* associations that had to be aborted at the end */
    unsigned silent; /* of these, those of which the far side had acknowledged nothing while it was awaited */
    unsigned closed, reopened; /* by the plan's churn; closed: shut down or aborted */
    unsigned not_tried;        /* associations whose set-up was not begun because there was no answer */
    unsigned streams_refused;  /* associations that got fewer streams than asked for */
    unsigned statistics;       /* associations whose statistics could be read after sending */
    uint64_t retransmitted;    /* DATA chunks, of these */
};

struct bench_source {
    const struct bench_plan *plan;
    const struct bench_end *to;
    struct tr_loop *loop;
    unsigned part, parts; /* which share of the plan's associations it has */
    struct bench_link *links;
    unsigned link_count;
    struct bench_traffic traffic;
    unsigned started;            /* links opened so far */
    unsigned oldest;             /* no link before this one is still being set up */
    unsigned timed_out;          /* set-ups without an answer since the last association came up */
    unsigned connecting, alive;  /* links being set up; up now, or being closed by the churn */
    unsigned closing, closed;    /* at the end: links being shut down; the next one to be */
    uint64_t connect_ns;         /* when the first was opened */
    uint64_t churn_ns;           /* when the churn began; 0: not yet */
    unsigned churn_next;         /* of the churn's associations: the next to be closed */
    struct bench_link *churning; /* those being closed and opened again */
    unsigned churning_count;
    uint64_t cut_off;             /* with replies: messages whose association the churn ended before they
                                     were answered; not those that the stack gave back */
    bool aborting;                /* bench_source_take_back was called */
    struct bench_far_source *far; /* --collect; NULL: no */
    struct bench_judge *back;     /* checks replies and flows from the sink; NULL: none are awaited */
    struct bench_source_counts counts;
    struct bench_histogram set_up;    /* of associations: from the first INIT to TR_COMM_UP */
    struct bench_histogram shut_down; /* of those that were shut down: until TR_SHUTDOWN_COMP */
    char trouble[BENCH_TROUBLE_MAX];  /* the first thing that went wrong, for the user; "" */
};

/* What a source is made of. */
struct bench_source_params {
    const struct bench_plan *plan;
    const struct bench_end *to;
    struct tr_loop *loop;
    unsigned part, parts; /* its share of the associations; 0 of 1: all */
    uint32_t run;
    uint16_t clock;
    struct bench_judge *back; /* NULL: nothing comes back */
};

/* Initializes; opens nothing yet. False: out of memory. */
bool bench_source_init(struct bench_source *s, const struct bench_source_params *params);

/* Closes all endpoints (aborting what is still up) and frees everything. */
void bench_source_free(struct bench_source *s);

/* Continues to set up associations, a bounded number at a time. One that is not up after the plan's
 * connect_ms has failed, and no more are begun until another one comes up; if none does, the others are given
 * up. Returns when to call it again at the latest (earlier calls are allowed); 0 when all are up, have failed
 * or were given up. */
uint64_t bench_source_connect(struct bench_source *s, uint64_t now_ns);

/* Gives up the associations that are not up yet: those being set up have failed, those not begun are counted
 * as not tried. */
void bench_source_give_up(struct bench_source *s);

/* Closes the associations whose turn it is, and opens them again; if `more` is false, begins no others.
 * Returns when to call it next; UINT64_MAX: no churn. */
uint64_t bench_source_churn(struct bench_source *s, uint64_t now_ns, bool more);

/* Sends what is due at a rate. Returns when to call it next; UINT64_MAX: nothing will be due by time. */
uint64_t bench_source_turn(struct bench_source *s, uint64_t now_ns);

/* Sending is over: from now on it is watched whether the far side acknowledges what it has got. If an
 * association sends something after all, call it again. */
void bench_source_watch(struct bench_source *s, uint64_t now_ns);

/* Reads the associations' statistics and shuts them down, a bounded number at a time: to be called every
 * turn; `alive` counts those still there. */
void bench_source_eof(struct bench_source *s);

/* Aborts the associations that are still up, so that the stack gives back what it has not sent. It comes as
 * events of the loop; `counts.taken_back` counts it. Messages on the wire may still have arrived. */
void bench_source_take_back(struct bench_source *s);

/* The endpoint of the plan's association number `index` and its id there; NULL: it is not up, or another
 * source's. */
struct tr_endpoint *bench_source_association(const struct bench_source *s, unsigned index, uint32_t *assoc);

/* What the far side has granted the first association that is up, as lines of text NAME=VALUE. */
void bench_source_granted(const struct bench_source *s, char *text, size_t size);

/* Reports where the stack granted other values than the plan requests, for one association that is up. */
void bench_source_compare(const struct bench_source *s,
                          void (*differs)(enum opt_id id, const char *text, void *arg), void *arg);

#endif
