/* Partial reliability (RFC 3758, RFC 7496): messages are given up by time, by retransmissions, or for one of
 * higher priority. A message arrives, is returned once with its contents, or is counted by the association as
 * given up (Linux returns only what it never sent); none is missing. The receiver does not read at first, so
 * that its window closes and data waits. */
#include "tests/conformance/suite.h"

#include <stdlib.h>
#include <string.h>

enum { SIZE = 1000, MANY = 400 };

/* What became of each numbered message. */
struct account {
    struct ct_pair pair;
    unsigned sent;
    bool given_up[MANY], arrived[MANY];
};

static void begin(struct account *a, struct ct_world *w)
{
    struct opt_set sends = ct_tight(100000, 100000), takes = ct_tight(20000, 30000);
    memset(a, 0, sizeof *a);
    opt_put(&sends, OPTF_RTO_MAX, 200);
    opt_put(&takes, OPTF_RTO_MAX, 200);
    a->pair = ct_pair(w, &sends, &takes);
    ct_pause(a->pair.server);
}

/* Sends one numbered message. */
static enum tr_code send_one(struct account *a, enum tr_pr_policy policy, uint32_t value)
{
    static char data[SIZE];
    unsigned taken = 0;
    ct_pattern(data, SIZE, a->sent);
    struct tr_msg m = {.data = data,
                       .len = SIZE,
                       .assoc = a->pair.near,
                       .stream = (uint16_t)(a->sent % 3),
                       .ppid = a->sent,
                       .context = 7000 + a->sent,
                       .pr_policy = (uint8_t)policy,
                       .pr_value = value};
    assert_in_range(a->sent, 0, MANY - 1);
    enum tr_code code = tr_send(a->pair.client->ep, &m, 1, &taken);
    a->sent += taken;
    return code;
}

/* Notes what has come so far, checking it. */
static void note(struct account *a)
{
    struct ct_end *client = a->pair.client, *server = a->pair.server;
    for (size_t i = 0; i < client->count; i++) {
        struct ct_item *item = client->items[i];
        const struct tr_msg *m = &item->tr.event.failed.msg;
        if (item->taken || item->tr.kind != TR_EVENT || item->tr.event.type != TR_EV_SEND_FAILED)
            continue;
        item->taken = true;
        assert_in_range(m->ppid, 0, a->sent - 1);
        assert_false(a->given_up[m->ppid]); /* once */
        a->given_up[m->ppid] = true;
        assert_int_equal(m->context, 7000 + m->ppid);
        assert_int_equal(m->stream, m->ppid % 3);
        assert_int_equal(m->len, SIZE);
        assert_true(ct_is_pattern(m->data, m->len, m->ppid));
    }
    for (size_t i = 0; i < server->count; i++) {
        struct ct_item *item = server->items[i];
        const struct tr_msg *m = &item->tr.msg;
        if (item->taken || item->tr.kind != TR_MESSAGE)
            continue;
        item->taken = true;
        assert_in_range(m->ppid, 0, a->sent - 1);
        assert_false(a->arrived[m->ppid]);
        a->arrived[m->ppid] = true;
        assert_int_equal(m->len, SIZE);
        assert_true(ct_is_pattern(m->data, m->len, m->ppid));
    }
}

static unsigned given_up(const struct account *a)
{
    unsigned n = 0;
    for (unsigned i = 0; i < a->sent; i++)
        n += a->given_up[i];
    return n;
}

/* How many the association counts. */
static int64_t counted(const struct account *a)
{
    struct opt_set got = {0};
    struct tr_error error = {0};
    if (!ct_can_get(OPT_PR_ASSOC_STATUS))
        return given_up(a);
    ct_ok(tr_get_option(a->pair.client->ep, a->pair.near, OPT_PR_ASSOC_STATUS, &got, &error), &error);
    return opt_num(&got, OPTF_PRS_SENT, 0) + opt_num(&got, OPTF_PRS_UNSENT, 0);
}

