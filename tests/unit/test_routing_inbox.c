/* Batches and the inbox, in one thread: order, splicing, who writes the eventfd, and a producer that was
 * stopped half way through its splice. tests/stress/test_inbox.c tests it with several threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "routing/inbox.h"

enum { N = 8 };

static struct rt_parcel parcels[N];

static void add(struct rt_batch *b, int from, int to)
{
    for (int i = from; i < to; i++)
        rt_batch_add(b, &parcels[i]);
}

/* Takes all of `b` and checks that it holds parcels from … to - 1, in order. */
static void assert_holds(struct rt_batch *b, int from, int to)
{
    assert_int_equal(b->count, to - from);
    for (int i = from; i < to; i++)
        assert_ptr_equal(rt_batch_take(b), &parcels[i]);
    assert_null(rt_batch_take(b));
    assert_int_equal(b->count, 0);
}

static bool readable(const struct rt_inbox *in)
{
    struct pollfd p = {.fd = rt_inbox_fd(in), .events = POLLIN};
    return poll(&p, 1, 0) == 1;
}

static void post(struct rt_inbox *in, int from, int to, bool wakes)
{
    struct rt_batch b = {0};
    add(&b, from, to);
    assert_int_equal(rt_inbox_post(in, &b), wakes);
    assert_int_equal(b.count, 0);
    assert_null(rt_batch_peek(&b));
}

/* ---- batches ---- */

static void test_batch_is_a_queue(void **state)
{
    (void)state;
    struct rt_batch b;
    rt_batch_init(&b);
    assert_null(rt_batch_peek(&b));
    assert_null(rt_batch_take(&b));
    add(&b, 0, 3);
    assert_ptr_equal(rt_batch_peek(&b), &parcels[0]);
    assert_int_equal(b.count, 3);
    assert_ptr_equal(rt_batch_take(&b), &parcels[0]);
    add(&b, 3, 4);
    assert_holds(&b, 1, 4);
    add(&b, 0, 1); /* usable again after it was emptied */
    assert_holds(&b, 0, 1);
}

static void test_batch_next(void **state)
{
    (void)state;
    struct rt_batch b = {0};
    add(&b, 0, N);
    struct rt_parcel *p = rt_batch_peek(&b);
    for (int i = 0; i < N; i++, p = rt_batch_next(&b, p))
        assert_ptr_equal(p, &parcels[i]);
    assert_null(p);
    assert_holds(&b, 0, N);
}

static void test_batch_take_after(void **state)
{
    (void)state;
    struct rt_batch b = {0};
    add(&b, 0, 4);
    assert_ptr_equal(rt_batch_take_after(&b, &parcels[2]), &parcels[3]); /* the last one */
    assert_null(rt_batch_take_after(&b, &parcels[2]));
    add(&b, 4, 5);
    assert_ptr_equal(rt_batch_take_after(&b, &parcels[0]), &parcels[1]);
    assert_ptr_equal(rt_batch_take_after(&b, NULL), &parcels[0]);
    assert_int_equal(b.count, 2);
    assert_ptr_equal(rt_batch_take(&b), &parcels[2]);
    assert_ptr_equal(rt_batch_take_after(&b, NULL), &parcels[4]);
    assert_null(rt_batch_take_after(&b, NULL));
}

static void test_batch_append(void **state)
{
    (void)state;
    struct rt_batch a = {0}, b = {0};
    rt_batch_append(&a, &b); /* nothing to nothing */
    assert_null(rt_batch_peek(&a));
    add(&b, 0, 2);
    rt_batch_append(&a, &b); /* to an empty one */
    assert_null(rt_batch_peek(&b));
    assert_int_equal(b.count, 0);
    rt_batch_append(&a, &b); /* from an empty one */
    assert_int_equal(a.count, 2);
    add(&b, 2, 5);
    rt_batch_append(&a, &b);
    add(&a, 5, 6);
    assert_holds(&a, 0, 6);
}

static void test_batch_moves_by_assignment(void **state)
{
    (void)state;
    struct rt_batch a = {0};
    add(&a, 0, 3);
    struct rt_batch b = a;
    add(&b, 3, 4);
    assert_holds(&b, 0, 4);
}

