/* Arguments and capabilities, the ready list, sending, connecting and waiting: what is the same for all
 * backends. */
#include "tests/unit/paper_backend.h"

/* ---- Arguments and capabilities -------------------------------------------------------------------- */

static void loop_parameters(void **state)
{
    (void)state;
    struct tr_loop *other;
    assert_int_equal(loop->params.slots, 256);
    assert_int_equal(loop->params.slot_bytes, 16384);
    assert_int_equal(loop->params.max_message, 16 << 20);
    struct tr_loop_params p = {.slot_bytes = 100};
    assert_error(tr_loop_open(&backend, &p, &other, &error), TR_INVALID, "1024");
    p = (struct tr_loop_params){.max_message = UINT64_C(1) << 40};
    assert_error(tr_loop_open(&backend, &p, &other, &error), TR_INVALID, "max_message");
}

static void open_asks_for_capabilities(void **state)
{
    (void)state;
    struct net_addr two[] = {address("127.0.0.1", 0), address("::1", 0)};
    struct tr_endpoint *ep;
    struct {
        struct tr_open_params p;
        enum tr_cap cap;
        const char *what;
    } cases[] = {
        {{.addresses = two, .address_count = 2}, TR_CAP_MULTIHOMING, "several addresses"},
        {{.share_port = true}, TR_CAP_SHARE_PORT, "on one port"},
        {{.netns = "x"}, TR_CAP_NETNS, "namespace"},
        {{.device = "x"}, TR_CAP_NETNS, "device"},
    };
    for (unsigned i = 0; i < 4; i++) {
        backend.caps = ~(unsigned)cases[i].cap;
        assert_error(tr_open(loop, &cases[i].p, &ep, &error), TR_UNSUPPORTED, cases[i].what);
        assert_non_null(strstr(error.text, "paper"));
        backend.caps = cases[i].cap;
        assert_int_equal(tr_open(loop, &cases[i].p, &ep, &error), TR_OK);
    }
    assert_int_equal(paper.opens, 4);
}

static void open_refuses_nonsense(void **state)
{
    (void)state;
    struct tr_endpoint *ep;
    struct tr_open_params p = {.style = (enum tr_style)9};
    assert_error(tr_open(loop, &p, &ep, &error), TR_INVALID, "style");
    p = (struct tr_open_params){.address_count = 1};
    assert_error(tr_open(loop, &p, &ep, &error), TR_INVALID, "addresses");
    struct net_addr unspecified = {0};
    p.addresses = &unspecified;
    assert_error(tr_open(loop, &p, &ep, &error), TR_INVALID, "address 1");
    assert_int_equal(paper.opens, 0);
}

static void connect_refuses_nonsense(void **state)
{
    (void)state;
    struct tr_endpoint *ep = open_one();
    struct net_addr a[] = {address("127.0.0.1", 5000), address("127.0.0.2", 5001)};
    struct tr_target to = {NULL, 0, 0};
    uint32_t assoc;
    assert_error(tr_connect_init(ep, &to, &assoc, &error), TR_INVALID, "no address");
    to = (struct tr_target){a, 2, 0};
    assert_error(tr_connect_init(ep, &to, &assoc, &error), TR_INVALID, "same port");
    net_addr_set_port(&a[1], 5000);
    assert_error(tr_connect_init(ep, &to, &assoc, &error), TR_UNSUPPORTED, "several addresses");
    net_addr_set_port(&a[0], 0);
    to.address_count = 1;
    assert_error(tr_connect_init(ep, &to, &assoc, &error), TR_INVALID, "port");
    assert_int_equal(paper.next_assoc, 0);
    assert_error(tr_listen(ep, -1, &error), TR_INVALID, "negative");
}

