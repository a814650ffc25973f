/* What a run came to, as a table for people and as JSON for programs. */
#ifndef JUNCTOR_BENCH_REPORT_H
#define JUNCTOR_BENCH_REPORT_H

#include <stdio.h>

#include "bench/histogram.h"
#include "bench/judge.h"
#include "bench/plan.h"
#include "bench/source.h"

/* What a judge, or several of them together, found. */
struct bench_verdict {
    bool judged; /* false: nobody looked at what arrived */
    struct bench_counts counts;
    uint64_t lost, open_flows;
    bool inexact; /* memory ran out: loss and duplicates are not exact */
    struct bench_histogram latency;
};

struct bench_result {
    const char *name; /* heading of its column */
    bool has_source;
    struct bench_source_counts source;
    uint64_t not_sent;
    unsigned sink_seen, sink_lost, turned_away; /* associations at the sink */
    uint64_t echoed, not_echoed;
    struct bench_verdict delivery; /* at the sink */
    struct bench_verdict replies;  /* back at the source */
    double cpu_user, cpu_system;   /* seconds */
    uint64_t syscalls;
    char trouble[BENCH_TROUBLE_MAX]; /* the first thing that went wrong; "" */
};

/* Adds one judge's findings to a verdict; loss is left out where `partial`. */
void bench_verdict_add(struct bench_verdict *v, const struct bench_judge *j, bool partial);

/* Leaves out of a verdict's losses what was never got rid of: it had no chance to arrive. */
void bench_verdict_excuse(struct bench_verdict *v, uint64_t messages);

/* True when nothing was lost, duplicated, misordered or corrupt and no association failed. */
bool bench_result_ok(const struct bench_result *r);

/* What to call one delivered message of this process: at the sink, else the replies, else those sent. */
uint64_t bench_result_messages(const struct bench_result *r);

/* What the command says at its end. */
struct bench_report {
    const struct bench_plan *plan;      /* NULL: wrong usage, there is only `error` */
    const char *transport;              /* name of the backend; NULL: it did not come to that */
    const struct bench_result *results; /* none, one or two of the same plan; of two the first is direct */
    unsigned count;
    const char *error;   /* why it could not go on; NULL or "" */
    const char *granted; /* lines: where the stack granted other values than were asked for; NULL or "" */
};

/* True when there is a result, no error, and all results are well. */
bool bench_report_ok(const struct bench_report *report);

/* At least one result. */
void bench_report_table(FILE *out, const struct bench_report *report);

/* Always one object. */
void bench_report_json(FILE *out, const struct bench_report *report);

/* "1,234,567" and "12.3 us". Return `out`. */
const char *bench_format_count(uint64_t n, char *out, size_t size);
const char *bench_format_time(uint64_t ns, char *out, size_t size);

#endif
