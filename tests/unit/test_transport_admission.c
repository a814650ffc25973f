/* Places for half-received messages: which associations are held back, in which order they are admitted, and
 * which are overdue. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "transport/admission.h"

enum { PLACES = 3, MANY = 8 };

static struct adm adm;
static struct adm_owner owner[MANY]; /* peeled off one listener: a share together */
static struct adm_holder *holder[MANY];
static const struct adm_owner *unread; /* an endpoint that the program does not read */

static int set_up(void **state)
{
    (void)state;
    uint64_t share = adm_new_share();
    adm_init(&adm, PLACES);
    unread = NULL;
    for (unsigned i = 0; i < MANY; i++) {
        owner[i] = (struct adm_owner){.share = share};
        holder[i] = NULL;
    }
    return 0;
}

static void end(unsigned i)
{
    adm_end(&adm, holder[i], true);
    holder[i] = NULL;
}

static int tear_down(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MANY; i++) {
        if (holder[i])
            end(i);
        adm_forget(&adm, &owner[i]);
    }
    assert_null(adm.holders);
    assert_null(adm.shares);
    assert_null(adm.line);
    return 0;
}

/* Association i begins a message. True: it is held back. */
static bool begin(unsigned i)
{
    holder[i] = adm_begin(&adm, &owner[i], i);
    assert_non_null(holder[i]);
    return adm_hold_back(&adm, &owner[i]);
}

static bool is_read(const struct adm_owner *o)
{
    return o != unread && !o->held_back;
}

static void ticks(unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        adm_tick(&adm, is_read);
}

static void assert_overdue(int wanted, bool wanted_crowded)
{
    bool crowded = false;
    const struct adm_holder *h = adm_overdue(&adm, &crowded);
    if (wanted < 0) {
        assert_null(h);
        return;
    }
    assert_non_null(h);
    assert_int_equal(h->assoc, wanted);
    assert_int_equal(crowded, wanted_crowded);
}

static void who_finds_no_place_waits_in_line(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PLACES; i++) {
        assert_false(adm_crowded(&adm, &owner[i]));
        assert_false(begin(i));
    }
    assert_true(adm_crowded(&adm, &owner[7]));
    assert_true(begin(3));
    assert_true(begin(4));
    assert_null(adm_admit(&adm));
    end(1);
    assert_true(begin(5)); /* the free place is for the line */
    assert_ptr_equal(adm_admit(&adm), &owner[3]);
    assert_false(owner[3].held_back);
    assert_null(adm_admit(&adm));
    end(3);
    end(0);
    assert_ptr_equal(adm_admit(&adm), &owner[4]);
    assert_ptr_equal(adm_admit(&adm), &owner[5]);
    assert_null(adm_admit(&adm));
}

/* A message that is whole when the batch ends never waited. */
static void what_was_whole_at_once_is_not_held_back(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PLACES; i++)
        begin(i);
    holder[3] = adm_begin(&adm, &owner[3], 3);
    end(3);
    assert_false(adm_hold_back(&adm, &owner[3]));
}

static void who_has_begun(void **state)
{
    (void)state;
    assert_int_equal(adm_count(&adm), 0);
    begin(0);
    begin(2);
    assert_int_equal(adm_count(&adm), 2);
    assert_true(adm_has_begun(&adm, &owner[2]));
    assert_false(adm_has_begun(&adm, &owner[1]));
    uint32_t ids[2] = {0};
    assert_int_equal(adm_begun(&adm, &owner[2], ids, 2), 1);
    assert_int_equal(ids[0], 2);
    assert_int_equal(adm_begun(&adm, &owner[1], ids, 2), 0);
    assert_int_equal(adm_begun(&adm, &owner[2], ids, 0), 0);
    end(2);
    assert_false(adm_has_begun(&adm, &owner[2]));
    assert_int_equal(adm_count(&adm), 1);
}

static void another_listener_has_its_own_places(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PLACES; i++)
        begin(i);
    owner[6].share = adm_new_share();
    assert_false(adm_crowded(&adm, &owner[6]));
    assert_false(begin(6));
}

