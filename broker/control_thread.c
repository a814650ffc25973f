/* The control thread: waits for signals and its inbox. SIGUSR1 requests the account, for which all workers
 * meet at a barrier, so that the sum is taken at one moment. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "broker/account.h"
#include "broker/clock.h"
#include "broker/control.h"
#include "broker/broker.h"
#include "broker/log.h"
#include "broker/meter.h"
#include "broker/notify.h"
#include "broker/observe.h"
#include "broker/privileges.h"
#include "broker/request.h"
#include "broker/state.h"
#include "broker/stats/counts.h"
#include "broker/worker.h"
#include "broker/worker_life.h"
#include "config/config.h"
#include "routing/inbox.h"
#include "transport/transport.h"

/* While no worker counts. Whether it balances; false where it cannot be made, which is logged, too. */
static bool log_account(struct brk_broker *b)
{
    struct brk_counts sum;
    struct tr_loop_stats stats = {0}, one;
    if (!brk_counts_init(&sum, b->plan->config)) {
        brk_log(CFG_LOG_ERROR, "no_memory", "text=\"the account cannot be made\"");
        return false;
    }
    for (unsigned i = 0; i < b->worker_count; i++) {
        brk_counts_add(&sum, &b->workers[i]->counts, b->plan->config);
        tr_loop_get_stats(b->workers[i]->loop, &one);
        stats.syscalls += one.syscalls;
        stats.reassembled += one.reassembled;
        stats.packets_in += one.packets_in;
        stats.packets_out += one.packets_out;
    }
    bool holds = brk_account_log(&sum, b->plan->config, &stats);
    brk_counts_free(&sum);
    return holds;
}

static void account_now(struct brk_broker *b)
{
    brk_command_all(b, BRK_CMD_ACCOUNT);
    pthread_barrier_wait(&b->account_enter);
    log_account(b);
    pthread_barrier_wait(&b->account_leave);
}

static void take_signal(struct brk_broker *b, struct brk_control *c, int signals)
{
    struct signalfd_siginfo info;
    if (read(signals, &info, sizeof info) != (ssize_t)sizeof info)
        return;
    if (info.ssi_signo == SIGUSR1)
        account_now(b);
    else if (info.ssi_signo == SIGHUP)
        brk_control_reload(c);
    else
        brk_control_drain(c, info.ssi_signo == SIGINT ? "SIGINT" : "SIGTERM", BRK_DRAIN_AS_CONFIGURED);
}

/* How long the control thread may sleep. */
static int at_most_ms(const struct brk_control *c, uint64_t measure_ms)
{
    uint64_t now = brk_now_ms(), due = brk_control_due_ms(c);
    if (brk_control_draining(c))
        return BRK_TICK_MS;
    due = measure_ms < due ? measure_ms : due;
    if (due == UINT64_MAX)
        return -1;
    return due <= now ? 0 : due - now < 3600000 ? (int)(due - now) : 3600000;
}

static uint64_t dropped(const struct brk_broker *b)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < b->worker_count; i++)
        for (unsigned reason = 0; reason < BRK_DROP_COUNT; reason++)
            sum += brk_counted(&b->workers[i]->counts.dropped[reason]);
    return sum;
}

static unsigned start_workers(struct brk_broker *b)
{
    unsigned started = 0;
    for (; started < b->worker_count; started++) {
        struct brk_worker *w = b->workers[started];
        int error = pthread_create(&w->thread, NULL, brk_worker_main, w);
        if (error) {
            brk_log(CFG_LOG_ERROR, "start_failed", "worker=%u error=\"%s\"", started, strerror(error));
            break;
        }
    }
    return started;
}

/* The workers have made their last turn, and nobody asks them anything any more. */
static void stop_workers(struct brk_broker *b, struct brk_control *c, unsigned started)
{
    brk_control_stop(c);
    for (unsigned i = 0; i < started; i++)
        pthread_join(b->workers[i]->thread, NULL);
    atomic_store(&b->ended, true);
    brk_control_settle(c);
}

/* What runs beside the broker. */
struct services {
    const struct brk_service *list;
    unsigned count, started;
    struct brk_observer *observers[BRK_SERVICES_MAX];
    unsigned generation; /* that they know of; 0: none */
};

