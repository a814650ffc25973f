#include "tests/stress/watcher.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/observe.h"
#include "broker/sight_group.h"
#include "tests/stress/stress.h"

static struct {
    struct brk_observer *observer;
    pthread_t thread;
    _Atomic bool stop;
    uint64_t random;
    unsigned walks, ones, found, paths, moved, asked, answered, reloaded, members;
    uint64_t sum; /* of what was read, so that it is */
} watcher;

static void look_around(void)
{
    struct brk_sight s;
    struct brk_counts sum;
    bool held;
    unsigned worker;
    brk_sight_open(watcher.observer, &s);
    check(brk_sight_counts(watcher.observer, &s, &sum), "memory");
    watcher.sum += brk_counts_waiting(&sum) + brk_counted(&sum.received);
    for (unsigned g = 0; g < s.config->group_count; g++) {
        unsigned n = brk_sight_group(&s, g, &held);
        for (unsigned i = 0; i < n; i++)
            watcher.sum += strlen(cfg_member_name(s.config, brk_sight_group_at(&s, g, i, &worker)));
        watcher.members += n;
    }
    for (unsigned p = 0; p < s.config->peer_count; p++)
        watcher.sum += brk_observer_peer(watcher.observer, p).failures;
    brk_sight_close(watcher.observer);
    brk_counts_free(&sum);
    for (unsigned i = 0; i < brk_observer_workers(watcher.observer); i++)
        watcher.sum += brk_observer_cpu_us(watcher.observer, i);
}

/* One of those that the last walk found, or 0. */
static uint64_t any_association(void)
{
    unsigned count;
    bool cut;
    const struct brk_assoc_view *v = brk_observer_found(watcher.observer, &count, &cut);
    return count ? v[below(&watcher.random, count)].origin : 0;
}

static void walked(bool all)
{
    const struct brk_assoc_detail *detail;
    unsigned count;
    bool cut;
    if (!all) {
        watcher.ones++;
        if (brk_observer_one(watcher.observer, &detail))
            watcher.paths += detail->path_count;
        return;
    }
    const struct brk_assoc_view *v = brk_observer_found(watcher.observer, &count, &cut);
    watcher.walks++;
    watcher.found += count;
    for (unsigned i = 0; i < count; i++) {
        watcher.sum += v[i].received + strlen(v[i].state);
        watcher.moved += v[i].worker != v[i].origin >> 48;
        check(!i || v[i].worker >= v[i - 1].worker, "a worker's associations are not together");
    }
}

static void ask(void)
{
    struct brk_request *r = malloc(sizeof *r);
    check(r, "memory");
    brk_request_init(r, BRK_ASK_RELOAD);
    brk_observer_ask(watcher.observer, r);
    watcher.asked++;
}

static void take(bool *all)
{
    struct brk_request *r;
    if (brk_observer_take(watcher.observer))
        walked(*all);
    while ((r = brk_observer_answered(watcher.observer))) {
        watcher.answered++;
        watcher.reloaded += r->done && strstr(r->lines, "event=reloaded");
        free(r->lines);
        free(r);
    }
}

static void *watch(void *arg)
{
    struct pollfd fd = {.fd = brk_observer_fd(watcher.observer), .events = POLLIN};
    bool all = true;
    (void)arg;
    brk_observer_enter(watcher.observer);
    while (!atomic_load(&watcher.stop)) {
        if (!brk_observer_walking(watcher.observer)) {
            uint64_t one = below(&watcher.random, 3) ? 0 : any_association();
            static const enum brk_look_act acts[] = {BRK_LOOK_CLOSELY, BRK_LOOK_SHUT_DOWN, BRK_LOOK_ABORT,
                                                     BRK_LOOK_MOVE,    BRK_LOOK_MOVE,      BRK_LOOK_MOVE};
            all = one == 0;
            brk_observer_walk(watcher.observer, one, all ? BRK_LOOK_ONLY : acts[below(&watcher.random, 6)],
                              (unsigned)below(&watcher.random, brk_observer_workers(watcher.observer)));
        }
        if (watcher.asked == watcher.answered && (!watcher.asked || below(&watcher.random, 50) == 0))
            ask();
        look_around();
        poll(&fd, 1, 5);
        take(&all);
    }
    take(&all);
    brk_observer_leave(watcher.observer);
    return NULL;
}

static bool start(void *arg, struct brk_observer *o, const struct cfg_config *config)
{
    (void)arg;
    (void)config;
    memset(&watcher, 0, sizeof watcher);
    watcher.observer = o;
    watcher.random = 11;
    return pthread_create(&watcher.thread, NULL, watch, NULL) == 0;
}

static void stop(void *arg)
{
    (void)arg;
    atomic_store(&watcher.stop, true);
    pthread_join(watcher.thread, NULL);
}

void watcher_service(struct brk_service *s)
{
    *s = (struct brk_service){.start = start, .stop = stop};
}

void watcher_check(void)
{
    fprintf(stderr,
            "%u walks found %u associations, %u with another worker; %u looks at one, %u members; %u of %u "
            "requests, %u reloads\n",
            watcher.walks, watcher.found, watcher.moved, watcher.ones, watcher.members, watcher.answered,
            watcher.asked, watcher.reloaded);
    check(watcher.moved, "no association was handed over");
    check(watcher.walks > 3 && watcher.found && watcher.ones && watcher.members, "too little was seen");
    /* How many of them find the broker between two reloads that others have asked for is a matter of speed.
     */
    check(watcher.asked && watcher.answered == watcher.asked, "%u requests, %u answers", watcher.asked,
          watcher.answered);
}
