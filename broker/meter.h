/* How busy workers are: the processor time of their threads, read once in `balance.interval`. For the control
 * thread, but for brk_worker_cpu_us. */
#ifndef JUNCTOR_BROKER_METER_H
#define JUNCTOR_BROKER_METER_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/state.h"

struct brk_meter {
    uint64_t read_ms; /* when; 0: not yet */
    uint64_t cpu_us[BRK_WORKERS_MAX];
};

/* Of its thread so far, in microseconds; 0: it does not run any more. Any thread, while the worker runs. */
uint64_t brk_worker_cpu_us(const struct brk_worker *w);

/* When they are to be read; UINT64_MAX: never, because there is nothing to balance. */
uint64_t brk_meter_due_ms(const struct brk_meter *m, const struct brk_broker *b, uint64_t now_ms);

/* Reads them if that is due. True: `busy`, with room for all workers, tells how much of a processor each took
 * since the last time, in thousandths. */
bool brk_meter_read(struct brk_meter *m, const struct brk_broker *b, uint64_t now_ms, uint32_t *busy);

#endif
