/* The system calls that a broker can make: a seccomp filter. */
#ifndef JUNCTOR_BROKER_SANDBOX_H
#define JUNCTOR_BROKER_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

/* From now on all threads of the process, and those that they start, can only make the calls of sandbox.def.
 * A call of which that says `kill` ends the process with SIGSYS; any other fails with ENOSYS. Either is
 * logged by the kernel (audit, type 1326). It cannot be undone. 0; else an errno: ENOSYS: this kernel has no
 * filters. */
int brk_sandbox_enter(void);

/* False: this build needs calls that the filter does not let through, because a sanitizer is in it. */
bool brk_sandbox_fits(void);

#endif
