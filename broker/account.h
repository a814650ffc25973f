/* The account in the log: what was received, what became of it, and what it cost. */
#ifndef JUNCTOR_BROKER_ACCOUNT_H
#define JUNCTOR_BROKER_ACCOUNT_H

#include <stdbool.h>

#include "broker/stats/counts.h"
#include "transport/transport.h"

/* Logs the account (event=account), a line for each listener, peer, group and route that had traffic
 * (event=traffic), and the cost (event=cost; `stats` is the sum over the workers). Returns whether the
 * account balances; one that does not is logged as an error. The counts must not be changing: the workers
 * have ended, or stand at the barrier. */
bool brk_account_log(const struct brk_counts *c, const struct cfg_config *config,
                     const struct tr_loop_stats *stats);

#endif
