/* Checks what arrives: loss, duplicates, order, corruption, latency.
 *
 * SCTP keeps order within one stream of one source association of one run: a track. The payload names the
 * track, so a broker may carry several source associations over one of its own. The payload also names the
 * flow, for which counts are kept.
 *
 *   lost        a number of the track that never came. Exact when the track's end is known: from its last
 *               message, which is marked, or from the source itself (bench_judge_expect).
 *   duplicated  a number that came before.
 *   misordered  an ordered message came after one with a higher number of its track at the same place. A
 *               place is a listening endpoint; a track spread over several is checked at each one separately.
 *               There is no order between an association that was opened again and the one before.
 *   corrupt     damaged, or with another PPID than it was sent with.
 *   foreign     not from the load generator, or of a run that is not awaited.
 *
 * Latency is measured from the time in the payload, if sender and receiver share a clock. Messages that are
 * sent as they are, without our header, are recognised by their content (raw.h). No sockets; one thread. */
#ifndef JUNCTOR_BENCH_JUDGE_H
#define JUNCTOR_BENCH_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/histogram.h"
#include "bench/raw.h"
#include "bench/sequence.h"
#include "bench/trail.h"

#ifdef __cplusplus
extern "C" {
#endif

#define BENCH_RUNS_MAX   64         /* runs one judge follows at a time */
#define BENCH_TRACKS_MAX (1u << 22) /* tracks of a run: associations × streams */
#define BENCH_FLOWS_MAX  64
#define BENCH_PLACES_MAX 16

struct bench_track {
    struct bench_sequence sequence;
    uint64_t end; /* how many the source sent, once known */
    bool known;
    uint8_t flow; /* that uses it */
};

struct bench_run {
    uint32_t id, associations, streams;
    uint64_t begun, ended, complete;     /* tracks seen or announced; of these, those whose last message came,
                                            and the complete ones */
    struct bench_track *tracks;          /* associations × streams */
    uint64_t *highest[BENCH_PLACES_MAX]; /* per track: one more than the highest ordered number there, and
                                            above 48 bits the incarnation it came in */
};

/* Counts of the run as a whole, and of the part after the warm-up. */
struct bench_counts {
    uint64_t messages, bytes; /* distinct messages */
    uint64_t duplicated, misordered, corrupt, foreign;
    uint64_t wrong_ppid;     /* those of `corrupt` that came with another PPID */
    uint64_t stream_changed; /* came with another stream number than they were sent with: not an error */
    uint64_t measured, measured_bytes;
    uint64_t first_ns, last_ns; /* measured messages: when the first and the last came */
    uint64_t at_first;          /* how many came together with the first */
};

/* What arrived of one flow. */
struct bench_tally {
    struct bench_counts counts;
    struct bench_histogram latency;
    uint64_t missing;           /* now: passed over by a later message of their track */
    uint64_t last_ns;           /* when the latest message came */
    uint64_t gap_ns, gap_at_ns; /* the longest time without one, and when it ended */
    struct bench_trail *trail;  /* for judges that will be merged; else NULL */
};

struct bench_judge {
    uint32_t only_run; /* 0: any run */
    uint16_t clock;    /* this host's, see bench_payload */
    bool verify;       /* compare whole payloads */
    bool other_known;  /* messages with times of another clock are timed, too: */
    uint16_t other_clock;
    int64_t other_behind_ns; /* by which that one is behind ours */
    uint64_t trail_ns;       /* not 0: it will be merged with others, whose trails begin at this time, too */
    bool out_of_memory;      /* a run or track could not be followed: the counts are not exact */
    bool ending;             /* the last message of some track has come: its source is about to end */
    struct bench_counts counts;
    struct bench_histogram latency;
    struct bench_tally *flows[BENCH_FLOWS_MAX]; /* NULL: nothing of it came */
    struct bench_run *runs;
    unsigned run_count;
    struct bench_raw *raw; /* messages without our header are awaited; NULL: those with it */
};

/* A message as it was received. */
struct bench_arrival {
    const void *data;
    uint32_t len, ppid;
    uint16_t stream;
    uint32_t association; /* of messages without our header: whatever tells it from others */
};

void bench_judge_init(struct bench_judge *j, uint16_t clock, bool verify);
void bench_judge_free(struct bench_judge *j);

/* Resets everything; from now on messages of `only_run` (0: of any run) are awaited. */
void bench_judge_reset(struct bench_judge *j, uint32_t only_run);

/* From now on, until the next reset, messages of a script are awaited; see raw.h. They are all of flow 0.
 * False: out of memory. */
bool bench_judge_await_raw(struct bench_judge *j, const struct bench_script *script, uint32_t streams,
                           bool whole);

/* Checks a message that arrived at `place` (below BENCH_PLACES_MAX) at `now_ns`. */
void bench_judge_take(struct bench_judge *j, unsigned place, const struct bench_arrival *m, uint64_t now_ns);

/* Adds what another judge found that checked other messages of the same runs at the same time, so that the
 * result is that of one judge that took all messages of both: loss is exact, also for tracks of which both
 * saw a part, and so are counts, latencies and (see trail.h) gaps. Two things only a single judge could tell:
 * the order of two messages that came to different judges is not checked, and of a message that came to both
 * the bytes and the latency count twice. `from` keeps what it has. */
void bench_judge_merge(struct bench_judge *into, const struct bench_judge *from);

struct bench_expected {
    uint32_t run, associations, streams; /* as in the payload */
    uint32_t association, stream;
    uint8_t flow;
    uint64_t sent;
};

/* Sets how many messages the source sent on a track, even if none of that run ever came. */
void bench_judge_expect(struct bench_judge *j, const struct bench_expected *e);

/* Messages missing from all tracks whose end is known. *open is the number of tracks of which something came
 * and whose end is not known. */
uint64_t bench_judge_lost(const struct bench_judge *j, uint64_t *open);

/* Adds those of each flow on `count` associations from `first` on to lost[flow] (BENCH_FLOWS_MAX
 * elements). */
void bench_judge_flows_lost(const struct bench_judge *j, unsigned first, unsigned count, uint64_t *lost);

/* True when something came and every track of every run is complete. */
bool bench_judge_complete(const struct bench_judge *j);

/* True when something came and every track seen or announced is complete. */
bool bench_judge_settled(const struct bench_judge *j);

/* True when something came, and of every track seen or announced the last message, whatever is missing before
 * it: all that an association can bring that continues one that was aborted. */
bool bench_judge_ended(const struct bench_judge *j);

/* Measured messages a second, from the first to the last; 0 if there are too few. */
double bench_counts_rate(const struct bench_counts *c);
double bench_counts_mbits(const struct bench_counts *c); /* 10^6 bits of user data per second */
double bench_counts_seconds(const struct bench_counts *c);

/* Adds the counts of another judge of the same run. */
void bench_counts_add(struct bench_counts *into, const struct bench_counts *from);

#ifdef __cplusplus
}
#endif
#endif
