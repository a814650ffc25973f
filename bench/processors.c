/* How busy each processor is; see processors.h. */
#include "bench/processors.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

bool bench_processors_line(struct bench_processors *p, const char *line)
{
    uint64_t user, nice, system, idle, iowait, irq, softirq, steal;
    unsigned cpu;

    if (strncmp(line, "cpu", 3) != 0 || !isdigit((unsigned char)line[3])) /* "cpu " is the sum of all */
        return false;
    if (sscanf(line,
               "cpu%u %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
               " %" SCNu64,
               &cpu, &user, &nice, &system, &idle, &iowait, &irq, &softirq, &steal) != 9 ||
        cpu >= BENCH_PROCESSORS_MAX)
        return false;
    if (cpu >= p->count)
        p->count = cpu + 1;
    p->of[cpu].busy = user + nice + system + irq + softirq + steal;
    p->of[cpu].all = p->of[cpu].busy + idle + iowait;
    return true;
}

void bench_processors_read(struct bench_processors *p)
{
    char line[512];
    FILE *f = fopen("/proc/stat", "re");

    memset(p, 0, sizeof *p);
    while (f && fgets(line, sizeof line, f) && strncmp(line, "cpu", 3) == 0)
        bench_processors_line(p, line);
    if (f)
        fclose(f);
}

double bench_processor_busy(const struct bench_processors *from, const struct bench_processors *to,
                            unsigned cpu)
{
    uint64_t all = to->of[cpu].all - from->of[cpu].all, busy = to->of[cpu].busy - from->of[cpu].busy;

    return all > 0 && to->of[cpu].all > from->of[cpu].all ? (double)busy / (double)all : 0;
}
