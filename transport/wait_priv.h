/* Items that wait for tr_recv outside the backend: what tr_connect read and was not for it. Private to
 * transport/; wait.c says how it works. */
#ifndef JUNCTOR_TRANSPORT_WAIT_PRIV_H
#define JUNCTOR_TRANSPORT_WAIT_PRIV_H

#include "transport/backend_priv.h"

/* False where nothing waits (any more) for this endpoint; then the backend is asked. */
bool tr_stash_recv(struct tr_endpoint *ep, unsigned max, const struct tr_item **items, unsigned *count);
/* For a backend that has to tell something its stack does not: tr_recv gives it before anything else. False:
 * out of memory. */
bool tr_stash_event(struct tr_endpoint *ep, const struct tr_event *e);
/* Has tr_loop_fd poll readable where items wait for this endpoint and it is read. */
void tr_stash_tell(struct tr_endpoint *ep);
/* True when an endpoint that watches TR_READABLE has items here. */
bool tr_stash_any(const struct tr_loop *loop);
/* Adds such endpoints to the loop's ready list, up to `max` entries; returns how many there are then. */
unsigned tr_stash_ready(struct tr_loop *loop, unsigned max);
/* The turn is over: frees what was given out. */
void tr_stash_turn(struct tr_loop *loop);

/* The endpoint leaves its loop with what waits for it, or enters one. */
void tr_stash_unlink(struct tr_endpoint *ep);
void tr_stash_link(struct tr_endpoint *ep);
/* Peel-off: what waits for `assoc` at `from` now waits at `to`, for `new_assoc`. */
void tr_stash_move(struct tr_endpoint *from, uint32_t assoc, struct tr_endpoint *to, uint32_t new_assoc);
void tr_stash_discard(struct tr_endpoint *ep);
void tr_stash_discard_all(struct tr_loop *loop);

/* Checks values, and that each option may be set now (`when`: one enum opt_when bit) and by this backend. */
enum tr_code tr_check_options(const struct tr_backend *b, const struct opt_set *options, enum opt_when when,
                              enum opt_id *failed, struct tr_error *error);

#endif
