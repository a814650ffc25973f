/* The state of bench_run: the engine and its workers.
 *
 * Each worker has a loop, its share of the source's associations, its share of those that the sink accepts,
 * and judges, counters and histograms of its own; with one worker there is no other thread. On a message's
 * path a worker touches nothing that another one does: what is sent and received, and what is counted, is its
 * own. Workers meet in three places, none of which is on that path:
 *
 *   stages    the engine's stage, and the times that belong to it, are written by worker 0 (the thread that
 *             called bench_run) and read by the others once a turn; each worker publishes its counts and the
 *             stage that it has finished (struct bench_published) once a turn, in words that only it writes.
 *   readings  for the series worker 0 asks for a reading; each worker copies its totals into its own struct
 *             bench_reading and says so, and does not touch it again until the next request.
 *   arrivals  sink.h: worker 0 hands an association over, whole.
 *
 * A store with release to `stage`, `done`, `reading_done` or `arriving`, and a load with acquire of it, order
 * everything else; what is published for the progress only is relaxed. When the threads have been joined the
 * results are merged by the thread that is left: sums, histograms (the buckets are the same) and, exactly,
 * the numbers that arrived of each track (bench_judge_merge). */
#ifndef JUNCTOR_BENCH_ENGINE_PRIV_H
#define JUNCTOR_BENCH_ENGINE_PRIV_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>

#include "bench/endpoint_priv.h"
#include "bench/far_source.h"
#include "bench/engine.h"
#include "bench/sink.h"
#include "bench/source.h"
#include "bench/target.h"

#define BENCH_MS UINT64_C(1000000) /* in nanoseconds */

struct bench_cost {
    uint64_t syscalls, wall_ns;
    struct rusage process, thread;
};

/* What a run goes through. */
enum bench_stage {
    BENCH_STAGE_NONE,
    BENCH_STAGE_CONNECT,
    BENCH_STAGE_CLOCK, /* --collect: how far the far side's clock is ahead */
    BENCH_STAGE_SEND,
    BENCH_STAGE_DRAIN,     /* messages in flight are awaited */
    BENCH_STAGE_READ,      /* the last reading for the series */
    BENCH_STAGE_ASK,       /* --collect: the far side's half */
    BENCH_STAGE_SHUT_DOWN, /* the source's associations */
    BENCH_STAGE_TAKE_BACK, /* those still up are aborted */
    BENCH_STAGE_LISTEN,    /* a sink alone */
    BENCH_STAGE_CLOSE,     /* the sink's associations */
    BENCH_STAGE_END
};

/* Of the sink's judges of a worker, a bit each: */
struct bench_findings {
    uint32_t came, unsettled; /* it has received something; and some track that it has seen is not complete */
    bool complete;            /* nothing more is expected of any run (if there is one worker) */
    bool ended;  /* nor, whatever is missing, of any association whose flows go on after an abort */
    bool ending; /* a source is about to end */
};

/* Written by its worker, once a turn. */
struct bench_published {
    _Atomic uint64_t sent, sent_down, delivered, back, given_up, cut_off;
    _Atomic unsigned up, seen, alive, guests, adopted;
    _Atomic uint32_t came, unsettled, back_state; /* as bench_findings; of replies and flows from the sink */
    _Atomic bool complete, ended, ending, sending_down;
    _Atomic unsigned done; /* the latest stage whose work is done */
};

struct bench_worker {
    struct bench_engine *engine;
    unsigned number;
    pthread_t thread; /* of all but worker 0 */
    struct tr_loop *loop;
    struct bench_sink sink; /* open if engine->sinking */
    struct bench_source source;
    struct bench_judge back; /* of replies, or of flows from the sink */

    struct bench_handle timer; /* wakes the loop when a message is due, with a finer resolution than ms */
    int timer_fd;
    struct bench_handle wake; /* wakes it for another worker */
    int wake_fd;              /* -1: there is one worker */
    uint64_t extra_calls;     /* system calls of these */

    unsigned ready; /* endpoints that were ready in the last turn */
    bool done;      /* with the work of this stage */
    bool connected; /* nothing is left to be set up */
    bool finishing; /* the time to send is over */
    bool took_back; /* `sink_lost` is what the sink had lost before that */
    unsigned sink_lost;
    struct bench_cost before, after; /* when the sending began; when everything awaited had come */
    double busy;                     /* of a processor, while it sent */
    struct bench_published published;
    struct bench_reading *reading;
    _Atomic unsigned reading_done;
};

struct bench_engine {
    const struct bench_plan *plan;
    const struct bench_observer *observer;
    struct bench_stop *stop;
    struct bench_outcome *out;
    const struct tr_backend *backend;
    struct bench_target target;
    uint16_t clock;
    struct bench_content content; /* of the plan's payload; len 0: none */
    struct bench_script *script;  /* messages that are sent as they are; NULL: none */
    bool sinking;                 /* the sinks are open */
    struct bench_worker *workers;
    struct bench_sink **sinks; /* theirs */
    unsigned worker_count;

