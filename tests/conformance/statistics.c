/* Statistics of an association, and options of a one-to-many endpoint that affect its present associations.
 */
#include "tests/conformance/suite.h"

static struct opt_set counts(struct ct_end *e, uint32_t assoc)
{
    struct opt_set got = {0};
    struct tr_error error = {0};
    ct_ok(tr_get_option(e->ep, assoc, OPT_ASSOC_STATS, &got, &error), &error);
    return got;
}

static int64_t grown(const struct opt_set *before, const struct opt_set *after, enum opt_field f)
{
    return opt_num(after, f, -1) - opt_num(before, f, -1);
}

static void data_is_counted(void **state)
{
    enum { ORDERED = 30, UNORDERED = 20 };
    if (!ct_can_get(OPT_ASSOC_STATS))
        skip();
    struct opt_set now = CT_OPTIONS({OPTF_NODELAY, 1});
    struct ct_pair p = ct_pair(*state, &now, &now);
    struct opt_set near = counts(p.client, p.near), far = counts(p.server, p.far);
    struct ct_flow ordered = {.from = p.client, .assoc = p.near, .size = 100},
                   unordered = {.from = p.client, .assoc = p.near, .size = 100, .flags = TR_UNORDERED};
    ct_flow_send(&ordered, ORDERED);
    ct_flow_finish(&ordered, p.server, p.far);
    ct_flow_send(&unordered, UNORDERED);
    ct_flow_finish(&unordered, p.server, p.far);
    ct_acknowledged(p.client, p.near);
    struct opt_set near2 = counts(p.client, p.near), far2 = counts(p.server, p.far);
    assert_int_equal(grown(&near, &near2, OPTF_STATS_OODCHUNKS), ORDERED);
    assert_int_equal(grown(&near, &near2, OPTF_STATS_OUODCHUNKS), UNORDERED);
    assert_int_equal(grown(&far, &far2, OPTF_STATS_IODCHUNKS), ORDERED);
    assert_int_equal(grown(&far, &far2, OPTF_STATS_IUODCHUNKS), UNORDERED);
    assert_in_range(grown(&far, &far2, OPTF_STATS_OSACKS), 1, ORDERED + UNORDERED);
    assert_int_equal(grown(&far, &far2, OPTF_STATS_OSACKS), grown(&near, &near2, OPTF_STATS_ISACKS));
    assert_in_range(grown(&near, &near2, OPTF_STATS_OPACKETS), 1, ORDERED + UNORDERED);
    assert_int_equal(grown(&near, &near2, OPTF_STATS_OPACKETS), grown(&far, &far2, OPTF_STATS_IPACKETS));
    assert_int_equal(grown(&near, &near2, OPTF_STATS_RTXCHUNKS), 0);
    struct opt_set none = {0};
    struct tr_error error = {0};
    ct_failed_as(tr_get_option(p.client->ep, p.near + 500, OPT_ASSOC_STATS, &none, &error), TR_NO_ASSOC,
                 &error);
}

/* The longest timeout is a time, near the one that was set, and names its path. */
static void the_longest_timeout_is_in_milliseconds(void **state)
{
    if (!ct_can_get(OPT_ASSOC_STATS))
        skip();
    struct opt_set slow = CT_OPTIONS({OPTF_RTO_INITIAL, 5000}, {OPTF_RTO_MIN, 5000}, {OPTF_RTO_MAX, 9000});
    struct ct_pair p = ct_pair(*state, &slow, &slow);
    struct ct_flow f = {.from = p.client, .assoc = p.near, .size = 100};
    ct_flow_send(&f, 20);
    ct_flow_finish(&f, p.server, p.far);
    struct opt_set got = counts(p.client, p.near);
    assert_in_range(opt_num(&got, OPTF_STATS_MAXRTO, -1), 4900, 9000);
}

/* Which of `rows` differ between two associations after it was set for all: what acts at once reaches both.
 */
