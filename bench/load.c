/* `junctor load`: brings source and sink together on one loop and leads them through a run.
 *
 * A run: the associations are set up; the source sends (warm-up first); it ends; what is on its way is
 * awaited for a bounded time; the associations are shut down; the account is drawn up. With --baseline there
 * are two, the first straight from source to sink. A sink or echo on its own just listens until its sources
 * have ended.
 *
 * All state is in struct load, so that source and sink can later get loops and threads of their own. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "bench/endpoint_priv.h"
#include "bench/load.h"
#include "bench/plan.h"
#include "bench/report.h"
#include "bench/sink.h"
#include "bench/source.h"
#include "bench/target.h"

#define MS           UINT64_C(1000000) /* in nanoseconds */
#define READY_MAX    256
#define QUIET_GRACE  (500 * MS) /* how long a complete sink looks out for duplicates */
#define CLOSE_MS     2000       /* how long a sink waits for its associations to shut down */
#define SIGNAL_TWICE 2

static volatile sig_atomic_t signals;

static void on_signal(int number)
{
    (void)number;
    if (signals < SIGNAL_TWICE)
        signals++;
}

struct load {
    struct bench_plan plan;
    const struct tr_backend *backend;
    struct tr_loop *loop;
    struct bench_target target;
    uint16_t clock;
    bool sinking; /* `sink` is open */
    struct bench_sink sink;
    struct bench_source source;
    struct bench_judge replies;

    struct bench_handle timer; /* wakes the loop when a message is due, more finely than milliseconds */
    int timer_fd;
    uint64_t timer_calls;

    uint64_t deadline_ns; /* until when what is under way is awaited */
    uint64_t progress_ns; /* when to print the next progress line */
    uint64_t progress_start, progress_before;

    uint64_t syscalls_before; /* when the sending began */
    struct rusage usage_before;
    struct bench_result results[2];
    unsigned result_count;
    char error[BENCH_TROUBLE_MAX];   /* why it could not go on; "" */
    char granted[BENCH_TROUBLE_MAX]; /* where the stack granted less than was asked for; "" */
};

