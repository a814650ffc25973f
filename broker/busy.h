/* Which association of a listener's shared socket brings much, so that it is to get a socket of its own
 * (`peeloff: busy`): see busy.c. Pure: no sockets, no clock. */
#ifndef JUNCTOR_BROKER_BUSY_H
#define JUNCTOR_BROKER_BUSY_H

#include <stdbool.h>
#include <stdint.h>

#define BRK_BUSY_MS     100 /* the time in which it is measured */
#define BRK_BUSY_CHARGE 256 /* bytes that a message takes in a buffer beside its own; about as Linux */

/* What was brought in the present interval, in bytes of receive buffer. All zeros: nothing. */
struct brk_carried {
    uint64_t interval; /* its number */
    uint64_t cost;
};

/* A message of `len` bytes has come on an association (`one`) of a shared socket (`all`), whose receive
 * buffer has `buffer` bytes. True: that association is to be peeled off. */
bool brk_busy_takes(struct brk_carried *one, struct brk_carried *all, uint64_t now_ms, uint32_t len,
                    int64_t buffer);

#endif
