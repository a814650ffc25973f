/* Associations that the network ends, keeps from being set up, or causes to restart. No message may be lost
 * silently: it is delivered or returned. */
#include "tests/conformance/net.h"
#include "tests/conformance/packet.h"
#include "tests/conformance/suite.h"

/* ---- Silence --------------------------------------------------------------------------------------- */

/* With the account of every message; those on the wire when it broke may be delivered and come back. */
static void nothing_is_lost(struct ct_flow *f, struct ct_end *to, uint32_t assoc)
{
    ct_flow_scan(f, to, assoc);
    struct ct_fate fate = ct_flow_fate(f);
    assert_int_equal(fate.neither, 0);
    assert_int_equal(fate.delivered + fate.returned - fate.both, f->next);
}

struct back {
    const struct ct_flow *flow;
    uint32_t wanted;
};

static bool are_back(void *arg)
{
    struct back *b = arg;
    return ct_flow_fate(b->flow).returned >= b->wanted;
}

/* A stack may give them back before it tells the end, or after. */
static void wait_for_return(struct ct_flow *f, uint32_t wanted)
{
    struct back b = {f, wanted};
    if (!ct_pump(f->from->world, are_back, &b, CT_DEADLINE_MS))
        fail_msg("of %u messages %u came back, %u awaited", f->next, ct_flow_fate(f).returned, wanted);
}

static void silence_ends_the_association(struct net n)
{
    struct opt_set hasty = net_hasty(255);
    struct ct_pair p = net_pair(&n, &hasty, &hasty);
    struct ct_flow f = {.from = p.client, .assoc = p.near, .streams = 3, .size = 1000};
    ct_flow_send(&f, 30);
    ct_flow_finish(&f, p.server, p.far);
    ct_flow_offer(&f, 30, NULL);
    ct_turn(n.world, 1); /* some are under way */
    net_break(&n, NET_ALL);
    ct_flow_offer(&f, 30, NULL);
    assert_int_equal(f.next, 90);
    net_give_up(p.client, p.near, 4);
    net_give_up(p.server, p.far, 4);
    const struct tr_event *lost = ct_change(p.client, TR_COMM_LOST);
    assert_int_equal(lost->assoc, p.near);
    assert_int_not_equal(lost->change.end, TR_END_PEER);
    assert_int_equal(ct_change(p.server, TR_COMM_LOST)->assoc, p.far);
    wait_for_return(&f, 30);
    nothing_is_lost(&f, p.server, p.far);
    struct tr_msg m = {.data = "x", .len = 1, .assoc = p.near};
    unsigned sent;
    assert_int_equal(tr_send(p.client->ep, &m, 1, &sent), TR_NO_ASSOC);
}

static void net_silence_ends_the_association(void **state)
{
    silence_ends_the_association(net_make(*state));
}

static void net_ipv6_silence_ends_the_association(void **state)
{
    silence_ends_the_association(net_make_ipv6(*state));
}

/* More than a receive buffer of the sender holds, given up within less than a second. */
static void net_everything_comes_back_from_a_full_buffer(void **state)
{
    struct net n = net_make(*state);
    struct opt_set sends = net_hasty(255), takes = net_hasty(255);
    opt_put(&sends, OPTF_SNDBUF, 300000);
    opt_put(&sends, OPTF_RECBUF, 20000);
    struct ct_pair p = net_pair(&n, &sends, &takes);
    struct ct_flow f = {.from = p.client, .assoc = p.near, .streams = 2, .size = 400};
    net_break(&n, NET_ALL);
    ct_pause(p.client);
    while (ct_flow_offer(&f, 16, NULL) == TR_OK && f.next < 400)
        ;
    assert_in_range(f.next, 60, 500);
    net_give_up(p.client, p.near, 3);
    net_give_up(p.server, p.far, 3);
    ct_change(p.server, TR_COMM_LOST);
    ct_spend(*state, 300);
    ct_resume(p.client);
    ct_change(p.client, TR_COMM_LOST);
    wait_for_return(&f, f.next);
    nothing_is_lost(&f, p.server, p.far);
}

/* We receive from the peer, which keeps sending, more often than our timers run; but it does not receive from
 * us. */
