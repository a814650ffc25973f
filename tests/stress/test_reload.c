/* A small broker without sockets: workers look up routes, pick destinations, send messages to each other and
 * get them back, while a control thread adds and removes destinations and loads new configurations, as fast
 * as it can, and frees what is replaced. The lifetime of a destination is the one described in
 * routing/snapshot.h.
 *
 * Checked: what a worker sees in a snapshot fits together; nothing is delivered to a destination that has
 * gone, or twice, or out of order; at the end every message has come back and every credit is back. Under
 * ThreadSanitizer (and AddressSanitizer): nothing is freed while a thread may still read it; and freeing a
 * snapshot without waiting for a grace period is detected. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <pthread.h>

#include <cmocka.h>

#include "routing/snapshot.h"
#include "tests/stress/stress.h"

enum { WORKERS = 3, LISTENERS = 2, PEERS = 3, GROUPS = 5, ROUTES = 16, DESTS_MAX = 40, BURST = 20 };
enum control { RETIRE, RETIRED, STOP, QUIT };

#define ALIVE UINT64_C(0x616c697665)

/* ---- configurations: the same members and groups, other routes each time ---- */

#define PEER(i)                                                                                              \
    {                                                                                                        \
        CFG_MEMBER_PEER, i                                                                                   \
    }
#define LISTENER(i)                                                                                          \
    {                                                                                                        \
        CFG_MEMBER_LISTENER, i                                                                               \
    }

static const struct cfg_member everybody[] = {PEER(0), LISTENER(0), PEER(1), LISTENER(1), PEER(2)};
static const struct cfg_group groups[GROUPS] = {
    {.members = everybody, .member_count = 5, .mode = CFG_LOADSHARE, .share = CFG_ROUND_ROBIN},
    {.members = everybody, .member_count = 5, .mode = CFG_LOADSHARE, .share = CFG_STREAM_HASH},
    {.members = everybody, .member_count = 5, .mode = CFG_OVERRIDE},
    {.members = everybody + 1, .member_count = 1, .mode = CFG_BROADCAST},
    {.members = everybody + 2, .member_count = 2, .mode = CFG_LOADSHARE, .share = CFG_ROUND_ROBIN},
};

static const struct cfg_listener listeners[LISTENERS] = {{.weight = 1}, {.weight = 2}};
static const struct cfg_peer peers[PEERS] = {{.weight = 3}, {.weight = 1}, {.weight = 1}};

/* One loaded configuration. Route i takes PPID i of every source, to a group that depends on `shift`. */
struct loaded {
    struct cfg_config config;
    struct cfg_route routes[ROUTES];
    uint32_t ppids[ROUTES];
    unsigned shift;
    struct rt_plan plan;
};

static struct loaded *load(unsigned shift)
{
    struct loaded *l = calloc(1, sizeof *l);
    check(l, "out of memory");
    for (unsigned i = 0; i < ROUTES; i++) {
        l->ppids[i] = i;
        l->routes[i] = (struct cfg_route){.from = everybody,
                                          .from_count = 5,
                                          .ppids = &l->ppids[i],
                                          .ppid_count = 1,
                                          .group = (i + shift) % GROUPS};
    }
    l->shift = shift;
    l->config = (struct cfg_config){.listeners = listeners,
                                    .listener_count = LISTENERS,
                                    .peers = peers,
                                    .peer_count = PEERS,
                                    .groups = groups,
                                    .group_count = GROUPS,
                                    .routes = l->routes,
                                    .route_count = ROUTES};
    l->plan = (struct rt_plan){.config = &l->config, .table = rt_table_build(&l->config)};
    check(l->plan.table, "out of memory");
    return l;
}

static void unload(struct loaded *l)
{
    rt_table_free(l->plan.table);
    poison(l, sizeof *l);
    free(l);
}

/* ---- who there is ---- */

struct dest {
    struct rt_dest dest;
    uint64_t alive;         /* ALIVE, until its worker frees it */
    uint64_t next[WORKERS]; /* its worker only: the smallest number that may come from each source */
};

/* The payload. */
struct content {
    uint64_t number; /* rises for each worker that makes messages */
    uint32_t maker;
};

struct worker {
    struct world *world;
    uint32_t index;
    pthread_t thread;
    struct rt_inbox inbox;
    struct rt_batch todo;             /* taken from the inbox, not yet dealt with */
    struct rt_batch out[WORKERS + 1]; /* by target; the last is the control thread */
    struct rt_credit credit;
    struct rt_pick_state picks[GROUPS];
    uint64_t random, number, version, made, sent, delivered;
    bool stopped, quit;
    uint32_t waiting; /* relaxed: credit.messages, for the control thread */
};

