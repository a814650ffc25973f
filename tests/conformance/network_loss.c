/* Networks that lose, duplicate and reorder packets, or drop all: every message arrives once, in order and
 * whole, or is given up as its sender asked, with an account of each. */
#include "tests/conformance/net.h"
#include "tests/conformance/suite.h"

#include <stdlib.h>

/* ---- Repair ---------------------------------------------------------------------------------------- */

/* One of the association's statistics; -1 where the backend has none. */
static int64_t statistic(struct ct_end *e, uint32_t assoc, enum opt_field field)
{
    struct opt_set got = {0};
    struct tr_error error = {0};
    if (!ct_can_get(opt_field_rows[field].option))
        return -1;
    ct_ok(tr_get_option(e->ep, assoc, opt_field_rows[field].option, &got, &error), &error);
    return opt_num(&got, field, -1);
}

/* Small ones that are bundled and large ones of many chunks, both ways at once, over such a network. */
static struct ct_pair carried_over(struct net *n, const struct net_cable *how)
{
    struct opt_set hasty = net_hasty(255);
    struct ct_pair p = net_pair(n, &hasty, &hasty);
    struct ct_flow there = {.from = p.client, .assoc = p.near, .streams = 5, .size = 200},
                   back = {.from = p.server, .assoc = p.far, .streams = 2, .size = 9000};
    net_set(n, NET_ALL, how);
    for (unsigned i = 0; i < 20; i++) {
        ct_flow_send(&there, 20);
        ct_flow_send(&back, 3);
    }
    ct_flow_finish(&there, p.server, p.far);
    ct_flow_finish(&back, p.client, p.near);
    assert_int_equal(p.client->events[TR_EV_SEND_FAILED] + p.server->events[TR_EV_SEND_FAILED], 0);
    return p;
}

static void net_loss_is_repaired(void **state)
{
    struct net n = net_make(*state);
    struct ct_pair p = carried_over(&n, &(struct net_cable){.loss = 20});
    struct net_count near = net_counted(&n, NET_NEAR, 0), far = net_counted(&n, NET_FAR, 0);
    assert_in_range(near.lost, 1, near.sent + near.lost);
    assert_in_range(far.lost, 1, far.sent + far.lost);
    assert_int_not_equal(statistic(p.client, p.near, OPTF_STATS_RTXCHUNKS), 0);
    assert_int_not_equal(statistic(p.server, p.far, OPTF_STATS_RTXCHUNKS), 0);
}

static void net_disorder_and_doubles_do_not_show(void **state)
{
    struct net n = net_make(*state);
    struct ct_pair p =
        carried_over(&n, &(struct net_cable){.delay_ms = 10, .jitter_ms = 10, .duplicate = 25});
    assert_int_not_equal(statistic(p.server, p.far, OPTF_STATS_GAPCNT), 0);
    assert_int_not_equal(statistic(p.client, p.near, OPTF_STATS_IDUPCHUNKS), 0);
}

/* ---- Giving messages up ---------------------------------------------------------------------------- */

enum { LIMITED = 40, LAST = 1000000, BYTES = 1000 };

struct limited {
    bool came[LIMITED], returned[LIMITED], unsent[LIMITED];
};

static void send_limited(struct ct_pair *p, enum tr_pr_policy policy, uint32_t value)
{
    unsigned char data[BYTES];
    for (uint32_t i = 0; i < LIMITED; i++) {
        unsigned sent = 0;
        struct tr_msg m = {.data = data,
                           .len = BYTES,
                           .assoc = p->near,
                           .ppid = i,
                           .context = i,
                           .pr_value = value,
                           .pr_policy = (uint8_t)policy};
        ct_pattern(data, BYTES, i);
        assert_int_equal(tr_send(p->client->ep, &m, 1, &sent), TR_OK);
    }
}

/* Until the message without a limit, which was sent last. */
static void take_what_came(struct limited *l, struct ct_end *server)
{
    const struct tr_msg *m;
    uint32_t due = 0;
    while ((m = ct_message(server))->ppid != LAST) {
        assert_in_range(m->ppid, due, LIMITED - 1);
        assert_int_equal(m->len, BYTES);
        assert_true(ct_is_pattern(m->data, BYTES, m->ppid));
        l->came[m->ppid] = true;
        due = m->ppid + 1;
    }
}

static void take_what_returned(struct limited *l, const struct ct_end *client)
{
    for (size_t i = 0; i < client->count; i++) {
        const struct tr_item *t = &client->items[i]->tr;
        if (t->kind != TR_EVENT || t->event.type != TR_EV_SEND_FAILED)
            continue;
        const struct tr_msg *m = &t->event.failed.msg;
        assert_in_range(m->context, 0, LIMITED - 1);
        assert_int_equal(m->len, BYTES);
        assert_true(ct_is_pattern(m->data, BYTES, m->context));
        assert_false(l->returned[m->context]);
        l->returned[m->context] = true;
        l->unsent[m->context] = !t->event.failed.was_sent;
    }
}

static bool some_are_given_up(void *arg)
{
    struct ct_pair *p = arg;
    return p->client->events[TR_EV_SEND_FAILED] > 0 || statistic(p->client, p->near, OPTF_PRS_SENT) > 0;
}

