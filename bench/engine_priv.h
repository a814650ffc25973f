/* The state of bench_run, shared by engine.c and course.c. One thread. */
#ifndef JUNCTOR_BENCH_ENGINE_PRIV_H
#define JUNCTOR_BENCH_ENGINE_PRIV_H

#include <sys/resource.h>

#include "bench/endpoint_priv.h"
#include "bench/engine.h"
#include "bench/sink.h"
#include "bench/source.h"
#include "bench/target.h"

#define BENCH_MS UINT64_C(1000000) /* in nanoseconds */

struct bench_cost {
    uint64_t syscalls, wall_ns;
    struct rusage process, thread;
};

struct bench_engine {
    const struct bench_plan *plan;
    const struct bench_observer *observer;
    struct bench_stop *stop;
    struct bench_outcome *out;
    const struct tr_backend *backend;
    struct tr_loop *loop;
    struct bench_target target;
    uint16_t clock;
    struct bench_content content; /* of the plan's payload; len 0: none */
    bool sinking;                 /* `sink` is open */
    struct bench_sink sink;
    struct bench_source source;
    struct bench_judge back; /* of replies, or of flows from the sink */

    struct bench_handle
        timer; /* wakes the loop when a message is due, with a finer resolution than milliseconds */
    int timer_fd;
    uint64_t timer_calls;

    uint64_t deadline_ns; /* until when messages in flight are awaited */
    const char *run;      /* the name of the one under way */
    uint64_t progress_ns; /* when to report progress next */
    uint64_t progress_start, progress_before;
    struct bench_sampler *sampler; /* NULL: no series is kept */
    uint64_t sample_ns;            /* when to add to it next */
    struct bench_cost before;      /* when the sending began */
};

/* Records the first reason why the run cannot continue; always false, so that a step can return it. */
bool bench_engine_fail(struct bench_engine *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds a line to outcome->granted; for tr_compare_options. `id` does not matter. */
void bench_engine_granted(enum opt_id id, const char *text, void *engine);

/* course.c: one run of the source towards `to`; false if it could not begin. */
bool bench_course_source(struct bench_engine *e, const char *name, const struct bench_end *to);

/* course.c: listens until the sources have ended. */
void bench_course_sink(struct bench_engine *e);

/* course.c: shuts down the sink's associations before its endpoints are closed. */
void bench_course_close_sink(struct bench_engine *e);

#endif