static void net_one_way_silence_ends_the_association(void **state)
{
    struct net n = net_make(*state);
    struct opt_set sends = net_hasty(255), takes = CT_OPTIONS({OPTF_NODELAY, 1});
    opt_put(&sends, OPTF_RTO_INITIAL, 250);
    opt_put(&sends, OPTF_RTO_MIN, 250);
    opt_put(&sends, OPTF_RTO_MAX, 250);
    opt_put(&sends, OPTF_RECBUF, 20000);
    struct ct_pair p = net_pair(&n, &sends, &takes);
    struct ct_flow f = {.from = p.client, .assoc = p.near, .streams = 2, .size = 400},
                   unheard = {.from = p.server, .assoc = p.far, .size = 14};
    net_deafen(&n, NET_FAR);
    while (ct_flow_offer(&f, 16, NULL) == TR_OK && f.next < 200)
        ;
    assert_in_range(f.next, 60, 220);
    net_give_up(p.client, p.near, 2);
    for (int64_t end = ct_now_ms() + CT_DEADLINE_MS; !ct_changes(p.client, TR_COMM_LOST, 0);) {
        assert_true(ct_now_ms() < end);
        ct_flow_offer(&unheard, 1, NULL);
        ct_turn(*state, 20);
    }
    wait_for_return(&f, f.next);
    nothing_is_lost(&f, p.server, p.far);
}

/* An endpoint with one association has an error of its own when that ends; it must not hide the events. */
static void silence_on_a_single_one(struct ct_world *w, struct ct_end *single, struct ct_flow *f,
                                    const struct net *n)
{
    ct_flow_offer(f, 5, NULL);
    ct_spend(w, 100);
    net_break(n, NET_ALL);
    uint32_t before = f->next;
    ct_flow_offer(f, 30, NULL);
    net_give_up(single, f->assoc, 4);
    ct_change(single, TR_COMM_LOST);
    wait_for_return(f, f->next - before);
    ct_spend(w, 50);
    assert_int_equal(ct_changes(single, TR_COMM_LOST, 0), 1);
    net_mend(n, NET_ALL);
}

static void net_silence_on_a_one_to_one_endpoint(void **state)
{
    struct net n = net_make(*state);
    struct opt_set hasty = net_hasty(255);
    struct ct_end *server = net_end(&n, NET_FAR, &hasty, true);
    struct net_addr local = net_address(NET_NEAR, 0);
    struct tr_open_params one = {
        .style = TR_ONE_TO_ONE, .addresses = &local, .address_count = 1, .options = &hasty};
    struct ct_end *client = net_open(&n, NET_NEAR, &one);
    uint32_t far, near = ct_connect(client, server, &far);
    struct ct_flow f = {.from = client, .assoc = near, .size = 500};
    silence_on_a_single_one(*state, client, &f, &n);
    nothing_is_lost(&f, server, far);
    ct_change(server, TR_COMM_LOST);
    ct_connect(client, server, NULL); /* and it can call again */
}

static void net_silence_on_a_peeled_off_endpoint(void **state)
{
    struct net n = net_make(*state);
    struct opt_set hasty = net_hasty(255);
    struct ct_pair p = net_pair(&n, &hasty, &hasty);
    uint32_t assoc = p.near;
    struct ct_end *peeled = ct_peel(p.client, &assoc);
    struct ct_flow f = {.from = peeled, .assoc = assoc, .size = 500};
    silence_on_a_single_one(*state, peeled, &f, &n);
    nothing_is_lost(&f, p.server, p.far);
    assert_int_equal(ct_changes(p.client, TR_COMM_LOST, 0), 0);
    ct_change(p.server, TR_COMM_LOST);
    ct_connect(p.client, p.server, NULL);
}

/* ---- Setting up ------------------------------------------------------------------------------------ */

static void net_nobody_answers(void **state)
{
    struct net n = net_make(*state);
    struct opt_set hasty = net_hasty(4);
    struct ct_end *server = net_end(&n, NET_FAR, &hasty, true),
                  *client = net_end(&n, NET_NEAR, &hasty, false);
    struct tr_target to = ct_target(server);
    struct tr_error error = {0};
    struct tr_event change;
    uint32_t assoc = 0;
    net_break(&n, NET_ALL);
    ct_ok(tr_connect_init(client->ep, &to, &assoc, &error), &error);
    assert_int_equal(ct_change(client, TR_CANT_ASSOC)->assoc, assoc);
    ct_failed_as(tr_connect(client->ep, &to, -1, &change, &error), TR_TIMEOUT, &error);
    net_mend(&n, NET_ALL);
    ct_connect(client, server, NULL);
    assert_int_equal(ct_changes(server, TR_COMM_UP, 0), 1);
}

