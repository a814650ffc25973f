/* One association of the source: its set-up, what comes on it, its end; see source_priv.h. */
#include "bench/source_priv.h"

#include <stdio.h>

#include "bench/far_source.h"

/* ---- set-up ------------------------------------------------------------------------------------------ */

void bench_link_note(struct bench_source *s, const char *what, const char *why)
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
    link->state = BENCH_LINK_CLOSED;
}

static void link_failed(struct bench_link *link, const char *why)
{
    bench_link_note(link->source, "no association with", why);
    link->source->counts.set_up_failed++;
    link_close(link);
}

void bench_link_open(struct bench_source *s, struct bench_link *link)
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
    link->state = BENCH_LINK_CONNECTING;
    s->connecting++;
}

void bench_link_timed_out(struct bench_link *link)
{
    link->source->connecting--;
    link_failed(link, "no answer in time; is anybody listening there?");
}

static void link_up(struct bench_link *link, const struct tr_event *e)
{
    struct bench_source *s = link->source;

    link->assoc = e->assoc;
    link->state = BENCH_LINK_UP;
    s->counts.streams_refused += e->change.outbound_streams < s->plan->streams;
    s->connecting--;
    s->timed_out = 0;
    s->alive++;
    *(link->churned ? &s->counts.reopened : &s->counts.up) += 1;
    uint64_t now = bench_now_ns();
    bench_histogram_add(&s->set_up, now - link->begun_ns);
    link->answered = link->sender.handed;
    bench_sender_open(&link->sender, link->endpoint, link->assoc, e->change.outbound_streams, now);
}

/* ---- its end ------------------------------------------------------------------------------------------- */

/* The association has ended. Its endpoint stays open: messages that the stack gives back may come after that
 * event. */
static void link_down(struct bench_link *link)
{
    if (!bench_link_is_up(link))
        return;
    link->source->alive--;
    link->source->closing -= link->closing_ns != 0;
    link->state = BENCH_LINK_CLOSED;
    bench_sender_close(&link->sender);
}

void bench_link_ended(struct bench_link *link, bool lost)
{
    struct bench_source *s = link->source;

    link->state = BENCH_LINK_CLOSED;
    s->alive--;
    if (lost && !s->aborting) {
        s->counts.lost++;
        bench_link_note(s, "lost an association with", "it was not shut down gracefully");
    }
}

static void link_change(struct bench_link *link, const struct tr_event *e)
{
    struct bench_source *s = link->source;

    switch (e->change.state) {
    case TR_COMM_UP:
        if (link->state == BENCH_LINK_CONNECTING)
            link_up(link, e);
        break;
    case TR_CANT_ASSOC:
        if (link->state == BENCH_LINK_CONNECTING) {
            s->connecting--;
            link_failed(link, e->change.error ? tr_error_string(e->change.error)
                                              : "refused, or no answer; is anybody listening there?");
        }
        break;
    case TR_RESTART:
        s->counts.restarted++;
        break;
    case TR_COMM_LOST:
        if (link->state == BENCH_LINK_CLOSING) {
            bench_link_ended(link, !s->plan->churn.abort);
            break;
        }
        if (bench_link_is_up(link) && !s->aborting) {
            s->counts.lost++;
            bench_link_note(s, "lost an association with", tr_error_string(e->change.error));
        }
        link_down(link);
        break;
    case TR_SHUTDOWN_COMP:
        if (link->closing_ns)
            bench_histogram_add(&s->shut_down, bench_now_ns() - link->closing_ns);
        if (link->state == BENCH_LINK_CLOSING) {
            bench_link_ended(link, false);
            break;
        }
        if (bench_link_is_up(link) && link->sender.unfinished > 0) {
            s->counts.lost++;
            bench_link_note(s, "lost an association with", "the far side shut it down");
        }
        link_down(link);
        break;
    }
}

/* ---- what comes ---------------------------------------------------------------------------------------- */

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

    link->answered += e->type == TR_EV_SEND_FAILED;
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
            link->answered++;
        }
    }
}

/* ---- sending --------------------------------------------------------------------------------------- */

void bench_link_broken(struct bench_sender *sender, enum tr_code code, const struct tr_msg *which)
{
    struct bench_link *link = (struct bench_link *)((char *)sender - offsetof(struct bench_link, sender));
    struct bench_source *s = link->source;
    char why[160];

    if (code == TR_NO_ASSOC) { /* its end has not been read yet */
        bench_sender_close(sender);
        return;
    }
    snprintf(why, sizeof why, "%s (stream %u, %u bytes)", tr_code_text(code), which->stream, which->len);
    bench_link_note(s, "cannot send to", why);
    s->counts.lost++;
    s->alive--;
    link_close(link);
}

void bench_link_ready(struct bench_handle *handle, unsigned flags)
{
    struct bench_link *link = (struct bench_link *)handle;
    const struct tr_msg *which;

    if (flags & TR_READABLE)
        link_read(link);
    if (!(flags & TR_WRITABLE) || link->state != BENCH_LINK_UP)
        return;
    enum tr_code code = bench_sender_writable(&link->sender, bench_now_ns(), &which);
    if (code != TR_OK)
        bench_link_broken(&link->sender, code, which);
}
