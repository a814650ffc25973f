/* Remotes: remote IP addresses and UDP ports, shared by the paths that lead there.
 *
 * What leaves for one remote leaves in runs, whichever associations it belongs to (udp_outbox.c); so what a
 * packet's way needs, its route, is the remote's and not the path's. A remote lives as long as a path leads
 * there, and senders without a path get none: anybody can send from any address, and packets alone must not
 * make us grow. */
#include "transport/usrsctp/usrsctp_priv.h"

#include <stdlib.h>
#include <string.h>

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

void usr_remote_key(struct usr_remote_key *key, struct usr_udp *udp, const struct net_addr *remote,
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

struct usr_remote *usr_remote_find(struct usr_loop *loop, const struct usr_remote_key *key)
{
    struct usr_remote *remote;
    HASH_FIND(hh, loop->paths.remotes, key, sizeof *key, remote);
    return remote;
}

static void begin(struct usr_remote *remote, const struct usr_remote_key *key)
{
    const struct net_addr *local = key->local.sa.sa_family != 0 ? &key->local : NULL;
    remote->key = *key;
    udp_route_set(&remote->route, &key->udp->socket, &key->remote, local);
}

struct usr_remote *usr_remote_get(struct usr_loop *loop, const struct usr_remote_key *key)
{
    struct usr_remote *remote = usr_remote_find(loop, key);
    if (remote == NULL) {
        remote = calloc(1, sizeof *remote);
        if (remote == NULL)
            return NULL;
        begin(remote, key);
        HASH_ADD(hh, loop->paths.remotes, key, sizeof remote->key, remote);
    }
    remote->paths++;
    return remote;
}

void usr_remote_put(struct usr_loop *loop, struct usr_remote *remote)
{
    if (--remote->paths > 0)
        return;
    udp_outbox_end_route(loop->outbox, &remote->route);
    HASH_DEL(loop->paths.remotes, remote);
    free(remote);
}

struct usr_remote *usr_remote_stray(struct usr_loop *loop, const struct usr_remote_key *key)
{
    struct usr_paths *p = &loop->paths;
    struct usr_remote *remote = &p->strays[p->next_stray++ % USR_STRAYS];
    udp_outbox_end_route(loop->outbox, &remote->route); /* the answer of the last round is not for this one */
    begin(remote, key);
    return remote;
}
