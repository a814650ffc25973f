/* Paths: what the stack's addresses stand for.
 *
 * Names. The stack gets every packet from the address of a path, and to it: usrsctp_conninput takes one. It
 * goes through all addresses it was told of as local for every packet, and through all associations with the
 * same port of the peer where a packet's tag tells it nothing. Told of one address a path, and with the ports
 * that peers choose (all the same one, often), its work grew with the number of associations. So a path's
 * name is a number in two parts: few addresses, of which the stack knows, and the port, which is ours, too.
 * Packets have the port of the name between the stack and us, and the peer's on the wire (input.c).
 *
 * Memory. Anybody can send packets from any address, so packets alone must not make us grow. A path for good
 * gets whom we connect to, and who has completed the handshake: an association exists only after COOKIE ECHO
 * (RFC 9260 5.1.3). Between INIT and COOKIE ECHO the stack remembers nothing, but its cookie's signature
 * covers the name, so both must come on the same path. Whoever sends an INIT is therefore a candidate: a
 * fixed number of them, the oldest gives way. A flood of INITs can make peers try again, no more.
 * All other packets of unknown senders are answered without the stack (stray.c).
 *
 * Letting go. The stack does not say when it has done with an address. From time to time all associations of
 * the loop's endpoints (those that are closing down included) are looked at, and paths that none of them uses
 * go on the free list. Nothing of the stack's refers to such a path any more. One exception: associations in
 * the accept queue of a one-to-one listener cannot be seen; while there is such a listener, only paths go on
 * which nothing moved for a long time (heartbeats move every 30 s). Names are used again: what was made for
 * the path before, cookies above all, is not valid on the next one (cookie.c).
 *
 * A peer that comes from another IP address or UDP port than before (RFC 6951 5.4, after a NAT has lost its
 * mapping) is another path: its association there ends with an ABORT, and it has to set up a new one.
 * Following it would need the stack to change an association's address, which AF_CONN does not offer. */
#include "transport/usrsctp/usrsctp_priv.h"

#include <stdlib.h>
#include <string.h>

#include <utlist.h>

enum {
    PORTS = 65535, /* of an address, beginning with 1 */
    FIRST_ROOM = 64,
    CANDIDATES = 1024,
    CLEAN_EVERY_MS = 30000,
    CLEAN_AFTER = 64,  /* ended associations */
    SILENT_MS = 90000, /* longer than a heartbeat interval and its retransmissions */
    MOMENT_MS = 1000
};

/* ---- Names ------------------------------------------------------------------------------------------ */

static void *address_of(uint32_t index)
{
    return (void *)((uintptr_t)index / PORTS + 1);
}

/* The port stands for itself, in no byte order: its low bits are those by which the stack spreads. */
struct sockaddr_conn usr_sconn(const struct usr_path *path)
{
    return (struct sockaddr_conn){.sconn_family = AF_CONN,
                                  .sconn_port = (uint16_t)(path->index % PORTS + 1),
                                  .sconn_addr = address_of(path->index)};
}

struct usr_path *usr_path_at(struct usr_loop *loop, uint32_t index)
{
    struct usr_paths *p = &loop->paths;
    uint32_t n = index - p->base;
    return n < p->count && p->all[n]->used ? p->all[n] : NULL;
}

struct usr_path *usr_path_of(struct usr_loop *loop, const struct sockaddr_conn *sconn)
{
    uintptr_t address = (uintptr_t)sconn->sconn_addr;
    if (sconn->sconn_family != AF_CONN || sconn->sconn_port == 0 || address == 0 ||
        address > UINT32_MAX / PORTS)
        return NULL;
    return usr_path_at(loop, (uint32_t)(address - 1) * PORTS + sconn->sconn_port - 1);
}

/* ---- The table -------------------------------------------------------------------------------------- */

