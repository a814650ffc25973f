/* The load engine: the runs of a plan, and what they need; see engine.h. */
#include "bench/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/engine_priv.h"

void bench_stop_ask(struct bench_stop *stop)
{
    __atomic_fetch_add(&stop->asked, 1, __ATOMIC_RELAXED);
}

unsigned bench_stop_asked(const struct bench_stop *stop)
{
    return __atomic_load_n(&stop->asked, __ATOMIC_RELAXED);
}

bool bench_engine_fail(struct bench_engine *e, const char *format, ...)
{
    va_list list;

    if (!e->out->error[0]) {
        va_start(list, format);
        vsnprintf(e->out->error, sizeof e->out->error, format, list);
        va_end(list);
    }
    return false;
}

void bench_engine_granted(enum opt_id id, const char *text, void *engine)
{
    struct bench_outcome *out = ((struct bench_engine *)engine)->out;
    size_t used = strlen(out->granted);

    (void)id;
    snprintf(out->granted + used, sizeof out->granted - used, "%s%s", used ? "\n" : "", text);
}

/* ---- set-up ----------------------------------------------------------------------------------------- */

static uint32_t hash_text(uint32_t hash, const char *text) /* FNV-1a */
{
    for (; *text; text++)
        hash = (hash ^ (uint8_t)*text) * 16777619u;
    return hash;
}

/* A number that differs between hosts, and time namespaces, with different clocks (except by chance, 1 in
 * 65536). */
static uint16_t clock_id(void)
{
    char text[64] = "", space[64] = "";
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

    if (fd >= 0) {
        ssize_t got = read(fd, text, sizeof text - 1);
        text[got > 0 ? got : 0] = 0;
        close(fd);
    }
    ssize_t len = readlink("/proc/self/ns/time", space, sizeof space - 1);
    space[len > 0 ? len : 0] = 0;
    uint32_t hash = hash_text(hash_text(2166136261u, text), space);
    return (uint16_t)(hash ^ hash >> 16);
}

static bool choose_backend(struct bench_engine *e)
{
    struct tr_error error;
    char text[sizeof error.text + 64];
    bool any = e->plan->transport == BENCH_TRANSPORT_AUTO;

    e->backend = e->plan->transport == BENCH_TRANSPORT_USRSCTP ? tr_usrsctp() : tr_kernel();
    if (tr_backend_probe(e->backend, &error) != TR_OK && any) {
        snprintf(text, sizeof text, "%s; using usrsctp (SCTP over UDP)", error.text);
        if (e->observer->note)
            e->observer->note(text, e->observer->arg);
        e->backend = tr_usrsctp();
    }
    e->out->transport = tr_backend_name(e->backend);
    if (tr_backend_probe(e->backend, &error) == TR_OK)
        return true;
    return bench_engine_fail(e, "no %s SCTP here: %s", tr_backend_name(e->backend), error.text);
}

static void add_advice(const char *text, void *engine)
{
    bench_engine_granted(OPT_ID_COUNT, text, engine);
}

static bool open_sinks(struct bench_engine *e)
{
    struct tr_error error;

    if (e->plan->role == BENCH_SOURCE)
        return true;
    for (unsigned i = 0; i < e->worker_count; i++) {
        struct bench_worker *w = &e->workers[i];
        struct bench_sink_params params = {.plan = e->plan,
                                           .loop = w->loop,
                                           .clock = e->clock,
                                           .part = i,
                                           .parts = e->worker_count,
                                           .all = e->sinks,
                                           .wake = bench_crew_wake,
                                           .wake_arg = e};
        if (bench_sink_open(&w->sink, &params, &error) != TR_OK) {
            while (i-- > 0)
                bench_sink_close(&e->workers[i].sink);
            return bench_engine_fail(e, "cannot listen: %s%s", error.text,
                                     strstr(error.text, "encaps_port") ? ": --listen-encaps PORT" : "");
        }
    }
    e->sinking = true;
    tr_compare_options(e->workers[0].sink.places[0].endpoint, 0, &e->plan->options, bench_engine_granted, e);
    return true;
}

/* ---- the whole ---------------------------------------------------------------------------------------- */

/* A sink that listens at the wildcard address is reached at the loopback address. */
static void make_reachable(struct bench_end *end)
{
    for (unsigned i = 0; i < end->count; i++) {
        struct net_addr *a = &end->addresses[i];
        if (a->sa.sa_family == AF_INET && a->in4.sin_addr.s_addr == htonl(INADDR_ANY))
            a->in4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (a->sa.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&a->in6.sin6_addr))
            a->in6.sin6_addr = in6addr_loopback;
    }
}

