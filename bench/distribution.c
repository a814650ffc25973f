/* Distributions that sizes and intervals are drawn from; see distribution.h. */
#include "bench/distribution.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/arguments_priv.h"
#include "config/sctp/nearest.h"

static const char *const names[] = {"constant", "uniform", "exponential", "normal", "pareto", "list"};
#define SHAPES (sizeof names / sizeof names[0])
/* How far a tail extends if no bound is written: less than 1e-9 of it is left out. */
#define EXPONENTIAL_TAIL 20   /* means */
#define NORMAL_TAIL      6    /* standard deviations */
#define PARETO_TAIL      1000 /* times the least value; for a Pareto distribution more may be left out */
#define FIELDS_MAX       17   /* the name and its fields */

/* ---- drawing ---------------------------------------------------------------------------------------- */

/* By the inverse of the distribution function, truncated at max. */
static double draw_exponential(const struct bench_distribution *d, double u)
{
    double most = -expm1(-(d->max - d->min) / d->a);

    return d->min - d->a * log1p(-u * most);
}

static double draw_pareto(const struct bench_distribution *d, double u)
{
    double most = 1 - pow(d->min / d->max, d->a);

    return d->min * pow(1 - u * most, -1 / d->a);
}

/* Polar method (Marsaglia); the second number is not kept. */
static double draw_gauss(struct bench_random *r)
{
    double x, y, s;

    do {
        x = 2 * bench_random_unit(r) - 1;
        y = 2 * bench_random_unit(r) - 1;
        s = x * x + y * y;
    } while (s >= 1 || s == 0);
    return x * sqrt(-2 * log(s) / s);
}

/* Draws again if the value is out of bounds. The mean is within them, so if they are a standard deviation or
 * more apart at least a third of all draws are accepted; if they are closer, the curve between them is nearly
 * flat, and a uniform value is accepted in proportion to the curve. */
static double draw_normal(const struct bench_distribution *d, struct bench_random *r)
{
    bool flat = d->max - d->min < d->b;
    double x, z;

    do {
        if (!flat) {
            x = d->a + d->b * draw_gauss(r);
            continue;
        }
        do {
            x = d->min + (d->max - d->min) * bench_random_unit(r);
            z = (x - d->a) / d->b;
        } while (bench_random_unit(r) > exp(-z * z / 2));
    } while (x < d->min || x > d->max);
    return x;
}

static double draw_list(const struct bench_distribution *d, double u)
{
    unsigned i = 0;

    while (i + 1 < d->count && u >= d->upto[i])
        i++;
    return d->value[i];
}

double bench_distribution_draw(const struct bench_distribution *d, struct bench_random *r)
{
    switch (d->shape) {
    case BENCH_CONSTANT:
        break;
    case BENCH_UNIFORM:
        return d->min + (d->max - d->min) * bench_random_unit(r);
    case BENCH_EXPONENTIAL:
        return draw_exponential(d, bench_random_unit(r));
    case BENCH_NORMAL:
        return d->b > 0 ? draw_normal(d, r) : d->a;
    case BENCH_PARETO:
        return draw_pareto(d, bench_random_unit(r));
    case BENCH_LIST:
        return draw_list(d, bench_random_unit(r));
    }
    return d->min;
}

uint64_t bench_distribution_draw_whole(const struct bench_distribution *d, struct bench_random *r)
{
    if (d->shape == BENCH_CONSTANT)
        return (uint64_t)d->min;
    if (d->shape == BENCH_UNIFORM)
        return (uint64_t)d->min + (uint64_t)((d->max - d->min + 1) * bench_random_unit(r));
    return (uint64_t)(bench_distribution_draw(d, r) + 0.5);
}

/* ---- means ------------------------------------------------------------------------------------------- */

static double mean_exponential(const struct bench_distribution *d)
{
    double range = d->max - d->min, rest = exp(-range / d->a);

    return d->min + d->a - (rest > 0 ? range * rest / (1 - rest) : 0);
}

static double mean_pareto(const struct bench_distribution *d)
{
    double ratio = d->min / d->max, shape = d->a;

    if (d->min == d->max)
        return d->min;
    if (fabs(shape - 1) < 1e-9)
        return d->min / (1 - ratio) * log(1 / ratio);
    return d->min / (1 - pow(ratio, shape)) * shape / (shape - 1) * (1 - pow(ratio, shape - 1));
}

