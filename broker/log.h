/* The log: one line for each event on standard error, or in a file instead; in logfmt, or as a JSON object
 * with the same keys.
 *
 *     ts=2026-01-31T12:00:00.000Z level=info event=listening listener=access address=127.0.0.1:2905
 *     {"ts":"2026-01-31T12:00:00.000Z","level":"info","event":"listening","listener":"access",…}
 *
 * Every event is a row of log_events.def, which says what it is about (its subject).
 *
 * If standard error goes to the journal (sd_journal_stream_fd(3): JOURNAL_STREAM names its device and
 * inode), the line has no time stamp, since the journal adds its own, and begins with the priority in the
 * journal's notation (<6>).
 *
 * Any thread may log. Between brk_log_start and brk_log_stop no thread waits for standard error: a line
 * goes into a ring (log_ring.h), without allocation, and a thread of its own writes it (log_writer.c). So
 * a pipe that nobody reads, a full disk or a closed pipe never delays the broker. Lines that do not fit in
 * the ring or cannot be written are counted, and the count is logged where they are missing:
 *
 *     level=warning event=log_lost lines=812
 *
 * A line that is repeated word for word within a second is written once; the repetitions are counted after
 * that second, or before the next line:
 *
 *     level=info event=log_repeated of=path lines=3
 *
 * The lines of each thread keep their order. Before start and after stop the caller writes its line
 * itself. */
#ifndef JUNCTOR_BROKER_LOG_H
#define JUNCTOR_BROKER_LOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"

/* Sets the level of all subjects, and determines whether standard error goes to the journal. Before other
 * threads start. */
void brk_log_open(enum cfg_log_level level);

/* Levels and form as the configuration has them (log_level, log_levels, log_format). Any thread; others may
 * notice a few lines later. */
void brk_log_configure(const struct cfg_config *config);

/* Lines go to this file from now on, which is created if it does not exist, and appended to; NULL: to the
 * standard error that the process started with. Returns 0, or an errno; then nothing changes. One thread at a
 * time. */
int brk_log_to(const char *file);

/* The same, for a file that may have been renamed; a failure is logged. */
void brk_log_reopen(const char *file);

/* Changes the level of all subjects, or of one. Any thread; others may notice a few lines later. */
void brk_log_set_level(enum cfg_log_level level);
void brk_log_set_subject(enum cfg_log_subject subject, enum cfg_log_level level);

/* Starts the writer thread, with all signals blocked. Returns 0 or the errno of pthread_create. */
int brk_log_start(void);

/* Waits until everything has been written, but no longer than BRK_LOG_STOP_MS; what cannot be written by
 * then is discarded. The other threads have ended. */
#define BRK_LOG_STOP_MS 2000
void brk_log_stop(void);

/* Whether lines of that level are logged, of at least one subject. */
bool brk_log_on(enum cfg_log_level level);

/* `event` is a word of log_events.def; `format` gives the other "key=value" pairs (may be ""). Values that
 * may contain spaces are passed through brk_quote. Longer lines are cut at 2 KiB. */
void brk_log(enum cfg_log_level level, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* From now on every line that this thread logs, whatever the level, is also passed to `take`; NULL ends this.
 * `text` is valid during the call: "level=info event=reloaded …". */
void brk_log_also(void (*take)(const char *event, const char *text, void *arg), void *arg);

/* `text` as a logfmt value: in quotes, with quotes and backslashes escaped, and spaces in place of control
 * characters; cut where it does not fit into `size`, which is at least 4. Returns `out`. */
const char *brk_quote(const char *text, char *out, unsigned size);

/* For events that traffic can cause many times a second: true at most once a second for each `limit`, with
 * the number of events suppressed since then in *skipped. A limit belongs to one thread; zero-initialise. */
struct brk_log_limit {
    uint64_t next_ms, skipped;
};
bool brk_log_limited(struct brk_log_limit *limit, uint64_t now_ms, uint64_t *skipped);

/* For events that occur per connection, so that a peer may cause thousands: a budget of BRK_LOG_BURST
 * lines, refilled by one every BRK_LOG_REFILL_MS. The first hundred clients are all logged; of a flood, the
 * writer thread logs once a second how many lines were suppressed:
 *
 *     level=info event=log_folded of=association_up lines=1392
 *
 * Static, one for all threads; initialise `event` and `level`, the rest is zero. */
#define BRK_LOG_BURST     100
#define BRK_LOG_REFILL_MS 100
struct brk_log_budget {
    const char *event;
    enum cfg_log_level level;
    _Atomic uint64_t due_ms; /* when the budget is full again */
    _Atomic uint64_t folded; /* suppressed and not logged yet */
    _Atomic bool listed;
    struct brk_log_budget *next; /* list of those that have ever suppressed a line */
};

/* Any thread: whether to log a line of this event now; also false if its level is not logged. */
bool brk_log_admits(struct brk_log_budget *budget, uint64_t now_ms);

#endif
