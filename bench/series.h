/* A run over time: a row for each flow, path and processor at the end of every interval.
 *
 * Each worker reads the totals of its part of the run, in its own thread; the readings of all are added up,
 * and the sampler makes rows of the differences to those before. A series and its sampler belong to one
 * thread. */
#ifndef JUNCTOR_BENCH_SERIES_H
#define JUNCTOR_BENCH_SERIES_H

#include "bench/histogram.h"
#include "bench/judge.h"
#include "bench/sink.h"
#include "bench/source.h"

#define BENCH_SERIES_ASSOCIATIONS 256 /* whose retransmissions are read each time; the first of a plan */
#define BENCH_SERIES_PATHS        4   /* associations whose paths are read each time; the first of a plan */

/* One flow in one interval. */
struct bench_point {
    double at;      /* the end of the interval, in seconds since the series began */
    double seconds; /* its length */
    unsigned flow;
    uint64_t sent, delivered, bytes; /* in the interval; bytes: delivered */
    uint64_t lost;  /* so far: passed over by later messages of their stream, and not yet arrived; with
                       several workers at most what is sent and not delivered */
    uint64_t queue; /* now: sent and not delivered, if both ends are in this process */
    uint64_t retransmitted; /* in the interval: DATA chunks of the associations the flow uses, of all their
                               flows */
    uint64_t timed, p50, p90, p99, p999, max; /* latencies, ns; timed: how many */
};

struct bench_path_point {
    double at;
    unsigned association;
    struct net_addr address;
    int64_t state; /* as option get_peer_addr_info */
    uint32_t srtt_ms, rto_ms, cwnd;
    uint32_t unacked, pending; /* DATA chunks of the association */
};

struct bench_cpu_point {
    double at;
    unsigned cpu;
    double busy; /* 0 to 1, over the interval, with all processes of this host */
};

struct bench_series {
    uint64_t start_ns, last_ns; /* of the last rows, or the start */
    struct bench_point *points;
    struct bench_path_point *paths;
    struct bench_cpu_point *cpus;
    unsigned point_count, path_count, cpu_count;
    unsigned point_room, path_room, cpu_room;
    bool out_of_memory; /* rows are missing */
};

struct bench_sampler; /* what was read last */

/* What a worker's part of a run is read from; `source`, `sink` and `back` may be NULL. */
struct bench_sampled {
    const struct bench_plan *plan;
    const struct bench_source *source;
    const struct bench_sink *sink;
    const struct bench_judge *back;
};

/* The totals of one flow in one worker. */
struct bench_flow_reading {
    uint64_t sent, delivered, bytes, missing;
    struct bench_histogram latency;
};

/* What one worker has at one time. */
struct bench_reading {
    uint64_t retransmitted[BENCH_SERIES_ASSOCIATIONS]; /* so far; of associations that it does not have: 0 */
    struct bench_path_point paths[BENCH_SERIES_PATHS * BENCH_ADDRESSES_MAX];
    unsigned path_count, flow_count;
    struct bench_flow_reading flows[]; /* as many as the plan has */
};

/* NULL: out of memory. To be freed with free(). */
struct bench_reading *bench_reading_new(const struct bench_plan *plan);

/* Reads a worker's part; called by its thread. */
void bench_reading_take(struct bench_reading *r, const struct bench_sampled *from);

/* Adds what another worker has. */
void bench_reading_add(struct bench_reading *into, const struct bench_reading *from);

/* Begins a series. NULL: out of memory. */
struct bench_sampler *bench_sampler_new(const struct bench_plan *plan);
void bench_sampler_free(struct bench_sampler *s);

/* Adds the rows of the interval that ends now, from a reading of all workers. */
void bench_sampler_take(struct bench_sampler *s, struct bench_series *series, uint64_t now_ns,
                        const struct bench_reading *now);

/* Makes the latest interval end now instead: its rows are replaced. One must have been taken. */
void bench_sampler_stretch(struct bench_sampler *s, struct bench_series *series, uint64_t now_ns,
                           const struct bench_reading *now);

void bench_series_free(struct bench_series *series);

#endif
