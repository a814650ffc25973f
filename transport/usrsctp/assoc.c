/* Associations: setting up, peeling off, ending.
 *
 * Giving up a set-up. The stack refuses to abort an association that is not established yet, and would go on
 * sending INITs for minutes. But it believes packets: an ABORT with our own verification tag, given to it
 * as if the peer had sent it, ends the set-up the way a refusal does, events and failed messages included.
 * The tag is read from the INIT as it leaves and kept until the set-up is over. */
#include "transport/usrsctp/usrsctp_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

/* ---- Setting up ------------------------------------------------------------------------------------- */

static enum tr_code path_to(struct usr_endpoint *ep, const struct tr_target *to, struct usr_path **out,
                            struct tr_error *error)
{
    struct usr_loop *loop = usr_loop_of(&ep->base);
    const struct udp_socket *s = &ep->udp->socket;
    struct net_addr remote = to->addresses[0], local;
    struct usr_remote_key key;
    char text[NET_ADDR_TEXT], from[NET_ADDR_TEXT];
    enum { IANA_PORT = 9899 };

    net_addr_format(&remote, text, sizeof text);
    tr_address_unmap(&remote);
    bool v4 = remote.sa.sa_family == AF_INET, both = s->any && s->local.sa.sa_family == AF_INET6;
    if (!both && v4 != (s->local.sa.sa_family == AF_INET))
        return tr_fail(error, TR_INVALID, 0,
                       "connect to %s: the endpoint is bound to %s, of the other IP version", text,
                       net_addr_format(&ep->local, from, sizeof from));
    uint16_t port = to->encaps_port != 0 ? to->encaps_port : ep->kept.encaps_port;
    net_addr_set_port(&remote, port != 0 ? port : IANA_PORT);
    if (s->any && !udp_source_for(&remote, &local))
        return tr_fail(error, TR_UNREACHABLE, errno,
                       "connect to %s: %s; is there a route to it (`ip route get`)?", text, strerror(errno));
    usr_remote_key(&key, ep->udp, &remote, s->any ? &local : NULL);
    *out = usr_path_get(loop, &key, net_addr_port(&to->addresses[0]), ep->port);
    return *out != NULL ? TR_OK : tr_fail(error, TR_LIMIT, ENOMEM, "connect to %s: out of memory", text);
}

static enum tr_code connect_failed(int error_number, const struct tr_target *to, struct tr_error *error)
{
    char text[NET_ADDR_TEXT];
    net_addr_format(&to->addresses[0], text, sizeof text);
    enum tr_code code = usr_code(error_number);
    if (error_number == EADDRINUSE) /* a one-to-one socket that has one */
        code = TR_EXISTS;
    if (code == TR_EXISTS)
        return tr_fail(error, code, error_number,
                       "connect to %s: this endpoint has an association there already", text);
    if (code == TR_AGAIN || code == TR_NO_ASSOC)
        code = TR_SYSTEM;
    return tr_fail(error, code, error_number, "connect to %s: %s", text, strerror(error_number));
}

static void remember_setup(struct usr_endpoint *ep, uint32_t assoc, uint32_t tag, uint32_t path)
{
    struct usr_setup *s = calloc(1, sizeof *s);
    if (s == NULL)
        return; /* giving up will then take as long as the stack's own timers */
    *s = (struct usr_setup){assoc, tag, path, NULL};
    LL_PREPEND(ep->setups, s);
}

void usr_setup_over(struct usr_endpoint *ep, uint32_t assoc)
{
    struct usr_setup *s, *next;
    LL_FOREACH_SAFE(ep->setups, s, next)
    {
        if (assoc != 0 && s->assoc != assoc)
            continue;
        LL_DELETE(ep->setups, s);
        free(s);
    }
}

