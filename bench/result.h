/* The result of a run. */
#ifndef JUNCTOR_BENCH_RESULT_H
#define JUNCTOR_BENCH_RESULT_H

#include <time.h>

#include "bench/histogram.h"
#include "bench/judge.h"
#include "bench/plan.h"
#include "bench/series.h"
#include "bench/source.h"

/* The findings of one judge, or of several together. */
struct bench_verdict {
    bool judged; /* false: what arrived was not checked */
    struct bench_counts counts;
    uint64_t lost, open_flows;
    uint64_t given_up; /* not delivered, as the flow's PR policy allows */
    bool inexact;      /* memory ran out: loss and duplicates are not exact */
    struct bench_histogram latency;
};

/* Whether the generator itself kept its schedule. An association that takes no more (its send buffer is full)
 * is not the generator's fault; a message that was due, was not refused, and was still offered late, is. */
struct bench_generator {
    struct bench_histogram lag; /* at a rate: from when a message was due until it was first offered */
    uint64_t late;              /* of these, more than BENCH_LATE_NS */
    uint64_t not_offered;       /* due when the time was over, and never offered */
    double busy;                /* CPU seconds a second of the busiest thread, while sending */
    char why[160];              /* "" if it kept the schedule; else the reason, for the user */
    bool late_ok;               /* and the result is OK anyway, as the plan says */
};

/* The result of one flow. */
struct bench_flow_result {
    struct bench_sent sent; /* if the sender is in this process */
    uint64_t gap_at_ns;     /* when the longest gap in delivery (got.gap_ns) ended, since the sending began */
    uint64_t lost, given_up; /* given up: not delivered, as the flow's PR policy or the churn allows */
    struct bench_tally got;  /* if the receiver is in this process */
};

/* What is known of the far side: --collect. Its findings are in `delivery` and the flows. */
struct bench_far_end {
    bool collected;
    char host[65], kernel[130], role[8];
    bool same_clock;   /* else latencies are corrected by: */
    int64_t ahead_ns;  /* how far its clock is ahead, */
    uint64_t error_ns; /* and how wrong that may be */
    unsigned samples;
    double cpu_seconds;
};

#define BENCH_LATE_SHARE 0.05 /* of the messages due: the share that may be late or not offered */

struct bench_result {
    const char *name; /* the heading of its column */
    bool has_source;
    struct bench_source_counts source;
    struct bench_histogram set_up;    /* of associations, from the first INIT to TR_COMM_UP */
    struct bench_histogram shut_down; /* of those shut down, until TR_SHUTDOWN_COMP */
    struct bench_generator generator;
    uint64_t not_sent;                          /* by the source */
    unsigned sink_seen, sink_lost, turned_away; /* associations at the sink */
    uint64_t echoed, not_echoed;
    struct bench_verdict delivery; /* at the sink */
    struct bench_verdict replies;  /* back at the source */
    struct bench_verdict down;     /* flows from the sink, at the source */
    struct bench_sent sent_down;   /* of these, if the sink is in this process */
    struct bench_series series;    /* over time; empty if the plan has none */
    struct bench_far_end far;
    bool not_collected;              /* it was asked for, and did not come: `trouble` says why */
    struct bench_flow_result *flows; /* as many as the plan has */
    double cpu_user, cpu_system;     /* seconds of this process, from the first message to the last awaited */
    uint64_t syscalls;
    char trouble[BENCH_TROUBLE_MAX]; /* the first thing that went wrong; "" */
};

#define BENCH_RESULTS_MAX 2
#define BENCH_VERSION     1 /* of what bench_report_json writes */

/* The results of all runs of a plan. */
struct bench_outcome {
    const struct bench_plan *plan; /* owned by the caller; NULL: wrong usage, there is only `error` */
    const char *command;           /* owned by the caller: its command line; NULL: unknown */
    const char *transport;         /* name of the backend; NULL: it ended before choosing one */
    struct bench_result *results;  /* none, one or two; the first of two is the direct one */
    unsigned count;
    char error[BENCH_WHY_MAX];       /* why it could not continue; "" */
    bool interrupted;                /* it was asked to end */
    time_t begun;                    /* when it began, by the real-time clock */
    char far_granted[160];           /* by the far side of the first association: NAME=VALUE, one a line */
    char granted[BENCH_TROUBLE_MAX]; /* lines: where the stack granted other values than requested; "" */
};

/* Adds one judge's findings to a verdict; without loss if `partial`. */
void bench_verdict_add(struct bench_verdict *v, const struct bench_judge *j, bool partial);

/* Subtracts from a verdict's losses what was never sent, so could not arrive. */
void bench_verdict_excuse(struct bench_verdict *v, uint64_t messages);

/* Counts losses of flows with partial reliability as given up. */
void bench_verdict_give_up(struct bench_verdict *v, uint64_t messages);

/* Sets g->why when too many of `due` messages were late or not offered. */
void bench_generator_judge(struct bench_generator *g, uint64_t due);

/* True when nothing was lost, duplicated, misordered or corrupt, no association failed, and the generator
 * kept its schedule. */
bool bench_result_ok(const struct bench_result *r);

/* What counts as the delivered messages of this process: those at the sink, else the replies, else those
 * sent. */
uint64_t bench_result_messages(const struct bench_result *r);

/* True when there is a result, no error, and all results are OK. */
bool bench_outcome_ok(const struct bench_outcome *o);

#endif
