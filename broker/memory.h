/* broker.memory_limit: how much memory everything that waits may take, in all workers together.
 *
 * What counts: the copies of messages, wherever they wait (outboxes, groups, inboxes, given back by a stack),
 * as allocated, with the worker that read them (rt_credit.memory); and half-received messages, which count as
 * max_message each, because they must be able to grow to that. Each worker publishes its own part, written by
 * itself alone; once a turn it adds up those of the others, and it knows its own at any time.
 *
 * What happens: from seven eighths of the limit on a socket that is readable is not read but taken off the
 * watch (starved), and put back when the sum has fallen to three quarters. Nothing is dropped. The eighth is
 * for what one read of each worker brings; large messages that are whole may go beyond by what a turn gives
 * out (REASM_TURN_BYTES).
 *
 * Why this ends by itself. What waits is sent as room comes, which needs no reading from sources; ttl, hold
 * and stall go on. Read in spite of the limit is what others wait for:
 *  - endpoints with a half-received message, until it is whole: its memory has been counted from its
 *    beginning. So whoever had begun is not stopped, and what is promised to it becomes free.
 *  - endpoints whose association is being set up, and listeners that peel off: who comes up may be the one
 *    for whom messages wait. What it sends is read from its own socket, which is starved.
 *  - sockets whose association has ended (socket.c).
 *
 * With `peeloff: never` new associations of a listener are not noticed while it is starved. While sockets are
 * starved the worker's tick runs, so it sees what others have freed. Everything here is for a worker. */
#ifndef JUNCTOR_BROKER_MEMORY_H
#define JUNCTOR_BROKER_MEMORY_H

#include <stdbool.h>

struct brk_worker;
struct brk_socket;

/* Once a turn, before sockets are read. */
void brk_memory_turn(struct brk_worker *w);

/* True when this readable socket must not be read now; it is taken off the watch then. */
bool brk_memory_starves(struct brk_worker *w, struct brk_socket *s);

#endif
