/* How busy each processor of this host is, with all processes: /proc/stat. */
#ifndef JUNCTOR_BENCH_PROCESSORS_H
#define JUNCTOR_BENCH_PROCESSORS_H

#include <stdint.h>

#define BENCH_PROCESSORS_MAX 256

struct bench_processors {
    unsigned count;
    struct {
        uint64_t busy, all; /* ticks since the host started */
    } of[BENCH_PROCESSORS_MAX];
};

/* Reads the current values; count 0 if that fails. */
void bench_processors_read(struct bench_processors *p);

/* The share of the time between two readings that processor `cpu` was busy, 0 to 1. */
double bench_processor_busy(const struct bench_processors *from, const struct bench_processors *to,
                            unsigned cpu);

/* Parses one line of /proc/stat; false if it is not that of a processor. */
_Bool bench_processors_line(struct bench_processors *p, const char *line);

#endif