static void peeled_endpoints_have_one_association(void **state)
{
    (void)state;
    struct tr_endpoint *ep = open_one(), *peeled, *again;
    uint32_t assoc = 5;
    int cookie;
    assert_int_equal(tr_peeloff(ep, &assoc, &cookie, &peeled, &error), TR_OK);
    assert_int_equal(assoc, 105);
    assert_ptr_equal(tr_endpoint_cookie(peeled), &cookie);
    assert_ptr_equal(tr_endpoint_loop(peeled), loop);
    struct net_addr a = address("127.0.0.1", 5000);
    struct tr_target to = {&a, 1, 0};
    assert_error(tr_peeloff(peeled, &assoc, NULL, &again, &error), TR_INVALID, "one association");
    assert_error(tr_connect_init(peeled, &to, &assoc, &error), TR_INVALID, "already");
    assert_error(tr_listen(peeled, 1, &error), TR_INVALID, "already");
}

static void watch_calls_down_on_change_only(void **state)
{
    (void)state;
    struct tr_endpoint *ep = open_one();
    assert_int_equal(tr_watch(ep, TR_READABLE), TR_OK);
    assert_int_equal(paper.watches, 0);
    assert_int_equal(tr_watch(ep, TR_READABLE | TR_WRITABLE), TR_OK);
    assert_int_equal(tr_watch(ep, TR_READABLE | TR_WRITABLE), TR_OK);
    assert_int_equal(paper.watches, 1);
}

/* ---- Sending --------------------------------------------------------------------------------------- */

static void send_stops_at_what_is_not_valid(void **state)
{
    (void)state;
    struct tr_endpoint *ep = open_one();
    struct tr_msg good = {.data = "x", .len = 1, .assoc = 1}, m[3] = {good, good, good};
    unsigned sent = 9;
    m[1].len = 0;
    assert_int_equal(tr_send(ep, m, 3, &sent), TR_INVALID);
    assert_int_equal(sent, 1);
    m[1] = good;
    m[2].assoc = 2;
    assert_int_equal(tr_send(ep, m, 3, &sent), TR_INVALID);
    assert_int_equal(sent, 2);
    m[0].flags = 0x80;
    assert_int_equal(tr_send(ep, m, 3, &sent), TR_INVALID);
    assert_int_equal(sent, 0);
    assert_int_equal(paper.sends, 2);
    assert_int_equal(tr_send(ep, m, 0, &sent), TR_OK);
}

static void send_tells_the_stacks_reason_first(void **state)
{
    (void)state;
    struct tr_endpoint *ep = open_one();
    struct tr_msg m[3] = {{.data = "x", .len = 1}, {.data = "y", .len = 1}, {.data = "z", .len = 0}};
    unsigned sent;
    paper.send_takes = 1;
    paper.send_code = TR_AGAIN;
    assert_int_equal(tr_send(ep, m, 3, &sent), TR_AGAIN);
    assert_int_equal(sent, 1);
}

static void send_ends_an_association(void **state)
{
    (void)state;
    struct tr_endpoint *ep = open_one();
    struct tr_msg m[3] = {{.data = "x", .len = 1, .assoc = 3},
                          {.data = "y", .len = 1, .assoc = 3, .flags = TR_EOF | TR_UNORDERED},
                          {.data = "z", .len = 1, .assoc = 3}};
    unsigned sent;
    assert_int_equal(tr_send(ep, m, 2, &sent), TR_OK);
    assert_int_equal(sent, 2);
    assert_int_equal(paper.sent_count, 2);
    assert_int_equal(paper.sent[1].flags, TR_UNORDERED);
    assert_int_equal(paper.eofs, 1);
    assert_int_equal(tr_send(ep, m, 3, &sent), TR_NO_ASSOC); /* nothing goes out behind the end */
    assert_int_equal(sent, 2);
    paper.send_takes = 0;
    paper.send_code = TR_AGAIN;
    assert_int_equal(tr_send(ep, m + 1, 1, &sent), TR_AGAIN); /* not before its data */
    assert_int_equal(sent, 0);
    assert_int_equal(paper.eofs, 2);
    m[0] = (struct tr_msg){.data = "why", .len = 3, .assoc = 5, .flags = TR_ABORT};
    assert_int_equal(tr_send(ep, m, 1, &sent), TR_OK);
    assert_int_equal(sent, 1);
    assert_int_equal(paper.aborted, 5);
    assert_string_equal(paper.reason, "why");
    m[0].flags = TR_ABORT | TR_EOF;
    assert_int_equal(tr_send(ep, m, 1, &sent), TR_INVALID);
    assert_int_equal(paper.aborts, 1);
}

