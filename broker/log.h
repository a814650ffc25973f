/* The log: one line an event, logfmt, on standard error.
 *
 *     ts=2026-01-31T12:00:00.000Z level=info event=listening listener=access address=127.0.0.1:2905
 *
 * Under systemd (JOURNAL_STREAM is set) the time stamp gives way to the journal's own and the line begins
 * with the priority in its notation (<6>). Any thread may log: each line is one write(2). */
#ifndef JUNCTOR_BROKER_LOG_H
#define JUNCTOR_BROKER_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"

/* Before other threads start. */
void brk_log_open(enum cfg_log_level level);

bool brk_log_on(enum cfg_log_level level);

/* `event` is a word; `format` gives the other "key=value" pairs (may be ""). Values that may hold spaces go
 * through %s of brk_quote. Longer lines are cut at 2 KiB. */
void brk_log(enum cfg_log_level level, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* `text` as a logfmt value: quoted, with quotes, backslashes and control characters escaped. Returns `out`.
 */
const char *brk_quote(const char *text, char *out, unsigned size);

/* For events that traffic can cause many times a second: true at most once a second for each `limit`, with
 * the number of events kept back since then in *skipped. A limit belongs to one thread; zero-initialise. */
struct brk_log_limit {
    uint64_t next_ms, skipped;
};
bool brk_log_limited(struct brk_log_limit *limit, uint64_t now_ms, uint64_t *skipped);

#endif
