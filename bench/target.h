/* The addresses of --to: numeric, or those of a host name, which are tried one after the other. */
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

/* Looks up the name; blocks for up to plan->connect_ms, even if signals arrive. False with the reason in
 * t->found.error. */
bool bench_target_find(struct bench_target *t, const struct bench_plan *plan);

/* Puts the next usable address into t->end; false when there are no more (t->attempt is 0 if there was none).
 */
bool bench_target_next(struct bench_target *t, const struct tr_backend *backend);

#endif
