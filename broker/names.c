/* The addresses of peers, and looking them up if the configuration has host names.
 *
 * Every worker looks names up for itself, with a resolver of its own in its loop (transport/resolve.h), so
 * the results are its own and it never blocks. It asks when there is something to connect, and keeps the
 * answer until a connect with it fails or an association made with it is lost: then the peer may have
 * moved, and the next connect asks again. Until the answer arrives, a standing association waits by
 * brk_standing.waits_until_ms, and an association of a session in worker->resolving. The answer resumes
 * all of them; a failure fails all of them, in the same way as a connect that fails, and is then
 * forgotten. Only one look-up for a peer is in progress at a time, however many associations wait for it
 * and however many of them give up (they wait as long as for a connect, so a name server that does not
 * answer costs no more than a peer that does not).
 *
 * A failed connect also advances `attempt`: the next one starts with another address. So a name that
 * stands for ::1 and 127.0.0.1 leads to a peer that listens at one of them, even with a stack that takes
 * only one address. A failure is about the addresses that were tried: `round` distinguishes a late one
 * from one of the current answer. */
#include "broker/names.h"

#include <stdio.h>
#include <stdlib.h>

#include <utlist.h>

#include "broker/check.h"
#include "broker/log.h"
#include "broker/state.h"
#include "config/config.h"
#include "config/same.h"
#include "config/sctp/address.h"
#include "transport/resolve.h"
#include "transport/transport.h"

#define LIST_TEXT 512 /* size of a list of addresses in the log */

enum state { UNKNOWN, ASKED, KNOWN, FAILED };

/* The cookie of its question. */
struct host {
    uint32_t magic; /* BRK_HOST_MAGIC */
    struct brk_names *names;
    struct tr_answer answer;
};

struct brk_names {
    unsigned peer;
    enum state state;
    bool numeric;     /* all its hosts are: always KNOWN */
    unsigned missing; /* answers still to come */
    unsigned round, attempt;
    struct net_addr addresses[TR_RESOLVE_MAX]; /* the addresses for the next connect */
    unsigned count, found;                     /* the number of those, and of all that were found */
    struct tr_error error;                     /* FAILED: the reason */
    struct host *hosts;                        /* one for each host; NULL if all are numeric */
    struct brk_names *prev, *next;             /* worker->names_stale */
};

static void free_names(struct brk_names *n)
{
    if (n)
        free(n->hosts);
    free(n);
}

static const struct cfg_peer *peer_of(const struct brk_worker *w, const struct brk_names *n)
{
    return &w->config->peers[n->peer];
}

static void fail(struct brk_names *n, const struct tr_error *error)
{
    n->state = FAILED;
    n->error = *error;
}

static void add_unique(struct brk_names *n, const struct net_addr *a)
{
    for (unsigned i = 0; i < n->count; i++)
        if (net_addr_equal(&n->addresses[i], a))
            return;
    if (n->count < TR_RESOLVE_MAX)
        n->addresses[n->count++] = *a;
}

static const char *list_text(const struct net_addr *list, unsigned count, char out[LIST_TEXT])
{
    char one[NET_ADDR_TEXT];
    size_t used = 0;
    out[0] = '\0';
    for (unsigned i = 0; i < count && used + sizeof one + 1 < LIST_TEXT; i++)
        used += (size_t)snprintf(out + used, LIST_TEXT - used, "%s%s", i ? "," : "",
                                 net_addr_format(&list[i], one, sizeof one));
    return out;
}

/* Collects the addresses found for the peer's hosts; the first error if there are none. */
static void collect(const struct brk_worker *w, struct brk_names *n)
{
    const struct cfg_peer *p = peer_of(w, n);
    char quoted[300];
    n->count = 0;
    for (unsigned i = 0; i < p->host_count; i++)
        for (unsigned a = 0; a < n->hosts[i].answer.count; a++)
            add_unique(n, &n->hosts[i].answer.addresses[a]);
    n->found = n->count;
    const struct tr_error *why = NULL;
    for (unsigned i = 0; i < p->host_count; i++) {
        const struct tr_answer *answer = &n->hosts[i].answer;
        if (answer->code == TR_OK)
            continue;
        why = why ? why : &answer->error;
        if (n->found) /* otherwise the connect fails with this reason */
            brk_log(CFG_LOG_WARNING, "not_resolved", "peer=%s host=%s error=%s", p->name, p->hosts[i].name,
                    brk_quote(answer->error.text, quoted, sizeof quoted));
    }
    if (n->found)
        n->state = KNOWN;
    else
        fail(n, why);
}