/* Those that have neither arrived nor come back were given up without a word. */
static bool settled(void *arg)
{
    struct account *a = arg;
    unsigned missing = 0;
    note(a);
    for (unsigned i = 0; i < a->sent; i++)
        missing += !a->given_up[i] && !a->arrived[i];
    return missing + given_up(a) <= counted(a);
}

/* Lets the receiver read; every message must arrive or have been given up. */
static void finish(struct account *a)
{
    ct_resume(a->pair.server);
    if (!ct_pump(a->pair.client->world, settled, a, CT_DEADLINE_MS))
        fail_msg("of %u messages %u came back, %u are counted as given up, and others are missing", a->sent,
                 given_up(a), (unsigned)counted(a));
    ct_spend(a->pair.client->world, 50);
    note(a);
}

static void fill(struct account *a, enum tr_pr_policy policy, uint32_t value)
{
    while (send_one(a, policy, value) == TR_OK)
        ;
    assert_in_range(a->sent, 8, MANY);
}

static bool some_given_up(void *arg)
{
    struct account *a = arg;
    note(a);
    return counted(a) >= 3;
}

static void wait_for_some(struct account *a)
{
    if (!ct_pump(a->pair.client->world, some_given_up, a, CT_DEADLINE_MS))
        fail_msg("only %u of %u messages were given up", (unsigned)counted(a), a->sent);
}

static void messages_whose_time_is_over_come_back(void **state)
{
    struct account a;
    begin(&a, *state);
    fill(&a, TR_PR_TTL, 100);
    wait_for_some(&a);
    finish(&a);
    send_one(&a, TR_PR_TTL, 60000);
    finish(&a);
    assert_true(a.arrived[a.sent - 1]);
}

static void messages_retransmitted_too_often_come_back(void **state)
{
    struct account a;
    begin(&a, *state);
    fill(&a, TR_PR_RTX, 0);
    wait_for_some(&a);
    finish(&a);
    send_one(&a, TR_PR_RTX, 100);
    finish(&a);
    assert_true(a.arrived[a.sent - 1]);
}

static bool sent_first(void *arg)
{
    return send_one(arg, TR_PR_PRIO, 1) == TR_OK;
}

/* Linux gives up those on the way first, which frees nothing yet, and others when it is asked again. usrsctp
 * never makes room for a program that does not wait inside the call: its turn comes as anybody's. */
static void message_of_higher_priority_takes_the_place_of_others(void **state)
{
    enum { TRIES = 64 };
    struct account a;
    bool taken = false;
    begin(&a, *state);
    fill(&a, TR_PR_PRIO, 10);
    for (unsigned before = 0; before < a.sent;) { /* as long as the window takes some */
        before = a.sent;
        ct_spend(*state, 300);
        fill(&a, TR_PR_PRIO, 10);
    }
    for (unsigned i = 0; i < TRIES; i++) /* a larger number is a lower priority */
        assert_int_equal(send_one(&a, TR_PR_PRIO, 11), TR_AGAIN);
    assert_int_equal(counted(&a), 0);
    for (unsigned i = 0; i < TRIES && !taken; i++)
        taken = sent_first(&a);
    if (taken)
        assert_in_range(counted(&a), 1, a.sent - 1);
    ct_resume(a.pair.server);
    if (!taken)
        assert_true(ct_pump(*state, sent_first, &a, CT_DEADLINE_MS));
    unsigned high = a.sent - 1;
    finish(&a);
    assert_true(a.arrived[high]);
}

