/* Judges what arrives; see judge.h. */
#include "bench/judge.h"

#include <stdlib.h>
#include <string.h>

#include "bench/payload.h"

#define INCARNATION_SHIFT 48

void bench_judge_init(struct bench_judge *j, uint16_t clock, bool verify)
{
    memset(j, 0, sizeof *j);
    j->clock = clock;
    j->verify = verify;
}

static void run_free(struct bench_run *r)
{
    uint64_t tracks = (uint64_t)r->associations * r->streams;

    for (uint64_t i = 0; i < tracks; i++)
        bench_sequence_clear(&r->tracks[i].sequence);
    free(r->tracks);
    for (unsigned place = 0; place < BENCH_PLACES_MAX; place++)
        free(r->highest[place]);
}

void bench_judge_free(struct bench_judge *j)
{
    for (unsigned i = 0; i < j->run_count; i++)
        run_free(&j->runs[i]);
    for (unsigned i = 0; i < BENCH_FLOWS_MAX; i++) {
        if (j->flows[i])
            free(j->flows[i]->trail);
        free(j->flows[i]);
        j->flows[i] = NULL;
    }
    free(j->runs);
    j->runs = NULL;
    j->run_count = 0;
    if (j->raw)
        bench_raw_free(j->raw);
    free(j->raw);
    j->raw = NULL;
}

void bench_judge_reset(struct bench_judge *j, uint32_t only_run)
{
    bench_judge_free(j);
    bench_judge_init(j, j->clock, j->verify);
    j->only_run = only_run; /* and no trails */
}

/* The run's record, allocated at its first message; NULL: out of memory, or too many runs or tracks. */
static struct bench_run *run_add(struct bench_judge *j, uint32_t id, uint32_t associations, uint32_t streams)
{
    uint64_t tracks = (uint64_t)associations * streams;

    if (j->run_count == BENCH_RUNS_MAX || tracks == 0 || tracks > BENCH_TRACKS_MAX)
        return NULL;
    struct bench_run *runs = reallocarray(j->runs, j->run_count + 1, sizeof *runs);
    if (!runs)
        return NULL;
    j->runs = runs;
    struct bench_run *r = &runs[j->run_count];
    *r = (struct bench_run){.id = id, .associations = associations, .streams = streams};
    r->tracks = calloc(tracks, sizeof *r->tracks);
    if (!r->tracks)
        return NULL;
    j->run_count++;
    return r;
}

static struct bench_run *run_find(struct bench_judge *j, uint32_t id, uint32_t associations, uint32_t streams)
{
    for (unsigned i = 0; i < j->run_count; i++)
        if (j->runs[i].id == id)
            return j->runs[i].associations == associations && j->runs[i].streams == streams ? &j->runs[i]
                                                                                            : NULL;
    struct bench_run *r = run_add(j, id, associations, streams);
    if (!r)
        j->out_of_memory = true;
    return r;
}

static bool track_complete(const struct bench_track *f)
{
    return f->known && f->sequence.distinct == f->end;
}

/* An ordered message must have a higher number than all ordered ones of its track that came to the same place
 * before it. The highest of its track at any place always has. True if it is out of order. */
static bool out_of_order(struct bench_judge *j, struct bench_run *r, unsigned place, uint64_t track,
                         const struct bench_payload *p)
{
    uint64_t incarnation = (uint64_t)p->incarnation << INCARNATION_SHIFT;
    uint64_t *highest = r->highest[place];

    if (!highest) {
        highest = r->highest[place] = calloc((uint64_t)r->associations * r->streams, sizeof *highest);
        if (!highest) {
            j->out_of_memory = true;
            return false;
        }
    }
    int16_t newer = (int16_t)(p->incarnation - (highest[track] >> INCARNATION_SHIFT));
    if (newer < 0)
        return false; /* the rest of the previous association: its order is no longer known */
    if (newer == 0 && (incarnation | p->sequence) < highest[track])
        return true;
    highest[track] = (incarnation | p->sequence) + 1;
    return false;
}

static void measure(struct bench_counts *c, uint32_t size, uint64_t now_ns)
{
    if (c->measured == 0)
        c->first_ns = now_ns;
    if (now_ns == c->first_ns)
        c->at_first++;
    c->last_ns = now_ns;
    c->measured++;
    c->measured_bytes += size;
}

/* Counts a message that is known not to be a duplicate. */
struct finding {
    bool misordered, stream_changed, wrong_ppid, warmup, timed;
    uint64_t latency_ns;
};

