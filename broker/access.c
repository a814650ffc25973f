/* Who may have an association: see access.h.
 *
 * The kernel spreads the associations of a listener over the workers' sockets, so the numbers belong to all
 * workers: one lock protects them all, and a place is taken in one step with the decision. A place is kept
 * from when the broker accepts an association until it has read its end: the stack may have forgotten it
 * already, and then the limits are the stricter ones.
 *
 * All associations are counted, those of listeners without limits, too, since a reload may set some.
 *
 * new_per_second is a token bucket that holds as much as comes in a second, in thousandths. The workers'
 * clocks differ by a turn: one that is behind adds nothing. */
#include "broker/access.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "config/sctp/hash.h"

#define TOKEN 1000

struct of_listener {
    unsigned listener; /* the key */
    unsigned count;
    uint64_t tokens, filled_ms;
    bool filled;
    UT_hash_handle hh;
};

/* No padding: it is compared byte by byte. */
struct source {
    uint32_t listener, scope;
    uint8_t address[16]; /* IPv4 as ::ffff:0:0/96; all zeros: not known */
};

struct brk_admission {
    struct source source; /* the key */
    unsigned count;
    struct of_listener *of;
    UT_hash_handle hh;
};

struct brk_access {
    pthread_mutex_t lock; /* of all below */
    unsigned count;
    struct of_listener *listeners;
    struct brk_admission *sources;
};

/* ---- the rules ------------------------------------------------------------------------------------ */

static bool covered(const struct net_prefix *list, unsigned count, const struct net_addr *a)
{
    for (unsigned i = 0; i < count; i++)
        if (net_prefix_covers(&list[i], a))
            return true;
    return false;
}

bool brk_access_permits(const struct cfg_access *rules, const struct net_addr *addresses, unsigned count)
{
    if (!rules->allow_count && !rules->deny_count)
        return true;
    for (unsigned i = 0; i < count && i < BRK_ACCESS_ADDRESSES; i++)
        if ((rules->allow_count && !covered(rules->allow, rules->allow_count, &addresses[i])) ||
            covered(rules->deny, rules->deny_count, &addresses[i]))
            return false;
    return count > 0 && count <= BRK_ACCESS_ADDRESSES;
}

/* ---- the counts ----------------------------------------------------------------------------------- */

struct brk_access *brk_access_new(void)
{
    struct brk_access *x = calloc(1, sizeof *x);
    if (x)
        pthread_mutex_init(&x->lock, NULL);
    return x;
}

void brk_access_free(struct brk_access *x)
{
    struct of_listener *l, *next;
    struct brk_admission *s, *after;
    if (!x)
        return;
    HASH_ITER(hh, x->sources, s, after)
    {
        HASH_DEL(x->sources, s);
        free(s);
    }
    HASH_ITER(hh, x->listeners, l, next)
    {
        HASH_DEL(x->listeners, l);
        free(l);
    }
    pthread_mutex_destroy(&x->lock);
    free(x);
}

static struct source source_of(unsigned listener, const struct net_addr *a)
{
    struct source s = {.listener = listener};
    if (a && a->sa.sa_family == AF_INET) {
        s.address[10] = s.address[11] = 0xff;
        memcpy(s.address + 12, &a->in4.sin_addr, 4);
    } else if (a && a->sa.sa_family == AF_INET6) {
        memcpy(s.address, &a->in6.sin6_addr, 16);
        s.scope = a->in6.sin6_scope_id;
    }
    return s;
}

static struct of_listener *listener_of(struct brk_access *x, unsigned listener)
{
    struct of_listener *l;
    HASH_FIND(hh, x->listeners, &listener, sizeof listener, l);
    if (!l && (l = calloc(1, sizeof *l))) {
        l->listener = listener;
        HASH_ADD(hh, x->listeners, listener, sizeof l->listener, l);
    }
    return l;
}

static struct brk_admission *place_of(struct brk_access *x, struct of_listener *l, const struct source *key)
{
    struct brk_admission *p;
    HASH_FIND(hh, x->sources, key, sizeof *key, p);
    if (!p && (p = calloc(1, sizeof *p))) {
        p->source = *key;
        p->of = l;
        HASH_ADD(hh, x->sources, source, sizeof p->source, p);
    }
    return p;
}

static void forget_unused(struct brk_access *x, struct brk_admission *p)
{
    if (p->count)
        return;
    HASH_DEL(x->sources, p);
    free(p);
}

/* A token of the listener's, if there is one. */
static bool in_time(struct of_listener *l, unsigned a_second, uint64_t now_ms)
{
    uint64_t room = (uint64_t)a_second * TOKEN, elapsed = now_ms > l->filled_ms ? now_ms - l->filled_ms : 0;
    l->tokens = l->filled && elapsed < 1000 ? l->tokens + elapsed * a_second : room;
    if (l->tokens > room)
        l->tokens = room;
    if (!l->filled || now_ms > l->filled_ms)
        l->filled_ms = now_ms;
    l->filled = true;
    if (l->tokens < TOKEN)
        return false;
    l->tokens -= TOKEN;
    return true;
}

static bool full(unsigned count, unsigned most)
{
    return most && count >= most;
}

/* The order matters for the last one only: what is refused for another reason takes no token. */
static enum brk_refusal judge(const struct brk_access *x, const struct cfg_config *c, struct brk_admission *p,
                              bool known, uint64_t now_ms)
{
    const struct cfg_access *rules = &c->listeners[p->of->listener].access;
    if (full(x->count, c->max_associations))
        return BRK_REFUSED_BROKER_FULL;
    if (full(p->of->count, rules->max_associations))
        return BRK_REFUSED_LISTENER_FULL;
    if (known && full(p->count, rules->max_per_address))
        return BRK_REFUSED_ADDRESS_FULL;
    if (rules->new_per_second && !in_time(p->of, rules->new_per_second, now_ms))
        return BRK_REFUSED_TOO_FAST;
    return BRK_ADMITTED;
}

enum brk_refusal brk_access_enter(struct brk_access *x, const struct cfg_config *c, unsigned listener,
                                  const struct net_addr *addresses, unsigned count, uint64_t now_ms,
                                  struct brk_admission **out)
{
    struct source key = source_of(listener, count ? &addresses[0] : NULL);
    enum brk_refusal result = BRK_REFUSED_NO_MEMORY;
    *out = NULL;
    if (!brk_access_permits(&c->listeners[listener].access, addresses, count))
        return BRK_REFUSED_DENIED;
    pthread_mutex_lock(&x->lock);
    struct of_listener *l = listener_of(x, listener);
    struct brk_admission *p = l ? place_of(x, l, &key) : NULL;
    if (p && (result = judge(x, c, p, count > 0, now_ms)) == BRK_ADMITTED) {
        x->count++;
        l->count++;
        p->count++;
        *out = p;
    } else if (p) {
        forget_unused(x, p);
    }
    pthread_mutex_unlock(&x->lock);
    return result;
}

void brk_access_leave(struct brk_access *x, struct brk_admission *place)
{
    pthread_mutex_lock(&x->lock);
    x->count--;
    place->of->count--;
    place->count--;
    forget_unused(x, place);
    pthread_mutex_unlock(&x->lock);
}