/* Lets the stack send an INIT and notes its tag. Returns 0 or an error number. */
static int start(struct usr_endpoint *ep, const struct sockaddr_conn *peer, uint32_t *tag)
{
    struct usr_loop *loop = usr_loop_of(&ep->base);
    struct sockaddr_conn to = *peer;
    loop->setup_tag = tag;
    int rc = usrsctp_connect(ep->so, (struct sockaddr *)&to, sizeof to);
    int error_number = errno;
    loop->setup_tag = NULL;
    return rc == 0 || error_number == EINPROGRESS ? 0 : error_number;
}

enum tr_code usr_connect_init(struct tr_endpoint *base, const struct tr_target *to, uint32_t *assoc,
                              struct tr_error *error)
{
    struct usr_endpoint *ep = usr_ep(base);
    struct sctp_status status;
    struct usr_path *path;
    enum tr_code code = path_to(ep, to, &path, error);
    if (code != TR_OK)
        return code;
    struct sockaddr_conn peer = usr_sconn(path);
    uint32_t tag = 0;
    int failed = start(ep, &peer, &tag);
    if (failed == EINVAL && base->style == TR_ONE_TO_ONE && !usr_status(ep, 0, &status)) {
        code = usr_endpoint_renew(ep, error);
        if (code != TR_OK)
            return code;
        failed = start(ep, &peer, &tag);
    }
    if (failed != 0)
        return connect_failed(failed, to, error);
    *assoc = usrsctp_getassocid(ep->so, (struct sockaddr *)&peer);
    usr_setup_over(ep, *assoc); /* of an earlier one with the same number */
    remember_setup(ep, *assoc, tag, path->index);
    usr_path_owner(path, ep);
    ep->ended = false;
    usr_ready_mark(ep);
    return TR_OK;
}

/* ---- Peeling off ------------------------------------------------------------------------------------ */

/* One-to-one: the next association that was accepted. */
static struct socket *take_accepted(struct usr_endpoint *ep, struct tr_error *error, enum tr_code *code)
{
    struct sockaddr_conn peer;
    socklen_t len = sizeof peer;
    struct socket *so = ep->listening ? usrsctp_accept(ep->so, (struct sockaddr *)&peer, &len) : NULL;
    if (so != NULL)
        return so;
    *code = ep->listening ? TR_AGAIN : TR_INVALID;
    tr_fail(error, *code, 0,
            ep->listening ? "no association waits to be accepted"
                          : "peel off: a one-to-one endpoint that does not listen has one association only");
    return NULL;
}

static struct socket *split_off(struct usr_endpoint *ep, uint32_t assoc, struct tr_error *error,
                                enum tr_code *code)
{
    struct socket *so = usrsctp_peeloff(ep->so, assoc);
    if (so == NULL) {
        *code = usr_code(errno);
        tr_fail(error, *code, errno, "peel off association %u: %s", assoc,
                *code == TR_NO_ASSOC ? "there is no such association" : strerror(errno));
    }
    return so;
}

/* What is under way for the association goes along. */
static void move_state(struct usr_endpoint *from, uint32_t assoc, struct usr_endpoint *to)
{
    struct usr_loop *loop = usr_loop_of(&from->base);
    struct usr_setup *s, *next;
    reasm_move(&loop->reassembly, &from->base.reading, assoc, &to->base.reading, to->peeled_assoc);
    adm_hold_back(&loop->reassembly.admission, &to->base.reading);
    usr_mode_move(from, assoc, to);
    LL_FOREACH_SAFE(from->setups, s, next)
    {
        if (s->assoc != assoc)
            continue;
        LL_DELETE(from->setups, s);
        s->assoc = to->peeled_assoc;
        LL_PREPEND(to->setups, s);
    }
}