struct world {
    struct rt_current current;
    struct worker workers[WORKERS];
    struct rt_inbox inbox; /* the control thread's */
    bool free_early;       /* break the rule */

    /* The control thread's. */
    struct loaded *loaded;
    struct rt_members *members;
    uint64_t version, random;
    struct dest *dests[DESTS_MAX];
    unsigned dest_count;
    struct cfg_member retiring[DESTS_MAX * 4]; /* removed, not yet released */
    unsigned retiring_count;
    uint64_t reloads, lives;
};

/* ---- a worker ---- */

static void deliver(struct worker *w, struct rt_parcel *p)
{
    struct dest *d = p->to;
    const struct rt_message *m = p->message;
    struct content c;
    check(d->alive == ALIVE, "delivered to a destination that is gone");
    check(d->dest.worker == w->index, "of worker %u, came to %u", d->dest.worker, w->index);
    check(m->len == sizeof c, "%u bytes", m->len);
    memcpy(&c, m->data, sizeof c);
    check(c.maker == m->owner && c.maker < WORKERS, "maker %u, owner %u", c.maker, m->owner);
    check(c.number >= d->next[c.maker], "number %llu from worker %u where %llu is the least",
          (unsigned long long)c.number, c.maker, (unsigned long long)d->next[c.maker]);
    d->next[c.maker] = c.number + 1;
    w->delivered++;
    struct rt_message *gone;
    if (rt_parcel_done(p, w->index, &gone))
        rt_batch_add(&w->out[gone->owner], &gone->first);
}

/* Whoever takes it frees it. */
static struct rt_parcel *control_new(enum control control, void *to)
{
    struct rt_parcel *p = malloc(sizeof *p);
    check(p, "out of memory");
    *p = (struct rt_parcel){.to = to, .kind = RT_CONTROL, .control = (uint16_t)control};
    return p;
}

static void obey(struct worker *w, struct rt_parcel *p)
{
    struct dest *d = p->to;
    switch ((enum control)p->control) {
    case RETIRE: {
        struct rt_parcel *answer = control_new(RETIRED, NULL);
        /* The member, as a number: by the time the control thread looks, the destination is gone. */
        answer->stream = d->dest.member.index;
        answer->route = d->dest.member.kind;
        rt_batch_add(&w->out[WORKERS], answer);
        poison(d, sizeof *d);
        free(d);
        break;
    }
    case STOP:
        w->stopped = true;
        break;
    case QUIT:
        w->quit = true;
        break;
    case RETIRED:
        check(false, "not for a worker");
    }
    free(p);
}

/* Deals with some of what came, in order; the rest has to wait for another turn. */
static void work(struct worker *w)
{
    uint32_t n = below(&w->random, 4) ? w->todo.count : below(&w->random, w->todo.count + 1);
    for (; n > 0; n--) {
        struct rt_parcel *p = rt_batch_take(&w->todo);
        if (p->kind == RT_DELIVER)
            deliver(w, p);
        else if (p->kind == RT_RELEASE)
            rt_message_release(p->message);
        else
            obey(w, p);
    }
}

static void send_to(struct worker *w, struct rt_message *m, struct rt_dest *d)
{
    struct rt_parcel *p = rt_parcel_new(m, RT_DELIVER, caa_container_of(d, struct dest, dest));
    check(p, "out of memory");
    w->sent++;
    rt_batch_add(d->worker == w->index ? &w->todo : &w->out[d->worker], p);
}

static void send_message(struct worker *w, const struct rt_group *g, unsigned group)
{
    struct rt_dest *one = NULL;
    if (g->mode != CFG_BROADCAST) {
        one = rt_group_pick(g, &w->picks[group], w->index, (uint16_t)below(&w->random, 8));
        check(!one == (g->held || g->count == 0), "picked %p of %u", (void *)one, g->count);
        if (!one)
            return;
    }
    struct content c = {.number = w->number++, .maker = w->index};
    struct rt_message *m = rt_message_new(w->index, &w->credit, &c, sizeof c);
    check(m, "out of memory");
    w->made++;
    for (uint32_t i = 0; i < (one ? 1 : g->count); i++)
        send_to(w, m, one ? one : g->dests[i]);
    check(!rt_message_unref(m, w->index), "leaves its owner for its owner");
}

