/* `hold` against a naive model: messages arrive at two workers for two groups whose members come and go, time
 * passes, limits change, and what a lost member had comes back, as drawn from a seed. After each step both
 * must agree on which messages wait, in which order, on what has become of all others, and on the counters.
 *
 * What is real here: dispatch.c, hold.c, expiry.c, the counters. The members belong to a third worker, in
 * whose box their messages are found. Each worker sees members and limits when it has its turn, as it would
 * read a snapshot.
 *
 *     SEED=17 build/tests/unit/test_broker_hold_model      one run again; RUNS=100000: a long one */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/assoc.h"
#include "broker/check.h"
#include "broker/dispatch.h"
#include "broker/expiry.h"
#include "broker/parcel.h"
#include "broker/socket.h"
#include "broker/state.h"
#include "routing/snapshot.h"

enum { READERS = 2, MEMBERS = READERS, WORKERS, GROUPS = 2, STEPS = 150, MOST = STEPS };

struct item {
    uint64_t number, since_ms;
    uint32_t len;
    bool charged;
};

struct list {
    struct item items[MOST];
    unsigned count;
};

/* What is to be seen: one for all, and what each worker has seen of it. */
struct view {
    uint64_t version;
    struct {
        bool there, held;
        struct cfg_hold hold;
    } groups[GROUPS];
};

/* ---- the model ------------------------------------------------------------------------------------------
 */

static struct view now, seen[READERS];
static struct list waiting[READERS][GROUPS], delivered[READERS][GROUPS];
static uint64_t looked[READERS]; /* at what waits: the version by which */
static uint64_t arrived[READERS], full[READERS], expired[READERS];

/* Whether so much more is beyond the limits, which are for all workers. */
static bool beyond(unsigned w, unsigned g, uint64_t messages, uint64_t bytes)
{
    const struct cfg_hold *h = &seen[w].groups[g].hold;
    for (unsigned r = 0; r < READERS; r++)
        for (unsigned i = 0; i < waiting[r][g].count; i++) {
            messages++;
            bytes += waiting[r][g].items[i].len;
        }
    return (h->messages && messages > h->messages) || (h->bytes && bytes > h->bytes);
}

static bool nobody(unsigned w, unsigned g)
{
    return !seen[w].groups[g].there;
}

static bool limited(unsigned w, unsigned g)
{
    return nobody(w, g) && (seen[w].groups[g].hold.messages || seen[w].groups[g].hold.bytes);
}

/* The newest that are beyond the limits are dropped. */
static void model_limit(unsigned w, unsigned g)
{
    while (limited(w, g) && waiting[w][g].count && beyond(w, g, 0, 0)) {
        waiting[w][g].count--;
        full[w]++;
    }
}

static void model_arrive(unsigned w, unsigned g, struct item m)
{
    struct list *l = &waiting[w][g], *d = &delivered[w][g];
    m.since_ms = 0;
    arrived[w]++;
    if (seen[w].groups[g].there && !seen[w].groups[g].held && !l->count) {
        m.charged = true;
        d->items[d->count++] = m;
    } else if (limited(w, g) && beyond(w, g, 1, m.len)) {
        full[w]++;
    } else {
        m.charged = !limited(w, g);
        l->items[l->count++] = m;
        model_limit(w, g);
    }
}

static void model_expire(unsigned w, uint64_t now_ms)
{
    for (unsigned g = 0; g < GROUPS; g++) {
        unsigned time_ms = seen[w].groups[g].hold.time_ms, left = 0;
        struct list *l = &waiting[w][g];
        for (unsigned i = 0; i < l->count; i++)
            if (!time_ms || !nobody(w, g) || l->items[i].since_ms + time_ms > now_ms)
                l->items[left++] = l->items[i];
            else
                expired[w]++;
        l->count = left;
    }
}

/* `back`: of what was delivered last, so many come back, before what waits. */
static void model_return(unsigned w, unsigned g, unsigned back, uint64_t now_ms)
{
    struct list *l = &waiting[w][g], *d = &delivered[w][g];
    memmove(&l->items[back], &l->items[0], l->count * sizeof l->items[0]);
    memcpy(&l->items[0], &d->items[d->count - back], back * sizeof l->items[0]);
    for (unsigned i = 0; i < back; i++)
        l->items[i].since_ms = now_ms;
    l->count += back;
    d->count -= back;
}

