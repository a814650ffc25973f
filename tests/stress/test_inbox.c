/* Several producers and one consumer use an inbox as fast as they can for some seconds. Checked: every parcel
 * is taken once, in its producer's order, with its contents intact, and the consumer, which sleeps in poll
 * whenever the inbox is empty, is always woken. Under ThreadSanitizer: without a race; and a producer that
 * touches a parcel after posting it is detected. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <pthread.h>

#include <cmocka.h>

#include "tests/stress/stress.h"

enum { PRODUCERS = 3, BATCH_MAX = 40 };

struct item {
    struct rt_parcel parcel;
    uint64_t sequence;
    uint32_t producer;
    uint32_t note; /* for breaking the rule without other consequence */
};

struct producer {
    struct stress *stress;
    uint32_t number;
    pthread_t thread;
    uint64_t posted;   /* written when it ends */
    uint64_t wakes;    /* times it wrote the eventfd */
    uint64_t consumed; /* relaxed; the consumer's word back */
};

struct stress {
    struct rt_inbox inbox;
    struct producer producers[PRODUCERS];
    int stop;          /* relaxed */
    bool announced;    /* the consumer says when it is awake */
    bool touch_posted; /* break the rule */
};

static struct item *new_item(struct producer *p)
{
    struct item *i = malloc(sizeof *i);
    check(i, "out of memory");
    i->parcel = (struct rt_parcel){.kind = RT_CONTROL, .to = i};
    i->sequence = p->posted++;
    i->producer = p->number;
    return i;
}

/* Not too far ahead, and often so close that the inbox runs empty. */
static void wait_for_consumer(struct producer *p, uint64_t *random)
{
    uint64_t ahead = below(random, 4) ? below(random, 30) : 3000;
    while (p->posted - relaxed_load(&p->consumed) > ahead && !relaxed_load(&p->stress->stop))
        sched_yield();
    if (below(random, 200) == 0)
        usleep(below(random, 300));
}

static void *produce(void *arg)
{
    struct producer *p = arg;
    struct stress *s = p->stress;
    uint64_t random = p->number + 1;
    struct rt_batch batch = {0};
    while (!relaxed_load(&s->stop)) {
        struct item *last = NULL;
        for (uint32_t n = 1 + below(&random, below(&random, 2) ? 2 : BATCH_MAX); n > 0; n--) {
            last = new_item(p);
            rt_batch_add(&batch, &last->parcel);
        }
        p->wakes += rt_inbox_post(&s->inbox, &batch);
        if (s->touch_posted)
            last->note = 1;
        wait_for_consumer(p, &random);
    }
    return NULL;
}

static void consume_item(struct stress *s, struct rt_parcel *p)
{
    struct item *i = p->to;
    check(&i->parcel == p, "not a parcel of ours");
    check(i->producer < PRODUCERS, "producer %u", i->producer);
    struct producer *from = &s->producers[i->producer];
    uint64_t due = relaxed_load(&from->consumed);
    check(i->sequence == due, "producer %u: %llu came where %llu was due", i->producer,
          (unsigned long long)i->sequence, (unsigned long long)due);
    i->note = 0;
    relaxed_set(&from->consumed, due + 1);
    free(i);
}

static void consume(struct stress *s, struct rt_batch *out)
{
    uint32_t said = out->count, came = 0;
    for (struct rt_parcel *p; (p = rt_batch_take(out)); came++)
        consume_item(s, p);
    check(said == came, "%u said, %u came", said, came);
}

static void start(struct stress *s)
{
    check(rt_inbox_init(&s->inbox) == 0, "eventfd");
    for (uint32_t i = 0; i < PRODUCERS; i++) {
        s->producers[i] = (struct producer){.stress = s, .number = i};
        check(!pthread_create(&s->producers[i].thread, NULL, produce, &s->producers[i]), "thread");
    }
}

/* Mostly asleep when something comes; now and then it looks without having been woken. */
static void consume_for(struct stress *s, double seconds)
{
    uint64_t random = 99;
    double end = seconds_now() + seconds;
    while (seconds_now() < end) {
        struct rt_batch out = {0};
        if (below(&random, 8))
            inbox_sleep_and_take(&s->inbox, s->announced, &out);
        else
            rt_inbox_take(&s->inbox, false, &out);
        consume(s, &out);
    }
}

static void finish(struct stress *s)
{
    uint64_t posted = 0, wakes = 0;
    struct rt_batch out = {0};
    relaxed_set(&s->stop, 1);
    for (uint32_t i = 0; i < PRODUCERS; i++)
        pthread_join(s->producers[i].thread, NULL);
    rt_inbox_take(&s->inbox, true, &out);
    consume(s, &out);
    for (uint32_t i = 0; i < PRODUCERS; i++) {
        const struct producer *p = &s->producers[i];
        check(p->consumed == p->posted, "producer %u: %llu of %llu came", i, (unsigned long long)p->consumed,
              (unsigned long long)p->posted);
        posted += p->posted;
        wakes += p->wakes;
    }
    check(posted > 0 && wakes > 0, "nothing was tested");
    print_message("%llu parcels, %llu wake-ups\n", (unsigned long long)posted, (unsigned long long)wakes);
    rt_inbox_destroy(&s->inbox);
}

static void run(struct stress *s, double seconds)
{
    start(s);
    consume_for(s, seconds);
    finish(s);
}

static void test_nothing_lost_misordered_or_asleep(void **state)
{
    (void)state;
    static struct stress s;
    run(&s, 2);
}

static void test_the_same_with_a_consumer_that_is_awake(void **state)
{
    (void)state;
    static struct stress s = {.announced = true};
    run(&s, 2);
}

static void test_a_race_would_be_found(void **state)
{
    (void)state;
#ifdef RT_TSAN
    assert_true(race_is_found("touch-posted"));
#else
    skip(); /* needs SAN=thread */
#endif
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "touch-posted")) {
        static struct stress broken = {.touch_posted = true};
        run(&broken, RACE_SECONDS);
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_lost_misordered_or_asleep),
        cmocka_unit_test(test_the_same_with_a_consumer_that_is_awake),
        cmocka_unit_test(test_a_race_would_be_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
