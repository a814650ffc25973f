/* Messages: boundaries, sizes, what is carried with them, and order. */
#include "tests/conformance/suite.h"

#include <stdlib.h>
#include <string.h>

#define KB(n) ((n)*1000u)

static void message_carries_its_record(void **state)
{
    struct opt_set many = CT_OPTIONS({OPTF_INIT_OSTREAMS, 30}, {OPTF_INIT_INSTREAMS, 30});
    struct ct_pair p = ct_pair(*state, &many, &many);
    static const struct {
        uint16_t stream, flags;
        uint32_t ppid;
    } records[] = {
        {0, 0, 0}, {29, 0, 1}, {7, TR_UNORDERED, 0x01020304}, {29, 0, UINT32_MAX}, {1, 0, 0x80000000}};
    for (unsigned i = 0; i < sizeof records / sizeof *records; i++) {
        struct tr_msg m = {.data = "hello",
                           .len = 5,
                           .assoc = p.near,
                           .stream = records[i].stream,
                           .flags = records[i].flags,
                           .ppid = records[i].ppid,
                           .context = 99};
        unsigned sent = 0;
        assert_int_equal(tr_send(p.client->ep, &m, 1, &sent), TR_OK);
        assert_int_equal(sent, 1);
        const struct tr_msg *got = ct_message(p.server);
        assert_int_equal(got->assoc, p.far);
        assert_int_equal(got->stream, records[i].stream);
        assert_int_equal(got->flags & TR_UNORDERED, records[i].flags);
        assert_int_equal(got->ppid, records[i].ppid);
        assert_int_equal(got->len, 5);
        assert_memory_equal(got->data, "hello", 5);
    }
}

/* Which message it was: each ordered one of a stream has the next number, each chunk the next TSN. One that
 * was received can be sent on as it is. */
static void message_carries_its_numbers(void **state)
{
    static const struct {
        uint16_t stream, flags, ssn;
    } ways[] = {{1, 0, 0}, {0, 0, 0}, {1, 0, 1}, {1, TR_UNORDERED, 0}, {1, 0, 2}};
    struct ct_pair p = ct_pair(*state, NULL, NULL);
    uint32_t first = 0;
    for (unsigned i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        struct tr_msg m = {.data = "one", .len = 3, .assoc = p.near};
        unsigned sent;
        m.stream = ways[i].stream;
        m.flags = ways[i].flags;
        assert_int_equal(tr_send(p.client->ep, &m, 1, &sent), TR_OK);
        m = *ct_message(p.server);
        first = i == 0 ? m.tsn : first;
        assert_int_equal(m.tsn - first, i);
        if (m.flags & TR_UNORDERED)
            assert_in_range(m.cumtsn - first, i - 1, i);
        else
            assert_int_equal(m.ssn, ways[i].ssn);
        assert_int_equal(tr_send(p.server->ep, &m, 1, &sent), TR_OK);
        assert_int_equal(ct_message(p.client)->stream, ways[i].stream);
    }
}

static void messages_go_both_ways(void **state)
{
    struct ct_pair p = ct_pair(*state, NULL, NULL);
    for (uint32_t i = 0; i < 20; i++) {
        ct_send(p.client, p.near, 0, i, "ping", 4);
        const struct tr_msg *ping = ct_message(p.server);
        assert_int_equal(ping->ppid, i);
        assert_memory_equal(ping->data, "ping", 4);
        ct_send(p.server, ping->assoc, 0, i + 100, "pong!", 5);
        const struct tr_msg *pong = ct_message(p.client);
        assert_int_equal(pong->ppid, i + 100);
        assert_int_equal(pong->assoc, p.near);
        assert_int_equal(pong->len, 5);
    }
}

static void one_message(struct ct_pair *p, uint32_t size)
{
    struct ct_flow f = {.from = p->client, .assoc = p->near, .size = size};
    ct_flow_send(&f, 1);
    ct_flow_finish(&f, p->server, p->far);
}

