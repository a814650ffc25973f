/* What source and sink on two hosts say to each other; see far.h. */
#include "bench/far.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/utsname.h>

/* ---- messages ----------------------------------------------------------------------------------------- */

static void put(uint8_t *to, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        to[i] = (uint8_t)(value >> 8 * (bytes - 1 - i));
}

static uint64_t get(const uint8_t *from, unsigned bytes)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < bytes; i++)
        value = value << 8 | from[i];
    return value;
}

void bench_far_decode(const void *data, size_t len, struct bench_far_message *out)
{
    const uint8_t *p = data;

    *out = (struct bench_far_message){.type = p[4],
                                      .clock = (uint16_t)get(p + 6, 2),
                                      .run = (uint32_t)get(p + 8, 4),
                                      .part = (uint16_t)get(p + 12, 2),
                                      .parts = (uint16_t)get(p + 14, 2),
                                      .text = p + BENCH_FAR_HEADER,
                                      .text_len = (uint32_t)(len - BENCH_FAR_HEADER)};
    for (unsigned i = 0; i < BENCH_FAR_NUMBERS && BENCH_FAR_HEADER + 8 * (i + 1) <= len; i++)
        out->numbers[i] = get(p + BENCH_FAR_HEADER + 8 * (size_t)i, 8);
}

size_t bench_far_encode(void *buffer, const struct bench_far_message *m)
{
    uint8_t *p = buffer;

    memcpy(p, "JLC1", 4);
    put(p + 4, m->type, 1);
    put(p + 5, 0, 1);
    put(p + 6, m->clock, 2);
    put(p + 8, m->run, 4);
    put(p + 12, m->part, 2);
    put(p + 14, m->parts, 2);
    if (m->text) {
        memcpy(p + BENCH_FAR_HEADER, m->text, m->text_len);
        return BENCH_FAR_HEADER + (size_t)m->text_len;
    }
    for (unsigned i = 0; i < BENCH_FAR_NUMBERS; i++)
        put(p + BENCH_FAR_HEADER + 8 * (size_t)i, m->numbers[i], 8);
    return BENCH_FAR_HEADER + 8 * BENCH_FAR_NUMBERS;
}

/* ---- clocks ------------------------------------------------------------------------------------------- */

void bench_far_sample(struct bench_far_clock *c, uint64_t t1, uint64_t t2, uint64_t t3, uint64_t t4)
{
    if (t4 < t1 || t3 < t2 || t4 - t1 < t3 - t2)
        return;
    uint64_t round_trip = (t4 - t1) - (t3 - t2);
    if (c->samples++ > 0 && round_trip >= c->round_trip_ns)
        return;
    c->round_trip_ns = round_trip;
    c->ahead_ns = ((int64_t)(t2 - t1) + (int64_t)(t3 - t4)) / 2;
}

uint64_t bench_far_error(const struct bench_far_clock *before, const struct bench_far_clock *after)
{
    uint64_t drift = (uint64_t)llabs(after->ahead_ns - before->ahead_ns);

    return (before->round_trip_ns > after->round_trip_ns ? before->round_trip_ns : after->round_trip_ns) / 2 +
           drift;
}

/* ---- reports ------------------------------------------------------------------------------------------ */

#define COUNTS 13

/* The numbers of bench_counts, in the order in which a report has them. */
static void counts_of(const struct bench_counts *c, uint64_t *n)
{
    const uint64_t all[COUNTS] = {c->messages, c->bytes,          c->duplicated, c->misordered,
                                  c->corrupt,  c->foreign,        c->wrong_ppid, c->stream_changed,
                                  c->measured, c->measured_bytes, c->first_ns,   c->last_ns,
                                  c->at_first};

    memcpy(n, all, sizeof all);
}

static void counts_from(struct bench_counts *c, const uint64_t *n)
{
    *c = (struct bench_counts){.messages = n[0],
                               .bytes = n[1],
                               .duplicated = n[2],
                               .misordered = n[3],
                               .corrupt = n[4],
                               .foreign = n[5],
                               .wrong_ppid = n[6],
                               .stream_changed = n[7],
                               .measured = n[8],
                               .measured_bytes = n[9],
                               .first_ns = n[10],
                               .last_ns = n[11],
                               .at_first = n[12]};
}

bool bench_far_report_fill(struct bench_far_report *r, const struct bench_judge *j)
{
    struct utsname host;

    if (uname(&host) == 0) {
        snprintf(r->host, sizeof r->host, "%.*s", (int)sizeof r->host - 1, host.nodename);
        snprintf(r->kernel, sizeof r->kernel, "%.40s %.64s %.20s", host.sysname, host.release, host.machine);
    }
    r->counts = j->counts;
    r->inexact = j->out_of_memory;
    r->latency = j->latency;
    for (unsigned f = 0; f < BENCH_FLOWS_MAX; f++) {
        const struct bench_tally *t = j->flows[f];
        if (!t)
            continue;
        if (!(r->flows[f] = malloc(sizeof *r->flows[f])))
            return false;
        *r->flows[f] = (struct bench_far_flow){t->counts, t->latency, t->gap_ns, t->gap_at_ns};
    }
    return true;
}

static void write_numbers(FILE *out, const uint64_t *n, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        fprintf(out, " %" PRIu64, n[i]);
}