static bool run_source(struct bench_engine *e)
{
    const struct bench_plan *plan = e->plan;
    struct bench_end direct = plan->listen[0];

    make_reachable(&direct);
    if (plan->role == BENCH_BOTH && (plan->baseline || plan->to.port == 0))
        if (!bench_course_source(e, "direct", &direct))
            return false;
    if (plan->to.port == 0)
        return true;
    if (bench_stop_asked(e->stop))
        return bench_engine_fail(e, "interrupted");
    while (!bench_stop_asked(e->stop) && bench_target_next(&e->target, e->backend))
        if (bench_course_source(e, plan->role == BENCH_SOURCE ? "source" : "broker", &e->target.end))
            return true;
    if (!bench_stop_asked(e->stop) && e->target.attempt == 0)
        return bench_engine_fail(e, "--to: %s has no address that --from can reach", plan->to.name);
    return false;
}

/* Two descriptors an association, and the usual limit is 1024. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit); /* if it fails, opening reports it */
    }
}

/* Reads the plan's payload file: at most as much as the largest message can hold. */
static bool read_content(struct bench_engine *e)
{
    FILE *f = fopen(e->plan->payload, "re");

    if (!f)
        return bench_engine_fail(e, "--payload: %s: %s", e->plan->payload, strerror(errno));
    e->content.data = malloc(BENCH_SIZE_MAX);
    e->content.len = e->content.data ? fread(e->content.data, 1, BENCH_SIZE_MAX, f) : 0;
    int error = ferror(f) ? errno : 0;
    fclose(f);
    if (e->content.len > 0 && !error)
        return true;
    return bench_engine_fail(e, "--payload: %s: %s", e->plan->payload,
                             error             ? strerror(error)
                             : e->content.data ? "the file is empty"
                                               : "out of memory");
}

/* Reads the messages that are sent as they are. */
static bool read_script(struct bench_engine *e)
{
    char text[128], why[BENCH_WHY_MAX];

    e->script = bench_plan_script(e->plan, why, sizeof why);
    if (!e->script)
        return bench_engine_fail(e, "%s", why);
    if (e->script->incomplete && e->observer->note) {
        snprintf(text, sizeof text, "%llu messages that the capture does not have whole are left out",
                 (unsigned long long)e->script->incomplete);
        e->observer->note(text, e->observer->arg);
    }
    return true;
}

static void run(struct bench_engine *e)
{
    if (!bench_target_find(&e->target, e->plan)) {
        bench_engine_fail(e, "--to: %s", e->target.found.error.text);
        return;
    }
    raise_descriptor_limit();
    if (bench_plan_raw(e->plan) ? !read_script(e) : e->plan->payload[0] && !read_content(e))
        return;
    if (!choose_backend(e))
        return;
    tr_backend_advise(e->backend, NULL, TR_ADVICE_BUFFERS, add_advice, e);
    if (!bench_crew_open(e) || !open_sinks(e))
        return;
    if (e->plan->role == BENCH_BOTH || e->plan->role == BENCH_SOURCE)
        run_source(e);
    else
        bench_course_sink(e);
    if (e->sinking)
        bench_course_close_sink(e);
}

static struct bench_outcome *outcome_new(const struct bench_plan *plan)
{
    struct bench_outcome *out = calloc(1, sizeof *out);

    if (!out || !(out->results = calloc(BENCH_RESULTS_MAX, sizeof *out->results))) {
        free(out);
        return NULL;
    }
    out->plan = plan;
    out->begun = time(NULL);
    for (unsigned i = 0; i < BENCH_RESULTS_MAX; i++)
        if (!(out->results[i].flows = calloc(plan->flow_count, sizeof *out->results[i].flows))) {
            bench_outcome_free(out);
            return NULL;
        }
    return out;
}

struct bench_outcome *bench_run(const struct bench_plan *plan, const struct bench_observer *observer,
                                struct bench_stop *stop)
{
    static const struct bench_observer nobody;
    struct bench_stop never = {0};
    struct bench_engine *e = calloc(1, sizeof *e);
    struct bench_outcome *out = outcome_new(plan);

    if (!e || !out) {
        free(e);
        bench_outcome_free(out);
        return NULL;
    }
    e->plan = plan;
    e->observer = observer ? observer : &nobody;
    e->stop = stop ? stop : &never;
    e->out = out;
    e->clock = clock_id();
    run(e);
    out->interrupted = bench_stop_asked(e->stop) > 0;
    bench_crew_close(e);
    bench_far_source_free(&e->far);
    free(e->content.data);
    bench_script_free(e->script);
    free(e);
    return out;
}

static void result_free(struct bench_result *r)
{
    bench_series_free(&r->series);
    free(r->flows);
}

void bench_outcome_free(struct bench_outcome *outcome)
{
    if (!outcome)
        return;
    for (unsigned i = 0; i < BENCH_RESULTS_MAX; i++)
        result_free(&outcome->results[i]);
    free(outcome->results);
    free(outcome);
}
