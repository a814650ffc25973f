/* Opening sockets: listeners, and associations to peers. */
#ifndef JUNCTOR_BROKER_OPENING_H
#define JUNCTOR_BROKER_OPENING_H

#include "config/config.h"
#include "transport/transport.h"

struct brk_worker;
struct brk_assoc;
struct brk_socket;

#define BRK_BACKLOG 1024 /* backlog of tr_listen */

/* Opens a listener of `c`, whose plan may not be in force yet; *socket is its socket. */
enum tr_code brk_listen(struct brk_worker *w, const struct cfg_config *c, unsigned listener,
                        struct brk_socket **socket, struct tr_error *error);

/* A listener of the plan in force has been opened: logs its addresses, on the first worker. */
void brk_listener_opened(struct brk_socket *s);

/* Opens a socket and starts to set up an association to a peer, without blocking; `streams` (may be NULL)
 * sets initmsg. On success the association has its id and socket and can be found there. TR_AGAIN: the
 * peer's name is being looked up; the answer leads to brk_standing_resolved and brk_setup_resolved.
 * a->peer is set in any case. */
enum tr_code brk_connect(struct brk_worker *w, unsigned peer, const struct opt_set *streams,
                         struct brk_assoc *a, struct tr_error *error);

#endif
