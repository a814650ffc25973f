/* The load engine: runs a plan and returns the results.
 *
 *     struct bench_plan plan;
 *     bench_plan_defaults(&plan);          or bench_plan_parse, from a command line
 *     … plan.associations = 10 …
 *     if (!bench_plan_settle(&plan, why, sizeof why)) …
 *     struct bench_outcome *o = bench_run(&plan, NULL, NULL);
 *     … o->results[0] …
 *     bench_outcome_free(o);
 *
 * A run: the associations are set up; the source sends (warm-up first) and ends; messages in flight are
 * awaited for a bounded time; the associations are shut down; the result is computed. With plan.baseline
 * there are two runs, the first directly from source to sink. A sink or echo on its own listens until its
 * sources have ended.
 *
 * Nothing is printed, no signal is handled, and nothing of a run remains when bench_run returns: a process
 * may do any number of runs one after the other and, if the backend has TR_CAP_LOOPS, in several threads at a
 * time. */
#ifndef JUNCTOR_BENCH_ENGINE_H
#define JUNCTOR_BENCH_ENGINE_H

#include "bench/plan.h"
#include "bench/result.h"

enum bench_phase { BENCH_SETTING_UP, BENCH_WARMING_UP, BENCH_SENDING, BENCH_DRAINING, BENCH_LISTENING };

struct bench_progress {
    const char *run; /* as bench_result.name */
    enum bench_phase phase;
    uint64_t elapsed_ns;      /* since sending (or setting up, or listening) began */
    uint64_t sent, delivered; /* messages so far; delivered at the sink, else replies at the source */
    bool delivery_known;      /* this process receives */
    double rate;              /* messages a second since the last progress */
    unsigned up, seen;        /* associations up at the source; that came up at the sink */
};

/* Is told of the progress of a run, in the thread that runs it. Each function may be NULL. */
struct bench_observer {
    /* A run begins: towards `where` or, for a sink or echo, listening there. */
    void (*begin)(const char *run, const char *transport, const struct bench_end *where, void *arg);
    void (*progress)(const struct bench_progress *p, void *arg);
    /* Rows were added to the series. */
    void (*sampled)(const struct bench_plan *plan, const struct bench_series *series, void *arg);
    void (*note)(const char *text, void *arg); /* a note to the user, such as the transport chosen */
    /* Called at each turn of the loop while it sends, at CLOCK_MONOTONIC `now_ns` with messages so far.
     * During the warm-up, true ends that now, before the plan's warmup_ms; not for flows with ramps, steps or
     * pauses. */
    bool (*turn)(uint64_t now_ns, uint64_t sent, uint64_t delivered, void *arg);
    uint32_t every_ms; /* how often `progress` is called; 0: once a second */
    void *arg;
};

/* Asks a run to end, from any thread or a signal handler. Zero-initialise. */
struct bench_stop {
    unsigned asked; /* use the functions */
};

/* Once: sending ends, messages in flight are awaited and the result is computed. Twice: nothing is
 * awaited. */
void bench_stop_ask(struct bench_stop *stop);
unsigned bench_stop_asked(const struct bench_stop *stop); /* how many times */

/* Runs a settled plan and blocks until it is done. The calling thread is worker 0; the plan's other workers
 * are threads that exist during the run only, with all signals blocked. `plan` must outlive the outcome.
 * `observer` and `stop` may be NULL. NULL only if out of memory; all other errors are in outcome->error and
 * the results. Raises the process's soft limit of descriptors up to the hard limit. */
struct bench_outcome *bench_run(const struct bench_plan *plan, const struct bench_observer *observer,
                                struct bench_stop *stop);

void bench_outcome_free(struct bench_outcome *outcome); /* NULL is allowed */

#endif
