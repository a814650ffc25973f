/* See request.h. A reload or a drain is several steps that the control thread takes anyway; what is here
 * looks after each of its turns how far they have come. The lines of the answer are those that the control
 * thread logs meanwhile about it (brk_log_also), so that operators read the same in both places. */
#include "broker/request.h"

#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "broker/check.h"
#include "broker/control.h"
#include "broker/dest.h"
#include "broker/log.h"
#include "broker/state.h"
#include "routing/message.h"
#include "routing/plan.h"

#define LINES_MAX (256 * 1024) /* bytes */

void brk_request_init(struct brk_request *r, enum brk_request_kind kind)
{
    memset(r, 0, sizeof *r);
    r->magic = BRK_REQUEST_MAGIC;
    r->kind = kind;
    r->drain_ms = BRK_DRAIN_AS_CONFIGURED;
    r->parcel = (struct rt_parcel){.kind = RT_CONTROL, .control = BRK_REQUEST, .to = r, .embedded = true};
}

static bool is_about(enum brk_request_kind kind, const char *event)
{
    static const char *const reload[] = {"reloading",    "reload_refused", "advice",           "changed",
                                         "changed_more", "reloaded",       "reload_abandoned", NULL};
    static const char *const stop[] = {"draining",        "drained", "drain_timeout",
                                       "stopped_at_once", "account", NULL};
    static const char *const state[] = {"member_state", NULL};
    static const char *const *const of[] = {
        [BRK_ASK_RELOAD] = reload, [BRK_ASK_STOP] = stop, [BRK_ASK_STATE] = state};
    for (const char *const *e = of[kind]; *e; e++)
        if (strcmp(*e, event) == 0)
            return true;
    return false;
}

static void add_line(struct brk_request *r, const char *text)
{
    size_t n = strlen(text);
    char *more = r->length + n < LINES_MAX ? realloc(r->lines, r->length + n + 2) : NULL;
    if (!more)
        return;
    r->lines = more;
    memcpy(more + r->length, text, n);
    r->length += n;
    more[r->length++] = '\n';
    more[r->length] = '\0';
}

/* A line that the control thread logs. */
static void logged(const char *event, const char *text, void *requests)
{
    struct brk_requests *q = requests;
    for (struct brk_request *r = q->first; r; r = r->next) {
        if ((r->kind == BRK_ASK_RELOAD && r != q->reloading) ||
            (r->kind == BRK_ASK_STATE && r != q->setting) || !is_about(r->kind, event))
            continue;
        add_line(r, text);
        if (strcmp(event, "reloaded") == 0)
            r->done = true;
    }
}

static void answer(struct brk_requests *q, struct brk_broker *b, struct brk_request *r)
{
    struct rt_batch back;
    LL_DELETE(q->first, r);
    if (q->reloading == r)
        q->reloading = NULL;
    r->generation = b->plan->generation;
    rt_batch_init(&back);
    rt_batch_add(&back, &r->parcel);
    rt_inbox_post(r->answer, &back);
    if (!q->first)
        brk_log_also(NULL, NULL);
}

/* The oldest that asks for a reload, while none is under way. False: nobody asks. */
static bool begin_reload(struct brk_requests *q, struct brk_control *c)
{
    for (struct brk_request *r = q->first; r; r = r->next)
        if (r->kind == BRK_ASK_RELOAD) {
            q->reloading = r;
            brk_control_reload(c);
            return true;
        }
    return false;
}

/* False: there is no such member any more. */
static bool set_state(struct brk_requests *q, struct brk_broker *b, struct brk_control *c,
                      struct brk_request *r)
{
    struct cfg_member m;
    if (!cfg_member_find(b->plan->config, r->member, &m))
        return false;
    q->setting = r;
    brk_control_set_state(c, m, r->state);
    q->setting = NULL;
    return true;
}

/* Answers those whose member has got where it was to be. */
static void answer_states(struct brk_requests *q, struct brk_broker *b, struct brk_control *c)
{
    struct brk_request *r, *next;
    struct cfg_member m;
    LL_FOREACH_SAFE(q->first, r, next)
    {
        if (r->kind != BRK_ASK_STATE)
            continue;
        bool found = cfg_member_find(b->plan->config, r->member, &m);
        if (found && !brk_control_settled(c, m))
            continue;
        r->done = found;
        answer(q, b, r);
    }
}

static void take(struct brk_requests *q, struct brk_broker *b, struct brk_control *c, bool woken)
{
    struct rt_batch taken;
    struct rt_parcel *p;
    rt_batch_init(&taken);
    rt_inbox_take(&b->requests, woken, &taken);
    while ((p = rt_batch_take(&taken))) {
        struct brk_request *r = brk_request_of(p->to);
        LL_APPEND(q->first, r);
        brk_log_also(logged, q);
        if (r->kind == BRK_ASK_STOP && c)
            brk_control_drain(c, "admin", r->drain_ms);
        if (r->kind == BRK_ASK_STATE && c && !set_state(q, b, c, r))
            answer(q, b, r);
    }
}

void brk_requests_turn(struct brk_requests *q, struct brk_broker *b, struct brk_control *c, bool woken)
{
    if (woken)
        take(q, b, c, woken);
    answer_states(q, b, c);
    while (q->first && !brk_control_reloading(c)) {
        if (q->reloading) /* done, or refused at once */
            answer(q, b, q->reloading);
        if (!begin_reload(q, c))
            return;
    }
}

void brk_requests_end(struct brk_requests *q, struct brk_broker *b, bool good)
{
    take(q, b, NULL, true);
    while (q->first) {
        if (q->first->kind == BRK_ASK_STOP)
            q->first->done = good;
        answer(q, b, q->first);
    }
}