static double mean_normal(const struct bench_distribution *d)
{
    double low = (d->min - d->a) / d->b, high = (d->max - d->a) / d->b;
    double inside = (erf(high / M_SQRT2) - erf(low / M_SQRT2)) / 2;
    double density = (exp(-low * low / 2) - exp(-high * high / 2)) / sqrt(2 * M_PI);

    return inside > 0 ? d->a + d->b * density / inside : d->a;
}

double bench_distribution_mean(const struct bench_distribution *d)
{
    double sum = 0;

    switch (d->shape) {
    case BENCH_CONSTANT:
        break;
    case BENCH_UNIFORM:
        return (d->min + d->max) / 2;
    case BENCH_EXPONENTIAL:
        return mean_exponential(d);
    case BENCH_NORMAL:
        return d->b > 0 ? mean_normal(d) : d->a;
    case BENCH_PARETO:
        return mean_pareto(d);
    case BENCH_LIST:
        for (unsigned i = 0; i < d->count; i++)
            sum += d->value[i] * (d->upto[i] - (i ? d->upto[i - 1] : 0));
        return sum;
    }
    return d->min;
}

/* ---- reading ----------------------------------------------------------------------------------------- */

/* What is being parsed: the fields between the colons, without the name. */
struct reading {
    char *field[FIELDS_MAX];
    unsigned count;
    bench_number_fn *number;
    char *why;
    size_t size;
};

static bool number_at(const struct reading *r, unsigned i, double *out)
{
    return r->number(r->field[i], out, r->why, r->size);
}

static bool plain_number(const struct reading *r, const char *text, const char *what, double *out)
{
    char *end;

    *out = strtod(text, &end);
    if (end != text && !*end && isfinite(*out) && *out > 0)
        return true;
    return bench_say(r->why, r->size, "\"%s\" is not a %s; write a number above 0, such as 1.5", text, what);
}

static bool fields(const struct reading *r, unsigned least, unsigned most, const char *form)
{
    if (r->count >= least && r->count <= most)
        return true;
    return bench_say(r->why, r->size, "write %s", form);
}

/* The least and the greatest value, if they are given. */
static bool bounds_at(const struct reading *r, unsigned min, unsigned max, struct bench_distribution *d)
{
    if (r->count > min && !number_at(r, min, &d->min))
        return false;
    return r->count <= max || number_at(r, max, &d->max);
}

static bool read_uniform(struct reading *r, struct bench_distribution *d)
{
    return fields(r, 2, 2, "uniform:MIN:MAX") && bounds_at(r, 0, 1, d);
}

static bool read_exponential(struct reading *r, struct bench_distribution *d)
{
    double mean;

    if (!fields(r, 1, 3, "exponential:MEAN[:MIN[:MAX]]") || !number_at(r, 0, &mean) || !bounds_at(r, 1, 2, d))
        return false;
    d->a = mean - d->min;
    if (r->count < 3)
        d->max = fmin(d->max, d->min + EXPONENTIAL_TAIL * d->a);
    return d->a > 0 ||
           bench_say(r->why, r->size, "the mean %s must be above the least value %g", r->field[0], d->min);
}

static bool read_normal(struct reading *r, struct bench_distribution *d)
{
    if (!fields(r, 2, 4, "normal:MEAN:SD[:MIN:MAX]") || r->count == 3)
        return bench_say(r->why, r->size, "write normal:MEAN:SD[:MIN:MAX]");
    if (!number_at(r, 0, &d->a) || !plain_number(r, r->field[1], "standard deviation", &d->b) ||
        !bounds_at(r, 2, 3, d))
        return false;
    if (r->count == 2) {
        d->min = fmax(d->min, d->a - NORMAL_TAIL * d->b);
        d->max = fmin(d->max, d->a + NORMAL_TAIL * d->b);
    }
    return (d->a >= d->min && d->a <= d->max) ||
           bench_say(r->why, r->size, "the mean %s must be between %g and %g", r->field[0], d->min, d->max);
}

