/* What tr_connect read before the outcome: it stays queued for tr_recv, and everything that holds for a queue
 * in the stack holds for it too. */
#include "tests/conformance/suite.h"

#include <sys/epoll.h>
#include <unistd.h>

enum { COUNT = 20 };

/* A client with COUNT unread messages that has connected to a second server past them. */
struct past {
    struct ct_pair pair;
    struct ct_flow flow;
};

static struct past connect_past(struct ct_world *w)
{
    struct past s = {.pair = ct_pair(w, NULL, NULL)};
    struct ct_end *second = ct_server(w, NULL);
    struct tr_target to = ct_target(second);
    struct tr_error error = {0};
    struct tr_event change;
    s.flow = (struct ct_flow){.from = s.pair.server, .assoc = s.pair.far, .size = 300};
    s.pair.client->reading = false;
    ct_flow_send(&s.flow, COUNT);
    ct_spend(w, 300);
    ct_ok(tr_connect(s.pair.client->ep, &to, CT_DEADLINE_MS, &change, &error), &error);
    return s;
}

static bool is_ready(struct ct_world *w, const struct ct_end *e)
{
    struct tr_ready ready[8];
    unsigned n = tr_loop_wait(ct_main(w), 0, ready, 8);
    for (unsigned i = 0; i < n; i++)
        if (ready[i].endpoint == e->ep && (ready[i].flags & TR_READABLE))
            return true;
    return false;
}

static void passed_messages_wake_the_loop(void **state)
{
    struct ct_world *w = *state;
    struct past s = connect_past(w);
    struct epoll_event event = {.events = EPOLLIN};
    int outer = epoll_create1(EPOLL_CLOEXEC);
    assert_int_not_equal(outer, -1);
    w->fds[w->fd_count++] = outer;
    assert_int_equal(epoll_ctl(outer, EPOLL_CTL_ADD, tr_loop_fd(ct_main(w)), &event), 0);
    assert_int_equal(epoll_wait(outer, &event, 1, 5000), 1); /* also whoever has put the loop into another */
    for (unsigned i = 0; i < 3; i++)
        assert_true(is_ready(w, s.pair.client)); /* level-triggered */
    s.pair.client->reading = true;
    ct_flow_finish(&s.flow, s.pair.client, s.pair.near);
}

static void passed_messages_wait_while_paused(void **state)
{
    struct ct_world *w = *state;
    struct past s = connect_past(w);
    ct_pause(s.pair.client);
    for (unsigned i = 0; i < 5; i++)
        assert_false(is_ready(w, s.pair.client));
    ct_resume(s.pair.client);
    ct_flow_send(&s.flow, 10);
    ct_flow_finish(&s.flow, s.pair.client, s.pair.near);
}

static void passed_messages_are_peeled_off_along(void **state)
{
    struct ct_world *w = *state;
    struct past s = connect_past(w);
    uint32_t assoc = s.pair.near;
    struct ct_end *peeled = ct_peel(s.pair.client, &assoc);
    s.pair.client->reading = true;
    ct_flow_send(&s.flow, 10);
    ct_flow_finish(&s.flow, peeled, assoc);
    assert_int_equal(s.pair.client->messages, 0);
}

static void passed_messages_move_along(void **state)
{
    struct ct_world *w = *state;
    struct tr_error error = {0};
    if (!ct_has(TR_CAP_MOVE) || !ct_has(TR_CAP_LOOPS))
        skip();
    struct past s = connect_past(w);
    ct_ok(tr_release(s.pair.client->ep, &error), &error);
    ct_ok(tr_adopt(ct_loop(w, NULL), s.pair.client->ep, &error), &error);
    s.pair.client->reading = true;
    ct_flow_send(&s.flow, 10);
    ct_flow_finish(&s.flow, s.pair.client, s.pair.near);
}

static void passed_messages_go_with_their_endpoint(void **state)
{
    struct ct_world *w = *state;
    struct past s = connect_past(w);
    ct_close(s.pair.client);
    ct_spend(w, 20);
    struct past other = connect_past(w);
    ct_close(other.pair.server); /* the far end goes: what it sent is still there */
    other.pair.client->reading = true;
    ct_flow_finish(&other.flow, other.pair.client, other.pair.near);
}

CT_TOPIC(stash, CT_CASE(passed_messages_wake_the_loop), CT_CASE(passed_messages_wait_while_paused),
         CT_CASE(passed_messages_are_peeled_off_along), CT_CASE(passed_messages_move_along),
         CT_CASE(passed_messages_go_with_their_endpoint));