/* Around everything that could be a boundary: nothing, a packet, a receive slot, 64 KiB, and far beyond. */
static void messages_of_every_size_stay_whole(void **state)
{
    static const uint32_t around[] = {1024,  1200,  1400,  1452,  1500,   2048,   4096,   8192,
                                      16384, 32768, 65483, 65536, 131072, 200000, 262144, KB(300)};
    struct opt_set big = ct_roomy();
    struct ct_pair p = ct_pair(*state, &big, &big);
    for (uint32_t size = 1; size <= 70; size++)
        one_message(&p, size);
    for (unsigned i = 0; i < sizeof around / sizeof *around; i++)
        for (int off = -2; off <= 2; off++)
            if (around[i] + (uint32_t)off <= KB(300))
                one_message(&p, around[i] + (uint32_t)off);
}

static void small_slots_take_large_messages(void **state)
{
    struct tr_loop_params params = {.slots = 16, .slot_bytes = 1024};
    struct opt_set big = ct_roomy();
    struct tr_loop_stats stats;
    struct tr_loop *loop = ct_loop(*state, &params);
    struct ct_pair p = ct_pair(*state, &big, &big);
    for (uint32_t size = 1020; size < 1030; size++)
        one_message(&p, size);
    for (uint32_t size = 2000; size <= 20000; size += 1000)
        one_message(&p, size);
    one_message(&p, KB(300));
    tr_loop_get_stats(loop, &stats);
    assert_in_range(stats.reassembled, 1, stats.messages_in);
}

/* Adjacent messages of very different lengths must neither be merged nor truncated. */
static void boundaries_hold_in_a_mixed_burst(void **state)
{
    static const uint32_t sizes[] = {1, 3000, 2, 70000, 1400, 1, 1, 20000, 64, 5};
    enum { COUNT = sizeof sizes / sizeof *sizes };
    struct ct_pair p = ct_pair(*state, NULL, NULL);
    struct tr_msg msgs[COUNT];
    static unsigned char room[COUNT][70000];
    for (unsigned i = 0; i < COUNT; i++) {
        void *data = room[i];
        ct_pattern(data, sizes[i], i);
        msgs[i] = (struct tr_msg){.data = data, .len = sizes[i], .assoc = p.near, .ppid = i};
    }
    for (unsigned done = 0, sent; done < COUNT; done += sent) {
        enum tr_code code = tr_send(p.client->ep, msgs + done, COUNT - done, &sent);
        assert_true(code == TR_OK || code == TR_AGAIN);
        ct_turn(*state, 1);
    }
    for (unsigned i = 0; i < COUNT; i++) {
        const struct tr_msg *m = ct_message(p.server);
        assert_int_equal(m->ppid, i);
        assert_int_equal(m->len, sizes[i]);
        assert_true(ct_is_pattern(m->data, m->len, i));
    }
}

static void empty_message_is_invalid(void **state)
{
    struct ct_pair p = ct_pair(*state, NULL, NULL);
    struct tr_msg msgs[3] = {{.data = "a", .len = 1, .assoc = p.near, .ppid = 1},
                             {.data = "", .len = 0, .assoc = p.near, .ppid = 2},
                             {.data = "c", .len = 1, .assoc = p.near, .ppid = 3}};
    unsigned sent = 9;
    assert_int_equal(tr_send(p.client->ep, msgs, 3, &sent), TR_INVALID);
    assert_int_equal(sent, 1);
    assert_int_equal(tr_send(p.client->ep, msgs + 2, 1, &sent), TR_OK);
    assert_int_equal(ct_message(p.server)->ppid, 1);
    assert_int_equal(ct_message(p.server)->ppid, 3);
}