static bool read_pareto(struct reading *r, struct bench_distribution *d)
{
    if (!fields(r, 2, 3, "pareto:MIN:SHAPE[:MAX]") || !number_at(r, 0, &d->min) ||
        !plain_number(r, r->field[1], "shape", &d->a) || !bounds_at(r, FIELDS_MAX, 2, d))
        return false;
    if (r->count == 2)
        d->max = fmin(d->max, PARETO_TAIL * d->min);
    return true;
}

static bool read_list(struct reading *r, struct bench_distribution *d)
{
    double total = 0, weight;

    if (!fields(r, 1, BENCH_LIST_MAX, "list:VALUE@WEIGHT:VALUE@WEIGHT, up to 16 of them"))
        return false;
    d->count = r->count;
    for (unsigned i = 0; i < r->count; i++) {
        char *at = strchr(r->field[i], '@');
        if (at)
            *at++ = 0;
        if (!number_at(r, i, &d->value[i]) || !plain_number(r, at ? at : "1", "weight", &weight))
            return false;
        d->upto[i] = total += weight;
        d->min = i == 0 || d->value[i] < d->min ? d->value[i] : d->min;
        d->max = i == 0 || d->value[i] > d->max ? d->value[i] : d->max;
    }
    for (unsigned i = 0; i < d->count; i++)
        d->upto[i] /= total;
    return true;
}

static bool read_plain(struct reading *r, const char *text, struct bench_distribution *d)
{
    char low[64];
    const char *dash = *text ? strchr(text + 1, '-') : NULL; /* one in front is a sign */

    d->shape = BENCH_CONSTANT;
    if (!dash) {
        if (!r->number(text, &d->min, r->why, r->size))
            return false;
        d->max = d->min;
        return true;
    }
    if ((size_t)(dash - text) >= sizeof low)
        return bench_say(r->why, r->size, "\"%s\" is too long", text);
    snprintf(low, sizeof low, "%.*s", (int)(dash - text), text);
    if (!r->number(low, &d->min, r->why, r->size) || !r->number(dash + 1, &d->max, r->why, r->size))
        return false;
    if (d->min > d->max)
        return bench_say(r->why, r->size, "\"%s\" is not in ascending order", text);
    d->shape = d->min == d->max ? BENCH_CONSTANT : BENCH_UNIFORM;
    return true;
}

static bool no_shape(const char *name, char *why, size_t size)
{
    struct nearest near;

    nearest_begin(&near, name);
    for (unsigned i = 0; i < SHAPES; i++)
        nearest_try(&near, names[i]);
    const char *found = nearest_found(&near);
    return bench_say(
        why, size,
        "no distribution \"%s\"%s%s%s; there are constant, uniform, exponential, normal, pareto, list", name,
        found ? "; did you mean \"" : "", found ? found : "", found ? "\"?" : "");
}

static bool read_constant(struct reading *r, struct bench_distribution *d)
{
    if (!fields(r, 1, 1, "constant:VALUE") || !number_at(r, 0, &d->min))
        return false;
    d->max = d->min;
    return true;
}

bool bench_distribution_parse(const char *text, bench_number_fn *number, double min, double max,
                              struct bench_distribution *out, char *why, size_t size)
{
    static bool (*const readers[])(struct reading *, struct bench_distribution *) = {
        read_constant, read_uniform, read_exponential, read_normal, read_pareto, read_list};
    struct reading r = {.number = number, .why = why, .size = size};
    char copy[512], *rest = copy, *name;
    unsigned shape = 0;

    *out = (struct bench_distribution){.min = min, .max = max};
    if (strlen(text) >= sizeof copy)
        return bench_say(why, size, "\"%.40s...\" is too long", text);
    if (!strchr(text, ':'))
        return read_plain(&r, text, out);
    strcpy(copy, text);
    name = strsep(&rest, ":");
    while (rest) {
        if (r.count == FIELDS_MAX)
            return bench_say(why, size, "\"%.40s...\" has too many parts", text);
        r.field[r.count++] = strsep(&rest, ":");
    }
    while (shape < SHAPES && strcmp(name, names[shape]) != 0)
        shape++;
    if (shape == SHAPES)
        return no_shape(name, why, size);
    out->shape = (enum bench_shape)shape;
    if (!readers[shape](&r, out))
        return false;
    if (out->min > out->max)
        return bench_say(why, size, "\"%s\": the least value %g is above the greatest, %g", text, out->min,
                         out->max);
    return true;
}
