/* How busy each processor of this host is, by everybody: /proc/stat. */
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

/* Reads them now; count 0 where it cannot. */
void bench_processors_read(struct bench_processors *p);

/* Share of the time from one reading to the next that processor `cpu` was busy, 0 to 1. */
double bench_processor_busy(const struct bench_processors *from, const struct bench_processors *to,
                            unsigned cpu);

/* The part that is not file access: one line of /proc/stat; false where it is none of a processor. */
_Bool bench_processors_line(struct bench_processors *p, const char *line);

#endif
