/* The sink's side of --collect: answers its source; see far.h. One thread, that of its sink.
 *
 * Messages of the run that is collected are judged twice: with all others, for the sink's own result, and by
 * a judge of their own, for the source. One run at a time: a source that begins another takes its place. */
#ifndef JUNCTOR_BENCH_FAR_SINK_H
#define JUNCTOR_BENCH_FAR_SINK_H

#include "bench/far.h"
#include "bench/sink.h"

struct bench_guest;
struct tr_msg;

/* A control message came on this association. */
void bench_far_sink_take(struct bench_guest *guest, const struct tr_msg *m, uint64_t now);

/* Any other message came to this sink. */
void bench_far_sink_judge(struct bench_sink *s, const struct bench_arrival *m, uint64_t now);

/* The association ends. */
void bench_far_sink_gone(struct bench_sink *s, const struct bench_guest *guest);

/* Sends the report when it is due. Returns when to be called next. */
uint64_t bench_far_sink_turn(struct bench_sink *s, uint64_t now);

void bench_far_sink_free(struct bench_sink *s);

#endif
