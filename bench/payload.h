/* The content of a message of the load generator, by which the receiver can check it.
 *
 *     offset  bytes
 *          0      4  magic "JLD1"
 *          4      1  version
 *          5      1  flags (enum bench_payload_flag)
 *          6      2  clock: which host's clock the time is from (the same for senders and receivers of one
 * host) 8      4  run: chosen at random for each run, so that messages of another run are recognized 12 2
 * associations in this run 14      2  association the message was sent on, from 0 16      2  flow it belongs
 * to, from 0 18      2  incarnation of the association: 1, and one more each time it is opened again 20 2
 * streams of each association 22      2  stream it was sent on 24      4  PPID it was sent with 28      4
 * size of the message, this header included 32      8  sequence number, from 0 for each association and
 * stream 40      8  when it was due to be sent: nanoseconds of that host's CLOCK_MONOTONIC 48      4  check
 * over all of the above 52      …  a fixed pattern, with an 8-byte mark every KiB and one at the very end;
 * or, with BENCH_PAYLOAD_CONTENT, anything, and an 8-byte mark at the very end
 *
 * Numbers are big-endian. The marks are computed from the check and their position, so a message made of
 * pieces of two messages, truncated, or with its end overwritten is detected by the marks alone, which cost
 * one comparison per KiB; bench_payload_verify also compares everything between them. The mark after the
 * user's content depends on all of it.
 *
 * Pure: no sockets, no state; any thread. */
#ifndef JUNCTOR_BENCH_PAYLOAD_H
#define JUNCTOR_BENCH_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BENCH_PAYLOAD_MIN 52 /* bytes: the header alone */

enum bench_payload_flag {
    BENCH_PAYLOAD_UNORDERED = 1,
    BENCH_PAYLOAD_WARMUP = 2, /* part of the warm-up, not measured */
    BENCH_PAYLOAD_LAST = 4,   /* the last one of its association and stream */
    BENCH_PAYLOAD_CONTENT = 8 /* what follows the header is the user's content */
};

struct bench_payload {
    uint64_t sequence;
    uint64_t intended_ns;
    uint32_t run;
    uint32_t associations, association; /* at most 65535 */
    uint32_t ppid;
    uint32_t size; /* of the whole message, at least BENCH_PAYLOAD_MIN */
    uint16_t streams, stream;
    uint16_t flow, incarnation;
    uint16_t clock;
    uint8_t flags;
};

enum bench_payload_state {
    BENCH_PAYLOAD_GOOD,
    BENCH_PAYLOAD_FOREIGN, /* not from the load generator: no magic, or another version */
    BENCH_PAYLOAD_CORRUPT  /* from the load generator, but corrupt: the fields mean nothing */
};

/* Writes the pattern over bytes `offset` … `offset + len - 1` of a message that starts at `buffer`. */
void bench_payload_pattern(void *buffer, size_t offset, size_t len);

/* Writes header and marks of a message of p->size bytes into `buffer`; the rest of it must already hold the
 * pattern. If the buffer held a message of another size, restore the 8 bytes of that message's end mark with
 * bench_payload_pattern first. */
void bench_payload_encode(void *buffer, const struct bench_payload *p);

/* Fills a message of `size` bytes after its header with the `len` bytes of `content`, repeated, starting at
 * `from`; to be called before bench_payload_encode with BENCH_PAYLOAD_CONTENT. */
void bench_payload_fill(void *buffer, size_t size, const uint8_t *content, size_t len, uint64_t from);

/* The offset of the mark at the end of a message of `size` bytes; 0 if the message is too small for one. */
static inline size_t bench_payload_tail(size_t size)
{
    return size >= BENCH_PAYLOAD_MIN + 8 ? size - 8 : 0;
}

/* Decodes a message of `len` bytes and checks header and marks. *out is filled in if the result is
 * BENCH_PAYLOAD_GOOD. */
enum bench_payload_state bench_payload_decode(const void *data, size_t len, struct bench_payload *out);

/* True when everything between the marks of a message that bench_payload_decode found good is as it was sent.
 */
bool bench_payload_verify(const void *data, size_t len);

#ifdef __cplusplus
}
#endif
#endif
