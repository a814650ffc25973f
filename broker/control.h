/* The control thread's work, step by step: who is in which group, and the end. broker/control.c has the
 * reasons, control_thread.c the thread.
 *
 * brk_control_main runs it with signals and threads. Tests run the same steps without either: they call
 * brk_control_turn and brk_worker_turn by turns, in one thread. All functions are the control thread's; only
 * brk_control_main blocks longer than a grace period (one turn of the slowest worker). */
#ifndef JUNCTOR_BROKER_CONTROL_H
#define JUNCTOR_BROKER_CONTROL_H

#include <stdbool.h>

struct brk_broker;
struct cfg_config;

struct brk_control;

/* Runs the broker until a signal ends it: the calling thread is the control thread. `signals` is a signalfd.
 * Exit status. */
int brk_control_main(struct brk_broker *b, int signals);

/* For a broker whose workers have been opened and do not run yet: publishes the first snapshot, of groups
 * with nobody in them. NULL: out of memory, nothing is left behind. */
struct brk_control *brk_control_new(struct brk_broker *b);

/* One turn: carries out what stands in the inbox (`woken`: its descriptor polled readable) and moves a drain
 * on. False: the workers are to stop, because the drain is done or its time is over. Without anything in the
 * inbox it is to be called again within BRK_TICK_MS while a drain is under way. */
bool brk_control_turn(struct brk_control *c, bool woken);

/* Begins to drain: `reason` is what the log says. A second call ends the drain: the next turn returns false.
 */
void brk_control_drain(struct brk_control *c, const char *reason);

/* Begins a reload from the configuration's file; one that is under way is done first. brk_control_turn moves
 * it on. */
void brk_control_reload(struct brk_control *c);
/* The same with a configuration that has been read already, which it takes over; none may be under way.
 * False: it is not taken, for a reason that has been logged. */
bool brk_control_reload_with(struct brk_control *c, struct cfg_config *config);
bool brk_control_reloading(const struct brk_control *c);

/* A drain has begun. Its end came before everything had been delivered: the time was over, or somebody
 * insisted. */
bool brk_control_draining(const struct brk_control *c);
bool brk_control_cut_short(const struct brk_control *c);

/* Tells all workers to stop. */
void brk_control_stop(struct brk_control *c);

/* After all workers have made their last turn: passes on and settles what was between them, counts the rest
 * as dropped (BRK_STOPPED) and closes their sockets. */
void brk_control_settle(struct brk_control *c);

/* Frees it and the snapshot; no worker runs any more. NULL is fine. */
void brk_control_free(struct brk_control *c);

#endif
