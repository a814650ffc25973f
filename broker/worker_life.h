/* Creating and freeing workers: the first thread of the process, while no worker runs. */
#ifndef JUNCTOR_BROKER_WORKER_LIFE_H
#define JUNCTOR_BROKER_WORKER_LIFE_H

#include <stdbool.h>

struct brk_worker;
struct brk_broker;

/* Opens everything of a worker (loop, inbox, listeners) in the calling thread. On failure the reason has
 * been logged and nothing is left behind. */
struct brk_worker *brk_worker_new(struct brk_broker *b, unsigned index);

/* After all worker threads have ended: counts what is left as dropped (BRK_STOPPED), closes the sockets,
 * and frees associations and destinations. */
void brk_worker_end(struct brk_worker *w);

/* Afterwards: settles what others have posted to it. Messages that came back to be released are freed,
 * others are dropped. False: there was nothing. */
bool brk_worker_settle(struct brk_worker *w);

/* Frees it with its sockets, its inbox and its counts. */
void brk_worker_free(struct brk_worker *w);

#endif
