/* Peeling off: giving associations sockets of their own.
 *
 * Who gets one is decided elsewhere, and noted in worker->peels (brk_assoc_want_own): with `peeloff: always`
 * each association that comes up; with `busy` one that brings much (busy.h) or a message in pieces, that
 * finds the send buffer full, or that must not be read; with `never`, too, one that has reached its
 * rate_limit, or is to be handed over.
 *
 * An association that must not be read is peeled off first: what it sent and waits is charged to the socket
 * that it will get (brk_assoc_own), which has no endpoint yet. When that one is paused the shared socket is
 * not read before the association has left it. Where it cannot leave, for want of descriptors, the shared
 * socket stands still with it, as with `never`, and it is tried again each second. */
#ifndef JUNCTOR_BROKER_PEELING_H
#define JUNCTOR_BROKER_PEELING_H

#include <stdbool.h>
#include <stdint.h>

struct brk_worker;
struct brk_socket;
struct cfg_config;
struct brk_assoc;

/* Between two batches: peels off the associations in worker->peels. What has been read has been forwarded by
 * then, and what is queued in the stack moves along, so the order is preserved. */
void brk_peel_wanted(struct brk_worker *w);

/* A message of `len` bytes has come on an association that shares a socket with `peeloff: busy`. */
void brk_peel_if_busy(struct brk_worker *w, struct brk_assoc *a, uint32_t len);
/* Some association of such a socket has a message half received: it blocks a place that others need, and
 * cannot be slowed down by itself (transport/admission.h). */
void brk_peel_half_received(struct brk_worker *w, struct brk_socket *s);

/* Each tick: tries those again that stop a shared socket. */
void brk_peel_tick(struct brk_worker *w);

/* There is another plan, which may say otherwise of the listener of this socket: sets its buffers, and marks
 * those of its associations that are to get a socket of their own. Call it before brk_options_adopt. */
void brk_peeling_adopt(struct brk_socket *s, const struct cfg_config *old);

/* Between two batches: the same for one that is up. False: it stays, for a reason that has been logged. */
bool brk_peel_off(struct brk_worker *w, struct brk_assoc *a);

#endif
