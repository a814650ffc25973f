/* Paired sessions. */
#ifndef JUNCTOR_BROKER_SESSION_PAIRED_H
#define JUNCTOR_BROKER_SESSION_PAIRED_H

#include <stdbool.h>
#include <stdint.h>

#include "transport/transport.h"

struct brk_worker;
struct brk_assoc;

/* A source came up: connects its partner where it has paired routes. */
void brk_session_open(struct brk_worker *w, struct brk_assoc *client);

/* The partner for a message of `client` on paired route `route`, connected when there is none yet. NULL:
 * refused. */
struct brk_assoc *brk_session_partner(struct brk_worker *w, struct brk_assoc *client, uint32_t route);

/* An attempt to connect a partner failed: the next member, or the end of the session. */
void brk_session_connect_failed(struct brk_worker *w, struct brk_assoc *partner, const char *why);

/* The time of a partner that waits for the address of its peer is over: the same. */
void brk_session_not_resolved(struct brk_worker *w, struct brk_assoc *partner);

/* The current member cannot be connected: the next one is the current one. */
void brk_session_next_member(struct brk_worker *w, struct brk_assoc *partner);

/* The set-up with the current address was refused: counts it, and the member once all its addresses were. */
void brk_session_address_failed(struct brk_worker *w, struct brk_assoc *partner);

/* The addresses of a peer are known, or known not to be had: connects the partners that wait for them. */
void brk_session_resolved(struct brk_worker *w, unsigned peer);

/* One side of a session is over: carries it across, the reason that the peer gave with its abort included. */
void brk_session_lost(struct brk_worker *w, struct brk_assoc *a, bool clean, const struct tr_event *e);

/* A message of `client` has nowhere to go because its session ended: it may not end as if all had arrived. */
void brk_session_unserved(struct brk_worker *w, struct brk_assoc *client);

#endif
