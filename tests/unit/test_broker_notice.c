/* What a worker knows of an association's retransmissions: as last read, and how many a minute. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "broker/assoc.h"
#include "broker/check.h"
#include "broker/log.h"
#include "broker/notice.h"
#include "broker/socket.h"
#include "transport/backend_priv.h"

static int64_t retransmitted; /* what the stack tells */

static enum tr_code get_stats(const struct tr_place *at, struct opt_set *out)
{
    (void)at;
    opt_put(out, OPTF_STATS_RTXCHUNKS, retransmitted);
    return TR_OK;
}

static const struct tr_option_ops options[OPT_ID_COUNT] = {[OPT_ASSOC_STATS] = {.get = get_stats}};
static const struct tr_backend backend = {.name = "paper", .options = options};
static struct tr_endpoint endpoint = {.magic = TR_ENDPOINT_MAGIC, .backend = &backend};
static struct brk_broker broker = {.backend = &backend};
static struct brk_socket sock = {.ep = &endpoint};

/* The rate when the stack tells `count` at `now_ms`. */
static uint64_t rate(struct brk_worker *w, struct brk_assoc *a, uint64_t now_ms, int64_t count)
{
    w->now_ms = now_ms;
    retransmitted = count;
    brk_stats_read(w, a);
    assert_int_equal(a->stats.retransmitted, count);
    return brk_stats_rate(w, a);
}

static void test_rate(void **state)
{
    struct brk_worker w = {.broker = &broker};
    struct brk_assoc a = {.magic = BRK_ASSOC_MAGIC, .id = 1, .state = BRK_UP, .socket = &sock};
    (void)state;
    assert_int_equal(rate(&w, &a, 100000, 40), 0); /* not known yet */
    assert_int_equal(rate(&w, &a, 105000, 50), 120);
    /* Read more often, it stays what it was in five seconds. */
    assert_int_equal(rate(&w, &a, 105100, 90), 120);
    assert_int_equal(rate(&w, &a, 109999, 90), 120);
    assert_int_equal(rate(&w, &a, 115000, 91), 246); /* 41 in 10 s */
    assert_int_equal(rate(&w, &a, 120000, 91), 0);
    assert_int_equal(rate(&w, &a, 125000, 96), 60);
    /* Not read any more, because it carries nothing. */
    w.now_ms = 134999;
    assert_int_equal(brk_stats_rate(&w, &a), 60);
    w.now_ms = 135000;
    assert_int_equal(brk_stats_rate(&w, &a), 0);
    /* Another association in the stack: its count begins anew. */
    assert_int_equal(rate(&w, &a, 140000, 3), 0);
    assert_int_equal(rate(&w, &a, 145000, 4), 12);
}

/* Whatever is logged: the admin interface shows them, too. */
static void test_whatever_is_logged(void **state)
{
    struct brk_worker w = {.broker = &broker};
    struct brk_assoc a = {.magic = BRK_ASSOC_MAGIC, .id = 1, .state = BRK_UP, .socket = &sock};
    (void)state;
    brk_log_set_level(CFG_LOG_ERROR);
    rate(&w, &a, 100000, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rate),
                                       cmocka_unit_test(test_whatever_is_logged)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