static void short_form_takes_the_defaults(void **state)
{
    (void)state;
    struct tr_endpoint *ep = open_one();
    paper_of(ep)->number[OPTF_DSP_PPID] = 46;
    paper_of(ep)->number[OPTF_DSP_CONTEXT] = 7;
    paper_of(ep)->number[OPTF_DSP_TIMETOLIVE] = 99;
    paper_of(ep)->number[OPTF_DSP_FLAGS] = 1 | 8; /* unordered, eof */
    assert_int_equal(tr_send_simple(ep, 3, 2, "abc", 3), TR_OK);
    assert_int_equal(paper.sent[0].ppid, 46);
    assert_int_equal(paper.sent[0].context, 7);
    assert_int_equal(paper.sent[0].pr_value, 99);
    assert_int_equal(paper.sent[0].pr_policy, TR_PR_TTL);
    assert_int_equal(paper.sent[0].flags, TR_UNORDERED);
    assert_int_equal(paper.sent[0].stream, 2);
    assert_int_equal(paper.sent[0].assoc, 3);
    assert_int_equal(paper.eofs, 1);
    paper_of(ep)->number[OPTF_DSP_FLAGS] = 0;
    paper_of(ep)->number[OPTF_PRINFO_POLICY] = OPT_PR_RTX;
    paper_of(ep)->number[OPTF_PRINFO_VALUE] = 4;
    assert_int_equal(tr_send_simple(ep, 3, 2, "abc", 3), TR_OK);
    assert_int_equal(paper.sent[1].pr_policy, TR_PR_RTX);
    assert_int_equal(paper.sent[1].pr_value, 4);
    paper_of(ep)->number[OPTF_DSP_FLAGS] = 4; /* abort */
    assert_int_equal(tr_send_simple(ep, 3, 2, "abc", 3), TR_OK);
    assert_int_equal(paper.aborts, 1);
    assert_int_equal(paper.sent_count, 2);
}

/* ---- The ready list -------------------------------------------------------------------------------- */

static void close_clears_the_ready_list(void **state)
{
    (void)state;
    struct tr_endpoint *ep[3];
    struct tr_ready ready[8];
    for (unsigned i = 0; i < 3; i++)
        queue_item(ep[i] = open_one(), message(1, "x"));
    assert_int_equal(tr_loop_wait(loop, 0, ready, 8), 3);
    tr_close(ready[1].endpoint);
    assert_null(ready[1].endpoint);
    assert_int_equal(ready[1].flags, 0);
    assert_non_null(ready[0].endpoint);
    assert_non_null(ready[2].endpoint);

    struct tr_endpoint *later = ready[0].endpoint;
    tr_loop_turn(loop);
    tr_close(later); /* the turn is over: the list is the program's again */
    assert_ptr_equal(ready[0].endpoint, later);
}

/* ---- Connecting and waiting ------------------------------------------------------------------------ */

static enum tr_code connect_one(struct tr_endpoint *ep, int timeout_ms, struct tr_event *up)
{
    struct net_addr a = address("127.0.0.1", 5000);
    struct tr_target to = {&a, 1, 0};
    return tr_connect(ep, &to, timeout_ms, up, &error);
}

