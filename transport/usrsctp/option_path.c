/* Options about paths and what the stack says about an association.
 *
 * An association has one path here, and the user names it by IP address; the stack knows it by its handle.
 * Path MTUs are the user's, IP packets whole; the stack counts what is left for chunks behind its common
 * header. */
#include "transport/usrsctp/option_priv.h"

#include <string.h>

enum {
    COMMON_HEADER = 12,
    UDP_HEADER = 8,
    IPV4_HEADER = 20,
    IPV6_HEADER = 40,
    SMALLEST = 512,  /* the stack's, without headers */
    LINK_MTU = 1500, /* what every link of today carries; larger ones are configured (pathmtu) */
    HB_ENABLE = 1,   /* the contract's flags; up to here they are the stack's, too */
    HB_DISABLE = 2,
    HB_DEMAND = 4,
    PMTUD_ENABLE = 8,
    PMTUD_DISABLE = 16,
    SACKDELAY_ENABLE = 32,
    SACKDELAY_DISABLE = 64
};

static uint32_t header_bytes(bool v4)
{
    return (v4 ? IPV4_HEADER : IPV6_HEADER) + UDP_HEADER + COMMON_HEADER;
}

/* What surrounds the chunks of a packet to this association's peer, or of any from this endpoint. */
static uint32_t overhead(struct tr_endpoint *base, uint32_t assoc)
{
    struct usr_endpoint *ep = usr_ep(base);
    struct sctp_status status;
    struct net_addr remote;
    if ((assoc != 0 || base->style == TR_ONE_TO_ONE) && usr_status(ep, assoc, &status) &&
        usr_peer_address(usr_loop_of(base), usr_primary(&status), &remote, NULL))
        return header_bytes(remote.sa.sa_family == AF_INET);
    return header_bytes(ep->local.sa.sa_family == AF_INET);
}

/* ---- Which path ------------------------------------------------------------------------------------- */

static struct sockaddr_conn any_path(void)
{
    return (struct sockaddr_conn){.sconn_family = AF_CONN};
}

/* The stack's form of the path that the user names by `text`; NULL: every path. */
static enum tr_code path_named(struct tr_endpoint *base, uint32_t assoc, const char *text, enum opt_id id,
                               struct sockaddr_conn *out, struct tr_error *error)
{
    struct sctp_status status;
    struct net_addr wanted, remote;
    *out = any_path();
    if (text == NULL)
        return TR_OK;
    if (!net_addr_parse(text, 0, &wanted))
        return tr_fail(error, TR_INVALID, 0, "%s: %s is not an address", opt_rows[id].name, text);
    if (!usr_status(usr_ep(base), assoc, &status))
        return tr_fail(error, TR_NO_ASSOC, 0, "%s: an address needs an association, and %u is none",
                       opt_rows[id].name, assoc);
    *out = *usr_primary(&status);
    if (!usr_peer_address(usr_loop_of(base), out, &remote, NULL))
        return tr_fail(error, TR_NO_ASSOC, 0, "%s: association %u has no path", opt_rows[id].name, assoc);
    net_addr_set_port(&remote, 0);
    if (!net_addr_equal(&wanted, &remote))
        return tr_fail(error, TR_ADDR_UNKNOWN, 0, "%s: %s is not an address of this association's peer",
                       opt_rows[id].name, text);
    return TR_OK;
}

static void put_address(struct tr_endpoint *base, const void *sconn, enum opt_field field,
                        struct opt_set *out)
{
    struct net_addr remote;
    char text[NET_ADDR_TEXT];
    if (!usr_peer_address(usr_loop_of(base), sconn, &remote, NULL))
        return;
    net_addr_set_port(&remote, 0);
    opt_put_text(out, field, net_addr_format(&remote, text, sizeof text));
}

/* ---- peer_addr_params ------------------------------------------------------------------------------- */

static enum tr_code read_params(struct tr_endpoint *ep, uint32_t assoc, const struct sockaddr_conn *path,
                                struct sctp_paddrparams *p, struct tr_error *error)
{
    memset(p, 0, sizeof *p);
    memcpy(&p->spp_address, path, sizeof *path);
    p->spp_assoc_id = assoc;
    return usr_get(ep, OPT_PEER_ADDR_PARAMS, SCTP_PEER_ADDR_PARAMS, p, sizeof *p, error);
}

static enum tr_code write_params(struct tr_endpoint *ep, const struct sctp_paddrparams *p,
                                 struct tr_error *error)
{
    return usr_set(ep, OPT_PEER_ADDR_PARAMS, SCTP_PEER_ADDR_PARAMS, p, sizeof *p, error);
}

