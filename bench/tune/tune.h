/* What `junctor tune` is to do: the plan of the experiment. */
#ifndef JUNCTOR_BENCH_TUNE_TUNE_H
#define JUNCTOR_BENCH_TUNE_TUNE_H

#include "bench/plan.h"
#include "bench/tune/factor.h"
#include "bench/tune/inputs.h"
#include "bench/tune/link.h"

/* What is measured of a point. */
enum bench_response_of {
    BENCH_RATE, /* messages a second, as fast as possible */
    BENCH_P99,  /* latency that 99 of 100 messages do not exceed, ns, at half of the base's rate */
    BENCH_CPU,  /* processor time of a message, ns, as fast as possible */
    BENCH_RESPONSES
};

#define BENCH_RACE_BLOCKS  5  /* so many blocks come before any point is dropped for being slower */
#define BENCH_SCREEN_ABOVE 5  /* more factors than that are screened first */
#define BENCH_CONFIRM      10 /* pairs that confirm the winner */
#define BENCH_GRID_MAX     256
#define BENCH_PRECISION    0.02 /* half of an interval: a smaller difference counts as none */

struct bench_tune {
    struct bench_factor factors[BENCH_FACTORS_MAX];
    unsigned factor_count;
    enum bench_response_of goal; /* which response counts first */
    bool no_latency;             /* without the runs at a rate: BENCH_P99 is not measured */
    uint64_t seed;
    double budget; /* seconds for everything */

    /* One run: windows of this length until three agree, for at most load.warmup_ms; then it measures. */
    uint32_t window_ms, measure_ms;

    struct bench_plan load; /* as parsed, not settled. load.rate: that of the latency runs; 0: half of the
                               base's peak */
    const char *base_file;  /* -c; NULL: the defaults */
    struct cfg_config *base_config; /* of that file, NULL without */
    struct opt_set base;            /* the options of the base */
    bool through_broker;
    struct bench_link link; /* an emulated one; zero-initialised: none */

    bool given_seed;
    char experiment[2048]; /* the options that make it this experiment and no other, as they were typed */
    struct bench_inputs inputs;                         /* with `resume` */
    char write[BENCH_FILE_MAX], resume[BENCH_FILE_MAX]; /* names of files; "": none */
};

/* Parses the command line of `junctor tune` (argv[0] is the subcommand) and reads the base configuration. On
 * BENCH_PARSED_BAD `why` has the reason. Main thread. */
enum bench_parsed bench_tune_parse(int argc, char **argv, struct bench_tune *tune, char *why, size_t size);

/* Frees what parsing allocated. */
void bench_tune_free(struct bench_tune *tune);

/* What getopt_long is given. */
extern const char bench_tune_letters[];
extern const struct option bench_tune_options[];

extern const char bench_tune_manual[]; /* manual.c */

#endif
