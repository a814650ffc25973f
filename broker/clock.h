/* The time. */
#ifndef JUNCTOR_BROKER_CLOCK_H
#define JUNCTOR_BROKER_CLOCK_H

#include <stdint.h>

uint64_t brk_now_ms(void); /* CLOCK_MONOTONIC */

#endif
