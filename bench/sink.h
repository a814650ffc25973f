/* The receiving side of the load generator: listens, checks what arrives, and as an echo sends it back.
 *
 * A sink reads all its associations from the listening endpoint. An echo gives each association an endpoint
 * of its own: when an association's send buffer is full, only that association is not read until there is
 * room, so nothing accumulates here and SCTP's receive window slows the sender down.
 *
 * Flows from the sink to the source go over the associations that came up first, in that order; one that
 * comes later takes the place of one that has ended.
 *
 * With several workers each has a sink. That of worker 0 listens and hands each association that it accepts
 * to its worker, in turn, before anything of it is checked, so that all that comes on an association is
 * checked by one judge. Worker 1 gets the first one: with two workers and one association, one sends and one
 * receives.
 *
 * One thread: that of the loop it was opened in. Other threads only touch `arriving`, in which worker 0 puts
 * an association, with its endpoint released, and from which the worker takes it. */
#ifndef JUNCTOR_BENCH_SINK_H
#define JUNCTOR_BENCH_SINK_H

#include <stdatomic.h>

#include "bench/endpoint_priv.h"
#include "bench/judge.h"
#include "bench/plan.h"
#include "bench/traffic.h"
#include "transport/transport.h"

struct bench_guest; /* one association */
struct bench_far_sink;
struct bench_sink;

struct bench_place {
    struct bench_handle handle;
    struct bench_sink *sink;
    struct tr_endpoint *endpoint;
    struct bench_judge *judge;
    bool used;      /* an association has come up here */
    bool has_stray; /* messages came of an association that had ended before it was accepted: */
    uint32_t stray;
    unsigned stray_number; /* as of those that were accepted */
};

struct bench_sink {
    const struct bench_plan *plan;
    struct tr_loop *loop;
    unsigned part, parts;                     /* whose it is, of how many workers */
    struct bench_sink *const *all;            /* theirs */
    void (*wake)(unsigned worker, void *arg); /* lets a worker look at what is arriving */
    void *wake_arg;
    _Atomic(struct bench_guest *) arriving; /* handed over by worker 0, not yet taken */
    unsigned accepted, handed, adopted;     /* associations accepted; of these, handed over; taken here */
    struct bench_place places[BENCH_PLACES_MAX];
    unsigned place_count;
    struct bench_judge *judges; /* one for all places; with --fanout one for each */
    unsigned judge_count;
    struct bench_guest *guests;
    unsigned alive;       /* associations up now */
    unsigned seen, lost;  /* associations that came up; that ended without a shutdown */
    unsigned turned_away; /* associations that could not be served */
    uint64_t echoed, not_echoed;
    struct bench_traffic traffic; /* flows to the source */
    struct bench_sender *senders; /* its senders, one for each of the plan's associations, of which only those
                                     of this worker are in use; NULL: none */
    uint64_t failed,
        given_up; /* messages of these flows that the stack gave back; of these, by their PR policy */
    struct bench_far_sink *far;      /* a source collects this side's half; NULL: none does */
    char trouble[BENCH_TROUBLE_MAX]; /* the first thing that went wrong, for the user; "" */
};

/* Which worker gets the association that was accepted as number `number`. */
static inline unsigned bench_sink_home(unsigned number, unsigned parts)
{
    return (number + 1) % parts;
}

struct bench_sink_params {
    const struct bench_plan *plan;
    struct tr_loop *loop;
    uint16_t clock;
    unsigned part, parts;                     /* 0 of 1: the only one */
    struct bench_sink *const *all;            /* `parts` of them; may be NULL if there is one */
    void (*wake)(unsigned worker, void *arg); /* called by worker 0 */
    void *wake_arg;
};

/* Opens and, as worker 0, listens at all endpoints of the plan. On failure nothing is left open and *error
 * has the reason. */
enum tr_code bench_sink_open(struct bench_sink *s, const struct bench_sink_params *params,
                             struct tr_error *error);

/* Takes the associations that were handed over. */
void bench_sink_arrivals(struct bench_sink *s);

void bench_sink_close(struct bench_sink *s);

/* Resets the counts; from now on only messages of `run` (0: of any run) are awaited, and messages sent belong
 * to it. `trail_ns` as in a judge: 0 if there is one worker. False: out of memory. */
bool bench_sink_reset(struct bench_sink *s, uint32_t run, uint16_t clock, uint64_t trail_ns);

/* Sends what is due at a rate, as bench_source_turn. */
uint64_t bench_sink_turn(struct bench_sink *s, uint64_t now_ns);

/* Distinct messages delivered so far, at all endpoints together. */
uint64_t bench_sink_delivered(const struct bench_sink *s);

/* Shuts down the associations that are still up; `alive` counts them. */
void bench_sink_eof(struct bench_sink *s);

#endif
