/* A worker: one thread, one transport loop, one inbox. THREADS.md has the whole; a turn in short:
 *
 *   sleep (offline for RCU) → read commands, snapshot → inbox → parked messages → carry out commands →
 *   sockets → timers → send → post → free what is closed
 *
 * Two orders matter. The command word and the snapshot are read BEFORE the inbox is taken: whoever changed
 * them posted first, so what was posted is in the inbox by then. And the inbox and parked messages are
 * handled before sockets are read: older messages before newer ones. */
#include "broker/worker.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>

#include <utlist.h>

#include "broker/adopt.h"
#include "broker/assoc.h"
#include "broker/check.h"
#include "broker/clock.h"
#include "broker/dest.h"
#include "broker/dispatch.h"
#include "broker/drain.h"
#include "broker/dry.h"
#include "broker/expiry.h"
#include "broker/handover.h"
#include "broker/life.h"
#include "broker/limit.h"
#include "broker/room.h"
#include "broker/log.h"
#include "broker/memory.h"
#include "broker/names.h"
#include "broker/notice.h"
#include "broker/parcel.h"
#include "broker/peeling.h"
#include "broker/pin.h"
#include "broker/reading.h"
#include "broker/returned.h"
#include "broker/sending.h"
#include "broker/session/map.h"
#include "broker/session/mapped.h"
#include "broker/session/paired.h"
#include "broker/setup.h"
#include "broker/socket.h"
#include "broker/standing.h"
#include "broker/states.h"
#include "broker/state.h"
#include "broker/stats/counts.h"
#include "broker/timeouts.h"
#include "broker/view.h"
#include "broker/work.h"
#include "config/config.h"
#include "routing/inbox.h"
#include "routing/message.h"
#include "routing/plan.h"
#include "routing/snapshot.h"
#include "transport/transport.h"

/* A message that another worker has read. */
static void arrived(struct brk_worker *w, struct brk_assoc *a, struct rt_parcel *p)
{
    enum brk_drop reason;
    if (brk_room_elsewhere(w->config, p->route, a->outbox.room))
        brk_send_again(w, NULL, p);
    else if (p->control == BRK_WAITED || p->control == BRK_LEFT || brk_room_admit(w, a, p->route, &reason))
        brk_deliver(w, a, p);
    else
        brk_drop_parcel(w, p, reason);
}

static void take_control(struct brk_worker *w, const struct rt_parcel *p)
{
    switch ((enum brk_control_kind)p->control) {
    case BRK_RETIRE:
        brk_assoc_retire(w, brk_dest_of(p->to));
        break;
    case BRK_EMPTY:
        brk_dry_want(w, brk_dest_of(p->to));
        break;
    case BRK_LOOK:
        brk_look(w, brk_look_of(p->to));
        break;
    case BRK_FAREWELL:
        brk_mapped_farewell(w, brk_farewell_of(p->to));
        break;
    case BRK_HANDOVER:
        brk_handover_step(w, brk_handover_of(p->to));
        break;
    case BRK_BALANCE:
        brk_work_asked(w, brk_balance_of(p->to));
        break;
    case BRK_RETURNED: /* these come with a message, */
    case BRK_WAITED:
    case BRK_LEFT:
    case BRK_ANSWER:
    case BRK_MEMBER_UP: /* and these are for control */
    case BRK_MEMBER_DOWN:
    case BRK_MEMBER_TOLD:
    case BRK_RETIRED:
    case BRK_EMPTIED:
    case BRK_STEPPED:
    case BRK_REQUEST:
    case BRK_GONE:
        abort();
    }
}

