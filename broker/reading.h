/* Reading from sockets, and sending again when there is room. */
#ifndef JUNCTOR_BROKER_READING_H
#define JUNCTOR_BROKER_READING_H

#include <stdbool.h>

struct brk_worker;
struct brk_socket;

#define BRK_ROUNDS_MAX 16 /* batches read from one socket in a row, so that others get their turn */

/* Reads one batch, or more while an association is ending. True: nothing is left to read. */
bool brk_socket_read(struct brk_worker *w, struct brk_socket *s);

/* Each turn: reads on where a socket that must be read until it is empty was left after BRK_ROUNDS_MAX
 * batches. It may have become empty just then, so the transport would not report it again. */
void brk_sockets_read_on(struct brk_worker *w);

/* TR_ENDED: reads the socket even if it is paused. */
void brk_socket_ended(struct brk_worker *w, struct brk_socket *s);
void brk_socket_writable(struct brk_worker *w, struct brk_socket *s);

/* Aborts all associations and counts what the stack gives back; at the end of the broker. */
void brk_socket_abort_all(struct brk_worker *w, struct brk_socket *s);

#endif
