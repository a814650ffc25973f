/* Measures a point of a sweep: two runs of the load engine, one as fast as possible, one at the sweep's rate.
 *
 * Each run has new associations. It begins with a warm-up, until three windows have the same rate within 3 %,
 * for at most the load's warmup_ms. The sink is in this process or, with tune->load.to, far away: then only
 * an echo tells delivery and latency. What stands between source and sink is started and ended by the caller:
 * bench_middle. One thread. */
#ifndef JUNCTOR_BENCH_TUNE_MEASURE_H
#define JUNCTOR_BENCH_TUNE_MEASURE_H

#include "bench/engine.h"
#include "bench/tune/sweep.h"

/* Something between source and sink that has the point's values: a broker. */
struct bench_middle {
    /* Starts it with the plan's options and the broker keys of the point, and sets plan->to. False with the
     * reason in `why`; end is called all the same. */
    bool (*begin)(const struct bench_tune *tune, const struct bench_tune_point *point,
                  struct bench_plan *plan, char *why, size_t size, void *arg);
    double (*cpu)(void *arg); /* processor seconds that it has used so far */
    void (*end)(void *arg);
    void *arg;
};

/* The host, and what was seen of it, over all runs. */
struct bench_host {
    char name[65], kernel[200]; /* as uname(2) says: bench_host_name */
    char transport[16];
    char granted[BENCH_TROUBLE_MAX]; /* where the stack granted other values than requested; "" */
    double busy;                     /* of the generator's thread as fast as possible: the largest share of a
                                        processor */
    double middle_busy;              /* of what stands in between, in processors */
    double mbits;                    /* user data delivered, as fast as possible: the largest rate */
    unsigned unsteady, runs;         /* runs whose warm-up did not come to a steady rate; all */
};

struct bench_measure {
    struct bench_stop *stop;
    const struct bench_middle *middle; /* NULL: none */
    struct bench_host host;
    bool told; /* the user has been told which transport is used */
    void (*note)(const char *text, void *arg);
    void *arg;
};

/* Sets name and kernel to those of this host. */
void bench_host_name(struct bench_host *host);

/* Measures a point; the arguments are those of bench_sweep_ops.run, `measure` a struct bench_measure. */
enum bench_ran bench_measure_run(const struct bench_sweep *s, unsigned point, struct bench_response *out,
                                 void *measure);

#endif
