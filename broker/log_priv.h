/* Between log.c, which makes records, and log_writer.c, which makes lines of them; log_record.c has what both
 * use. */
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

/* Any thread: the budgets that have kept lines back, newest first; the list only grows. */
struct brk_log_budget *brk_log_budgets(void);
/* Any thread: puts a budget into that list, once. */
void brk_log_list(struct brk_log_budget *b);

/* Whether lines begin with a priority for the journal instead of the time. Before the writer starts. */
void brk_log_for_journal(bool yes);

/* Any thread: hands the record to the writer thread; without one writes it at once. */
void brk_log_deliver(const struct brk_log_record *r);

/* Any thread: a budget has begun to keep lines back. */
void brk_log_wake(void);

#endif
