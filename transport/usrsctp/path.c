/* Paths: what the stack's address handles stand for.
 *
 * Memory. Anybody can send packets from any address, so packets alone must not make us grow. A path for good
 * gets whom we connect to, and who has completed the handshake: an association exists only after COOKIE ECHO
 * (RFC 9260 5.1.3). Between INIT and COOKIE ECHO the stack remembers nothing, but its cookie's signature
 * covers the handle, so both must come from the same one. Whoever sends an INIT is therefore a candidate: a
 * fixed number of them, the oldest gives way. A flood of INITs can make peers try again, no more.
 * All other packets of unknown senders run on a few transient paths that take turns, good for one packet and
 * its answer.
 *
 * Letting go. The stack does not say when it has done with an address. From time to time all associations of
 * the loop's endpoints (those that are closing down included) are looked at, and paths that none of them uses
 * go on the free list. Nothing of the stack's refers to such a path except, for a moment, answers to stray
 * packets, and those arrive on a transient path. One exception: associations in the accept queue of a
 * one-to-one listener cannot be seen; while there is such a listener, only paths go on which nothing
 * moved for a long time (heartbeats move every 30 s).
 *
 * A peer that comes from another IP address or UDP port than before (RFC 6951 5.4, after a NAT has lost its
 * mapping) is another path: its association there ends with an ABORT, and it has to set up a new one.
 * Following it would need the stack to change an association's address, which AF_CONN does not offer.
 *
 * Numbers are used again rather than taken from the stack and told to it anew, see usrsctp_stack.c. The stack
 * goes through all it was told for every packet, so their number counts: it is that of paths at one time. */
#include "transport/usrsctp/usrsctp_priv.h"

#include <stdlib.h>
#include <string.h>

#include <utlist.h>

enum {
    CANDIDATES = 1024,
    CLEAN_EVERY_MS = 30000,
    CLEAN_AFTER = 64,  /* ended associations */
    SILENT_MS = 90000, /* longer than a heartbeat interval and its retransmissions */
    MOMENT_MS = 1000
};

/* ---- The table -------------------------------------------------------------------------------------- */

static struct usr_path *new_path(struct usr_paths *p)
{
    if (p->count == p->room) {
        uint32_t room = p->room ? 2 * p->room : 2 * USR_TRANSIENT_PATHS;
        struct usr_path **all = realloc(p->all, room * sizeof *all);
        if (all == NULL)
            return NULL;
        p->all = all;
        p->room = room;
    }
    struct usr_path *path = calloc(1, sizeof *path);
    if (path == NULL)
        return NULL;
    path->index = p->base + p->count;
    p->all[p->count++] = path;
    return path;
}

bool usr_paths_init(struct usr_paths *p)
{
    for (unsigned i = 0; i < USR_TRANSIENT_PATHS; i++)
        if (new_path(p) == NULL) {
            usr_paths_fini(p);
            return false;
        }
    return true;
}

void usr_paths_fini(struct usr_paths *p)
{
    HASH_CLEAR(hh, p->table);
    for (uint32_t i = 0; i < p->count; i++)
        free(p->all[i]);
    free(p->all);
    *p = (struct usr_paths){0};
}

struct usr_path *usr_path_of(struct usr_loop *loop, const void *handle)
{
    struct usr_paths *p = &loop->paths;
    uintptr_t n = (uintptr_t)handle - 1 - p->base;
    return n < p->count && p->all[n]->used ? p->all[n] : NULL;
}

static void normalize(struct net_addr *to, const struct net_addr *from)
{
    to->sa.sa_family = from->sa.sa_family;
    if (from->sa.sa_family == AF_INET) {
        to->in4.sin_port = from->in4.sin_port;
        to->in4.sin_addr = from->in4.sin_addr;
    } else {
        to->in6.sin6_port = from->in6.sin6_port;
        to->in6.sin6_addr = from->in6.sin6_addr;
        to->in6.sin6_scope_id = from->in6.sin6_scope_id;
    }
}

void usr_path_key(struct usr_path_key *key, struct usr_udp *udp, const struct net_addr *remote,
                  const struct net_addr *local)
{
    memset(key, 0, sizeof *key); /* compared byte by byte */
    normalize(&key->remote, remote);
    if (udp->socket.any && local != NULL) {
        normalize(&key->local, local);
        net_addr_set_port(&key->local, 0);
    }
    key->udp = udp;
}

