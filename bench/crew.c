/* The workers of a run: a loop each, a thread each but for the first, going through the stages together; see
 * engine_priv.h for what they share. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "bench/engine_priv.h"

#define READY_MAX 256
#define WAIT_MS   100

/* ---- life ------------------------------------------------------------------------------------------- */

/* Setting the timer again clears its readiness. */
static void timer_ready(struct bench_handle *handle, unsigned flags)
{
    (void)handle;
    (void)flags;
}

static void wake_ready(struct bench_handle *handle, unsigned flags)
{
    struct bench_worker *w = (struct bench_worker *)((char *)handle - offsetof(struct bench_worker, wake));
    uint64_t count;

    (void)flags;
    if (read(w->wake_fd, &count, sizeof count) < 0)
        return; /* nothing there: harmless */
    w->extra_calls++;
}

static bool add_fd(struct bench_worker *w, int fd, struct bench_handle *handle, const char *what)
{
    struct tr_error error;

    if (fd >= 0 && tr_loop_add_fd(w->loop, fd, handle, &error) == TR_OK)
        return true;
    return bench_engine_fail(w->engine, "%s: %s", what, fd < 0 ? strerror(errno) : error.text);
}

static bool worker_open(struct bench_worker *w)
{
    struct bench_engine *e = w->engine;
    struct tr_loop_params params = {.max_message = BENCH_SIZE_MAX};
    struct tr_error error;

    if (e->plan->role == BENCH_BOTH) { /* slots as small as the messages stay in the cache */
        params.slot_bytes = (e->plan->size_max + 1023) & ~(size_t)1023;
        if (params.slot_bytes < 2048)
            params.slot_bytes = 2048;
        if (params.slot_bytes > 65536)
            params.slot_bytes = 65536;
    }
    if (tr_loop_open(e->backend, &params, &w->loop, &error) != TR_OK)
        return bench_engine_fail(e, "%s", error.text);
    w->timer.ready = timer_ready;
    w->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (!add_fd(w, w->timer_fd, &w->timer, "timer"))
        return false;
    if (e->worker_count == 1)
        return true;
    w->wake.ready = wake_ready;
    w->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return add_fd(w, w->wake_fd, &w->wake, "eventfd");
}

bool bench_crew_open(struct bench_engine *e)
{
    unsigned count = e->plan->workers;

    if (count > 1 && ~tr_backend_caps(e->backend) & (TR_CAP_LOOPS | TR_CAP_MOVE))
        return bench_engine_fail(e, "--workers %u: %s SCTP runs in one thread only; use --transport kernel",
                                 count, tr_backend_name(e->backend));
    e->workers = calloc(count, sizeof *e->workers);
    e->sinks = calloc(count, sizeof *e->sinks);
    if (!e->workers || !e->sinks)
        return bench_engine_fail(e, "out of memory");
    e->worker_count = count;
    for (unsigned i = 0; i < count; i++) {
        struct bench_worker *w = &e->workers[i];
        w->engine = e;
        w->number = i;
        w->timer_fd = w->wake_fd = -1;
        e->sinks[i] = &w->sink;
        bench_judge_init(&w->back, e->clock, e->plan->verify);
    }
    for (unsigned i = 0; i < count; i++)
        if (!worker_open(&e->workers[i]))
            return false;
    return true;
}

void bench_crew_close(struct bench_engine *e)
{
    for (unsigned i = 0; i < e->worker_count; i++) {
        struct bench_worker *w = &e->workers[i];
        tr_loop_close(w->loop);
        if (w->timer_fd >= 0)
            close(w->timer_fd);
        if (w->wake_fd >= 0)
            close(w->wake_fd);
        bench_judge_free(&w->back);
        free(w->reading);
    }
    free(e->workers);
    free(e->sinks);
}

/* ---- turns ------------------------------------------------------------------------------------------ */

