/* --link: what an emulated link between source and sink is like. Pure. */
#ifndef JUNCTOR_BENCH_TUNE_LINK_H
#define JUNCTOR_BENCH_TUNE_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each direction has these. Zero-initialised: no emulated link. */
struct bench_link {
    bool used;
    uint32_t delay_us, jitter_us; /* one way */
    double loss;                  /* share of the packets, 0 … 1 */
    uint64_t rate;                /* bits a second; 0: no limit */
    unsigned limit;               /* packets that may be queued, in flight included */
};

/* Parses "delay=20ms,jitter=1ms,loss=0.5%,rate=100mbit,limit=1000"; each may be left out. False with the
 * reason in `why`. */
bool bench_link_parse(const char *text, struct bench_link *out, char *why, size_t size);

#endif