/* The stack's own longest waiting time, rtoinfo.max, makes the attempts end early: still nobody answered. */
static void net_nobody_answers_within_a_short_rto(void **state)
{
    struct net n = net_make(*state);
    struct opt_set hasty =
        CT_OPTIONS({OPTF_RTO_INITIAL, 50}, {OPTF_RTO_MIN, 50}, {OPTF_RTO_MAX, 50}, {OPTF_INIT_ATTEMPTS, 4});
    struct ct_end *client = net_end(&n, NET_NEAR, &hasty, false);
    struct net_addr there = net_address(NET_FAR, 0);
    struct tr_target to = {&there, 1, ct_port()};
    struct tr_error error = {0};
    struct tr_event change;
    net_addr_set_port(&there, ct_port());
    net_break(&n, NET_ALL);
    ct_failed_as(tr_connect(client->ep, &to, -1, &change, &error), TR_TIMEOUT, &error);
}

/* When tr_connect's time is over nothing is sent any more, and nothing comes of it when the network is back.
 */
static void timeout_leaves_no_half_open_association(struct net n)
{
    struct opt_set hasty = net_hasty(4);
    opt_put(&hasty, OPTF_INIT_ATTEMPTS, 50);
    struct ct_end *server = net_end(&n, NET_FAR, &hasty, true),
                  *client = net_end(&n, NET_NEAR, &hasty, false);
    struct net_addr all[NET_CABLES] = {net_address(NET_FAR, 0), net_address(NET_FAR, 1)};
    struct tr_target to = {all, net_paths(), server->udp};
    struct tr_error error = {0};
    struct tr_event change;
    for (unsigned i = 0; i < NET_CABLES; i++)
        net_addr_set_port(&all[i], tr_endpoint_port(server->ep));
    net_break(&n, NET_ALL);
    ct_failed_as(tr_connect(client->ep, &to, 150, &change, &error), TR_TIMEOUT, &error);
    unsigned long long attempts = net_packets(&n, NET_NEAR);
    assert_in_range(attempts, 1, UINT32_MAX);
    ct_spend(n.world, 700);
    assert_int_equal(net_packets(&n, NET_NEAR), attempts);
    net_mend(&n, NET_ALL);
    ct_spend(n.world, 300);
    assert_int_equal(server->count + client->count, 0);
    ct_ok(tr_connect(client->ep, &to, CT_DEADLINE_MS, &change, &error), &error);
    ct_change(server, TR_COMM_UP);
}

static void net_timeout_leaves_no_half_open_association(void **state)
{
    timeout_leaves_no_half_open_association(net_make(*state));
}

static void net_ipv6_timeout_leaves_no_half_open_association(void **state)
{
    timeout_leaves_no_half_open_association(net_make_ipv6(*state));
}

/* The time is over when the peer has set the association up already and only its COOKIE ACK is under way: the
 * peer must learn that nobody is there. */
static void net_late_answer_leaves_no_half_open_association(void **state)
{
    struct net n = net_make(*state);
    struct ct_end *server = net_end(&n, NET_FAR, NULL, true), *client = net_end(&n, NET_NEAR, NULL, false);
    struct tr_target to = ct_target(server);
    struct tr_error error = {0};
    struct tr_event change;
    net_set_from(&n, NET_FAR, NET_ALL, &(struct net_cable){.delay_ms = 1200}); /* up here after twice that */
    enum tr_code code = tr_connect(client->ep, &to, 1800, &change, &error);
    ct_failed_as(code, TR_TIMEOUT, &error);
    uint32_t up = ct_change(server, TR_COMM_UP)->assoc;
    assert_int_equal(ct_change(server, TR_COMM_LOST)->assoc, up);
    net_mend(&n, NET_ALL);
    assert_int_equal(client->count, 0);
    ct_connect(client, server, NULL);
}

