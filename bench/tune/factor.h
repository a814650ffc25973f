/* What `junctor tune` varies: an SCTP option, or a key of the section `broker`, and the values it takes.
 *
 * Names and values are those of the configuration, checked against the tables that also read it (options.def,
 * keys.def). The value of the base configuration is always one of a factor's values: so it can be said of
 * each other one whether it makes a difference. */
#ifndef JUNCTOR_BENCH_TUNE_FACTOR_H
#define JUNCTOR_BENCH_TUNE_FACTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "config/keys.h"
#include "config/sctp/options.h"

#define BENCH_FACTORS_MAX 16
#define BENCH_VALUES_MAX  16 /* of a factor, with the base's */

struct bench_factor {
    char name[64];        /* "sndbuf", "rtoinfo.min", "broker.queue_bytes" */
    bool of_broker;       /* a key of the section `broker`; else an SCTP option */
    enum opt_field field; /* the option's, */
    enum cfg_key key;     /* or the key */
    unsigned count;
    unsigned base;                   /* which value is the base's */
    int64_t value[BENCH_VALUES_MAX]; /* ascending, once the base is known; OPT_STACK: left to the stack */
};

/* Parses "KEY=VALUE,VALUE,…" of --vary; flags that belong together are joined by "+". False with the reason
 * in `why`. */
bool bench_factor_parse(const char *text, struct bench_factor *out, char *why, size_t size);

/* Adds the base's value if it is not among them, and sorts them. `options` are the base's options, `broker`
 * has its section `broker`; `stack` is whose defaults apply to options that are not given. False with the
 * reason in `why`. */
bool bench_factor_settle(struct bench_factor *f, const struct opt_set *options,
                         const struct cfg_config *broker, enum opt_stack_of stack, char *why, size_t size);

/* The value as the configuration file spells it. Returns `out`. */
const char *bench_factor_text(const struct bench_factor *f, unsigned value, char *out, size_t size);

/* Sets the value in the options; at the base's value, and for a key of the broker, nothing changes. */
void bench_factor_apply(const struct bench_factor *f, unsigned value, struct opt_set *options);

/* Whether the values have an order, so that one of them may lie at the edge of what was tried. */
bool bench_factor_is_ordered(const struct bench_factor *f);

#endif