    /* Worker 0 writes these, the others read them. */
    _Atomic unsigned stage;
    _Atomic uint64_t start_ns; /* of the sending; 0: not yet. Written after measure_ns. */
    _Atomic uint64_t measure_ns, end_ns;
    _Atomic unsigned reading_wanted;

    /* Of worker 0. */
    uint64_t deadline_ns;           /* until when messages in flight are awaited, or associations shut down */
    struct bench_far_source far;    /* if the plan collects */
    unsigned still_up;              /* BENCH_STAGE_SHUT_DOWN: associations, when one was last shut down */
    bool clock_again;               /* BENCH_STAGE_ASK: the clock has been measured again */
    uint64_t delivered, arrived_ns; /* a sink alone: so many have come, the last of them then */
    uint64_t patience;
    const char *run;      /* the name of the one under way */
    uint64_t progress_ns; /* when to report progress next */
    uint64_t progress_start, progress_before;
    struct bench_sampler *sampler; /* NULL: no series is kept */
    struct bench_reading *total;   /* of all workers */
    uint64_t sample_ns;            /* when to add to it next */
    bool sampling, sampling_last;  /* a reading has been asked for at sampling_ns; it is the last one */
    uint64_t sampling_ns;
};

/* ---- engine.c */

/* Records the first reason why the run cannot continue; always false, so that a step can return it. */
bool bench_engine_fail(struct bench_engine *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds a line to outcome->granted; for tr_compare_options. `id` does not matter. */
void bench_engine_granted(enum opt_id id, const char *text, void *engine);

/* ---- crew.c */

/* Opens the workers' loops. False with the reason in the outcome; bench_crew_close frees what is there. */
bool bench_crew_open(struct bench_engine *e);
void bench_crew_close(struct bench_engine *e);

/* Goes through the stages from `first` to BENCH_STAGE_END, in all workers. False: a thread could not be made.
 */
bool bench_crew_run(struct bench_engine *e, enum bench_stage first);

/* Worker 0: begins a stage. */
void bench_crew_stage(struct bench_engine *e, enum bench_stage stage);

/* Wakes a worker's loop; any thread. */
void bench_crew_wake(unsigned worker, void *engine);

/* Worker 0: whether all have done the work of this stage. */
bool bench_crew_done(const struct bench_engine *e);

/* Sets the timer that wakes the loop at `due_ns` (CLOCK_MONOTONIC, nanoseconds); 0: not at all. */
void bench_worker_timer(struct bench_worker *w, uint64_t due_ns);

void bench_cost_now(const struct bench_worker *w, struct bench_cost *cost);

/* ---- stage.c: the work of the stages; each returns when to be called next at the latest */

void bench_stage_enter(struct bench_worker *w, enum bench_stage stage);
uint64_t bench_stage_act(struct bench_worker *w, enum bench_stage stage, uint64_t now);
void bench_worker_publish(struct bench_worker *w);

/* ---- course.c */

/* Worker 0, after its own work: decides whether the next stage begins. Returns when to be called next. */
uint64_t bench_course_decide(struct bench_engine *e, uint64_t now);

/* One run of the source towards `to`; false if it could not begin. */
bool bench_course_source(struct bench_engine *e, const char *name, const struct bench_end *to);

/* Listens until the sources have ended. */
void bench_course_sink(struct bench_engine *e);

/* Shuts down the sink's associations before its endpoints are closed. */
void bench_course_close_sink(struct bench_engine *e);

/* Whether the source receives anything. */
static inline bool bench_engine_awaits_back(const struct bench_engine *e)
{
    return e->plan->reply || bench_plan_has(e->plan, true);
}

/* ---- observe.c: progress and series, in worker 0 */

#define BENCH_SUM(e, field) bench_published_sum(e, offsetof(struct bench_published, field))
uint64_t bench_published_sum(const struct bench_engine *e, size_t offset); /* of a uint64_t of all workers */

void bench_observe_begin(struct bench_engine *e, uint64_t now);
void bench_observe_progress(struct bench_engine *e, uint64_t now, enum bench_phase phase);
uint64_t bench_observe_next(const struct bench_engine *e); /* when something is to be observed */

bool bench_sampling_begin(struct bench_engine *e, uint64_t now);
void bench_sampling_turn(struct bench_engine *e, uint64_t now);
void bench_sampling_answer(struct bench_worker *w); /* every worker: takes a reading that is wanted */
bool bench_sampling_last(struct bench_engine *e, uint64_t now); /* BENCH_STAGE_READ; true: done */
void bench_sampling_free(struct bench_engine *e);

/* ---- collect.c: after the run, in the only thread left */

void bench_collect_source(struct bench_engine *e, struct bench_result *r);
void bench_collect_sink(struct bench_engine *e, struct bench_result *r);

#endif
