/* Where --to leads: numeric addresses, or a host name that is looked up and whose addresses are tried one
 * after the other. */
#ifndef JUNCTOR_BENCH_TARGET_H
#define JUNCTOR_BENCH_TARGET_H

#include "bench/plan.h"
#include "transport/resolve.h"

struct bench_target {
    const struct bench_plan *plan;
    struct tr_answer found;     /* of a name */
    unsigned attempt, attempts; /* the next one, and how many there are */
    struct bench_end end;       /* what to connect to now */
};

/* Looks a name up; blocks for up to plan->connect_ms, whatever signals come. False with the reason in
 * t->found.error. */
bool bench_target_find(struct bench_target *t, const struct bench_plan *plan);

/* The next that is worth a try, in t->end; false when there is none (any more): t->attempt is 0 where none
 * was.
 */
bool bench_target_next(struct bench_target *t, const struct tr_backend *backend);

#endif