static void what_acts_at_once_reaches_all(void **state)
{
    static const struct ct_option rows[] = {{OPTF_DELAYED_ACK_FREQUENCY, 5},
                                            {OPTF_DELAYED_ACK_TIME, 80},
                                            {OPTF_MAX_BURST, 9},
                                            {OPTF_CONTEXT, 77},
                                            {OPTF_STREAM_SCHEDULER, OPT_SS_PRIO},
                                            {OPTF_DSP_PPID, 60}};
    struct ct_world *w = *state;
    struct ct_pair p = ct_pair(w, NULL, NULL);
    struct ct_end *other = ct_client(w, NULL);
    struct tr_error error = {0};
    uint32_t second, assocs[2] = {p.far, 0};
    uint32_t near = ct_connect(other, p.server, &second);
    assocs[1] = second;
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum opt_id id = opt_field_rows[rows[i].field].option;
        struct opt_set s = CT_OPTIONS(rows[i]);
        if (!ct_can_set(id))
            continue;
        assert_int_equal(opt_rows[id].effect, OPT_NOW);
        ct_ok(tr_set_options(p.server->ep, 0, &s, NULL, &error), &error);
        for (unsigned a = 0; a < 2; a++) {
            struct opt_set got = {0};
            ct_ok(tr_get_option(p.server->ep, assocs[a], id, &got, &error), &error);
            if (opt_num(&got, rows[i].field, -1) != rows[i].num)
                fail_msg("%s of association %u reads %lld", opt_rows[id].name, a + 1,
                         (long long)opt_num(&got, rows[i].field, -1));
        }
    }
    ct_send(other, near, 0, 5, "hello", 5);
    assert_int_equal(ct_message(p.server)->context, ct_can_set(OPT_CONTEXT) ? 77 : 0);
}

/* And leaves alone what was set on one of them and is not given. */
static void one_field_for_all_leaves_the_others(void **state)
{
    struct ct_pair p = ct_pair(*state, NULL, NULL);
    struct opt_set own = CT_OPTIONS({OPTF_DSP_STREAM, 3}), all = CT_OPTIONS({OPTF_DSP_PPID, 60}), got = {0};
    struct tr_error error = {0};
    ct_ok(tr_set_options(p.server->ep, p.far, &own, NULL, &error), &error);
    ct_ok(tr_set_options(p.server->ep, 0, &all, NULL, &error), &error);
    ct_ok(tr_get_option(p.server->ep, p.far, OPT_DEFAULT_SEND_PARAM, &got, &error), &error);
    assert_int_equal(opt_num(&got, OPTF_DSP_STREAM, -1), 3);
    assert_int_equal(opt_num(&got, OPTF_DSP_PPID, -1), 60);
}

/* Time and frequency of delayed SACKs are two options, whatever record a stack keeps them in. */
static void sack_time_and_frequency_are_apart(void **state)
{
    if (!ct_can_set(OPT_DELAYED_ACK_FREQUENCY))
        skip();
    struct ct_pair p = ct_pair(*state, NULL, NULL);
    const uint32_t scopes[] = {0, p.near};
    for (unsigned i = 0; i < 2; i++) {
        static const int64_t pairs[][2] = {{120, 4}, {120, 1}, {40, 1}, {40, 3}, {240, 3}};
        for (unsigned k = 0; k < 5; k++) {
            struct opt_set time = CT_OPTIONS({OPTF_DELAYED_ACK_TIME, pairs[k][0]}),
                           frequency = CT_OPTIONS({OPTF_DELAYED_ACK_FREQUENCY, pairs[k][1]}), got = {0};
            struct tr_error error = {0};
            if (k == 0 || pairs[k][0] != pairs[k - 1][0])
                ct_ok(tr_set_options(p.client->ep, scopes[i], &time, NULL, &error), &error);
            if (k == 0 || pairs[k][1] != pairs[k - 1][1])
                ct_ok(tr_set_options(p.client->ep, scopes[i], &frequency, NULL, &error), &error);
            ct_ok(tr_get_option(p.client->ep, scopes[i], OPT_DELAYED_ACK_TIME, &got, &error), &error);
            ct_ok(tr_get_option(p.client->ep, scopes[i], OPT_DELAYED_ACK_FREQUENCY, &got, &error), &error);
            assert_int_equal(opt_num(&got, OPTF_DELAYED_ACK_TIME, -1), pairs[k][0]);
            assert_int_equal(opt_num(&got, OPTF_DELAYED_ACK_FREQUENCY, -1), pairs[k][1]);
        }
    }
}

static void sender_dry_is_told(void **state)
{
    struct opt_set dry = CT_OPTIONS({OPTF_EV_SENDER_DRY, 1});
    struct ct_pair p = ct_pair(*state, &dry, NULL);
    struct ct_flow f = {.from = p.client, .assoc = p.near, .size = 1000};
    ct_flow_send(&f, 50);
    ct_flow_finish(&f, p.server, p.far);
    assert_int_equal(ct_event(p.client, TR_EV_SENDER_DRY)->assoc, p.near);
    assert_int_equal(p.server->events[TR_EV_SENDER_DRY], 0);
}

CT_TOPIC(statistics, CT_CASE(data_is_counted), CT_CASE(the_longest_timeout_is_in_milliseconds),
         CT_CASE(what_acts_at_once_reaches_all), CT_CASE(one_field_for_all_leaves_the_others),
         CT_CASE(sack_time_and_frequency_are_apart), CT_CASE(sender_dry_is_told));