/* gen_sctp's manual, test 5: the peer did not grant the stream. The rest of a batch can go on without it. */
static void ungranted_stream_is_named(void **state)
{
    struct opt_set asks = CT_OPTIONS({OPTF_INIT_OSTREAMS, 10}), grants = CT_OPTIONS({OPTF_INIT_INSTREAMS, 5});
    struct ct_pair p = ct_pair(*state, &asks, &grants);
    struct tr_msg msgs[4] = {{.data = "0", .len = 1, .assoc = p.near, .stream = 0, .ppid = 0},
                             {.data = "4", .len = 1, .assoc = p.near, .stream = 4, .ppid = 1},
                             {.data = "5", .len = 1, .assoc = p.near, .stream = 5, .ppid = 2},
                             {.data = "1", .len = 1, .assoc = p.near, .stream = 1, .ppid = 3}};
    unsigned sent = 9;
    assert_int_equal(tr_send(p.client->ep, msgs, 4, &sent), TR_BAD_STREAM);
    assert_int_equal(sent, 2);
    assert_int_equal(tr_send(p.client->ep, msgs + 2, 1, &sent), TR_BAD_STREAM);
    assert_int_equal(sent, 0);
    assert_int_equal(tr_send(p.client->ep, msgs + 3, 1, &sent), TR_OK);
    assert_int_equal(tr_send_simple(p.client->ep, p.near, 9, "x", 1), TR_BAD_STREAM);
    ct_messages(p.server, 3);
    ct_spend(*state, 30);
    assert_int_equal(p.server->messages, 3);
}

static void highest_of_many_streams_works(void **state)
{
    struct opt_set many = CT_OPTIONS({OPTF_INIT_OSTREAMS, 2000}, {OPTF_INIT_INSTREAMS, 2000});
    struct ct_pair p = ct_pair(*state, &many, &many);
    ct_send(p.client, p.near, 1999, 7, "top", 3);
    assert_int_equal(ct_message(p.server)->stream, 1999);
    assert_int_equal(tr_send_simple(p.client->ep, p.near, 2000, "x", 1), TR_BAD_STREAM);
}

static void too_long_for_one_packet_when_fragments_are_off(void **state)
{
    struct opt_set whole = CT_OPTIONS({OPTF_DISABLE_FRAGMENTS, 1}, {OPTF_MAXSEG, 1000});
    struct ct_pair p = ct_pair(*state, &whole, NULL);
    char data[3000] = {0};
    struct tr_msg msgs[3] = {{.data = data, .len = 900, .assoc = p.near, .ppid = 1},
                             {.data = data, .len = 3000, .assoc = p.near, .ppid = 2},
                             {.data = data, .len = 900, .assoc = p.near, .ppid = 3}};
    unsigned sent = 9;
    assert_int_equal(tr_send(p.client->ep, msgs, 3, &sent), TR_TOO_LONG);
    assert_int_equal(sent, 1);
    assert_int_equal(tr_send(p.client->ep, msgs + 2, 1, &sent), TR_OK);
    assert_int_equal(ct_message(p.server)->ppid, 1);
    assert_int_equal(ct_message(p.server)->ppid, 3);
}

/* More than the send buffer can ever hold is TR_TOO_LONG, not a TR_AGAIN that never ends. */
static void too_long_for_the_send_buffer(void **state)
{
    struct opt_set small = CT_OPTIONS({OPTF_SNDBUF, 20000}), got = {0};
    struct ct_pair p = ct_pair(*state, &small, NULL);
    struct tr_error error = {0};
    ct_ok(tr_get_option(p.client->ep, 0, OPT_SNDBUF, &got, &error), &error);
    uint32_t len = (uint32_t)opt_num(&got, OPTF_SNDBUF, 0) * 2 + 1;
    char *data = calloc(1, len);
    struct tr_msg m = {.data = data, .len = len, .assoc = p.near};
    unsigned sent = 9;
    enum tr_code code = tr_send(p.client->ep, &m, 1, &sent);
    free(data);
    assert_int_equal(code, TR_TOO_LONG);
    assert_int_equal(sent, 0);
}

/* The buffer is made smaller than its contents, and larger again: all arrives, and TR_WRITABLE is reported.
 */