/* What a worker does for each message it receives. The snapshot is read anew for each burst. */
static void make_messages(struct worker *w)
{
    const struct rt_snapshot *s = rt_current_read(&w->world->current);
    check(s->version >= w->version, "version %llu after %llu", (unsigned long long)s->version,
          (unsigned long long)w->version);
    w->version = s->version;
    const struct loaded *l = caa_container_of(s->plan, struct loaded, plan);
    for (unsigned i = 0; i < BURST && !rt_credit_full(&w->credit); i++) {
        uint32_t ppid = below(&w->random, ROUTES + 1);
        uint32_t route = rt_table_find(s->plan->table, rt_source(everybody[below(&w->random, 5)]), ppid,
                                       (uint16_t)i, false);
        check(route == (ppid < ROUTES ? ppid : RT_NO_ROUTE), "PPID %u: route %u", ppid, route);
        if (route == RT_NO_ROUTE)
            continue;
        unsigned group = s->plan->config->routes[route].group;
        check(group == (ppid + l->shift) % GROUPS, "table and configuration differ");
        send_message(w, s->groups[group], group);
    }
}

static void flush(struct worker *w)
{
    for (unsigned i = 0; i < WORKERS; i++)
        rt_inbox_post(&w->world->workers[i].inbox, &w->out[i]);
    rt_inbox_post(&w->world->inbox, &w->out[WORKERS]);
}

static void *work_on(void *arg)
{
    struct worker *w = arg;
    rt_reader_register();
    for (;;) {
        if (!w->stopped && rt_credit_free(&w->credit))
            make_messages(w);
        work(w);
        flush(w);
        relaxed_set(&w->waiting, w->credit.messages);
        if (w->quit)
            break;
        /* Only with nothing to do and something still to come. */
        if (w->todo.count == 0 && (w->stopped || !rt_credit_free(&w->credit))) {
            rt_reader_offline();
            inbox_sleep_and_take(&w->inbox, w->index != 0, &w->todo);
            rt_reader_online();
        } else {
            rt_inbox_take(&w->inbox, false, &w->todo);
            rt_reader_quiescent();
        }
    }
    rt_reader_unregister();
    return NULL;
}

/* ---- the control thread ---- */

static void publish(struct world *w)
{
    struct rt_snapshot *s = rt_snapshot_build(w->members, &w->loaded->plan, ++w->version), *old;
    check(s, "out of memory");
    if (w->free_early)
        old = __atomic_exchange_n(&w->current.pointer, s, __ATOMIC_ACQ_REL);
    else
        old = rt_current_publish(&w->current, s);
    if (old && !w->free_early)
        poison(old, sizeof *old);
    rt_snapshot_free(old);
}

static void tell(struct world *w, uint32_t worker, enum control control, void *to)
{
    struct rt_batch b = {0};
    rt_batch_add(&b, control_new(control, to));
    rt_inbox_post(&w->workers[worker].inbox, &b);
}

static void come_up(struct world *w)
{
    if (w->dest_count == DESTS_MAX)
        return;
    struct dest *d = calloc(1, sizeof *d);
    check(d, "out of memory");
    d->alive = ALIVE;
    d->dest.worker = below(&w->random, WORKERS);
    d->dest.member = everybody[below(&w->random, 5)];
    check(rt_members_add(w->members, &d->dest), "out of memory");
    w->dests[w->dest_count++] = d;
    w->lives++;
    publish(w);
}

static bool go_down(struct world *w)
{
    if (w->dest_count == 0 || w->retiring_count == DESTS_MAX * 4)
        return false;
    unsigned i = below(&w->random, w->dest_count);
    struct dest *d = w->dests[i];
    uint32_t worker = d->dest.worker;
    w->dests[i] = w->dests[--w->dest_count];
    rt_members_remove(w->members, &d->dest);
    w->retiring[w->retiring_count++] = d->dest.member;
    publish(w);
    tell(w, worker, RETIRE, d);
    return true;
}

/* A worker has freed one of this member. */
static void released(struct world *w, struct cfg_member member)
{
    for (unsigned i = 0; i < w->retiring_count; i++)
        if (w->retiring[i].kind == member.kind && w->retiring[i].index == member.index) {
            const struct rt_dest was = {.member = member};
            rt_members_release(w->members, &was);
            w->retiring[i] = w->retiring[--w->retiring_count];
            return;
        }
    check(false, "released what was not retiring");
}

static void hear(struct world *w)
{
    struct rt_batch b = {0};
    rt_inbox_take(&w->inbox, inbox_readable(&w->inbox, 0), &b);
    if (!b.count)
        return;
    for (struct rt_parcel *p; (p = rt_batch_take(&b));) {
        released(w, (struct cfg_member){(enum cfg_member_kind)p->route, p->stream});
        free(p);
    }
    publish(w);
}

