/* The log: see log.h. */
#include "broker/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 2048

static const struct {
    const char *name;
    int priority; /* sd-daemon(3) */
} levels[] = {[CFG_LOG_ERROR] = {"error", 3},
              [CFG_LOG_WARNING] = {"warning", 4},
              [CFG_LOG_INFO] = {"info", 6},
              [CFG_LOG_DEBUG] = {"debug", 7}};

static enum cfg_log_level threshold = CFG_LOG_INFO;
static bool journal;

void brk_log_open(enum cfg_log_level level)
{
    threshold = level;
    journal = getenv("JOURNAL_STREAM") != NULL;
}

bool brk_log_on(enum cfg_log_level level)
{
    return level <= threshold;
}

static int stamp(char *out, size_t size, enum cfg_log_level level)
{
    if (journal)
        return snprintf(out, size, "<%d>", levels[level].priority);
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    size_t n = strftime(out, size, "ts=%Y-%m-%dT%H:%M:%S", &utc);
    return (int)n + snprintf(out + n, size - n, ".%03ldZ ", now.tv_nsec / 1000000);
}

void brk_log(enum cfg_log_level level, const char *event, const char *format, ...)
{
    if (!brk_log_on(level))
        return;
    char line[LINE_MAX_BYTES];
    size_t n = (size_t)stamp(line, sizeof line, level);
    n += (size_t)snprintf(line + n, sizeof line - n, "level=%s event=%s ", levels[level].name, event);
    va_list args;
    va_start(args, format);
    int more = vsnprintf(line + n, sizeof line - n, format, args);
    va_end(args);
    n += more < 0 ? 0 : (size_t)more;
    if (n > sizeof line - 1)
        n = sizeof line - 1;
    while (n && line[n - 1] == ' ')
        n--;
    line[n++] = '\n';
    /* A log that cannot be written (full disk, closed pipe) must not stop the broker. */
    ssize_t written = write(STDERR_FILENO, line, n);
    (void)written;
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