static void send_buffer_changes_while_it_is_full(void **state)
{
    struct opt_set large = CT_OPTIONS({OPTF_SNDBUF, 400000}), small = CT_OPTIONS({OPTF_SNDBUF, 30000});
    if (!ct_has(TR_CAP_SNDBUF_LATER))
        skip();
    struct ct_pair p = ct_pair(*state, &large, NULL);
    struct tr_error error = {0};
    struct ct_flow f = {.from = p.client, .assoc = p.near, .streams = 3, .size = 1000};
    p.server->reading = false;
    for (unsigned i = 0; i < 20; i++) {
        ct_flow_offer(&f, 64, NULL);
        ct_ok(tr_set_options(p.client->ep, 0, i % 2 ? &large : &small, NULL, &error), &error);
    }
    p.server->reading = true;
    ct_flow_send(&f, 500);
    ct_flow_finish(&f, p.server, p.far);
}

static void unknown_association_is_named(void **state)
{
    struct ct_pair p = ct_pair(*state, NULL, NULL);
    struct tr_msg m = {.data = "x", .len = 1, .assoc = p.near + 1000};
    unsigned sent = 9;
    assert_int_equal(tr_send(p.client->ep, &m, 1, &sent), TR_NO_ASSOC);
    assert_int_equal(sent, 0);
    assert_int_equal(tr_send_simple(p.client->ep, p.near + 1000, 0, "x", 1), TR_NO_ASSOC);
}

static void short_form_uses_the_default_send_param(void **state)
{
    struct opt_set dflt = CT_OPTIONS({OPTF_DSP_PPID, 46}, {OPTF_DSP_STREAM, 3}, {OPTF_DSP_FLAGS, 1});
    struct ct_pair p = ct_pair(*state, &dflt, NULL);
    assert_int_equal(tr_send_simple(p.client->ep, p.near, 2, "short", 5), TR_OK);
    const struct tr_msg *m = ct_message(p.server);
    assert_int_equal(m->ppid, 46);
    assert_int_equal(m->stream, 2); /* given, so not the default's 3 */
    assert_int_equal(m->flags & TR_UNORDERED, TR_UNORDERED);
    assert_memory_equal(m->data, "short", 5);

    struct opt_set other = CT_OPTIONS({OPTF_DSP_PPID, 60}, {OPTF_DSP_FLAGS, 0});
    struct tr_error error = {0};
    ct_ok(tr_set_options(p.client->ep, p.near, &other, NULL, &error), &error);
    assert_int_equal(tr_send_simple(p.client->ep, p.near, 0, "again", 5), TR_OK);
    m = ct_message(p.server);
    assert_int_equal(m->ppid, 60);
    assert_int_equal(m->flags & TR_UNORDERED, 0);
}

/* A send record is complete: its zeros are not replaced by the defaults. */
static void full_record_ignores_the_default_send_param(void **state)
{
    struct opt_set dflt = CT_OPTIONS({OPTF_DSP_PPID, 46}, {OPTF_DSP_STREAM, 3}, {OPTF_DSP_FLAGS, 1});
    struct ct_pair p = ct_pair(*state, &dflt, NULL);
    ct_send(p.client, p.near, 0, 0, "full", 4);
    const struct tr_msg *m = ct_message(p.server);
    assert_int_equal(m->ppid, 0);
    assert_int_equal(m->stream, 0);
    assert_int_equal(m->flags & TR_UNORDERED, 0);
}

static void order_holds_on_every_stream(void **state)
{
    struct opt_set many = ct_roomy();
    opt_put(&many, OPTF_INIT_OSTREAMS, 16);
    opt_put(&many, OPTF_INIT_INSTREAMS, 16);
    struct ct_pair p = ct_pair(*state, &many, &many);
    struct ct_flow f = {.from = p.client, .assoc = p.near, .streams = 16, .size = 100};
    ct_flow_send(&f, 8000);
    ct_flow_finish(&f, p.server, p.far);
}

