/* The parts of traffic.c: lanes, the queue of senders, and bursts. One thread. */
#ifndef JUNCTOR_BENCH_TRAFFIC_PRIV_H
#define JUNCTOR_BENCH_TRAFFIC_PRIV_H

#include "bench/payload.h"
#include "bench/traffic.h"

static inline const struct bench_flow *bench_lane_flow(const struct bench_traffic *t,
                                                       const struct bench_lane *lane)
{
    return &t->plan->flows[lane->flow];
}

/* ---- lane.c */

void bench_lane_init(struct bench_lane *lane, const struct bench_traffic *t, unsigned flow, uint32_t index);

/* Sets the lane to its first message at or after `now_ns`. */
void bench_lane_start(struct bench_sender *s, struct bench_lane *lane, uint64_t now_ns);

/* --count counts from the first message that is measured. */
void bench_lane_measure(struct bench_sender *s, struct bench_lane *lane);

void bench_lane_quota(struct bench_sender *s, struct bench_lane *lane, uint64_t quota);
void bench_lane_finished(struct bench_sender *s, struct bench_lane *lane);

/* Draws all random properties of the lane's next message: its size and flags. */
void bench_lane_draw(struct bench_sender *s, struct bench_lane *lane, struct bench_payload *p);

/* Advances to the next message. */
void bench_lane_advance(struct bench_sender *s, struct bench_lane *lane);

/* Whether the lane's next message may be sent at `now_ns`; as fast as possible: whether it is not pausing. */
bool bench_lane_ready(const struct bench_traffic *t, const struct bench_lane *lane, uint64_t now_ns);

/* As fast as possible with pauses: sets when the pause at `now_ns` ends. */
void bench_lane_pause(struct bench_traffic *t, struct bench_lane *lane, uint64_t now_ns);

/* The number of messages of the lane that are due by `now_ns` and not sent. */
uint64_t bench_lane_backlog(struct bench_sender *s, const struct bench_lane *lane, uint64_t now_ns);

/* The number of messages requested of a lane whose association never came up; 0: as many as possible. */
uint64_t bench_lane_wanted(const struct bench_traffic *t, const struct bench_sender *s,
                           const struct bench_lane *lane);

/* ---- sender_queue.c */

/* When to serve the sender next; UINT64_MAX: not by time. */
void bench_sender_due(struct bench_sender *s, uint64_t due_ns);

/* ---- burst.c */

/* Decides what wakes the sender next. */
void bench_sender_await(struct bench_sender *s, uint64_t now_ns);

/* Nothing wakes the sender any longer. */
void bench_sender_stop(struct bench_sender *s);

/* Sends a burst of what is ready. Errors as bench_sender_writable. */
enum tr_code bench_sender_send(struct bench_sender *s, uint64_t now_ns, const struct tr_msg **which);

#endif
