/* What log.c and log_writer.c both use: the text of a record, and the list of budgets that suppress lines. */
#include "broker/log_priv.h"

#include <stdio.h>
#include <time.h>

#include "broker/log_subject.h"

void brk_log_fill_args(struct brk_log_record *r, enum cfg_log_level level, const char *event,
                       const char *format, va_list args)
{
    clock_gettime(CLOCK_REALTIME, &r->at);
    r->level = (uint16_t)level;
    r->lost_before = 0;
    int n = snprintf(r->text, sizeof r->text, "level=%s event=%s ", brk_log_level_name(level), event);
    int more = vsnprintf(r->text + n, sizeof r->text - (size_t)n, format, args);
    n += more < 0 ? 0 : more;
    if (n > (int)sizeof r->text - 1)
        n = (int)sizeof r->text - 1;
    while (n && r->text[n - 1] == ' ')
        n--;
    r->length = (uint16_t)n;
}

void brk_log_fill(struct brk_log_record *r, enum cfg_log_level level, const char *event, const char *format,
                  ...)
{
    va_list args;
    va_start(args, format);
    brk_log_fill_args(r, level, event, format, args);
    va_end(args);
}

static _Atomic(struct brk_log_budget *) budgets;

struct brk_log_budget *brk_log_budgets(void)
{
    return atomic_load_explicit(&budgets, memory_order_acquire); /* pairs with the release in brk_log_list */
}

/* Adds a budget to the list, once. */
void brk_log_list(struct brk_log_budget *b)
{
    if (atomic_exchange_explicit(&b->listed, true, memory_order_relaxed))
        return;
    b->next = atomic_load_explicit(&budgets, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&budgets, &b->next, b, memory_order_release,
                                                  memory_order_relaxed))
        ;
}