static void take_parcel(struct brk_worker *w, struct rt_parcel *p)
{
    switch (p->kind) {
    case RT_RELEASE:
        brk_release(p->message);
        return;
    case RT_CONTROL:
        take_control(w, p);
        return;
    case RT_DELIVER:
        brk_count(&w->counts.taken_in, 1);
        brk_count(&w->counts.waiting, 1);
        if (p->control == BRK_RETURNED)
            brk_send_again(w, NULL, p);
        else if (p->control == BRK_ANSWER)
            brk_mapped_answer(w, p);
        else
            arrived(w, brk_assoc_of(((struct rt_dest *)p->to)->owner), p);
        return;
    }
}

/* Takes the inbox, and the snapshot that goes with it. Whoever published a snapshot had posted before it
 * what it is about, so the snapshot is read first. But a worker that has read a newer one may already have
 * posted by it, so it is read again, until it is the same: then everything taken was posted under this
 * snapshot or an earlier one. */
static void take_inbox(struct brk_worker *w, bool woken)
{
    const struct rt_snapshot *s;
    struct rt_parcel *p;
    do {
        s = rt_current_read(&w->broker->current);
        rt_inbox_take(&w->inbox, woken, &w->taken);
    } while (s != rt_current_read(&w->broker->current));
    w->snapshot = s;
    if (s->plan != w->plan)
        brk_adopt(w, s->plan);
    while ((p = rt_batch_take(&w->taken)))
        take_parcel(w, p);
}

static void account(struct brk_worker *w)
{
    brk_stats_all(w);
    pthread_barrier_wait(&w->broker->account_enter); /* control reads this worker's counts between the two */
    pthread_barrier_wait(&w->broker->account_leave);
}

static void carry_out(struct brk_worker *w, unsigned commands)
{
    if (commands & BRK_CMD_ACCOUNT)
        account(w);
    if (commands & BRK_CMD_DRAIN_SOURCES && w->phase < BRK_DRAIN_SOURCES) {
        w->phase = BRK_DRAIN_SOURCES;
        brk_stop_accepting(w);
    }
    if (commands & BRK_CMD_DRAIN_BOTH && w->phase < BRK_DRAIN_BOTH) {
        w->phase = BRK_DRAIN_BOTH;
        brk_end_sources(w);
    }
    if (commands & BRK_CMD_DRAIN_ALL && w->phase < BRK_DRAIN_ALL) {
        w->phase = BRK_DRAIN_ALL;
        brk_end_associations(w);
    }
    if (commands & BRK_CMD_PREPARE)
        brk_prepare(w);
    if (commands & BRK_CMD_ABANDON)
        brk_abandon(w);
    if (commands & BRK_CMD_STATES)
        brk_states_act(w);
    if (commands & BRK_CMD_STOP)
        w->stop = true;
}

void brk_worker_command(struct brk_worker *w, unsigned commands)
{
    atomic_fetch_or_explicit(&w->commands, commands,
                             memory_order_release); /* pairs with the exchange in brk_worker_turn() */
    eventfd_write(rt_inbox_fd(&w->inbox), 1);
}

void brk_command_all(struct brk_broker *b, unsigned commands)
{
    for (unsigned i = 0; i < b->worker_count; i++)
        brk_worker_command(b->workers[i], commands);
}

static bool any_returned(const struct brk_worker *w)
{
    for (unsigned g = 0; g < w->config->group_count; g++)
        if (brk_queue_count(&w->returned[g]))
            return true;
    return false;
}

static bool timers_wanted(const struct brk_worker *w)
{
    if (w->resolving || w->connecting || w->drying || w->stalling || w->limited || w->crowded || w->starved ||
        w->unpeeled || brk_expiry_pending(w) || brk_map_waits(w) || w->ending || w->phase != BRK_RUNNING)
        return true;
    return brk_standing_waits(w);
}

static void free_closed(struct brk_worker *w)
{
    struct brk_socket *s, *tmp;
    brk_assoc_free_closed(w);
    DL_FOREACH_SAFE(w->closed_sockets, s, tmp)
    if (rt_credit_is_back(&s->credit) && !s->assocs) {
        brk_socket_leave(s, &w->closed_sockets);
        free(s);
    }
}

