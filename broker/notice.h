/* What is only logged about associations: paths and statistics. */
#ifndef JUNCTOR_BROKER_NOTICE_H
#define JUNCTOR_BROKER_NOTICE_H

#include <stddef.h>

#include "broker/state.h"
#include "broker/assoc.h"
#include "transport/transport.h"

struct brk_socket;

#define BRK_STATS_MS   5000 /* maximum age of the statistics of a busy association */
#define BRK_STATS_TEXT 200  /* size of the buffer for brk_stats_format */

/* TR_EV_PATH_CHANGE. */
void brk_notice_path(struct brk_worker *w, struct brk_socket *s, const struct tr_event *e);

/* `a` takes the place of `old` in the stack, which continues its statistics. */
void brk_stats_follow(struct brk_worker *w, struct brk_assoc *a, struct brk_assoc *old);

/* Reads the statistics of an association that is up. */
void brk_stats_read(struct brk_worker *w, struct brk_assoc *a);

/* Reads them when they are older than BRK_STATS_MS; called where the association carries messages. */
static inline void brk_stats_tick(struct brk_worker *w, struct brk_assoc *a)
{
    if (w->now_ms >= a->stats.next_ms && a->state == BRK_UP)
        brk_stats_read(w, a);
}

/* How many DATA chunks it retransmitted in a minute, lately; 0 when it has not been read lately. */
uint64_t brk_stats_rate(const struct brk_worker *w, const struct brk_assoc *a);

/* " packets_out=… …", or "" when none have been read. Returns `out`. */
const char *brk_stats_format(const struct brk_worker *w, const struct brk_assoc *a, char *out, size_t size);

/* Before an account: reads those of all associations, if the account or the log needs them, and logs them
 * at level debug. */
void brk_stats_all(struct brk_worker *w);

#endif