/* ---- Restart --------------------------------------------------------------------------------------- */

/* An endpoint disappears silently, and another replaces it: addresses and ports are the same. Leaves the
 * network broken. */
static struct ct_end *reborn(const struct net *n, enum net_host host, struct ct_end *e,
                             const struct opt_set *options)
{
    struct net_addr local[NET_CABLES] = {net_address(host, 0), net_address(host, 1)};
    struct tr_open_params p = {.addresses = local,
                               .address_count = net_paths(),
                               .port = tr_endpoint_port(e->ep),
                               .encaps_port = e->udp,
                               .options = options};
    net_break(n, NET_ALL);
    ct_close(e); /* aborts, which nobody hears */
    ct_spend(n->world, 50);
    return net_open(n, host, &p);
}

/* `again` calls where the survivor listens or once called from (`at`, on `host`); the survivor may have been
 * peeled off there. Data flows both ways then, and nothing of what was sent before appears. The network is
 * mended only while the call is under way, to all addresses: else a packet of the survivor's could come first
 * and, since nobody is known there, be answered with an ABORT. */
static void call_and_talk(const struct net *n, struct ct_end *again, const struct ct_end *at,
                          enum net_host host, struct ct_end *survivor, uint32_t survivors)
{
    struct net_addr all[NET_CABLES] = {net_address(host, 0), net_address(host, 1)};
    struct tr_target to = {.addresses = all, .address_count = net_paths(), .encaps_port = at->udp};
    struct tr_error error = {0};
    uint32_t assoc = 0;
    survivor->scan = survivor->count;
    for (unsigned i = 0; i < NET_CABLES; i++)
        net_addr_set_port(&all[i], tr_endpoint_port(at->ep));
    ct_ok(tr_connect_init(again->ep, &to, &assoc, &error), &error);
    net_mend(n, NET_ALL);
    const struct tr_event *e = ct_change(survivor, TR_RESTART);
    assert_int_equal(e->assoc, survivors);
    assert_in_range(e->change.outbound_streams, 3, 65535);
    assert_in_range(e->change.inbound_streams, 3, 65535);
    assert_int_equal(ct_change(again, TR_COMM_UP)->assoc, assoc);
    struct ct_flow there = {.from = survivor, .assoc = survivors, .streams = 3, .size = 900},
                   back = {.from = again, .assoc = assoc, .streams = 3, .size = 900};
    ct_flow_send(&there, 60);
    ct_flow_send(&back, 60);
    ct_flow_finish(&there, again, assoc);
    ct_flow_finish(&back, survivor, survivors);
    assert_int_equal(again->messages, 60);
    assert_int_equal(ct_changes(survivor, TR_RESTART, 0), 1);
    assert_int_equal(ct_changes(survivor, TR_COMM_LOST, 0), 0);
}

static void net_restart_of_the_peer_is_told(void **state)
{
    struct net n = net_make(*state);
    struct opt_set hasty = net_hasty(255);
    opt_put(&hasty, OPTF_INIT_ATTEMPTS, 100);
    struct ct_pair p = net_pair(&n, &hasty, &hasty);
    struct ct_flow f = {.from = p.client, .assoc = p.near, .streams = 3, .size = 1000};
    ct_flow_send(&f, 30);
    ct_flow_finish(&f, p.server, p.far);
    net_break(&n, NET_ALL);
    assert_int_equal(ct_flow_offer(&f, 30, NULL), TR_OK);
    struct ct_end *again = reborn(&n, NET_FAR, p.server, &hasty);
    call_and_talk(&n, again, p.client, NET_NEAR, p.client, p.near);
    struct ct_fate fate = ct_flow_fate(&f); /* what the one that died had not acknowledged comes back */
    assert_int_equal(fate.delivered, 30);
    assert_int_equal(fate.returned, 30);
    assert_int_equal(fate.neither, 0);
}

