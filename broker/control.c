/* The control thread's work, step by step: group membership and reloads. The thread itself is in
 * control_thread.c, the end of the broker in control_drain.c.
 *
 * Only the control thread changes the snapshot. A destination that came up is added. One that was lost is
 * retired in three steps, which preserve the order of its messages (see routing/snapshot.h and
 * THREADS.md):
 *
 *   1. MEMBER_DOWN: publish a snapshot without it, with its groups held. After the grace period nobody
 *      posts to it.
 *   2. Post RETIRE to its owner, which sends what is left back to the workers that read it.
 *   3. RETIRED: publish the groups open again. The workers read the new snapshot before they take their
 *      inboxes, so they find what came back and send it before anything newer.
 *
 * Requests that arrive together share one publication. */
#include "broker/control_priv.h"

#include <stdlib.h>
#include <unistd.h>

#include <utlist.h>

#include "broker/check.h"
#include "broker/clock.h"
#include "broker/dest.h"
#include "broker/joining.h"
#include "broker/log.h"
#include "broker/moving.h"
#include "broker/owners.h"
#include "broker/parcel.h"
#include "broker/reload.h"
#include "broker/shares.h"
#include "broker/state.h"
#include "broker/states.h"
#include "broker/stats/counts.h"
#include "broker/worker.h"
#include "broker/worker_life.h"
#include "config/config.h"
#include "routing/inbox.h"
#include "routing/message.h"
#include "routing/plan.h"
#include "routing/snapshot.h"

/* ---- groups --------------------------------------------------------------------------------------- */

static bool publish(struct brk_control *c)
{
    struct rt_snapshot *s = rt_snapshot_build(c->members, c->broker->plan, ++c->version);
    if (!s) {
        brk_log(CFG_LOG_ERROR, "no_memory", "text=\"group changes are delayed\"");
        return false;
    }
    s->owners = c->owners.table;
    s->pairs_wait = c->moving.pairs;
    rt_snapshot_free(rt_current_publish(&c->broker->current, s));
    return true;
}

static void log_member(const struct brk_control *c, const char *event, const struct brk_dest *d)
{
    brk_log(CFG_LOG_INFO, event, "member=%s worker=%u",
            cfg_member_name(c->broker->plan->config, d->dest.member), d->dest.worker);
}

/* ---- reload --------------------------------------------------------------------------------------- */

/* All workers are ready: puts the candidate in force; the next publication has it. False: out of memory, and
 * nothing has changed. */
static bool adopt(struct brk_control *c)
{
    struct brk_broker *b = c->broker;
    const struct cfg_config *old = b->plan->config, *config = b->candidate->config;
    struct brk_eject eject;
    bool enough = brk_eject_plan(&eject, &c->eject, b, config);
    struct rt_members *m = enough ? brk_moving_members(b->candidate, c->dests) : NULL;
    if (m) {
        rt_members_follow(m, c->members);
        brk_eject_apply(&eject, m, brk_now_ms());
        brk_states_foresee(b, old, config, m, brk_now_ms());
        rt_members_settle(m, brk_now_ms());
    }
    struct rt_snapshot *s = m ? rt_snapshot_build(m, b->candidate, c->version) : NULL;
    if (!s || !brk_moving_fit(&c->moving, config->group_count)) {
        brk_log(CFG_LOG_ERROR, "reload_refused", "text=\"out of memory\"");
        rt_snapshot_free(s);
        rt_members_free(m);
        brk_eject_free(&eject);
        return false;
    }
    const struct brk_moving_plans plans = {b->current.pointer, s, c->members, m};
    brk_moving_begin(&c->moving, &plans, &c->joining, c->dests);
    rt_snapshot_free(s);
    rt_members_free(c->members);
    c->members = m;
    brk_eject_free(&c->eject);
    c->eject = eject;
    brk_states_reload(b, old, config);
    c->states_changed = true;
    b->replaced = (struct rt_plan *)b->plan;
    b->plan = b->candidate;
    brk_reload_adopt(&c->reload, b);
    return true;
}

/* All workers have completed their step. */
static void step_on(struct brk_control *c)
{
    c->stepped = false;
    if (c->reload.step > BRK_RELOAD_PREPARING) {
        brk_reload_done(&c->reload, c->broker);
        return;
    }
    bool goes_on = !c->reload.failed && c->phase == BRK_RUNNING;
    if (goes_on && c->reload.step == BRK_RELOAD_TRYING && brk_reload_prepare(&c->reload, c->broker)) {
        for (unsigned i = 1; i < c->broker->worker_count; i++)
            brk_worker_command(c->broker->workers[i], BRK_CMD_PREPARE);
        return;
    }
    if (goes_on && adopt(c))
        return;
    brk_reload_abandon(&c->reload, c->broker);
    brk_command_all(c->broker, BRK_CMD_ABANDON);
}

