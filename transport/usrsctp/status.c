/* What the stack says about an association. */
#include "transport/usrsctp/usrsctp_priv.h"

#include <stdlib.h>
#include <string.h>

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

bool usr_assoc_exists(struct tr_endpoint *ep, uint32_t assoc)
{
    struct sctp_status status;
    return usr_status(usr_ep(ep), assoc, &status);
}

unsigned usr_assocs(struct tr_endpoint *ep, uint32_t **out)
{
    struct socket *so = usr_ep(ep)->so;
    uint32_t count = 0;
    socklen_t len = sizeof count;
    *out = NULL;
    if (usrsctp_getsockopt(so, IPPROTO_SCTP, SCTP_GET_ASSOC_NUMBER, &count, &len) != 0 || count == 0)
        return 0;
    len = (socklen_t)(sizeof(struct sctp_assoc_ids) + count * sizeof(sctp_assoc_t));
    struct sctp_assoc_ids *list = malloc(len);
    if (list == NULL || usrsctp_getsockopt(so, IPPROTO_SCTP, SCTP_GET_ASSOC_ID_LIST, list, &len) != 0) {
        free(list);
        return 0;
    }
    unsigned found = list->gaids_number_of_ids;
    *out = memmove(list, list->gaids_assoc_id, found * sizeof(sctp_assoc_t)); /* in the list's memory */
    return found;
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
    uint32_t *ids;
    unsigned listed = usr_assocs(&ep->base, &ids);
    for (unsigned i = 0; i < listed; i++)
        if (usr_status(ep, ids[i], &status)) {
            fn(ep, &status, arg);
            count++;
        }
    free(ids);
    return count;
}

const struct sockaddr_conn *usr_primary(const struct sctp_status *s)
{
    return (const struct sockaddr_conn *)&s->sstat_primary.spinfo_address;
}

bool usr_peer_address(struct usr_loop *loop, const struct sockaddr_conn *sconn, struct net_addr *remote,
                      struct net_addr *local)
{
    const struct usr_path *path = usr_path_of(loop, sconn);
    if (path == NULL)
        return false;
    const struct usr_remote_key *key = &path->key.remote->key;
    if (remote != NULL) {
        *remote = key->remote;
        net_addr_set_port(remote, path->key.peer_port);
    }
    if (local != NULL)
        *local = key->local.sa.sa_family != 0 ? key->local : key->udp->socket.local;
    return true;
}

void usr_show_address(const struct usr_endpoint *ep, struct net_addr *a)
{
    if (ep->kept.mapped_v4 && ep->local.sa.sa_family == AF_INET6)
        udp_map(a);
}
