/* Recognises messages by their content; see raw.h. */
#include "bench/raw.h"

#include <stdlib.h>
#include <string.h>

#define AHEAD_MAX 65536 /* messages of the stream that are compared, at most */

struct bench_raw_track {
    struct bench_sequence sequence;
    uint64_t highest;    /* one more than the highest ordered number that came */
    uint64_t sent;       /* how many the source sent */
    uint64_t *times;     /* when: a ring of the latest ones */
    uint64_t first_time; /* the number of the oldest in it */
    uint32_t room;       /* of the ring, a power of two */
};

bool bench_raw_init(struct bench_raw *r, const struct bench_script *script, uint32_t streams, bool whole)
{
    *r = (struct bench_raw){.script = script, .streams = streams, .whole = whole};
    r->distinct = calloc(streams, sizeof *r->distinct);
    r->expected = calloc(streams, sizeof *r->expected);
    if (r->distinct && r->expected)
        return true;
    bench_raw_free(r);
    return false;
}

void bench_raw_free(struct bench_raw *r)
{
    for (uint32_t a = 0; a < r->count; a++) {
        for (uint32_t s = 0; r->tracks[a] && s < r->streams; s++) {
            bench_sequence_clear(&r->tracks[a][s].sequence);
            free(r->tracks[a][s].times);
        }
        free(r->tracks[a]);
    }
    free(r->tracks);
    free(r->distinct);
    free(r->expected);
    *r = (struct bench_raw){0};
}

/* NULL: out of memory. */
static struct bench_raw_track *track_of(struct bench_raw *r, uint32_t association, uint16_t stream)
{
    if (association >= r->room) {
        uint32_t room = association < 8 ? 16 : 2 * association;
        struct bench_raw_track **tracks = reallocarray(r->tracks, room, sizeof *tracks);
        if (!tracks)
            return NULL;
        r->tracks = tracks;
        r->room = room;
    }
    while (r->count <= association)
        r->tracks[r->count++] = NULL;
    if (!r->tracks[association]) {
        r->tracks[association] = calloc(r->streams, sizeof **r->tracks);
        r->seen += r->tracks[association] != NULL;
    }
    return r->tracks[association] ? &r->tracks[association][stream] : NULL;
}

/* ---- what was sent ------------------------------------------------------------------------------------ */

/* Doubles the ring; the numbers from first_time to `sent` stay. */
static bool ring_grow(struct bench_raw_track *t)
{
    uint32_t room = t->room ? 2 * t->room : 64;
    uint64_t *times = calloc(room, sizeof *times);

    if (!times)
        return false;
    for (uint64_t n = t->first_time; n < t->sent; n++)
        times[n & (room - 1)] = t->times[n & (t->room - 1)];
    free(t->times);
    t->times = times;
    t->room = room;
    return true;
}

bool bench_raw_sent(struct bench_raw *r, uint32_t association, uint16_t stream, uint64_t sent_ns)
{
    struct bench_raw_track *t = track_of(r, association, stream);

    if (!t || (t->sent - t->first_time >= t->room && !ring_grow(t)))
        return false;
    t->times[t->sent++ & (t->room - 1)] = sent_ns;
    return true;
}

/* When number `n` was sent; all before it are forgotten. */
static uint64_t time_of(struct bench_raw_track *t, uint64_t n)
{
    if (n < t->first_time || n >= t->sent)
        return 0;
    t->first_time = n + 1;
    return t->times[n & (t->room - 1)];
}

/* ---- what comes --------------------------------------------------------------------------------------- */

/* The script's messages of a stream. */
static const struct bench_script_stream *stream_of(const struct bench_raw *r, uint16_t stream)
{
    const struct bench_script *s = r->script;

    if (s->any_stream)
        return &s->of_stream[0];
    return stream < s->streams && s->of_stream[stream].count ? &s->of_stream[stream] : NULL;
}

static const struct bench_script_message *number(const struct bench_raw *r,
                                                 const struct bench_script_stream *of, uint64_t n)
{
    return &r->script->messages[of->messages[n % of->count]];
}

static bool is_number(const struct bench_raw *r, const struct bench_script_stream *of, uint64_t n,
                      const struct bench_raw_arrival *m)
{
    const struct bench_script_message *s = number(r, of, n);

    return s->len == m->len && memcmp(bench_script_data(r->script, s), m->data, m->len) == 0;
}

