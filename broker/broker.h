/* A broker as a whole. */
#ifndef JUNCTOR_BROKER_BROKER_H
#define JUNCTOR_BROKER_BROKER_H

#include "config/config.h"

/* Runs a broker with `config`, which it takes over. The calling thread, the process's first, becomes the
 * control thread: it blocks SIGTERM, SIGINT, SIGHUP and SIGUSR1 and takes them from a signalfd. Returns when
 * a signal has ended the broker, or when it could not start (the reason has been logged): the exit status, 0
 * after a drain whose account balances, 1 otherwise. Logs with broker/log.h, which the caller has opened. */
int brk_run(struct cfg_config *config);

#endif
