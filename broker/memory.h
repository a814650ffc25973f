/* broker.memory_limit: how much memory all waiting messages may take, in all workers together.
 *
 * What counts: the copies of messages, wherever they wait (outboxes, groups, inboxes, returned by a stack),
 * as allocated, charged to the worker that read them (rt_credit.memory); and half-received messages, which
 * count as max_message each, because they may grow to that. Each worker publishes its own part, which it
 * alone writes; once a turn it adds up those of the others, and it knows its own at any time.
 *
 * What happens: from seven eighths of the limit on, a readable socket is not read but no longer watched
 * (starved), until the sum has fallen to three quarters. Nothing is dropped. The last eighth is for what one
 * read of each worker brings; large complete messages may exceed it by what a turn hands out
 * (REASM_TURN_BYTES).
 *
 * Why this cannot deadlock. Waiting messages are sent as room becomes available, which needs no reading from
 * sources; ttl, hold and stall still apply. In spite of the limit these are read:
 *  - endpoints with a half-received message, until it is complete: its memory has been counted from its
 *    beginning. So a message that has begun is not stopped, and the memory reserved for it becomes free.
 *  - endpoints whose association is being set up, and those of listeners, unless descriptors have run out:
 *    messages may wait for the association that comes up. What it sends is read from its own socket, which
 *    is starved; with `peeloff: busy`, and with `never`, it gets that with the first message read meanwhile.
 *  - sockets whose association has ended (socket.c).
 *
 * While descriptors have run out new associations of a listener are not noticed. While sockets are starved
 * the worker's tick runs, so it sees what others have freed. Everything here is for a worker. */
#ifndef JUNCTOR_BROKER_MEMORY_H
#define JUNCTOR_BROKER_MEMORY_H

#include <stdbool.h>

struct brk_worker;
struct brk_socket;

/* Once a turn, before sockets are read. */
void brk_memory_turn(struct brk_worker *w);

/* True if this readable socket must not be read now; it is then no longer watched. */
bool brk_memory_starves(struct brk_worker *w, struct brk_socket *s);

#endif
