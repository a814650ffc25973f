/* What the process has allocated, as its allocator tells it. */
#ifndef JUNCTOR_BROKER_ADMIN_MEMORY_H
#define JUNCTOR_BROKER_ADMIN_MEMORY_H

#include <stdint.h>

/* Bytes that are allocated now, by all threads and libraries; what the allocator keeps for later is not in
 * it. From jemalloc where the program is linked with it, else from the C library; 0 where neither tells
 * (AddressSanitizer). Any thread. */
uint64_t admin_memory_allocated(void);

#endif
