/* The bytes that a fuzzer gives, taken from the front. Behind their end everything is 0. */
#ifndef JUNCTOR_TESTS_FUZZ_BYTES_H
#define JUNCTOR_TESTS_FUZZ_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What libFuzzer calls. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct bytes {
    const uint8_t *at;
    size_t left;
};

static inline uint8_t take8(struct bytes *b)
{
    if (b->left == 0)
        return 0;
    b->left--;
    return *b->at++;
}

static inline uint16_t take16(struct bytes *b)
{
    uint16_t high = take8(b);
    return (uint16_t)(high << 8 | take8(b));
}

/* The next `len` bytes, or as many as are left. */
static inline struct bytes take_some(struct bytes *b, size_t len)
{
    struct bytes some = {b->at, len < b->left ? len : b->left};
    b->at += some.left;
    b->left -= some.left;
    return some;
}

/* A copy on the heap, exactly as long, so that AddressSanitizer sees a read behind its end. To be freed. */
static inline void *exact_copy(struct bytes b)
{
    void *copy = malloc(b.left > 0 ? b.left : 1);
    if (!copy)
        abort();
    if (b.left > 0)
        memcpy(copy, b.at, b.left);
    return copy;
}

/* What is to hold whatever the bytes are. */
#define must(condition)                                                                                      \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);                   \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

#endif
