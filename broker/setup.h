/* Associations that are being set up: those that wait for an address (worker->resolving), and those for the
 * peer (worker->connecting). All of it is their worker's. */
#ifndef JUNCTOR_BROKER_SETUP_H
#define JUNCTOR_BROKER_SETUP_H

struct brk_worker;
struct brk_assoc;

/* Each tick: those whose time is over are taken off their sockets and given to their sessions (timed_out). */
void brk_setup_tick(struct brk_worker *w);

/* The addresses of a peer are known, or known not to be had: the sessions of those that wait for them are
 * told (resolved). */
void brk_setup_resolved(struct brk_worker *w, unsigned peer);

/* Ends a set-up: the association is off its socket and in no list, BRK_LOST; what waits for it stays. */
void brk_setup_abandon(struct brk_worker *w, struct brk_assoc *a);

#endif