/* SACK delay is not one of the stack's path parameters but an option of its own, and so is how many packets
 * one SACK is for (delayed_ack_frequency): 1 means none is delayed. */
static enum tr_code set_sack_delay(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                   int64_t flags, struct tr_error *error)
{
    enum { EVERY_PACKET = 1, EVERY_OTHER = 2 };
    struct sctp_sack_info now = {.sack_assoc_id = assoc}, s = {.sack_assoc_id = assoc};
    if (!(flags & (SACKDELAY_ENABLE | SACKDELAY_DISABLE)))
        return TR_OK;
    enum tr_code code = usr_get(ep, OPT_PEER_ADDR_PARAMS, SCTP_DELAYED_SACK, &now, sizeof now, error);
    if (code != TR_OK)
        return code;
    if (flags & SACKDELAY_DISABLE)
        s.sack_freq = EVERY_PACKET;
    else if (now.sack_freq == EVERY_PACKET)
        s.sack_freq = EVERY_OTHER;
    if (flags & SACKDELAY_ENABLE)
        s.sack_delay = (uint32_t)opt_num(in, OPTF_PAP_SACKDELAY, 0);
    return usr_set(ep, OPT_PEER_ADDR_PARAMS, SCTP_DELAYED_SACK, &s, sizeof s, error);
}

static enum tr_code check_flags(int64_t flags, struct tr_error *error)
{
    static const int64_t opposites[] = {HB_ENABLE | HB_DISABLE, PMTUD_ENABLE | PMTUD_DISABLE,
                                        SACKDELAY_ENABLE | SACKDELAY_DISABLE};
    for (unsigned i = 0; i < sizeof opposites / sizeof *opposites; i++)
        if ((flags & opposites[i]) == opposites[i])
            return tr_fail(error, TR_INVALID, 0, "peer_addr_params: flags enable and disable the same thing");
    if (flags & PMTUD_ENABLE)
        return tr_fail(error, TR_UNSUPPORTED, 0,
                       "peer_addr_params: usrsctp has no path MTU discovery over UDP; give pathmtu");
    return TR_OK;
}

/* The stack takes a new heartbeat interval only while it enables heartbeats, so where they are off they are
 * switched on and off again for it. */
static enum tr_code set_heartbeat(struct tr_endpoint *ep, struct sctp_paddrparams p, uint32_t now,
                                  int64_t flags, uint32_t interval, struct tr_error *error)
{
    bool enabled = flags & HB_ENABLE || (!(flags & HB_DISABLE) && (now & SPP_HB_ENABLE));
    enum tr_code code = TR_OK;
    if (interval != 0 || (flags & HB_ENABLE)) {
        p.spp_flags = SPP_HB_ENABLE;
        p.spp_hbinterval = interval;
        code = write_params(ep, &p, error);
    }
    if (code == TR_OK && !enabled) {
        p.spp_flags = SPP_HB_DISABLE;
        p.spp_hbinterval = 0;
        code = write_params(ep, &p, error);
    }
    return code;
}

enum tr_code usr_set_PEER_ADDR_PARAMS(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                      struct tr_error *error)
{
    int64_t flags = opt_num(in, OPTF_PAP_FLAGS, 0), mtu = opt_num(in, OPTF_PAP_PATHMTU, 0);
    uint32_t interval = (uint32_t)opt_num(in, OPTF_PAP_HBINTERVAL, 0);
    struct sockaddr_conn path;
    struct sctp_paddrparams now, p;
    enum tr_code code = check_flags(flags, error);
    if (code == TR_OK)
        code = path_named(ep, assoc, opt_text(in, OPTF_PAP_ADDRESS), OPT_PEER_ADDR_PARAMS, &path, error);
    if (code == TR_OK)
        code = read_params(ep, assoc, &path, &now, error);
    if (code != TR_OK)
        return code;
    p = (struct sctp_paddrparams){.spp_address = now.spp_address,
                                  .spp_assoc_id = assoc,
                                  .spp_pathmaxrxt = (uint16_t)opt_num(in, OPTF_PAP_PATHMAXRXT, 0)};
    if (mtu != 0) {
        p.spp_flags |= SPP_PMTUD_DISABLE;
        p.spp_pathmtu = (uint32_t)mtu - overhead(ep, assoc);
        if (p.spp_pathmtu < SMALLEST || p.spp_pathmtu > (uint32_t)mtu)
            p.spp_pathmtu = SMALLEST;
    }
    if (p.spp_pathmaxrxt != 0 || mtu != 0)
        code = write_params(ep, &p, error);
    p.spp_pathmaxrxt = 0;
    p.spp_pathmtu = p.spp_flags = 0;
    if (code == TR_OK && (interval != 0 || (flags & (HB_ENABLE | HB_DISABLE))))
        code = set_heartbeat(ep, p, now.spp_flags, flags, interval, error);
    if (code == TR_OK && (flags & HB_DEMAND)) {
        p.spp_flags = SPP_HB_DEMAND;
        code = write_params(ep, &p, error);
    }
    return code == TR_OK ? set_sack_delay(ep, assoc, in, flags, error) : code;
}

