/* Messages that are sent as they are, without a header of the load generator: those of a capture (--replay),
 * or one (--payload with --raw).
 *
 * Of a capture, what one sender sent on one association is taken: chunks that were sent again are left out,
 * fragments put together, and the messages ordered by the time at which they were complete, each stream's
 * ordered messages by their numbers. Messages of which the capture lacks a part are left out and counted.
 *
 * Immutable once made; any thread. */
#ifndef JUNCTOR_BENCH_SCRIPT_H
#define JUNCTOR_BENCH_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bench_script_message {
    uint64_t at_ns;  /* since the first one, at speed 1 */
    uint64_t offset; /* of its content */
    uint32_t len, ppid;
    uint16_t stream;
    bool unordered;
};

/* The messages of one stream, by their numbers in `messages`. */
struct bench_script_stream {
    uint32_t *messages;
    uint32_t count;
};

struct bench_script {
    struct bench_script_message *messages;
    uint32_t count;   /* at least 1 */
    uint32_t streams; /* one more than the highest */
    uint32_t size_min, size_max;
    uint64_t period_ns;  /* from one round to the next, if it is looped; above 0 */
    uint64_t incomplete; /* messages that were left out */
    bool any_stream;     /* one message, to be sent on whatever stream: `of_stream` has one entry */
    struct bench_script_stream *of_stream;
    uint8_t *content;
};

/* The messages of a capture. `from` chooses the sender: "" if there is only one, "ADDRESS", "ADDRESS:PORT",
 * ":PORT", or its number in the list that the reason gives if there are several. NULL with the reason in
 * `why`. */
struct bench_script *bench_script_replay(const char *file, const char *from, char *why, size_t size);

/* The whole file as one message. NULL with the reason in `why`. */
struct bench_script *bench_script_raw(const char *file, char *why, size_t size);

void bench_script_free(struct bench_script *s); /* NULL is allowed */

static inline const uint8_t *bench_script_data(const struct bench_script *s,
                                               const struct bench_script_message *m)
{
    return s->content + m->offset;
}

/* When message `n`, counted over all rounds, is due: nanoseconds since the first. */
double bench_script_time(const struct bench_script *s, uint64_t n, double speed);

/* How many messages are due until `ns` (included) after the first, in endless rounds if `loop`. */
uint64_t bench_script_due(const struct bench_script *s, uint64_t ns, double speed, bool loop);

/* How many of the first `n` messages, counted over all rounds, are of this stream. */
uint64_t bench_script_share(const struct bench_script *s, uint64_t n, uint16_t stream);

#endif