void bench_worker_timer(struct bench_worker *w, uint64_t due_ns)
{
    struct itimerspec when = {.it_value = {(time_t)(due_ns / 1000000000), (long)(due_ns % 1000000000)}};

    timerfd_settime(w->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
    w->extra_calls++;
}

void bench_crew_wake(unsigned worker, void *engine)
{
    struct bench_engine *e = engine;
    uint64_t one = 1;

    /* It fails only if the counter is full: then the loop is awake. */
    if (e->workers[worker].wake_fd >= 0 && write(e->workers[worker].wake_fd, &one, sizeof one) < 0)
        return;
}

void bench_crew_stage(struct bench_engine *e, enum bench_stage stage)
{
    /* With the loads in worker_run: what was written before is seen by those who see the stage. */
    atomic_store_explicit(&e->stage, stage, memory_order_release);
    for (unsigned i = 1; i < e->worker_count; i++)
        bench_crew_wake(i, e);
}

bool bench_crew_done(const struct bench_engine *e)
{
    unsigned stage = atomic_load_explicit(&e->stage, memory_order_relaxed); /* our own */

    for (unsigned i = 0; i < e->worker_count; i++) /* with the store in worker_run */
        if (atomic_load_explicit(&e->workers[i].published.done, memory_order_acquire) != stage)
            return false;
    return true;
}

/* One turn: waits for events until `until_ns`, and lets source and sink handle them. */
static void turn(struct bench_worker *w, uint64_t now, uint64_t until_ns)
{
    struct tr_ready ready[READY_MAX];
    uint64_t wait_ms = until_ns > now ? (until_ns - now + BENCH_MS - 1) / BENCH_MS : 0;

    w->ready = tr_loop_wait(w->loop, wait_ms > WAIT_MS ? WAIT_MS : (int)wait_ms, ready, READY_MAX);
    for (unsigned i = 0; i < w->ready; i++) {
        struct bench_handle *handle = ready[i].cookie;
        if (!handle || (!ready[i].endpoint && handle != &w->timer && handle != &w->wake))
            continue;
        handle->ready(handle, ready[i].flags);
    }
}

/* Goes through the stages until the last. */
static void worker_run(struct bench_worker *w)
{
    struct bench_engine *e = w->engine;
    unsigned stage = BENCH_STAGE_NONE, told = BENCH_STAGE_NONE;

    for (;;) {
        unsigned next = atomic_load_explicit(&e->stage, memory_order_acquire); /* with bench_crew_stage */
        if (next == BENCH_STAGE_END)
            return;
        if (next != stage) {
            stage = next;
            w->done = false;
            bench_stage_enter(w, stage);
        }
        uint64_t now = bench_now_ns();
        bench_sink_arrivals(&w->sink);
        uint64_t wake = bench_stage_act(w, stage, now);
        bench_sampling_answer(w);
        bench_worker_publish(w);
        if (w->done && told != stage) {
            told = stage;
            atomic_store_explicit(&w->published.done, stage, memory_order_release); /* with bench_crew_done */
            bench_crew_wake(0, e);
        }
        if (w->number == 0) {
            uint64_t decide = bench_course_decide(e, now);
            wake = decide < wake ? decide : wake;
            if (atomic_load_explicit(&e->stage, memory_order_relaxed) != stage) /* our own */
                continue;
        }
        turn(w, now, wake);
    }
}

static void *worker_main(void *worker)
{
    worker_run(worker);
    return NULL;
}

bool bench_crew_run(struct bench_engine *e, enum bench_stage first)
{
    sigset_t all, before;
    unsigned made = 1;
    int error = 0;

    for (unsigned i = 0; i < e->worker_count; i++)
        atomic_store(&e->workers[i].published.done, BENCH_STAGE_NONE);
    atomic_store(&e->stage, first);
    sigfillset(&all); /* signals are for the caller's thread */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (; made < e->worker_count && !error; made += !error)
        error = pthread_create(&e->workers[made].thread, NULL, worker_main, &e->workers[made]);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error)
        bench_crew_stage(e, BENCH_STAGE_END);
    worker_run(&e->workers[0]);
    for (unsigned i = 1; i < made; i++)
        pthread_join(e->workers[i].thread, NULL);
    return !error || bench_engine_fail(e, "--workers %u: %s", e->worker_count, strerror(error));
}

/* ---- what it costs ------------------------------------------------------------------------------------- */

void bench_cost_now(const struct bench_worker *w, struct bench_cost *cost)
{
    struct tr_loop_stats stats;

    tr_loop_get_stats(w->loop, &stats);
    cost->syscalls = stats.syscalls + w->extra_calls;
    cost->wall_ns = bench_now_ns();
    getrusage(RUSAGE_SELF, &cost->process);
    getrusage(RUSAGE_THREAD, &cost->thread);
}
