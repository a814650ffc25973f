/* The load generator's payload: what goes in comes out, and damage shows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bench/payload.h"

enum { ROOM = 300000 };
static uint8_t buffer[ROOM], other[ROOM];

static struct bench_payload example(uint32_t size)
{
    return (struct bench_payload){
        .sequence = UINT64_C(0x0102030405060708),
        .intended_ns = UINT64_C(0x1112131415161718),
        .run = 0xa1a2a3a4,
        .associations = 50,
        .flow = 513,
        .incarnation = 772,
        .association = 49,
        .ppid = 3,
        .size = size,
        .streams = 8,
        .stream = 7,
        .clock = 0xbeef,
        .flags = BENCH_PAYLOAD_UNORDERED | BENCH_PAYLOAD_LAST,
    };
}

static void build(uint8_t *at, const struct bench_payload *p)
{
    bench_payload_pattern(at, 0, p->size);
    bench_payload_encode(at, p);
}

static const uint32_t sizes[] = {52,   53,   59,   60,   61,   64,   100,   1023, 1024,
                                 1032, 1040, 1041, 1400, 2048, 4096, 65536, ROOM};
#define SIZES (sizeof sizes / sizeof sizes[0])

static void test_round_trip(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SIZES; i++) {
        struct bench_payload in = example(sizes[i]), out;
        build(buffer, &in);
        memset(&out, 0x55, sizeof out);
        assert_int_equal(bench_payload_decode(buffer, sizes[i], &out), BENCH_PAYLOAD_GOOD);
        assert_int_equal(out.sequence, in.sequence);
        assert_int_equal(out.intended_ns, in.intended_ns);
        assert_int_equal(out.run, in.run);
        assert_int_equal(out.associations, in.associations);
        assert_int_equal(out.flow, in.flow);
        assert_int_equal(out.incarnation, in.incarnation);
        assert_int_equal(out.association, in.association);
        assert_int_equal(out.ppid, in.ppid);
        assert_int_equal(out.size, in.size);
        assert_int_equal(out.streams, in.streams);
        assert_int_equal(out.stream, in.stream);
        assert_int_equal(out.clock, in.clock);
        assert_int_equal(out.flags, in.flags);
        assert_true(bench_payload_verify(buffer, sizes[i]));
    }
}

/* The layout is a promise: programs of other hosts and byte orders read it. */
static void test_layout(void **state)
{
    (void)state;
    static const uint8_t want[48] = {'J',  'L',  'D',  '1',  2,    5,    0xbe, 0xef, 0xa1, 0xa2, 0xa3, 0xa4,
                                     0,    50,   0,    49,   2,    1,    3,    4,    0,    8,    0,    7,
                                     0,    0,    0,    3,    0,    0,    0,    64,   0x01, 0x02, 0x03, 0x04,
                                     0x05, 0x06, 0x07, 0x08, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18};
    struct bench_payload p = example(64);
    build(buffer, &p);
    assert_memory_equal(buffer, want, sizeof want);
}

static void test_any_damage_to_a_small_message_shows(void **state)
{
    (void)state;
    struct bench_payload p = example(64), out;
    for (unsigned bit = 0; bit < 64 * 8; bit++) {
        build(buffer, &p);
        buffer[bit / 8] ^= (uint8_t)(1u << bit % 8);
        enum bench_payload_state got = bench_payload_decode(buffer, 64, &out);
        if (bit / 8 < 5)
            assert_int_equal(got, BENCH_PAYLOAD_FOREIGN);
        else if (bit / 8 < 52 || bit / 8 >= 56)
            assert_int_equal(got, BENCH_PAYLOAD_CORRUPT);
        else
            assert_false(bench_payload_verify(buffer, 64));
    }
}

