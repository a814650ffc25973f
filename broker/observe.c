/* See observe.h. */
#include "broker/observe_priv.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <utlist.h>

#include "broker/assoc.h"
#include "broker/check.h"
#include "broker/clock.h"
#include "broker/dest.h"
#include "broker/health.h"
#include "broker/meter.h"
#include "broker/state.h"
#include "broker/tapping.h"
#include "routing/inbox.h"
#include "routing/owners.h"
#include "routing/plan.h"
#include "routing/snapshot.h"

/* Of associations remembered: 100 MB. */
#define FOUND_MAX (1 << 19)

/* ---- life ----------------------------------------------------------------------------------------- */

static bool allocate(struct brk_observer *o)
{
    unsigned n = o->broker->worker_count;
    o->looks = calloc(n, sizeof *o->looks);
    o->found = calloc(n, sizeof *o->found);
    o->workers = calloc(n, sizeof *o->workers);
    bool good = o->looks && o->found && o->workers;
    for (unsigned i = 0; good && i < n; i++) {
        good = (o->looks[i] = malloc(sizeof **o->looks)) != NULL;
        if (good)
            brk_look_init(o->looks[i], &o->inbox);
    }
    return good;
}

struct brk_observer *brk_observer_new(struct brk_broker *b)
{
    struct brk_observer *o = calloc(1, sizeof *o);
    if (!o)
        return NULL;
    o->broker = b;
    o->inbox.eventfd = -1;
    o->begun_ms = brk_now_ms();
    if (allocate(o) && rt_inbox_init(&o->inbox) == 0)
        return o;
    brk_observer_free(o);
    return NULL;
}

void brk_observer_free(struct brk_observer *o)
{
    struct rt_batch rest;
    if (!o)
        return;
    brk_tap_free(o);
    rt_batch_init(&rest);
    if (o->inbox.eventfd >= 0) {
        rt_inbox_take(&o->inbox, false, &rest);
        rt_inbox_destroy(&o->inbox);
    }
    for (unsigned i = 0; i < o->broker->worker_count; i++) {
        if (o->looks)
            free(o->looks[i]);
        if (o->found)
            free(o->found[i].items);
    }
    free(o->looks);
    free(o->found);
    free(o->workers);
    free(o->all);
    free(o);
}

void brk_observer_enter(struct brk_observer *o)
{
    (void)o;
    rt_reader_register();
    rt_reader_offline();
}

void brk_observer_leave(struct brk_observer *o)
{
    (void)o;
    rt_reader_online(); /* as liburcu wants a thread that leaves */
    rt_reader_unregister();
}

/* ---- what is read at once ------------------------------------------------------------------------- */

unsigned brk_observer_workers(const struct brk_observer *o)
{
    return o->broker->worker_count;
}

const char *brk_observer_transport(const struct brk_observer *o)
{
    return tr_backend_name(o->broker->backend);
}

bool brk_observer_in_kernel(const struct brk_observer *o)
{
    return !(tr_backend_caps(o->broker->backend) & TR_CAP_ENCAPS);
}

uint64_t brk_observer_uptime_ms(const struct brk_observer *o)
{
    return brk_now_ms() - o->begun_ms;
}

enum brk_running brk_observer_state(const struct brk_observer *o)
{
    if (atomic_load(&o->broker->ended))
        return BRK_ENDED;
    return atomic_load(&o->broker->draining) ? BRK_DRAINS : BRK_RUNS;
}

void brk_sight_open(struct brk_observer *o, struct brk_sight *s)
{
    rt_reader_online();
    s->snapshot = rt_current_read(&o->broker->current);
    s->config = s->snapshot->plan->config;
    s->generation = s->snapshot->plan->generation;
}

void brk_sight_close(struct brk_observer *o)
{
    (void)o;
    rt_reader_offline();
}

bool brk_sight_counts(const struct brk_observer *o, const struct brk_sight *s, struct brk_counts *sum)
{
    if (!brk_counts_init(sum, s->config))
        return false;
    for (unsigned i = 0; i < o->broker->worker_count; i++)
        brk_counts_add(sum, &o->broker->workers[i]->counts, s->config);
    return true;
}

const struct brk_counts *brk_observer_counts(const struct brk_observer *o, unsigned worker)
{
    return &o->broker->workers[worker]->counts;
}

uint64_t brk_counts_waiting(const struct brk_counts *sum)
{
    uint64_t in = brk_counted(&sum->waiting) + brk_counted(&sum->handed_out),
             out = brk_counted(&sum->taken_in);
    return in > out ? in - out : 0; /* not of one moment */
}

struct brk_peer_view brk_observer_peer(const struct brk_observer *o, unsigned peer)
{
    const struct brk_peer_health *h = brk_health(o->broker, peer);
    uint64_t until = atomic_load_explicit(&h->down_until_ms, memory_order_relaxed), now = brk_now_ms();
    return (struct brk_peer_view){.ejected = atomic_load_explicit(&h->ejected, memory_order_relaxed),
                                  .failures = atomic_load_explicit(&h->failures, memory_order_relaxed),
                                  .retry_in_ms = until > now ? until - now : 0};
}

bool brk_observer_happened(const struct brk_observer *o, unsigned worker, unsigned place,
                           struct brk_happening *out)
{
    return brk_history_read(&o->broker->workers[worker]->history, place, out);
}

enum cfg_state brk_observer_state_of(const struct brk_observer *o, struct cfg_member m)
{
    return brk_state(o->broker, m);
}

