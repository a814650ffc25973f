/* A worker puts captured messages into its ring while the tap takes them. Checked: what is taken is whole, in
 * order, and together with what found no room it is everything. Under ThreadSanitizer: without a race. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "broker/capture_ring.h"
#include "tests/stress/stress.h"

enum { MESSAGES = 200000, RING = 1 << 16, LONGEST = 3000 };

struct head {
    uint64_t number;
    uint32_t length;
};

static struct brk_capture_ring *ring;
static unsigned over;           /* atomic */
static uint64_t put_all, taken; /* each its thread's, until it has been joined */

static uint32_t length_of(uint64_t number)
{
    return number % 97 == 0 ? LONGEST : (uint32_t)(number * 37 % 300);
}

static void check_message(const struct head *h)
{
    const unsigned char *data = (const unsigned char *)(h + 1);
    check((uintptr_t)h % 16 == 0, "not aligned");
    check(h->length == length_of(h->number), "torn");
    for (uint32_t i = 0; i < h->length; i++)
        check(data[i] == (unsigned char)(h->number + i), "torn");
}

static void *take(void *arg)
{
    uint64_t next = 0, random = 5;
    (void)arg;
    for (bool last = false;;) {
        const struct head *h = brk_capture_ring_peek(ring);
        if (!h && last)
            return NULL;
        if (!h) {
            last = relaxed_load(&over);
            continue;
        }
        last = false;
        check(h->number >= next, "not in order");
        check_message(h);
        next = h->number + 1;
        brk_capture_ring_pop(ring);
        taken++;
        if (below(&random, 5000) == 0)
            usleep(500); /* so that the ring gets full */
    }
}

/* A thread that reads what it has given back, which is against the rules. */
static void *read_too_late(void *arg)
{
    uint64_t sum = 0;
    (void)arg;
    for (double end = seconds_now() + RACE_SECONDS; seconds_now() < end;) {
        const struct head *h = brk_capture_ring_peek(ring);
        if (!h)
            continue;
        brk_capture_ring_pop(ring);
        sum += ((const unsigned char *)(h + 1))[0] + h->number;
    }
    poison(&sum, sizeof sum);
    return NULL;
}

static void break_a_rule(void)
{
    static const unsigned char data[100];
    pthread_t reader;
    struct head h = {0};
    ring = brk_capture_ring_new(RING);
    check(pthread_create(&reader, NULL, read_too_late, NULL) == 0, "thread");
    for (double end = seconds_now() + RACE_SECONDS; seconds_now() < end;)
        brk_capture_ring_put(ring, &h, sizeof h, data, sizeof data);
}

static void a_race_would_be_found(void **state)
{
    (void)state;
#ifdef RT_TSAN
    assert_true(race_is_found("read-too-late"));
#else
    skip(); /* needs SAN=thread */
#endif
}

static void *put(void *arg)
{
    static unsigned char data[LONGEST];
    uint64_t random = 3;
    (void)arg;
    for (uint64_t n = 0; n < MESSAGES; n++) {
        struct head h = {n, length_of(n)};
        for (uint32_t i = 0; i < h.length; i++)
            data[i] = (unsigned char)(n + i);
        put_all += brk_capture_ring_put(ring, &h, sizeof h, data, h.length);
        if (below(&random, 500) == 0)
            usleep(10); /* and empty */
    }
    relaxed_set(&over, 1);
    return NULL;
}

static void producer_and_consumer(void **state)
{
    pthread_t threads[2];
    (void)state;
    ring = brk_capture_ring_new(RING);
    assert_non_null(ring);
    assert_int_equal(pthread_create(&threads[0], NULL, take, NULL), 0);
    assert_int_equal(pthread_create(&threads[1], NULL, put, NULL), 0);
    pthread_join(threads[1], NULL);
    pthread_join(threads[0], NULL);
    while (brk_capture_ring_peek(ring)) { /* put between the consumer's last look and its end */
        brk_capture_ring_pop(ring);
        taken++;
    }
    print_message("%llu of %d taken\n", (unsigned long long)taken, MESSAGES);
    assert_int_equal(taken, put_all);
    assert_true(put_all > 0 && put_all < MESSAGES); /* it has been full */
    brk_capture_ring_free(ring);
}

/* Alone: every place of the ring is used, and a full one refuses and goes on. */
static void full_and_cleared(void **state)
{
    static unsigned char data[RING];
    struct head h = {0};
    (void)state;
    ring = brk_capture_ring_new(RING);
    assert_false(brk_capture_ring_put(ring, &h, sizeof h, data, RING)); /* never has room */
    for (unsigned round = 0; round < 200; round++) {
        unsigned count = 0, found = 0;
        h.length = round * 5;
        while (brk_capture_ring_put(ring, &h, sizeof h, data, h.length))
            count++;
        assert_true(count >= 1 && count * (16 + sizeof h + h.length) <= RING);
        if (round % 3 == 0) {
            brk_capture_ring_clear(ring);
            assert_null(brk_capture_ring_peek(ring));
            continue;
        }
        for (const struct head *got; (got = brk_capture_ring_peek(ring)); found++) {
            assert_int_equal(got->length, h.length);
            brk_capture_ring_pop(ring);
        }
        assert_int_equal(found, count);
    }
    brk_capture_ring_free(ring);
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "read-too-late")) {
        break_a_rule();
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(producer_and_consumer),
        cmocka_unit_test(full_and_cleared),
        cmocka_unit_test(a_race_would_be_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