void brk_control_reload(struct brk_control *c)
{
    if (c->phase != BRK_RUNNING) {
        brk_log(CFG_LOG_WARNING, "reload_refused", "text=\"the broker is ending\"");
    } else if (c->reload.step != BRK_RELOAD_NONE || c->moving.pairs) {
        c->reload.again = true;
    } else if (brk_reload_begin(&c->reload, c->broker)) {
        brk_worker_command(c->broker->workers[0], BRK_CMD_PREPARE);
    }
}

bool brk_control_reload_with(struct brk_control *c, struct cfg_config *config)
{
    bool begun = brk_reload_with(&c->reload, c->broker, config);
    if (begun)
        brk_worker_command(c->broker->workers[0], BRK_CMD_PREPARE);
    return begun;
}

bool brk_control_reloading(const struct brk_control *c)
{
    return c->reload.step != BRK_RELOAD_NONE || c->reload.again;
}

bool brk_control_pairs_wait(const struct brk_control *c)
{
    return c->moving.pairs;
}

/* ---- requests ------------------------------------------------------------------------------------- */

/* The destination that a message is about; NULL: it is about something else. */
static struct brk_dest *dest_of(const struct rt_parcel *p)
{
    switch (p->control) {
    case BRK_MEMBER_UP:
    case BRK_MEMBER_TOLD:
    case BRK_MEMBER_DOWN:
    case BRK_EMPTIED:
    case BRK_RETIRED:
        return brk_dest_of(p->to);
    default:
        return NULL;
    }
}

/* Takes the requests that have arrived. *lost: destinations to be retired after the publication. */
static bool take_requests(struct brk_control *c, bool woken, struct rt_batch *lost, struct rt_batch *done)
{
    struct rt_batch taken;
    struct rt_parcel *p;
    rt_batch_init(&taken);
    rt_inbox_take(&c->broker->control, woken, &taken);
    bool any = taken.count;
    while ((p = rt_batch_take(&taken))) {
        struct brk_dest *d = dest_of(p);
        switch ((enum brk_control_kind)p->control) {
        case BRK_MEMBER_UP:
            DL_APPEND(c->dests, d);
            brk_joining_up(&c->joining, p);
            break;
        case BRK_MEMBER_TOLD:
            brk_control_adapted(c, d);
            break;
        case BRK_MEMBER_DOWN:
            log_member(c, "member_down", d);
            brk_joining_down(&c->joining, c->members, d);
            rt_members_remove(c->members, &d->dest);
            d->removed = true;
            rt_batch_add(lost, &d->retire);
            break;
        case BRK_RETIRED:
            brk_moving_retired(&c->moving, d);
            rt_members_release(c->members, &d->dest);
            DL_DELETE(c->dests, d);
            rt_batch_add(done, p);
            break;
        case BRK_STEPPED:
            c->stepped = brk_reload_answered(&c->reload, brk_worker_of(p->to));
            break;
        case BRK_EMPTIED:
            brk_joining_emptied(&c->joining, c->members, d);
            brk_moving_emptied(&c->moving, d);
            break;
        case BRK_HANDOVER:
            brk_owners_take(&c->owners, brk_handover_of(p->to), c->members, &c->dests);
            break;
        case BRK_GONE:
            brk_owners_gone(&c->owners, brk_owner_of(p->to));
            break;
        case BRK_BALANCE:
            c->balance.asked = false;
            break;
        case BRK_RETURNED:
        case BRK_WAITED:
        case BRK_LEFT:
        case BRK_ANSWER:
        case BRK_FAREWELL:
        case BRK_RETIRE:
        case BRK_EMPTY:
        case BRK_LOOK:
        case BRK_REQUEST:
            abort(); /* never sent to control */
        }
    }
    return any;
}

static void joined(void *control, struct brk_dest *d, bool in)
{
    if (in)
        log_member(control, "member_up", d);
    else
        brk_log(CFG_LOG_ERROR, "no_memory", "text=\"a destination does not join its groups\"");
}

static void post_each(struct brk_control *c, struct rt_batch *messages)
{
    struct rt_batch one;
    struct rt_parcel *p;
    rt_batch_init(&one);
    while ((p = rt_batch_take(messages))) {
        unsigned owner = brk_dest_of(p->to)->dest.worker;
        rt_batch_add(&one, p);
        rt_inbox_post(&c->broker->workers[owner]->inbox, &one);
    }
}