/* Chooses those of the addresses found that fit this worker's backend and the peer's `local`. */
static void choose(const struct brk_worker *w, struct brk_names *n)
{
    const struct cfg_peer *p = peer_of(w, n);
    struct tr_error error = {.code = TR_UNREACHABLE};
    char text[LIST_TEXT];
    list_text(n->addresses, n->found, text);
    n->count =
        tr_choose_addresses(w->broker->backend, p->local, p->local_count, n->attempt, n->addresses, n->found);
    if (n->count == 0) {
        snprintf(error.text, sizeof error.text,
                 "%.150s cannot be reached from `local`; add a local %s address there", text,
                 n->addresses[0].sa.sa_family == AF_INET6 ? "IPv6" : "IPv4");
        fail(n, &error);
        return;
    }
    brk_log(CFG_LOG_INFO, "resolved", "peer=%s addresses=%s left_out=%u worker=%u", p->name,
            list_text(n->addresses, n->count, text), n->found - n->count, w->index);
}

/* All answers have arrived. */
static void settle(const struct brk_worker *w, struct brk_names *n)
{
    n->round++;
    collect(w, n);
    if (n->state == KNOWN)
        choose(w, n);
}

/* Asks for all hosts of the peer; their answers are awaited together. */
static void ask(struct brk_worker *w, struct brk_names *n)
{
    const struct cfg_peer *p = peer_of(w, n);
    n->missing = 0;
    for (unsigned i = 0; i < p->host_count; i++) {
        struct tr_answer *a = &n->hosts[i].answer;
        a->count = 0;
        a->code = TR_OK;
        if (!p->hosts[i].name)
            a->addresses[a->count++] = p->hosts[i].address;
        else if ((a->code = tr_resolver_ask(w->resolver, p->hosts[i].name, p->port, &n->hosts[i],
                                            &a->error)) == TR_OK)
            n->missing++;
    }
    n->state = ASKED;
    if (n->missing == 0) /* no look-up could be started: no memory, no thread */
        settle(w, n);
}

enum tr_code brk_names_get(struct brk_worker *w, unsigned peer, const struct net_addr **addresses,
                           unsigned *count, unsigned *round, struct tr_error *error)
{
    struct brk_names *n = w->names[peer];
    bool asks = n->state == UNKNOWN;
    if (asks)
        ask(w, n);
    *addresses = n->addresses;
    *count = n->count;
    *round = n->round;
    if (n->state == KNOWN)
        return TR_OK;
    if (n->state == ASKED)
        return TR_AGAIN;
    *error = n->error;
    if (asks) /* otherwise brk_names_read resets it, when all that waited have been told */
        n->state = UNKNOWN;
    return error->code;
}

unsigned brk_names_found(const struct brk_worker *w, unsigned peer)
{
    return w->names[peer]->numeric ? 1 : w->names[peer]->found;
}

void brk_names_failed(struct brk_worker *w, unsigned peer, unsigned round, bool was_up)
{
    struct brk_names *n = w->names[peer];
    if (n->numeric || n->state != KNOWN || n->round != round)
        return;
    n->state = UNKNOWN;
    n->attempt += !was_up;
}

void brk_names_read(struct brk_worker *w, void (*resolved)(struct brk_worker *w, unsigned peer))
{
    struct tr_answer answer;
    while (tr_resolver_next(w->resolver, &answer)) {
        struct host *h = brk_checked(answer.cookie, BRK_HOST_MAGIC);
        struct brk_names *n = h->names;
        h->answer = answer;
        if (--n->missing > 0)
            continue;
        if (n != w->names[n->peer]) { /* about a peer that has other addresses now */
            DL_DELETE(w->names_stale, n);
            free_names(n);
            continue;
        }
        settle(w, n);
        resolved(w, n->peer);
        if (n->state == FAILED) /* the next connect asks again */
            n->state = UNKNOWN;
    }
}

