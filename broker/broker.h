/* A broker as a whole. */
#ifndef JUNCTOR_BROKER_BROKER_H
#define JUNCTOR_BROKER_BROKER_H

#include <stdbool.h>

#include "config/config.h"

/* Runs a broker with `config`, which it takes over. The calling thread, the process's first, becomes the
 * control thread: it blocks SIGTERM, SIGINT, SIGHUP and SIGUSR1 and takes them from a signalfd. Returns when
 * a signal has ended the broker, or when it could not start (the reason has been logged): the exit status, 0
 * after a drain whose account balances, 1 otherwise. Logs with broker/log.h, which the caller has opened;
 * `log_level_fixed`: at a level that no reload changes. */
int brk_run(struct cfg_config *config, bool log_level_fixed);

struct brk_broker;

/* Opens all workers for b->plan on b->backend, which the caller has set; everything else of *b is zero, and
 * b->control.eventfd -1. False: the reason has been logged. brk_broker_close in either case. */
bool brk_broker_open(struct brk_broker *b);
void brk_broker_close(struct brk_broker *b); /* with its plan */

#endif
