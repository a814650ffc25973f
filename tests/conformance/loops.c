/* The loop itself: waiting, other descriptors, signals, and running inside another event loop. */
#include "tests/conformance/suite.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

static void wait_keeps_its_time(void **state)
{
    struct tr_loop *loop = ct_loop(*state, NULL);
    struct tr_ready ready[4];
    int64_t start = ct_now_ms();
    assert_int_equal(tr_loop_wait(loop, 0, ready, 4), 0);
    assert_in_range(ct_now_ms() - start, 0, CT_DEADLINE_MS / 2);
    start = ct_now_ms();
    assert_int_equal(tr_loop_wait(loop, 100, ready, 4), 0);
    assert_in_range(ct_now_ms() - start, 95, CT_DEADLINE_MS);
}

static void foreign_descriptor_wakes_the_loop(void **state)
{
    struct tr_loop *loop = ct_loop(*state, NULL);
    int a = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), b = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    struct tr_error error = {0};
    struct tr_ready ready[4];
    uint64_t one = 1;
    ct_ok(tr_loop_add_fd(loop, a, &a, &error), &error);
    ct_ok(tr_loop_add_fd(loop, b, &b, &error), &error);
    ct_failed_as(tr_loop_add_fd(loop, b, &a, &error), TR_INVALID, &error);
    assert_int_equal(tr_loop_wait(loop, 0, ready, 4), 0);
    assert_int_equal(write(a, &one, sizeof one), sizeof one);
    for (unsigned i = 0; i < 3; i++) { /* level-triggered */
        assert_int_equal(tr_loop_wait(loop, 1000, ready, 4), 1);
        assert_null(ready[0].endpoint);
        assert_ptr_equal(ready[0].cookie, &a);
        assert_int_equal(ready[0].flags, TR_READABLE);
    }
    assert_int_equal(write(b, &one, sizeof one), sizeof one);
    assert_int_equal(tr_loop_wait(loop, 1000, ready, 4), 2);
    tr_loop_remove_fd(loop, a);
    assert_int_equal(tr_loop_wait(loop, 1000, ready, 4), 1);
    assert_ptr_equal(ready[0].cookie, &b);
    assert_int_equal(read(b, &one, sizeof one), sizeof one);
    assert_int_equal(tr_loop_wait(loop, 0, ready, 4), 0);
    tr_loop_remove_fd(loop, b);
    assert_int_equal(write(b, &one, sizeof one), sizeof one); /* still ours, still open */
    assert_int_equal(tr_loop_wait(loop, 20, ready, 4), 0);
    ct_failed_as(tr_loop_add_fd(loop, -1, NULL, &error), TR_INVALID, &error);
    close(a);
    close(b);
}

static void *write_later(void *arg)
{
    uint64_t one = 1;
    struct timespec pause = {.tv_nsec = 50000000};
    nanosleep(&pause, NULL);
    return (void *)(intptr_t)write(*(int *)arg, &one, sizeof one);
}

static void wait_without_limit_ends_with_a_wakeup(void **state)
{
    struct tr_loop *loop = ct_loop(*state, NULL);
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    struct tr_error error = {0};
    struct tr_ready ready[4];
    pthread_t thread;
    ct_ok(tr_loop_add_fd(loop, fd, &fd, &error), &error);
    assert_int_equal(pthread_create(&thread, NULL, write_later, &fd), 0);
    assert_int_equal(tr_loop_wait(loop, -1, ready, 4), 1);
    assert_ptr_equal(ready[0].cookie, &fd);
    pthread_join(thread, NULL);
    tr_loop_remove_fd(loop, fd);
    close(fd);
}

static void caught(int signal)
{
    (void)signal;
}