static void a_dropped_message_takes_no_place(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PLACES; i++)
        begin(i);
    assert_true(begin(3));
    adm_drop(&adm, holder[0]);
    assert_ptr_equal(adm_admit(&adm), &owner[3]);
    adm_end(&adm, holder[0], false);
    holder[0] = NULL;
    assert_true(begin(4));
}

static void who_waits_and_ends_leaves_the_line(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PLACES; i++)
        begin(i);
    begin(3);
    begin(4);
    end(3); /* its association ended */
    assert_ptr_equal(adm_admit(&adm), &owner[3]);
    assert_true(owner[4].held_back);
    end(4);
    adm_forget(&adm, &owner[4]);
    assert_null(adm.line);
}

static void a_message_that_does_not_grow_is_overdue(void **state)
{
    (void)state;
    begin(0);
    begin(1);
    ticks(ADM_PATIENCE - 1);
    assert_overdue(-1, false);
    holder[0]->grown += ADM_STEP;
    holder[1]->grown += ADM_STEP - 1;
    ticks(1);
    assert_overdue(1, false);
    end(1);
    assert_overdue(-1, false);
    ticks(ADM_PATIENCE - 1);
    assert_overdue(-1, false);
    ticks(1);
    assert_overdue(0, false);
}

static void patience_is_short_while_somebody_waits(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PLACES; i++)
        begin(i);
    ticks(ADM_SHORT);
    assert_overdue(-1, false);
    begin(3);
    assert_overdue(0, true);
    holder[0]->grown += ADM_STEP;
    holder[2]->grown += ADM_STEP;
    ticks(1);
    assert_overdue(1, true);
    end(1);
    assert_ptr_equal(adm_admit(&adm), &owner[3]);
    assert_overdue(-1, false);
}

/* An association that is not read is not overdue: paused by the program, or waiting for a place. */
static void who_is_not_read_is_not_late(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PLACES; i++)
        begin(i);
    begin(3);
    unread = &owner[2];
    ticks(2 * ADM_PATIENCE);
    assert_overdue(0, true);
    end(0);
    assert_overdue(1, true);
    end(1);
    assert_overdue(-1, false);
}

/* Nobody can be held back alone there: there are more than places, and with twice as many who has not grown
 * for the longest time goes at once. */
static void a_shared_endpoint_is_always_read(void **state)
{
    (void)state;
    owner[0].shared = true;
    for (unsigned i = 0; i < 2 * PLACES; i++) {
        holder[i] = adm_begin(&adm, &owner[0], i);
        assert_false(adm_hold_back(&adm, &owner[0]));
        assert_overdue(-1, false);
        ticks(i == 0 ? 1 : 0);
    }
    holder[6] = adm_begin(&adm, &owner[0], 6);
    assert_overdue(0, true);
    end(0);
    assert_overdue(-1, false);
    ticks(ADM_SHORT);
    assert_overdue(1, true);
}

/* All strangers that stand still are out of the way after the short patience, and honest ones get in: the
 * argument of admission.h, played through. */
static void nobody_waits_for_ever(void **state)
{
    (void)state;
    bool crowded;
    const struct adm_holder *h;
    for (unsigned i = 0; i < MANY; i++)
        begin(i);
    unsigned admitted = PLACES;
    for (unsigned round = 0; round < MANY && adm.line; round++) {
        ticks(ADM_SHORT);
        while ((h = adm_overdue(&adm, &crowded)))
            end(h->assoc);
        while (adm_admit(&adm))
            admitted++;
    }
    assert_int_equal(admitted, MANY);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {CASE(who_finds_no_place_waits_in_line),
                                       CASE(what_was_whole_at_once_is_not_held_back),
                                       CASE(another_listener_has_its_own_places),
                                       CASE(a_dropped_message_takes_no_place),
                                       CASE(who_waits_and_ends_leaves_the_line),
                                       CASE(a_message_that_does_not_grow_is_overdue),
                                       CASE(patience_is_short_while_somebody_waits),
                                       CASE(who_is_not_read_is_not_late),
                                       CASE(a_shared_endpoint_is_always_read),
                                       CASE(nobody_waits_for_ever),
                                       CASE(who_has_begun)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
