/* A run over time; see series.h. */
#include "bench/series.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/processors.h"

/* The totals of one flow at the end of the previous interval. */
struct before {
    uint64_t sent, delivered, bytes, retransmitted;
    struct bench_histogram latency;
};

/* A series and what was read last, as they were before the latest interval; the flows' stand behind s->flows.
 */
struct undo {
    uint64_t last_ns;
    unsigned point_count, path_count, cpu_count;
    struct bench_processors processors;
};

struct bench_sampler {
    struct bench_sampled from;
    struct undo undo;
    struct bench_processors processors;
    uint64_t retransmitted[BENCH_SERIES_ASSOCIATIONS]; /* so far, of each association */
    struct bench_histogram merged, interval;           /* scratch */
    struct before
        flows[]; /* twice as many as there are flows: the second half as before the latest interval */
};

struct bench_sampler *bench_sampler_new(const struct bench_sampled *from)
{
    struct bench_sampler *s = calloc(1, sizeof *s + 2 * from->plan->flow_count * sizeof s->flows[0]);

    if (!s)
        return NULL;
    s->from = *from;
    bench_processors_read(&s->processors);
    return s;
}

void bench_sampler_free(struct bench_sampler *s)
{
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

/* ---- flows ------------------------------------------------------------------------------------------ */

/* Latencies since the previous interval; `last` becomes `now`. The maximum is the top of its bucket. */
static void histogram_since(struct bench_histogram *out, const struct bench_histogram *now,
                            struct bench_histogram *last)
{
    out->total = now->total - last->total;
    out->max = 0;
    for (unsigned i = 0; i < BENCH_HISTOGRAM_BUCKETS; i++) {
        out->count[i] = now->count[i] - last->count[i];
        if (out->count[i])
            out->max = bench_histogram_bucket_top(i) < now->max ? bench_histogram_bucket_top(i) : now->max;
    }
    *last = *now;
}

/* Adds what one judge knows about a flow. */
static void add_judged(struct bench_sampler *s, const struct bench_judge *j, struct bench_point *p)
{
    const struct bench_tally *t = j->flows[p->flow];

    if (!t)
        return;
    p->delivered += t->counts.messages;
    p->bytes += t->counts.bytes;
    p->lost += t->missing;
    bench_histogram_merge(&s->merged, &t->latency);
}

static void flow_latency(struct bench_sampler *s, struct before *before, struct bench_point *p)
{
    const struct bench_histogram *h = &s->interval;

    histogram_since(&s->interval, &s->merged, &before->latency);
    p->timed = h->total;
    p->p50 = bench_histogram_quantile(h, 0.5);
    p->p90 = bench_histogram_quantile(h, 0.9);
    p->p99 = bench_histogram_quantile(h, 0.99);
    p->p999 = bench_histogram_quantile(h, 0.999);
    p->max = h->max;
}

/* The sum over the associations that a flow uses, as far as their statistics are read. */
static uint64_t flow_retransmitted(const struct bench_sampler *s, const struct bench_flow *f)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < f->associations && f->first_association + i < BENCH_SERIES_ASSOCIATIONS; i++)
        sum += s->retransmitted[f->first_association + i];
    return sum;
}

static uint64_t since(uint64_t now, uint64_t *last)
{
    uint64_t before = *last;

    *last = now;
    return now > before ? now - before : 0;
}

static void take_flow(struct bench_sampler *s, struct bench_series *series, unsigned flow, double at,
                      double seconds)
{
    const struct bench_flow *f = &s->from.plan->flows[flow];
    struct before *before = &s->flows[flow];
    struct bench_sink *sink = s->from.sink;
    const struct bench_traffic *sender = f->down          ? (sink && sink->senders ? &sink->traffic : NULL)
                                         : s->from.source ? &s->from.source->traffic
                                                          : NULL;
    struct bench_point *p =
        one_more(series, (void **)&series->points, &series->point_count, &series->point_room, sizeof *p);

    if (!p)
        return;
    *p = (struct bench_point){.at = at, .seconds = seconds, .flow = flow};
    bench_histogram_clear(&s->merged);
    if (f->down && s->from.back)
        add_judged(s, s->from.back, p);
    for (unsigned i = 0; !f->down && sink && i < sink->judge_count; i++)
        add_judged(s, &sink->judges[i], p);
    uint64_t sent = sender ? sender->flow_sent[flow].messages : 0;
    p->queue = sent > p->delivered ? sent - p->delivered : 0;
    if (f->down ? !s->from.back : !sink)
        p->queue = 0;
    flow_latency(s, before, p);
    p->sent = since(sent, &before->sent);
    p->delivered = since(p->delivered, &before->delivered);
    p->bytes = since(p->bytes, &before->bytes);
    p->retransmitted = since(flow_retransmitted(s, f), &before->retransmitted);
}

