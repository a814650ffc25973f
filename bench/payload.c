/* The content of a message of the load generator; see payload.h. */
#include "bench/payload.h"

#include <endian.h>
#include <string.h>

#define MAGIC       UINT32_C(0x4a4c4431) /* "JLD1" */
#define VERSION     2
#define CHECKED     48   /* bytes that the check covers */
#define MARK_STEP   1024 /* bytes from one mark to the next */
#define PERIOD      256  /* of the pattern */
#define ODD_CONST_A UINT64_C(0x9e3779b97f4a7c15)
#define ODD_CONST_B UINT64_C(0xd6e8feb86659fd93)

_Static_assert(MARK_STEP % PERIOD == 0, "the pattern restarts at each mark");

static void put16(uint8_t *at, uint16_t v)
{
    v = htobe16(v);
    memcpy(at, &v, sizeof v);
}

static void put32(uint8_t *at, uint32_t v)
{
    v = htobe32(v);
    memcpy(at, &v, sizeof v);
}

static void put64(uint8_t *at, uint64_t v)
{
    v = htobe64(v);
    memcpy(at, &v, sizeof v);
}

static uint16_t get16(const uint8_t *at)
{
    uint16_t v;
    memcpy(&v, at, sizeof v);
    return be16toh(v);
}

static uint32_t get32(const uint8_t *at)
{
    uint32_t v;
    memcpy(&v, at, sizeof v);
    return be32toh(v);
}

static uint64_t get64(const uint8_t *at)
{
    uint64_t v;
    memcpy(&v, at, sizeof v);
    return be64toh(v);
}

/* Hashes the header into 64 bits. SCTP's own CRC protects against transmission errors; this detects programs
 * that mix messages up, so it only has to depend on every bit. */
static uint64_t header_check(const uint8_t *header)
{
    uint64_t h = ODD_CONST_A;

    for (unsigned i = 0; i < CHECKED; i += 8) {
        h = (h ^ get64(header + i)) * ODD_CONST_B;
        h ^= h >> 32;
    }
    return h;
}

/* Hashes the bytes between header and mark into 64 bits; the last few bytes are padded with zeros. */
static uint64_t content_check(const uint8_t *at, size_t len)
{
    uint64_t h = ODD_CONST_B ^ len, word;

    for (; len > 0; at += sizeof word, len -= len < sizeof word ? len : sizeof word) {
        word = 0;
        memcpy(&word, at, len < sizeof word ? len : sizeof word);
        h = (h ^ le64toh(word)) * ODD_CONST_A;
        h ^= h >> 29;
    }
    return h;
}

void bench_payload_fill(void *buffer, size_t size, const uint8_t *content, size_t len, uint64_t from)
{
    size_t tail = bench_payload_tail(size), end = tail ? tail : size, start = (size_t)(from % len);
    uint8_t *at = buffer;

    for (size_t done = BENCH_PAYLOAD_MIN; done < end; start = 0) {
        size_t piece = end - done < len - start ? end - done : len - start;
        memcpy(at + done, content + start, piece);
        done += piece;
    }
}

static uint64_t mark_at(uint64_t check, size_t offset)
{
    return check ^ (offset + 1) * ODD_CONST_A;
}

/* The pattern twice, so that a whole period can be read from any position in the first half. */
#define P4(n)   (uint8_t)((n)*31 + 7), (uint8_t)((n)*31 + 38), (uint8_t)((n)*31 + 69), (uint8_t)((n)*31 + 100)
#define P16(n)  P4(n), P4((n) + 4), P4((n) + 8), P4((n) + 12)
#define P64(n)  P16(n), P16((n) + 16), P16((n) + 32), P16((n) + 48)
#define P256(n) P64(n), P64((n) + 64), P64((n) + 128), P64((n) + 192)
static const uint8_t pattern[2 * PERIOD] = {P256(0), P256(0)};

void bench_payload_pattern(void *buffer, size_t offset, size_t len)
{
    uint8_t *at = (uint8_t *)buffer + offset;

    while (len > 0) {
        size_t piece = len < PERIOD ? len : PERIOD;
        memcpy(at, pattern + offset % PERIOD, piece);
        at += piece;
        offset += piece;
        len -= piece;
    }
}