/* What waits is looked at when something has changed, or came back. */
static void model_turn(unsigned w, bool came_back)
{
    seen[w] = now;
    if (!came_back && (looked[w] == now.version || !(waiting[w][0].count + waiting[w][1].count)))
        return;
    looked[w] = now.version;
    for (unsigned g = 0; g < GROUPS; g++) {
        struct list *l = &waiting[w][g], *d = &delivered[w][g];
        for (unsigned i = 0; i < l->count && now.groups[g].there && !now.groups[g].held; i++)
            d->items[d->count++] = l->items[i];
        if (now.groups[g].there && !now.groups[g].held)
            l->count = 0;
        model_limit(w, g);
    }
}

/* ---- the real thing --------------------------------------------------------------------------------------
 */

static const struct cfg_listener listeners[] = {{.name = "access"}};
static const struct cfg_route routes[GROUPS] = {{.group = 0, .session = CFG_SHARED},
                                                {.group = 1, .session = CFG_SHARED}};
static struct cfg_group groups[READERS][GROUPS]; /* by worker: each has its plan */
static struct cfg_config configs[READERS];
static struct brk_worker workers[WORKERS], *list[WORKERS] = {&workers[0], &workers[1], &workers[MEMBERS]};
static struct brk_broker broker = {.worker_count = WORKERS, .workers = list};
static struct brk_queue parked[READERS][GROUPS], returned[READERS][GROUPS];
static struct rt_batch out[READERS][WORKERS + 1];
static struct brk_socket sockets[READERS];
static struct brk_assoc sources[READERS];
static struct rt_dest dests[GROUPS] = {{.worker = MEMBERS}, {.worker = MEMBERS}};
static struct rt_group *real_groups[READERS][GROUPS];
static struct rt_snapshot *snapshots[READERS];
static struct brk_queue with_member[READERS][GROUPS]; /* what the members of the third worker have */
static uint64_t random_state, number, clock_ms;
static unsigned step;

static uint32_t pick(uint32_t n)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(random_state >> 33) % n;
}

static bool chance(unsigned percent)
{
    return pick(100) < percent;
}

static void begin_worker(unsigned w)
{
    configs[w] = (struct cfg_config){.listeners = listeners,
                                     .listener_count = 1,
                                     .groups = groups[w],
                                     .group_count = GROUPS,
                                     .routes = routes,
                                     .route_count = GROUPS};
    snapshots[w] = calloc(1, sizeof *snapshots[w] + GROUPS * sizeof snapshots[w]->groups[0]);
    for (unsigned g = 0; g < GROUPS; g++) {
        groups[w][g] = (struct cfg_group){.name = g ? "second" : "first"};
        real_groups[w][g] = calloc(1, sizeof *real_groups[w][g] + sizeof(struct rt_dest *));
        *real_groups[w][g] = (struct rt_group){.mode = CFG_OVERRIDE, .pick = RT_PICK_FIRST};
        real_groups[w][g]->dests[0] = &dests[g];
        snapshots[w]->groups[g] = real_groups[w][g];
    }
    for (unsigned i = 0; i <= WORKERS; i++)
        rt_batch_init(&out[w][i]);
    workers[w] = (struct brk_worker){.index = w,
                                     .broker = &broker,
                                     .config = &configs[w],
                                     .snapshot = snapshots[w],
                                     .parked = parked[w],
                                     .returned = returned[w],
                                     .picks = calloc(GROUPS, sizeof(struct rt_pick_state)),
                                     .out = out[w],
                                     .now_ms = clock_ms};
    workers[w].uncharged = (struct rt_credit){.messages_max = UINT32_MAX, .bytes_max = UINT64_MAX};
    assert_true(brk_counts_init(&workers[w].counts, &configs[w]));
    sockets[w] = (struct brk_socket){.magic = BRK_SOCKET_MAGIC,
                                     .member = {CFG_MEMBER_LISTENER, 0},
                                     .peeloff = CFG_PEELOFF_NEVER,
                                     .traffic = brk_traffic_of(&workers[w].counts, BRK_LISTENERS, 0)};
    sockets[w].credit = workers[w].uncharged;
    sources[w] = (struct brk_assoc){.magic = BRK_ASSOC_MAGIC,
                                    .worker = &workers[w],
                                    .state = BRK_UP,
                                    .socket = &sockets[w],
                                    .origin = w + 1};
}

