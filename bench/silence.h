/* Whether the far side of an association has stopped to acknowledge what was sent to it: it has died, is cut
 * off, or takes nothing. A slow one acknowledges all the time. */
#ifndef JUNCTOR_BENCH_SILENCE_H
#define JUNCTOR_BENCH_SILENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "transport/transport.h"

/* What is unacknowledged when the association begins to be watched; it sends nothing new from then on. */
struct bench_silence {
    uint64_t since_ns; /* 0: it is not watched */
    uint32_t chunks;   /* DATA chunks on the wire */
};

void bench_silence_watch(struct bench_silence *s, struct tr_endpoint *ep, uint32_t assoc, uint64_t now_ns);

/* True if nothing was acknowledged since then, while something was on the wire, and its retransmission timer
 * has run out: its timeout is backed off, or the path is no longer active. The same chunks on the wire alone
 * would not tell: of a long queue others follow. False where the stack cannot tell. */
bool bench_silence_lasts(const struct bench_silence *s, struct tr_endpoint *ep, uint32_t assoc);

#endif