/* ---- paths and processors ----------------------------------------------------------------------------- */

static void take_path(struct bench_series *series, struct tr_endpoint *ep, uint32_t assoc,
                      const struct bench_path_point *about)
{
    struct opt_set got = {0};
    struct tr_error error;
    struct bench_path_point *p;
    struct net_addr plain = about->address;
    char text[NET_ADDR_TEXT];

    net_addr_set_port(&plain, 0);
    opt_put_text(&got, OPTF_PAI_ADDRESS, net_addr_format(&plain, text, sizeof text));
    if (tr_get_option(ep, assoc, OPT_PEER_ADDR_INFO, &got, &error) != TR_OK)
        return;
    p = one_more(series, (void **)&series->paths, &series->path_count, &series->path_room, sizeof *p);
    if (!p)
        return;
    *p = *about;
    p->state = opt_num(&got, OPTF_PAI_STATE, 0);
    p->srtt_ms = (uint32_t)opt_num(&got, OPTF_PAI_SRTT, 0);
    p->rto_ms = (uint32_t)opt_num(&got, OPTF_PAI_RTO, 0);
    p->cwnd = (uint32_t)opt_num(&got, OPTF_PAI_CWND, 0);
}

static void take_paths(struct bench_series *series, const struct bench_source *source, unsigned index,
                       double at)
{
    struct net_addr addresses[BENCH_ADDRESSES_MAX];
    struct bench_path_point about = {.at = at, .association = index};
    struct opt_set status = {0};
    struct tr_error error;
    uint32_t assoc;
    struct tr_endpoint *ep = bench_source_association(source, index, &assoc);

    if (!ep)
        return;
    if (tr_get_option(ep, assoc, OPT_STATUS, &status, &error) == TR_OK) {
        about.unacked = (uint32_t)opt_num(&status, OPTF_STATUS_UNACKDATA, 0);
        about.pending = (uint32_t)opt_num(&status, OPTF_STATUS_PENDDATA, 0);
    }
    unsigned count = tr_addresses(ep, assoc, true, addresses, BENCH_ADDRESSES_MAX);
    for (unsigned i = 0; i < count && i < BENCH_ADDRESSES_MAX; i++) {
        about.address = addresses[i];
        take_path(series, ep, assoc, &about);
    }
}

static void take_associations(struct bench_sampler *s, struct bench_series *series, double at)
{
    const struct bench_source *source = s->from.source;
    struct tr_error error;
    uint32_t assoc;

    for (unsigned i = 0; source && i < s->from.plan->associations && i < BENCH_SERIES_ASSOCIATIONS; i++) {
        struct opt_set got = {0};
        struct tr_endpoint *ep = bench_source_association(source, i, &assoc);
        if (ep && tr_get_option(ep, assoc, OPT_ASSOC_STATS, &got, &error) == TR_OK)
            s->retransmitted[i] = (uint64_t)opt_num(&got, OPTF_STATS_RTXCHUNKS, 0);
        if (i < BENCH_SERIES_PATHS)
            take_paths(series, source, i, at);
    }
}

static void take_cpus(struct bench_sampler *s, struct bench_series *series, double at)
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
    unsigned flows = s->from.plan->flow_count;

    memcpy(&s->flows[flows], s->flows, flows * sizeof s->flows[0]);
    s->undo = (struct undo){series->last_ns, series->point_count, series->path_count, series->cpu_count,
                            s->processors};
}

static void restore(struct bench_sampler *s, struct bench_series *series)
{
    unsigned flows = s->from.plan->flow_count;

    memcpy(s->flows, &s->flows[flows], flows * sizeof s->flows[0]);
    series->last_ns = s->undo.last_ns;
    series->point_count = s->undo.point_count;
    series->path_count = s->undo.path_count;
    series->cpu_count = s->undo.cpu_count;
    s->processors = s->undo.processors;
}

void bench_sampler_stretch(struct bench_sampler *s, struct bench_series *series, uint64_t now_ns)
{
    restore(s, series);
    bench_sampler_take(s, series, now_ns);
}

void bench_sampler_take(struct bench_sampler *s, struct bench_series *series, uint64_t now_ns)
{
    save(s, series);
    double at = (double)(now_ns - series->start_ns) / 1e9;
    double seconds = (double)(now_ns - series->last_ns) / 1e9;

    series->last_ns = now_ns;
    take_associations(s, series, at);
    for (unsigned f = 0; f < s->from.plan->flow_count; f++)
        take_flow(s, series, f, at, seconds);
    take_cpus(s, series, at);
}
