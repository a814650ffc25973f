/* A run over time; see series.h. */
#include "bench/series.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/processors.h"

/* A series and what was read last, as they were before the latest interval. */
struct undo {
    uint64_t last_ns;
    unsigned point_count, path_count, cpu_count;
    struct bench_processors processors;
};

struct bench_sampler {
    const struct bench_plan *plan;
    struct undo undo;
    struct bench_processors processors;
    struct bench_reading *last, *before; /* at the end of the latest interval, and of the one before */
    struct bench_histogram interval;     /* scratch */
};

static size_t reading_size(const struct bench_plan *plan)
{
    return sizeof(struct bench_reading) + plan->flow_count * sizeof(struct bench_flow_reading);
}

struct bench_reading *bench_reading_new(const struct bench_plan *plan)
{
    struct bench_reading *r = calloc(1, reading_size(plan));

    if (r)
        r->flow_count = plan->flow_count;
    return r;
}

static void reading_copy(struct bench_reading *to, const struct bench_reading *from)
{
    memcpy(to, from, sizeof *from + from->flow_count * sizeof from->flows[0]);
}

struct bench_sampler *bench_sampler_new(const struct bench_plan *plan)
{
    struct bench_sampler *s = calloc(1, sizeof *s);

    if (!s)
        return NULL;
    s->plan = plan;
    s->last = bench_reading_new(plan);
    s->before = bench_reading_new(plan);
    if (!s->last || !s->before) {
        bench_sampler_free(s);
        return NULL;
    }
    bench_processors_read(&s->processors);
    return s;
}

void bench_sampler_free(struct bench_sampler *s)
{
    if (!s)
        return;
    free(s->last);
    free(s->before);
    free(s);
}

void bench_series_free(struct bench_series *series)
{
    free(series->points);
    free(series->paths);
    free(series->cpus);
    *series = (struct bench_series){0};
}

/* Room for one more row of `size` bytes; NULL: out of memory. */
static void *one_more(struct bench_series *series, void **list, unsigned *count, unsigned *room, size_t size)
{
    if (*count == *room) {
        unsigned more = *room ? 2 * *room : 64;
        void *larger = reallocarray(*list, more, size);
        if (!larger) {
            series->out_of_memory = true;
            return NULL;
        }
        *list = larger;
        *room = more;
    }
    return (char *)*list + (size_t)(*count)++ * size;
}

/* ---- reading ------------------------------------------------------------------------------------------ */

/* Adds what one judge knows about a flow. */
static void read_judged(struct bench_flow_reading *r, const struct bench_judge *j, unsigned flow)
{
    const struct bench_tally *t = j->flows[flow];

    if (!t)
        return;
    r->delivered += t->counts.messages;
    r->bytes += t->counts.bytes;
    r->missing += t->missing;
    bench_histogram_merge(&r->latency, &t->latency);
}

static void read_flow(struct bench_flow_reading *r, const struct bench_sampled *from, unsigned flow)
{
    const struct bench_sink *sink = from->sink;
    const struct bench_traffic *sender = NULL;

    *r = (struct bench_flow_reading){0};
    if (!from->plan->flows[flow].down) {
        sender = from->source ? &from->source->traffic : NULL;
        for (unsigned i = 0; sink && i < sink->judge_count; i++)
            read_judged(r, &sink->judges[i], flow);
        if (!sink && from->back && from->plan->reply) /* what came back is all that is known here */
            read_judged(r, from->back, flow);
    } else {
        sender = sink && sink->senders ? &sink->traffic : NULL;
        if (from->back)
            read_judged(r, from->back, flow);
    }
    r->sent = sender ? sender->flow_sent[flow].messages : 0;
}

static void read_path(struct bench_reading *r, struct tr_endpoint *ep, uint32_t assoc,
                      const struct bench_path_point *about)
{
    struct opt_set got = {0};
    struct tr_error error;
    struct net_addr plain = about->address;
    char text[NET_ADDR_TEXT];

    net_addr_set_port(&plain, 0);
    opt_put_text(&got, OPTF_PAI_ADDRESS, net_addr_format(&plain, text, sizeof text));
    if (tr_get_option(ep, assoc, OPT_PEER_ADDR_INFO, &got, &error) != TR_OK)
        return;
    struct bench_path_point *p = &r->paths[r->path_count++];
    *p = *about;
    p->state = opt_num(&got, OPTF_PAI_STATE, 0);
    p->srtt_ms = (uint32_t)opt_num(&got, OPTF_PAI_SRTT, 0);
    p->rto_ms = (uint32_t)opt_num(&got, OPTF_PAI_RTO, 0);
    p->cwnd = (uint32_t)opt_num(&got, OPTF_PAI_CWND, 0);
}

