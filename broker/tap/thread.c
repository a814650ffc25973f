/* The thread of the tap.
 *
 * Threads. The tap's thread owns everything here but what is listed below. It is the only consumer of the
 * workers' rings, which never make a worker wait (broker/capture_ring.h), and the only one that turns
 * capturing on and off. It sleeps until something is wanted of it (`wake`); while anything taps it looks at
 * the rings every POLL_MS, so that workers need not wake it: capturing makes no system call. The rings hold
 * what a worker captures meanwhile, or count what does not fit.
 *
 *   - `coming` and `status` are under `lock`: clients are passed in, and numbers out.
 *   - Of a stream, both threads use what is under its own lock (stream.h): the bytes, and the flags `over`
 *     and `closed`. The tap's thread frees it when it is closed; after that thread's end tap_free does.
 *   - Names for comments are copied from the configuration in force when there is another one, within a
 *     sight (broker/observe.h). None is open while messages are turned into blocks or files are written:
 *     control never waits for that.
 *
 * No lock is held while another is taken, nor over anything that blocks. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <utlist.h>

#include "broker/clock.h"
#include "broker/log.h"
#include "broker/observe.h"
#include "broker/tap/stream.h"
#include "broker/tap/tap_priv.h"
#include "broker/tapping.h"
#include "config/filter.h"

#define POLL_MS       10
#define BATCH         512
#define BATCHES       64    /* in a row, before others are looked after */
#define STATISTICS_MS 1000  /* how often clients are sent them */
#define MISSED_MS     10000 /* how often it is logged that messages were missed */
#define NICE          5

static uint64_t missed(const struct tap *t)
{
    return brk_tap_missed(t->observer);
}

/* ---- configuration --------------------------------------------------------------------------------- */

/* Another configuration may be in force. */
static void configure(struct tap *t)
{
    struct brk_sight sight;
    struct cfg_tap tap;
    const struct cfg_filter *filter = NULL;
    brk_sight_open(t->observer, &sight);
    bool changed = sight.generation != t->generation, good = true;
    if (changed) {
        good = tap_names_copy(&t->names, sight.config);
        t->generation = sight.generation;
        tap = sight.config->tap;
        tap.file = tap.file ? strdup(tap.file) : NULL;
        filter = cfg_filter_copy(&tap.filter);
        tap.filter = *filter;
    }
    brk_sight_close(t->observer);
    if (!changed)
        return;
    if (!good)
        brk_log(CFG_LOG_ERROR, "no_memory", "text=\"the tap's comments lack names\"");
    tap_file_configure(&t->file, &tap, missed(t));
    cfg_filter_free(filter);
    free((char *)(uintptr_t)tap.file);
}

/* ---- messages ------------------------------------------------------------------------------------- */

static void take_stream(struct tap *t, struct tap_stream *s, const struct tap_message *m)
{
    if (!tap_output_wants(&s->output, m->captured))
        return;
    t->block.used = 0;
    t->block.failed = false;
    tap_output_packets(&s->output, m, &t->block);
    tap_stream_add(s, &t->block, 1);
}

/* True: there may be more. */
static bool take_batch(struct tap *t)
{
    const struct brk_captured *c = NULL;
    struct tap_message m;
    struct tap_stream *s;
    for (unsigned i = 0; i < BATCH && (c = brk_tap_next(t->observer)); i++) {
        if (!tap_names_have(&t->names, c))
            configure(t);
        tap_message(&m, c, &t->names, &t->flows);
        tap_file_take(&t->file, &m);
        DL_FOREACH(t->streams, s)
        take_stream(t, s, &m);
        if (tap_file_is_due(&t->file))
            break;
    }
    return c;
}

static void tell_missed(struct tap *t)
{
    uint64_t now = missed(t);
    if (now == t->missed_told || brk_now_ms() < t->missed_ms)
        return;
    brk_log(CFG_LOG_WARNING, "tap_missed",
            "messages=%llu text=\"they came faster than they could be written\"",
            (unsigned long long)(now - t->missed_told));
    t->missed_told = now;
    t->missed_ms = brk_now_ms() + MISSED_MS;
}

static void send_statistics(struct tap *t, struct tap_stream *s)
{
    t->block.used = 0;
    t->block.failed = false;
    tap_output_statistics(&s->output, missed(t), &t->block);
    tap_stream_add(s, &t->block, 0);
}

static void take_messages(struct tap *t)
{
    struct tap_stream *s;
    bool more = t->snaplen;
    for (unsigned i = 0; more && i < BATCHES; i++) {
        more = take_batch(t);
        tap_file_flush(&t->file, missed(t));
    }
    if (!t->snaplen)
        return;
    if (t->streams && brk_now_ms() >= t->statistics_ms) {
        t->statistics_ms = brk_now_ms() + STATISTICS_MS;
        DL_FOREACH(t->streams, s)
        send_statistics(t, s);
    }
    if (t->streams)
        eventfd_write(t->ready, 1);
    tell_missed(t);
}

