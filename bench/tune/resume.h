/* --resume: a sweep is kept in a file, in the form of --json, and goes on from there. */
#ifndef JUNCTOR_BENCH_TUNE_RESUME_H
#define JUNCTOR_BENCH_TUNE_RESUME_H

#include "bench/tune/report.h"

/* Reads the sweep that the file has into `s`, a new one of the same experiment. True, and nothing is changed,
 * if there is no such file. False with the reason, and its place, in `why`: it is not of this experiment, or
 * not a sweep, or it would go on with another kernel than the one it was measured with. `given_seed`: the
 * seed is the user's and must be the same; else tune->seed becomes the file's.
 *
 * `host` is this one, with its name and kernel; it gets what was seen in the runs of the file, and of a sweep
 * that is over the names, too. If a sweep goes on where only the host's name is another one, it is true and
 * `why` has a warning, else "". */
bool bench_tune_resume(const char *file, struct bench_tune *tune, bool given_seed, struct bench_sweep *s,
                       struct bench_host *host, char *why, size_t size);

/* Writes the file anew; it is whole at any time. False with the reason in `why`. */
bool bench_tune_keep(const char *file, const struct bench_tune_report *r, char *why, size_t size);

#endif