static void write_counts(FILE *out, const char *name, const struct bench_counts *c)
{
    uint64_t n[COUNTS];

    counts_of(c, n);
    fputs(name, out);
    write_numbers(out, n, COUNTS);
    fputc('\n', out);
}

/* The maximum, and of each bucket that is not empty its number and count. */
static void write_histogram(FILE *out, const struct bench_histogram *h)
{
    fprintf(out, "latency %" PRIu64, h->max);
    for (unsigned i = 0; i < BENCH_HISTOGRAM_BUCKETS; i++)
        if (h->count[i])
            fprintf(out, " %u %" PRIu64, i, h->count[i]);
    fputc('\n', out);
}

char *bench_far_report_write(const struct bench_far_report *r, size_t *len)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, len);

    if (!out)
        return NULL;
    fprintf(out, "host %s\nkernel %s\nrole %s\n", r->host, r->kernel, r->role);
    fprintf(out, "sink %d %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", r->inexact, r->seen, r->lost,
            r->echoed, r->cpu_us);
    write_counts(out, "counts", &r->counts);
    write_histogram(out, &r->latency);
    for (unsigned f = 0; f < BENCH_FLOWS_MAX; f++) {
        if (!r->flows[f])
            continue;
        fprintf(out, "flow %u %" PRIu64 " %" PRIu64 "\n", f, r->flows[f]->gap_ns, r->flows[f]->gap_at_ns);
        write_counts(out, "counts", &r->flows[f]->counts);
        write_histogram(out, &r->flows[f]->latency);
    }
    fputs("end\n", out);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

/* The next number of a line; false: there is none. */
static bool number(const char **at, uint64_t *n)
{
    char *end;

    if (**at != ' ' || (*at)[1] < '0' || (*at)[1] > '9')
        return false;
    errno = 0;
    *n = strtoull(*at + 1, &end, 10);
    *at = end;
    return errno == 0;
}

static bool numbers(const char *at, uint64_t *n, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (!number(&at, &n[i]))
            return false;
    return !*at;
}

static bool read_histogram(struct bench_histogram *h, const char *at)
{
    uint64_t bucket, count;

    *h = (struct bench_histogram){0};
    if (!number(&at, &h->max))
        return false;
    while (*at) {
        if (!number(&at, &bucket) || !number(&at, &count) || bucket >= BENCH_HISTOGRAM_BUCKETS)
            return false;
        h->count[bucket] = count;
        h->total += count;
    }
    return true;
}

/* Plain text only: it is shown on a terminal. */
static bool read_text(char *to, size_t size, const char *at)
{
    if (*at++ != ' ' || strlen(at) >= size)
        return false;
    for (const char *c = at; *c; c++)
        if (*c < ' ' || *c > '~')
            return false;
    strcpy(to, at);
    return true;
}

static bool read_flow(struct bench_far_report *r, struct bench_far_flow **flow, const char *at)
{
    uint64_t n[3];

    if (!numbers(at, n, 3) || n[0] >= BENCH_FLOWS_MAX || r->flows[n[0]])
        return false;
    *flow = r->flows[n[0]] = calloc(1, sizeof **flow);
    if (!*flow)
        return false;
    (*flow)->gap_ns = n[1];
    (*flow)->gap_at_ns = n[2];
    return true;
}

/* One line. *flow: which the following lines are about; NULL: all. */
static bool read_line(struct bench_far_report *r, struct bench_far_flow **flow, const char *line)
{
    size_t word = strcspn(line, " ");
    const char *rest = line + word;
    uint64_t n[COUNTS];

    if (strncmp(line, "host ", 5) == 0)
        return read_text(r->host, sizeof r->host, rest);
    if (strncmp(line, "kernel ", 7) == 0)
        return read_text(r->kernel, sizeof r->kernel, rest);
    if (strncmp(line, "role ", 5) == 0)
        return read_text(r->role, sizeof r->role, rest);
    if (strncmp(line, "latency ", 8) == 0)
        return read_histogram(*flow ? &(*flow)->latency : &r->latency, rest);
    if (strncmp(line, "flow ", 5) == 0)
        return read_flow(r, flow, rest);
    if (strncmp(line, "counts ", 7) == 0 && numbers(rest, n, COUNTS)) {
        counts_from(*flow ? &(*flow)->counts : &r->counts, n);
        return true;
    }
    if (strncmp(line, "sink ", 5) != 0 || !numbers(rest, n, 5))
        return false;
    r->inexact = n[0];
    r->seen = n[1];
    r->lost = n[2];
    r->echoed = n[3];
    r->cpu_us = n[4];
    return true;
}

bool bench_far_report_read(struct bench_far_report *r, const char *text, size_t len)
{
    struct bench_far_flow *flow = NULL;
    char *copy = malloc(len + 1), *rest = NULL;
    bool good = copy != NULL, ended = false;

    memset(r, 0, sizeof *r);
    if (!copy)
        return false;
    memcpy(copy, text, len);
    copy[len] = 0;
    for (char *line = strtok_r(copy, "\n", &rest); line && good && !ended;
         line = strtok_r(NULL, "\n", &rest)) {
        ended = strcmp(line, "end") == 0;
        good = ended || read_line(r, &flow, line);
    }
    free(copy);
    return good && ended;
}

void bench_far_report_free(struct bench_far_report *r)
{
    for (unsigned f = 0; f < BENCH_FLOWS_MAX; f++) {
        free(r->flows[f]);
        r->flows[f] = NULL;
    }
}
