/* Shared by log.c, which creates records, and log_writer.c, which turns them into lines; log_record.c has
 * the functions that both use. */
#ifndef JUNCTOR_BROKER_LOG_PRIV_H
#define JUNCTOR_BROKER_LOG_PRIV_H

#include <stdarg.h>

#include "broker/log.h"
#include "broker/log_ring.h"

/* Fills in time, level and text. */
void brk_log_fill(struct brk_log_record *r, enum cfg_log_level level, const char *event, const char *format,
                  ...) __attribute__((format(printf, 4, 5)));
void brk_log_fill_args(struct brk_log_record *r, enum cfg_log_level level, const char *event,
                       const char *format, va_list args) __attribute__((format(printf, 4, 0)));

/* Any thread: the budgets that have suppressed lines, newest first; the list only grows. */
struct brk_log_budget *brk_log_budgets(void);
/* Any thread: adds a budget to that list, once. */
void brk_log_list(struct brk_log_budget *b);

/* Whether lines begin with a priority for the journal instead of a time stamp; and their form. Any thread. */
void brk_log_for_journal(bool yes);
void brk_log_set_format(enum cfg_log_format format);

/* Any thread: passes the record to the writer thread; without one, writes it at once. */
void brk_log_deliver(const struct brk_log_record *r);

/* Any thread: a budget has begun to suppress lines. */
void brk_log_wake(void);

#endif
