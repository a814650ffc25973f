/* Opens sockets: listeners, and associations to peers. */
#ifndef JUNCTOR_BROKER_OPENING_H
#define JUNCTOR_BROKER_OPENING_H

#include "config/config.h"
#include "transport/transport.h"

struct brk_worker;
struct brk_assoc;
struct brk_socket;

#define BRK_BACKLOG 1024 /* of tr_listen */

/* Opens a listener of `c`, which may be a plan's that is not in force yet, with `*socket` for it. */
enum tr_code brk_listen(struct brk_worker *w, const struct cfg_config *c, unsigned listener,
                        struct brk_socket **socket, struct tr_error *error);

/* A listener of the plan in force has been opened: says what the stack granted. */
void brk_listener_opened(struct brk_socket *s);

/* A socket and a non-blocking association set-up to a peer; `streams` (may be NULL) sets initmsg. On success
 * the association is in `a` (id, socket) and the socket's hash. TR_AGAIN: the peer's name is being looked up;
 * the answer calls brk_standing_resolved and brk_setup_resolved. In any case a->peer is set. */
enum tr_code brk_connect(struct brk_worker *w, unsigned peer, const struct opt_set *streams,
                         struct brk_assoc *a, struct tr_error *error);

#endif
