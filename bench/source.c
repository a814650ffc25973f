/* The source's associations; see source.h. */
#include "bench/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/endpoint_priv.h"
#include "bench/far_source.h"

#define CONNECTING_MAX 64 /* set-ups at a time: the losses of an INIT flood would be measured otherwise */

#define CLOSING_MAX   64   /* shutdowns at a time, for the same reason */
#define OPENING_MAX   1024 /* at a rate: at most this many at once */
#define CHURNING_MAX  256
#define CHURN_LOOK_NS UINT64_C(10000000) /* how often those being closed and opened are checked */

enum link_state { LINK_CLOSED, LINK_CONNECTING, LINK_UP, LINK_CLOSING };

struct bench_link {
    struct bench_handle handle;
    struct bench_source *source;
    struct bench_sender sender;
    struct tr_endpoint *endpoint;
    uint32_t assoc;
    enum link_state state;
    uint64_t begun_ns;       /* when its set-up began */
    uint64_t closing_ns;     /* when its shutdown began; 0: it did not */
    bool churned;            /* it is being closed to be opened again */
    struct bench_link *next; /* in the list of those */
};

static void link_ready(struct bench_handle *handle, unsigned flags);

/* False: out of memory. */
static bool link_init(struct bench_source *s, struct bench_link *link)
{
    link->handle.ready = link_ready;
    link->source = s;
    return bench_sender_init(&link->sender, &s->traffic, s->part + (uint32_t)(link - s->links) * s->parts);
}