static void count(struct bench_counts *c, struct bench_histogram *latency, uint32_t size,
                  const struct finding *f, uint64_t now_ns)
{
    c->messages++;
    c->bytes += size;
    c->misordered += f->misordered;
    c->stream_changed += f->stream_changed;
    c->wrong_ppid += f->wrong_ppid;
    c->corrupt += f->wrong_ppid;
    if (f->warmup)
        return;
    measure(c, size, now_ns);
    if (f->timed)
        bench_histogram_add(latency, f->latency_ns);
}

static struct bench_tally *tally_of(struct bench_judge *j, unsigned flow)
{
    struct bench_tally *t = j->flows[flow];

    if (t)
        return t;
    t = j->flows[flow] = calloc(1, sizeof *t);
    if (t && j->trail_ns && (t->trail = malloc(sizeof *t->trail)))
        bench_trail_init(t->trail, j->trail_ns);
    if (!t || (j->trail_ns && !t->trail))
        j->out_of_memory = true;
    return t;
}

static bool readable(struct bench_judge *j, const struct bench_arrival *m, struct bench_payload *p)
{
    enum bench_payload_state state = bench_payload_decode(m->data, m->len, p);

    if (state == BENCH_PAYLOAD_GOOD && j->verify && !bench_payload_verify(m->data, m->len))
        state = BENCH_PAYLOAD_CORRUPT;
    if (state == BENCH_PAYLOAD_CORRUPT) {
        j->counts.corrupt++;
        return false;
    }
    if (state == BENCH_PAYLOAD_FOREIGN || (j->only_run && p->run != j->only_run) ||
        p->association >= p->associations || p->stream >= p->streams || p->flow >= BENCH_FLOWS_MAX) {
        j->counts.foreign++;
        return false;
    }
    return true;
}

/* Records that a message of a flow came, `skipped` numbers above the previous one. */
static void tally_arrival(struct bench_tally *t, uint64_t skipped, uint64_t now_ns)
{
    t->missing += skipped - 1; /* one of the missing messages has come, possibly this one */
    if (t->last_ns && now_ns - t->last_ns > t->gap_ns) {
        t->gap_ns = now_ns - t->last_ns;
        t->gap_at_ns = now_ns;
    }
    t->last_ns = now_ns;
    if (t->trail)
        bench_trail_add(t->trail, now_ns);
}

/* Records the number of a message in its track; false if it came before. */
static bool track_take(struct bench_judge *j, struct bench_run *r, struct bench_track *track,
                       const struct bench_payload *p, uint64_t *skipped)
{
    uint64_t next = track->sequence.next;
    enum bench_sequence_kind kind = bench_sequence_take(&track->sequence, p->sequence);

    *skipped = track->sequence.next - next;
    if (kind == BENCH_SEQUENCE_DUPLICATE)
        return false;
    if (kind == BENCH_SEQUENCE_NO_MEMORY)
        j->out_of_memory = true;
    if (track->sequence.distinct == 1) {
        r->begun += !track->known;
        track->flow = (uint8_t)p->flow;
    }
    if (p->flags & BENCH_PAYLOAD_LAST) {
        r->ended += !track->known;
        track->end = p->sequence + 1;
        track->known = true;
        j->ending = true;
    }
    if (track_complete(track))
        r->complete++;
    return true;
}

bool bench_judge_await_raw(struct bench_judge *j, const struct bench_script *script, uint32_t streams,
                           bool whole)
{
    j->raw = calloc(1, sizeof *j->raw);
    if (j->raw && bench_raw_init(j->raw, script, streams, whole))
        return true;
    free(j->raw);
    j->raw = NULL;
    return false;
}

static void take_raw(struct bench_judge *j, const struct bench_arrival *m, uint64_t now_ns)
{
    struct bench_raw_arrival a = {m->association, m->stream, m->ppid, m->len, m->data};
    struct bench_tally *tally = tally_of(j, 0);
    struct bench_raw_found found;

    switch (bench_raw_take(j->raw, &a, &found)) {
    case BENCH_RAW_NEW:
        break;
    case BENCH_RAW_DUPLICATE:
        j->counts.duplicated++;
        if (tally)
            tally->counts.duplicated++;
        return;
    case BENCH_RAW_CORRUPT:
        j->counts.corrupt++;
        return;
    case BENCH_RAW_FOREIGN:
        j->counts.foreign++;
        return;
    case BENCH_RAW_NO_MEMORY:
        j->out_of_memory = true;
        return;
    }
    struct finding f = {.misordered = found.misordered,
                        .wrong_ppid = found.wrong_ppid,
                        .timed = found.sent_ns != 0,
                        .latency_ns = now_ns > found.sent_ns ? now_ns - found.sent_ns : 0};
    count(&j->counts, &j->latency, m->len, &f, now_ns);
    if (tally) {
        count(&tally->counts, &tally->latency, m->len, &f, now_ns);
        tally_arrival(tally, found.skipped, now_ns);
    }
}

