/* gen_sctp:send with the rest of its record: the flags eof, abort and addr_over. */
#include "tests/conformance/suite.h"

#include <stdlib.h>
#include <string.h>

static void eof_after_the_last_message(void **state)
{
    struct ct_pair p = ct_pair(*state, NULL, NULL);
    struct tr_msg m[3] = {
        {.data = "first", .len = 5, .assoc = p.near},
        {.data = "last", .len = 4, .assoc = p.near, .stream = 1, .ppid = 7, .flags = TR_EOF},
        {.data = "never", .len = 5, .assoc = p.near}};
    unsigned sent;
    assert_int_equal(tr_send(p.client->ep, m, 3, &sent), TR_NO_ASSOC);
    assert_int_equal(sent, 2);
    assert_memory_equal(ct_message(p.server)->data, "first", 5);
    const struct tr_msg *last = ct_message(p.server);
    assert_memory_equal(last->data, "last", 4);
    assert_int_equal(last->stream, 1);
    assert_int_equal(last->ppid, 7);
    ct_change(p.server, TR_SHUTDOWN_COMP);
    ct_change(p.client, TR_SHUTDOWN_COMP);
}

static void eof_without_a_message(void **state)
{
    struct ct_pair p = ct_pair(*state, NULL, NULL);
    struct tr_msg m = {.assoc = p.near, .flags = TR_EOF};
    unsigned sent;
    assert_int_equal(tr_send(p.client->ep, &m, 1, &sent), TR_OK);
    assert_int_equal(sent, 1);
    ct_change(p.server, TR_SHUTDOWN_COMP);
    ct_change(p.client, TR_SHUTDOWN_COMP);
}

static void abort_with_a_reason(void **state)
{
    enum { USER_INITIATED_ABORT = 12 };
    struct ct_pair p = ct_pair(*state, NULL, NULL);
    struct tr_msg m = {.data = "enough", .len = 6, .assoc = p.near, .flags = TR_ABORT};
    unsigned sent;
    assert_int_equal(tr_send(p.client->ep, &m, 1, &sent), TR_OK);
    assert_int_equal(sent, 1);
    const struct tr_event *lost = ct_change(p.server, TR_COMM_LOST);
    assert_int_equal(lost->change.error, USER_INITIATED_ABORT);
    assert_int_equal(lost->change.reason_len, 6);
    assert_memory_equal(lost->change.reason, "enough", 6);
    assert_int_equal(ct_change(p.client, TR_COMM_LOST)->change.reason_len, 0); /* it was its own */
    assert_int_equal(tr_send(p.client->ep, &m, 1, &sent), TR_NO_ASSOC);
    assert_int_equal(sent, 0);
}

/* It is told to whoever asks, also past tr_connect's reading; and an abort without one has none. */
static void reason_of_another_association(void **state)
{
    struct ct_world *w = *state;
    struct ct_pair p = ct_pair(w, NULL, NULL);
    struct ct_end *second = ct_server(w, NULL);
    struct tr_msg m = {.data = "moved to b.example", .len = 18, .assoc = p.far, .flags = TR_ABORT};
    struct tr_target to = ct_target(second);
    struct tr_error error = {0};
    struct tr_event change;
    unsigned sent;
    p.client->reading = false;
    assert_int_equal(tr_send(p.server->ep, &m, 1, &sent), TR_OK);
    ct_spend(w, 100);
    ct_ok(tr_connect(p.client->ep, &to, CT_DEADLINE_MS, &change, &error), &error);
    p.client->reading = true;
    const struct tr_event *lost = ct_change(p.client, TR_COMM_LOST);
    assert_int_equal(lost->assoc, p.near);
    assert_int_equal(lost->change.reason_len, 18);
    assert_memory_equal(lost->change.reason, "moved to b.example", 18);
    ct_ok(tr_abort(second->ep, ct_change(second, TR_COMM_UP)->assoc, &error), &error);
    lost = ct_change(p.client, TR_COMM_LOST);
    assert_int_equal(lost->change.reason_len, 0);
    assert_null(lost->change.reason);
}

