/* A worker's thread and its turn. */
#ifndef JUNCTOR_BROKER_WORKER_H
#define JUNCTOR_BROKER_WORKER_H

#include <stdbool.h>

struct brk_worker;
struct brk_broker;

/* Opens everything of a worker (loop, inbox, listeners) in the calling thread. On failure the reason has
 * been logged and nothing is left behind. */
struct brk_worker *brk_worker_new(struct brk_broker *b, unsigned index);

/* One turn (THREADS.md); sleeps in it while there is nothing to do. After the turn that carries out
 * BRK_CMD_STOP, w->stop is set, and no further turn may be made. The calling thread is registered as a
 * reader (rt_reader_register). */
void brk_worker_turn(struct brk_worker *w);

/* The thread: makes turns until BRK_CMD_STOP. */
void *brk_worker_main(void *worker);

/* After all worker threads have ended: counts what is left as dropped (BRK_STOPPED), closes the sockets,
 * and frees associations and destinations. */
void brk_worker_end(struct brk_worker *w);

/* Afterwards: settles what others have posted to it. Messages that came back to be released are freed,
 * others are dropped. False: there was nothing. */
bool brk_worker_settle(struct brk_worker *w);

/* Frees it with its sockets, its inbox and its counts. */
void brk_worker_free(struct brk_worker *w);

/* Any thread: sets command bits and wakes the worker. */
void brk_worker_command(struct brk_worker *w, unsigned commands);
/* The same for all workers. */
void brk_command_all(struct brk_broker *b, unsigned commands);

#endif