static struct usr_path *new_path(struct usr_paths *p)
{
    if (p->count == p->room) {
        uint32_t room = p->room ? 2 * p->room : FIRST_ROOM;
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
    if (p->count == 0 || path->index % PORTS == 0)
        usrsctp_register_address(address_of(path->index));
    p->all[p->count++] = path;
    return path;
}

void usr_paths_fini(struct usr_paths *p)
{
    HASH_CLEAR(hh, p->table);
    for (uint32_t i = 0; i < p->count; i++)
        free(p->all[i]);
    free(p->all);
    *p = (struct usr_paths){0};
}

struct usr_path *usr_path_find(struct usr_loop *loop, struct usr_remote *remote, uint16_t peer_port,
                               uint16_t port)
{
    struct usr_path *path;
    struct usr_path_key key = {remote, peer_port, port, 0};
    HASH_FIND(hh, loop->paths.table, &key, sizeof key, path);
    return path;
}

static struct usr_path *unused_path(struct usr_paths *p)
{
    struct usr_path *path = p->free;
    if (path == NULL)
        return new_path(p);
    LL_DELETE(p->free, path);
    return path;
}

static struct usr_path *enter(struct usr_loop *loop, const struct usr_remote_key *at, uint16_t peer_port,
                              uint16_t port)
{
    struct usr_paths *p = &loop->paths;
    struct usr_remote *remote = usr_remote_get(loop, at);
    struct usr_path *path = remote != NULL ? unused_path(p) : NULL;
    if (path == NULL) {
        if (remote != NULL)
            usr_remote_put(loop, remote);
        return NULL;
    }
    path->key = (struct usr_path_key){remote, peer_port, port, 0};
    path->used = true;
    path->packets_in = 0;
    path->seen_ms = loop->now_ms;
    path->answered = 0;
    arc4random_buf(path->seal, sizeof path->seal);
    HASH_ADD(hh, p->table, key, sizeof path->key, path);
    return path;
}

struct usr_path *usr_path_get(struct usr_loop *loop, const struct usr_remote_key *key, uint16_t peer_port,
                              uint16_t port)
{
    struct usr_remote *remote = usr_remote_find(loop, key);
    struct usr_path *path = remote != NULL ? usr_path_find(loop, remote, peer_port, port) : NULL;
    if (path == NULL)
        path = enter(loop, key, peer_port, port);
    if (path != NULL)
        usr_path_keep(loop, path);
    return path;
}

struct usr_path *usr_path_candidate(struct usr_loop *loop, const struct usr_remote_key *key,
                                    uint16_t peer_port, uint16_t port)
{
    struct usr_paths *p = &loop->paths;
    if (p->candidate_count == CANDIDATES)
        usr_path_release(loop, p->candidates);
    struct usr_path *path = enter(loop, key, peer_port, port);
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
        path->key.remote->route.segments = path->userland;
    no_candidate(&loop->paths, path);
}

void usr_path_owner(struct usr_path *path, struct usr_endpoint *ep)
{
    if (path->ep != NULL)
        DL_DELETE2(path->ep->paths, path, ep_prev, ep_next);
    path->ep = ep;
    if (ep != NULL)
        DL_APPEND2(ep->paths, path, ep_prev, ep_next);
}

void usr_path_release(struct usr_loop *loop, struct usr_path *path)
{
    struct usr_paths *p = &loop->paths;
    no_candidate(p, path);
    usr_silence_over(p, path);
    usr_path_owner(path, NULL);
    HASH_DEL(p->table, path);
    usr_remote_put(loop, path->key.remote);
    path->used = false;
    LL_PREPEND(p->free, path);
}

void usr_paths_forget(struct usr_loop *loop, const struct usr_udp *udp)
{
    struct usr_path *path, *next;
    HASH_ITER(hh, loop->paths.table, path, next)
    {
        if (path->key.remote->key.udp == udp)
            usr_path_release(loop, path);
    }
}

/* ---- Letting go ------------------------------------------------------------------------------------- */

static void mark(struct usr_endpoint *ep, const struct sctp_status *s, void *arg)
{
    struct usr_loop *loop = arg;
    struct usr_path *path = usr_path_of(loop, usr_primary(s));
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
