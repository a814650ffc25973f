/* Added streams: how many the broker assumes for an association, and how many it requests from the other side
 * of a session. */
#include "tests/unit/paper_backend.h"

#include "broker/assoc.h"
#include "broker/reconfig.h"
#include "broker/session/paired.h"
#include "broker/socket.h"
#include "broker/state.h"

static const struct cfg_listener listeners[] = {{.name = "access"}};
static const struct cfg_peer peers[] = {{.name = "core"}};
static const struct cfg_config config = {
    .listeners = listeners, .listener_count = 1, .peers = peers, .peer_count = 1};

static struct {
    unsigned calls, outbound, inbound;
    uint32_t assoc;
    enum tr_code code;
} asked;

static enum tr_code paper_add_streams(struct tr_endpoint *ep, uint32_t assoc, uint16_t outbound,
                                      uint16_t inbound, struct tr_error *e)
{
    (void)ep;
    asked.calls++;
    asked.assoc = assoc;
    asked.outbound = outbound;
    asked.inbound = inbound;
    if (asked.code != TR_OK)
        snprintf(e->text, sizeof e->text, "the peer has no re-configuration");
    return asked.code;
}

static const struct rt_plan plan = {.config = &config};
static struct brk_broker broker;
static struct brk_worker worker;
static struct brk_socket client_socket, partner_socket;
static struct brk_assoc client, partner;

/* A paired session with ten streams each way. */
static int begin(void **state)
{
    if (set_up(state) != 0)
        return -1;
    memset(&asked, 0, sizeof asked);
    backend.add_streams = paper_add_streams;
    broker = (struct brk_broker){.backend = &backend};
    worker = (struct brk_worker){.broker = &broker, .plan = &plan, .config = &config};
    client_socket =
        (struct brk_socket){.worker = &worker, .ep = open_one(), .member = {CFG_MEMBER_LISTENER, 0}};
    partner_socket = (struct brk_socket){.worker = &worker, .ep = open_one(), .member = {CFG_MEMBER_PEER, 0}};
    client = (struct brk_assoc){
        .worker = &worker, .state = BRK_UP, .out_streams = 10, .in_streams = 10, .pair.partner = &partner};
    partner = (struct brk_assoc){.worker = &worker,
                                 .state = BRK_UP,
                                 .out_streams = 10,
                                 .in_streams = 10,
                                 .pair.client = &client,
                                 .session = &brk_paired};
    brk_assoc_attach(&client, &client_socket, 3);
    brk_assoc_attach(&partner, &partner_socket, 4);
    return 0;
}

static int end(void **state)
{
    brk_assoc_detach(&client);
    brk_assoc_detach(&partner);
    tr_close(client_socket.ep);
    tr_close(partner_socket.ep);
    return tear_down(state);
}

static void changed(struct brk_socket *s, uint32_t assoc, enum tr_reconfig_outcome outcome, uint16_t out,
                    uint16_t in)
{
    struct tr_event e = {.type = TR_EV_STREAM_CHANGE, .assoc = assoc};
    e.stream_change.outcome = outcome;
    e.stream_change.outbound_streams = out;
    e.stream_change.inbound_streams = in;
    brk_reconfigured(&worker, s, &e);
}

/* The client has got 16 streams to us and 12 from us: the partner is asked for what it lacks, once. */
static void the_other_side_follows(void **state)
{
    (void)state;
    changed(&client_socket, 3, TR_RECONFIG_DONE, 12, 16);
    assert_int_equal(client.out_streams, 12);
    assert_int_equal(client.in_streams, 16);
    assert_int_equal(asked.calls, 1);
    assert_int_equal(asked.assoc, 4);
    assert_int_equal(asked.outbound, 6);
    assert_int_equal(asked.inbound, 2);
    assert_int_equal(partner.out_streams, 10); /* not before it says so */

    changed(&partner_socket, 4, TR_RECONFIG_DONE, 16, 12);
    assert_int_equal(partner.out_streams, 16);
    assert_int_equal(partner.in_streams, 12);
    assert_int_equal(asked.calls, 1);
}

static void a_partner_that_adds_is_followed(void **state)
{
    (void)state;
    changed(&partner_socket, 4, TR_RECONFIG_DONE, 10, 20);
    assert_int_equal(asked.assoc, 3);
    assert_int_equal(asked.outbound, 10);
    assert_int_equal(asked.inbound, 0);
}

/* Only the direction that got more: the other may differ since they were set up. */
static void the_other_direction_stays(void **state)
{
    (void)state;
    partner.in_streams = 1;
    changed(&client_socket, 3, TR_RECONFIG_DONE, 10, 14);
    assert_int_equal(asked.outbound, 4);
    assert_int_equal(asked.inbound, 0);
}

/* The client got more while its partner was being set up. */
static void a_late_partner_catches_up(void **state)
{
    (void)state;
    partner.state = BRK_CONNECTING;
    partner.pair.asked_out_streams = partner.pair.asked_in_streams = 10;
    changed(&client_socket, 3, TR_RECONFIG_DONE, 10, 14);
    assert_int_equal(asked.calls, 0);
    partner.state = BRK_UP;
    brk_paired.up(&worker, &partner);
    assert_int_equal(asked.outbound, 4);
    assert_int_equal(asked.inbound, 0);
    client.in_streams = 10;
    brk_paired.up(&worker, &partner);
    assert_int_equal(asked.calls, 1);
}

static void what_was_refused_changes_nothing(void **state)
{
    (void)state;
    changed(&client_socket, 3, TR_RECONFIG_DENIED, 12, 16);
    changed(&client_socket, 3, TR_RECONFIG_FAILED, 12, 16);
    assert_int_equal(client.out_streams, 10);
    assert_int_equal(asked.calls, 0);

    asked.code = TR_INVALID; /* the partner's peer has no such thing: as many as before */
    changed(&client_socket, 3, TR_RECONFIG_DONE, 10, 16);
    assert_int_equal(client.in_streams, 16);
    assert_int_equal(partner.out_streams, 10);
}

static void who_is_not_there_is_not_asked(void **state)
{
    (void)state;
    partner.state = BRK_CONNECTING;
    changed(&client_socket, 3, TR_RECONFIG_DONE, 12, 16);
    client.pair.partner = NULL;
    changed(&client_socket, 3, TR_RECONFIG_DONE, 13, 17);
    changed(&client_socket, 99, TR_RECONFIG_DONE, 13, 17);
    assert_int_equal(asked.calls, 0);
    assert_int_equal(client.in_streams, 17);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_other_side_follows, begin, end),
        cmocka_unit_test_setup_teardown(a_partner_that_adds_is_followed, begin, end),
        cmocka_unit_test_setup_teardown(the_other_direction_stays, begin, end),
        cmocka_unit_test_setup_teardown(a_late_partner_catches_up, begin, end),
        cmocka_unit_test_setup_teardown(what_was_refused_changes_nothing, begin, end),
        cmocka_unit_test_setup_teardown(who_is_not_there_is_not_asked, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
