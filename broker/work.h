/* How much work each association makes for its worker, and which one is handed over when control balances
 * (balance.h). Everything here is for the worker and does not block. A pass over its associations costs a few
 * loads from memory for each, no system call, and is made once in `balance.interval` while the worker is the
 * busiest. */
#ifndef JUNCTOR_BROKER_WORK_H
#define JUNCTOR_BROKER_WORK_H

#include <stdint.h>

struct brk_assoc;
struct brk_balance_ask;
struct brk_worker;

/* Of an association. All zeros: what it has brought since it came up is still to be measured. */
struct brk_work {
    uint64_t measured;    /* its work up to the last measurement */
    uint64_t balanced_ms; /* when it was last handed over to balance; 0: never */
};

/* BRK_BALANCE has arrived: measures, or begins to hand over the association whose move helps most, if there
 * is one; then posts it back. */
void brk_work_asked(struct brk_worker *w, struct brk_balance_ask *ask);

#endif