static void connect_keeps_what_is_not_its_own(void **state)
{
    (void)state;
    struct tr_endpoint *ep = open_one();
    struct tr_event up;
    struct tr_ready ready[4];
    const struct tr_item *items;
    unsigned count;
    static const uint8_t payload[] = "payload";
    char text[] = "before";
    queue_item(ep, message(50, text));
    struct tr_item failed = {.kind = TR_EVENT, .event = {.type = TR_EV_SEND_FAILED, .assoc = 50}};
    failed.event.failed.msg = (struct tr_msg){.data = payload, .len = sizeof payload, .assoc = 50};
    queue_item(ep, failed);
    paper.answer = change(0, TR_COMM_UP);
    assert_int_equal(connect_one(ep, 1000, &up), TR_OK);
    assert_int_equal(up.change.state, TR_COMM_UP);
    assert_int_equal(up.assoc, 1);
    memset(text, '#', sizeof text - 1); /* the slot has been used again: a copy was kept */

    queue_item(ep, message(50, "after"));
    assert_int_equal(tr_loop_wait(loop, 5000, ready, 4), 1);
    assert_int_equal(((struct paper_loop *)loop)->waited_ms, 0); /* no sleep over what is there already */
    assert_ptr_equal(ready[0].endpoint, ep);
    assert_int_equal(tr_recv(ep, 1, &items, &count), TR_OK);
    assert_int_equal(count, 1);
    assert_memory_equal(items[0].msg.data, "before", 6);
    assert_int_equal(tr_recv(ep, 0, &items, &count), TR_OK);
    assert_int_equal(count, 1);
    assert_int_equal(items[0].event.type, TR_EV_SEND_FAILED);
    assert_memory_equal(items[0].event.failed.msg.data, payload, sizeof payload);
    assert_int_equal(tr_recv(ep, 0, &items, &count), TR_OK);
    assert_memory_equal(items[0].msg.data, "after", 5);
    tr_loop_turn(loop);
    assert_null(loop->stashes);
    assert_int_equal(tr_recv(ep, 0, &items, &count), TR_AGAIN);
}

static void connect_times_out_and_aborts(void **state)
{
    (void)state;
    struct tr_endpoint *ep = open_one();
    struct tr_event up;
    const struct tr_item *items;
    unsigned count;
    queue_item(ep, message(50, "other"));
    assert_error(connect_one(ep, 20, &up), TR_TIMEOUT, "127.0.0.1:5000");
    assert_int_equal(paper.aborts, 1);
    assert_int_equal(paper.aborted, 1);
    assert_int_equal(tr_recv(ep, 0, &items, &count), TR_OK); /* the others' items, but not our end */
    assert_int_equal(count, 1);
    assert_int_equal(items[0].kind, TR_MESSAGE);
    assert_int_equal(tr_recv(ep, 0, &items, &count), TR_AGAIN);
}

static void connect_tells_why_not(void **state)
{
    (void)state;
    struct tr_endpoint *ep = open_one();
    struct tr_event up;
    paper.connect_code = TR_UNREACHABLE;
    assert_error(connect_one(ep, 100, &up), TR_UNREACHABLE, "paper");
    paper.connect_code = TR_OK;
    paper.answer = change(0, TR_CANT_ASSOC);
    assert_error(connect_one(ep, 100, &up), TR_REFUSED, "listen");
    paper.answer.event.change.error = 12;
    assert_error(connect_one(ep, 100, &up), TR_REFUSED, "User-Initiated Abort");
}

/* Nobody answered: the attempts were used up. It has taken as long as they take. */
static void all_attempts_are_a_timeout(void **state)
{
    (void)state;
    struct tr_endpoint *ep = open_one();
    struct tr_event up;
    paper_of(ep)->number[OPTF_INIT_ATTEMPTS] = 0;
    paper_of(ep)->number[OPTF_RTO_INITIAL] = 1;
    paper.answer = change(0, TR_CANT_ASSOC);
    paper_of(ep)->base.watch = 0; /* works for a paused endpoint too, which stays paused */
    enum tr_code code;
    for (unsigned tries = 0; (code = connect_one(ep, 100, &up)) != TR_TIMEOUT && tries < 100000; tries++)
        assert_int_equal(code, TR_REFUSED); /* until a try takes a millisecond */
    assert_error(code, TR_TIMEOUT, "no answer");
    assert_int_equal(ep->watch, 0);
}

