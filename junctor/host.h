/* What SCTP this host's kernel has: settings that decide what a broker can offer by default. */
#ifndef JUNCTOR_JUNCTOR_HOST_H
#define JUNCTOR_JUNCTOR_HOST_H

#include <jansson.h>

/* The kernel: `system`, `release`, `machine`, `sctp` (whether a socket can be opened), `advice` (what to do
 * if not; else null), and `features`: `name`, `sysctl`, its `value` (null: this kernel has none), `on` (null:
 * the kernel has no SCTP, or not this), and `advice`, what to write. Reads below /proc/sys; any thread. The
 * caller owns the object. */
json_t *host_kernel(void);

#endif