static int64_t cwnd_of(const struct ct_end *e, uint32_t assoc, const char *path)
{
    struct opt_set got = {0};
    struct tr_error error = {0};
    opt_put_text(&got, OPTF_PAI_ADDRESS, path);
    ct_ok(tr_get_option(e->ep, assoc, OPT_PEER_ADDR_INFO, &got, &error), &error);
    return opt_num(&got, OPTF_PAI_CWND, 0);
}

/* The congestion window grows on the path that the data took, and on that alone. (With the loopback's own MTU
 * it is so large from the start that nothing fills it.) */
static void path_other_than_the_primary(void **state)
{
    enum { SIZE = 60000, COUNT = 40 };
    struct ct_world *w = *state;
    struct net_addr theirs[2] = {ct_addr("127.0.0.1", 0), ct_addr("127.0.0.2", 0)};
    struct opt_set roomy = ct_roomy();
    struct tr_open_params params = {
        .style = TR_ONE_TO_MANY, .addresses = theirs, .address_count = 2, .options = &roomy};
    struct tr_error error = {0};
    if (!ct_has(TR_CAP_MULTIHOMING))
        skip();
    opt_put(&roomy, OPTF_EV_ADDRESS, 1);
    opt_put(&roomy, OPTF_PAP_PATHMTU, 1500);
    opt_put(&roomy, OPTF_PAP_FLAGS, OPT_PMTUD_DISABLE);
    struct ct_end *server = ct_open(w, NULL, &params), *client = ct_client(w, &roomy);
    ct_ok(tr_listen(server->ep, 5, &error), &error);
    server->address = ct_addr("127.0.0.1", tr_endpoint_port(server->ep));
    uint32_t near = ct_connect(client, server, NULL);
    while (ct_event(client, TR_EV_PATH_CHANGE)->path.state != TR_PATH_CONFIRMED)
        ; /* until then no data goes there */
    struct net_addr second = ct_addr("127.0.0.2", tr_endpoint_port(server->ep));
    int64_t before[2] = {cwnd_of(client, near, "127.0.0.1"), cwnd_of(client, near, "127.0.0.2")};

    struct ct_flow f = {.from = client, .assoc = near, .size = SIZE};
    uint8_t *data = malloc(SIZE);
    for (; f.next < COUNT; f.next++) {
        ct_pattern(data, SIZE, f.next);
        struct tr_msg m = {
            .data = data, .len = SIZE, .assoc = near, .ppid = f.next, .context = f.next, .flags = f.flags};
        assert_int_equal(tr_send_to(client->ep, &m, &second), TR_OK);
    }
    free(data);
    ct_flow_finish(&f, server, 0);
    assert_int_equal(cwnd_of(client, near, "127.0.0.1"), before[0]);
    assert_true(cwnd_of(client, near, "127.0.0.2") > before[1]);
}

static void paths_that_are_none(void **state)
{
    struct ct_pair p = ct_pair(*state, NULL, NULL);
    struct tr_msg m = {.data = "x", .len = 1, .assoc = p.near},
                  unknown = {.data = "x", .len = 1, .assoc = p.near + 1000};
    struct net_addr elsewhere = ct_addr("127.0.0.9", net_addr_port(&p.server->address));
    assert_int_equal(tr_send_to(p.client->ep, &m, &p.server->address), TR_OK);
    assert_memory_equal(ct_message(p.server)->data, "x", 1);
    assert_int_equal(tr_send_to(p.client->ep, &m, &elsewhere), TR_INVALID);
    assert_int_equal(tr_send_to(p.client->ep, &unknown, &p.server->address), TR_NO_ASSOC);
    m.flags = TR_EOF;
    assert_int_equal(tr_send_to(p.client->ep, &m, &p.server->address), TR_INVALID);
    ct_spend(*state, 50);
    assert_int_equal(ct_changes(p.server, TR_COMM_UP, 0), 1); /* nobody else was called */
}

CT_TOPIC(send_record, CT_CASE(eof_after_the_last_message), CT_CASE(eof_without_a_message),
         CT_CASE(abort_with_a_reason), CT_CASE(reason_of_another_association),
         CT_CASE(path_other_than_the_primary), CT_CASE(paths_that_are_none));
