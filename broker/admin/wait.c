/* See wait.h. Workers are asked by one walk at a time (broker/view.h): one for everything serves all calls
 * that wait for that; between them come those for one association, in the order in which they were asked for.
 */
#include "broker/admin/wait.h"

#include <stdlib.h>

#include <utlist.h>

#include "broker/admin/call.h"
#include "broker/clock.h"

void admin_wait(struct admin *a, struct admin_call *call)
{
    if (call->step == ADMIN_LATER)
        call->due_ms = brk_now_ms() + call->again_ms;
    if (call->step == ADMIN_REQUEST)
        brk_observer_ask(a->observer, &call->request);
    DL_APPEND(a->waiting, call);
    call->suspended = true;
}

void admin_forget(struct admin *a, struct admin_call *call)
{
    if (a->job == call)
        a->job = NULL;
    if (call->suspended)
        DL_DELETE(a->waiting, call);
    a->calls--;
}

/* The answer is there. */
static void finish(struct admin *a, struct admin_call *call)
{
    DL_DELETE(a->waiting, call);
    call->suspended = false;
    call->step = ADMIN_DONE;
    if (a->job == call)
        a->job = NULL;
    a->resumed = true;
    MHD_resume_connection(call->connection);
}

/* What it waited for is there. */
static void proceed(struct admin *a, struct admin_call *call)
{
    call->round++;
    enum admin_step step = call->resource->handle(a, call);
    if (step == ADMIN_DONE) {
        finish(a, call);
        return;
    }
    DL_DELETE(a->waiting, call);
    call->step = step;
    admin_wait(a, call);
}

static void refuse(struct admin *a, struct admin_call *call)
{
    if (brk_observer_state(a->observer) == BRK_ENDED)
        admin_refuse(call, 503, "the broker has ended");
    else
        admin_refuse(call, 503, "a worker has not answered within %d ms", ADMIN_PATIENCE_MS);
    finish(a, call);
}

/* ---- what is answered ----------------------------------------------------------------------------- */

/* Those who waited for a walk begin anew: the first one makes the document, and others who want the same find
 * it in the cache. */
static void proceed_all(struct admin *a)
{
    struct admin_call *call, *tmp;
    a->walked = true;
    a->walked_ms = a->walk_begun_ms;
    a->walked_changes = a->walk_begun_changes;
    DL_FOREACH_SAFE(a->waiting, call, tmp)
    if (call->step == ADMIN_WALK)
        finish(a, call);
}

static void take_walk(struct admin *a)
{
    struct admin_call *job = a->job;
    if (a->walking_all) {
        a->walking_all = false;
        proceed_all(a);
    } else if (job) { /* who asked is still there */
        a->job = NULL;
        job->found = brk_observer_one(a->observer, &job->detail);
        proceed(a, job);
    }
}

static struct admin_call *call_of(struct brk_request *r)
{
    return (struct admin_call *)(void *)((char *)r - offsetof(struct admin_call, request));
}

static void take_answers(struct admin *a)
{
    struct brk_request *r;
    if (brk_observer_take(a->observer))
        take_walk(a);
    while ((r = brk_observer_answered(a->observer)))
        proceed(a, call_of(r));
}

/* ---- what is asked -------------------------------------------------------------------------------- */

/* The oldest that waits for a worker, if no walk is under way. */
static void begin_walk(struct admin *a)
{
    struct admin_call *call, *tmp;
    DL_FOREACH_SAFE(a->waiting, call, tmp)
    {
        bool all = call->step == ADMIN_WALK;
        if (brk_observer_walking(a->observer))
            return;
        if (!all && call->step != ADMIN_ONE)
            continue;
        if (brk_observer_walk(a->observer, all ? 0 : call->origin, call->act, call->to)) {
            a->walking_all = all;
            a->walk_begun_ms = brk_now_ms();
            a->walk_begun_changes = a->changes;
            a->job = all ? NULL : call;
        } else if (all || brk_observer_state(a->observer) == BRK_ENDED) {
            refuse(a, call);
        } else { /* there is no such worker */
            call->found = NULL;
            proceed(a, call);
        }
    }
}

static void take_due(struct admin *a)
{
    struct admin_call *call, *tmp;
    uint64_t now = brk_now_ms();
    DL_FOREACH_SAFE(a->waiting, call, tmp)
    if (call->step == ADMIN_LATER && call->due_ms <= now)
        proceed(a, call);
    else if (call->step != ADMIN_REQUEST && call->deadline_ms <= now)
        refuse(a, call);
}

void admin_go_on(struct admin *a)
{
    take_answers(a);
    take_due(a);
    begin_walk(a);
}

void admin_give_up(struct admin *a)
{
    struct admin_call *call, *tmp;
    take_answers(a);
    DL_FOREACH_SAFE(a->waiting, call, tmp)
    refuse(a, call);
}

int admin_next_ms(const struct admin *a)
{
    const struct admin_call *call;
    uint64_t now = brk_now_ms(), next = UINT64_MAX;
    DL_FOREACH(a->waiting, call)
    {
        uint64_t due = call->step == ADMIN_LATER     ? call->due_ms
                       : call->step == ADMIN_REQUEST ? UINT64_MAX
                                                     : call->deadline_ms;
        if (due < next)
            next = due;
    }
    if (next == UINT64_MAX)
        return -1;
    return next <= now ? 0 : next - now < 60000 ? (int)(next - now) : 60000;
}
