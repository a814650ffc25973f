/* Messages from pieces: order, interleaving, limits, aborts, moves between owners and pools. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "transport/reassembly.h"

static struct reasm_pool pool;
static struct adm_owner one, other; /* as two listeners that all their associations share */

static int set_up(void **state)
{
    (void)state;
    reasm_init(&pool, 100000, 32);
    one = (struct adm_owner){.share = adm_new_share(), .shared = true};
    other = (struct adm_owner){.share = adm_new_share(), .shared = true};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    reasm_fini(&pool);
    assert_int_equal(pool.under_way, 0);
    assert_int_equal(pool.bytes, 0);
    assert_null(pool.admission.holders);
    assert_null(pool.admission.shares);
    return 0;
}

struct add {
    struct adm_owner *owner;
    enum reasm_kind kind;
    uint32_t assoc;
    uint16_t stream, flags;
    const char *text;
    bool last, was_sent;
};

static struct reasm_piece piece_out;
#define out piece_out.msg
static uint64_t bytes;

static enum reasm_result add(struct add a)
{
    struct reasm_piece piece = {.kind = a.kind,
                                .was_sent = a.was_sent,
                                .msg = {.data = a.text,
                                        .len = (uint32_t)strlen(a.text),
                                        .assoc = a.assoc,
                                        .stream = a.stream,
                                        .flags = a.flags,
                                        .ppid = (uint32_t)a.text[0]}};
    return reasm_add(&pool, a.owner ? a.owner : &one, &piece, a.last, &piece_out, &bytes);
}
#define ADD(...) add((struct add){__VA_ARGS__})

static void assert_whole(const char *text)
{
    assert_int_equal(out.len, strlen(text));
    assert_memory_equal(out.data, text, out.len);
}

static void pieces_become_one_message(void **state)
{
    (void)state;
    assert_int_equal(ADD(.assoc = 7, .stream = 3, .text = "first "), REASM_MORE);
    assert_int_equal(ADD(.assoc = 7, .stream = 3, .text = "second "), REASM_MORE);
    assert_int_equal(pool.under_way, 1);
    assert_int_equal(ADD(.assoc = 7, .stream = 3, .text = "third", .last = true), REASM_WHOLE);
    assert_whole("first second third");
    assert_int_equal(out.assoc, 7);
    assert_int_equal(out.stream, 3);
    assert_int_equal(out.ppid, 'f'); /* the first piece's */
    assert_int_equal(pool.under_way, 0);
    assert_true(pool.bytes > 0); /* it stays until the turn ends */
    reasm_turn(&pool);
    assert_int_equal(pool.bytes, 0);
}

static void everything_that_tells_messages_apart(void **state)
{
    (void)state;
    static const struct add keys[] = {
        {.assoc = 1, .text = "a"},
        {.assoc = 2, .text = "b"},
        {.assoc = 1, .stream = 1, .text = "c"},
        {.assoc = 1, .flags = TR_UNORDERED, .text = "d"},
        {.assoc = 1, .kind = REASM_NOTIFICATION, .text = "e"},
        {.assoc = 1, .kind = REASM_RETURNED, .text = "f"},
        {.owner = &other, .assoc = 1, .text = "g"},
    };
    enum { KEYS = sizeof keys / sizeof keys[0] };
    for (unsigned round = 0; round < 3; round++)
        for (unsigned i = 0; i < KEYS; i++)
            assert_int_equal(add(keys[i]), REASM_MORE);
    assert_int_equal(pool.under_way, KEYS);
    for (unsigned i = 0; i < KEYS; i++) {
        struct add last = keys[i];
        char wanted[] = {keys[i].text[0], keys[i].text[0], keys[i].text[0], keys[i].text[0], 0};
        last.last = true;
        assert_int_equal(add(last), REASM_WHOLE);
        assert_whole(wanted);
    }
}

