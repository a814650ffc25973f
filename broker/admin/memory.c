/* See memory.h. */
#include "broker/admin/memory.h"

#include <malloc.h>
#include <stddef.h>

/* jemalloc's (mallctl(3)); NULL in a program that is linked without it. */
__attribute__((weak)) int mallctl(const char *name, void *old, size_t *old_len, void *new, size_t new_len);

uint64_t admin_memory_allocated(void)
{
    if (!mallctl)
        return mallinfo2().uordblks;
    uint64_t epoch = 1; /* any write makes jemalloc sum up again */
    size_t allocated = 0, size = sizeof allocated;
    mallctl("epoch", NULL, NULL, &epoch, sizeof epoch);
    if (mallctl("stats.allocated", &allocated, &size, NULL, 0) != 0)
        return 0;
    return allocated;
}