/* ---- inbox ---- */

static void test_parcels_keep_their_order(void **state)
{
    (void)state;
    struct rt_inbox in;
    assert_int_equal(rt_inbox_init(&in), 0);
    post(&in, 0, 3, true);
    post(&in, 3, 4, false);
    post(&in, 4, 4, false); /* nothing */
    post(&in, 4, N, false);
    struct rt_batch out = {0};
    assert_int_equal(rt_inbox_take(&in, true, &out), N);
    assert_int_equal(rt_inbox_take(&in, false, &out), 0);
    assert_holds(&out, 0, N);
    rt_inbox_destroy(&in);
}

static void test_take_appends(void **state)
{
    (void)state;
    struct rt_inbox in;
    assert_int_equal(rt_inbox_init(&in), 0);
    struct rt_batch out = {0};
    add(&out, 0, 2);
    post(&in, 2, 5, true);
    assert_int_equal(rt_inbox_take(&in, true, &out), 3);
    assert_holds(&out, 0, 5);
    rt_inbox_destroy(&in);
}

static void test_only_an_empty_inbox_wakes(void **state)
{
    (void)state;
    struct rt_inbox in;
    assert_int_equal(rt_inbox_init(&in), 0);
    assert_false(readable(&in));
    post(&in, 0, 0, false);
    assert_false(readable(&in));
    for (int round = 0; round < 3; round++) {
        post(&in, 0, 1, true);
        assert_true(readable(&in));
        post(&in, 1, 2, false);
        struct rt_batch out = {0};
        assert_int_equal(rt_inbox_take(&in, true, &out), 2);
        assert_false(readable(&in));
        assert_holds(&out, 0, 2);
    }
    rt_inbox_destroy(&in);
}

/* Taking without having been woken leaves the wake-up standing: one for nothing, none lost. */
static void test_take_unasked(void **state)
{
    (void)state;
    struct rt_inbox in;
    assert_int_equal(rt_inbox_init(&in), 0);
    struct rt_batch out = {0};
    assert_int_equal(rt_inbox_take(&in, false, &out), 0);
    post(&in, 0, 2, true);
    assert_int_equal(rt_inbox_take(&in, false, &out), 2);
    assert_true(readable(&in));
    post(&in, 2, 3, true); /* found it empty again */
    assert_int_equal(rt_inbox_take(&in, true, &out), 1);
    assert_false(readable(&in));
    assert_int_equal(rt_inbox_take(&in, true, &out), 0); /* clearing a clear one */
    assert_holds(&out, 0, 3);
    rt_inbox_destroy(&in);
}

/* A consumer that is awake is not woken; what came meanwhile keeps it from going to sleep. */
static void test_awake_and_asleep(void **state)
{
    (void)state;
    struct rt_inbox in;
    struct rt_batch out = {0};
    assert_int_equal(rt_inbox_init(&in), 0);
    rt_inbox_awake(&in);
    post(&in, 0, 1, false);
    assert_false(readable(&in));
    assert_false(rt_inbox_sleep(&in));
    post(&in, 1, 2, false);
    assert_int_equal(rt_inbox_take(&in, false, &out), 2);
    post(&in, 2, 3, false); /* still awake */
    assert_false(rt_inbox_sleep(&in));
    assert_int_equal(rt_inbox_take(&in, false, &out), 1);
    assert_true(rt_inbox_sleep(&in));
    assert_false(readable(&in));
    post(&in, 3, 4, true);
    assert_true(readable(&in));
    assert_int_equal(rt_inbox_take(&in, true, &out), 1);
    assert_holds(&out, 0, 4);
    rt_inbox_destroy(&in);
}

static void test_many_parcels_in_one_batch(void **state)
{
    (void)state;
    enum { MANY = 100000 };
    static struct rt_parcel many[MANY];
    struct rt_inbox in;
    assert_int_equal(rt_inbox_init(&in), 0);
    struct rt_batch b = {0}, out = {0};
    for (int i = 0; i < MANY; i++)
        rt_batch_add(&b, &many[i]);
    assert_true(rt_inbox_post(&in, &b));
    assert_int_equal(rt_inbox_take(&in, true, &out), MANY);
    for (int i = 0; i < MANY; i++)
        assert_ptr_equal(rt_batch_take(&out), &many[i]);
    rt_inbox_destroy(&in);
}

