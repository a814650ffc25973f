/* Re-configuring associations that are up (RFC 6525): streams reset, associations reset, streams added; and
 * what is reported if a side refuses. */
#include "tests/conformance/suite.h"

#include <string.h>

/* Both sides offer re-configuration. Linux asks only for what it grants, so the asking side grants, too. */
static struct opt_set reconfigurable(int64_t grants)
{
    return CT_OPTIONS({OPTF_RECONFIG_SUPPORTED, 1}, {OPTF_ENABLE_STREAM_RESET, grants},
                      {OPTF_INIT_OSTREAMS, 10}, {OPTF_INIT_INSTREAMS, 20});
}

enum { ALL = OPT_RESET_STREAMS | OPT_RESET_ASSOC | OPT_CHANGE_ASSOC };

static bool missing(void)
{
    return !ct_can_set(OPT_RECONFIG_SUPPORTED) || !ct_can_set(OPT_ENABLE_STREAM_RESET);
}

static struct ct_pair pair_with(struct ct_world *w, int64_t client, int64_t server)
{
    struct opt_set near = reconfigurable(client), far = reconfigurable(server);
    return ct_pair(w, &near, &far);
}

/* Messages go through on every stream, in both directions. */
static void talk(const struct ct_pair *p, unsigned streams)
{
    struct ct_flow there = {.from = p->client, .assoc = p->near, .streams = streams, .size = 300},
                   back = {.from = p->server, .assoc = p->far, .streams = streams, .size = 300};
    ct_flow_send(&there, 5 * streams);
    ct_flow_send(&back, 5 * streams);
    ct_flow_finish(&there, p->server, p->far);
    ct_flow_finish(&back, p->client, p->near);
}

struct request {
    enum { STREAMS, ASSOC, ADD } what;
    struct ct_end *from;
    uint32_t assoc;
    unsigned directions;
    const uint16_t *list;
    unsigned count;
    uint16_t out, in;
    enum tr_code code;
    struct tr_error error;
};

static struct request streams_of(struct ct_end *from, uint32_t assoc, unsigned directions,
                                 const uint16_t *list, unsigned count)
{
    return (struct request){.what = STREAMS,
                            .from = from,
                            .assoc = assoc,
                            .directions = directions,
                            .list = list,
                            .count = count};
}

static bool asked(void *arg)
{
    struct request *r = arg;
    if (r->what == STREAMS)
        r->code = tr_reset_streams(r->from->ep, r->assoc, r->directions, r->list, r->count, &r->error);
    else if (r->what == ASSOC)
        r->code = tr_reset_assoc(r->from->ep, r->assoc, &r->error);
    else
        r->code = tr_add_streams(r->from->ep, r->assoc, r->out, r->in, &r->error);
    return r->code != TR_AGAIN;
}

/* Asks until the stack is free for it. */
static enum tr_code ask(struct request *r)
{
    if (!ct_pump(r->from->world, asked, r, CT_DEADLINE_MS))
        fail_msg("TR_AGAIN for ever: %s", r->error.text);
    return r->code;
}

static void ask_ok(struct request r)
{
    ask(&r);
    ct_ok(r.code, &r.error);
}

static void is_reset(struct ct_end *e, uint32_t assoc, unsigned directions, const uint16_t *list,
                     unsigned count)
{
    const struct tr_event *r = ct_event(e, TR_EV_STREAM_RESET);
    assert_int_equal(r->assoc, assoc);
    assert_int_equal(r->stream_reset.outcome, TR_RECONFIG_DONE);
    assert_int_equal(r->stream_reset.directions, directions);
    assert_int_equal(r->stream_reset.count, count);
    if (count > 0)
        assert_memory_equal(r->stream_reset.streams, list, count * sizeof *list);
}

