/* The control thread's work, step by step: group membership, reload, and the end of the broker. The reasons
 * are in control.c and control_drain.c, the thread is in control_thread.c.
 *
 * brk_control_main does this work with signals and threads. Tests do without both: they call brk_control_turn
 * and brk_worker_turn alternately in one thread. Only the control thread calls these functions; only
 * brk_control_main blocks for longer than a grace period (one turn of the slowest worker). */
#ifndef JUNCTOR_BROKER_CONTROL_H
#define JUNCTOR_BROKER_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"

struct brk_broker;
struct brk_service;

struct brk_control;

/* Runs the broker until a signal ends it; the calling thread is the control thread. `signals` is a signalfd.
 * Returns the exit status; `services` as in brk_run. */
int brk_control_main(struct brk_broker *b, int signals, const struct brk_service *services, unsigned count);

/* For a broker whose workers are open but not running: publishes the first snapshot, whose groups are empty.
 * NULL: out of memory, and nothing is left behind. */
struct brk_control *brk_control_new(struct brk_broker *b);

/* One turn: handles everything in the inbox (`woken`: its descriptor polled readable) and advances a drain.
 * False: the workers are to stop, because the drain is complete or its time is over. During a drain it is to
 * be called every BRK_TICK_MS at least, even when the inbox is empty. */
bool brk_control_turn(struct brk_control *c, bool woken);

/* Starts to drain, for `timeout_ms` at most; `reason` is logged. A second call ends the drain: the next turn
 * returns false. */
#define BRK_DRAIN_AS_CONFIGURED UINT32_MAX
void brk_control_drain(struct brk_control *c, const char *reason, unsigned timeout_ms);

/* Starts a reload from the configuration's file, after the one in progress if there is one, and when paired
 * sessions do not wait for an earlier one any more (session/hold_back.h). brk_control_turn advances it. */
void brk_control_reload(struct brk_control *c);
/* The same with a configuration that has already been read, which it takes over; no reload may be in
 * progress, nor may paired sessions wait for one. False: refused, and the reason has been logged. */
bool brk_control_reload_with(struct brk_control *c, struct cfg_config *config);
bool brk_control_reloading(const struct brk_control *c);
bool brk_control_pairs_wait(const struct brk_control *c);

/* Gives a listener or peer of the plan in force another state: states.h. The next turn acts on it. */
void brk_control_set_state(struct brk_control *c, struct cfg_member m, enum cfg_state state);
/* Streams that changes have moved have got there, and if it is in maint, it has no destinations any more. */
bool brk_control_settled(const struct brk_control *c, struct cfg_member m);
/* When it has something to do even if nothing comes; UINT64_MAX: never. */
uint64_t brk_control_due_ms(const struct brk_control *c);

/* How busy each worker was in the last `balance.interval`, in thousandths of a processor: may have an
 * association handed over (balance.h). */
void brk_control_balance(struct brk_control *c, const uint32_t *busy);

/* A drain has begun; it ended before everything was delivered, because its time was over or because of a
 * second request. */
bool brk_control_draining(const struct brk_control *c);
bool brk_control_cut_short(const struct brk_control *c);

/* Tells all workers to stop. */
void brk_control_stop(struct brk_control *c);

/* After the last turn of all workers: settles the messages that were between them, counts the rest as dropped
 * (BRK_STOPPED) and closes their sockets. */
void brk_control_settle(struct brk_control *c);

/* Frees it and the snapshot; no worker may be running. NULL is allowed. */
void brk_control_free(struct brk_control *c);

#endif
