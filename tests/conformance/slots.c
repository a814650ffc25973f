/* Receiving: slots and how long their data is valid, fairness, and the simple form for one item. */
#include "tests/conformance/suite.h"

#include <string.h>

/* Lets `count` messages pile up unread at the server. */
static void pile_up(struct ct_world *w, struct ct_pair *p, unsigned count, uint32_t size)
{
    struct ct_flow f = {.from = p->client, .assoc = p->near, .size = size};
    ct_pause(p->server);
    for (unsigned taken, left = count; left; left -= taken) {
        enum tr_code code = ct_flow_offer(&f, left, &taken);
        assert_true(code == TR_OK || code == TR_AGAIN);
        ct_turn(w, 1);
    }
    ct_spend(w, 100);
    assert_int_equal(tr_watch(p->server->ep, TR_READABLE), TR_OK);
}

/* Turns the main loop until `ep` is in the ready list. */
static void until_readable(struct ct_world *w, const struct tr_endpoint *ep)
{
    struct tr_ready ready[16];
    for (int64_t end = ct_now_ms() + CT_DEADLINE_MS; ct_now_ms() < end;) {
        unsigned n = tr_loop_wait(ct_main(w), 20, ready, 16);
        for (unsigned i = 0; i < n; i++)
            if (ready[i].endpoint == ep && (ready[i].flags & TR_READABLE))
                return;
    }
    fail_msg("the endpoint did not become readable");
}

static void slots_run_out_and_come_back(void **state)
{
    struct tr_loop_params four = {.slots = 4};
    struct opt_set now = CT_OPTIONS({OPTF_NODELAY, 1});
    struct ct_world *w = *state;
    struct tr_loop *loop = ct_loop(w, &four);
    struct ct_pair p = ct_pair(w, &now, NULL);
    const struct tr_item *items, *held[10];
    unsigned total = 0, count;
    enum tr_code code;
    pile_up(w, &p, 10, 300);
    until_readable(w, p.server->ep);
    while (total < 10) {
        unsigned in_turn = 0;
        while ((code = tr_recv(p.server->ep, 0, &items, &count)) == TR_OK)
            for (unsigned i = 0; i < count; i++, in_turn++)
                held[total + in_turn] = &items[i];
        assert_in_range(in_turn, 1, 4);
        if (total == 0)
            assert_int_equal(in_turn, 4);
        if (in_turn == 4)
            assert_int_equal(code, TR_NO_SLOT);
        assert_int_equal(tr_recv(p.server->ep, 0, &items, &count), code);
        for (unsigned i = total; i < total + in_turn; i++) { /* all still there, also the first ones */
            assert_int_equal(held[i]->msg.ppid, i);
            assert_true(ct_is_pattern(held[i]->msg.data, 300, i));
        }
        total += in_turn;
        tr_loop_turn(loop);
    }
    assert_int_equal(tr_recv(p.server->ep, 0, &items, &count), TR_AGAIN);
}

static void waiting_gives_the_slots_back(void **state)
{
    struct tr_loop_params two = {.slots = 2};
    struct ct_world *w = *state;
    ct_loop(w, &two);
    struct ct_pair p = ct_pair(w, NULL, NULL);
    const struct tr_item *items;
    unsigned count, total = 0;
    pile_up(w, &p, 6, 100);
    while (total < 6) {
        until_readable(w, p.server->ep);
        while (tr_recv(p.server->ep, 0, &items, &count) == TR_OK)
            for (unsigned i = 0; i < count; i++)
                assert_int_equal(items[i].msg.ppid, total++);
    }
}

static void one_slot_is_enough(void **state)
{
    struct tr_loop_params one = {.slots = 1, .slot_bytes = 1024};
    struct opt_set roomy = ct_roomy();
    struct ct_world *w = *state;
    ct_loop(w, &one);
    struct ct_pair p = ct_pair(w, &roomy, &roomy);
    struct ct_flow f = {.from = p.client, .assoc = p.near, .size = 700},
                   large = {.from = p.client, .assoc = p.near, .size = 100000};
    ct_flow_send(&f, 200);
    ct_flow_finish(&f, p.server, p.far);
    ct_flow_send(&large, 3);
    ct_flow_finish(&large, p.server, p.far);
}

