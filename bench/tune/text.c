/* Texts of the reports; see text.h. */
#include "bench/tune/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/report.h"

#define WIDE 10 /* an interval up to so many times the base says nothing */

const char *const bench_response_names[BENCH_RESPONSES] = {"rate", "p99", "CPU"};
const char *const bench_response_keys[BENCH_RESPONSES] = {"messages_per_second", "p99_ns",
                                                          "cpu_ns_per_message"};

const char *bench_text_point(const struct bench_sweep *s, unsigned point, char *out, size_t size)
{
    char value[VAL_TEXT_MAX];
    size_t used = 0;

    snprintf(out, size, "base");
    if (point == 0)
        return out;
    for (unsigned f = 0; f < s->tune->factor_count; f++) {
        const struct bench_factor *factor = &s->tune->factors[f];
        unsigned level = s->points[point].level[f];
        if ((s->kept[f] || level != factor->base) && used < size)
            used += (size_t)snprintf(out + used, size - used, "%s%s=%s", used ? ", " : "", factor->name,
                                     bench_factor_text(factor, level, value, sizeof value));
    }
    return out;
}

static double percent(double log_ratio)
{
    return 100 * expm1(log_ratio);
}

const char *bench_text_ratio(const struct bench_interval *i, char *out, size_t size)
{
    if (!isfinite(i->estimate))
        snprintf(out, size, "not measured");
    else if (!isfinite(i->low) || !isfinite(i->high))
        snprintf(out, size, "%+.1f %%, one block only", percent(i->estimate));
    else if (bench_interval_spans(i) && i->high > log(WIDE))
        snprintf(out, size, "no difference: too few values");
    else if (bench_interval_spans(i))
        snprintf(out, size, "no difference [%+.1f, %+.1f]", percent(i->low), percent(i->high));
    else
        snprintf(out, size, "%+.1f %% [%+.1f, %+.1f]", percent(i->estimate), percent(i->low),
                 percent(i->high));
    return out;
}

const char *bench_text_value(enum bench_response_of r, double value, char *out, size_t size)
{
    char number[48];

    if (!isfinite(value))
        snprintf(out, size, "not measured");
    else if (r == BENCH_RATE)
        snprintf(out, size, "%s msg/s", bench_format_count((uint64_t)(value + 0.5), number, sizeof number));
    else
        bench_format_time((uint64_t)(value + 0.5), out, size);
    return out;
}

const char *bench_text_seconds(double seconds, char *out, size_t size)
{
    if (seconds < 120)
        snprintf(out, size, "%.0f s", seconds);
    else
        snprintf(out, size, "%.0f min %02.0f s", floor(seconds / 60), floor(fmod(seconds, 60)));
    return out;
}