/* A message that comes back counts as sent when any of it was. */
static void sent_in_part_is_sent(void **state)
{
    (void)state;
    for (unsigned sent = 0; sent <= 3; sent++) {
        for (unsigned i = 0; i < 2; i++)
            ADD(.kind = REASM_RETURNED, .assoc = 1, .text = "x", .was_sent = i == sent);
        assert_int_equal(
            ADD(.kind = REASM_RETURNED, .assoc = 1, .text = "y", .last = true, .was_sent = sent == 2),
            REASM_WHOLE);
        assert_int_equal(piece_out.was_sent, sent < 3);
        assert_int_equal(piece_out.kind, REASM_RETURNED);
    }
}

static bool is_under_way(const struct adm_owner *owner, uint32_t assoc, uint16_t stream, uint16_t flags)
{
    struct tr_msg like = {.assoc = assoc, .stream = stream, .flags = flags};
    return reasm_under_way(&pool, owner, REASM_RECEIVED, &like);
}

static void under_way_is_per_message(void **state)
{
    (void)state;
    assert_false(is_under_way(&one, 1, 0, 0));
    ADD(.assoc = 1, .text = "x");
    assert_true(is_under_way(&one, 1, 0, 0));
    assert_false(is_under_way(&one, 1, 0, TR_UNORDERED));
    assert_false(is_under_way(&one, 1, 1, 0));
    assert_false(is_under_way(&other, 1, 0, 0));
}

static enum reasm_result add_bytes(uint32_t assoc, uint32_t len, bool last)
{
    uint8_t *data = calloc(1, len > 0 ? len : 1);
    struct reasm_piece piece = {.msg = {.data = data, .len = len, .assoc = assoc}};
    enum reasm_result r = reasm_add(&pool, &one, &piece, last, &piece_out, &bytes);
    free(data);
    return r;
}

static void limit_is_exact(void **state)
{
    (void)state;
    add_bytes(1, 60000, false);
    assert_int_equal(add_bytes(1, 40000, true), REASM_WHOLE);
    assert_int_equal(out.len, 100000);
    add_bytes(1, 60000, false);
    assert_int_equal(add_bytes(1, 40001, true), REASM_DROPPED);
    assert_int_equal(out.len, 0);
    assert_int_equal(bytes, 100001);
    assert_int_equal(add_bytes(1, 10, true), REASM_WHOLE); /* the next one is not affected */
}

static void too_long_a_message_holds_no_memory(void **state)
{
    (void)state;
    add_bytes(1, 100000, false);
    assert_int_equal(pool.bytes, 100000);
    add_bytes(1, 1, false);
    assert_int_equal(pool.bytes, 0);
    for (unsigned i = 0; i < 1000; i++)
        assert_int_equal(add_bytes(1, 50000, false), REASM_MORE);
    assert_int_equal(pool.bytes, 0);
    assert_int_equal(add_bytes(1, 9, true), REASM_DROPPED);
    assert_int_equal(bytes, 50100010);
}

/* Whole messages that wait for the end of the turn, however many, are no reason to drop one: the turn ends.
 */
static void whole_messages_end_the_turn(void **state)
{
    (void)state;
    unsigned whole = 0;
    for (; !reasm_turn_full(&pool); whole++)
        assert_int_equal(add_bytes(whole, 90000, true), REASM_WHOLE);
    assert_in_range(whole, REASM_TURN_BYTES / 100000, REASM_TURN_BYTES / 90000 + 1);
    assert_int_equal(add_bytes(0, 90000, true), REASM_WHOLE); /* what has been read all the same */
    reasm_turn(&pool);
    assert_false(reasm_turn_full(&pool));
    assert_int_equal(pool.bytes, 0);
}

