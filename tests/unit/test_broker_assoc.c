/* How the associations of a worker are found by their numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "broker/assoc.h"
#include "broker/state.h"
#include "routing/origin.h"

static struct brk_broker broker = {.worker_count = 1};
static struct brk_worker worker = {.broker = &broker};

/* What stands in for an association that arrives has its number, and is freed at the end of the turn in which
 * it comes: meanwhile that one is found, however many others there are. */
static void who_stood_in_is_not_found_any_more(void **state)
{
    enum { OTHERS = 1000 };
    const uint64_t number = rt_origin(1, 7); /* it began with another worker */
    struct brk_assoc *stand_in = brk_assoc_new(&worker, BRK_ARRIVING), arrived = {.origin = number};
    (void)state;
    brk_assoc_stand_in(stand_in, number);
    assert_ptr_equal(brk_assoc_by_origin(&worker, number), stand_in);
    brk_assoc_close(&worker, stand_in);
    assert_null(brk_assoc_by_origin(&worker, number));
    brk_assoc_list(&worker, &arrived);
    for (unsigned i = 0; i < OTHERS; i++) {
        brk_assoc_close(&worker, brk_assoc_new(&worker, BRK_CONNECTING));
        assert_ptr_equal(brk_assoc_by_origin(&worker, number), &arrived);
    }
    assert_ptr_equal(worker.assocs, &arrived);
    brk_assoc_unlist(&worker, &arrived);
    brk_assoc_free_closed(&worker);
    assert_null(worker.assocs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(who_stood_in_is_not_found_any_more)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