static void begin(uint64_t seed)
{
    random_state = seed;
    number = 0;
    clock_ms = 1000 + pick(2) * (UINT32_MAX - 1500); /* parcels have 32 bits of it */
    now = (struct view){.version = 1};
    memset(waiting, 0, sizeof waiting);
    memset(delivered, 0, sizeof delivered);
    memset(looked, 0, sizeof looked);
    memset(arrived, 0, sizeof arrived);
    memset(full, 0, sizeof full);
    memset(expired, 0, sizeof expired);
    for (unsigned w = 0; w < READERS; w++) {
        seen[w] = now;
        begin_worker(w);
    }
    workers[MEMBERS] = (struct brk_worker){.index = MEMBERS, .broker = &broker, .config = &configs[0]};
    assert_true(brk_counts_init(&workers[MEMBERS].counts, &configs[0]));
}

/* The messages of a worker that wait for a group, or that a member has, are those of the model. */
static void same(struct brk_queue *q, const struct list *l)
{
    struct rt_parcel *p = rt_batch_peek(&q->parcels);
    uint64_t bytes = 0;
    assert_int_equal(brk_queue_count(q), l->count);
    for (unsigned i = 0; i < l->count; i++, p = rt_batch_next(&q->parcels, p)) {
        uint64_t found;
        memcpy(&found, p->message->data, sizeof found);
        assert_int_equal(found, l->items[i].number);
        assert_int_equal(p->message->len, l->items[i].len);
        bytes += l->items[i].len;
    }
    assert_int_equal(q->bytes, bytes);
}

static void check_worker(unsigned w)
{
    struct brk_worker *worker = &workers[w];
    unsigned waits = 0, charged = 0, has = 0;
    for (unsigned g = 0; g < GROUPS; g++) {
        const struct list *l = &waiting[w][g], *d = &delivered[w][g];
        const struct brk_traffic *t = brk_traffic_of(&worker->counts, BRK_GROUPS, g);
        same(&parked[w][g], l);
        same(&with_member[w][g], d);
        assert_int_equal(brk_counted(&t->held), l->count);
        assert_int_equal(brk_counted(&t->held_bytes), parked[w][g].bytes);
        waits += l->count;
        has += d->count;
        for (unsigned i = 0; i < l->count; i++)
            charged += l->items[i].charged;
        for (unsigned i = 0; i < d->count; i++)
            charged += d->items[i].charged;
    }
    assert_int_equal(worker->parked_count, waits);
    assert_int_equal(brk_counted(&worker->counts.waiting), waits);
    assert_int_equal(brk_counted(&worker->counts.dropped[BRK_HOLD_FULL]), full[w]);
    assert_int_equal(brk_counted(&worker->counts.dropped[BRK_HOLD_EXPIRED]), expired[w]);
    assert_int_equal(arrived[w], has + waits + full[w] + expired[w]);
    assert_int_equal(sockets[w].credit.messages, charged);
}

/* What has been posted for members is theirs. */
static void hand_over(unsigned w)
{
    struct rt_parcel *p;
    while ((p = rt_batch_take(&out[w][MEMBERS]))) {
        assert_ptr_equal(p->to, &dests[p->route]);
        brk_queue_add(&with_member[w][p->route], p);
    }
}

/* ---- both ---------------------------------------------------------------------------------------------- */

static void turn(unsigned w)
{
    model_turn(w, brk_queue_count(&returned[w][0]) || brk_queue_count(&returned[w][1]));
    for (unsigned g = 0; g < GROUPS; g++) {
        real_groups[w][g]->count = now.groups[g].there;
        real_groups[w][g]->held = now.groups[g].held;
        groups[w][g].hold = now.groups[g].hold;
    }
    snapshots[w]->version = now.version;
    if (brk_queue_count(&returned[w][0]) || brk_queue_count(&returned[w][1]) ||
        (workers[w].parked_count && workers[w].parked_version != now.version)) /* as brk_worker_turn */
        brk_unpark(&workers[w]);
    hand_over(w);
}

