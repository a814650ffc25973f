/* Recognises messages of a script (script.h), which have no header of the load generator: by their content.
 *
 * Who receives knows the script. On each stream of each association the next message of the script's stream
 * is expected; what comes is compared with it as a whole. If it is another one, it is looked for: first among
 * those that are missing (it is late), then among those ahead (those in between are missing), then among
 * those that came (a duplicate). What is none of the stream's messages is corrupt.
 *
 * Messages with the same content cannot be told apart: of those the one is assumed that makes the fewest
 * faults. A script of one message (--raw) so has no order and no duplicates; what is lost is known from how
 * many were sent.
 *
 * Round trips: the source notes when it sent each message; a reply is matched with it by association, stream
 * and number. One thread. */
#ifndef JUNCTOR_BENCH_RAW_H
#define JUNCTOR_BENCH_RAW_H

#include "bench/script.h"
#include "bench/sequence.h"

struct bench_raw_track; /* a stream of an association */

struct bench_raw {
    const struct bench_script *script;
    bool whole;                      /* all of the script is expected, once, on each association */
    uint32_t streams;                /* of an association */
    struct bench_raw_track **tracks; /* of each association: its streams; NULL: nothing yet */
    uint32_t count, room;            /* associations */
    uint64_t *distinct, *expected;   /* of each stream, over all associations: what came; what was sent */
    bool told;                       /* `expected` is known */
    uint64_t missing;                /* of judges that were merged: passed over by later ones */
    uint64_t seen;                   /* of these: associations */
};

enum bench_raw_kind {
    BENCH_RAW_NEW,
    BENCH_RAW_DUPLICATE,
    BENCH_RAW_CORRUPT, /* none of the stream's messages */
    BENCH_RAW_FOREIGN, /* on a stream that the script does not use */
    BENCH_RAW_NO_MEMORY
};

struct bench_raw_found {
    bool misordered, wrong_ppid;
    uint64_t skipped; /* how far the track's highest number went up */
    uint64_t sent_ns; /* when it was sent; 0: not known */
};

/* False: out of memory. `whole` as above. */
bool bench_raw_init(struct bench_raw *r, const struct bench_script *script, uint32_t streams, bool whole);
void bench_raw_free(struct bench_raw *r);

/* The source sent the next message of this stream. False: out of memory. */
bool bench_raw_sent(struct bench_raw *r, uint32_t association, uint16_t stream, uint64_t sent_ns);

struct bench_raw_arrival {
    uint32_t association; /* any number that tells it from others */
    uint16_t stream;
    uint32_t ppid, len;
    const void *data;
};
enum bench_raw_kind bench_raw_take(struct bench_raw *r, const struct bench_raw_arrival *m,
                                   struct bench_raw_found *found);

/* So many more messages were sent on this stream, of all associations. */
void bench_raw_expect(struct bench_raw *r, uint16_t stream, uint64_t sent);

/* How many are missing: of what was sent; if that is not known, of the whole script or, if it is looped, of
 * what later ones have passed over. */
uint64_t bench_raw_lost(const struct bench_raw *r);

/* Adds what another one found on other associations. */
void bench_raw_merge(struct bench_raw *into, const struct bench_raw *from);

#endif
