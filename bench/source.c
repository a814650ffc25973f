/* All associations of the source; see source.h. */
#include "bench/source.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench/source_priv.h"

#define CONNECTING_MAX 64   /* set-ups at a time: the losses of an INIT flood would be measured otherwise */
#define CLOSING_MAX    64   /* shutdowns at a time, for the same reason */
#define OPENING_MAX    1024 /* at a rate: at most this many at once */
#define SILENCE_MS     1000 /* a shorter silence says nothing: a timeout is that long */

/* False: out of memory. */
static bool link_init(struct bench_source *s, struct bench_link *link)
{
    link->handle.ready = bench_link_ready;
    link->source = s;
    return bench_sender_init(&link->sender, &s->traffic, s->part + (uint32_t)(link - s->links) * s->parts);
}

bool bench_source_init(struct bench_source *s, const struct bench_source_params *params)
{
    const struct bench_plan *plan = params->plan;

    *s = (struct bench_source){.plan = plan,
                               .to = params->to,
                               .loop = params->loop,
                               .part = params->part,
                               .parts = params->parts,
                               .back = params->back};
    if (!bench_traffic_init(&s->traffic, plan, false, params->run, params->clock))
        return false;
    s->link_count = (unsigned)bench_share(plan->associations, s->part, s->parts);
    s->links = calloc(s->link_count + 1, sizeof *s->links); /* not 0 bytes */
    for (unsigned i = 0; s->links && i < s->link_count; i++)
        if (!link_init(s, &s->links[i])) {
            bench_source_free(s);
            return false;
        }
    if (!s->links)
        bench_traffic_free(&s->traffic);
    return s->links != NULL;
}

void bench_source_free(struct bench_source *s)
{
    for (unsigned i = 0; s->links && i < s->link_count; i++)
        if (s->links[i].endpoint)
            tr_close(s->links[i].endpoint);
    bench_traffic_free(&s->traffic);
    free(s->links);
    s->links = NULL;
}

/* ---- set-up ------------------------------------------------------------------------------------------ */

/* Gives up associations whose time is over; they were begun in the order of the links. */
static void time_out(struct bench_source *s, uint64_t now_ns)
{
    uint64_t timeout_ns = s->plan->connect_ms * UINT64_C(1000000);

    for (; s->oldest < s->started; s->oldest++) {
        struct bench_link *link = &s->links[s->oldest];
        if (link->state != BENCH_LINK_CONNECTING)
            continue;
        if (now_ns < link->begun_ns + timeout_ns)
            return;
        bench_link_timed_out(link);
        s->timed_out++;
    }
}

/* How many may have been begun by now; *next is when the next one may be. */
static unsigned begun_by(struct bench_source *s, uint64_t now_ns, uint64_t *next)
{
    struct bench_schedule schedule = {.start_ns = s->connect_ns, .period_ns = 1e9};
    unsigned all = s->link_count;
    unsigned room = s->plan->open_rate > 0 ? OPENING_MAX : (CONNECTING_MAX + s->parts - 1) / s->parts;

    *next = UINT64_MAX;
    if (s->plan->open_rate > 0) {
        schedule.period_ns /= s->plan->open_rate;
        uint64_t due = bench_share(bench_schedule_due(&schedule, now_ns), s->part, s->parts);
        *next = bench_schedule_time(&schedule, (double)(s->part + due * s->parts));
        all = due < all ? (unsigned)due : all;
    }
    unsigned most = s->started + (room > s->connecting ? room - s->connecting : 0);
    return most < all ? most : all;
}

uint64_t bench_source_connect(struct bench_source *s, uint64_t now_ns)
{
    uint64_t next;

    if (s->connect_ns == 0)
        s->connect_ns = now_ns;
    if (s->link_count == 0)
        return 0;
    time_out(s, now_ns);
    unsigned most = begun_by(s, now_ns, &next);
    while (s->timed_out == 0 && s->started < most)
        bench_link_open(s, &s->links[s->started++]);
    if (s->connecting == 0 && s->timed_out == 0 && s->started < s->link_count)
        return next != UINT64_MAX ? next : now_ns; /* none is due yet, or all were refused at once */
    if (s->connecting == 0) {
        bench_source_give_up(s);
        return 0;
    }
    while (s->links[s->oldest].state != BENCH_LINK_CONNECTING)
        s->oldest++;
    uint64_t patience = s->links[s->oldest].begun_ns + s->plan->connect_ms * UINT64_C(1000000);
    return s->started < s->link_count && next < patience ? next : patience;
}

void bench_source_give_up(struct bench_source *s)
{
    for (unsigned i = s->oldest; i < s->started; i++)
        if (s->links[i].state == BENCH_LINK_CONNECTING)
            bench_link_timed_out(&s->links[i]);
    s->counts.not_tried = s->link_count - s->started;
}