/* SIGHUP: everything anew, with the destinations that are up. */
static void reload(struct world *w)
{
    struct loaded *old = w->loaded;
    struct rt_members *members = w->members;
    w->loaded = load(below(&w->random, GROUPS));
    w->members = rt_members_new(&w->loaded->config);
    check(w->members, "out of memory");
    for (unsigned i = 0; i < w->dest_count; i++)
        check(rt_members_add(w->members, &w->dests[i]->dest), "out of memory");
    for (unsigned i = 0; i < w->retiring_count; i++) {
        struct rt_dest gone = {.member = w->retiring[i]};
        rt_members_remove(w->members, &gone);
    }
    publish(w);
    unload(old);
    rt_members_free(members);
    w->reloads++;
}

static void control(struct world *w)
{
    switch (below(&w->random, 9)) {
    case 0:
    case 1:
    case 2:
        come_up(w);
        break;
    case 3:
    case 4:
    case 5:
        go_down(w);
        break;
    case 6:
        reload(w);
        break;
    default:
        usleep(below(&w->random, 300));
    }
    hear(w);
}

static void start(struct world *w)
{
    check(rt_inbox_init(&w->inbox) == 0, "eventfd");
    w->random = 4711;
    w->loaded = load(0);
    w->members = rt_members_new(&w->loaded->config);
    check(w->members, "out of memory");
    publish(w);
    for (uint32_t i = 0; i < WORKERS; i++) {
        w->workers[i] = (struct worker){.world = w, .index = i, .random = i + 1};
        w->workers[i].credit = (struct rt_credit){.messages_max = 200, .bytes_max = 100000};
        check(rt_inbox_init(&w->workers[i].inbox) == 0, "eventfd");
    }
    for (uint32_t i = 0; i < WORKERS; i++)
        check(!pthread_create(&w->workers[i].thread, NULL, work_on, &w->workers[i]), "thread");
}

/* Ends the workers once every message is back, and counts. */
static void finish(struct world *w)
{
    for (uint32_t i = 0; i < WORKERS; i++)
        tell(w, i, STOP, NULL);
    double deadline = seconds_now() + 20;
    for (;;) {
        uint32_t waiting = 0;
        while (go_down(w))
            continue;
        hear(w);
        for (uint32_t i = 0; i < WORKERS; i++)
            waiting += relaxed_load(&w->workers[i].waiting);
        if (waiting == 0 && w->dest_count == 0 && w->retiring_count == 0)
            break;
        check(seconds_now() < deadline, "%u messages and %u destinations never came back", waiting,
              w->retiring_count);
        usleep(1000);
    }
    uint64_t made = 0, sent = 0, delivered = 0;
    for (uint32_t i = 0; i < WORKERS; i++)
        tell(w, i, QUIT, NULL);
    for (uint32_t i = 0; i < WORKERS; i++) {
        struct worker *worker = &w->workers[i];
        pthread_join(worker->thread, NULL);
        check(worker->credit.messages == 0 && worker->credit.bytes == 0, "credit not back");
        made += worker->made;
        sent += worker->sent;
        delivered += worker->delivered;
        rt_inbox_destroy(&worker->inbox); /* checks that it is empty */
    }
    check(sent == delivered, "%llu sent, %llu delivered", (unsigned long long)sent,
          (unsigned long long)delivered);
    check(sent > 0, "nothing was tested");
    print_message("%llu messages, %llu deliveries, %llu snapshots, %llu reloads, %llu destinations\n",
                  (unsigned long long)made, (unsigned long long)delivered, (unsigned long long)w->version,
                  (unsigned long long)w->reloads, (unsigned long long)w->lives);
    rt_inbox_destroy(&w->inbox);
    rt_snapshot_free(rt_current_publish(&w->current, NULL));
    rt_members_free(w->members);
    unload(w->loaded);
}

static bool enough(const struct world *w)
{
    return w->lives > 100 && w->reloads > 10;
}

/* So long, and longer where that is too little on this machine. */
static void run(struct world *w, double seconds)
{
    start(w);
    for (double end = seconds_now() + seconds; seconds_now() < end || !enough(w);)
        control(w);
    finish(w);
}

static void test_reload_under_load(void **state)
{
    (void)state;
    static struct world w;
    run(&w, 4);
}

static void test_a_race_would_be_found(void **state)
{
    (void)state;
#ifdef RT_TSAN
    assert_true(race_is_found("free-early"));
#else
    skip(); /* needs SAN=thread */
#endif
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "free-early")) {
        static struct world broken = {.free_early = true};
        run(&broken, RACE_SECONDS);
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reload_under_load),
        cmocka_unit_test(test_a_race_would_be_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