void bench_payload_encode(void *buffer, const struct bench_payload *p)
{
    uint8_t *at = buffer;

    put32(at, MAGIC);
    at[4] = VERSION;
    at[5] = p->flags;
    put16(at + 6, p->clock);
    put32(at + 8, p->run);
    put16(at + 12, (uint16_t)p->associations);
    put16(at + 14, (uint16_t)p->association);
    put16(at + 16, p->flow);
    put16(at + 18, p->incarnation);
    put16(at + 20, p->streams);
    put16(at + 22, p->stream);
    put32(at + 24, p->ppid);
    put32(at + 28, p->size);
    put64(at + 32, p->sequence);
    put64(at + 40, p->intended_ns);
    uint64_t check = header_check(at);
    put32(at + CHECKED, (uint32_t)(check >> 32));

    size_t tail = bench_payload_tail(p->size);
    if (p->flags & BENCH_PAYLOAD_CONTENT) {
        if (tail)
            put64(at + tail, check ^ content_check(at + BENCH_PAYLOAD_MIN, tail - BENCH_PAYLOAD_MIN));
        return;
    }
    size_t offset = MARK_STEP;
    for (; offset + 8 <= tail; offset += MARK_STEP)
        put64(at + offset, mark_at(check, offset));
    if (offset < tail) /* a longer message may have had a mark here */
        bench_payload_pattern(at, offset, tail - offset);
    if (tail)
        put64(at + tail, mark_at(check, tail));
}

static bool marks_good(const uint8_t *at, size_t len, uint64_t check)
{
    size_t tail = bench_payload_tail(len);

    if (at[5] & BENCH_PAYLOAD_CONTENT)
        return !tail ||
               get64(at + tail) == (check ^ content_check(at + BENCH_PAYLOAD_MIN, tail - BENCH_PAYLOAD_MIN));
    for (size_t offset = MARK_STEP; offset + 8 <= tail; offset += MARK_STEP)
        if (get64(at + offset) != mark_at(check, offset))
            return false;
    return !tail || get64(at + tail) == mark_at(check, tail);
}

enum bench_payload_state bench_payload_decode(const void *data, size_t len, struct bench_payload *out)
{
    const uint8_t *at = data;

    if (len < BENCH_PAYLOAD_MIN || get32(at) != MAGIC || at[4] != VERSION)
        return BENCH_PAYLOAD_FOREIGN;
    uint64_t check = header_check(at);
    if (get32(at + CHECKED) != (uint32_t)(check >> 32) || get32(at + 28) != len)
        return BENCH_PAYLOAD_CORRUPT;

    if (!marks_good(at, len, check))
        return BENCH_PAYLOAD_CORRUPT;

    out->flags = at[5];
    out->clock = get16(at + 6);
    out->run = get32(at + 8);
    out->associations = get16(at + 12);
    out->association = get16(at + 14);
    out->flow = get16(at + 16);
    out->incarnation = get16(at + 18);
    out->streams = get16(at + 20);
    out->stream = get16(at + 22);
    out->ppid = get32(at + 24);
    out->size = (uint32_t)len;
    out->sequence = get64(at + 32);
    out->intended_ns = get64(at + 40);
    return BENCH_PAYLOAD_GOOD;
}

static bool is_pattern(const uint8_t *data, size_t from, size_t to)
{
    while (from < to) {
        size_t piece = to - from < PERIOD ? to - from : PERIOD;
        if (memcmp(data + from, pattern + from % PERIOD, piece) != 0)
            return false;
        from += piece;
    }
    return true;
}

bool bench_payload_verify(const void *data, size_t len)
{
    size_t tail = bench_payload_tail(len), from = BENCH_PAYLOAD_MIN;

    if (((const uint8_t *)data)[5] & BENCH_PAYLOAD_CONTENT)
        return true; /* the mark behind it depends on all of it */
    for (size_t offset = MARK_STEP; offset + 8 <= tail; offset += MARK_STEP) {
        if (!is_pattern(data, from, offset))
            return false;
        from = offset + 8;
    }
    return is_pattern(data, from, tail ? tail : len);
}
