/* Keeping a worker on one processor: `broker.pin`. */
#ifndef JUNCTOR_BROKER_PIN_H
#define JUNCTOR_BROKER_PIN_H

/* The calling thread runs from now on only on the processor with this index, from 0, among those that it may
 * use so far (sched_getaffinity(2): taskset, CPUAffinity= of systemd); with more workers than processors it
 * begins anew. Returns 0 or an errno; then nothing has changed. */
int brk_pin(unsigned index);

#endif
