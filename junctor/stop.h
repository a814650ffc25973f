/* The end of a run of the load engine that its user asks for. */
#ifndef JUNCTOR_JUNCTOR_STOP_H
#define JUNCTOR_JUNCTOR_STOP_H

#include "bench/engine.h"

/* From now on SIGINT and SIGTERM ask what is returned to stop; SIGUSR1 is ignored. Main thread, once. The
 * result is static. */
struct bench_stop *stop_on_signals(void);

#endif