static void read_paths(struct bench_reading *r, struct tr_endpoint *ep, uint32_t assoc, unsigned index)
{
    struct net_addr addresses[BENCH_ADDRESSES_MAX];
    struct bench_path_point about = {.association = index};
    struct opt_set status = {0};
    struct tr_error error;

    if (tr_get_option(ep, assoc, OPT_STATUS, &status, &error) == TR_OK) {
        about.unacked = (uint32_t)opt_num(&status, OPTF_STATUS_UNACKDATA, 0);
        about.pending = (uint32_t)opt_num(&status, OPTF_STATUS_PENDDATA, 0);
    }
    unsigned count = tr_addresses(ep, assoc, true, addresses, BENCH_ADDRESSES_MAX);
    for (unsigned i = 0; i < count && i < BENCH_ADDRESSES_MAX; i++) {
        about.address = addresses[i];
        read_path(r, ep, assoc, &about);
    }
}

static void read_associations(struct bench_reading *r, const struct bench_sampled *from)
{
    struct tr_error error;
    uint32_t assoc;

    r->path_count = 0;
    for (unsigned i = 0; from->source && i < from->plan->associations && i < BENCH_SERIES_ASSOCIATIONS; i++) {
        struct opt_set got = {0};
        struct tr_endpoint *ep = bench_source_association(from->source, i, &assoc);
        if (ep && tr_get_option(ep, assoc, OPT_ASSOC_STATS, &got, &error) == TR_OK)
            r->retransmitted[i] = (uint64_t)opt_num(&got, OPTF_STATS_RTXCHUNKS, 0);
        if (ep && i < BENCH_SERIES_PATHS)
            read_paths(r, ep, assoc, i);
    }
}

void bench_reading_take(struct bench_reading *r, const struct bench_sampled *from)
{
    read_associations(r, from);
    for (unsigned f = 0; f < r->flow_count; f++)
        read_flow(&r->flows[f], from, f);
}

void bench_reading_add(struct bench_reading *into, const struct bench_reading *from)
{
    for (unsigned i = 0; i < BENCH_SERIES_ASSOCIATIONS; i++)
        into->retransmitted[i] += from->retransmitted[i];
    for (unsigned i = 0; i < from->path_count; i++)
        into->paths[into->path_count++] = from->paths[i];
    for (unsigned f = 0; f < into->flow_count; f++) {
        struct bench_flow_reading *sum = &into->flows[f];
        const struct bench_flow_reading *part = &from->flows[f];
        sum->sent += part->sent;
        sum->delivered += part->delivered;
        sum->bytes += part->bytes;
        sum->missing += part->missing;
        bench_histogram_merge(&sum->latency, &part->latency);
    }
}

/* ---- rows --------------------------------------------------------------------------------------------- */

/* Latencies since the previous interval. The maximum is the top of its bucket. */
static void histogram_since(struct bench_histogram *out, const struct bench_histogram *now,
                            const struct bench_histogram *last)
{
    out->total = now->total - last->total;
    out->max = 0;
    for (unsigned i = 0; i < BENCH_HISTOGRAM_BUCKETS; i++) {
        out->count[i] = now->count[i] - last->count[i];
        if (out->count[i])
            out->max = bench_histogram_bucket_top(i) < now->max ? bench_histogram_bucket_top(i) : now->max;
    }
}

static void point_latency(struct bench_point *p, const struct bench_histogram *h)
{
    p->timed = h->total;
    p->p50 = bench_histogram_quantile(h, 0.5);
    p->p90 = bench_histogram_quantile(h, 0.9);
    p->p99 = bench_histogram_quantile(h, 0.99);
    p->p999 = bench_histogram_quantile(h, 0.999);
    p->max = h->max;
}

