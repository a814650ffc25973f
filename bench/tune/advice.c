/* What limits the result, and what to try next; see report.h. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench/tune/report.h"
#include "bench/tune/text.h"

struct telling {
    const struct bench_tune_report *r;
    void (*tell)(bool next, const char *text, void *arg);
    void *arg;
};

static void say(const struct telling *t, bool next, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void say(const struct telling *t, bool next, const char *format, ...)
{
    char text[600];
    va_list list;

    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    t->tell(next, text, t->arg);
}

static long long sysctl_value(const char *name)
{
    char path[128], text[64] = "";
    long long value = -1;

    snprintf(path, sizeof path, "/proc/sys/%s", name);
    for (char *c = path + strlen("/proc/sys/"); *c; c++)
        *c = *c == '.' ? '/' : *c;
    FILE *f = fopen(path, "re");
    if (f) {
        if (fgets(text, sizeof text, f) && sscanf(text, "%lld", &value) != 1)
            value = -1;
        fclose(f);
    }
    return value;
}

/* The stack cuts what is above the limit, unless the process may exceed it; then it says nothing of this. */
static void buffers(const struct telling *t)
{
    static const struct {
        enum opt_field field;
        const char *limit;
    } all[] = {{OPTF_SNDBUF, "net.core.wmem_max"}, {OPTF_RECBUF, "net.core.rmem_max"}};
    char lines[BENCH_TROUBLE_MAX];

    snprintf(lines, sizeof lines, "%s", t->r->host->granted);
    for (char *save = NULL, *line = strtok_r(lines, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
        say(t, false, "%s", line);
    for (unsigned i = 0; *t->r->host->granted && i < sizeof all / sizeof all[0]; i++) {
        long long limit = sysctl_value(all[i].limit);
        for (unsigned f = 0; f < t->r->sweep->tune->factor_count; f++) {
            const struct bench_factor *factor = &t->r->sweep->tune->factors[f];
            if (!factor->of_broker && factor->field == all[i].field && limit >= 0 &&
                factor->value[factor->count - 1] > limit)
                say(t, true,
                    "sysctl -w %s=%lld, so that every value of %s that was tried is granted (now %lld)",
                    all[i].limit, (long long)factor->value[factor->count - 1], factor->name, limit);
        }
    }
}

static void processors(const struct telling *t)
{
    const struct bench_host *h = t->r->host;
    const struct bench_tune *tune = t->r->sweep->tune;
    long count = sysconf(_SC_NPROCESSORS_ONLN);

    if (h->busy < 0.9)
        return;
    if (tune->through_broker)
        say(t, false,
            "the generator's thread used up to %.0f %% of a processor, the broker %.0f %% (of %ld "
            "processors)",
            100 * h->busy, 100 * h->middle_busy, count);
    else if (tune->load.to.port)
        say(t, false,
            "the processor of this host: the sending thread used up to %.0f %% of it (of %ld processors)",
            100 * h->busy, count);
    else
        say(t, false,
            "one processor: source and sink share a thread, which used up to %.0f %% of it (of %ld "
            "processors)",
            100 * h->busy, count);
    if (!tune->link.used && !tune->load.to.port)
        say(t, true,
            "a sink on another host: `junctor load --role echo --keep --listen ADDR:PORT` there, and --to "
            "ADDR:PORT --reply here");
}

static void link_rate(const struct telling *t)
{
    const struct bench_link *l = &t->r->sweep->tune->link;

    if (l->rate && t->r->host->mbits * 1e6 > 0.8 * (double)l->rate)
        say(t, false,
            "the emulated link: user data took up to %.0f %% of its %.6g Mbit/s, chunk and packet headers "
            "not counted",
            100 * t->r->host->mbits * 1e6 / (double)l->rate, (double)l->rate / 1e6);
}

static void quality(const struct telling *t)
{
    const struct bench_sweep *s = t->r->sweep;
    static const struct val_spec time = {OPT_UINT, OPT_MSEC, 0, INT64_MAX, NULL};
    const struct bench_host *h = t->r->host;
    char text[VAL_TEXT_MAX];

    if (h->unsteady > 0)
        say(t, false,
            "%u of %u runs did not reach a steady rate (three windows of %u ms within 3 %%) before they were "
            "measured",
            h->unsteady, h->runs, s->tune->window_ms);
    if (isfinite(t->r->findings->noise) && t->r->findings->noise > 0.03)
        say(t, false, "noise of the host: the base differs from itself by %.0f %% within a block",
            100 * expm1(t->r->findings->noise));
    if (s->ended == BENCH_END_BUDGET || s->ended == BENCH_END_STOPPED)
        say(t, true, "more time, such as --budget %s%s: the intervals get narrower with each block",
            val_format(&time, (int64_t)(2000 * s->tune->budget), text, sizeof text),
            s->tune->resume[0] ? " with the same --resume" : "");
}

/* A winner at the edge of what was tried. */
static void edges(const struct telling *t)
{
    const struct bench_sweep *s = t->r->sweep;
    unsigned point = t->r->findings->estimates[t->r->findings->winner].point;
    char value[VAL_TEXT_MAX];

    for (unsigned f = 0; point != 0 && f < s->tune->factor_count; f++) {
        const struct bench_factor *factor = &s->tune->factors[f];
        unsigned level = s->points[point].level[f];
        if (level == factor->base || !bench_factor_is_ordered(factor) || factor->count < 3 ||
            (level != 0 && level != factor->count - 1))
            continue;
        say(t, true, "%s values than %s of %s: it is at the edge of what was tried",
            level ? "larger" : "smaller", bench_factor_text(factor, level, value, sizeof value),
            factor->name);
    }
}

static void not_varied(const struct telling *t)
{
    static const enum opt_field usual[] = {OPTF_SNDBUF, OPTF_RECBUF,           OPTF_NODELAY,
                                           OPTF_MAXSEG, OPTF_DELAYED_ACK_TIME, OPTF_RTO_MIN};
    static const char *const values[] = {"sndbuf=64K,256K,1M,4M",
                                         "recbuf=256K,1M,4M",
                                         "nodelay=false,true",
                                         "maxseg=0,1200",
                                         "delayed_ack_time=10ms,50ms,200ms",
                                         "rtoinfo.min=50ms,200ms,1s"};
    const struct bench_sweep *s = t->r->sweep;
    char list[400] = "";

    for (unsigned i = 0; i < sizeof usual / sizeof usual[0]; i++) {
        bool varied = false;
        for (unsigned f = 0; f < s->tune->factor_count; f++)
            varied = varied || (!s->tune->factors[f].of_broker && s->tune->factors[f].field == usual[i]);
        if (!varied)
            snprintf(list + strlen(list), sizeof list - strlen(list), "%s--vary %s", *list ? " " : "",
                     values[i]);
    }
    if (*list)
        say(t, true, "what was not varied: %s", list);
}

void bench_tune_advise(const struct bench_tune_report *r,
                       void (*tell)(bool next, const char *text, void *arg), void *arg)
{
    struct telling t = {r, tell, arg};

    buffers(&t);
    processors(&t);
    link_rate(&t);
    quality(&t);
    edges(&t);
    not_varied(&t);
}
