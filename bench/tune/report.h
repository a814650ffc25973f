/* The findings of a sweep, for people and programs. */
#ifndef JUNCTOR_BENCH_TUNE_REPORT_H
#define JUNCTOR_BENCH_TUNE_REPORT_H

#include <stdio.h>
#include <time.h>

#include "bench/tune/decide.h"
#include "bench/tune/measure.h"

/* All that a report needs. */
struct bench_tune_report {
    const struct bench_sweep *sweep;
    const struct bench_findings *findings;
    const struct bench_host *host;
    const char *command; /* the command line; NULL: unknown */
    time_t begun;
};

/* Tables and sentences. */
void bench_tune_table(FILE *out, const struct bench_tune_report *r);

/* Everything, as one JSON object: the findings, and the state of the sweep, from which it can go on. */
#define BENCH_TUNE_VERSION 1
void bench_tune_json(FILE *out, const struct bench_tune_report *r);

/* The object of a sweep that could not begin. */
void bench_tune_json_error(FILE *out, const char *error);

extern const char *const bench_stage_names[];  /* by enum bench_stage */
extern const char *const bench_ending_names[]; /* by enum bench_ending */

/* What limited the result, and what to try next: a sentence each. */
void bench_tune_advise(const struct bench_tune_report *r,
                       void (*tell)(bool next, const char *text, void *arg), void *arg);

/* The winner's values that matter and differ from the base's, as sections of a configuration, each with a
 * comment. False: there are none, or the confirmation did not bear them out; then it is a comment only. */
bool bench_tune_yaml(FILE *out, const struct bench_tune_report *r);

/* One self-contained HTML page. */
void bench_tune_page(FILE *out, const struct bench_tune_report *r);

/* Its plots of effects (of one response), and of the two strongest factors; nothing if there is nothing to
 * show. */
void bench_tune_effects_plot(FILE *out, const struct bench_tune_report *r, enum bench_response_of response);
void bench_tune_heat_map(FILE *out, const struct bench_tune_report *r);

/* What it comes to, in one sentence without a full stop: `text` has BENCH_CONCLUSION_MAX bytes. Returns
 * `text`. */
#define BENCH_CONCLUSION_MAX 900
const char *bench_tune_conclusion(const struct bench_tune_report *r, char *text, size_t size);

#endif
