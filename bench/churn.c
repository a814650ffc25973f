/* Associations that are closed and opened again while the others go on: --churn; see source.h. */
#include "bench/source_priv.h"

#define CHURNING_MAX  256
#define CHURN_LOOK_NS UINT64_C(10000000) /* how often those being closed and opened are checked */

static void churn_close(struct bench_source *s, struct bench_link *link, uint64_t now_ns)
{
    struct tr_error error;

    link->state = BENCH_LINK_CLOSING;
    link->begun_ns = now_ns;
    link->closing_ns = s->plan->churn.abort ? 0 : now_ns;
    s->counts.closed++;
    if (s->plan->churn.abort)
        tr_abort(link->endpoint, link->assoc, &error);
    else
        tr_eof(link->endpoint, link->assoc, &error);
}

/* An echo whose association is being shut down cannot send any more: the replies come first. An abort waits
 * for nothing. */
static void churn_begin(struct bench_source *s, struct bench_link *link, uint64_t now_ns)
{
    bench_sender_suspend(&link->sender);
    link->churned = true;
    link->state = BENCH_LINK_SETTLING;
    link->begun_ns = now_ns;
    link->next = s->churning;
    s->churning = link;
    s->churning_count++;
    if (!s->plan->reply || s->plan->churn.abort)
        churn_close(s, link, now_ns);
}

/* An association that has ended is opened again; what has not been answered never will be. */
static void churn_open(struct bench_source *s, struct bench_link *link)
{
    if (s->plan->reply && link->answered < link->sender.handed)
        s->cut_off += link->sender.handed - link->answered;
    tr_close(link->endpoint);
    link->endpoint = NULL;
    link->silence.since_ns = link->handed_before = link->closing_ns = 0;
    bench_link_open(s, link);
}

/* Continues with an association that is being closed and opened again. False: finished. */
static bool churn_step(struct bench_source *s, struct bench_link *link, uint64_t now_ns)
{
    bool late = now_ns >= link->begun_ns + s->plan->connect_ms * UINT64_C(1000000);
    struct tr_error error;

    switch (link->state) {
    case BENCH_LINK_UP:
        return false;
    case BENCH_LINK_CONNECTING:
        if (late)
            bench_link_timed_out(link);
        return !late;
    case BENCH_LINK_SETTLING:
        if (late || link->answered >= link->sender.handed)
            churn_close(s, link, now_ns);
        return true;
    case BENCH_LINK_CLOSING:
        if (late) {
            tr_abort(link->endpoint, link->assoc, &error);
            bench_link_ended(link, true);
        }
        return true;
    case BENCH_LINK_CLOSED:
        break;
    }
    if (!link->endpoint) /* it was opened and failed at once */
        return false;
    churn_open(s, link);
    return link->state == BENCH_LINK_CONNECTING;
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
        struct bench_link *link = bench_source_link(s, c->first + s->churn_next % c->count);
        if (link && link->state == BENCH_LINK_UP && !link->churned)
            churn_begin(s, link, now_ns);
        s->churn_next++;
    }
    uint64_t next = bench_schedule_time(&schedule, (double)due), look = now_ns + CHURN_LOOK_NS;
    return s->churning && look < next ? look : next;
}
