/* `junctor tune --through broker`: a broker between source and sink, which is this program again as a child
 * process, with a configuration of one listener, one peer and one route of paired sessions. */
#ifndef JUNCTOR_JUNCTOR_TUNE_BROKER_H
#define JUNCTOR_JUNCTOR_TUNE_BROKER_H

#include "bench/tune/measure.h"

struct tune_broker {
    pid_t child; /* 0: none */
    int log;     /* what it writes */
    int status;  /* how it ended, as waitpid says */
};

/* What bench_measure needs; `broker`, zero-initialised, must outlive it. The child ends with this process. */
struct bench_middle tune_broker_middle(struct tune_broker *broker);

/* The configuration of a point: port and UDP port of its listener are the sink's plus one. */
void tune_broker_config(FILE *out, const struct bench_tune *tune, const struct bench_tune_point *point,
                        const struct bench_plan *plan);

#endif
