/* The time by which the broker does things. */
#ifndef JUNCTOR_BROKER_CLOCK_H
#define JUNCTOR_BROKER_CLOCK_H

#include <stdint.h>

/* CLOCK_MONOTONIC_COARSE: some milliseconds behind, the same for all threads, and cheap. Any thread. */
uint64_t brk_now_ms(void);

#endif