/* Messages with a limit are given up on a dead network, by the sender's own clock or count; the association
 * lives on. Each is delivered or comes back; both where its acknowledgement was lost or late. What was on the
 * wire a stack may abandon without a word, but it counts that (option pr_assoc_status). */
static void given_up(struct ct_world *w, enum tr_pr_policy policy, uint32_t value)
{
    struct net n = net_make(w);
    struct opt_set hasty = net_hasty(255);
    struct ct_pair p = net_pair(&n, &hasty, &hasty);
    struct limited l = {0};
    unsigned returned = 0, unknown = 0;
    net_break(&n, NET_ALL);
    send_limited(&p, policy, value);
    if (!ct_pump(w, some_are_given_up, &p, CT_DEADLINE_MS))
        fail_msg("no message was given up");
    net_mend(&n, NET_ALL);
    ct_send(p.client, p.near, 0, LAST, "still here", 10);
    take_what_came(&l, p.server);
    take_what_returned(&l, p.client);
    for (unsigned i = 0; i < LIMITED; i++) {
        assert_false(l.came[i] && l.unsent[i]);
        returned += l.returned[i];
        unknown += !l.came[i] && !l.returned[i];
    }
    int64_t silent = statistic(p.client, p.near, OPTF_PRS_SENT);
    assert_in_range(unknown, 0, silent > 0 ? silent : 0);
    assert_in_range(returned + unknown, 1, LIMITED);
}

static void net_lifetime_ends_on_a_dead_network(void **state)
{
    given_up(*state, TR_PR_TTL, 200);
}

static void net_retransmissions_are_limited(void **state)
{
    given_up(*state, TR_PR_RTX, 1);
}

/* ---- When there is nothing left to send ------------------------------------------------------------ */

static void net_sender_is_dry_when_all_is_acknowledged(void **state)
{
    struct opt_set hasty = net_hasty(255);
    struct net n = net_make(*state);
    opt_put(&hasty, OPTF_EV_SENDER_DRY, 1);
    struct ct_pair p = net_pair(&n, &hasty, &hasty);
    struct ct_flow f = {.from = p.client, .assoc = p.near, .size = 500};
    ct_flow_send(&f, 10);
    assert_int_equal(ct_event(p.client, TR_EV_SENDER_DRY)->assoc, p.near);
    ct_flow_finish(&f, p.server, p.far);
    ct_acknowledged(p.client, p.near);
    size_t before = p.client->events[TR_EV_SENDER_DRY];
    net_break(&n, NET_ALL);
    ct_flow_send(&f, 10);
    ct_spend(*state, 400);
    assert_int_equal(p.client->events[TR_EV_SENDER_DRY], before);
    net_mend(&n, NET_ALL);
    ct_flow_finish(&f, p.server, p.far);
    while (p.client->events[TR_EV_SENDER_DRY] == before)
        ct_event(p.client, TR_EV_SENDER_DRY);
    assert_int_equal(f.arrived, 20);
}

/* ---- Half a message -------------------------------------------------------------------------------- */

/* The network dies when a part of a long message has been read: no half message comes up, and the break is
 * told before the end of the association. The way is long and the window small, so that there is time. */
static void net_message_breaks_off(void **state)
{
    enum { LONG = 3000000 };
    struct net n = net_make(*state);
    struct opt_set sends = net_hasty(255), takes = net_hasty(255);
    opt_put(&sends, OPTF_SNDBUF, 2 * LONG);
    opt_put(&takes, OPTF_RECBUF, 100000);
    struct ct_pair p = net_pair(&n, &sends, &takes);
    struct ct_flow f = {.from = p.client, .assoc = p.near, .size = LONG};
    net_set(&n, NET_ALL, &(struct net_cable){.delay_ms = 40});
    assert_int_equal(ct_flow_offer(&f, 1, NULL), TR_OK);
    struct net_count start = net_counted(&n, NET_NEAR, 0);
    while (net_counted(&n, NET_NEAR, 0).sent < start.sent + 150) /* of some 2000 packets */
        ct_spend(*state, 5);
    net_break(&n, NET_ALL);
    net_give_up(p.client, p.near, 3);
    net_give_up(p.server, p.far, 3);
    const struct tr_event *lost = ct_change(p.server, TR_COMM_LOST);
    const struct tr_event *broken = ct_event(p.server, TR_EV_PARTIAL_DELIVERY);
    assert_int_equal(broken->assoc, p.far);
    assert_true(ct_place(p.server, broken) < ct_place(p.server, lost));
    assert_int_equal(p.server->messages, 0);
    ct_change(p.client, TR_COMM_LOST);
    ct_event(p.client, TR_EV_SEND_FAILED);
}

CT_TOPIC(network_loss, CT_CASE(net_loss_is_repaired), CT_CASE(net_disorder_and_doubles_do_not_show),
         CT_CASE(net_lifetime_ends_on_a_dead_network), CT_CASE(net_retransmissions_are_limited),
         CT_CASE(net_sender_is_dry_when_all_is_acknowledged), CT_CASE(net_message_breaks_off));