static void recv_wait_gives_one_item(void **state)
{
    (void)state;
    struct tr_endpoint *ep = open_one();
    const struct tr_item *item;
    queue_item(ep, message(1, "one"));
    queue_item(ep, message(1, "two"));
    tr_watch(ep, 0);
    assert_int_equal(tr_recv_wait(ep, 100, &item), TR_OK);
    assert_memory_equal(item->msg.data, "one", 3);
    assert_int_equal(tr_recv_wait(ep, -1, &item), TR_OK);
    assert_memory_equal(item->msg.data, "two", 3);
    assert_int_equal(tr_recv_wait(ep, 10, &item), TR_TIMEOUT);
    assert_int_equal(ep->watch, 0);
}

static void stash_follows_peeloff_and_loop(void **state)
{
    (void)state;
    struct tr_endpoint *ep = open_one(), *peeled;
    struct tr_event up;
    struct tr_loop *second;
    struct tr_ready ready[4];
    const struct tr_item *items;
    unsigned count;
    backend.caps = TR_CAP_MOVE;
    queue_item(ep, message(7, "seven a"));
    queue_item(ep, message(8, "eight"));
    queue_item(ep, message(7, "seven b"));
    paper.answer = change(0, TR_COMM_UP);
    assert_int_equal(connect_one(ep, 100, &up), TR_OK);
    uint32_t assoc = 7;
    assert_int_equal(tr_peeloff(ep, &assoc, NULL, &peeled, &error), TR_OK);
    assert_int_equal(tr_loop_open(&backend, NULL, &second, &error), TR_OK);
    assert_int_equal(tr_release(peeled, &error), TR_OK);
    assert_null(tr_endpoint_loop(peeled));
    assert_int_equal(tr_adopt(second, peeled, &error), TR_OK);
    assert_int_equal(tr_loop_wait(second, 1000, ready, 4), 1);
    assert_ptr_equal(ready[0].endpoint, peeled);
    assert_int_equal(tr_recv(peeled, 0, &items, &count), TR_OK);
    assert_int_equal(count, 2);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(items[i].msg.assoc, 107);
        assert_memory_equal(items[i].msg.data, i ? "seven b" : "seven a", 7);
    }
    assert_int_equal(tr_recv(ep, 0, &items, &count), TR_OK);
    assert_int_equal(count, 1);
    assert_memory_equal(items[0].msg.data, "eight", 5);
    tr_close(peeled); /* with items given out and the turn not over */
    tr_loop_close(second);
}

static void release_needs_its_capability(void **state)
{
    (void)state;
    assert_error(tr_release(open_one(), &error), TR_UNSUPPORTED, "another loop");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(loop_parameters),
        CASE(open_asks_for_capabilities),
        CASE(open_refuses_nonsense),
        CASE(connect_refuses_nonsense),
        CASE(peeled_endpoints_have_one_association),
        CASE(watch_calls_down_on_change_only),
        CASE(send_stops_at_what_is_not_valid),
        CASE(send_tells_the_stacks_reason_first),
        CASE(send_ends_an_association),
        CASE(short_form_takes_the_defaults),
        CASE(close_clears_the_ready_list),
        CASE(connect_keeps_what_is_not_its_own),
        CASE(connect_times_out_and_aborts),
        CASE(connect_tells_why_not),
        CASE(all_attempts_are_a_timeout),
        CASE(recv_wait_gives_one_item),
        CASE(stash_follows_peeloff_and_loop),
        CASE(release_needs_its_capability),
    };
    return cmocka_run_group_tests_name("transport/api", tests, NULL, NULL);
}