static void signal_ends_a_wait(void **state)
{
    struct tr_loop *loop = ct_loop(*state, NULL);
    struct sigaction action = {.sa_handler = caught}, old;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2};
    struct itimerspec soon = {.it_value = {.tv_nsec = 50000000},
                              .it_interval = {.tv_nsec = 50000000}}; /* the first may come before the wait */
    struct tr_ready ready[4];
    timer_t timer;
    sigaction(SIGUSR2, &action, &old);
    assert_int_equal(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    assert_int_equal(timer_settime(timer, 0, &soon, NULL), 0);
    int64_t start = ct_now_ms();
    assert_int_equal(tr_loop_wait(loop, 15000, ready, 4), 0);
    assert_in_range(ct_now_ms() - start, 0, 10000);
    timer_delete(timer);
    sigaction(SIGUSR2, &old, NULL);
}

static void loop_refuses_what_it_cannot(void **state)
{
    struct tr_loop_params plain = {0};
    struct tr_loop *loop = ct_loop(*state, NULL), *second = NULL;
    struct tr_error error = {0};
    enum tr_code code = tr_loop_open(ct_backend, &plain, &second, &error);
    assert_non_null(loop);
    if (!ct_has(TR_CAP_LOOPS)) {
        ct_failed_as(code, TR_UNSUPPORTED, &error);
        return;
    }
    ct_ok(code, &error);
    tr_loop_close(second);
}

/* ---- Inside another epoll ------------------------------------------------------------------------- */

static int watch_loop(struct ct_world *w, const struct tr_loop *loop)
{
    int fd = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN};
    assert_int_not_equal(fd, -1);
    assert_int_equal(epoll_ctl(fd, EPOLL_CTL_ADD, tr_loop_fd(loop), &event), 0);
    w->fds[w->fd_count++] = fd;
    return fd;
}

/* Turns the loop only when the outer epoll says so. Returns how often that was. */
static unsigned outer_loop(struct ct_world *w, int outer, ct_until *until, void *arg, int deadline_ms)
{
    unsigned wakeups = 0;
    int64_t end = ct_now_ms() + deadline_ms;
    while (!until(arg) && ct_now_ms() < end) {
        struct epoll_event event;
        int64_t left = end - ct_now_ms();
        if (epoll_wait(outer, &event, 1, left > 100 ? 100 : (int)left) == 1) {
            wakeups++;
            ct_turn(w, 0);
        }
    }
    return wakeups;
}

static bool never(void *arg)
{
    (void)arg;
    return false;
}

struct watched {
    struct ct_flow *flow;
    struct ct_pair *pair;
};

static bool flow_is_there(void *arg)
{
    struct watched *a = arg;
    if (a->flow->next < 2000) {
        enum tr_code code = ct_flow_offer(a->flow, 20, NULL);
        assert_true(code == TR_OK || code == TR_AGAIN);
        tr_loop_turn(ct_main(a->pair->client->world));
    }
    ct_flow_scan(a->flow, a->pair->server, a->pair->far);
    return a->flow->next >= 2000 && a->flow->arrived >= a->flow->next;
}

static void nested_loop_carries_traffic(void **state)
{
    struct opt_set roomy = ct_roomy();
    struct ct_world *w = *state;
    struct ct_pair p = ct_pair(w, &roomy, &roomy);
    struct ct_flow f = {.from = p.client, .assoc = p.near, .streams = 2, .size = 300};
    struct watched a = {&f, &p};
    int outer = watch_loop(w, ct_main(w));
    outer_loop(w, outer, flow_is_there, &a, CT_DEADLINE_MS);
    assert_in_range(f.next, 2000, 2100);
    assert_int_equal(f.arrived, f.next);
}

/* An idle loop with an association in it may tick, but not spin. */
static void nested_loop_sleeps_when_idle(void **state)
{
    struct ct_world *w = *state;
    ct_pair(w, NULL, NULL);
    int outer = watch_loop(w, ct_main(w));
    ct_spend(w, 50);
    assert_in_range(outer_loop(w, outer, never, NULL, 400), 0, 80);
}

static bool gave_up(void *arg)
{
    return ct_changes(arg, TR_CANT_ASSOC, 0) != 0;
}