uint64_t brk_observer_cpu_us(const struct brk_observer *o, unsigned worker)
{
    return atomic_load(&o->broker->ended) ? 0 : brk_worker_cpu_us(o->broker->workers[worker]);
}

/* ---- walks ---------------------------------------------------------------------------------------- */

int brk_observer_fd(const struct brk_observer *o)
{
    return rt_inbox_fd(&o->inbox);
}

static void post_look(struct brk_observer *o, unsigned worker)
{
    struct rt_batch one;
    rt_batch_init(&one);
    rt_batch_add(&one, &o->looks[worker]->parcel);
    rt_inbox_post(&o->broker->workers[worker]->inbox, &one);
}

bool brk_observer_walking(const struct brk_observer *o)
{
    return o->walking;
}

bool brk_observer_walk(struct brk_observer *o, uint64_t wanted, enum brk_look_act act, unsigned to)
{
    unsigned n = o->broker->worker_count;
    struct brk_sight s;
    brk_sight_open(o, &s);
    unsigned only = rt_owners_find(s.snapshot->owners, wanted);
    brk_sight_close(o);
    if (o->walking || (wanted && only >= n) || atomic_load(&o->broker->ended))
        return false;
    o->cut = o->one_found = false;
    o->wants_one = wanted;
    for (unsigned i = wanted ? only : 0; i < (wanted ? only + 1 : n); i++) {
        o->found[i].count = 0;
        o->looks[i]->first = true;
        o->looks[i]->wanted = wanted;
        o->looks[i]->act = act;
        o->looks[i]->to = to;
        o->walking++;
        post_look(o, i);
    }
    return true;
}

/* False: no memory, or more than anybody wants to see. */
static bool keep(struct brk_found *f, const struct brk_look *l)
{
    if (!l->count)
        return true; /* there may be no room yet, and no pointer to begin from */
    if (f->count + l->count > f->room) {
        unsigned room = f->room ? 2 * f->room : BRK_LOOK_MAX;
        void *more = room <= FOUND_MAX ? realloc(f->items, room * sizeof *f->items) : NULL;
        if (!more)
            return false;
        f->items = more;
        f->room = room;
    }
    memcpy(f->items + f->count, l->items, l->count * sizeof *l->items);
    f->count += l->count;
    return true;
}

static unsigned worker_of(const struct brk_observer *o, const struct brk_look *l)
{
    unsigned i = 0;
    while (o->looks[i] != l)
        i++;
    return i;
}

static void take_look(struct brk_observer *o, struct brk_look *l)
{
    unsigned i = worker_of(o, l);
    if (l->first && !l->wanted)
        o->workers[i] = l->worker;
    bool kept = l->wanted || keep(&o->found[i], l);
    o->cut |= !kept;
    if (l->wanted && l->count) {
        o->one_found = true;
        o->one = l->items[0];
        o->detail = l->detail;
    }
    o->cut |= !l->last && atomic_load(&o->broker->ended);
    if (l->last || !kept || o->cut) {
        o->walking--;
        return;
    }
    l->first = false;
    post_look(o, i);
}

/* All workers' in one array. */
static void join(struct brk_observer *o)
{
    size_t count = 0;
    for (unsigned i = 0; i < o->broker->worker_count; i++)
        count += o->found[i].count;
    free(o->all);
    o->all_count = 0;
    o->all = malloc((count + 1) * sizeof *o->all);
    o->all_cut = o->cut || !o->all;
    for (unsigned i = 0; o->all && i < o->broker->worker_count; i++) {
        if (!o->found[i].count)
            continue;
        memcpy(o->all + o->all_count, o->found[i].items, o->found[i].count * sizeof *o->all);
        o->all_count += o->found[i].count;
    }
}

bool brk_observer_take(struct brk_observer *o)
{
    struct rt_batch taken;
    struct rt_parcel *p;
    bool walked = o->walking;
    rt_batch_init(&taken);
    rt_inbox_take(&o->inbox, true, &taken);
    while ((p = rt_batch_take(&taken)))
        if (p->control == BRK_REQUEST)
            LL_APPEND(o->answered, brk_request_of(p->to));
        else
            take_look(o, brk_look_of(p->to));
    if (!walked || o->walking)
        return false;
    if (!o->wants_one)
        join(o);
    return true;
}

const struct brk_assoc_view *brk_observer_found(const struct brk_observer *o, unsigned *count, bool *cut)
{
    *count = o->all_count;
    *cut = o->all_cut;
    return o->all;
}

const struct brk_worker_view *brk_observer_worker(const struct brk_observer *o, unsigned worker)
{
    return &o->workers[worker];
}

const struct brk_assoc_view *brk_observer_one(const struct brk_observer *o,
                                              const struct brk_assoc_detail **detail)
{
    *detail = &o->detail;
    return o->one_found ? &o->one : NULL;
}

/* ---- requests ------------------------------------------------------------------------------------- */

void brk_observer_ask(struct brk_observer *o, struct brk_request *r)
{
    struct rt_batch one;
    r->answer = &o->inbox;
    r->next = NULL;
    rt_batch_init(&one);
    rt_batch_add(&one, &r->parcel);
    rt_inbox_post(&o->broker->requests, &one);
}

struct brk_request *brk_observer_answered(struct brk_observer *o)
{
    struct brk_request *r = o->answered;
    if (r)
        LL_DELETE(o->answered, r);
    return r;
}
