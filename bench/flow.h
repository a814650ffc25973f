/* A flow is traffic of one kind on some streams of some associations, in one direction.
 *
 * Flows of a direction never share a stream of an association, so that what arrives can be checked stream by
 * stream. Message k of a flow on an association goes out on the flow's stream k mod S as number k div S of
 * that stream. */
#ifndef JUNCTOR_BENCH_FLOW_H
#define JUNCTOR_BENCH_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/distribution.h"
#include "bench/schedule.h"

#define BENCH_PPIDS_MAX 32
#define BENCH_NAME_MAX  24 /* of a flow, the NUL included */

struct bench_flow {
    char name[BENCH_NAME_MAX];
    unsigned first_association, associations; /* 0: all of the plan's */
    unsigned first_stream, streams;
    bool placed; /* first_stream was given; else bench_plan_settle finds a free one */
    bool down;   /* from the sink to the source */

    double rate;                        /* messages a second over all associations; 0: as fast as possible */
    struct bench_distribution arrivals; /* of the intervals between messages; only its shape counts: the mean
                                           is that of `rate` */
    struct bench_pace pace;             /* how the rate goes over time */
    uint64_t count;                     /* messages, warm-up not included; 0: until the plan's time is over */

    struct bench_distribution size; /* bytes of a message */
    uint32_t ppids[BENCH_PPIDS_MAX];
    unsigned ppid_count;
    double unordered;  /* share of messages sent unordered, 0 to 1 */
    uint8_t pr_policy; /* enum tr_pr_policy; what it gives up is not lost */
    uint32_t pr_value;
};

/* Parses one key of a flow, as in --flow and scenario files. False with the reason in `why`; for an unknown
 * key it has the nearest name. */
bool bench_flow_set(struct bench_flow *flow, const char *key, const char *value, char *why, size_t size);

/* Parses "key=value,key=value…". */
bool bench_flow_parse(struct bench_flow *flow, const char *text, char *why, size_t size);

/* Checks one flow by itself. False with the reason in `why`. */
bool bench_flow_check(const struct bench_flow *flow, char *why, size_t size);

#endif