enum tr_code usr_get_PEER_ADDR_PARAMS(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                      struct tr_error *error)
{
    struct sockaddr_conn path;
    struct sctp_paddrparams p;
    struct sctp_sack_info s = {.sack_assoc_id = assoc};
    enum tr_code code =
        path_named(ep, assoc, opt_text(out, OPTF_PAP_ADDRESS), OPT_PEER_ADDR_PARAMS, &path, error);
    if (code == TR_OK)
        code = read_params(ep, assoc, &path, &p, error);
    if (code == TR_OK)
        code = usr_get(ep, OPT_PEER_ADDR_PARAMS, SCTP_DELAYED_SACK, &s, sizeof s, error);
    if (code != TR_OK)
        return code;
    int64_t flags = p.spp_flags & (HB_ENABLE | HB_DISABLE | PMTUD_ENABLE | PMTUD_DISABLE);
    flags |= s.sack_freq == 1 ? SACKDELAY_DISABLE : SACKDELAY_ENABLE;
    opt_put(out, OPTF_PAP_HBINTERVAL, p.spp_hbinterval);
    opt_put(out, OPTF_PAP_PATHMAXRXT, p.spp_pathmaxrxt);
    opt_put(out, OPTF_PAP_PATHMTU, p.spp_pathmtu + overhead(ep, assoc));
    opt_put(out, OPTF_PAP_SACKDELAY, s.sack_delay);
    opt_put(out, OPTF_PAP_FLAGS, flags);
    return TR_OK;
}

enum tr_code usr_default_mtu(struct usr_endpoint *ep, struct tr_error *error)
{
    struct opt_set mtu = {0};
    opt_put(&mtu, OPTF_PAP_PATHMTU, LINK_MTU);
    return usr_set_PEER_ADDR_PARAMS(&ep->base, 0, &mtu, error);
}

/* ---- peer_addr_thresholds --------------------------------------------------------------------------- */

/* usrsctp.h leaves both out. */
enum { SCTP_PEER_ADDR_THLDS = 0x23 };
struct sctp_paddrthlds {
    struct sockaddr_storage spt_address;
    sctp_assoc_t spt_assoc_id;
    uint16_t spt_pathmaxrxt, spt_pathpfthld, spt_pathcpthld;
};

enum { NEVER = 0xffff };

static enum tr_code read_thresholds(struct tr_endpoint *ep, uint32_t assoc, const char *address,
                                    struct sctp_paddrthlds *t, struct tr_error *error)
{
    struct sockaddr_conn path;
    enum tr_code code = path_named(ep, assoc, address, OPT_PEER_ADDR_THRESHOLDS, &path, error);
    if (code != TR_OK)
        return code;
    memset(t, 0, sizeof *t);
    memcpy(&t->spt_address, &path, sizeof path);
    t->spt_assoc_id = assoc;
    return usr_get(ep, OPT_PEER_ADDR_THRESHOLDS, SCTP_PEER_ADDR_THLDS, t, sizeof *t, error);
}

enum tr_code usr_set_PEER_ADDR_THRESHOLDS(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                          struct tr_error *error)
{
    struct sctp_paddrthlds t;
    if (opt_num(in, OPTF_PAT_PATHCPTHLD, NEVER) != NEVER)
        return tr_fail(
            error, TR_UNSUPPORTED, 0,
            "set peer_addr_thresholds: with usrsctp an association has one path, so there is no other "
            "to become the primary one; leave pathcpthld out");
    enum tr_code code = read_thresholds(ep, assoc, opt_text(in, OPTF_PAT_ADDRESS), &t, error);
    if (code != TR_OK)
        return code;
    t.spt_assoc_id = assoc;
    t.spt_pathmaxrxt = (uint16_t)opt_num(in, OPTF_PAT_PATHMAXRXT, t.spt_pathmaxrxt);
    t.spt_pathpfthld = (uint16_t)opt_num(in, OPTF_PAT_PATHPFTHLD, t.spt_pathpfthld);
    return usr_set(ep, OPT_PEER_ADDR_THRESHOLDS, SCTP_PEER_ADDR_THLDS, &t, sizeof t, error);
}

