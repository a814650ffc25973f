/* The two calls that wait, tr_connect and tr_recv_wait: with no time at all, beside endpoints that can be
 * written, and past a queue that is longer than the loop has slots. */
#include "tests/conformance/suite.h"

#include <string.h>

/* gen_sctp:recv(S, 0) asks and does not wait; a program that asks often enough misses nothing, and need call
 * nothing else. */
static void recv_without_time_gets_what_has_come(void **state)
{
    struct ct_pair p = ct_pair(*state, NULL, NULL);
    const struct tr_item *item = NULL;
    assert_int_equal(tr_recv_wait(p.server->ep, 0, &item), TR_TIMEOUT);
    ct_send(p.client, p.near, 0, 46, "asked for", 9);
    enum tr_code code;
    for (int64_t end = ct_now_ms() + CT_DEADLINE_MS;
         (code = tr_recv_wait(p.server->ep, 0, &item)) == TR_TIMEOUT && ct_now_ms() < end;)
        ;
    assert_int_equal(code, TR_OK);
    assert_int_equal(item->kind, TR_MESSAGE);
    assert_int_equal(item->msg.ppid, 46);
    assert_int_equal(tr_recv_wait(p.server->ep, 0, &item), TR_TIMEOUT);
}

static void recv_waits_as_long_as_told(void **state)
{
    struct ct_pair p = ct_pair(*state, NULL, NULL);
    const struct tr_item *item;
    int64_t start = ct_now_ms();
    assert_int_equal(tr_recv_wait(p.server->ep, 200, &item), TR_TIMEOUT);
    assert_in_range(ct_now_ms() - start, 200, CT_DEADLINE_MS / 2);
    ct_pause(p.server); /* waiting reads all the same, and does not change what is watched */
    ct_send(p.client, p.near, 0, 7, "late", 4);
    assert_int_equal(tr_recv_wait(p.server->ep, CT_DEADLINE_MS, &item), TR_OK);
    assert_int_equal(item->msg.ppid, 7);
    p.server->readable = 0;
    ct_send(p.client, p.near, 0, 8, "later", 5);
    ct_spend(*state, 50);
    assert_int_equal(p.server->readable, 0);
}

static uint64_t calls(struct ct_world *w)
{
    struct tr_loop_stats stats;
    tr_loop_get_stats(ct_main(w), &stats);
    return stats.syscalls;
}

static bool end_told(void *arg)
{
    return ((const struct ct_end *)arg)->ended > 0;
}

/* What comes for others while somebody waits for one endpoint is not lost: here the end of an association
 * whose endpoint is paused, which is told once. */
static void waiting_keeps_the_end_of_others(void **state)
{
    struct ct_world *w = *state;
    struct ct_pair p = ct_pair(w, NULL, NULL), q = ct_pair(w, NULL, NULL);
    const struct tr_item *item;
    struct tr_error error;
    ct_pause(p.server);
    ct_ok(tr_eof(p.client->ep, p.near, &error), &error);
    assert_int_equal(tr_recv_wait(p.client->ep, CT_DEADLINE_MS, &item), TR_OK);
    assert_int_equal(tr_recv_wait(q.client->ep, 200, &item), TR_TIMEOUT);
    assert_int_equal(p.server->ended, 0);
    if (!ct_pump(w, end_told, p.server, CT_DEADLINE_MS))
        fail_msg("the end of an association was not told");
}

/* Writable is no answer to a program that waits for something to read: it sleeps. */
static void waiting_sleeps_although_writable(void **state)
{
    struct ct_pair p = ct_pair(*state, NULL, NULL);
    uint16_t port = ct_port(), udp = ct_port();
    struct net_addr there = ct_addr("127.0.0.1", port);
    struct tr_target hole = {&there, 1, udp};
    struct tr_error error = {0};
    struct tr_event change;
    const struct tr_item *item;
    assert_int_equal(tr_watch(p.client->ep, TR_READABLE | TR_WRITABLE), TR_OK);
    uint64_t before = calls(*state);
    assert_int_equal(tr_recv_wait(p.client->ep, 400, &item), TR_TIMEOUT);
    assert_in_range(calls(*state) - before, 0, 300);
    ct_black_hole(*state, port, udp);
    before = calls(*state);
    ct_failed_as(tr_connect(p.client->ep, &hole, 400, &change, &error), TR_TIMEOUT, &error);
    assert_in_range(calls(*state) - before, 0, 400);
    ct_turn(*state, 20);
    assert_in_range(p.client->writable, 1, 1); /* and is watched again */
}

/* More waits unread than there are slots, and there is no time: nothing of the attempt is left behind. */
static void connect_gives_up_past_a_long_queue(void **state)
{
    enum { SLOTS = 4, QUEUE = 60 };
    struct ct_world *w = *state;
    struct opt_set roomy = ct_roomy();
    ct_loop(w, &(struct tr_loop_params){.slots = SLOTS});
    struct ct_pair p = ct_pair(w, &roomy, &roomy);
    uint16_t port = ct_port(), udp = ct_port();
    struct net_addr there = ct_addr("127.0.0.1", port);
    struct tr_target hole = {&there, 1, udp};
    struct tr_error error = {0};
    struct tr_event change;
    struct ct_flow f = {.from = p.server, .assoc = p.far, .size = 100};
    ct_black_hole(w, port, udp);
    p.client->reading = false;
    ct_flow_send(&f, QUEUE);
    ct_spend(w, 300);
    ct_failed_as(tr_connect(p.client->ep, &hole, 0, &change, &error), TR_TIMEOUT, &error);
    p.client->reading = true;
    ct_flow_finish(&f, p.client, p.near);
    ct_spend(w, 50);
    assert_int_equal(p.client->events[TR_EV_ASSOC_CHANGE], 1); /* the first association's */
}

CT_TOPIC(waiting, CT_CASE(recv_without_time_gets_what_has_come), CT_CASE(recv_waits_as_long_as_told),
         CT_CASE(waiting_keeps_the_end_of_others), CT_CASE(waiting_sleeps_although_writable),
         CT_CASE(connect_gives_up_past_a_long_queue));