static void recv_takes_no_more_than_asked(void **state)
{
    struct ct_world *w = *state;
    struct ct_pair p = ct_pair(w, NULL, NULL);
    const struct tr_item *items;
    unsigned count = 0, total = 0;
    pile_up(w, &p, 10, 100);
    until_readable(w, p.server->ep);
    while (tr_recv(p.server->ep, 3, &items, &count) == TR_OK) {
        assert_in_range(count, 1, 3);
        for (unsigned i = 0; i < count; i++)
            assert_int_equal(items[i].msg.ppid, total++);
    }
    assert_int_equal(total, 10);
}

/* Data stays as it is while other endpoints of the loop receive and send, large messages included. */
static void data_is_valid_until_the_turn_ends(void **state)
{
    struct tr_loop_params params = {.slots = 32, .slot_bytes = 1024};
    struct opt_set big = ct_roomy();
    struct ct_world *w = *state;
    struct ct_pair p[3];
    struct {
        const struct tr_item *item;
        uint32_t ppid, assoc, len;
    } held[16];
    unsigned n = 0;
    ct_loop(w, &params);
    for (unsigned i = 0; i < 3; i++) {
        p[i] = ct_pair(w, &big, &big);
        pile_up(w, &p[i], 3, i == 1 ? 20000 : 700 + i);
    }
    until_readable(w, p[2].server->ep);
    for (unsigned i = 0; i < 3; i++) {
        const struct tr_item *items;
        unsigned count;
        for (uint32_t k = 0; tr_recv(p[i].server->ep, 1, &items, &count) == TR_OK; k++) {
            struct ct_flow back = {.from = p[i].server, .assoc = p[i].far, .size = 900};
            assert_in_range(n, 0, 15);
            held[n].item = items;
            held[n].ppid = k;
            held[n].assoc = p[i].far;
            held[n++].len = i == 1 ? 20000 : 700 + i;
            assert_int_equal(ct_flow_offer(&back, 1, NULL), TR_OK);
        }
    }
    assert_in_range(n, 7, 9); /* a large one may still be on its way */
    for (unsigned i = 0; i < n; i++) {
        const struct tr_msg *m = &held[i].item->msg;
        assert_int_equal(held[i].item->kind, TR_MESSAGE);
        assert_int_equal(m->ppid, held[i].ppid);
        assert_int_equal(m->assoc, held[i].assoc);
        assert_int_equal(m->len, held[i].len);
        assert_true(ct_is_pattern(m->data, m->len, m->ppid));
    }
}

static void wait_is_level_triggered(void **state)
{
    struct ct_world *w = *state;
    struct ct_pair p = ct_pair(w, NULL, NULL);
    const struct tr_item *items;
    unsigned count;
    pile_up(w, &p, 2, 10);
    for (unsigned i = 0; i < 5; i++)
        until_readable(w, p.server->ep);
    assert_int_equal(tr_recv(p.server->ep, 1, &items, &count), TR_OK);
    until_readable(w, p.server->ep);
    assert_int_equal(tr_recv(p.server->ep, 1, &items, &count), TR_OK);
    assert_int_equal(tr_recv(p.server->ep, 1, &items, &count), TR_AGAIN);
    struct tr_ready ready[4];
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(tr_loop_wait(ct_main(w), 5, ready, 4), 0);
}