static bool fail(struct load *l, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Notes why the command cannot go on, the first time; always false, so that a step can return it. */
static bool fail(struct load *l, const char *format, ...)
{
    va_list list;

    if (!l->error[0]) {
        va_start(list, format);
        vsnprintf(l->error, sizeof l->error, format, list);
        va_end(list);
    }
    return false;
}

/* ---- set-up ----------------------------------------------------------------------------------------- */

/* A number that hosts with different clocks do not share (by chance, 1 in 65536). */
static uint16_t clock_id(void)
{
    char text[64] = "";
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    uint32_t hash = 2166136261u; /* FNV-1a */

    if (fd >= 0) {
        ssize_t got = read(fd, text, sizeof text - 1);
        text[got > 0 ? got : 0] = 0;
        close(fd);
    }
    for (const char *c = text; *c; c++)
        hash = (hash ^ (uint8_t)*c) * 16777619u;
    return (uint16_t)(hash ^ hash >> 16);
}

static uint32_t random_run(void)
{
    uint32_t run = 0;

    while (run == 0)
        if (getrandom(&run, sizeof run, 0) != sizeof run)
            run = (uint32_t)bench_now_ns();
    return run;
}

static bool choose_backend(struct load *l)
{
    struct tr_error error;
    bool any = l->plan.transport == BENCH_TRANSPORT_AUTO;

    l->backend = l->plan.transport == BENCH_TRANSPORT_USRSCTP ? tr_usrsctp() : tr_kernel();
    if (tr_backend_probe(l->backend, &error) == TR_OK)
        return true;
    if (any) {
        if (!l->plan.quiet)
            fprintf(stderr, "junctor load: %s; using usrsctp (SCTP over UDP)\n", error.text);
        l->backend = tr_usrsctp();
        if (tr_backend_probe(l->backend, &error) == TR_OK)
            return true;
    }
    return fail(l, "no %s SCTP here: %s", tr_backend_name(l->backend), error.text);
}

/* The timer is read by being set anew. */
static void timer_ready(struct bench_handle *handle, unsigned flags)
{
    (void)handle;
    (void)flags;
}

static bool open_loop(struct load *l)
{
    struct tr_loop_params params = {.max_message = BENCH_SIZE_MAX};
    struct tr_error error;

    if (l->plan.role == BENCH_BOTH) { /* what comes is what was sent: small slots stay in the cache */
        params.slot_bytes = (l->plan.size_max + 1023) & ~(size_t)1023;
        if (params.slot_bytes < 2048)
            params.slot_bytes = 2048;
        if (params.slot_bytes > 65536)
            params.slot_bytes = 65536;
    }
    if (tr_loop_open(l->backend, &params, &l->loop, &error) != TR_OK)
        return fail(l, "%s", error.text);
    l->timer.ready = timer_ready;
    l->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (l->timer_fd < 0 || tr_loop_add_fd(l->loop, l->timer_fd, &l->timer, &error) != TR_OK)
        return fail(l, "timer: %s", l->timer_fd < 0 ? strerror(errno) : error.text);
    return true;
}

static void note_granted(enum opt_id id, const char *text, void *arg)
{
    struct load *l = arg;
    size_t used = strlen(l->granted);

    (void)id;
    snprintf(l->granted + used, sizeof l->granted - used, "%s%s", used ? "\n" : "", text);
}

static bool open_sink(struct load *l)
{
    struct tr_error error;

    if (l->plan.role == BENCH_SOURCE)
        return true;
    if (bench_sink_open(&l->sink, &l->plan, l->loop, l->clock, &error) != TR_OK)
        return fail(l, "cannot listen: %s", error.text);
    l->sinking = true;
    tr_compare_options(l->sink.places[0].endpoint, 0, &l->plan.options, note_granted, l);
    return true;
}

/* ---- turns ------------------------------------------------------------------------------------------ */

static uint64_t handled(const struct load *l)
{
    if (l->sinking)
        return bench_sink_delivered(&l->sink);
    return l->plan.reply ? l->replies.counts.messages : l->source.counts.sent;
}

static void progress(struct load *l, uint64_t now, const char *phase)
{
    char rate[32], flight[32];

    if (l->plan.quiet || now < l->progress_ns)
        return;
    uint64_t before = l->progress_before;
    double seconds = (double)(now - l->progress_ns) / 1e9 + 1;
    l->progress_before = handled(l);
    l->progress_ns = now + 1000 * MS;
    bench_format_count((uint64_t)((double)(l->progress_before - before) / seconds), rate, sizeof rate);
    fprintf(stderr, "%5.0f s  %-8s %12s msg/s", (double)(now - l->progress_start) / 1e9, phase, rate);
    if (l->sinking && l->plan.role == BENCH_BOTH && !l->plan.fanout)
        fprintf(stderr, "  %12s in flight",
                bench_format_count(l->source.counts.sent - l->progress_before, flight, sizeof flight));
    fputc('\n', stderr);
}

static void progress_begin(struct load *l, uint64_t now)
{
    l->progress_start = now;
    l->progress_ns = now + 1000 * MS;
    l->progress_before = 0;
}

/* Wakes the loop at `due_ns`, in nanoseconds; 0 not at all. */
static void set_timer(struct load *l, uint64_t due_ns)
{
    struct itimerspec when = {.it_value = {(time_t)(due_ns / 1000000000), (long)(due_ns % 1000000000)}};

    timerfd_settime(l->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
    l->timer_calls++;
}

/* One turn: waits until something happens or `until_ns`, and lets everybody do his part. Returns how many
 * endpoints were ready. */
static unsigned turn(struct load *l, uint64_t now, uint64_t until_ns)
{
    struct tr_ready ready[READY_MAX];
    uint64_t limit = l->progress_ns < until_ns && !l->plan.quiet ? l->progress_ns : until_ns;
    uint64_t wait_ms = limit > now ? (limit - now + MS - 1) / MS : 0;

    unsigned count = tr_loop_wait(l->loop, wait_ms > 1000 ? 1000 : (int)wait_ms, ready, READY_MAX);
    for (unsigned i = 0; i < count; i++) {
        struct bench_handle *handle = ready[i].cookie;
        if (!handle || (!ready[i].endpoint && handle != &l->timer))
            continue;
        handle->ready(handle, ready[i].flags);
    }
    return count;
}

/* ---- a run with a source ------------------------------------------------------------------------------- */

static bool connect_all(struct load *l)
{
    uint64_t now = bench_now_ns(), due;

    progress_begin(l, now);
    while ((due = bench_source_connect(&l->source, now)) != 0) {
        if (signals) {
            bench_source_give_up(&l->source);
            break;
        }
        turn(l, now, due);
        now = bench_now_ns();
    }
    tr_loop_turn(l->loop);
    if (l->source.counts.up == 0)
        return fail(l, "%s", signals ? "interrupted" : l->source.trouble);
    if (!l->granted[0]) /* what its own sink got is what it gets */
        bench_source_compare(&l->source, note_granted, l);
    return true;
}

/* Lets the source send until all is handed over, or the time is over: then each flow still gets its last
 * message, and what else was due is left out. Sets the deadline for what is under way. */
static void send_all(struct load *l)
{
    struct bench_source *s = &l->source;
    const struct bench_plan *plan = &l->plan;
    uint64_t now = bench_now_ns(), measure_at = now + plan->warmup_ms * MS, drain = plan->drain_ms * MS;
    uint64_t end = plan->duration_ms ? measure_at + plan->duration_ms * MS : UINT64_MAX;

    progress_begin(l, now);
    bench_source_start(s, now);
    while (!bench_source_finished(s) && signals < SIGNAL_TWICE) {
        now = bench_now_ns();
        if (now >= measure_at && !s->measuring)
            bench_source_measure(s);
        uint64_t due = bench_source_turn(s, now);
        if (signals && now < end)
            end = now;
        if (now >= end)
            bench_source_finish(s);
        if (now >= end && now - end >= drain)
            break;
        if (due != UINT64_MAX && due > now)
            set_timer(l, due);
        uint64_t wake = end == UINT64_MAX ? end : now < end ? end : end + drain;
        if (!s->measuring && measure_at < wake)
            wake = measure_at;
        turn(l, now, due <= now ? now : wake);
        progress(l, bench_now_ns(), s->measuring ? "" : "warm-up");
    }
    set_timer(l, 0);
    now = bench_now_ns();
    l->deadline_ns = (now < end ? now : end) + drain;
}

static bool all_arrived(const struct load *l)
{
    uint64_t sent = l->source.counts.sent;
    unsigned copies = l->plan.fanout ? l->sink.place_count : 1;

    if (l->sinking && bench_sink_delivered(&l->sink) < sent * copies)
        return false;
    return !l->plan.reply || l->replies.counts.messages >= sent;
}

static void drain(struct load *l)
{
    uint64_t now;

    while (!all_arrived(l) && signals < SIGNAL_TWICE && (now = bench_now_ns()) < l->deadline_ns) {
        turn(l, now, l->deadline_ns);
        progress(l, bench_now_ns(), "drain");
    }
}

/* Ends the associations. Gracefully where all has arrived, or nobody here can tell: then this shows that the
 * far side has everything. What is still up when the time is over is aborted, and tells what it had not got
 * rid of. */
static void shut_down(struct load *l)
{
    struct bench_source *s = &l->source;
    uint64_t now = bench_now_ns();
    uint64_t patience = now + CLOSE_MS * MS, deadline = l->deadline_ns > patience ? l->deadline_ns : patience;

    bench_source_eof(s);
    while (s->alive > 0 && all_arrived(l) && signals < SIGNAL_TWICE && (now = bench_now_ns()) < deadline)
        turn(l, now, deadline);
    tr_loop_turn(l->loop);
    if (s->alive == 0)
        return;
    unsigned lost_before = l->sink.lost; /* not what follows */
    bench_source_take_back(s);
    deadline = bench_now_ns() + CLOSE_MS * MS;
    for (unsigned count = 1; (s->alive > 0 || count > 0) && (now = bench_now_ns()) < deadline;)
        count = turn(l, now, s->alive > 0 ? deadline : now);
    l->sink.lost = lost_before;
}

static void cost_begin(struct load *l)
{
    struct tr_loop_stats stats;

    tr_loop_get_stats(l->loop, &stats);
    l->syscalls_before = stats.syscalls + l->timer_calls;
    getrusage(RUSAGE_SELF, &l->usage_before);
}

static double seconds_between(const struct timeval *from, const struct timeval *to)
{
    return (double)(to->tv_sec - from->tv_sec) + (double)(to->tv_usec - from->tv_usec) / 1e6;
}

static void cost_end(struct load *l, struct bench_result *r)
{
    struct tr_loop_stats stats;
    struct rusage usage;

    tr_loop_get_stats(l->loop, &stats);
    getrusage(RUSAGE_SELF, &usage);
    r->syscalls = stats.syscalls + l->timer_calls - l->syscalls_before;
    r->cpu_user = seconds_between(&l->usage_before.ru_utime, &usage.ru_utime);
    r->cpu_system = seconds_between(&l->usage_before.ru_stime, &usage.ru_stime);
}

static void collect_sink(struct load *l, struct bench_result *r)
{
    for (unsigned i = 0; i < l->sink.judge_count; i++)
        bench_verdict_add(&r->delivery, &l->sink.judges[i], l->plan.partial);
    r->sink_seen = l->sink.seen;
    r->sink_lost = l->sink.lost;
    r->turned_away = l->sink.turned_away;
    r->echoed = l->sink.echoed;
    r->not_echoed = l->sink.not_echoed;
    if (!r->trouble[0])
        memcpy(r->trouble, l->sink.trouble, sizeof r->trouble);
}

static void collect(struct load *l, struct bench_result *r)
{
    struct bench_source *s = &l->source;

    r->has_source = true;
    r->source = s->counts;
    r->not_sent = bench_source_not_sent(s);
    memcpy(r->trouble, s->trouble, sizeof r->trouble);
    if (l->sinking) {
        for (unsigned i = 0; i < l->sink.judge_count; i++)
            bench_source_tell(s, &l->sink.judges[i]);
        collect_sink(l, r);
    }
    if (l->plan.reply) {
        bench_source_tell(s, &l->replies);
        bench_verdict_add(&r->replies, &l->replies, false);
    }
    bench_verdict_excuse(&r->delivery, s->counts.taken_back * (l->plan.fanout ? l->sink.place_count : 1));
    bench_verdict_excuse(&r->replies, s->counts.taken_back);
}

/* One run of the source towards `to`; false where it could not even begin. */
static bool run(struct load *l, const char *name, const struct bench_end *to)
{
    struct bench_result *r = &l->results[l->result_count];
    uint32_t id = random_run();
    char where[NET_ADDR_TEXT];

    if (l->sinking)
        bench_sink_reset(&l->sink, id);
    bench_judge_reset(&l->replies, id);
    if (!bench_source_init(&l->source, &l->plan, to, l->loop, id, l->clock,
                           l->plan.reply ? &l->replies : NULL))
        return fail(l, "out of memory");
    if (!l->plan.quiet)
        fprintf(stderr, "junctor load: %s, to %s over %s SCTP\n", name,
                net_addr_format(&to->addresses[0], where, sizeof where), tr_backend_name(l->backend));
    bool connected = connect_all(l);
    if (connected) {
        cost_begin(l);
        send_all(l);
        drain(l);
        cost_end(l, r);
        shut_down(l);
        r->name = name;
        collect(l, r);
        l->result_count++;
    }
    bench_source_free(&l->source);
    return connected;
}

/* A sink that listens everywhere is reached at the loopback address. */
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

static bool run_source(struct load *l)
{
    struct bench_end direct = l->plan.listen[0];

    make_reachable(&direct);
    if (l->plan.role == BENCH_BOTH && (l->plan.baseline || l->plan.to.port == 0))
        if (!run(l, "direct", &direct))
            return false;
    if (l->plan.to.port == 0)
        return true;
    if (signals)
        return fail(l, "interrupted");
    while (!signals && bench_target_next(&l->target, l->backend))
        if (run(l, l->plan.role == BENCH_SOURCE ? "source" : "broker", &l->target.end))
            return true;
    if (!signals && l->target.attempt == 0)
        return fail(l, "--to: %s has no address that --from can reach", l->plan.to.name);
    return false;
}

/* ---- a sink alone ------------------------------------------------------------------------------------- */

/* True when nothing more is to be expected. */
static bool sources_ended(const struct load *l, uint64_t quiet_ns)
{
    bool complete = true, ending = false;

    for (unsigned i = 0; i < l->sink.judge_count; i++) {
        complete = complete && bench_judge_complete(&l->sink.judges[i]);
        ending = ending || l->sink.judges[i].ending;
    }
    if (complete && (l->sink.alive == 0 || (l->plan.role == BENCH_SINK && quiet_ns > QUIET_GRACE)))
        return true;
    return (ending || l->sink.alive == 0) && l->sink.seen > 0 && quiet_ns > l->plan.drain_ms * MS;
}

static void listen_until_done(struct load *l)
{
    uint64_t start = bench_now_ns(), last = start, before = 0;
    uint64_t end = l->plan.duration_ms ? start + l->plan.duration_ms * MS : UINT64_MAX;

    progress_begin(l, start);
    while (!signals) {
        uint64_t now = bench_now_ns(), wake = now + 100 * MS;
        uint64_t delivered = bench_sink_delivered(&l->sink);
        if (delivered != before) {
            if (before == 0)
                cost_begin(l);
            before = delivered;
            last = now;
        }
        if (now >= end || (!l->plan.keep && sources_ended(l, now - last)))
            break;
        turn(l, now, wake < end ? wake : end);
        progress(l, bench_now_ns(), "");
    }
}

static void run_sink(struct load *l)
{
    struct bench_result *r = &l->results[l->result_count++];
    char where[NET_ADDR_TEXT];

    r->name = l->plan.role == BENCH_ECHO ? "echo" : "sink";
    if (!l->plan.quiet)
        fprintf(stderr, "junctor load: listening on %s over %s SCTP\n",
                net_addr_format(&l->plan.listen[0].addresses[0], where, sizeof where),
                tr_backend_name(l->backend));
    cost_begin(l);
    listen_until_done(l);
    cost_end(l, r);
    collect_sink(l, r);
}

/* Lets the far side know before the endpoints go. */
static void close_sink(struct load *l)
{
    uint64_t deadline = bench_now_ns() + CLOSE_MS * MS, now;

    bench_sink_eof(&l->sink);
    while (l->sink.alive > 0 && (now = bench_now_ns()) < deadline && signals < SIGNAL_TWICE)
        turn(l, now, deadline);
    bench_sink_close(&l->sink);
}

/* ---- the command ----------------------------------------------------------------------------------------
 */

static void handle_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGUSR1, SIG_IGN); /* meant for a broker, which has the same program name */
}

