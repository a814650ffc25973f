/* See states.h. */
#include "broker/states.h"

#include <stdatomic.h>

#include <utlist.h>

#include "broker/assoc.h"
#include "broker/ending.h"
#include "broker/health.h"
#include "broker/log.h"
#include "broker/opening.h"
#include "broker/socket.h"
#include "broker/standing.h"
#include "broker/state.h"
#include "config/sctp/hash.h"
#include "routing/plan.h"
#include "routing/snapshot.h"
#include "transport/transport.h"

/* ---- control -------------------------------------------------------------------------------------- */

static bool is_there(const struct cfg_config *c, struct cfg_member m)
{
    return m.kind == CFG_MEMBER_LISTENER ? m.index < c->listener_count && !c->listeners[m.index].gone
                                         : m.index < c->peer_count && !c->peers[m.index].gone;
}

static enum cfg_state written(const struct cfg_config *c, struct cfg_member m)
{
    return m.kind == CFG_MEMBER_LISTENER ? c->listeners[m.index].state : c->peers[m.index].state;
}

static void put(struct brk_broker *b, struct cfg_member m, enum cfg_state state)
{
    struct brk_peer_health *h = brk_segments_at(&b->health, rt_source(m));
    atomic_store_explicit(&h->state, state, memory_order_relaxed); /* the command to workers orders it */
}

static void log_state(const struct cfg_config *c, struct cfg_member m, enum cfg_state before,
                      enum cfg_state now)
{
    static const char *const words[] = {[CFG_READY] = "ready", [CFG_DRAIN] = "drain", [CFG_MAINT] = "maint"};
    brk_log(CFG_LOG_INFO, "member_state", "member=%s state=%s before=%s", cfg_member_name(c, m), words[now],
            words[before]);
}

void brk_states_begin(struct brk_broker *b, struct rt_members *m)
{
    const struct cfg_config *c = b->plan->config;
    for (uint32_t s = 0; s < rt_source_count(c); s++) {
        struct cfg_member member = rt_source_member(s);
        if (!is_there(c, member))
            continue;
        put(b, member, written(c, member));
        rt_members_set_out(m, member, written(c, member) != CFG_READY, 0);
    }
}

void brk_states_set(struct brk_broker *b, struct rt_members *m, struct cfg_member member,
                    enum cfg_state state, uint64_t now_ms)
{
    log_state(b->plan->config, member, brk_state(b, member), state);
    put(b, member, state);
    rt_members_set_out(m, member, state != CFG_READY, now_ms);
}

static enum cfg_state after(const struct brk_broker *b, const struct cfg_config *old,
                            const struct cfg_config *c, struct cfg_member m)
{
    bool changed = !is_there(old, m) || written(old, m) != written(c, m);
    return changed ? written(c, m) : brk_state(b, m);
}

void brk_states_foresee(const struct brk_broker *b, const struct cfg_config *old, const struct cfg_config *c,
                        struct rt_members *m, uint64_t now_ms)
{
    for (uint32_t s = 0; s < rt_source_count(c); s++) {
        struct cfg_member member = rt_source_member(s);
        if (!is_there(c, member))
            continue;
        if (brk_state(b, member) != CFG_READY) /* so that one that becomes ready begins now */
            rt_members_set_out(m, member, true, now_ms);
        rt_members_set_out(m, member, after(b, old, c, member) != CFG_READY, now_ms);
    }
}

void brk_states_reload(struct brk_broker *b, const struct cfg_config *old, const struct cfg_config *c)
{
    for (uint32_t s = 0; s < rt_source_count(c); s++) {
        struct cfg_member member = rt_source_member(s);
        if (!is_there(c, member) || after(b, old, c, member) == brk_state(b, member))
            continue;
        log_state(c, member, brk_state(b, member), written(c, member));
        put(b, member, written(c, member));
    }
}

/* ---- a worker ------------------------------------------------------------------------------------- */

static void listen_again(struct brk_worker *w, struct brk_socket *s, bool accepts)
{
    struct tr_error error;
    char quoted[300];
    s->refuses = !accepts;
    if (tr_listen(s->ep, accepts ? BRK_BACKLOG : 0, &error) != TR_OK)
        brk_log(CFG_LOG_ERROR, "listen_failed", "listener=%s error=%s", cfg_member_name(w->config, s->member),
                brk_quote(error.text, quoted, sizeof quoted));
}

void brk_states_act(struct brk_worker *w)
{
    struct brk_socket *s, *next;
    struct brk_assoc *a, *tmp;
    brk_standing_states(w);
    DL_FOREACH_SAFE(w->sockets, s, next)
    {
        bool out = brk_state(w->broker, s->member) == CFG_MAINT;
        if (s->kind == BRK_LISTENING && !s->retiring && s->refuses != out && w->phase == BRK_RUNNING)
            listen_again(w, s, !out);
        if (!out)
            continue;
        HASH_ITER(hh, s->assocs, a, tmp)
        brk_end_whole(w, a);
    }
}
