/* A broker as a whole. */
#ifndef JUNCTOR_BROKER_BROKER_H
#define JUNCTOR_BROKER_BROKER_H

#include <stdbool.h>

#include "config/config.h"

struct brk_observer;

/* What runs beside a broker and observes it. All of it is called by the control thread. */
struct brk_service {
    /* Workers are open and do not run yet; `o` is the service's until stop has returned. False: the broker
     * must not run without it, for a reason that has been logged. */
    bool (*start)(void *arg, struct brk_observer *o, const struct cfg_config *config);
    /* The broker has ended, and every request is answered. Returns when the service's thread has ended. */
    void (*stop)(void *arg);
    /* A configuration is in force: the first one, when the broker has given up its privileges and the workers
     * run, or another one. NULL: it does not matter. */
    void (*reloaded)(void *arg);
    void *arg;
};

#define BRK_SERVICES_MAX 4

/* Runs a broker with `config`, which it takes over. The calling thread, the first of the process, becomes the
 * control thread: it blocks SIGTERM, SIGINT, SIGHUP and SIGUSR1 and reads them from a signalfd. Returns when
 * a signal has ended the broker, or when it could not start (the reason has been logged). Result: the exit
 * status, 0 after a drain whose account balances, else 1. Logs through broker/log.h, which the caller has
 * opened; `log_level_fixed`: a reload does not change the log level.
 * The `count` services, at most BRK_SERVICES_MAX, are started and stopped in this order. */
int brk_run(struct cfg_config *config, bool log_level_fixed, const struct brk_service *services,
            unsigned count);

struct brk_broker;

/* Opens all workers for b->plan on b->backend, both set by the caller; all other members of *b are zero, and
 * the descriptors of its two inboxes are -1. False: the reason has been logged. Call brk_broker_close in
 * either case. */
bool brk_broker_open(struct brk_broker *b);
void brk_broker_close(struct brk_broker *b); /* and frees its plan */

#endif