/* True when there were any. */
static bool serve_requests(struct brk_control *c, bool woken)
{
    struct rt_batch lost, done;
    struct rt_parcel *p;
    rt_batch_init(&lost);
    rt_batch_init(&done);
    c->shares.changed |= brk_eject_turn(&c->eject, c->broker, c->members, brk_now_ms());
    if (!take_requests(c, woken, &lost, &done) && !brk_shares_due(&c->shares, brk_now_ms()))
        return false;
    if (c->stepped && !brk_owners_busy(&c->owners))
        step_on(c);
    if (!brk_owners_busy(&c->owners) && brk_shares_due(&c->shares, brk_now_ms()))
        brk_shares_settle(&c->shares, c->broker->current.pointer, c->members, &c->moving, &c->joining,
                          brk_now_ms());
    brk_moving_go_on(&c->moving, c->members);
    if (!brk_owners_busy(&c->owners))
        brk_joining_go_on(&c->joining, c->members, joined, c);
    if (c->reload.step == BRK_RELOAD_NONE)
        brk_owners_go_on(&c->owners, c->dests, c->phase == BRK_RUNNING ? NULL : "the broker is ending");
    while (!publish(c)) /* the requests must be carried out; memory may become available */
        usleep(10000);
    while ((p = rt_batch_take(&done)))
        free(brk_dest_of(p->to));
    post_each(c, &lost);
    post_each(c, &c->joining.ask);
    brk_owners_post(&c->owners, c->broker);
    brk_shares_plan(&c->shares, c->members, brk_now_ms());
    /* Parked messages may have a destination now. */
    brk_command_all(c->broker, c->states_changed ? BRK_CMD_STATES : 0);
    c->states_changed = false;
    return true;
}

/* ---- turns ---------------------------------------------------------------------------------------- */

void brk_control_balance(struct brk_control *c, const uint32_t *busy)
{
    if (c->phase == BRK_RUNNING && c->reload.step == BRK_RELOAD_NONE && !brk_owners_busy(&c->owners))
        brk_balance_turn(&c->balance, c->broker, busy, brk_now_ms());
}

bool brk_control_turn(struct brk_control *c, bool woken)
{
    serve_requests(c, woken);
    if (c->reload.again && c->reload.step == BRK_RELOAD_NONE && !c->moving.pairs) {
        c->reload.again = false;
        brk_control_reload(c);
    }
    if (c->phase != BRK_RUNNING)
        brk_control_drain_on(c);
    return !c->stop;
}

/* ---- the end of the workers ----------------------------------------------------------------------- */

void brk_control_stop(struct brk_control *c)
{
    brk_command_all(c->broker, BRK_CMD_STOP);
}

/* All workers post before the first one takes: what one passes on to a worker before it in the list must not
 * be left behind. */
static bool settle_workers(struct brk_broker *b)
{
    bool any = false;
    for (unsigned i = 0; i < b->worker_count; i++)
        brk_post(b->workers[i]);
    for (unsigned i = 0; i < b->worker_count; i++)
        any |= brk_worker_settle(b->workers[i]);
    return any;
}

/* Control messages are part of the destinations they are about, so all of them are taken before any
 * destination is freed. */
void brk_control_settle(struct brk_control *c)
{
    struct brk_broker *b = c->broker;
    bool any;
    do {
        any = settle_workers(b); /* posts what serve_requests then takes */
        any |= serve_requests(c, true);
    } while (any);
    for (unsigned i = 0; i < b->worker_count; i++)
        brk_worker_end(b->workers[i]);
    while (settle_workers(b))
        ;
}

/* ---- life ----------------------------------------------------------------------------------------- */

struct brk_control *brk_control_new(struct brk_broker *b)
{
    struct brk_control *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->broker = b;
    brk_joining_init(&c->joining);
    brk_owners_init(&c->owners);
    c->members = rt_members_new(b->plan->config);
    if (c->members && brk_moving_fit(&c->moving, b->plan->config->group_count) &&
        brk_eject_plan(&c->eject, &c->eject, b, b->plan->config)) {
        brk_states_begin(b, c->members);
        rt_members_settle(c->members, brk_now_ms());
        c->states_changed = c->shares.changed = true;
        if (publish(c))
            return c;
    }
    brk_control_free(c);
    return NULL;
}

void brk_control_free(struct brk_control *c)
{
    if (!c)
        return;
    rt_snapshot_free(rt_current_publish(&c->broker->current, NULL));
    rt_members_free(c->members);
    brk_moving_free(&c->moving);
    brk_eject_free(&c->eject);
    brk_owners_free(&c->owners);
    brk_reload_free(&c->reload);
    free(c);
}