/* Prints what there is, also where it is not all. Returns the exit status. */
static int report(struct load *l)
{
    struct bench_report report = {.plan = &l->plan,
                                  .transport = l->backend ? tr_backend_name(l->backend) : NULL,
                                  .results = l->results,
                                  .count = l->result_count,
                                  .error = l->error,
                                  .granted = l->granted};

    if (l->plan.json)
        bench_report_json(stdout, &report);
    else if (l->result_count > 0)
        bench_report_table(stdout, &report);
    if (fflush(stdout) != 0)
        fail(l, "standard output: %s", strerror(errno));
    if (l->error[0])
        fprintf(stderr, "junctor load: %s\n", l->error);
    return bench_report_ok(&report) ? 0 : 1;
}

/* Two descriptors an association, and the usual limit is 1024. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit); /* where it fails, opening will say so */
    }
}

static void load(struct load *l)
{
    raise_descriptor_limit();
    if (!choose_backend(l) || !open_loop(l) || !open_sink(l))
        return;
    if (l->plan.role == BENCH_BOTH || l->plan.role == BENCH_SOURCE)
        run_source(l);
    else
        run_sink(l);
    if (l->sinking)
        close_sink(l);
}

/* Wrong usage: the reason is told, as JSON too where that is asked for. */
static int refuse(int argc, char **argv, const char *why)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--json") == 0)
            bench_report_json(stdout, &(struct bench_report){.error = why});
    fprintf(stderr, "junctor load: %s\nTry `junctor load --help`.\n", why);
    return 2;
}

static int run_plan(struct load *l)
{
    l->timer_fd = -1;
    l->clock = clock_id();
    bench_judge_init(&l->replies, l->clock, l->plan.verify);
    if (bench_target_find(&l->target, &l->plan)) {
        handle_signals();
        load(l);
    } else {
        fail(l, "--to: %s", l->target.found.error.text);
    }
    int status = report(l);
    if (l->loop)
        tr_loop_close(l->loop);
    if (l->timer_fd >= 0)
        close(l->timer_fd);
    bench_judge_free(&l->replies);
    return status;
}

int bench_load(int argc, char **argv)
{
    struct load *l = calloc(1, sizeof *l);
    char why[BENCH_TROUBLE_MAX];
    int status = 0;

    if (!l) {
        fputs("junctor load: out of memory\n", stderr);
        return 1;
    }
    switch (bench_plan_parse(argc, argv, &l->plan, why, sizeof why)) {
    case BENCH_PARSED_OK:
        status = run_plan(l);
        break;
    case BENCH_PARSED_BAD:
        status = refuse(argc, argv, why);
        break;
    case BENCH_PARSED_HELP:
        fputs(bench_load_manual, stdout);
        break;
    }
    free(l);
    return status;
}
