/* Simulated SCTP for several workers: clients that connect to the listeners of each loop, send numbered
 * messages and leave; servers that take messages, acknowledge them, and are sometimes lost with what they had
 * not acknowledged. Each loop has a simulation of its own, which advances while its worker waits: loops share
 * only relaxed counters, so that a race detector checks the broker, not the test. */
#ifndef JUNCTOR_TESTS_STRESS_PAPER_H
#define JUNCTOR_TESTS_STRESS_PAPER_H

#include <stdbool.h>
#include <stdint.h>

#include "transport/backend_priv.h"

extern struct tr_backend paper;

struct brk_broker;

/* Before the broker is opened. `broken`: its first worker's loop reads the second worker's clock, which is a
 * race to be found; NULL: none. */
void paper_begin(const struct brk_broker *broken);
void paper_end(void);

/* Any thread: from now on nothing is lost, no client comes, and nobody sends. */
void paper_calm(void);

struct paper_sum {
    uint64_t read;           /* by the broker */
    uint64_t missing, twice; /* of those: never delivered, and delivered again */
    uint64_t missing_shared; /* of clients that no paired route serves */
    uint64_t associations, lost;
    uint64_t answers; /* of servers of mapped sessions */
};

/* When the workers have ended. */
struct paper_sum paper_add_up(void);

#endif
