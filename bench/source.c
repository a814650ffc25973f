/* The source's associations; see source.h. */
#include "bench/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/endpoint_priv.h"

#define CONNECTING_MAX 64 /* set-ups under way at once: a storm of INITs would measure its own losses */

enum link_state { LINK_CLOSED, LINK_CONNECTING, LINK_UP };

struct bench_link {
    struct bench_handle handle;
    struct bench_source *source;
    struct bench_sender sender;
    struct tr_endpoint *endpoint;
    uint32_t assoc;
    enum link_state state;
    uint64_t begun_ns; /* when its set-up began */
};

static void link_ready(struct bench_handle *handle, unsigned flags);

/* False: out of memory. */
static bool link_init(struct bench_source *s, struct bench_link *link)
{
    link->handle.ready = link_ready;
    link->source = s;
    return bench_sender_init(&link->sender, &s->traffic, (uint32_t)(link - s->links));
}

bool bench_source_init(struct bench_source *s, const struct bench_plan *plan, const struct bench_end *to,
                       struct tr_loop *loop, uint32_t run, uint16_t clock, struct bench_judge *back)
{
    *s = (struct bench_source){.plan = plan, .to = to, .loop = loop, .back = back};
    if (!bench_traffic_init(&s->traffic, plan, false, run, clock))
        return false;
    s->links = calloc(plan->associations, sizeof *s->links);
    for (unsigned i = 0; s->links && i < plan->associations; i++)
        if (!link_init(s, &s->links[i])) {
            bench_source_free(s);
            return false;
        }
    return s->links != NULL;
}

void bench_source_free(struct bench_source *s)
{
    for (unsigned i = 0; s->links && i < s->plan->associations; i++)
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

/* Gives up on those whose time is over; they were begun in the order of the links. */
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

uint64_t bench_source_connect(struct bench_source *s, uint64_t now_ns)
{
    time_out(s, now_ns);
    while (s->timed_out == 0 && s->started < s->plan->associations && s->connecting < CONNECTING_MAX)
        link_open(s, &s->links[s->started++]);
    if (s->connecting == 0 && s->timed_out == 0 && s->started < s->plan->associations)
        return now_ns; /* all were refused at once */
    if (s->connecting == 0) {
        bench_source_give_up(s);
        return 0;
    }
    while (s->links[s->oldest].state != LINK_CONNECTING)
        s->oldest++;
    return s->links[s->oldest].begun_ns + s->plan->connect_ms * UINT64_C(1000000);
}

void bench_source_give_up(struct bench_source *s)
{
    for (unsigned i = s->oldest; i < s->started; i++)
        if (s->links[i].state == LINK_CONNECTING)
            link_timed_out(&s->links[i]);
    s->counts.not_tried = s->plan->associations - s->started;
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
    s->counts.up++;
    uint64_t now = bench_now_ns();
    bench_histogram_add(&s->set_up, now - link->begun_ns);
    bench_sender_open(&link->sender, link->endpoint, link->assoc, e->change.outbound_streams, now);
}

/* The association has ended. Its endpoint stays: what the stack gives back may come after the news. */
static void link_down(struct bench_link *link)
{
    if (link->state != LINK_UP)
        return;
    link->source->alive--;
    link->state = LINK_CLOSED;
    bench_sender_close(&link->sender);
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
        if (link->state == LINK_UP && !s->aborting) {
            s->counts.lost++;
            note(s, "lost an association with", tr_error_string(e->change.error));
        }
        link_down(link);
        break;
    case TR_SHUTDOWN_COMP:
        if (link->state == LINK_UP && link->sender.unfinished > 0) {
            s->counts.lost++;
            note(s, "lost an association with", "the far side shut it down");
        }
        link_down(link);
        break;
    }
}

/* Whether a message is of a flow with partial reliability; its context names the flow. */
static bool may_give_up(const struct bench_source *s, const struct tr_msg *m)
{
    return m->context < s->plan->flow_count && s->plan->flows[m->context].pr_policy != TR_PR_NONE;
}

static void link_event(struct bench_link *link, const struct tr_event *e)
{
    struct bench_source_counts *c = &link->source->counts;

    if (e->type == TR_EV_ASSOC_CHANGE)
        link_change(link, e);
    else if (e->type == TR_EV_SEND_FAILED && link->source->aborting)
        c->taken_back++;
    else if (e->type == TR_EV_SEND_FAILED && may_give_up(link->source, &e->failed.msg))
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
        } else if (s->back) {
            const struct tr_msg *m = &items[i].msg;
            struct bench_arrival arrival = {m->data, m->len, m->ppid, m->stream};
            bench_judge_take(s->back, 0, &arrival, now);
        }
    }
}

/* ---- sending --------------------------------------------------------------------------------------- */

/* The association cannot send `which`. */
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
    struct tr_error error;

    for (unsigned i = 0; i < s->started; i++)
        if (s->links[i].state == LINK_UP) {
            read_statistics(&s->links[i]);
            tr_watch(s->links[i].endpoint, TR_READABLE);
            tr_eof(s->links[i].endpoint, s->links[i].assoc, &error);
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
    const struct bench_link *link = &s->links[index];

    *assoc = link->assoc;
    return link->state == LINK_UP ? link->endpoint : NULL;
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
