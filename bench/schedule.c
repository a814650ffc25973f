/* When each message is due; see schedule.h. */
#include "bench/schedule.h"

#include <math.h>
#include <stddef.h>

/* ---- on and off ----------------------------------------------------------------------------- */

/* How much of the first `ns` nanoseconds of a pace was on. */
static uint64_t pace_on(const struct bench_pace *p, uint64_t ns)
{
    if (p->off_ns == 0)
        return ns;
    uint64_t rest = ns % (p->on_ns + p->off_ns);

    return ns / (p->on_ns + p->off_ns) * p->on_ns + (rest < p->on_ns ? rest : p->on_ns);
}

/* The inverse: after how many nanoseconds that much was on. */
static uint64_t pace_wall(const struct bench_pace *p, uint64_t on_ns)
{
    return p->off_ns == 0 ? on_ns : on_ns / p->on_ns * (p->on_ns + p->off_ns) + on_ns % p->on_ns;
}

uint64_t bench_pace_wait(const struct bench_pace *p, uint64_t ns)
{
    if (p->off_ns == 0)
        return 0;
    uint64_t rest = ns % (p->on_ns + p->off_ns);

    return rest < p->on_ns ? 0 : p->on_ns + p->off_ns - rest;
}

/* ---- legs ------------------------------------------------------------------------------------- */

/* The integral of a leg over its first `x` nanoseconds. */
static double leg_area(const struct bench_leg *leg, double x)
{
    return x * (leg->from + (leg->to - leg->from) * x / (2 * (double)leg->ns));
}

/* The inverse, for an area less than that of the whole leg. Of the two forms of the solution, this one avoids
 * cancellation. */
static double leg_reach(const struct bench_leg *leg, double area)
{
    double slope = (leg->to - leg->from) / (double)leg->ns;
    double root = leg->from * leg->from + 2 * slope * area;

    return area <= 0 ? 0 : 2 * area / (leg->from + sqrt(root > 0 ? root : 0));
}

/* The integral of the factor over the first `x` nanoseconds of time on: nanoseconds at the full rate. */
static double pace_area(const struct bench_schedule *s, double x)
{
    const struct bench_pace *p = s->pace;
    double lead = (double)s->lead_ns, first = p->count ? p->legs[0].from : 1, area = lead * first;

    if (x <= lead)
        return x * first;
    x -= lead;
    for (unsigned i = 0; i < p->count; i++) {
        if (x < (double)p->legs[i].ns)
            return area + leg_area(&p->legs[i], x);
        area += leg_area(&p->legs[i], (double)p->legs[i].ns);
        x -= (double)p->legs[i].ns;
    }
    return area + x * (p->count ? p->legs[p->count - 1].to : 1);
}

/* The inverse; infinite if it is never reached. */
static double pace_reach(const struct bench_schedule *s, double area)
{
    const struct bench_pace *p = s->pace;
    double lead = (double)s->lead_ns, first = p->count ? p->legs[0].from : 1, x = lead;

    if (area < lead * first)
        return area / first;
    area -= lead * first;
    for (unsigned i = 0; i < p->count; i++) {
        double whole = leg_area(&p->legs[i], (double)p->legs[i].ns);
        if (area < whole)
            return x + leg_reach(&p->legs[i], area);
        area -= whole;
        x += (double)p->legs[i].ns;
    }
    double last = p->count ? p->legs[p->count - 1].to : 1;
    return last > 0 ? x + area / last : INFINITY;
}

/* ---- messages
 * ----------------------------------------------------------------------------------------------- */

uint64_t bench_schedule_time(const struct bench_schedule *s, double n)
{
    double at = n * s->period_ns;

    if (!s->pace)
        return s->start_ns + (uint64_t)at;
    at = pace_reach(s, at);
    return at < 1e18 ? s->start_ns + pace_wall(s->pace, (uint64_t)at) : UINT64_MAX;
}

uint64_t bench_schedule_due(const struct bench_schedule *s, uint64_t now_ns)
{
    if (now_ns < s->start_ns)
        return 0;
    uint64_t past = now_ns - s->start_ns;
    double area = s->pace ? pace_area(s, (double)pace_on(s->pace, past)) : (double)past;
    uint64_t due = (uint64_t)(area / s->period_ns) + 1;

    /* The division may have rounded to the wrong side. */
    while (bench_schedule_time(s, (double)due) <= now_ns)
        due++;
    while (due > 0 && bench_schedule_time(s, (double)(due - 1)) > now_ns)
        due--;
    return due;
}