static void test_wrong_length(void **state)
{
    (void)state;
    struct bench_payload p = example(1400), out;
    build(buffer, &p);
    assert_int_equal(bench_payload_decode(buffer, 1399, &out), BENCH_PAYLOAD_CORRUPT);
    assert_int_equal(bench_payload_decode(buffer, 1401, &out), BENCH_PAYLOAD_CORRUPT);
    assert_int_equal(bench_payload_decode(buffer, 51, &out), BENCH_PAYLOAD_FOREIGN);
    assert_int_equal(bench_payload_decode("", 0, &out), BENCH_PAYLOAD_FOREIGN);
}

/* A long message whose pieces come from two messages of the same stream: caught by the marks alone. */
static void test_pieces_of_two_messages(void **state)
{
    (void)state;
    struct bench_payload p = example(ROOM), out;
    build(buffer, &p);
    p.sequence++;
    build(other, &p);
    memcpy(buffer + 65484, other + 65484, 2000);
    assert_int_equal(bench_payload_decode(buffer, ROOM, &out), BENCH_PAYLOAD_CORRUPT);
    assert_int_equal(bench_payload_decode(other, ROOM, &out), BENCH_PAYLOAD_GOOD);
}

static void test_damage_between_the_marks(void **state)
{
    (void)state;
    struct bench_payload p = example(5000), out;
    build(buffer, &p);
    for (unsigned i = 52; i < 5000; i += 97) {
        buffer[i] ^= 1;
        bool marks_good = bench_payload_decode(buffer, 5000, &out) == BENCH_PAYLOAD_GOOD;
        assert_false(marks_good && bench_payload_verify(buffer, 5000));
        buffer[i] ^= 1;
    }
    assert_true(bench_payload_verify(buffer, 5000));
}

/* One buffer for messages of many sizes, as the source uses it. */
static void test_buffer_used_again(void **state)
{
    (void)state;
    uint32_t random = 1;
    bench_payload_pattern(buffer, 0, ROOM);
    for (unsigned i = 0; i < 20000; i++) {
        random = random * 1664525 + 1013904223;
        struct bench_payload p = example(BENCH_PAYLOAD_MIN + (random >> 16) % (i % 2 ? 60 : 4200)), out;
        p.sequence = i;
        bench_payload_encode(buffer, &p);
        assert_int_equal(bench_payload_decode(buffer, p.size, &out), BENCH_PAYLOAD_GOOD);
        assert_true(bench_payload_verify(buffer, p.size));
        if (bench_payload_tail(p.size))
            bench_payload_pattern(buffer, bench_payload_tail(p.size), 8);
    }
}

/* Content of the user's is what is sent, and every bit of it is guarded. */
static void test_content(void **state)
{
    static const uint8_t content[] = "0123456789abcdef-";
    static const size_t content_sizes[] = {52, 55, 59, 60, 61, 100, 1500};

    (void)state;
    for (unsigned i = 0; i < sizeof content_sizes / sizeof content_sizes[0]; i++) {
        struct bench_payload p = example((uint32_t)content_sizes[i]), out;
        size_t tail = bench_payload_tail(p.size), end = tail ? tail : p.size;
        p.flags |= BENCH_PAYLOAD_CONTENT;
        bench_payload_fill(buffer, p.size, content, 17, 5);
        bench_payload_encode(buffer, &p);
        for (size_t at = BENCH_PAYLOAD_MIN; at < end; at++)
            assert_int_equal(buffer[at], content[(5 + at - BENCH_PAYLOAD_MIN) % 17]);
        assert_int_equal(bench_payload_decode(buffer, p.size, &out), BENCH_PAYLOAD_GOOD);
        assert_true(bench_payload_verify(buffer, p.size));
        for (size_t bit = BENCH_PAYLOAD_MIN * 8; tail && bit < p.size * 8; bit++) {
            buffer[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_int_equal(bench_payload_decode(buffer, p.size, &out), BENCH_PAYLOAD_CORRUPT);
            buffer[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_layout),
        cmocka_unit_test(test_any_damage_to_a_small_message_shows),
        cmocka_unit_test(test_wrong_length),
        cmocka_unit_test(test_pieces_of_two_messages),
        cmocka_unit_test(test_damage_between_the_marks),
        cmocka_unit_test(test_buffer_used_again),
        cmocka_unit_test(test_content),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