static void outbound_streams_begin_anew(void **state)
{
    static const uint16_t some[] = {1, 3, 258};
    if (missing())
        skip();
    struct ct_pair p = pair_with(*state, ALL, ALL);
    talk(&p, 10);
    ask_ok(streams_of(p.client, p.near, TR_OUTBOUND, some, 2));
    is_reset(p.client, p.near, TR_OUTBOUND, some, 2);
    is_reset(p.server, p.far, TR_INBOUND, some, 2);
    talk(&p, 10);
    ask_ok(streams_of(p.client, p.near, TR_OUTBOUND, NULL, 0));
    is_reset(p.client, p.near, TR_OUTBOUND, NULL, 0);
    is_reset(p.server, p.far, TR_INBOUND, NULL, 0);
    talk(&p, 10);
    struct request none = streams_of(p.client, p.near, TR_OUTBOUND, some, 3);
    ct_failed_as(ask(&none), TR_BAD_STREAM, &none.error);
    none.assoc += 500;
    ct_failed_as(ask(&none), TR_NO_ASSOC, &none.error);
}

static void inbound_streams_begin_anew(void **state)
{
    static const uint16_t some[] = {0, 2};
    if (missing())
        skip();
    struct ct_pair p = pair_with(*state, ALL, ALL);
    talk(&p, 4);
    ask_ok(streams_of(p.client, p.near, TR_INBOUND, some, 2));
    is_reset(p.client, p.near, TR_INBOUND, some, 2);
    is_reset(p.server, p.far, TR_OUTBOUND, some, 2);
    talk(&p, 4);
}

static void streams_are_added(void **state)
{
    if (missing())
        skip();
    struct ct_pair p = pair_with(*state, ALL, ALL);
    talk(&p, 10);
    ask_ok((struct request){.what = ADD, .from = p.client, .assoc = p.near, .out = 6});
    const struct tr_event *near = ct_event(p.client, TR_EV_STREAM_CHANGE),
                          *far = ct_event(p.server, TR_EV_STREAM_CHANGE);
    assert_int_equal(near->stream_change.outcome, TR_RECONFIG_DONE);
    assert_int_equal(near->assoc, p.near);
    assert_int_equal(near->stream_change.outbound_streams, 16);
    assert_int_equal(near->stream_change.inbound_streams, 10);
    assert_int_equal(far->stream_change.outcome, TR_RECONFIG_DONE);
    assert_int_equal(far->assoc, p.far);
    assert_int_equal(far->stream_change.outbound_streams, 10);
    assert_int_equal(far->stream_change.inbound_streams, 16);
    ct_send(p.client, p.near, 15, 9, "new", 3);
    assert_int_equal(ct_message(p.server)->stream, 15);

    ask_ok((struct request){.what = ADD, .from = p.client, .assoc = p.near, .in = 3});
    near = ct_event(p.client, TR_EV_STREAM_CHANGE);
    assert_int_equal(near->stream_change.outcome, TR_RECONFIG_DONE);
    assert_int_equal(near->stream_change.inbound_streams, 13);
    assert_int_equal(ct_event(p.server, TR_EV_STREAM_CHANGE)->stream_change.outbound_streams, 13);
    ct_send(p.server, p.far, 12, 9, "new", 3);
    assert_int_equal(ct_message(p.client)->stream, 12);
    talk(&p, 10);
}

static void association_begins_anew(void **state)
{
    if (missing())
        skip();
    struct ct_pair p = pair_with(*state, ALL, ALL);
    struct tr_error error = {0};
    if (!ct_has(TR_CAP_RESET_ASSOC)) {
        ct_failed_as(tr_reset_assoc(p.client->ep, p.near, &error), TR_UNSUPPORTED, &error);
        return;
    }
    talk(&p, 10);
    ask_ok((struct request){.what = ASSOC, .from = p.client, .assoc = p.near});
    const struct tr_event *near = ct_event(p.client, TR_EV_ASSOC_RESET),
                          *far = ct_event(p.server, TR_EV_ASSOC_RESET);
    assert_int_equal(near->assoc_reset.outcome, TR_RECONFIG_DONE);
    assert_int_equal(far->assoc_reset.outcome, TR_RECONFIG_DONE);
    assert_int_equal(near->assoc, p.near);
    assert_int_equal(far->assoc, p.far);
    assert_int_equal(near->assoc_reset.local_tsn, far->assoc_reset.remote_tsn);
    assert_int_equal(near->assoc_reset.remote_tsn, far->assoc_reset.local_tsn);
    talk(&p, 10);
}

