/* A broker in the calling thread, for benchmarks: one worker, whose loop also has the endpoints of those who
 * send and receive. So all of a relay takes place in one thread, one loop and one process, which is what
 * usrsctp allows, and the processor time of a message is that of the process.
 *
 * Everything is for the thread that called micro_broker_new. One at a time. */
#ifndef JUNCTOR_BENCH_MICRO_BROKER_H
#define JUNCTOR_BENCH_MICRO_BROKER_H

#include <stdbool.h>
#include <stddef.h>

#include "transport/transport.h"

#ifdef __cplusplus
extern "C" {
#endif

struct micro_broker;

/* Starts a broker with the configuration `yaml`, but with one worker, on `backend`. NULL: the reason is in
 * `why`, or has been logged. */
struct micro_broker *micro_broker_new(const char *yaml, const struct tr_backend *backend, char *why,
                                      size_t size);

/* Aborts its associations, and closes its loop with whatever else is in it. */
void micro_broker_free(struct micro_broker *b);

struct tr_loop *micro_broker_loop(const struct micro_broker *b);

/* The cookie for endpoints in its loop that are not its own: they end its sleep, and are left alone. */
void *micro_broker_stranger(struct micro_broker *b);

/* A turn of its worker, which sleeps in it while no endpoint of the loop is ready, or until a signal comes.
 */
void micro_broker_turn(struct micro_broker *b);

#ifdef __cplusplus
}
#endif
#endif