static void arrive(unsigned w, unsigned g)
{
    char data[64] = {0};
    struct item m = {.number = ++number, .len = 8 + pick(sizeof data - 8)};
    memcpy(data, &m.number, sizeof m.number);
    struct tr_msg in = {.data = data, .len = m.len};
    model_arrive(w, g, m);
    if (waiting[w][g].count && waiting[w][g].items[waiting[w][g].count - 1].number == m.number)
        waiting[w][g].items[waiting[w][g].count - 1].since_ms = clock_ms;
    brk_dispatch(&workers[w], &sources[w], &in, g);
    hand_over(w);
}

/* A member that is lost posts back what it has not sent; the worker may hear of both in one turn. */
static void give_back(unsigned w, unsigned g)
{
    unsigned back = pick(delivered[w][g].count + 1);
    struct brk_queue *q = &with_member[w][g], kept = {0};
    struct rt_parcel *p;
    for (unsigned i = delivered[w][g].count - back; i; i--)
        brk_queue_add(&kept, brk_queue_take(q));
    while ((p = brk_queue_take(q))) {
        brk_count(&workers[w].counts.waiting, 1);
        brk_dispatch_again(&workers[w], p);
    }
    *q = kept;
    model_return(w, g, back, clock_ms);
    turn(w);
}

static void change(unsigned g)
{
    struct cfg_hold *h = &now.groups[g].hold;
    now.version++;
    if (chance(60))
        now.groups[g].there = !now.groups[g].there;
    else if (chance(30))
        now.groups[g].held = !now.groups[g].held;
    else
        *h = (struct cfg_hold){.messages = chance(50) ? 1 + pick(12) : 0,
                               .bytes = chance(50) ? 1 + pick(400) : 0,
                               .time_ms = chance(50) ? 1 + pick(300) : 0};
}

static void one_step(void)
{
    unsigned w = pick(READERS), g = pick(GROUPS), what = pick(100);
    workers[w].now_ms = clock_ms;
    if (what < 45) {
        arrive(w, g);
    } else if (what < 60) {
        clock_ms += pick(chance(20) ? 400 : 30);
    } else if (what < 75) {
        model_expire(w, clock_ms);
        brk_expire(&workers[w]);
    } else if (what < 85) {
        change(g);
    } else if (what < 95) {
        turn(w);
    } else if (!now.groups[g].there) {
        give_back(w, g);
    }
    for (w = 0; w < READERS; w++)
        check_worker(w);
}

/* What is left is dropped, and what members have is released. */
static void end(void)
{
    for (unsigned w = 0; w < READERS; w++) {
        for (unsigned g = 0; g < GROUPS; g++) {
            struct rt_parcel *p;
            brk_drop_queue(&workers[w], &parked[w][g], BRK_STOPPED);
            while ((p = brk_queue_take(&with_member[w][g])))
                brk_parcel_done(&workers[w], p);
            free(real_groups[w][g]);
        }
        assert_true(rt_credit_is_back(&sockets[w].credit) && rt_credit_is_back(&workers[w].uncharged));
        free(snapshots[w]);
        free(workers[w].picks);
    }
    for (unsigned w = 0; w < WORKERS; w++)
        brk_counts_free(&workers[w].counts);
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

static uint64_t seed;

/* cmocka leaves a failed test from inside the assertion: which seed was it? */
static int tell(void **state)
{
    (void)state;
    if (step < STEPS)
        print_error("seed %" PRIu64 ", step %u\n", seed, step);
    return 0;
}

static void as_the_model(void **state)
{
    uint64_t first = setting("SEED", 1), runs = getenv("SEED") ? 1 : setting("RUNS", 400), dropped[2] = {0};
    (void)state;
    for (seed = first; seed < first + runs; seed++) {
        begin(seed);
        for (step = 0; step < STEPS; step++)
            one_step();
        for (unsigned w = 0; w < READERS; w++) {
            dropped[0] += full[w];
            dropped[1] += expired[w];
        }
        end();
    }
    print_message("# seeds %" PRIu64 " to %" PRIu64 ": %" PRIu64 " beyond limits, %" PRIu64 " expired\n",
                  first, first + runs - 1, dropped[0], dropped[1]);
    assert_true(dropped[0] && dropped[1]); /* it has come to that */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_teardown(as_the_model, tell)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