enum tr_code usr_get_PEER_ADDR_THRESHOLDS(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                          struct tr_error *error)
{
    struct sctp_paddrthlds t;
    enum tr_code code = read_thresholds(ep, assoc, opt_text(out, OPTF_PAT_ADDRESS), &t, error);
    if (code != TR_OK)
        return code;
    opt_put(out, OPTF_PAT_PATHMAXRXT, t.spt_pathmaxrxt);
    opt_put(out, OPTF_PAT_PATHPFTHLD, t.spt_pathpfthld);
    opt_put(out, OPTF_PAT_PATHCPTHLD, t.spt_pathcpthld);
    return TR_OK;
}

/* ---- remote_udp_encaps_port ------------------------------------------------------------------------- */

/* UDP is ours, the stack's option of that name has no part in it. */
static bool port_in_use(struct tr_endpoint *base, uint32_t assoc, uint16_t *port)
{
    struct sctp_status status;
    if (!usr_status(usr_ep(base), assoc, &status))
        return false;
    const struct usr_path *path = usr_path_of(usr_loop_of(base), usr_primary(&status));
    *port = path != NULL ? net_addr_port(&path->key.remote->key.remote) : 0;
    return path != NULL;
}

static enum tr_code find_port(struct tr_endpoint *ep, uint32_t assoc, const char *address, uint16_t *port,
                              struct tr_error *error)
{
    struct sockaddr_conn path;
    *port = usr_ep(ep)->kept.encaps_port;
    if (assoc == 0 && address == NULL)
        return TR_OK;
    enum tr_code code = path_named(ep, assoc, address, OPT_REMOTE_UDP_ENCAPS_PORT, &path, error);
    if (code == TR_OK && !port_in_use(ep, assoc, port))
        code = tr_fail(error, TR_NO_ASSOC, 0, "remote_udp_encaps_port: association %u does not exist", assoc);
    return code;
}

enum tr_code usr_set_REMOTE_UDP_ENCAPS_PORT(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                            struct tr_error *error)
{
    const char *address = opt_text(in, OPTF_RUE_ADDRESS);
    uint16_t now;
    enum tr_code code = find_port(ep, assoc, address, &now, error);
    uint16_t port = (uint16_t)opt_num(in, OPTF_RUE_PORT, now);
    if (code != TR_OK || port == now)
        return code;
    if (assoc != 0 || address != NULL)
        return tr_fail(
            error, TR_UNSUPPORTED, 0,
            "set remote_udp_encaps_port: with usrsctp an association stays with the UDP port it was set "
            "up with, here %u; set it on the endpoint, for associations to come",
            now);
    usr_ep(ep)->kept.encaps_port = port;
    return TR_OK;
}

enum tr_code usr_get_REMOTE_UDP_ENCAPS_PORT(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                            struct tr_error *error)
{
    uint16_t port;
    enum tr_code code = find_port(ep, assoc, opt_text(out, OPTF_RUE_ADDRESS), &port, error);
    if (code == TR_OK)
        opt_put(out, OPTF_RUE_PORT, port);
    return code;
}

/* ---- tos -------------------------------------------------------------------------------------------- */

/* The stack hands it to us with every packet (usr_output), without the two bits that are ECN's. */
static void set_tos_of(struct usr_endpoint *ep, const struct sctp_status *s, void *arg)
{
    struct sctp_paddrparams p = *(const struct sctp_paddrparams *)arg;
    p.spp_assoc_id = s->sstat_assoc_id;
    (void)write_params(&ep->base, &p, NULL);
}

enum tr_code usr_set_TOS(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                         struct tr_error *error)
{
    struct sockaddr_conn path = any_path();
    struct sctp_paddrparams p = {
        .spp_assoc_id = assoc, .spp_flags = SPP_DSCP, .spp_dscp = (uint8_t)opt_num(in, OPTF_TOS, 0)};
    memcpy(&p.spp_address, &path, sizeof path);
    enum tr_code code = write_params(ep, &p, error);
    if (code == TR_OK && assoc == 0)
        usr_each_assoc(usr_ep(ep), set_tos_of, &p);
    return code;
}

enum tr_code usr_get_TOS(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out, struct tr_error *error)
{
    struct sockaddr_conn path = any_path();
    struct sctp_paddrparams p;
    enum tr_code code = read_params(ep, assoc, &path, &p, error);
    if (code == TR_OK)
        opt_put(out, OPTF_TOS, p.spp_dscp);
    return code;
}