void bench_judge_take(struct bench_judge *j, unsigned place, const struct bench_arrival *m, uint64_t now_ns)
{
    struct bench_payload p;

    if (j->raw) {
        take_raw(j, m, now_ns);
        return;
    }
    if (!readable(j, m, &p))
        return;
    struct bench_run *r = run_find(j, p.run, p.associations, p.streams);
    if (!r) {
        j->counts.foreign++;
        return;
    }
    uint64_t index = (uint64_t)p.association * r->streams + p.stream;
    struct bench_tally *tally = tally_of(j, p.flow);
    uint64_t skipped;
    if (!track_take(j, r, &r->tracks[index], &p, &skipped)) {
        j->counts.duplicated++;
        if (tally)
            tally->counts.duplicated++;
        return;
    }
    struct finding f = {.stream_changed = m->stream != p.stream,
                        .wrong_ppid = m->ppid != p.ppid,
                        .warmup = p.flags & BENCH_PAYLOAD_WARMUP,
                        .timed = p.clock == j->clock || (j->other_known && p.clock == j->other_clock)};
    uint64_t sent_ns = p.clock == j->clock ? p.intended_ns : p.intended_ns + (uint64_t)j->other_behind_ns;
    f.latency_ns = (int64_t)(now_ns - sent_ns) > 0 ? now_ns - sent_ns : 0;
    if (!(p.flags & BENCH_PAYLOAD_UNORDERED))
        f.misordered = out_of_order(j, r, place, index, &p);
    count(&j->counts, &j->latency, p.size, &f, now_ns);
    if (tally) {
        count(&tally->counts, &tally->latency, p.size, &f, now_ns);
        tally_arrival(tally, skipped, now_ns);
    }
}

/* ---- several judges ----------------------------------------------------------------------------------- */

/* A message that came to both judges is a duplicate, not one more. */
static void count_twice(struct bench_counts *c, uint64_t twice)
{
    c->messages -= twice < c->messages ? twice : c->messages;
    c->duplicated += twice;
}

static void track_merge(struct bench_judge *j, struct bench_track *into, const struct bench_track *from)
{
    uint64_t twice = bench_sequence_merge(&into->sequence, &from->sequence);

    if (twice == UINT64_MAX) {
        j->out_of_memory = true;
        return;
    }
    if (from->sequence.distinct > 0 || from->known)
        into->flow = from->flow;
    if (from->known && (!into->known || from->end > into->end))
        into->end = from->end;
    into->known |= from->known;
    if (twice == 0)
        return;
    count_twice(&j->counts, twice);
    if (j->flows[into->flow])
        count_twice(&j->flows[into->flow]->counts, twice);
}

static void run_merge(struct bench_judge *j, const struct bench_run *from)
{
    struct bench_run *into = run_find(j, from->id, from->associations, from->streams);

    if (!into)
        return;
    into->begun = into->ended = into->complete = 0;
    for (uint64_t i = 0; i < (uint64_t)from->associations * from->streams; i++) {
        struct bench_track *track = &into->tracks[i];
        track_merge(j, track, &from->tracks[i]);
        into->begun += track->known || track->sequence.distinct > 0;
        into->ended += track->known;
        into->complete += track_complete(track);
    }
}

static void tally_merge(struct bench_judge *j, unsigned flow, const struct bench_tally *from)
{
    struct bench_tally *into = tally_of(j, flow);

    if (!into)
        return;
    bench_counts_add(&into->counts, &from->counts);
    bench_histogram_merge(&into->latency, &from->latency);
    into->missing += from->missing;
    into->last_ns = from->last_ns > into->last_ns ? from->last_ns : into->last_ns;
    if (!into->trail || !from->trail)
        return;
    bench_trail_merge(into->trail, from->trail);
    into->gap_ns = bench_trail_gap(into->trail, &into->gap_at_ns);
}