/* ---- sending ----------------------------------------------------------------------------------------- */

uint64_t bench_source_turn(struct bench_source *s, uint64_t now_ns)
{
    return bench_traffic_turn(&s->traffic, now_ns, bench_link_broken);
}

/* ---- the end ---------------------------------------------------------------------------------------- */

/* The stack forgets them with the association. */
static void read_statistics(struct bench_link *link)
{
    struct bench_source_counts *c = &link->source->counts;
    struct opt_set got = {0};
    struct tr_error error;

    if (tr_get_option(link->endpoint, link->assoc, OPT_ASSOC_STATS, &got, &error) != TR_OK)
        return;
    c->statistics++;
    c->retransmitted += (uint64_t)opt_num(&got, OPTF_STATS_RTXCHUNKS, 0);
}

void bench_source_eof(struct bench_source *s)
{
    unsigned most = (CLOSING_MAX + s->parts - 1) / s->parts;
    struct tr_error error;

    for (; s->closed < s->started && s->closing < most; s->closed++) {
        struct bench_link *link = &s->links[s->closed];
        if (!bench_link_is_up(link))
            continue;
        read_statistics(link);
        tr_watch(link->endpoint, TR_READABLE);
        link->closing_ns = bench_now_ns();
        s->closing++;
        tr_eof(link->endpoint, link->assoc, &error);
    }
}

void bench_source_watch(struct bench_source *s, uint64_t now_ns)
{
    for (unsigned i = 0; i < s->started; i++) {
        struct bench_link *link = &s->links[i];
        if (!bench_link_is_there(link) || link->handed_before == link->sender.handed)
            continue;
        link->handed_before = link->sender.handed;
        bench_silence_watch(&link->silence, link->endpoint, link->assoc, now_ns);
    }
}

/* Those that have been awaited for (nine tenths of) the time that the plan says have been awaited long
 * enough to tell. */
static void count_silent(struct bench_source *s, const struct bench_link *link, uint64_t now_ns)
{
    uint64_t drain_ms = s->plan->drain_ms, waited = now_ns - link->silence.since_ns;
    char why[100];

    if (drain_ms < SILENCE_MS || !link->silence.since_ns || waited < drain_ms * UINT64_C(900000) ||
        !bench_silence_lasts(&link->silence, link->endpoint, link->assoc))
        return;
    s->counts.silent++;
    snprintf(why, sizeof why, "it has acknowledged nothing for the last %.1f s", (double)waited / 1e9);
    bench_link_note(s, "no sign of life of", why);
}

void bench_source_take_back(struct bench_source *s)
{
    uint64_t now_ns = bench_now_ns();
    struct tr_error error;

    s->aborting = true;
    s->counts.not_closed = s->alive;
    for (unsigned i = 0; i < s->started; i++)
        if (bench_link_is_there(&s->links[i])) {
            count_silent(s, &s->links[i], now_ns);
            tr_abort(s->links[i].endpoint, s->links[i].assoc, &error);
        }
}

struct tr_endpoint *bench_source_association(const struct bench_source *s, unsigned index, uint32_t *assoc)
{
    const struct bench_link *link = bench_source_link(s, index);

    if (!link || link->state != BENCH_LINK_UP)
        return NULL;
    *assoc = link->assoc;
    return link->endpoint;
}

void bench_source_compare(const struct bench_source *s,
                          void (*differs)(enum opt_id id, const char *text, void *arg), void *arg)
{
    for (unsigned i = 0; i < s->started; i++)
        if (s->links[i].state == BENCH_LINK_UP) {
            tr_compare_options(s->links[i].endpoint, 0, &s->plan->options, differs, arg);
            return;
        }
}

void bench_source_granted(const struct bench_source *s, char *text, size_t size)
{
    struct opt_set got = {0};
    struct tr_error error;
    unsigned i = 0;

    while (i < s->started && s->links[i].state != BENCH_LINK_UP)
        i++;
    if (i == s->started ||
        tr_get_option(s->links[i].endpoint, s->links[i].assoc, OPT_STATUS, &got, &error) != TR_OK)
        return;
    snprintf(text, size,
             "outbound_streams=%lld\ninbound_streams=%lld\nreceive_window=%lld\nfragmentation_point=%lld",
             (long long)opt_num(&got, OPTF_STATUS_OUTSTRMS, 0),
             (long long)opt_num(&got, OPTF_STATUS_INSTRMS, 0), (long long)opt_num(&got, OPTF_STATUS_RWND, 0),
             (long long)opt_num(&got, OPTF_STATUS_FRAG_POINT, 0));
}