struct usr_path *usr_path_find(struct usr_loop *loop, const struct usr_path_key *key)
{
    struct usr_path *path;
    HASH_FIND(hh, loop->paths.table, key, sizeof *key, path);
    return path;
}

static void begin(struct usr_loop *loop, struct usr_path *path, const struct usr_path_key *key)
{
    const struct net_addr *local = key->local.sa.sa_family != 0 ? &key->local : NULL;
    path->key = *key;
    path->used = true;
    path->packets_in = 0;
    path->seen_ms = loop->now_ms;
    path->asked_ms = 0;
    path->answered = 0;
    udp_route_set(&path->route, &key->udp->socket, &key->remote, local);
}

static struct usr_path *enter(struct usr_loop *loop, const struct usr_path_key *key)
{
    struct usr_paths *p = &loop->paths;
    struct usr_path *path = p->free;
    if (path != NULL)
        LL_DELETE(p->free, path);
    else if ((path = new_path(p)) == NULL)
        return NULL;
    begin(loop, path, key);
    HASH_ADD(hh, p->table, key, sizeof path->key, path);
    return path;
}

struct usr_path *usr_path_get(struct usr_loop *loop, const struct usr_path_key *key)
{
    struct usr_path *path = usr_path_find(loop, key);
    if (path == NULL)
        path = enter(loop, key);
    if (path != NULL)
        usr_path_keep(loop, path);
    return path;
}

struct usr_path *usr_path_candidate(struct usr_loop *loop, const struct usr_path_key *key)
{
    struct usr_paths *p = &loop->paths;
    if (p->candidate_count == CANDIDATES)
        usr_path_release(loop, p->candidates);
    struct usr_path *path = enter(loop, key);
    if (path == NULL)
        return NULL;
    path->candidate = true;
    path->userland = true;
    p->candidate_count++;
    DL_APPEND(p->candidates, path);
    return path;
}

static void no_candidate(struct usr_paths *p, struct usr_path *path)
{
    if (!path->candidate)
        return;
    path->candidate = false;
    p->candidate_count--;
    DL_DELETE(p->candidates, path);
}

void usr_path_keep(struct usr_loop *loop, struct usr_path *path)
{
    if (path->candidate)
        path->route.segments = path->userland;
    no_candidate(&loop->paths, path);
    usr_stack_know(path);
}

struct usr_path *usr_path_transient(struct usr_loop *loop, const struct usr_path_key *key)
{
    struct usr_paths *p = &loop->paths;
    struct usr_path *path = p->all[p->transient_next++ % USR_TRANSIENT_PATHS];
    if (path->index == p->base)
        usr_flush(loop); /* answers of the last round must not go to the new senders */
    begin(loop, path, key);
    return path;
}

void usr_path_release(struct usr_loop *loop, struct usr_path *path)
{
    struct usr_paths *p = &loop->paths;
    usr_flush(loop); /* what waits in the outbox refers to its route */
    no_candidate(p, path);
    HASH_DEL(p->table, path);
    path->used = false;
    LL_PREPEND(p->free, path);
}

void usr_paths_forget(struct usr_loop *loop, const struct usr_udp *udp)
{
    struct usr_path *path, *next;
    HASH_ITER(hh, loop->paths.table, path, next)
    {
        if (path->key.udp == udp)
            usr_path_release(loop, path);
    }
    for (unsigned i = 0; i < USR_TRANSIENT_PATHS; i++)
        if (loop->paths.all[i]->key.udp == udp)
            loop->paths.all[i]->used = false;
}

/* ---- Associations on them --------------------------------------------------------------------------- */

bool usr_status(struct usr_endpoint *ep, uint32_t assoc, struct sctp_status *out)
{
    socklen_t len = sizeof *out;
    memset(out, 0, sizeof *out);
    out->sstat_assoc_id = assoc;
    return usrsctp_getsockopt(ep->so, IPPROTO_SCTP, SCTP_STATUS, out, &len) == 0;
}

bool usr_unsent(struct usr_endpoint *ep, uint32_t assoc)
{
    enum { SCTP_GET_SNDBUF_USE = 0x1101 }; /* usrsctp.h leaves both out */
    struct {
        sctp_assoc_t assoc_id;
        uint32_t sending, received;
    } use = {.assoc_id = assoc};
    socklen_t len = sizeof use;
    return usrsctp_getsockopt(ep->so, IPPROTO_SCTP, SCTP_GET_SNDBUF_USE, &use, &len) == 0 && use.sending != 0;
}