void bench_judge_merge(struct bench_judge *into, const struct bench_judge *from)
{
    bench_counts_add(&into->counts, &from->counts);
    bench_histogram_merge(&into->latency, &from->latency);
    for (unsigned f = 0; f < BENCH_FLOWS_MAX; f++)
        if (from->flows[f])
            tally_merge(into, f, from->flows[f]);
    for (unsigned i = 0; i < from->run_count; i++)
        run_merge(into, &from->runs[i]);
    if (into->raw && from->raw)
        bench_raw_merge(into->raw, from->raw);
    into->out_of_memory |= from->out_of_memory;
    into->ending |= from->ending;
}

/* ---- loss --------------------------------------------------------------------------------------------- */

void bench_judge_expect(struct bench_judge *j, const struct bench_expected *e)
{
    struct bench_run *r = run_find(j, e->run, e->associations, e->streams);

    if (!r)
        return;
    struct bench_track *track = &r->tracks[(uint64_t)e->association * e->streams + e->stream];
    bool before = track_complete(track);
    r->begun += !track->known && track->sequence.distinct == 0;
    r->ended += !track->known;
    track->end = e->sent;
    track->known = true;
    track->flow = e->flow;
    r->complete += track_complete(track) && !before;
}

uint64_t bench_judge_lost(const struct bench_judge *j, uint64_t *open)
{
    uint64_t lost = 0;

    *open = 0;
    if (j->raw)
        return bench_raw_lost(j->raw);
    for (unsigned i = 0; i < j->run_count; i++) {
        const struct bench_run *r = &j->runs[i];
        for (uint64_t n = 0; n < (uint64_t)r->associations * r->streams; n++) {
            const struct bench_track *t = &r->tracks[n];
            lost += bench_sequence_missing(&t->sequence, t->known ? t->end : 0);
            *open += !t->known && t->sequence.next > 0;
        }
    }
    return lost;
}

void bench_judge_flows_lost(const struct bench_judge *j, unsigned first, unsigned count, uint64_t *lost)
{
    if (j->raw && first == 0)
        lost[0] += bench_raw_lost(j->raw);
    for (unsigned i = 0; i < j->run_count; i++) {
        const struct bench_run *r = &j->runs[i];
        uint64_t end = (uint64_t)first + count < r->associations ? first + count : r->associations;
        for (uint64_t n = (uint64_t)first * r->streams; n < end * r->streams; n++) {
            const struct bench_track *t = &r->tracks[n];
            lost[t->flow] += bench_sequence_missing(&t->sequence, t->known ? t->end : 0);
        }
    }
}

bool bench_judge_complete(const struct bench_judge *j)
{
    for (unsigned i = 0; i < j->run_count; i++)
        if (j->runs[i].complete < (uint64_t)j->runs[i].associations * j->runs[i].streams)
            return false;
    return j->run_count > 0;
}

bool bench_judge_settled(const struct bench_judge *j)
{
    for (unsigned i = 0; i < j->run_count; i++)
        if (j->runs[i].complete < j->runs[i].begun)
            return false;
    return j->run_count > 0;
}

bool bench_judge_ended(const struct bench_judge *j)
{
    for (unsigned i = 0; i < j->run_count; i++)
        if (j->runs[i].ended < j->runs[i].begun)
            return false;
    return j->run_count > 0;
}

double bench_counts_seconds(const struct bench_counts *c)
{
    return (double)(c->last_ns - c->first_ns) / 1e9;
}

double bench_counts_rate(const struct bench_counts *c)
{
    if (c->last_ns == c->first_ns)
        return 0;
    return (double)(c->measured - c->at_first) / bench_counts_seconds(c);
}

double bench_counts_mbits(const struct bench_counts *c)
{
    return c->measured ? bench_counts_rate(c) * 8e-6 * (double)c->measured_bytes / (double)c->measured : 0;
}

void bench_counts_add(struct bench_counts *into, const struct bench_counts *from)
{
    if (from->measured > 0) {
        bool earlier = into->measured == 0 || from->first_ns < into->first_ns;
        if (!earlier && from->first_ns == into->first_ns)
            into->at_first += from->at_first;
        if (earlier) {
            into->first_ns = from->first_ns;
            into->at_first = from->at_first;
        }
        if (from->last_ns > into->last_ns)
            into->last_ns = from->last_ns;
    }
    into->messages += from->messages;
    into->bytes += from->bytes;
    into->duplicated += from->duplicated;
    into->misordered += from->misordered;
    into->corrupt += from->corrupt;
    into->foreign += from->foreign;
    into->wrong_ppid += from->wrong_ppid;
    into->stream_changed += from->stream_changed;
    into->measured += from->measured;
    into->measured_bytes += from->measured_bytes;
}