/* ---- What the stack says ---------------------------------------------------------------------------- */

/* The numbers of the contract's state names; BOUND and LISTEN are not an association's. */
static int64_t state_index(int32_t state)
{
    static const int32_t states[] = {[1] = SCTP_CLOSED,
                                     [4] = SCTP_COOKIE_WAIT,
                                     [5] = SCTP_COOKIE_ECHOED,
                                     [6] = SCTP_ESTABLISHED,
                                     [7] = SCTP_SHUTDOWN_PENDING,
                                     [8] = SCTP_SHUTDOWN_SENT,
                                     [9] = SCTP_SHUTDOWN_RECEIVED,
                                     [10] = SCTP_SHUTDOWN_ACK_SENT};
    for (unsigned i = 4; i < sizeof states / sizeof *states; i++)
        if (states[i] == state)
            return i;
    return 1;
}

enum tr_code usr_get_STATUS(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                            struct tr_error *error)
{
    struct sctp_status s;
    if (!usr_status(usr_ep(ep), assoc, &s))
        return tr_fail(error, TR_NO_ASSOC, 0, "read status: association %u does not exist", assoc);
    opt_put(out, OPTF_STATUS_STATE, state_index(s.sstat_state));
    opt_put(out, OPTF_STATUS_RWND, s.sstat_rwnd);
    opt_put(out, OPTF_STATUS_UNACKDATA, s.sstat_unackdata);
    opt_put(out, OPTF_STATUS_PENDDATA, s.sstat_penddata);
    opt_put(out, OPTF_STATUS_INSTRMS, s.sstat_instrms);
    opt_put(out, OPTF_STATUS_OUTSTRMS, s.sstat_outstrms);
    opt_put(out, OPTF_STATUS_FRAG_POINT, s.sstat_fragmentation_point);
    put_address(ep, &s.sstat_primary.spinfo_address, OPTF_STATUS_PRIMARY, out);
    return TR_OK;
}

enum tr_code usr_get_PEER_ADDR_INFO(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                    struct tr_error *error)
{
    enum { INACTIVE, ACTIVE, UNCONFIRMED };
    const char *address = opt_text(out, OPTF_PAI_ADDRESS);
    struct sctp_paddrinfo p = {.spinfo_assoc_id = assoc};
    struct sockaddr_conn path;
    if (address == NULL)
        return tr_fail(error, TR_INVALID, 0, "read get_peer_addr_info: which address?");
    enum tr_code code = path_named(ep, assoc, address, OPT_PEER_ADDR_INFO, &path, error);
    if (code != TR_OK)
        return code;
    memcpy(&p.spinfo_address, &path, sizeof path);
    code = usr_get(ep, OPT_PEER_ADDR_INFO, SCTP_GET_PEER_ADDR_INFO, &p, sizeof p, error);
    if (code != TR_OK)
        return code;
    opt_put(out, OPTF_PAI_STATE,
            p.spinfo_state == SCTP_ACTIVE        ? ACTIVE
            : p.spinfo_state == SCTP_UNCONFIRMED ? UNCONFIRMED
                                                 : INACTIVE);
    opt_put(out, OPTF_PAI_CWND, p.spinfo_cwnd);
    opt_put(out, OPTF_PAI_SRTT, p.spinfo_srtt);
    opt_put(out, OPTF_PAI_RTO, p.spinfo_rto);
    opt_put(out, OPTF_PAI_MTU, p.spinfo_mtu + overhead(ep, assoc));
    return TR_OK;
}

enum tr_code usr_set_PRIMARY_ADDR(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                  struct tr_error *error)
{
    struct sctp_setprim s = {.ssp_assoc_id = assoc};
    struct sockaddr_conn path;
    enum tr_code code =
        path_named(ep, assoc, opt_text(in, OPTF_PRIMARY_ADDR), OPT_PRIMARY_ADDR, &path, error);
    if (code != TR_OK)
        return code;
    memcpy(&s.ssp_addr, &path, sizeof path);
    return usr_set(ep, OPT_PRIMARY_ADDR, SCTP_PRIMARY_ADDR, &s, sizeof s, error);
}

enum tr_code usr_get_PRIMARY_ADDR(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                  struct tr_error *error)
{
    struct sctp_status s;
    if (!usr_status(usr_ep(ep), assoc, &s))
        return tr_fail(error, TR_NO_ASSOC, 0, "read primary_addr: association %u does not exist", assoc);
    put_address(ep, &s.sstat_primary.spinfo_address, OPTF_PRIMARY_ADDR, out);
    return TR_OK;
}