/* The survivor listens and has peeled the association off: it is told there. */
static void net_restart_on_a_peeled_off_endpoint(void **state)
{
    struct net n = net_make(*state);
    struct opt_set hasty = net_hasty(255);
    opt_put(&hasty, OPTF_INIT_ATTEMPTS, 100);
    struct ct_pair p = net_pair(&n, &hasty, &hasty);
    uint32_t assoc = p.far;
    struct ct_end *peeled = ct_peel(p.server, &assoc);
    struct ct_end *again = reborn(&n, NET_NEAR, p.client, &hasty);
    call_and_talk(&n, again, p.server, NET_FAR, peeled, assoc);
    assert_int_equal(ct_changes(p.server, TR_COMM_UP, 0), 1); /* the one before */
}

/* ---- Errors that the peer reports ------------------------------------------------------------------ */

/* A chunk of a type that nobody knows and that asks for a report (RFC 9260 3.2: its upper bits are 01). */
static void net_remote_error_is_told(void **state)
{
    static const uint8_t unknown[12] = {0x7f, 0, 0, 12, 's', 't', 'r', 'a', 'n', 'g', 'e', '!'};
    enum { UNRECOGNIZED_CHUNK = 6 };
    struct net n = net_make(*state);
    struct opt_set hasty = net_hasty(255);
    int watch = packet_watch(&n, NET_FAR);
    struct ct_pair p = net_pair(&n, &hasty, &hasty);
    packet_forge(&n, watch, p.client, NET_NEAR, p.server, unknown, sizeof unknown);
    const struct tr_event *e = ct_event(p.client, TR_EV_REMOTE_ERROR);
    assert_int_equal(e->assoc, p.near);
    assert_int_equal(e->remote_error.error, UNRECOGNIZED_CHUNK);
    assert_int_equal(e->remote_error.len, sizeof unknown);
    assert_memory_equal(e->remote_error.data, unknown, sizeof unknown);
    struct ct_flow f = {.from = p.client, .assoc = p.near, .size = 100};
    ct_flow_send(&f, 20);
    ct_flow_finish(&f, p.server, p.far); /* nobody was hurt */
}

/* The ERROR chunk itself, with a cause that no stack of ours would send. */
static void net_remote_error_tells_its_cause(void **state)
{
    static const uint8_t error[12] = {9, 0, 0, 12, 0, 1, 0, 8, 0x01, 0x02, 0, 0};
    enum { INVALID_STREAM = 1 };
    struct net n = net_make(*state);
    struct opt_set hasty = net_hasty(255), deaf = net_hasty(255);
    opt_put(&deaf, OPTF_EV_PEER_ERROR, 0);
    int watch = packet_watch(&n, NET_NEAR), watch_quiet = packet_watch(&n, NET_NEAR);
    struct ct_pair p = net_pair(&n, &hasty, &hasty);
    struct ct_end *quiet = net_end(&n, NET_NEAR, &deaf, false);
    ct_connect(quiet, p.server, NULL);
    packet_forge(&n, watch_quiet, p.server, NET_FAR, quiet, error, sizeof error);
    packet_forge(&n, watch, p.server, NET_FAR, p.client, error, sizeof error);
    const struct tr_event *e = ct_event(p.client, TR_EV_REMOTE_ERROR);
    assert_int_equal(e->assoc, p.near);
    assert_int_equal(e->remote_error.error, INVALID_STREAM);
    assert_int_equal(e->remote_error.len, 4);
    assert_memory_equal(e->remote_error.data, error + 8, 4);
    assert_int_equal(quiet->events[TR_EV_REMOTE_ERROR], 0);
}

CT_TOPIC(network_ends, CT_CASE(net_silence_ends_the_association),
         CT_CASE(net_ipv6_silence_ends_the_association),
         CT_CASE(net_ipv6_timeout_leaves_no_half_open_association),
         CT_CASE(net_everything_comes_back_from_a_full_buffer),
         CT_CASE(net_one_way_silence_ends_the_association), CT_CASE(net_silence_on_a_one_to_one_endpoint),
         CT_CASE(net_silence_on_a_peeled_off_endpoint), CT_CASE(net_nobody_answers),
         CT_CASE(net_nobody_answers_within_a_short_rto), CT_CASE(net_timeout_leaves_no_half_open_association),
         CT_CASE(net_late_answer_leaves_no_half_open_association), CT_CASE(net_restart_of_the_peer_is_told),
         CT_CASE(net_restart_on_a_peeled_off_endpoint), CT_CASE(net_remote_error_is_told),
         CT_CASE(net_remote_error_tells_its_cause));