/* The sum over the associations that a flow uses, as far as their statistics are read. */
static uint64_t flow_retransmitted(const struct bench_reading *r, const struct bench_flow *f)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < f->associations && f->first_association + i < BENCH_SERIES_ASSOCIATIONS; i++)
        sum += r->retransmitted[f->first_association + i];
    return sum;
}

static uint64_t since(uint64_t now, uint64_t before)
{
    return now > before ? now - before : 0;
}

/* Whether both ends of a flow are in this process, or what was sent comes back to it. */
static bool both_ends(const struct bench_plan *plan)
{
    return plan->role == BENCH_BOTH || (plan->role == BENCH_SOURCE && plan->reply);
}

static void flow_row(struct bench_sampler *s, struct bench_series *series, unsigned flow, double seconds,
                     const struct bench_reading *now)
{
    const struct bench_flow_reading *to = &now->flows[flow], *from = &s->last->flows[flow];
    const struct bench_flow *f = &s->plan->flows[flow];
    struct bench_point *p =
        one_more(series, (void **)&series->points, &series->point_count, &series->point_room, sizeof *p);

    if (!p)
        return;
    *p = (struct bench_point){.at = (double)(series->last_ns - series->start_ns) / 1e9,
                              .seconds = seconds,
                              .flow = flow,
                              .sent = since(to->sent, from->sent),
                              .delivered = since(to->delivered, from->delivered),
                              .bytes = since(to->bytes, from->bytes),
                              .lost = to->missing,
                              .queue = both_ends(s->plan) ? since(to->sent, to->delivered) : 0};
    if (both_ends(s->plan) && s->plan->workers > 1 && !s->plan->fanout && p->lost > p->queue)
        p->lost = p->queue;
    histogram_since(&s->interval, &to->latency, &from->latency);
    point_latency(p, &s->interval);
    p->retransmitted = since(flow_retransmitted(now, f), flow_retransmitted(s->last, f));
}

static void path_rows(struct bench_series *series, const struct bench_reading *now, double at)
{
    for (unsigned i = 0; i < now->path_count; i++) {
        struct bench_path_point *p =
            one_more(series, (void **)&series->paths, &series->path_count, &series->path_room, sizeof *p);
        if (!p)
            return;
        *p = now->paths[i];
        p->at = at;
    }
}

static void cpu_rows(struct bench_sampler *s, struct bench_series *series, double at)
{
    struct bench_processors now;

    bench_processors_read(&now);
    for (unsigned i = 0; i < now.count && i < s->processors.count; i++) {
        struct bench_cpu_point *p =
            one_more(series, (void **)&series->cpus, &series->cpu_count, &series->cpu_room, sizeof *p);
        if (p)
            *p = (struct bench_cpu_point){at, i, bench_processor_busy(&s->processors, &now, i)};
    }
    s->processors = now;
}

static void save(struct bench_sampler *s, const struct bench_series *series)
{
    reading_copy(s->before, s->last);
    s->undo = (struct undo){series->last_ns, series->point_count, series->path_count, series->cpu_count,
                            s->processors};
}

static void restore(struct bench_sampler *s, struct bench_series *series)
{
    reading_copy(s->last, s->before);
    series->last_ns = s->undo.last_ns;
    series->point_count = s->undo.point_count;
    series->path_count = s->undo.path_count;
    series->cpu_count = s->undo.cpu_count;
    s->processors = s->undo.processors;
}

void bench_sampler_stretch(struct bench_sampler *s, struct bench_series *series, uint64_t now_ns,
                           const struct bench_reading *now)
{
    restore(s, series);
    bench_sampler_take(s, series, now_ns, now);
}

void bench_sampler_take(struct bench_sampler *s, struct bench_series *series, uint64_t now_ns,
                        const struct bench_reading *now)
{
    save(s, series);
    double at = (double)(now_ns - series->start_ns) / 1e9;
    double seconds = (double)(now_ns - series->last_ns) / 1e9;

    series->last_ns = now_ns;
    path_rows(series, now, at);
    for (unsigned f = 0; f < s->plan->flow_count; f++)
        flow_row(s, series, f, seconds, now);
    cpu_rows(s, series, at);
    reading_copy(s->last, now);
}
