/* Writing the log: the only code that writes to standard error, and the thread that does it.
 *
 * The thread takes records from the ring, makes lines of them, and writes as many as fit in one PIPE_BUF
 * with one write(2): whole lines, which a pipe does not mix with those of other writers. It may block
 * there for as long as it likes; the threads that log only see a full ring.
 *
 * Wake-up. A semaphore: whoever has put a record posts it; the thread waits for it and then takes all
 * there is. A post comes after its record, so after the last post everything is in the ring; a record that
 * could not be taken yet, because an older one was only claimed, is taken with the post of the older one.
 * Surplus posts cost one pass for nothing. Posting makes a system call only when the thread sleeps.
 *
 * Losses. Records that do not fit are counted by the ring, and the count comes with the next record that
 * does fit (lost_before), so the loss is reported in its place; if no record follows, it is reported when
 * the ring is empty. Lines that could not be written (ENOSPC, EPIPE, EIO) are added to that count, along
 * with the losses they reported. Of a line that was written in part the rest is discarded, and the next
 * one starts on a line of its own. */
#include "broker/log_priv.h"
#include "broker/powerless.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "broker/log_json.h"

#define LINE_MAX_BYTES (PIPE_BUF - 1) /* as JSON it can be twice as long as its record */
#define CHUNK_LINES    64
#define TELL_MS        1000 /* how often suppressed lines are reported, and lost ones tried again */

/* Who writes: the caller itself, the writer thread, or nobody any more. */
enum mode { DIRECT, THREAD, OVER };

static _Atomic int mode; /* enum mode; changes only while no other thread logs */
static _Atomic bool journal;
static _Atomic int format; /* enum cfg_log_format */

static struct brk_log_ring ring;
static sem_t wake, ended;
static pthread_t thread;
static _Atomic bool stopping;

/* The writer's own: the lines of one write. */
static struct chunk {
    size_t used;
    char bytes[PIPE_BUF];
    struct {
        size_t end;          /* in bytes */
        uint64_t stands_for; /* 1, or the number of losses that the line reports */
    } lines[CHUNK_LINES];
    unsigned line_count;
    bool torn; /* the last write ended inside a line */
} chunk;
static uint64_t unsaid; /* lines that could not be written, not yet reported */
static uint64_t tell_at_ms;
static struct brk_log_record latest; /* the last one that was written, */
static uint64_t repeated;            /* and how many like it have come since */

void brk_log_for_journal(bool yes)
{
    atomic_store_explicit(&journal, yes, memory_order_relaxed);
}

void brk_log_set_format(enum cfg_log_format f)
{
    atomic_store_explicit(&format, (int)f, memory_order_relaxed);
}

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- lines ---------------------------------------------------------------------------------------- */

/* Returns the length. */
static size_t render(const struct brk_log_record *r, char out[static LINE_MAX_BYTES])
{
    static const int priorities[] = {/* sd-daemon(3) */
                                     [CFG_LOG_ERROR] = 3,
                                     [CFG_LOG_WARNING] = 4,
                                     [CFG_LOG_INFO] = 6,
                                     [CFG_LOG_DEBUG] = 7};
    size_t n = 0;
    char ts[40] = "";
    bool for_journal = atomic_load_explicit(&journal, memory_order_relaxed);
    if (for_journal) {
        n = (size_t)snprintf(out, LINE_MAX_BYTES, "<%d>", priorities[r->level]);
    } else {
        struct tm utc;
        gmtime_r(&r->at.tv_sec, &utc);
        size_t seconds = strftime(ts, sizeof ts, "%Y-%m-%dT%H:%M:%S", &utc);
        snprintf(ts + seconds, sizeof ts - seconds, ".%03ldZ", r->at.tv_nsec / 1000000);
    }
    if (atomic_load_explicit(&format, memory_order_relaxed) == CFG_LOG_JSON) {
        n += brk_log_json(r->text, r->length, for_journal ? NULL : ts, out + n, LINE_MAX_BYTES - 1 - n);
    } else {
        n += for_journal ? 0 : (size_t)snprintf(out + n, LINE_MAX_BYTES - n, "ts=%s ", ts);
        memcpy(out + n, r->text, r->length);
        n += r->length;
    }
    out[n++] = '\n';
    return n;
}

/* Writes all of it, or as much as possible; returns how much. Blocks as long as standard error does. */
static size_t write_all(const char *bytes, size_t length)
{
    size_t done = 0;
    while (done < length) {
        ssize_t n = write(STDERR_FILENO, bytes + done, length - done);
        if (n > 0) {
            done += (size_t)n;
        } else if (n < 0 && errno == EAGAIN) { /* somebody who shares it has made it non-blocking */
            struct pollfd room = {.fd = STDERR_FILENO, .events = POLLOUT};
            poll(&room, 1, -1);
        } else if (n == 0 || errno != EINTR) {
            break;
        }
    }
    return done;
}

/* ---- the thread ----------------------------------------------------------------------------------- */

static void flush(void)
{
    if (!chunk.used)
        return;
    size_t done = write_all(chunk.bytes, chunk.used);
    for (unsigned i = 0; i < chunk.line_count; i++)
        if (chunk.lines[i].end > done)
            unsaid += chunk.lines[i].stands_for;
    if (done)
        chunk.torn = chunk.bytes[done - 1] != '\n';
    chunk.used = 0;
    chunk.line_count = 0;
}

static void add(const struct brk_log_record *r, uint64_t stands_for)
{
    char line[LINE_MAX_BYTES];
    size_t n = render(r, line);
    if (chunk.used + n + 1 > sizeof chunk.bytes || chunk.line_count == CHUNK_LINES)
        flush();
    if (!chunk.used && chunk.torn)
        chunk.bytes[chunk.used++] = '\n';
    memcpy(chunk.bytes + chunk.used, line, n);
    chunk.used += n;
    chunk.lines[chunk.line_count].end = chunk.used;
    chunk.lines[chunk.line_count++].stands_for = stands_for;
}