enum tr_code usr_peeloff(struct tr_endpoint *base, uint32_t *assoc, void *cookie, struct tr_endpoint **out,
                         struct tr_error *error)
{
    struct usr_endpoint *ep = usr_ep(base);
    struct sctp_status status;
    enum tr_code code = TR_OK;
    bool accepting = base->style == TR_ONE_TO_ONE;
    struct socket *so = accepting ? take_accepted(ep, error, &code) : split_off(ep, *assoc, error, &code);
    if (so == NULL)
        return code;
    struct usr_endpoint *peeled = usr_endpoint_beside(ep, so);
    if (peeled == NULL)
        return tr_fail(error, TR_LIMIT, ENOMEM, "out of memory for an endpoint");
    peeled->base.cookie = cookie;
    peeled->peeled_assoc = usr_status(peeled, 0, &status) ? status.sstat_assoc_id : *assoc;
    if (!accepting)
        move_state(ep, *assoc, peeled);
    tr_alive_remove(&base->alive, *assoc);
    *assoc = peeled->peeled_assoc;
    tr_alive_add(&peeled->base.alive, *assoc);
    *out = &peeled->base;
    return TR_OK;
}

/* ---- Ending ----------------------------------------------------------------------------------------- */

static enum tr_code ask_for_end(struct usr_endpoint *ep, uint32_t assoc, uint16_t flag, const void *reason,
                                uint32_t len)
{
    struct sctp_sndinfo info = {.snd_flags = flag, .snd_assoc_id = assoc};
    usr_stack_limit(false); /* a full queue must not stand in the way */
    usr_make_room(ep, true);
    ssize_t n =
        usrsctp_sendv(ep->so, len ? reason : "", len, NULL, 0, &info, sizeof info, SCTP_SENDV_SNDINFO, 0);
    int error_number = errno;
    usr_make_room(ep, false);
    usr_stack_limit(true);
    usr_ready_mark(ep);
    return n >= 0 ? TR_OK : usr_code(error_number);
}

static enum tr_code end_failed(enum tr_code code, const char *what, uint32_t assoc, struct tr_error *error)
{
    if (code == TR_OK)
        return code;
    return tr_fail(error, code, 0, "%s association %u: %s", what, assoc,
                   code == TR_NO_ASSOC ? "there is no such association" : tr_code_text(code));
}

enum tr_code usr_eof(struct tr_endpoint *base, uint32_t assoc, struct tr_error *error)
{
    return end_failed(ask_for_end(usr_ep(base), assoc, SCTP_EOF, NULL, 0), "end", assoc, error);
}

static const struct usr_setup *find_setup(const struct usr_endpoint *ep, uint32_t assoc)
{
    const struct usr_setup *s;
    bool any = ep->base.style == TR_ONE_TO_ONE;
    LL_FOREACH(ep->setups, s)
    {
        if (any || s->assoc == assoc)
            return s;
    }
    return NULL;
}

/* Lets the stack believe that the peer has refused. */
static void refuse_setup(struct usr_endpoint *ep, const struct usr_setup *s)
{
    struct usr_loop *loop = usr_loop_of(&ep->base);
    struct usr_path *path = usr_path_at(loop, s->path);
    uint8_t packet[16] = {0, 0, (uint8_t)(ep->port >> 8), (uint8_t)ep->port};
    memcpy(packet + 4, &s->tag, sizeof s->tag); /* both are in network order */
    packet[12] = SCTP_ABORT_ASSOCIATION;
    packet[15] = 4; /* the chunk's length */
    if (path != NULL)
        usr_inject(path, packet, sizeof packet);
}

bool usr_give_up(struct usr_endpoint *ep, uint32_t assoc)
{
    struct sctp_status status;
    const struct usr_setup *s = find_setup(ep, assoc);
    if (s == NULL || !usr_status(ep, assoc, &status) ||
        (status.sstat_state != SCTP_COOKIE_WAIT && status.sstat_state != SCTP_COOKIE_ECHOED))
        return false;
    refuse_setup(ep, s);
    usr_ready_mark(ep);
    return true;
}

enum tr_code usr_abort(struct tr_endpoint *base, uint32_t assoc, const void *reason, uint32_t len,
                       struct tr_error *error)
{
    struct usr_endpoint *ep = usr_ep(base);
    if (usr_give_up(ep, assoc))
        return TR_OK;
    return end_failed(ask_for_end(ep, assoc, SCTP_ABORT, reason, len), "abort", assoc, error);
}
