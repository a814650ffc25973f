/* Peers that do not answer: what counts as a request and as an answer, and how long the wait may be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "transport/usrsctp/usrsctp_priv.h"

enum {
    HEADER = 12,
    DATA = 0,
    INIT = 1,
    SACK = 3,
    HEARTBEAT = 4,
    HEARTBEAT_ACK = 5,
    COOKIE_ECHO = 10,
    I_DATA = 64
};

/* A packet of chunks of 16 bytes each, of these types; returns its length. */
static size_t packet_of(uint8_t *out, const uint8_t *types, size_t count)
{
    memset(out, 0, HEADER + 16 * count);
    for (size_t i = 0; i < count; i++) {
        out[HEADER + 16 * i] = types[i];
        out[HEADER + 16 * i + 3] = 16;
    }
    return HEADER + 16 * count;
}

#define PACKET(out, ...) packet_of(out, (const uint8_t[]){__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__}))

static void a_question_starts_the_wait(void **state)
{
    struct usr_paths paths = {0};
    struct usr_path path = {0};
    uint8_t p[100];
    (void)state;
    usr_silence_sent(&paths, &path, p, PACKET(p, SACK), 5);
    usr_silence_sent(&paths, &path, p, PACKET(p, HEARTBEAT_ACK), 6);
    assert_int_equal(path.asked_ms, 0);
    assert_null(paths.asked);
    usr_silence_sent(&paths, &path, p, PACKET(p, SACK, DATA), 7);
    assert_int_equal(path.asked_ms, 7);
    usr_silence_sent(&paths, &path, p, PACKET(p, HEARTBEAT), 9); /* the first one counts */
    assert_int_equal(path.asked_ms, 7);
    static const uint8_t questions[] = {INIT, COOKIE_ECHO, I_DATA, HEARTBEAT};
    for (size_t i = 0; i < sizeof questions; i++) {
        usr_silence_over(&paths, &path);
        usr_silence_sent(&paths, &path, p, PACKET(p, questions[i]), 11);
        assert_int_equal(path.asked_ms, 11);
    }
}

/* A path that waits since 7. */
static void ask(struct usr_paths *paths, struct usr_path *path)
{
    uint8_t p[100];
    usr_silence_sent(paths, path, p, PACKET(p, DATA), 7);
}

static void only_an_answer_ends_it(void **state)
{
    struct usr_paths paths = {0};
    struct usr_path path = {0};
    uint8_t p[100];
    (void)state;
    ask(&paths, &path);
    usr_silence_heard(&paths, &path, p, PACKET(p, DATA, DATA));
    usr_silence_heard(&paths, &path, p, PACKET(p, HEARTBEAT));
    usr_silence_heard(&paths, &path, p, PACKET(p, DATA, SACK)); /* nothing may stand behind user data */
    assert_int_equal(path.asked_ms, 7);
    usr_silence_heard(&paths, &path, p, PACKET(p, HEARTBEAT, SACK, DATA));
    assert_int_equal(path.asked_ms, 0);
    assert_null(paths.asked);
}

/* Bytes from the network: chunks that claim to be longer than the packet, or shorter than their header. */
static void lengths_may_lie(void **state)
{
    struct usr_paths paths = {0};
    struct usr_path path = {0};
    uint8_t p[100];
    (void)state;
    ask(&paths, &path);
    size_t len = PACKET(p, HEARTBEAT, SACK);
    p[HEADER + 3] = 0;
    usr_silence_heard(&paths, &path, p, len);
    p[HEADER + 2] = p[HEADER + 3] = 255;
    usr_silence_heard(&paths, &path, p, len);
    usr_silence_heard(&paths, &path, p, HEADER + 3);
    assert_int_equal(path.asked_ms, 7);
}

static void the_wait_is_as_long_as_the_shortest_timer(void **state)
{
    static struct usr_loop loop;
    static struct usr_path path;
    (void)state;
    assert_null(usr_silence_next(&loop, NULL)); /* nobody was asked */
    ask(&loop.paths, &path);
    loop.now_ms = 7 + USR_RTO_MS - 1;
    assert_null(usr_silence_next(&loop, NULL));
    loop.now_ms++;
    assert_ptr_equal(usr_silence_next(&loop, NULL), &path);
    assert_null(usr_silence_next(&loop, &path));
    loop.now_ms = 7 + 50;
    assert_null(usr_silence_next(&loop, NULL));
    loop.rto_ms = 50;
    assert_ptr_equal(usr_silence_next(&loop, NULL), &path);
}

/* However many wait, only those that wait for long enough are looked at. */
static void those_who_wait_stand_in_order(void **state)
{
    static struct usr_loop loop;
    static struct usr_path path[4];
    uint8_t p[100];
    (void)state;
    for (unsigned i = 0; i < 4; i++)
        usr_silence_sent(&loop.paths, &path[i], p, PACKET(p, DATA), 100 + i);
    usr_silence_heard(&loop.paths, &path[1], p, PACKET(p, SACK));
    loop.now_ms = 102 + USR_RTO_MS;
    assert_ptr_equal(usr_silence_next(&loop, NULL), &path[0]);
    assert_ptr_equal(usr_silence_next(&loop, &path[0]), &path[2]);
    assert_null(usr_silence_next(&loop, &path[2]));
    usr_silence_sent(&loop.paths, &path[1], p, PACKET(p, DATA), 104);
    loop.now_ms = 104 + USR_RTO_MS;
    assert_ptr_equal(usr_silence_next(&loop, &path[3]), &path[1]);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_starts_the_wait),
        cmocka_unit_test(only_an_answer_ends_it),
        cmocka_unit_test(lengths_may_lie),
        cmocka_unit_test(the_wait_is_as_long_as_the_shortest_timer),
        cmocka_unit_test(those_who_wait_stand_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