/* Reports the loss of `lines`, and of those that could not be written before. */
static void add_lost(uint64_t lines)
{
    struct brk_log_record r;
    lines += unsaid;
    unsaid = 0;
    if (!lines)
        return;
    brk_log_fill(&r, CFG_LOG_WARNING, "log_lost", "lines=%llu", (unsigned long long)lines);
    add(&r, lines);
}

/* Reports how often the latest line has come again. */
static void add_repeated(void)
{
    struct brk_log_record r;
    if (!repeated)
        return;
    const char *event = strstr(latest.text, "event=") + strlen("event=");
    brk_log_fill(&r, (enum cfg_log_level)latest.level, "log_repeated", "of=%.*s lines=%llu",
                 (int)strcspn(event, " "), event, (unsigned long long)repeated);
    add(&r, repeated);
    repeated = 0;
}

/* Within the second. */
static bool is_repeated(const struct brk_log_record *r)
{
    return r->at.tv_sec - latest.at.tv_sec <= 1 && r->level == latest.level && r->length == latest.length &&
           memcmp(r->text, latest.text, r->length) == 0;
}

static void write_records(void)
{
    for (const struct brk_log_record *r; (r = brk_log_ring_peek(&ring)); brk_log_ring_pop(&ring)) {
        if (!r->lost_before && is_repeated(r)) {
            repeated++;
            continue;
        }
        add_repeated();
        add_lost(r->lost_before);
        add(r, 1);
        memcpy(&latest, r, offsetof(struct brk_log_record, text) + r->length);
        latest.text[r->length] = '\0';
    }
    flush();
}

static void tell_folded(void)
{
    struct brk_log_record r;
    for (struct brk_log_budget *b = brk_log_budgets(); b; b = b->next) {
        uint64_t lines = atomic_exchange_explicit(&b->folded, 0, memory_order_relaxed);
        if (!lines)
            continue;
        brk_log_fill(&r, b->level, "log_folded", "of=%s lines=%llu", b->event, (unsigned long long)lines);
        add(&r, 1);
    }
}

static bool any_folded(void)
{
    for (struct brk_log_budget *b = brk_log_budgets(); b; b = b->next)
        if (atomic_load_explicit(&b->folded, memory_order_relaxed))
            return true;
    return false;
}

/* What is reported once a second, and at the end. */
static void tell(bool last)
{
    if (!last && (!tell_at_ms || now_ms() < tell_at_ms))
        return;
    tell_at_ms = 0;
    add_repeated();
    tell_folded();
    add_lost(brk_log_ring_lost(&ring));
    flush();
}

static void wait_for_more(void)
{
    if (!tell_at_ms && (unsaid || repeated || any_folded()))
        tell_at_ms = now_ms() + TELL_MS;
    if (!tell_at_ms) {
        sem_wait(&wake);
        return;
    }
    struct timespec until = {(time_t)(tell_at_ms / 1000), (long)(tell_at_ms % 1000) * 1000000};
    sem_clockwait(&wake, CLOCK_MONOTONIC, &until);
}

static void *write_log(void *arg)
{
    (void)arg;
    for (;;) {
        bool last = atomic_load_explicit(&stopping, memory_order_acquire);
        write_records();
        if (!unsaid) /* otherwise standard error fails: tried again with the next record, or by tell() */
            add_lost(brk_log_ring_lost(&ring));
        flush();
        tell(last);
        if (last)
            break;
        wait_for_more();
    }
    sem_post(&ended);
    return NULL;
}

/* ---- other threads -------------------------------------------------------------------------------- */

void brk_log_deliver(const struct brk_log_record *r)
{
    char line[LINE_MAX_BYTES];
    switch ((enum mode)atomic_load_explicit(&mode, memory_order_relaxed)) {
    case DIRECT:
        write_all(line, render(r, line));
        break;
    case THREAD:
        if (brk_log_ring_put(&ring, r))
            sem_post(&wake);
        break;
    case OVER:
        break;
    }
}

void brk_log_wake(void)
{
    if (atomic_load_explicit(&mode, memory_order_relaxed) == THREAD)
        sem_post(&wake);
}

int brk_log_start(void)
{
    sigset_t all, before;
    assert(atomic_load_explicit(&mode, memory_order_relaxed) == DIRECT);
    sem_init(&wake, 0, 0);
    sem_init(&ended, 0, 0);
    atomic_store_explicit(&stopping, false, memory_order_relaxed);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = brk_powerless_start(&thread, write_log, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!error) {
        pthread_setname_np(thread, "log");
        atomic_store_explicit(&mode, THREAD, memory_order_relaxed);
    }
    return error;
}

void brk_log_stop(void)
{
    if (atomic_load_explicit(&mode, memory_order_relaxed) != THREAD)
        return;
    uint64_t limit = now_ms() + BRK_LOG_STOP_MS;
    struct timespec until = {(time_t)(limit / 1000), (long)(limit % 1000) * 1000000};
    atomic_store_explicit(&stopping, true, memory_order_release); /* pairs with the acquire in write_log */
    sem_post(&wake);
    int status;
    while ((status = sem_clockwait(&ended, CLOCK_MONOTONIC, &until)) && errno == EINTR)
        ;
    if (status == 0)
        pthread_join(thread, NULL);
    else
        pthread_detach(thread);
    atomic_store_explicit(&mode, status == 0 ? DIRECT : OVER, memory_order_relaxed);
}