static void order_holds_for_large_messages(void **state)
{
    struct opt_set roomy = ct_roomy();
    struct ct_pair p = ct_pair(*state, &roomy, &roomy);
    struct ct_flow f = {.from = p.client, .assoc = p.near, .streams = 5, .size = 40000};
    ct_flow_send(&f, 100);
    ct_flow_finish(&f, p.server, p.far);
}

static void order_holds_between_many_associations(void **state)
{
    struct opt_set roomy = ct_roomy();
    enum { MANY = 12 };
    struct ct_world *w = *state;
    struct ct_end *server = ct_server(w, &roomy);
    struct ct_flow flows[MANY] = {0};
    uint32_t far[MANY];
    for (unsigned i = 0; i < MANY; i++) {
        struct ct_end *c = ct_client(w, &roomy);
        flows[i] = (struct ct_flow){.from = c, .streams = 1 + i % 3, .size = 10 + i * 400};
        flows[i].assoc = ct_connect(c, server, &far[i]);
    }
    for (unsigned round = 0; round < 30; round++)
        for (unsigned i = 0; i < MANY; i++)
            ct_flow_send(&flows[i], 5);
    for (unsigned i = 0; i < MANY; i++)
        ct_flow_finish(&flows[i], server, far[i]);
}

static void unordered_messages_come_once_each(void **state)
{
    struct opt_set roomy = ct_roomy();
    struct ct_pair p = ct_pair(*state, &roomy, &roomy);
    struct ct_flow f = {.from = p.client, .assoc = p.near, .streams = 4, .size = 700, .flags = TR_UNORDERED};
    ct_flow_send(&f, 2000);
    ct_flow_finish(&f, p.server, p.far);
}

static void stats_count_whole_messages(void **state)
{
    struct opt_set roomy = ct_roomy();
    struct ct_pair p = ct_pair(*state, &roomy, &roomy);
    struct tr_loop *loop = ct_main(*state);
    struct tr_loop_stats before, after;
    tr_loop_get_stats(loop, &before);
    struct ct_flow f = {.from = p.client, .assoc = p.near, .size = 3000};
    ct_flow_send(&f, 100);
    ct_flow_finish(&f, p.server, p.far);
    one_message(&p, KB(100));
    tr_loop_get_stats(loop, &after);
    assert_int_equal(after.messages_out - before.messages_out, 101);
    assert_int_equal(after.messages_in - before.messages_in, 101);
    assert_int_equal(after.bytes_out - before.bytes_out, KB(400));
    assert_int_equal(after.bytes_in - before.bytes_in, KB(400));
    assert_in_range(after.syscalls - before.syscalls, 1, 101 * 20);
    assert_int_equal(after.packets_out > before.packets_out, ct_has(TR_CAP_ENCAPS));
    assert_int_equal(after.packets_in > before.packets_in, ct_has(TR_CAP_ENCAPS));
}

CT_TOPIC(messages, CT_CASE(message_carries_its_record), CT_CASE(message_carries_its_numbers),
         CT_CASE(messages_go_both_ways), CT_CASE(messages_of_every_size_stay_whole),
         CT_CASE(small_slots_take_large_messages), CT_CASE(boundaries_hold_in_a_mixed_burst),
         CT_CASE(empty_message_is_invalid), CT_CASE(ungranted_stream_is_named),
         CT_CASE(highest_of_many_streams_works), CT_CASE(too_long_for_one_packet_when_fragments_are_off),
         CT_CASE(too_long_for_the_send_buffer), CT_CASE(send_buffer_changes_while_it_is_full),
         CT_CASE(unknown_association_is_named), CT_CASE(short_form_uses_the_default_send_param),
         CT_CASE(full_record_ignores_the_default_send_param), CT_CASE(order_holds_on_every_stream),
         CT_CASE(order_holds_for_large_messages), CT_CASE(order_holds_between_many_associations),
         CT_CASE(unordered_messages_come_once_each), CT_CASE(stats_count_whole_messages));
