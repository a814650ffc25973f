/* --scenario FILE: everything that the command line of `junctor load` can say, as YAML.
 *
 *     to: 127.0.0.1:2905
 *     listen: [127.0.0.1:2906]
 *     associations: 50
 *     option: {nodelay: true, rtoinfo: {min: 20ms}}
 *     flows:
 *       - name: signalling
 *         streams: 4
 *         rate: exponential:1000
 *       - {name: bulk, size: 9000, associations: 0-1}
 *
 * The keys are the long options, a switch is true or false, and an option that may be repeated is a list.
 * Every error is reported with its place. */
#ifndef JUNCTOR_BENCH_SCENARIO_H
#define JUNCTOR_BENCH_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>

/* The caller's knowledge of the keys. */
struct bench_scenario_reader {
    /* Whether `name` is a key, and a switch. */
    bool (*knows)(const char *name, bool *is_switch);

    /* Whether it may have several values. */
    bool (*repeats)(const char *name);

    /* Lists the keys: key number `index`, or NULL at the end. */
    const char *(*name)(unsigned index);

    /* Takes a value; of a list, one call per item. */
    bool (*take)(void *arg, const char *name, const char *value, char *why, size_t size);

    /* Whether a key is to be ignored because the command line has it. */
    bool (*skips)(void *arg, const char *name);

    /* Begins a flow; its keys follow. */
    bool (*flow)(void *arg, char *why, size_t size);
    bool (*flow_key)(void *arg, const char *key, const char *value, char *why, size_t size);
    void *arg;
};

/* Reads `file`. False with all errors in `why`, "FILE:LINE:COLUMN: text" each on a line, as many as fit.
 * Flows come last, whatever their place in the file. */
bool bench_scenario_read(const char *file, const struct bench_scenario_reader *reader, char *why,
                         size_t size);

#endif