static struct sctp_assoc_ids *assoc_ids(struct usr_endpoint *ep)
{
    uint32_t count = 0;
    socklen_t len = sizeof count;
    if (usrsctp_getsockopt(ep->so, IPPROTO_SCTP, SCTP_GET_ASSOC_NUMBER, &count, &len) != 0 || count == 0)
        return NULL;
    len = (socklen_t)(sizeof(struct sctp_assoc_ids) + count * sizeof(sctp_assoc_t));
    struct sctp_assoc_ids *ids = malloc(len);
    if (ids == NULL || usrsctp_getsockopt(ep->so, IPPROTO_SCTP, SCTP_GET_ASSOC_ID_LIST, ids, &len) != 0) {
        free(ids);
        return NULL;
    }
    return ids;
}

unsigned usr_each_assoc(struct usr_endpoint *ep,
                        void (*fn)(struct usr_endpoint *ep, const struct sctp_status *s, void *arg),
                        void *arg)
{
    struct sctp_status status;
    unsigned count = 0;
    if (ep->base.style == TR_ONE_TO_ONE || ep->peeled_assoc != 0) {
        if (ep->listening || !usr_status(ep, 0, &status))
            return 0;
        fn(ep, &status, arg);
        return 1;
    }
    struct sctp_assoc_ids *ids = assoc_ids(ep);
    for (uint32_t i = 0; ids != NULL && i < ids->gaids_number_of_ids; i++)
        if (usr_status(ep, ids->gaids_assoc_id[i], &status)) {
            fn(ep, &status, arg);
            count++;
        }
    free(ids);
    return count;
}

static const struct sockaddr_conn *primary_of(const struct sctp_status *s)
{
    return (const struct sockaddr_conn *)&s->sstat_primary.spinfo_address;
}

static void mark(struct usr_endpoint *ep, const struct sctp_status *s, void *arg)
{
    struct usr_loop *loop = arg;
    struct usr_path *path = usr_path_of(loop, primary_of(s)->sconn_addr);
    (void)ep;
    if (path != NULL)
        path->mark = loop->paths.mark;
}

static void sweep(struct usr_loop *loop, int64_t idle_ms)
{
    struct usr_path *path, *next;
    HASH_ITER(hh, loop->paths.table, path, next)
    {
        if (!path->candidate && path->mark != loop->paths.mark && loop->now_ms - path->seen_ms >= idle_ms)
            usr_path_release(loop, path);
    }
}

void usr_paths_clean(struct usr_loop *loop)
{
    struct usr_paths *p = &loop->paths;
    unsigned enough = CLEAN_AFTER + HASH_COUNT(p->table) / 2;
    if (p->ended < enough && loop->now_ms - p->cleaned_ms < CLEAN_EVERY_MS)
        return;
    p->ended = 0;
    p->cleaned_ms = loop->now_ms;
    p->mark++;
    bool unseen = false;
    for (struct usr_endpoint *ep = loop->endpoints; ep != NULL; ep = ep->next) {
        usr_each_assoc(ep, mark, loop);
        unseen |= ep->listening;
    }
    for (struct usr_endpoint *ep = loop->closing_down; ep != NULL; ep = ep->next)
        usr_each_assoc(ep, mark, loop);
    sweep(loop, unseen ? SILENT_MS : MOMENT_MS);
}

bool usr_peer_address(struct usr_loop *loop, const struct sockaddr_conn *sconn, struct net_addr *remote,
                      struct net_addr *local)
{
    struct usr_path *path = sconn->sconn_family == AF_CONN ? usr_path_of(loop, sconn->sconn_addr) : NULL;
    if (path == NULL)
        return false;
    if (remote != NULL) {
        *remote = path->key.remote;
        net_addr_set_port(remote, ntohs(sconn->sconn_port));
    }
    if (local != NULL)
        *local = path->key.local.sa.sa_family != 0 ? path->key.local : path->key.udp->socket.local;
    return true;
}

struct sockaddr_conn usr_sconn(const struct usr_path *path, uint16_t port)
{
    return (struct sockaddr_conn){
        .sconn_family = AF_CONN, .sconn_port = htons(port), .sconn_addr = usr_path_handle(path)};
}

void usr_show_address(const struct usr_endpoint *ep, struct net_addr *a)
{
    if (ep->kept.mapped_v4 && ep->local.sa.sa_family == AF_INET6)
        udp_map(a);
}
