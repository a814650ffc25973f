/* The receive window of associations. */
#ifndef JUNCTOR_BROKER_WINDOW_H
#define JUNCTOR_BROKER_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "transport/transport.h"

struct brk_peer_health;
struct brk_socket;

/* Makes new associations of this endpoint offer only a part of its receive buffer as their window. Returns
 * the size of the buffer (0: not changed), to which brk_grow_buffer later sets the buffer of each
 * association's own socket. */
int64_t brk_shrink_window(struct tr_endpoint *ep);
void brk_grow_buffer(struct tr_endpoint *ep, int64_t granted);

/* The result of brk_shrink_window for a peer whose receive buffer was configured as `asked` bytes: it is
 * the same for all associations to that peer, so it is determined only once. False: not known yet. */
void brk_remember_buffer(struct brk_peer_health *h, int64_t asked, int64_t granted);
bool brk_recall_buffer(const struct brk_peer_health *h, int64_t asked, int64_t *granted);

/* The receive buffer of a listening socket has been set: sets the window of its future associations, if
 * they will be peeled off. */
void brk_socket_shrink_window(struct brk_socket *s);

#endif
