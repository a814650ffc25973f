/* The load engine: a plan goes in, a result comes out.
 *
 *     struct bench_plan plan;
 *     bench_plan_defaults(&plan);          or bench_plan_parse, from a command line
 *     … plan.associations = 10 …
 *     if (!bench_plan_settle(&plan, why, sizeof why)) …
 *     struct bench_outcome *o = bench_run(&plan, NULL, NULL);
 *     … o->results[0] …
 *     bench_outcome_free(o);
 *
 * A run: the associations are set up; the source sends (warm-up first); it ends; what is on its way is
 * awaited for a bounded time; the associations are shut down; the account is drawn up. With plan.baseline
 * there are two, the first straight from source to sink. A sink or echo on its own just listens until its
 * sources have ended.
 *
 * Nothing is printed, no signal is handled, and nothing of a run is left when bench_run returns: any number
 * of runs may follow each other in a process, and, where the backend has TR_CAP_LOOPS, take place in several
 * threads at a time. */
#ifndef JUNCTOR_BENCH_ENGINE_H
#define JUNCTOR_BENCH_ENGINE_H

#include "bench/plan.h"
#include "bench/result.h"

enum bench_phase { BENCH_SETTING_UP, BENCH_WARMING_UP, BENCH_SENDING, BENCH_DRAINING, BENCH_LISTENING };

struct bench_progress {
    const char *run; /* as bench_result.name */
    enum bench_phase phase;
    uint64_t elapsed_ns;      /* since sending (or setting up, or listening) began */
    uint64_t sent, delivered; /* messages so far; delivered at the sink, else back at the source */
    bool delivery_known;      /* somebody here receives */
    double rate;              /* messages a second since the progress before */
    unsigned up, seen;        /* associations up at the source; that came up at the sink */
};

/* Hears how a run goes on, in the thread that runs it. Each function may be NULL. */
struct bench_observer {
    /* A run begins: towards `where`, or, of a sink or echo, listening there. */
    void (*begin)(const char *run, const char *transport, const struct bench_end *where, void *arg);
    void (*progress)(const struct bench_progress *p, void *arg);
    /* Rows were added to the series. */
    void (*sampled)(const struct bench_plan *plan, const struct bench_series *series, void *arg);
    void (*note)(const char *text, void *arg); /* what the user should know, such as the transport chosen */
    uint32_t every_ms;                         /* how often `progress` is called; 0: once a second */
    void *arg;
};

/* Asks a run to end, from any thread or a signal handler. Zero-initialised it asks nothing. */
struct bench_stop {
    unsigned asked; /* use the functions */
};

/* Once: sending ends, what is under way is awaited and the result is drawn up. Twice: nothing is awaited. */
void bench_stop_ask(struct bench_stop *stop);
unsigned bench_stop_asked(const struct bench_stop *stop); /* how many times */

/* Does what a settled plan says and blocks until it is done. `plan` must live as long as the outcome.
 * `observer` and `stop` may be NULL. NULL only where memory is out; what went wrong otherwise is in
 * outcome->error and the results. Raises the process's limit of descriptors to what it is allowed. */
struct bench_outcome *bench_run(const struct bench_plan *plan, const struct bench_observer *observer,
                                struct bench_stop *stop);

void bench_outcome_free(struct bench_outcome *outcome); /* NULL is allowed */

#endif