/* What has no policy of its own, or asks for none, is never given up, whatever the endpoint's default is. */
static void default_is_for_the_short_form_alone(void **state)
{
    if (!ct_can_set(OPT_DEFAULT_PRINFO))
        skip();
    struct account a;
    struct tr_error error = {0};
    struct opt_set ttl = CT_OPTIONS({OPTF_PRINFO_POLICY, OPT_PR_TTL}, {OPTF_PRINFO_VALUE, 60});
    begin(&a, *state);
    ct_ok(tr_set_options(a.pair.client->ep, a.pair.near, &ttl, NULL, &error), &error);
    fill(&a, TR_PR_NONE, 0);
    ct_spend(*state, 200);
    finish(&a);
    assert_int_equal(given_up(&a), 0);

    ct_pause(a.pair.server);
    char *data = calloc(1, SIZE);
    unsigned short_ones = 0;
    while (short_ones < MANY && tr_send_simple(a.pair.client->ep, a.pair.near, 0, data, SIZE) == TR_OK)
        short_ones++;
    free(data);
    ct_spend(*state, 200);
    ct_resume(a.pair.server);
    const struct tr_event *e = ct_event(a.pair.client, TR_EV_SEND_FAILED);
    assert_int_equal(e->failed.msg.len, SIZE);
}

/* default_send_param and default_prinfo share what the stack keeps: one must not change the other's fields.
 */
static void default_policy_and_record_stay_apart(void **state)
{
    if (!ct_can_set(OPT_DEFAULT_PRINFO))
        skip();
    struct ct_end *e = ct_client(*state, NULL);
    struct tr_error error = {0};
    struct opt_set rtx = CT_OPTIONS({OPTF_PRINFO_POLICY, OPT_PR_RTX}, {OPTF_PRINFO_VALUE, 3}),
                   record = CT_OPTIONS({OPTF_DSP_PPID, 46}, {OPTF_DSP_STREAM, 2}, {OPTF_DSP_FLAGS, 1}),
                   got = {0};
    ct_ok(tr_set_options(e->ep, 0, &rtx, NULL, &error), &error);
    ct_ok(tr_set_options(e->ep, 0, &record, NULL, &error), &error);
    ct_ok(tr_get_option(e->ep, 0, OPT_DEFAULT_PRINFO, &got, &error), &error);
    ct_ok(tr_get_option(e->ep, 0, OPT_DEFAULT_SEND_PARAM, &got, &error), &error);
    assert_int_equal(opt_num(&got, OPTF_PRINFO_POLICY, -1), OPT_PR_RTX);
    assert_int_equal(opt_num(&got, OPTF_PRINFO_VALUE, -1), 3);
    assert_int_equal(opt_num(&got, OPTF_DSP_TIMETOLIVE, -1), 0);
    assert_int_equal(opt_num(&got, OPTF_DSP_PPID, -1), 46);
    struct opt_set time = CT_OPTIONS({OPTF_DSP_TIMETOLIVE, 700});
    ct_ok(tr_set_options(e->ep, 0, &time, NULL, &error), &error);
    ct_ok(tr_get_option(e->ep, 0, OPT_DEFAULT_PRINFO, &got, &error), &error);
    ct_ok(tr_get_option(e->ep, 0, OPT_DEFAULT_SEND_PARAM, &got, &error), &error);
    assert_int_equal(opt_num(&got, OPTF_PRINFO_POLICY, -1), OPT_PR_TTL); /* as its row says */
    assert_int_equal(opt_num(&got, OPTF_PRINFO_VALUE, -1), 700);
    assert_int_equal(opt_num(&got, OPTF_DSP_TIMETOLIVE, -1), 700);
    assert_int_equal(opt_num(&got, OPTF_DSP_FLAGS, -1), 1);
    rtx = CT_OPTIONS({OPTF_PRINFO_POLICY, OPT_PR_NONE});
    ct_ok(tr_set_options(e->ep, 0, &rtx, NULL, &error), &error);
    ct_ok(tr_get_option(e->ep, 0, OPT_DEFAULT_SEND_PARAM, &got, &error), &error);
    assert_int_equal(opt_num(&got, OPTF_DSP_TIMETOLIVE, -1), 0);
    assert_int_equal(opt_num(&got, OPTF_DSP_STREAM, -1), 2);
}

CT_TOPIC(reliability, CT_CASE(messages_whose_time_is_over_come_back),
         CT_CASE(messages_retransmitted_too_often_come_back),
         CT_CASE(message_of_higher_priority_takes_the_place_of_others),
         CT_CASE(default_is_for_the_short_form_alone), CT_CASE(default_policy_and_record_stay_apart));
