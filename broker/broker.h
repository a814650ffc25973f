/* A broker as a whole. */
#ifndef JUNCTOR_BROKER_BROKER_H
#define JUNCTOR_BROKER_BROKER_H

#include <stdbool.h>

#include "config/config.h"

/* Runs a broker with `config`, which it takes over. The calling thread, the first of the process, becomes the
 * control thread: it blocks SIGTERM, SIGINT, SIGHUP and SIGUSR1 and reads them from a signalfd. Returns when
 * a signal has ended the broker, or when it could not start (the reason has been logged). Result: the exit
 * status, 0 after a drain whose account balances, else 1. Logs through broker/log.h, which the caller has
 * opened; `log_level_fixed`: a reload does not change the log level. */
int brk_run(struct cfg_config *config, bool log_level_fixed);

struct brk_broker;

/* Opens all workers for b->plan on b->backend, both set by the caller; all other members of *b are zero, and
 * b->control.eventfd is -1. False: the reason has been logged. Call brk_broker_close in either case. */
bool brk_broker_open(struct brk_broker *b);
void brk_broker_close(struct brk_broker *b); /* and frees its plan */

#endif