/* Messages that strangers begin and do not end are at nobody else's cost. */
static void half_messages_of_others_drop_nothing(void **state)
{
    (void)state;
    for (uint32_t assoc = 100; assoc < 150; assoc++)
        assert_int_equal(add_bytes(assoc, 90000, false), REASM_MORE);
    for (uint32_t assoc = 1; assoc <= 5; assoc++)
        add_bytes(assoc, 90000, false);
    for (uint32_t assoc = 1; assoc <= 5; assoc++)
        assert_int_equal(add_bytes(assoc, 10, true), REASM_WHOLE);
    for (uint32_t assoc = 100; assoc < 150; assoc++)
        assert_int_equal(add_bytes(assoc, 10, true), REASM_WHOLE);
}

/* Sixteen longest messages on as many streams fit; the piece that does not costs its own message only. */
static void one_association_is_bounded(void **state)
{
    (void)state;
    static char half[60000];
    struct reasm_piece piece = {.msg = {.data = half, .len = sizeof half, .assoc = 1}};
    for (piece.msg.stream = 0; piece.msg.stream < 30; piece.msg.stream++)
        assert_int_equal(reasm_add(&pool, &one, &piece, false, &piece_out, &bytes), REASM_MORE);
    assert_in_range(pool.bytes, 1, 16 * 100000);
    piece.msg.assoc = 2;
    assert_int_equal(reasm_add(&pool, &one, &piece, true, &piece_out, &bytes), REASM_WHOLE);
    piece.msg.assoc = 1;
    piece.msg.len = 10;
    unsigned whole = 0, none = 0;
    for (piece.msg.stream = 0; piece.msg.stream < 30; piece.msg.stream++) {
        enum reasm_result r = reasm_add(&pool, &one, &piece, true, &piece_out, &bytes);
        whole += r == REASM_WHOLE;
        none += r == REASM_NO_ROOM;
        assert_int_equal(bytes, 60010);
    }
    assert_int_equal(whole + none, 30);
    assert_in_range(whole, 16, 29);
}

/* What comes back was sent, so it has no limits: neither a notification nor the message in it. */
static void what_comes_back_has_no_limit(void **state)
{
    (void)state;
    static char data[70000];
    static const enum reasm_kind kinds[] = {REASM_NOTIFICATION, REASM_RETURNED};
    for (unsigned i = 0; i < 2; i++) {
        struct reasm_piece piece = {.kind = kinds[i], .msg = {.data = data, .len = sizeof data, .assoc = 1}};
        assert_int_equal(reasm_add(&pool, &one, &piece, false, &piece_out, &bytes), REASM_MORE);
        assert_int_equal(reasm_add(&pool, &one, &piece, true, &piece_out, &bytes), REASM_WHOLE);
        assert_int_equal(out.len, 140000);
    }
    assert_null(pool.admission.holders);
}

static void empty_pieces_do_no_harm(void **state)
{
    (void)state;
    assert_int_equal(add_bytes(1, 0, false), REASM_MORE);
    add_bytes(1, 5, false);
    assert_int_equal(add_bytes(1, 0, true), REASM_WHOLE);
    assert_int_equal(out.len, 5);
}

static void aborts_forget_what_they_name(void **state)
{
    (void)state;
    ADD(.assoc = 1, .stream = 1, .text = "a");
    ADD(.assoc = 1, .stream = 1, .flags = TR_UNORDERED, .text = "b");
    ADD(.assoc = 1, .stream = 2, .text = "c");
    ADD(.assoc = 2, .stream = 1, .text = "d");
    ADD(.assoc = 0, .kind = REASM_NOTIFICATION, .text = "n");
    ADD(.owner = &other, .assoc = 1, .stream = 1, .text = "e");
    struct tr_msg like = {.assoc = 1, .stream = 1, .flags = TR_UNORDERED};
    reasm_abort_one(&pool, &one, REASM_RECEIVED, &like);
    assert_false(is_under_way(&one, 1, 1, TR_UNORDERED));
    assert_int_equal(reasm_abort_stream(&pool, &one, 1, 1), 1);
    assert_int_equal(reasm_abort_stream(&pool, &one, 1, 1), 0);
    assert_int_equal(reasm_abort_assoc(&pool, &one, 1), 1);
    assert_true(is_under_way(&one, 2, 1, 0));
    assert_int_equal(reasm_abort_assoc(&pool, &one, 0), 0); /* notifications are the endpoint's */
    assert_int_equal(reasm_abort_owner(&pool, &one), 2);
    assert_true(is_under_way(&other, 1, 1, 0));
    assert_int_equal(ADD(.owner = &other, .assoc = 1, .stream = 1, .text = "f", .last = true), REASM_WHOLE);
    assert_whole("ef");
}

