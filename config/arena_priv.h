/* Memory that is freed all at once: a configuration is built once and freed as a whole. Not thread-safe. */
#ifndef JUNCTOR_CONFIG_ARENA_PRIV_H
#define JUNCTOR_CONFIG_ARENA_PRIV_H

#include <stddef.h>

struct arena_block;

struct arena { /* zero-initialised it is empty */
    struct arena_block *blocks;
};

/* Zeroed memory, aligned for any type; NULL for size 0. Ends the process if out of memory: see the .c. */
void *arena_alloc(struct arena *a, size_t size);
void *arena_array(struct arena *a, size_t count, size_t size);

/* A copy with a NUL appended. */
char *arena_text(struct arena *a, const char *text, size_t len);

void arena_free(struct arena *a);

#endif
