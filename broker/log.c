/* Making log records, and deciding which events are logged: see log.h. */
#include "broker/log_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker/log_subject.h"

/* Relaxed: a thread may notice a new level a few lines later. `highest` is the highest of the others. */
static _Atomic int thresholds[CFG_LOG_SUBJECTS] = {CFG_LOG_INFO, CFG_LOG_INFO, CFG_LOG_INFO, CFG_LOG_INFO,
                                                   CFG_LOG_INFO, CFG_LOG_INFO, CFG_LOG_INFO};
static _Atomic int highest = CFG_LOG_INFO;

/* JOURNAL_STREAM is inherited by whatever a service starts, wherever that sends its standard error: it
 * counts only if it names this one. */
static bool is_journal(int fd)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat s;
    return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && fstat(fd, &s) == 0 &&
           s.st_dev == device && s.st_ino == inode;
}

void brk_log_configure(const struct cfg_config *config)
{
    for (unsigned i = 0; i < CFG_LOG_SUBJECTS; i++) {
        bool own = config->log_levels[i] != CFG_ABSENT;
        brk_log_set_subject(i, own ? (enum cfg_log_level)config->log_levels[i] : config->log_level);
    }
    brk_log_set_format(config->log_format);
}

void brk_log_set_level(enum cfg_log_level level)
{
    for (unsigned i = 0; i < CFG_LOG_SUBJECTS; i++)
        brk_log_set_subject(i, level);
}

void brk_log_set_subject(enum cfg_log_subject subject, enum cfg_log_level level)
{
    int most = CFG_LOG_ERROR;
    atomic_store_explicit(&thresholds[subject], (int)level, memory_order_relaxed);
    for (unsigned i = 0; i < CFG_LOG_SUBJECTS; i++) {
        int other = atomic_load_explicit(&thresholds[i], memory_order_relaxed);
        most = other > most ? other : most;
    }
    atomic_store_explicit(&highest, most, memory_order_relaxed);
}

bool brk_log_on(enum cfg_log_level level)
{
    return (int)level <= atomic_load_explicit(&highest, memory_order_relaxed);
}

/* Whether this event is logged. */
static bool logged(enum cfg_log_level level, const char *event)
{
    return brk_log_on(level) &&
           (int)level <= atomic_load_explicit(&thresholds[brk_log_subject(event)], memory_order_relaxed);
}

/* ---- where it goes -------------------------------------------------------------------------------- */

/* A copy of the standard error that the process began with; 0: none yet. */
static int inherited;

int brk_log_to(const char *file)
{
    if (!inherited)
        inherited = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    /* A FIFO that nobody reads is refused, not waited for. */
    int fd = file ? open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640)
                  : inherited;
    int error = fd < 0 || dup2(fd, STDERR_FILENO) < 0 ? errno : 0;
    if (file && fd >= 0)
        close(fd);
    brk_log_for_journal(is_journal(STDERR_FILENO));
    return error;
}

void brk_log_reopen(const char *file)
{
    char quoted[700];
    int error = brk_log_to(file);
    if (error)
        brk_log(CFG_LOG_ERROR, "log_file_failed", "file=%s error=\"%s\" text=\"the log stays where it is\"",
                brk_quote(file ? file : "", quoted, sizeof quoted), strerror(error));
}

void brk_log_open(enum cfg_log_level level)
{
    brk_log_set_level(level);
    brk_log_for_journal(is_journal(STDERR_FILENO));
}

/* ---- lines ---------------------------------------------------------------------------------------- */

static _Thread_local struct {
    void (*take)(const char *event, const char *text, void *arg);
    void *arg;
} also;

void brk_log_also(void (*take)(const char *event, const char *text, void *arg), void *arg)
{
    also.take = take;
    also.arg = arg;
}

void brk_log(enum cfg_log_level level, const char *event, const char *format, ...)
{
    struct brk_log_record r;
    va_list args;
    bool wanted = logged(level, event);
    if (!wanted && !also.take)
        return;
    va_start(args, format);
    brk_log_fill_args(&r, level, event, format, args);
    va_end(args);
    if (also.take) {
        r.text[r.length] = '\0';
        also.take(event, r.text, also.arg);
    }
    if (wanted)
        brk_log_deliver(&r);
}

const char *brk_quote(const char *text, char *out, unsigned size)
{
    unsigned n = 0;
    out[n++] = '"';
    for (; *text && n + 4 < size; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            out[n++] = '\\';
        out[n++] = c < 0x20 || c == 0x7f ? ' ' : (char)c;
    }
    out[n++] = '"';
    out[n] = 0;
    return out;
}

bool brk_log_limited(struct brk_log_limit *limit, uint64_t now_ms, uint64_t *skipped)
{
    if (now_ms < limit->next_ms) {
        limit->skipped++;
        return false;
    }
    *skipped = limit->skipped;
    limit->skipped = 0;
    limit->next_ms = now_ms + 1000;
    return true;
}

/* ---- budgets -------------------------------------------------------------------------------------- */

bool brk_log_admits(struct brk_log_budget *b, uint64_t now_ms)
{
    if (!logged(b->level, b->event))
        return false;
    uint64_t due = atomic_load_explicit(&b->due_ms, memory_order_relaxed), next;
    do {
        if (due > now_ms + (BRK_LOG_BURST - 1) * BRK_LOG_REFILL_MS) {
            if (atomic_fetch_add_explicit(&b->folded, 1, memory_order_relaxed) == 0) {
                brk_log_list(b);
                brk_log_wake();
            }
            return false;
        }
        next = (due > now_ms ? due : now_ms) + BRK_LOG_REFILL_MS;
    } while (!atomic_compare_exchange_weak_explicit(&b->due_ms, &due, next, memory_order_relaxed,
                                                    memory_order_relaxed));
    return true;
}
