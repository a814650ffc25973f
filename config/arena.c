/* Small allocations are parts of blocks, large ones get a block of their own.
 *
 * Out of memory ends the process. The input is bounded (8 MiB, a million values), so this happens only on a
 * host that is failing anyway, and libfyaml, which parses the same text, does not survive it either. */
#include "config/arena_priv.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/sctp/require.h"

#define BLOCK (64 * 1024)

struct arena_block {
    struct arena_block *next;
    size_t used, size;
    alignas(max_align_t) char data[];
};

static struct arena_block *add_block(struct arena *a, size_t size)
{
    struct arena_block *b = calloc(1, sizeof *b + size);
    if (!b)
        require_no_memory("the configuration");
    b->size = size;
    b->next = a->blocks;
    a->blocks = b;
    return b;
}

void *arena_alloc(struct arena *a, size_t size)
{
    size_t align = alignof(max_align_t);
    if (size == 0)
        return NULL;
    if (size > SIZE_MAX / 2) /* only from a product that overflowed: see arena_array */
        abort();
    size = (size + align - 1) / align * align;
    struct arena_block *b = a->blocks;
    if (!b || b->size - b->used < size)
        b = add_block(a, size > BLOCK ? size : BLOCK);
    void *p = b->data + b->used;
    b->used += size;
    return p;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
    size_t total;
    return arena_alloc(a, __builtin_mul_overflow(count, size, &total) ? SIZE_MAX : total);
}

char *arena_text(struct arena *a, const char *text, size_t len)
{
    char *copy = arena_alloc(a, len + 1);
    memcpy(copy, text, len);
    return copy;
}

void arena_free(struct arena *a)
{
    struct arena_block *b = a->blocks;
    while (b) {
        struct arena_block *next = b->next;
        free(b);
        b = next;
    }
    a->blocks = NULL;
}
