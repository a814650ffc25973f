/* Options as data: checked, set, read back, compared; on a simulated backend. */
#include "tests/unit/paper_backend.h"

#include <stdio.h>

static void options_are_all_checked_first(void **state)
{
    (void)state;
    struct tr_endpoint *ep = open_one();
    enum opt_id failed = OPT_ID_COUNT;
    struct opt_set s = {0};
    opt_put(&s, OPTF_SNDBUF, 100000);
    opt_put(&s, OPTF_STATUS_RWND, 1);
    assert_error(tr_set_options(ep, 0, &s, &failed, &error), TR_INVALID, "status");
    assert_int_equal(failed, OPT_STATUS);
    s = (struct opt_set){0};
    opt_put(&s, OPTF_SNDBUF, 100000);
    opt_put(&s, OPTF_REUSEADDR, 1);
    assert_error(tr_set_options(ep, 0, &s, &failed, &error), TR_INVALID, "reuseaddr");
    s = (struct opt_set){0};
    opt_put(&s, OPTF_SNDBUF, 100000);
    opt_put(&s, OPTF_DELAYED_ACK_TIME, 501);
    assert_error(tr_set_options(ep, 0, &s, &failed, &error), TR_INVALID, "delayed_ack_time");
    assert_int_equal(failed, OPT_DELAYED_ACK_TIME);
    s = (struct opt_set){0};
    opt_put(&s, OPTF_RTO_MIN, 100);
    opt_put(&s, OPTF_SNDBUF, 100000);
    assert_error(tr_set_options(ep, 5, &s, &failed, &error), TR_INVALID,
                 "sndbuf"); /* not one association's */
    assert_int_equal(paper.sets, 0);
}

static void missing_options_are_named(void **state)
{
    (void)state;
    struct tr_endpoint *ep = open_one();
    struct tr_option_ops lacking[OPT_ID_COUNT];
    enum opt_id failed = OPT_ID_COUNT;
    struct opt_set s = {0};
    memcpy(lacking, paper_options, sizeof lacking);
    lacking[OPT_TOS] = (struct tr_option_ops){0};
    backend.options = lacking;
    assert_false(tr_backend_can_set(&backend, OPT_TOS));
    assert_false(tr_backend_can_get(&backend, OPT_TOS));
    assert_true(tr_backend_can_set(&backend, OPT_SNDBUF));
    opt_put(&s, OPTF_TOS, 1);
    assert_error(tr_set_options(ep, 0, &s, &failed, &error), TR_UNSUPPORTED, "tos");
    assert_int_equal(failed, OPT_TOS);
    assert_error(tr_get_option(ep, 0, OPT_TOS, &s, &error), TR_UNSUPPORTED, "tos");
    assert_error(tr_get_option(ep, 0, OPT_SET_PEER_PRIMARY_ADDR, &s, &error), TR_INVALID, "write-only");
    struct tr_open_params p = {.options = &s};
    struct tr_endpoint *other;
    assert_error(tr_open(loop, &p, &other, &error), TR_UNSUPPORTED, "tos");
}

static void a_refused_option_is_named_and_ends_the_walk(void **state)
{
    (void)state;
    struct tr_endpoint *ep = open_one();
    enum opt_id failed = OPT_ID_COUNT;
    struct opt_set s = {0};
    opt_put(&s, OPTF_SNDBUF, 50000);
    opt_put(&s, OPTF_PRIORITY, 3);
    opt_put(&s, OPTF_NODELAY, 1);
    paper.refuses = OPT_PRIORITY;
    assert_error(tr_set_options(ep, 0, &s, &failed, &error), TR_SYSTEM, "priority");
    assert_int_equal(failed, OPT_PRIORITY);
    assert_int_equal(paper_of(ep)->number[OPTF_SNDBUF], 50000);
    assert_int_equal(paper_of(ep)->number[OPTF_NODELAY], 0);
}

static char listed[4][300];
static unsigned listed_count;

static void list(enum opt_id id, const char *text, void *arg)
{
    (void)id;
    assert_ptr_equal(arg, &listed_count);
    assert_in_range(listed_count, 0, 3);
    snprintf(listed[listed_count++], sizeof listed[0], "%s", text);
}

/* A backend knows what to do about what it did not grant; generic code knows no backend. */
static void hint_about_buffers(enum opt_field f, int64_t wanted, int64_t granted, char *out, size_t size)
{
    assert_string_equal(out, "");
    if (f == OPTF_SNDBUF)
        snprintf(out, size, "; buy %lld more", (long long)(wanted - granted));
}

static void compare_lists_what_was_not_granted(void **state)
{
    (void)state;
    struct tr_endpoint *ep = open_one();
    struct opt_set s = {0};
    listed_count = 0;
    opt_put(&s, OPTF_SNDBUF, 4 << 20);
    opt_put(&s, OPTF_NODELAY, 1);
    opt_put(&s, OPTF_RTO_MIN, 100);
    opt_put(&s, OPTF_PAP_FLAGS, 1 | 4); /* hb_demand leaves no trace and is no difference */
    opt_put(&s, OPTF_TOS, 40);
    paper.clip = 416 << 10;
    assert_int_equal(tr_set_options(ep, 0, &s, NULL, &error), TR_OK);
    paper_of(ep)->number[OPTF_PAP_FLAGS] = 1;
    paper_of(ep)->number[OPTF_TOS] = 40 | 2; /* nor are the bits that the stack uses for ECN */
    tr_compare_options(ep, 0, &s, list, &listed_count);
    assert_int_equal(listed_count, 1);
    assert_string_equal(listed[0], "sndbuf: asked 4M, granted 416K");
    backend.hint = hint_about_buffers;
    paper_of(ep)->number[OPTF_RTO_MIN] = 200;
    listed_count = 0;
    tr_compare_options(ep, 0, &s, list, &listed_count);
    assert_int_equal(listed_count, 2);
    assert_string_equal(listed[0], "sndbuf: asked 4M, granted 416K; buy 3768320 more");
    assert_string_equal(listed[1], "rtoinfo.min: asked 100ms, granted 200ms");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(options_are_all_checked_first),
        CASE(missing_options_are_named),
        CASE(a_refused_option_is_named_and_ends_the_walk),
        CASE(compare_lists_what_was_not_granted),
    };
    return cmocka_run_group_tests_name("transport/options", tests, NULL, NULL);
}