/* Among those that are missing. */
static bool find_late(const struct bench_raw *r, const struct bench_script_stream *of,
                      const struct bench_raw_track *t, const struct bench_raw_arrival *m, uint64_t *n)
{
    unsigned tries = 0;

    for (uint32_t g = 0; g < t->sequence.gap_count; g++)
        for (uint64_t i = t->sequence.gaps[g].first; i < t->sequence.gaps[g].end && tries++ < AHEAD_MAX; i++)
            if (is_number(r, of, i, m)) {
                *n = i;
                return true;
            }
    return false;
}

/* Which number of its stream the message is. */
static bool find(const struct bench_raw *r, const struct bench_script_stream *of,
                 const struct bench_raw_track *t, const struct bench_raw_arrival *m, uint64_t *n)
{
    uint64_t next = t->sequence.next, round = of->count < AHEAD_MAX ? of->count : AHEAD_MAX;

    *n = next;
    if (!(r->whole && next >= of->count) && is_number(r, of, next, m))
        return true;
    if (find_late(r, of, t, m, n))
        return true;
    for (*n = next + 1; *n < next + round && !(r->whole && *n >= of->count); ++*n)
        if (is_number(r, of, *n, m))
            return true;
    for (*n = next; *n > 0 && next - *n < round;)
        if (is_number(r, of, --*n, m))
            return true;
    return false;
}

enum bench_raw_kind bench_raw_take(struct bench_raw *r, const struct bench_raw_arrival *m,
                                   struct bench_raw_found *found)
{
    const struct bench_script_stream *of = m->stream < r->streams ? stream_of(r, m->stream) : NULL;
    uint64_t n;

    *found = (struct bench_raw_found){0};
    if (!of)
        return BENCH_RAW_FOREIGN;
    struct bench_raw_track *t = track_of(r, m->association, m->stream);
    if (!t)
        return BENCH_RAW_NO_MEMORY;
    if (!find(r, of, t, m, &n))
        return BENCH_RAW_CORRUPT;
    uint64_t next = t->sequence.next;
    enum bench_sequence_kind kind = bench_sequence_take(&t->sequence, n);
    if (kind == BENCH_SEQUENCE_DUPLICATE)
        return BENCH_RAW_DUPLICATE;
    if (kind == BENCH_SEQUENCE_NO_MEMORY)
        return BENCH_RAW_NO_MEMORY;
    r->distinct[m->stream]++;
    found->skipped = t->sequence.next - next;
    found->sent_ns = time_of(t, n);
    found->wrong_ppid = !r->script->any_stream && number(r, of, n)->ppid != m->ppid;
    if (r->script->any_stream || number(r, of, n)->unordered)
        return BENCH_RAW_NEW;
    found->misordered = n < t->highest;
    t->highest = n >= t->highest ? n + 1 : t->highest;
    return BENCH_RAW_NEW;
}

/* ---- loss --------------------------------------------------------------------------------------------- */

void bench_raw_expect(struct bench_raw *r, uint16_t stream, uint64_t sent)
{
    r->told = true;
    if (stream < r->streams)
        r->expected[stream] += sent;
}

static uint64_t passed_over(const struct bench_raw *r)
{
    uint64_t sum = r->missing;

    for (uint32_t a = 0; a < r->count; a++)
        for (uint32_t s = 0; r->tracks[a] && s < r->streams; s++)
            sum += bench_sequence_missing(&r->tracks[a][s].sequence, 0);
    return sum;
}

uint64_t bench_raw_lost(const struct bench_raw *r)
{
    uint64_t lost = 0;

    if (!r->told && (!r->whole || r->script->any_stream))
        return passed_over(r);
    for (uint32_t s = 0; s < r->streams; s++) {
        uint64_t expected =
            r->told ? r->expected[s] : r->seen * bench_script_share(r->script, r->script->count, (uint16_t)s);
        lost += expected > r->distinct[s] ? expected - r->distinct[s] : 0;
    }
    return lost;
}

void bench_raw_merge(struct bench_raw *into, const struct bench_raw *from)
{
    for (uint32_t s = 0; s < into->streams; s++) {
        into->distinct[s] += from->distinct[s];
        into->expected[s] += from->expected[s];
    }
    into->told |= from->told;
    into->missing += passed_over(from);
    into->seen += from->seen;
}
