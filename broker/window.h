/* The receive window that associations offer. */
#ifndef JUNCTOR_BROKER_WINDOW_H
#define JUNCTOR_BROKER_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "transport/transport.h"

struct brk_peer_health;
struct brk_socket;

/* Makes new associations of this endpoint offer a part of its receive buffer, and returns what the buffer was
 * (0: left alone). brk_grow_buffer then gives their own sockets that size. */
int64_t brk_shrink_window(struct tr_endpoint *ep);
void brk_grow_buffer(struct tr_endpoint *ep, int64_t granted);

/* What brk_shrink_window has returned for a peer whose receive buffer was to be `asked` bytes: the same for
 * all associations to it, so it is read for the first one only. False: not known yet. */
void brk_remember_buffer(struct brk_peer_health *h, int64_t asked, int64_t granted);
bool brk_recall_buffer(const struct brk_peer_health *h, int64_t asked, int64_t *granted);

/* The receive buffer of a listening socket was set: what new associations are to offer of it, where they get
 * sockets of their own. */
void brk_socket_shrink_window(struct brk_socket *s);

#endif