/* ---- clients -------------------------------------------------------------------------------------- */

static void begin_stream(struct tap *t, struct tap_stream *s)
{
    char text[900];
    tap_output_begin(&s->output, missed(t));
    t->block.used = 0;
    t->block.failed = false;
    pcapng_begin(&t->block, t->application, s->comment);
    tap_stream_add(s, &t->block, 0);
    brk_log(CFG_LOG_INFO, "tap_client", "filter=%s", brk_quote(s->comment, text, sizeof text));
}

static bool is_closed(struct tap_stream *s)
{
    pthread_mutex_lock(&s->lock);
    bool closed = s->closed;
    pthread_mutex_unlock(&s->lock);
    return closed;
}

static void take_clients(struct tap *t)
{
    struct tap_stream *s, *next, *coming;
    unsigned gone = 0;
    pthread_mutex_lock(&t->lock);
    coming = t->coming;
    t->coming = NULL;
    pthread_mutex_unlock(&t->lock);
    DL_FOREACH_SAFE(coming, s, next)
    {
        DL_DELETE(coming, s);
        DL_APPEND(t->streams, s);
        begin_stream(t, s);
    }
    DL_FOREACH_SAFE(t->streams, s, next)
    {
        if (!is_closed(s))
            continue;
        DL_DELETE(t->streams, s);
        brk_log(CFG_LOG_INFO, "tap_client_gone", "messages=%llu missed=%llu", (unsigned long long)s->written,
                (unsigned long long)s->missed);
        tap_stream_free(s);
        gone++;
    }
    pthread_mutex_lock(&t->lock);
    t->clients -= gone;
    pthread_mutex_unlock(&t->lock);
}

/* ---- what is wanted ------------------------------------------------------------------------------- */

/* Has the workers capture as much as the outputs want together, or nothing. */
static void switch_on_or_off(struct tap *t)
{
    unsigned snaplen = t->file.path ? t->file.output.snaplen : 0;
    struct tap_stream *s;
    DL_FOREACH(t->streams, s)
    if (s->output.snaplen > snaplen)
        snaplen = s->output.snaplen;
    if (snaplen == t->snaplen)
        return;
    if (!snaplen) {
        brk_tap_off(t->observer);
        tap_flows_free(&t->flows);
    } else if (!brk_tap_on(t->observer, snaplen)) {
        brk_log(CFG_LOG_ERROR, "no_memory", "text=\"nothing is captured\"");
        return; /* tried again in the next turn */
    }
    t->snaplen = snaplen;
}

static void copy_text(char *out, size_t size, const char *text)
{
    snprintf(out, size, "%s", text ? text : "");
}

static void show(struct tap *t)
{
    struct tap_status now = {.file_messages = t->file.output.written, .file_missed = t->file.output.missed};
    struct tap_stream *s;
    copy_text(now.file, sizeof now.file, t->file.path);
    copy_text(now.error, sizeof now.error, t->file.path ? t->file.why : NULL);
    DL_FOREACH(t->streams, s)
    {
        now.clients++;
        now.client_messages += s->output.written;
        now.client_missed += s->output.missed;
    }
    pthread_mutex_lock(&t->lock);
    t->status = now;
    pthread_mutex_unlock(&t->lock);
}

/* ---- the thread ----------------------------------------------------------------------------------- */

static void turn(struct tap *t)
{
    take_clients(t);
    switch_on_or_off(t);
    take_messages(t);
    show(t);
}

/* Everything has been captured. */
static void finish(struct tap *t)
{
    struct tap_stream *s;
    bool more = t->snaplen;
    while (more) {
        more = take_batch(t);
        tap_file_flush(&t->file, missed(t));
    }
    tap_file_end(&t->file, missed(t));
    take_clients(t);
    DL_FOREACH(t->streams, s)
    {
        send_statistics(t, s);
        tap_stream_end(s);
    }
    eventfd_write(t->ready, 1);
    brk_tap_off(t->observer);
    t->snaplen = 0;
}

void *tap_run(void *tap)
{
    struct tap *t = tap;
    struct pollfd fd = {.fd = t->wake, .events = POLLIN};
    eventfd_t value;
    setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
    brk_observer_enter(t->observer);
    while (!atomic_load(&t->stop)) {
        turn(t);
        bool idle = !t->snaplen && !t->file.path && !t->streams;
        if (poll(&fd, 1, idle ? -1 : POLL_MS) < 0 && errno != EINTR)
            abort(); /* a valid descriptor */
        if (fd.revents & POLLIN) {
            eventfd_read(t->wake, &value);
            configure(t);
        }
    }
    finish(t);
    brk_observer_leave(t->observer);
    return NULL;
}