/* The link of the plan's association number `index`; NULL: another source has it. */
static struct bench_link *link_of(const struct bench_source *s, unsigned index)
{
    return index % s->parts == s->part ? &s->links[index / s->parts] : NULL;
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

/* ---- associations ---------------------------------------------------------------------------------- */

static void note(struct bench_source *s, const char *what, const char *why)
{
    char where[NET_ADDR_TEXT];

    if (!s->trouble[0])
        snprintf(s->trouble, sizeof s->trouble, "%s %s: %s", what,
                 net_addr_format(&s->to->addresses[0], where, sizeof where), why);
}

static void link_close(struct bench_link *link)
{
    bench_sender_close(&link->sender);
    if (link->endpoint)
        tr_close(link->endpoint);
    link->endpoint = NULL;
    link->state = LINK_CLOSED;
}

static void link_failed(struct bench_link *link, const char *why)
{
    note(link->source, "no association with", why);
    link->source->counts.set_up_failed++;
    link_close(link);
}

static void link_open(struct bench_source *s, struct bench_link *link)
{
    struct tr_open_params params = {.style = TR_ONE_TO_MANY,
                                    .addresses = s->plan->from.addresses,
                                    .address_count = s->plan->from.count,
                                    .netns = s->plan->from.netns[0] ? s->plan->from.netns : NULL,
                                    .options = &s->plan->options,
                                    .cookie = &link->handle};
    struct tr_target target = {s->to->addresses, s->to->count, s->to->encaps_port};
    struct tr_error error;

    link->begun_ns = bench_now_ns();
    if (tr_open(s->loop, &params, &link->endpoint, &error) != TR_OK ||
        tr_connect_init(link->endpoint, &target, &link->assoc, &error) != TR_OK) {
        link_failed(link, error.text);
        return;
    }
    link->state = LINK_CONNECTING;
    s->connecting++;
}

static void link_timed_out(struct bench_link *link)
{
    link->source->connecting--;
    link_failed(link, "no answer in time; is anybody listening there?");
}

/* Gives up associations whose time is over; they were begun in the order of the links. */
static void time_out(struct bench_source *s, uint64_t now_ns)
{
    uint64_t timeout_ns = s->plan->connect_ms * UINT64_C(1000000);

    for (; s->oldest < s->started; s->oldest++) {
        struct bench_link *link = &s->links[s->oldest];
        if (link->state != LINK_CONNECTING)
            continue;
        if (now_ns < link->begun_ns + timeout_ns)
            return;
        link_timed_out(link);
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
        link_open(s, &s->links[s->started++]);
    if (s->connecting == 0 && s->timed_out == 0 && s->started < s->link_count)
        return next != UINT64_MAX ? next : now_ns; /* none is due yet, or all were refused at once */
    if (s->connecting == 0) {
        bench_source_give_up(s);
        return 0;
    }
    while (s->links[s->oldest].state != LINK_CONNECTING)
        s->oldest++;
    uint64_t patience = s->links[s->oldest].begun_ns + s->plan->connect_ms * UINT64_C(1000000);
    return s->started < s->link_count && next < patience ? next : patience;
}

void bench_source_give_up(struct bench_source *s)
{
    for (unsigned i = s->oldest; i < s->started; i++)
        if (s->links[i].state == LINK_CONNECTING)
            link_timed_out(&s->links[i]);
    s->counts.not_tried = s->link_count - s->started;
}

static void link_up(struct bench_link *link, const struct tr_event *e)
{
    struct bench_source *s = link->source;

    link->assoc = e->assoc;
    link->state = LINK_UP;
    s->counts.streams_refused += e->change.outbound_streams < s->plan->streams;
    s->connecting--;
    s->timed_out = 0;
    s->alive++;
    *(link->churned ? &s->counts.reopened : &s->counts.up) += 1;
    uint64_t now = bench_now_ns();
    bench_histogram_add(&s->set_up, now - link->begun_ns);
    bench_sender_open(&link->sender, link->endpoint, link->assoc, e->change.outbound_streams, now);
}

/* The association has ended. Its endpoint stays open: messages that the stack gives back may come after that
 * event. */
static void link_down(struct bench_link *link)
{
    if (link->state != LINK_UP)
        return;
    link->source->alive--;
    link->source->closing -= link->closing_ns != 0;
    link->state = LINK_CLOSED;
    bench_sender_close(&link->sender);
}

/* An association of the churn has ended. `lost`: not in the way that was requested. */
static void link_ended(struct bench_link *link, bool lost)
{
    struct bench_source *s = link->source;

    link->state = LINK_CLOSED;
    if (lost) {
        s->counts.lost++;
        note(s, "lost an association with", "it was not shut down gracefully");
    }
}

static void link_change(struct bench_link *link, const struct tr_event *e)
{
    struct bench_source *s = link->source;

    switch (e->change.state) {
    case TR_COMM_UP:
        if (link->state == LINK_CONNECTING)
            link_up(link, e);
        break;
    case TR_CANT_ASSOC:
        if (link->state == LINK_CONNECTING) {
            s->connecting--;
            link_failed(link, e->change.error ? tr_error_string(e->change.error)
                                              : "refused, or no answer; is anybody listening there?");
        }
        break;
    case TR_RESTART:
        s->counts.restarted++;
        break;
    case TR_COMM_LOST:
        if (link->state == LINK_CLOSING) {
            link_ended(link, !s->plan->churn.abort);
            break;
        }
        if (link->state == LINK_UP && !s->aborting) {
            s->counts.lost++;
            note(s, "lost an association with", tr_error_string(e->change.error));
        }
        link_down(link);
        break;
    case TR_SHUTDOWN_COMP:
        if (link->closing_ns)
            bench_histogram_add(&s->shut_down, bench_now_ns() - link->closing_ns);
        if (link->state == LINK_CLOSING) {
            link_ended(link, false);
            break;
        }
        if (link->state == LINK_UP && link->sender.unfinished > 0) {
            s->counts.lost++;
            note(s, "lost an association with", "the far side shut it down");
        }
        link_down(link);
        break;
    }
}

/* Whether a message belongs to a flow with partial reliability (its context is the flow), or its association
 * was aborted by the churn. */
static bool may_give_up(const struct bench_link *link, const struct tr_msg *m)
{
    const struct bench_source *s = link->source;

    if (link->churned && s->plan->churn.abort)
        return true;
    return m->context < s->plan->flow_count && s->plan->flows[m->context].pr_policy != TR_PR_NONE;
}

static void link_event(struct bench_link *link, const struct tr_event *e)
{
    struct bench_source_counts *c = &link->source->counts;

    if (e->type == TR_EV_ASSOC_CHANGE)
        link_change(link, e);
    else if (e->type == TR_EV_SEND_FAILED && link->source->aborting)
        c->taken_back++;
    else if (e->type == TR_EV_SEND_FAILED && may_give_up(link, &e->failed.msg))
        c->given_up++;
    else if (e->type == TR_EV_SEND_FAILED && e->failed.was_sent)
        c->failed_sent++;
    else if (e->type == TR_EV_SEND_FAILED)
        c->failed_unsent++;
}

static void link_read(struct bench_link *link)
{
    struct bench_source *s = link->source;
    const struct tr_item *items;
    unsigned count;

    if (bench_recv(link->endpoint, &items, &count) != TR_OK)
        return;
    uint64_t now = bench_now_ns();
    for (unsigned i = 0; i < count && link->endpoint; i++) {
        if (items[i].kind == TR_EVENT) {
            link_event(link, &items[i].event);
        } else if (s->far && bench_far_is(items[i].msg.data, items[i].msg.len)) {
            bench_far_source_take(s->far, items[i].msg.data, items[i].msg.len, now);
        } else if (s->back) {
            const struct tr_msg *m = &items[i].msg;
            struct bench_arrival arrival = {m->data, m->len, m->ppid, m->stream, link->sender.index};
            bench_judge_take(s->back, 0, &arrival, now);
        }
    }
}

/* ---- sending --------------------------------------------------------------------------------------- */

/* The association cannot send message `which`. */
static void link_broken(struct bench_sender *sender, enum tr_code code, const struct tr_msg *which)
{
    struct bench_link *link = (struct bench_link *)((char *)sender - offsetof(struct bench_link, sender));
    struct bench_source *s = link->source;
    char why[160];

    if (code == TR_NO_ASSOC) { /* its end has not been read yet */
        bench_sender_close(sender);
        return;
    }
    snprintf(why, sizeof why, "%s (stream %u, %u bytes)", tr_code_text(code), which->stream, which->len);
    note(s, "cannot send to", why);
    s->counts.lost++;
    s->alive--;
    link_close(link);
}

static void link_ready(struct bench_handle *handle, unsigned flags)
{
    struct bench_link *link = (struct bench_link *)handle;
    const struct tr_msg *which;

    if (flags & TR_READABLE)
        link_read(link);
    if (!(flags & TR_WRITABLE) || link->state != LINK_UP)
        return;
    enum tr_code code = bench_sender_writable(&link->sender, bench_now_ns(), &which);
    if (code != TR_OK)
        link_broken(&link->sender, code, which);
}

uint64_t bench_source_turn(struct bench_source *s, uint64_t now_ns)
{
    return bench_traffic_turn(&s->traffic, now_ns, link_broken);
}

/* ---- churn ------------------------------------------------------------------------------------------- */

static void churn_close(struct bench_source *s, struct bench_link *link, uint64_t now_ns)
{
    struct tr_error error;

    bench_sender_suspend(&link->sender);
    link->churned = true;
    link->state = LINK_CLOSING;
    link->begun_ns = now_ns;
    link->closing_ns = s->plan->churn.abort ? 0 : now_ns;
    link->next = s->churning;
    s->churning = link;
    s->churning_count++;
    s->alive--;
    s->counts.closed++;
    if (s->plan->churn.abort)
        tr_abort(link->endpoint, link->assoc, &error);
    else
        tr_eof(link->endpoint, link->assoc, &error);
}

/* Continues with an association that is being closed and opened again. False: finished. */
static bool churn_step(struct bench_source *s, struct bench_link *link, uint64_t now_ns)
{
    bool late = now_ns >= link->begun_ns + s->plan->connect_ms * UINT64_C(1000000);
    struct tr_error error;

    switch (link->state) {
    case LINK_UP:
        return false;
    case LINK_CONNECTING:
        if (late)
            link_timed_out(link);
        return !late;
    case LINK_CLOSING:
        if (late) {
            tr_abort(link->endpoint, link->assoc, &error);
            link_ended(link, true);
        }
        return true;
    case LINK_CLOSED:
        break;
    }
    if (!link->endpoint) /* it was opened and failed at once */
        return false;
    tr_close(link->endpoint);
    link->endpoint = NULL;
    link->closing_ns = 0;
    link_open(s, link);
    return link->state == LINK_CONNECTING;
}

static void churn_look(struct bench_source *s, uint64_t now_ns)
{
    struct bench_link **at = &s->churning;

    while (*at) {
        struct bench_link *link = *at;
        if (churn_step(s, link, now_ns)) {
            at = &link->next;
            continue;
        }
        *at = link->next;
        link->churned = false;
        s->churning_count--;
    }
}

uint64_t bench_source_churn(struct bench_source *s, uint64_t now_ns, bool more)
{
    const struct bench_churn *c = &s->plan->churn;

    if (c->rate == 0)
        return UINT64_MAX;
    churn_look(s, now_ns);
    if (s->churn_ns == 0)
        s->churn_ns = now_ns;
    struct bench_schedule schedule = {.start_ns = s->churn_ns, .period_ns = 1e9 / c->rate};
    uint64_t due = bench_schedule_due(&schedule, now_ns);
    for (unsigned tries = 0;
         more && s->churn_next + 1 < due && s->churning_count < CHURNING_MAX && tries < c->count; tries++) {
        struct bench_link *link = link_of(s, c->first + s->churn_next % c->count);
        if (link && link->state == LINK_UP && !link->churned)
            churn_close(s, link, now_ns);
        s->churn_next++;
    }
    uint64_t next = bench_schedule_time(&schedule, (double)due), look = now_ns + CHURN_LOOK_NS;
    return s->churning && look < next ? look : next;
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
        if (link->state != LINK_UP)
            continue;
        read_statistics(link);
        tr_watch(link->endpoint, TR_READABLE);
        link->closing_ns = bench_now_ns();
        s->closing++;
        tr_eof(link->endpoint, link->assoc, &error);
    }
}

void bench_source_take_back(struct bench_source *s)
{
    struct tr_error error;

    s->aborting = true;
    s->counts.not_closed = s->alive;
    for (unsigned i = 0; i < s->started; i++)
        if (s->links[i].state == LINK_UP)
            tr_abort(s->links[i].endpoint, s->links[i].assoc, &error);
}

struct tr_endpoint *bench_source_association(const struct bench_source *s, unsigned index, uint32_t *assoc)
{
    const struct bench_link *link = link_of(s, index);

    if (!link || link->state != LINK_UP)
        return NULL;
    *assoc = link->assoc;
    return link->endpoint;
}

void bench_source_compare(const struct bench_source *s,
                          void (*differs)(enum opt_id id, const char *text, void *arg), void *arg)
{
    for (unsigned i = 0; i < s->started; i++)
        if (s->links[i].state == LINK_UP) {
            tr_compare_options(s->links[i].endpoint, 0, &s->plan->options, differs, arg);
            return;
        }
}

void bench_source_granted(const struct bench_source *s, char *text, size_t size)
{
    struct opt_set got = {0};
    struct tr_error error;
    unsigned i = 0;

    while (i < s->started && s->links[i].state != LINK_UP)
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