static void peeled_off_pieces_go_along(void **state)
{
    (void)state;
    ADD(.assoc = 4, .stream = 1, .text = "half ");
    ADD(.assoc = 5, .stream = 1, .text = "stays ");
    reasm_move(&pool, &one, 4, &other, 9);
    assert_false(is_under_way(&one, 4, 1, 0));
    assert_int_equal(ADD(.owner = &other, .assoc = 9, .stream = 1, .text = "whole", .last = true),
                     REASM_WHOLE);
    assert_whole("half whole");
    assert_int_equal(out.assoc, 9);
    assert_int_equal(ADD(.assoc = 5, .stream = 1, .text = "here", .last = true), REASM_WHOLE);
    assert_whole("stays here");
}

static void owner_moves_to_another_pool(void **state)
{
    (void)state;
    struct reasm_pool second;
    reasm_init(&second, 100000, 32);
    ADD(.assoc = 4, .text = "a");
    ADD(.assoc = 5, .stream = 9, .text = "b");
    ADD(.owner = &other, .assoc = 4, .text = "c");
    struct reasm_partial *list = reasm_take(&pool, &one);
    assert_int_equal(pool.under_way, 1);
    reasm_put(&second, list);
    assert_int_equal(second.under_way, 2);
    struct reasm_piece piece = {.msg = {.data = "B", .len = 1, .assoc = 5, .stream = 9}};
    assert_int_equal(reasm_add(&second, &one, &piece, true, &piece_out, &bytes), REASM_WHOLE);
    assert_whole("bB");
    reasm_discard(reasm_take(&second, &one));
    reasm_fini(&second);
    assert_int_equal(second.bytes, 0);
    assert_null(reasm_take(&second, &one));
}

/* Many messages at once, ended in another order than begun. */
static void thousands_under_way(void **state)
{
    (void)state;
    enum { MANY = 3000 };
    for (unsigned round = 0; round < 2; round++)
        for (unsigned k = 0; k < MANY; k++) {
            unsigned i = round ? MANY - 1 - k : k;
            struct reasm_piece piece = {
                .msg = {.data = &i, .len = sizeof i, .assoc = i / 7, .stream = (uint16_t)(i % 7)}};
            enum reasm_result r = reasm_add(&pool, &one, &piece, round == 1, &piece_out, &bytes);
            assert_int_equal(r, round ? REASM_WHOLE : REASM_MORE);
            if (round) {
                unsigned wanted[2] = {i, i};
                assert_int_equal(out.len, sizeof wanted);
                assert_memory_equal(out.data, wanted, sizeof wanted);
                reasm_turn(&pool);
            }
        }
    assert_int_equal(pool.bytes, 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(pieces_become_one_message),
        CASE(everything_that_tells_messages_apart),
        CASE(sent_in_part_is_sent),
        CASE(under_way_is_per_message),
        CASE(limit_is_exact),
        CASE(too_long_a_message_holds_no_memory),
        CASE(whole_messages_end_the_turn),
        CASE(half_messages_of_others_drop_nothing),
        CASE(one_association_is_bounded),
        CASE(what_comes_back_has_no_limit),
        CASE(empty_pieces_do_no_harm),
        CASE(aborts_forget_what_they_name),
        CASE(peeled_off_pieces_go_along),
        CASE(owner_moves_to_another_pool),
        CASE(thousands_under_way),
    };
    return cmocka_run_group_tests_name("transport/reassembly", tests, NULL, NULL);
}
