/* Judges what arrives; see judge.h. */
#include "bench/judge.h"

#include <stdlib.h>
#include <string.h>

#include "bench/payload.h"

void bench_judge_init(struct bench_judge *j, uint16_t clock, bool verify)
{
    memset(j, 0, sizeof *j);
    j->clock = clock;
    j->verify = verify;
}

static void run_free(struct bench_run *r)
{
    uint64_t flows = (uint64_t)r->associations * r->streams;

    for (uint64_t i = 0; i < flows; i++)
        bench_sequence_clear(&r->flows[i].sequence);
    free(r->flows);
    for (unsigned place = 0; place < BENCH_PLACES_MAX; place++)
        free(r->highest[place]);
}

void bench_judge_free(struct bench_judge *j)
{
    for (unsigned i = 0; i < j->run_count; i++)
        run_free(&j->runs[i]);
    free(j->runs);
    j->runs = NULL;
    j->run_count = 0;
}

void bench_judge_reset(struct bench_judge *j, uint32_t only_run)
{
    bench_judge_free(j);
    bench_judge_init(j, j->clock, j->verify);
    j->only_run = only_run;
}

/* The run's record, made at its first message; NULL where there is none to be had. */
static struct bench_run *run_add(struct bench_judge *j, uint32_t id, uint32_t associations, uint32_t streams)
{
    uint64_t flows = (uint64_t)associations * streams;

    if (j->run_count == BENCH_RUNS_MAX || flows == 0 || flows > BENCH_FLOWS_MAX)
        return NULL;
    struct bench_run *runs = reallocarray(j->runs, j->run_count + 1, sizeof *runs);
    if (!runs)
        return NULL;
    j->runs = runs;
    struct bench_run *r = &runs[j->run_count];
    *r = (struct bench_run){.id = id, .associations = associations, .streams = streams};
    r->flows = calloc(flows, sizeof *r->flows);
    if (!r->flows)
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

static bool flow_complete(const struct bench_flow *f)
{
    return f->known && f->sequence.distinct == f->end;
}

/* An ordered message must come above all ordered ones of its flow that came to the same place before. One
 * that is the highest of its flow anywhere is so by itself. */
static void judge_order(struct bench_judge *j, struct bench_run *r, unsigned place, uint64_t flow,
                        uint64_t sequence)
{
    uint64_t *highest = r->highest[place];

    if (!highest) {
        highest = r->highest[place] = calloc((uint64_t)r->associations * r->streams, sizeof *highest);
        if (!highest) {
            j->out_of_memory = true;
            return;
        }
    }
    if (sequence < highest[flow])
        j->counts.misordered++;
    else
        highest[flow] = sequence + 1;
}

static void measure(struct bench_judge *j, const struct bench_payload *p, uint64_t now_ns)
{
    struct bench_counts *c = &j->counts;

    if (c->measured == 0)
        c->first_ns = now_ns;
    if (now_ns == c->first_ns)
        c->at_first++;
    c->last_ns = now_ns;
    c->measured++;
    c->measured_bytes += p->size;
    if (p->clock == j->clock)
        bench_histogram_add(&j->latency, now_ns > p->intended_ns ? now_ns - p->intended_ns : 0);
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
        p->association >= p->associations || p->stream >= p->streams) {
        j->counts.foreign++;
        return false;
    }
    return true;
}

void bench_judge_take(struct bench_judge *j, unsigned place, const struct bench_arrival *m, uint64_t now_ns)
{
    struct bench_counts *c = &j->counts;
    struct bench_payload p;

    if (!readable(j, m, &p))
        return;
    struct bench_run *r = run_find(j, p.run, p.associations, p.streams);
    if (!r) {
        c->foreign++;
        return;
    }
    uint64_t index = (uint64_t)p.association * r->streams + p.stream;
    struct bench_flow *flow = &r->flows[index];
    enum bench_sequence_kind kind = bench_sequence_take(&flow->sequence, p.sequence);

    if (kind == BENCH_SEQUENCE_DUPLICATE) {
        c->duplicated++;
        return;
    }
    if (kind == BENCH_SEQUENCE_NO_MEMORY)
        j->out_of_memory = true;
    if (!(p.flags & BENCH_PAYLOAD_UNORDERED))
        judge_order(j, r, place, index, p.sequence);
    if (p.flags & BENCH_PAYLOAD_LAST) {
        flow->end = p.sequence + 1;
        flow->known = true;
        j->ending = true;
    }
    if (flow_complete(flow))
        r->complete++;

    c->messages++;
    c->bytes += p.size;
    if (m->stream != p.stream)
        c->stream_changed++;
    if (m->ppid != p.ppid) {
        c->wrong_ppid++;
        c->corrupt++;
    }
    if (!(p.flags & BENCH_PAYLOAD_WARMUP))
        measure(j, &p, now_ns);
}

void bench_judge_expect(struct bench_judge *j, uint32_t run, uint32_t associations, uint32_t streams,
                        uint32_t association, uint32_t stream, uint64_t sent)
{
    struct bench_run *r = run_find(j, run, associations, streams);

    if (!r)
        return;
    struct bench_flow *flow = &r->flows[(uint64_t)association * streams + stream];
    bool before = flow_complete(flow);
    flow->end = sent;
    flow->known = true;
    r->complete += flow_complete(flow) && !before;
}

uint64_t bench_judge_lost(const struct bench_judge *j, uint64_t *open)
{
    uint64_t lost = 0;

    *open = 0;
    for (unsigned i = 0; i < j->run_count; i++) {
        const struct bench_run *r = &j->runs[i];
        for (uint64_t n = 0; n < (uint64_t)r->associations * r->streams; n++) {
            const struct bench_flow *f = &r->flows[n];
            lost += bench_sequence_missing(&f->sequence, f->known ? f->end : 0);
            *open += !f->known && f->sequence.next > 0;
        }
    }
    return lost;
}

bool bench_judge_complete(const struct bench_judge *j)
{
    for (unsigned i = 0; i < j->run_count; i++)
        if (j->runs[i].complete < (uint64_t)j->runs[i].associations * j->runs[i].streams)
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