/* ---- a producer that was stopped between the two steps of a splice (urcu/wfcqueue.h) ---- */

/* The first step, as another thread would have done it: the tail is exchanged, the link is missing. A thread
 * does the second some time later. */
struct half {
    struct cds_wfcq_node *before, *first;
    pthread_t thread;
};

static void *second_step(void *arg)
{
    struct half *h = arg;
    usleep(20000);
    __atomic_store_n(&h->before->next, h->first, __ATOMIC_RELEASE);
    return NULL;
}

static struct half half_post(struct rt_inbox *in, int from, int to)
{
    struct rt_batch b = {0};
    add(&b, from, to);
    struct half h = {.before = in->tail.p, .first = &b.first->node};
    in->tail.p = &b.last->node;
    return h;
}

static void finish_later(struct half *h)
{
    assert_int_equal(pthread_create(&h->thread, NULL, second_step, h), 0);
}

static void test_take_waits_at_the_beginning(void **state)
{
    (void)state;
    struct rt_inbox in;
    struct rt_batch out = {0};
    assert_int_equal(rt_inbox_init(&in), 0);
    struct half h = half_post(&in, 0, 2);
    post(&in, 2, 3, false); /* returned: must be taken, though it lies behind the gap */
    finish_later(&h);
    assert_int_equal(rt_inbox_take(&in, false, &out), 3);
    assert_holds(&out, 0, 3);
    pthread_join(h.thread, NULL);
    rt_inbox_destroy(&in);
}

static void test_take_waits_in_the_middle(void **state)
{
    (void)state;
    struct rt_inbox in;
    struct rt_batch out = {0};
    assert_int_equal(rt_inbox_init(&in), 0);
    post(&in, 0, 2, true);
    struct half h = half_post(&in, 2, 4), k = half_post(&in, 4, 5);
    post(&in, 5, 7, false);
    finish_later(&h);
    finish_later(&k);
    assert_int_equal(rt_inbox_take(&in, true, &out), 7);
    assert_holds(&out, 0, 7);
    pthread_join(h.thread, NULL);
    pthread_join(k.thread, NULL);
    rt_inbox_destroy(&in);
}

/* The producer that was stopped saw the consumer awake and will write nothing. */
static void test_gap_keeps_the_consumer_awake(void **state)
{
    (void)state;
    struct rt_inbox in;
    struct rt_batch out = {0};
    assert_int_equal(rt_inbox_init(&in), 0);
    rt_inbox_awake(&in);
    struct half h = half_post(&in, 0, 2);
    assert_false(rt_inbox_sleep(&in));
    finish_later(&h);
    assert_int_equal(rt_inbox_take(&in, false, &out), 2);
    assert_true(rt_inbox_sleep(&in));
    assert_holds(&out, 0, 2);
    pthread_join(h.thread, NULL);
    rt_inbox_destroy(&in);
}

/* ---- failure ---- */

static void test_out_of_descriptors(void **state)
{
    (void)state;
    struct rlimit before, none;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = (struct rlimit){0, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    struct rt_inbox in;
    errno = 0;
    int result = rt_inbox_init(&in);
    int error = errno;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(result, -1);
    assert_int_equal(error, EMFILE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batch_is_a_queue),
        cmocka_unit_test(test_batch_next),
        cmocka_unit_test(test_batch_take_after),
        cmocka_unit_test(test_batch_append),
        cmocka_unit_test(test_batch_moves_by_assignment),
        cmocka_unit_test(test_parcels_keep_their_order),
        cmocka_unit_test(test_take_appends),
        cmocka_unit_test(test_only_an_empty_inbox_wakes),
        cmocka_unit_test(test_take_unasked),
        cmocka_unit_test(test_awake_and_asleep),
        cmocka_unit_test(test_many_parcels_in_one_batch),
        cmocka_unit_test(test_take_waits_at_the_beginning),
        cmocka_unit_test(test_take_waits_in_the_middle),
        cmocka_unit_test(test_gap_keeps_the_consumer_awake),
        cmocka_unit_test(test_out_of_descriptors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