/* Timers reach the outer epoll as well: INITs are repeated and given up with nobody else to wake the loop. */
static void nested_loop_is_woken_by_timers(void **state)
{
    struct opt_set hasty = CT_OPTIONS({OPTF_INIT_ATTEMPTS, 2}, {OPTF_INIT_TIMEO, 100}, {OPTF_RTO_INITIAL, 50},
                                      {OPTF_RTO_MIN, 50}, {OPTF_RTO_MAX, 100});
    struct ct_world *w = *state;
    struct ct_end *client = ct_client(w, &hasty);
    uint16_t port = ct_port(), udp = ct_port();
    struct net_addr there = ct_addr("127.0.0.1", port);
    struct tr_target to = {&there, 1, udp};
    struct tr_error error = {0};
    uint32_t assoc = 0;
    ct_black_hole(w, port, udp);
    int outer = watch_loop(w, ct_main(w));
    ct_ok(tr_connect_init(client->ep, &to, &assoc, &error), &error);
    tr_loop_turn(ct_main(w));
    outer_loop(w, outer, gave_up, client, CT_DEADLINE_MS);
    assert_int_equal(ct_changes(client, TR_CANT_ASSOC, assoc), 1);
}

/* What the stack does not tell, but we: the end of a one-to-one endpoint's association by an abort of ours.
 */
static void nested_loop_is_woken_by_an_abort(void **state)
{
    struct ct_world *w = *state;
    struct net_addr local = ct_addr("127.0.0.1", 0);
    struct tr_open_params p = {.style = TR_ONE_TO_ONE, .addresses = &local, .address_count = 1};
    struct ct_end *server = ct_server(w, NULL), *client = ct_open(w, NULL, &p);
    uint32_t near = ct_connect(client, server, NULL);
    struct tr_error error = {0};
    struct epoll_event event;
    ct_pause(server);
    ct_spend(w, 50);
    int outer = watch_loop(w, ct_main(w));
    ct_ok(tr_abort(client->ep, near, &error), &error);
    ct_close(server); /* else its end would wake the loop as well */
    tr_loop_turn(ct_main(w));
    size_t before = client->events[TR_EV_ASSOC_CHANGE];
    for (int64_t end = ct_now_ms() + CT_DEADLINE_MS;
         client->events[TR_EV_ASSOC_CHANGE] == before && ct_now_ms() < end;)
        if (epoll_wait(outer, &event, 1, 1000) == 1)
            ct_turn(w, 0);
    assert_int_equal(ct_changes(client, TR_COMM_LOST, near), 1);
}

/* A foreign descriptor of the inner loop wakes the outer one too. */
static void nested_loop_passes_descriptors_on(void **state)
{
    struct tr_loop *loop = ct_loop(*state, NULL);
    int outer = watch_loop(*state, loop), fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    struct tr_error error = {0};
    struct epoll_event event;
    struct tr_ready ready[2];
    uint64_t one = 1;
    ct_ok(tr_loop_add_fd(loop, fd, &fd, &error), &error);
    assert_int_equal(write(fd, &one, sizeof one), sizeof one);
    assert_int_equal(epoll_wait(outer, &event, 1, CT_DEADLINE_MS), 1);
    assert_int_equal(tr_loop_wait(loop, 0, ready, 2), 1);
    assert_ptr_equal(ready[0].cookie, &fd);
    tr_loop_remove_fd(loop, fd);
    close(fd);
}

CT_TOPIC(loops, CT_CASE(wait_keeps_its_time), CT_CASE(foreign_descriptor_wakes_the_loop),
         CT_CASE(wait_without_limit_ends_with_a_wakeup), CT_CASE(signal_ends_a_wait),
         CT_CASE(loop_refuses_what_it_cannot), CT_CASE(nested_loop_carries_traffic),
         CT_CASE(nested_loop_sleeps_when_idle), CT_CASE(nested_loop_is_woken_by_timers),
         CT_CASE(nested_loop_is_woken_by_an_abort), CT_CASE(nested_loop_passes_descriptors_on));