static bool has_name(const struct cfg_peer *p)
{
    for (unsigned i = 0; i < p->host_count; i++)
        if (p->hosts[i].name)
            return true;
    return false;
}

static struct brk_names *new_names(unsigned peer, const struct cfg_peer *p)
{
    struct brk_names *n = calloc(1, sizeof *n);
    if (!n)
        return NULL;
    n->peer = peer;
    if (has_name(p)) {
        n->hosts = calloc(p->host_count, sizeof *n->hosts);
        for (unsigned i = 0; n->hosts && i < p->host_count; i++)
            n->hosts[i] = (struct host){.magic = BRK_HOST_MAGIC, .names = n};
        if (n->hosts)
            return n;
        free(n);
        return NULL;
    }
    n->numeric = true;
    n->state = KNOWN;
    for (unsigned i = 0; i < p->host_count; i++)
        add_unique(n, &p->hosts[i].address);
    return n;
}

static enum tr_code open_resolver(struct brk_worker *w, struct tr_error *error)
{
    struct tr_resolver *r = NULL;
    enum tr_code code = tr_resolver_open(&r, error);
    if (code == TR_OK)
        code = tr_loop_add_fd(w->loop, tr_resolver_fd(r), r, error);
    if (code == TR_OK)
        w->resolver = r;
    else
        tr_resolver_close(r); /* the next plan tries again */
    return code;
}

/* Whether the addresses known for a peer are still valid. */
static bool stays(const struct brk_worker *w, const struct cfg_config *c, unsigned peer)
{
    return w->names && peer < w->config->peer_count && w->names[peer] &&
           cfg_same_remote(&w->config->peers[peer], &c->peers[peer]);
}

bool brk_names_prepare(struct brk_worker *w, const struct cfg_config *c, struct tr_error *error)
{
    *error = (struct tr_error){.code = TR_LIMIT, .text = "out of memory"};
    w->names_next = calloc(c->peer_count + 1, sizeof(struct brk_names *));
    w->names_next_count = c->peer_count;
    if (!w->names_next)
        return false;
    for (unsigned i = 0; i < c->peer_count; i++) {
        w->names_next[i] = stays(w, c, i) ? w->names[i] : new_names(i, &c->peers[i]);
        if (!w->names_next[i])
            return false;
        if (!w->resolver && has_name(&c->peers[i]) && open_resolver(w, error) != TR_OK)
            return false;
    }
    return true;
}

void brk_names_abandon(struct brk_worker *w)
{
    for (unsigned i = 0; w->names_next && i < w->names_next_count; i++)
        if (!w->names || i >= w->names_count || w->names_next[i] != w->names[i])
            free_names(w->names_next[i]);
    free(w->names_next);
    w->names_next = NULL;
}

void brk_names_adopt(struct brk_worker *w)
{
    for (unsigned i = 0; i < w->names_count; i++) {
        struct brk_names *n = w->names[i];
        if (n == w->names_next[i])
            continue;
        if (n->state == ASKED)
            DL_APPEND(w->names_stale, n);
        else
            free_names(n);
    }
    free(w->names);
    w->names = w->names_next;
    w->names_count = w->names_next_count;
    w->names_next = NULL;
}

enum tr_code brk_names_open(struct brk_worker *w, struct tr_error *error)
{
    if (!brk_names_prepare(w, w->config, error)) {
        brk_names_abandon(w);
        return error->code;
    }
    brk_names_adopt(w);
    return TR_OK;
}

void brk_names_close(struct brk_worker *w)
{
    struct brk_names *n, *tmp;
    if (w->resolver)
        tr_loop_remove_fd(w->loop, tr_resolver_fd(w->resolver));
    tr_resolver_close(w->resolver);
    brk_names_abandon(w);
    for (unsigned i = 0; i < w->names_count; i++)
        free_names(w->names[i]);
    free(w->names);
    DL_FOREACH_SAFE(w->names_stale, n, tmp)
    {
        DL_DELETE(w->names_stale, n);
        free_names(n);
    }
}
