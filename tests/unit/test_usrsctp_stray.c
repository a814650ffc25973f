/* Packets of no association ("out of the blue", RFC 9260 8.4): which are answered, and how. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "transport/usrsctp/usrsctp_priv.h"

enum { HEADER = 12, TYPE_AT = 12, FLAGS_AT = 13 };

/* A packet from port 1 to port 2 with tag 9, and these chunks; returns its length. */
static size_t make(uint8_t *packet, const uint8_t *chunks, size_t len)
{
    static const uint8_t header[HEADER] = {0, 1, 0, 2, 0, 0, 0, 9};
    memcpy(packet, header, HEADER);
    memcpy(packet + HEADER, chunks, len);
    return HEADER + len;
}

#define CHUNKS(...)      (const uint8_t[]){__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__})
#define ANSWER(out, ...) answer(out, CHUNKS(__VA_ARGS__))

static bool answer(uint8_t *out, const uint8_t *chunks, size_t len)
{
    uint8_t packet[200];
    return usr_stray_answer(packet, make(packet, chunks, len), out);
}

static void data_gets_an_abort_with_its_own_tag(void **state)
{
    static const uint8_t wanted[USR_STRAY_ANSWER] = {0, 2, 0, 1, 0, 0, 0, 9, 0, 0, 0, 0, 6, 1, 0, 4};
    uint8_t out[USR_STRAY_ANSWER];
    (void)state;
    assert_true(ANSWER(out, 0, 3, 0, 16, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0));
    assert_memory_equal(out, wanted, sizeof wanted);
    assert_true(ANSWER(out, 3, 0, 0, 16, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0)); /* SACK */
    assert_memory_equal(out, wanted, sizeof wanted);
}

static void an_init_for_nobody_gets_an_abort_with_its_tag(void **state)
{
    static const uint8_t wanted[USR_STRAY_ANSWER] = {0, 2, 0, 1, 5, 6, 7, 8, 0, 0, 0, 0, 6, 0, 0, 4};
    uint8_t out[USR_STRAY_ANSWER];
    (void)state;
    assert_true(ANSWER(out, 1, 0, 0, 20, 5, 6, 7, 8, 0, 0, 16, 0, 0, 1, 0, 1, 0, 0, 0, 1));
    assert_memory_equal(out, wanted, sizeof wanted);
    assert_false(ANSWER(out, 1, 0, 0, 20, 0, 0, 0, 0, 0, 0, 16, 0, 0, 1, 0, 1, 0, 0, 0, 1));
    assert_false(ANSWER(out, 1, 0, 0, 4));
}

static void an_end_is_confirmed(void **state)
{
    uint8_t out[USR_STRAY_ANSWER];
    (void)state;
    assert_true(ANSWER(out, 8, 0, 0, 4));
    assert_int_equal(out[TYPE_AT], SCTP_SHUTDOWN_COMPLETE);
    assert_int_equal(out[FLAGS_AT], 1);
}

/* Two of us would answer each other for ever. */
static void answers_get_no_answer(void **state)
{
    static const uint8_t silent[] = {SCTP_ABORT_ASSOCIATION, SCTP_SHUTDOWN_COMPLETE, SCTP_COOKIE_ACK,
                                     SCTP_COOKIE_ECHO};
    uint8_t out[USR_STRAY_ANSWER];
    (void)state;
    for (size_t i = 0; i < sizeof silent; i++) {
        assert_false(ANSWER(out, silent[i], 0, 0, 4));
        assert_false(ANSWER(out, 4, 0, 0, 6, 0, 0, 0, 0, silent[i], 0, 0, 4)); /* behind another one */
    }
    assert_false(ANSWER(out, 9, 0, 0, 12, 0, 3, 0, 8, 0, 0, 0, 1)); /* ERROR: stale cookie */
    assert_true(ANSWER(out, 9, 0, 0, 12, 0, 1, 0, 8, 0, 0, 0, 1));
}

static void lengths_may_lie(void **state)
{
    uint8_t out[USR_STRAY_ANSWER];
    (void)state;
    assert_true(ANSWER(out, 0, 0, 0, 0));
    assert_true(ANSWER(out, 0, 0, 255, 255));
    assert_true(ANSWER(out, 9, 0, 255, 255));
    assert_true(ANSWER(out, 3, 0, 0, 5, 1));
    srand(5);
    for (int i = 0; i < 100000; i++) { /* in memory that ends with the packet */
        size_t len = HEADER + 4 + (size_t)rand() % 24;
        uint8_t *packet = malloc(len);
        for (size_t k = 0; k < len; k++)
            packet[k] = (uint8_t)(rand() % 2 ? rand() % 16 : 0);
        (void)usr_stray_answer(packet, len, out);
        free(packet);
    }
}

/* What goes out with the signature of one path is right again on that path only. */
static void a_cookie_is_sealed(void **state)
{
    static struct usr_path here = {.seal = {1, 2, 3}}, there = {.seal = {1, 2, 4}};
    uint8_t ack[32 + 4 + 40] = {[12] = SCTP_INITIATION_ACK, [15] = 64, [33] = 7, [35] = 44};
    uint8_t echo[16 + 40] = {[12] = SCTP_COOKIE_ECHO, [15] = 44};
    uint8_t same[16 + 40];
    (void)state;
    usr_cookie_seal(&here, ack, sizeof ack);
    assert_int_equal(ack[36 + 20], 1); /* where the signature begins */
    memcpy(echo + 16, ack + 36, 40);
    memcpy(same, echo, sizeof same);
    usr_cookie_open(&here, echo, sizeof echo, 12);
    assert_int_equal(echo[16 + 20] | echo[16 + 21] | echo[16 + 22], 0);
    usr_cookie_open(&there, same, sizeof same, 12);
    assert_int_not_equal(same[16 + 22], 0);
    for (size_t len = 0; len < sizeof same; len++) { /* cut anywhere, in memory that ends there */
        uint8_t *part = malloc(len + 1);
        memcpy(part, same, len);
        usr_cookie_open(&here, part, len, 12);
        usr_cookie_seal(&here, part, len);
        free(part);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_gets_an_abort_with_its_own_tag),
        cmocka_unit_test(an_init_for_nobody_gets_an_abort_with_its_tag),
        cmocka_unit_test(an_end_is_confirmed),
        cmocka_unit_test(answers_get_no_answer),
        cmocka_unit_test(lengths_may_lie),
        cmocka_unit_test(a_cookie_is_sealed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