/* False: one of them cannot run, for a reason that has been logged. */
static bool start_services(struct brk_broker *b, struct services *s)
{
    for (; s->started < s->count; s->started++) {
        const struct brk_service *service = &s->list[s->started];
        struct brk_observer *o = s->observers[s->started] = brk_observer_new(b);
        if (!o)
            brk_log(CFG_LOG_ERROR, "start_failed", "error=\"out of memory or descriptors\"");
        if (!o || !service->start(service->arg, o, b->plan->config)) {
            brk_observer_free(o);
            return false;
        }
    }
    return true;
}

static void tell_services(const struct brk_broker *b, struct services *s)
{
    if (s->generation == b->plan->generation)
        return;
    s->generation = b->plan->generation;
    for (unsigned i = 0; i < s->started; i++)
        if (s->list[i].reloaded)
            s->list[i].reloaded(s->list[i].arg);
}

/* What is asked until the end is answered: `good` says whether the account balances. */
static void stop_services(struct brk_broker *b, struct services *s, struct brk_requests *q, bool good)
{
    for (unsigned i = 0; i < s->started; i++) {
        brk_requests_end(q, b, good);
        s->list[i].stop(s->list[i].arg);
        for (unsigned w = 0; w < b->worker_count; w++)
            brk_worker_settle(b->workers[w]); /* looks that came too late */
        brk_observer_free(s->observers[i]);
    }
}

static void serve(struct brk_broker *b, struct brk_control *c, struct brk_requests *q,
                  struct services *services, int signals)
{
    struct pollfd fds[] = {{.fd = signals, .events = POLLIN},
                           {.fd = rt_inbox_fd(&b->control), .events = POLLIN},
                           {.fd = rt_inbox_fd(&b->requests), .events = POLLIN}};
    struct brk_watchdog dog = {0};
    struct brk_meter meter = {0};
    uint32_t busy[BRK_WORKERS_MAX];
    bool woken = false;
    brk_watchdog_start(&dog, brk_now_ms());
    while (brk_control_turn(c, woken)) {
        tell_services(b, services);
        brk_requests_turn(q, b, c, fds[2].revents & POLLIN);
        if (brk_meter_read(&meter, b, brk_now_ms(), busy))
            brk_control_balance(c, busy);
        int at_most = at_most_ms(c, brk_meter_due_ms(&meter, b, brk_now_ms()));
        if (!brk_watchdog_tick(&dog, b, brk_now_ms()))
            brk_log(CFG_LOG_ERROR, "worker_stuck", "text=\"a worker does not go on\"");
        if (poll(fds, 3, brk_watchdog_sleep(&dog, at_most, brk_now_ms())) < 0 && errno != EINTR)
            abort(); /* all descriptors are valid */
        woken = fds[1].revents & POLLIN;
        if (fds[0].revents & POLLIN)
            take_signal(b, c, signals);
    }
}

/* Everything is open, and no worker has started yet. */
static bool give_up(const struct brk_broker *b)
{
    return brk_privileges_give_up(b->plan->config, b->backend == tr_kernel());
}

int brk_control_main(struct brk_broker *b, int signals, const struct brk_service *list, unsigned count)
{
    struct brk_requests requests = {0};
    struct services services = {.list = list, .count = count};
    struct brk_control *c = brk_control_new(b);
    if (!c)
        brk_log(CFG_LOG_ERROR, "start_failed", "error=\"out of memory\"");
    unsigned started = c && start_services(b, &services) && give_up(b) ? start_workers(b) : 0;
    bool good = c && started == b->worker_count;
    if (good) {
        brk_log(CFG_LOG_INFO, "ready", "workers=%u transport=%s", b->worker_count,
                tr_backend_name(b->backend));
        brk_notify_ready(b->worker_count, tr_backend_name(b->backend));
        serve(b, c, &requests, &services, signals);
    }
    uint64_t before = dropped(b);
    if (c)
        stop_workers(b, c, started);
    if (c && brk_control_cut_short(c) && dropped(b) != before)
        good = false;
    good = log_account(b) && good;
    stop_services(b, &services, &requests, good);
    brk_control_free(c);
    return good ? 0 : 1;
}