static void what_the_peer_does_not_grant_is_denied(void **state)
{
    if (missing())
        skip();
    struct ct_pair p = pair_with(*state, ALL, 0);
    talk(&p, 4);
    ask_ok(streams_of(p.client, p.near, TR_OUTBOUND, NULL, 0));
    assert_int_equal(ct_event(p.client, TR_EV_STREAM_RESET)->stream_reset.outcome, TR_RECONFIG_DENIED);
    ask_ok((struct request){.what = ADD, .from = p.client, .assoc = p.near, .out = 6});
    const struct tr_event *e = ct_event(p.client, TR_EV_STREAM_CHANGE);
    assert_int_equal(e->stream_change.outcome, TR_RECONFIG_DENIED);
    assert_int_equal(e->stream_change.outbound_streams, 10);
    if (ct_has(TR_CAP_RESET_ASSOC)) {
        ask_ok((struct request){.what = ASSOC, .from = p.client, .assoc = p.near});
        assert_int_equal(ct_event(p.client, TR_EV_ASSOC_RESET)->assoc_reset.outcome, TR_RECONFIG_DENIED);
    }
    talk(&p, 10);
    assert_int_equal(p.server->events[TR_EV_STREAM_RESET], 0);
}

static void peer_without_reconfiguration(void **state)
{
    if (missing())
        skip();
    struct opt_set able = reconfigurable(ALL), unable = CT_OPTIONS({OPTF_RECONFIG_SUPPORTED, 0});
    struct ct_pair p = ct_pair(*state, &able, &unable);
    struct tr_error error = {0};
    ct_failed_as(tr_reset_streams(p.client->ep, p.near, TR_OUTBOUND, NULL, 0, &error), TR_UNSUPPORTED,
                 &error);
    ct_failed_as(tr_reset_assoc(p.client->ep, p.near, &error), TR_UNSUPPORTED, &error);
    ct_failed_as(tr_add_streams(p.client->ep, p.near, 1, 0, &error), TR_UNSUPPORTED, &error);
    talk(&p, 4);
}

static void unwanted_events_stay_away(void **state)
{
    if (missing())
        skip();
    struct opt_set able = reconfigurable(ALL), quiet = able;
    opt_put(&quiet, OPTF_EV_STREAM_RESET, 0);
    opt_put(&quiet, OPTF_EV_STREAM_CHANGE, 0);
    opt_put(&quiet, OPTF_EV_ASSOC_RESET, 0);
    struct ct_pair p = ct_pair(*state, &able, &quiet);
    ask_ok(streams_of(p.client, p.near, TR_OUTBOUND, NULL, 0));
    ct_event(p.client, TR_EV_STREAM_RESET);
    ask_ok((struct request){.what = ADD, .from = p.client, .assoc = p.near, .out = 6});
    ct_event(p.client, TR_EV_STREAM_CHANGE);
    if (ct_has(TR_CAP_RESET_ASSOC)) {
        ask_ok((struct request){.what = ASSOC, .from = p.client, .assoc = p.near});
        ct_event(p.client, TR_EV_ASSOC_RESET);
    }
    ct_spend(*state, 50);
    assert_int_equal(p.server->events[TR_EV_STREAM_RESET], 0);
    assert_int_equal(p.server->events[TR_EV_STREAM_CHANGE], 0);
    assert_int_equal(p.server->events[TR_EV_ASSOC_RESET], 0);
}

CT_TOPIC(reconfig, CT_CASE(outbound_streams_begin_anew), CT_CASE(inbound_streams_begin_anew),
         CT_CASE(streams_are_added), CT_CASE(association_begins_anew),
         CT_CASE(what_the_peer_does_not_grant_is_denied), CT_CASE(peer_without_reconfiguration),
         CT_CASE(unwanted_events_stay_away));
