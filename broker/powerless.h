/* Threads that need no capability and are started while the process still has them. */
#ifndef JUNCTOR_BROKER_POWERLESS_H
#define JUNCTOR_BROKER_POWERLESS_H

#include <pthread.h>

/* As pthread_create, and returns when the new thread has given up all its capabilities but those to become
 * another user: the C library changes the user of all threads or ends the process. They go with that change;
 * where there is none they have no use behind the filter of system calls, which lacks setuid and setgid. 0 or
 * an errno. */
int brk_powerless_start(pthread_t *thread, void *(*run)(void *), void *arg);

#endif
