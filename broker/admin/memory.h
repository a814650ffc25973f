/* How much the process has allocated, as its allocator reports it. */
#ifndef JUNCTOR_BROKER_ADMIN_MEMORY_H
#define JUNCTOR_BROKER_ADMIN_MEMORY_H

#include <stdint.h>

/* Bytes that are allocated now, by all threads and libraries, without what the allocator keeps for reuse.
 * From jemalloc if the program is linked with it, else from the C library; 0 if neither reports it
 * (AddressSanitizer). Any thread. */
uint64_t admin_memory_allocated(void);

#endif
