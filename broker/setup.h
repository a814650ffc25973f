/* Associations that are being set up: those that wait for an address (worker->resolving) and those that
 * wait for the peer (worker->connecting). All functions are for their worker. */
#ifndef JUNCTOR_BROKER_SETUP_H
#define JUNCTOR_BROKER_SETUP_H

struct brk_worker;
struct brk_assoc;

/* Each tick: associations whose time is over are taken off their sockets and passed to their sessions
 * (timed_out). */
void brk_setup_tick(struct brk_worker *w);

/* The look-up of a peer's addresses has succeeded or failed: the sessions of the associations that wait
 * for it are told (resolved). */
void brk_setup_resolved(struct brk_worker *w, unsigned peer);

/* Ends a set-up: the association is off its socket, in no list, and BRK_LOST; its pending messages stay. */
void brk_setup_abandon(struct brk_worker *w, struct brk_assoc *a);

#endif
