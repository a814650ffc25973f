/* When which message is to be sent; see schedule.h. */
#include "bench/schedule.h"

uint64_t bench_schedule_time(const struct bench_schedule *s, uint64_t n)
{
    return s->start_ns + (uint64_t)((double)n * s->period_ns);
}

uint64_t bench_schedule_due(const struct bench_schedule *s, uint64_t now_ns)
{
    if (now_ns < s->start_ns)
        return 0;
    uint64_t due = (uint64_t)((double)(now_ns - s->start_ns) / s->period_ns) + 1;

    /* The division may have rounded across the border. */
    while (bench_schedule_time(s, due) <= now_ns)
        due++;
    while (due > 0 && bench_schedule_time(s, due - 1) > now_ns)
        due--;
    return due;
}
