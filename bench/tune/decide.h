/* What a sweep has found out: all that follows from its measurements. Pure. */
#ifndef JUNCTOR_BENCH_TUNE_DECIDE_H
#define JUNCTOR_BENCH_TUNE_DECIDE_H

#include "bench/tune/stats.h"
#include "bench/tune/sweep.h"

/* A point against the base. */
struct bench_estimate {
    unsigned point, blocks;                       /* 0 blocks: nothing is known */
    struct bench_interval ratio[BENCH_RESPONSES]; /* logarithm of the ratio to the base; estimate NAN: not
                                                     measured */
    double value[BENCH_RESPONSES];                /* geometric mean, from the ratio and the base's */
};

/* What one value of a factor makes of the response of the base's value, all other factors alike. */
struct bench_effect {
    unsigned factor, value;
    bool screened; /* from the screening: `value` is the factor's last one, compared with its first */
    struct bench_interval ratio[BENCH_RESPONSES];
};

struct bench_findings {
    struct bench_estimate *estimates; /* of all points of the grid, the base first */
    unsigned estimate_count;
    struct bench_effect *effects;
    unsigned effect_count;
    unsigned *front; /* indices of estimates, by ascending rate */
    unsigned front_count, knee;
    unsigned winner; /* index into estimates; 0: no difference */
    double noise;    /* standard deviation of the log ratio of the base to itself, goal */
    unsigned pairs;  /* of the confirmation */
    struct bench_interval confirmed[BENCH_RESPONSES];
    bool is_confirmed;     /* the goal's, or another response's if the goal's is the same, is better */
    unsigned strongest[2]; /* factors with the largest effects; equal: there is only one */
};

/* False: out of memory. */
bool bench_decide(const struct bench_sweep *s, struct bench_findings *out);
void bench_findings_free(struct bench_findings *f);

/* The logarithms of the ratios of a point to the base, by block of the grid: `out` has room for
 * s->blocks[BENCH_GRID]; NAN where it was not measured. */
void bench_decide_ratios(const struct bench_sweep *s, unsigned point, enum bench_response_of response,
                         double *out);

/* The winner among the points that are neither disqualified nor dropped. Kept are those that cannot be told
 * from the best one, in the goal, then in the other responses. If the base is one of them it is the winner:
 * nothing is better. Else the one with the fewest values other than the base's, of those that are better than
 * the base by themselves, if there are any. False: out of memory. */
bool bench_decide_winner(const struct bench_sweep *s, unsigned *winner);

/* Drops points that are worse than the best one. *precise: all intervals of those left are narrow enough.
 * False: out of memory. */
bool bench_decide_race(struct bench_sweep *s, bool *precise);

/* After screening: sets s->kept. Returns how many. */
unsigned bench_decide_screening(struct bench_sweep *s);

/* 1 if more is better, else -1. */
static inline double bench_response_sign(enum bench_response_of r)
{
    return r == BENCH_RATE ? 1 : -1;
}

/* Whether a point's value of a factor makes a difference: against the same point with the base's value.
 * `ratio` (BENCH_RESPONSES of them) has the differences; returns false if they are not known. */
bool bench_decide_value(const struct bench_sweep *s, unsigned point, unsigned factor,
                        struct bench_interval *ratio);

#endif