/* Several endpoints that always have something to read, and room for one entry: each gets its turn. */
static void wait_is_fair(void **state)
{
    enum { SERVERS = 4, WAITS = 40 };
    struct ct_world *w = *state;
    struct ct_pair p[SERVERS];
    unsigned turns[SERVERS] = {0};
    for (unsigned i = 0; i < SERVERS; i++) {
        p[i] = ct_pair(w, NULL, NULL);
        pile_up(w, &p[i], WAITS + 10, 20);
    }
    for (unsigned k = 0; k < WAITS; k++) {
        struct tr_ready ready[1];
        const struct tr_item *items;
        unsigned count;
        if (tr_loop_wait(ct_main(w), 1000, ready, 1) != 1)
            continue;
        for (unsigned i = 0; i < SERVERS; i++)
            turns[i] += ready[0].endpoint == p[i].server->ep;
        tr_recv(ready[0].endpoint, 1, &items, &count);
    }
    for (unsigned i = 0; i < SERVERS; i++)
        assert_in_range(turns[i], WAITS / SERVERS / 2, WAITS);
}

static void each_endpoint_stands_once_in_the_list(void **state)
{
    struct ct_world *w = *state;
    struct ct_pair p = ct_pair(w, NULL, NULL);
    pile_up(w, &p, 5, 10);
    assert_int_equal(tr_watch(p.server->ep, TR_READABLE | TR_WRITABLE), TR_OK);
    for (unsigned k = 0; k < 10; k++) {
        struct tr_ready ready[8];
        unsigned n = tr_loop_wait(ct_main(w), 20, ready, 8), found = 0;
        for (unsigned i = 0; i < n; i++)
            if (ready[i].endpoint == p.server->ep) {
                found++;
                assert_int_equal(ready[i].flags, TR_READABLE | TR_WRITABLE);
            }
        assert_int_equal(found, 1);
    }
}

static void recv_wait_gives_one_item(void **state)
{
    struct tr_loop_params two = {.slots = 2}; /* each call gives the slots back */
    struct ct_world *w = *state;
    ct_loop(w, &two);
    struct ct_end *server = ct_server(w, NULL), *client = ct_client(w, NULL);
    struct tr_target to = ct_target(server);
    struct tr_error error = {0};
    const struct tr_item *item = NULL;
    uint32_t assoc = 0;
    ct_ok(tr_connect_init(client->ep, &to, &assoc, &error), &error);
    for (const struct ct_end *e = client;; e = server) {
        for (;;) { /* an adaptation indication may come along */
            assert_int_equal(tr_recv_wait(e->ep, CT_DEADLINE_MS, &item), TR_OK);
            assert_int_equal(item->kind, TR_EVENT);
            if (item->event.type == TR_EV_ASSOC_CHANGE)
                break;
        }
        assert_int_equal(item->event.change.state, TR_COMM_UP);
        if (e == server)
            break;
    }
    for (uint32_t i = 0; i < 6; i++)
        ct_send(client, assoc, 0, i, "item", 4);
    for (uint32_t i = 0; i < 6; i++) {
        do
            assert_int_equal(tr_recv_wait(server->ep, CT_DEADLINE_MS, &item), TR_OK);
        while (item->kind == TR_EVENT);
        assert_int_equal(item->msg.ppid, i);
        assert_memory_equal(item->msg.data, "item", 4);
    }
}

static void recv_wait_ends_in_time(void **state)
{
    struct ct_pair p = ct_pair(*state, NULL, NULL);
    const struct tr_item *item = NULL;
    ct_spend(*state, 20);
    int64_t start = ct_now_ms();
    assert_int_equal(tr_recv_wait(p.client->ep, 80, &item), TR_TIMEOUT);
    assert_in_range(ct_now_ms() - start, 70, CT_DEADLINE_MS);
    assert_int_equal(tr_recv_wait(p.client->ep, 0, &item), TR_TIMEOUT);
}

CT_TOPIC(slots, CT_CASE(slots_run_out_and_come_back), CT_CASE(waiting_gives_the_slots_back),
         CT_CASE(one_slot_is_enough), CT_CASE(recv_takes_no_more_than_asked),
         CT_CASE(data_is_valid_until_the_turn_ends), CT_CASE(wait_is_level_triggered), CT_CASE(wait_is_fair),
         CT_CASE(each_endpoint_stands_once_in_the_list), CT_CASE(recv_wait_gives_one_item),
         CT_CASE(recv_wait_ends_in_time));
