/* The account in the log: what came in, what became of it, and what that cost. */
#ifndef JUNCTOR_BROKER_ACCOUNT_H
#define JUNCTOR_BROKER_ACCOUNT_H

#include <stdbool.h>

#include "broker/stats/counts.h"
#include "transport/transport.h"

/* Logs the account (event=account), one line per listener, peer, group and route that saw traffic
 * (event=traffic), and what it cost (event=cost; `stats` summed over the workers). Returns whether the sum
 * holds; an account that does not is logged as an error. The counts are nobody's any more, or the workers
 * stand. */
bool brk_account_log(const struct brk_counts *c, const struct cfg_config *config,
                     const struct tr_loop_stats *stats);

#endif
