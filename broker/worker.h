/* A worker's thread and its turn. */
#ifndef JUNCTOR_BROKER_WORKER_H
#define JUNCTOR_BROKER_WORKER_H

#include <stdbool.h>

struct brk_worker;
struct brk_broker;

/* One turn (THREADS.md); sleeps in it while there is nothing to do. After the turn that carries out
 * BRK_CMD_STOP, w->stop is set, and no further turn may be made. The calling thread is registered as a
 * reader (rt_reader_register). */
void brk_worker_turn(struct brk_worker *w);

/* The thread: makes turns until BRK_CMD_STOP. */
void *brk_worker_main(void *worker);

/* Any thread: sets command bits and wakes the worker. */
void brk_worker_command(struct brk_worker *w, unsigned commands);
/* The same for all workers. */
void brk_command_all(struct brk_broker *b, unsigned commands);

#endif