static void serve_sockets(struct brk_worker *w, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        /* A socket that was closed meanwhile has been cleared from the list, or, if reading had to end the
         * transport's turn early, is recognised by its missing endpoint: the struct outlives the turn. */
        struct brk_socket *s = w->ready[i].endpoint ? brk_socket_of(w->ready[i].cookie) : NULL;
        if (s && s->handing)
            continue;
        if (s && s->ep && w->ready[i].flags & TR_WRITABLE)
            brk_socket_writable(w, s);
        if (s && s->ep && w->ready[i].flags & TR_ENDED)
            brk_socket_ended(w, s);
        else if (s && s->ep && w->ready[i].flags & TR_READABLE && !brk_memory_starves(w, s))
            brk_socket_read(w, s);
    }
}

/* Resumes whatever waits for the addresses of this peer. */
static void resolved(struct brk_worker *w, unsigned peer)
{
    brk_standing_resolved(w, peer);
    brk_setup_resolved(w, peer);
}

void brk_worker_turn(struct brk_worker *w)
{
    bool woken = false, answered = false;
    int timeout = timers_wanted(w) ? BRK_TICK_MS : -1;
    rt_reader_offline();
    /* Something has arrived; or a command whose eventfd was cleared along with that of a parcel, after the
     * word was read. */
    if (!rt_inbox_sleep(&w->inbox) || atomic_load_explicit(&w->commands, memory_order_relaxed) || w->unread ||
        w->peels || any_returned(w))
        timeout = 0;
    unsigned count = tr_loop_wait(w->loop, timeout, w->ready, BRK_READY_MAX);
    rt_inbox_awake(&w->inbox);
    rt_reader_online();
    w->now_ms = brk_now_ms();
    w->tap =
        atomic_load_explicit(&w->tapped, memory_order_acquire); /* pairs with the release in brk_tap_on */
    for (unsigned i = 0; i < count; i++) {
        woken |= !w->ready[i].endpoint && w->ready[i].cookie == w;
        answered |= !w->ready[i].endpoint && w->resolver && w->ready[i].cookie == w->resolver;
    }
    unsigned commands = 0;
    if (atomic_load_explicit(&w->commands, memory_order_relaxed))
        commands = atomic_exchange_explicit(&w->commands, 0, memory_order_acquire);
    take_inbox(w, woken);
    brk_paired_turn(w);
    if (any_returned(w) || (w->parked_count && (w->crowded || w->parked_version != w->snapshot->version)))
        brk_unpark(w);
    brk_flush(w);
    if (commands)
        carry_out(w, commands);
    if (answered)
        brk_names_read(w, resolved);
    brk_memory_turn(w);
    if (w->peels)
        brk_peel_wanted(w);
    brk_sockets_read_on(w);
    serve_sockets(w, count);
    if (w->now_ms >= w->next_tick_ms) {
        w->next_tick_ms = w->now_ms + BRK_TICK_MS;
        brk_setup_tick(w);
        brk_standing_tick(w);
        brk_expire(w);
        brk_dry_tick(w);
        brk_ending_tick(w);
        brk_stall_tick(w);
        brk_limit_tick(w);
        brk_map_tick(w);
        brk_peel_tick(w);
    }
    brk_flush(w);
    if (w->wanted)
        brk_handover_try(w);
    if (w->stop)
        brk_abort_everything(w);
    brk_post(w);
    free_closed(w);
    brk_report_progress(w);
    rt_reader_quiescent();
}

void *brk_worker_main(void *worker)
{
    struct brk_worker *w = worker;
    if (w->config->pin && brk_pin(w->index) != 0)
        brk_log(CFG_LOG_WARNING, "not_pinned", "worker=%u", w->index);
    rt_reader_register();
    for (; !w->stop; w->turns++)
        brk_worker_turn(w);
    rt_reader_unregister();
    return NULL;
}
