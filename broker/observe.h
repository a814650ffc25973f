/* What another thread of the process may see of a running broker, and ask of it: what broker/admin/ is built
 * on.
 *
 * An observer is one such thread's. It never makes a worker wait:
 *   - the configuration in force, the groups, the counters and the health of peers are read where they are:
 *     immutable and kept by RCU while a sight of them is open, or relaxed counters of one writer each;
 *   - what belongs to a worker (its associations, its loop) the worker tells itself, in looks (view.h);
 *   - what changes something is asked of the control thread, in requests (request.h).
 * The control thread waits at most for a sight that is open when it publishes: so keep one open for as long
 * as it takes to write down what is seen, and never over anything that blocks.
 *
 * Threads: new and free by the control thread, all else by the observer's. */
#ifndef JUNCTOR_BROKER_OBSERVE_H
#define JUNCTOR_BROKER_OBSERVE_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/history.h"
#include "broker/request.h"
#include "broker/stats/counts.h"
#include "broker/view.h"
#include "config/config.h"

struct brk_broker;
struct brk_observer;

/* For a broker whose workers have been opened and do not run yet. NULL: out of memory or descriptors. */
struct brk_observer *brk_observer_new(struct brk_broker *b);
/* When its thread and the workers have ended. NULL is fine. */
void brk_observer_free(struct brk_observer *o);

/* The first and the last call of the observer's thread. */
void brk_observer_enter(struct brk_observer *o);
void brk_observer_leave(struct brk_observer *o);

/* ---- what does not change ------------------------------------------------------------------------- */

unsigned brk_observer_workers(const struct brk_observer *o);
const char *brk_observer_transport(const struct brk_observer *o);
bool brk_observer_in_kernel(const struct brk_observer *o); /* the kernel's own counters are the stack's */
uint64_t brk_observer_uptime_ms(const struct brk_observer *o);

enum brk_running { BRK_RUNS, BRK_DRAINS, BRK_ENDED };
enum brk_running brk_observer_state(const struct brk_observer *o);

/* ---- what is read at once ------------------------------------------------------------------------- */

/* The plan in force and who is in its groups, until the sight is closed. */
struct brk_sight {
    const struct cfg_config *config;
    unsigned generation;
    const struct rt_snapshot *snapshot; /* the functions below know it */
};
void brk_sight_open(struct brk_observer *o, struct brk_sight *s);
void brk_sight_close(struct brk_observer *o);

/* All workers' counters, added up, into *sum, which is initialised here and to be freed with brk_counts_free.
 * False: out of memory. */
bool brk_sight_counts(const struct brk_observer *o, const struct brk_sight *s, struct brk_counts *sum);

/* Those of one worker; any may be read, each by itself. */
const struct brk_counts *brk_observer_counts(const struct brk_observer *o, unsigned worker);

/* Messages that wait in the broker, between workers included. */
uint64_t brk_counts_waiting(const struct brk_counts *sum);

/* Whether connecting to a peer makes sense now. */
struct brk_peer_view {
    unsigned failures;    /* attempts in a row */
    unsigned ejected;     /* how often it was ejected from a group */
    uint64_t retry_in_ms; /* none is made before; 0: at any time */
};
struct brk_peer_view brk_observer_peer(const struct brk_observer *o, unsigned peer);

/* What happened to a worker's associations, by place (broker/history.h). False: nothing there. */
bool brk_observer_happened(const struct brk_observer *o, unsigned worker, unsigned place,
                           struct brk_happening *out);

/* The state that the operator has given to a listener or peer. */
enum cfg_state brk_observer_state_of(const struct brk_observer *o, struct cfg_member m);

/* Processor time that a worker's thread has used. */
uint64_t brk_observer_cpu_us(const struct brk_observer *o, unsigned worker);

/* ---- what workers tell ---------------------------------------------------------------------------- */

/* Polls readable when brk_observer_take has something. */
int brk_observer_fd(const struct brk_observer *o);

/* Asks all workers for everything (`wanted` 0), or the one that has the association with this number for it
 * alone, and what is to be done with it; `to` is of BRK_LOOK_MOVE. One walk at a time. False: the workers
 * have ended, or there is no such worker. */
bool brk_observer_walk(struct brk_observer *o, uint64_t wanted, enum brk_look_act act, unsigned to);
bool brk_observer_walking(const struct brk_observer *o);

/* Takes what has been answered. True: the walk is complete. */
bool brk_observer_take(struct brk_observer *o);

/* What the last walk for everything found, in order of worker, then of age. *cut: there are more, for which
 * was no room, or the broker ended meanwhile. */
const struct brk_assoc_view *brk_observer_found(const struct brk_observer *o, unsigned *count, bool *cut);
const struct brk_worker_view *brk_observer_worker(const struct brk_observer *o, unsigned worker);

/* What the last walk for one association found: as it was before something was done with it. NULL: it is not
 * there. *detail: of BRK_LOOK_CLOSELY and BRK_LOOK_MOVE. */
const struct brk_assoc_view *brk_observer_one(const struct brk_observer *o,
                                              const struct brk_assoc_detail **detail);

/* ---- requests ------------------------------------------------------------------------------------- */

/* Posts a request to the control thread; it is that one's until brk_observer_answered gives it back. */
void brk_observer_ask(struct brk_observer *o, struct brk_request *r);
struct brk_request *brk_observer_answered(struct brk_observer *o); /* NULL: none */

#endif
