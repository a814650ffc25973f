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
    SMALLEST = 512 /* the stack's, without headers */
};

static uint32_t header_bytes(bool v4)
{
    return (v4 ? IPV4_HEADER : IPV6_HEADER) + UDP_HEADER + COMMON_HEADER;
}

/* True where the option is that of one association; of an endpoint with one it is. */
static bool of_assoc(const struct tr_place *at, struct sctp_status *s)
{
    return !tr_is_shared(at) && usr_status(usr_ep(at->ep), at->assoc, s);
}

/* What surrounds the chunks of a packet to this association's peer, or of any from this endpoint. */
static uint32_t overhead(const struct tr_place *at)
{
    struct usr_endpoint *ep = usr_ep(at->ep);
    struct sctp_status status;
    struct net_addr remote;
    if (of_assoc(at, &status) && usr_peer_address(usr_loop_of(at->ep), usr_primary(&status), &remote, NULL))
        return header_bytes(remote.sa.sa_family == AF_INET);
    return header_bytes(ep->local.sa.sa_family == AF_INET);
}

/* ---- Which path ------------------------------------------------------------------------------------- */

enum tr_code usr_find_path(const struct tr_place *at, const char *text, struct sockaddr_storage *out)
{
    struct sockaddr_conn path = {.sconn_family = AF_CONN}; /* every one */
    struct sctp_status status;
    struct net_addr wanted, remote;
    char peer[NET_ADDR_TEXT];
    memset(out, 0, sizeof *out);
    memcpy(out, &path, sizeof path);
    if (text == NULL)
        return TR_OK;
    if (!net_addr_parse(text, 0, &wanted))
        return tr_refuse(at, TR_INVALID, "%s is not an address", text);
    if (!usr_status(usr_ep(at->ep), at->assoc, &status))
        return tr_refuse(at, TR_NO_ASSOC, "an address needs an association, and %u is none", at->assoc);
    if (!usr_peer_address(usr_loop_of(at->ep), usr_primary(&status), &remote, NULL))
        return tr_refuse(at, TR_NO_ASSOC, "association %u has no path", at->assoc);
    net_addr_set_port(&remote, 0);
    if (!tr_address_same(wanted, remote))
        return tr_refuse(at, TR_INVALID, "%s is not a peer address of association %u, which has %s", text,
                         at->assoc, net_addr_format(&remote, peer, sizeof peer));
    memcpy(out, usr_primary(&status), sizeof path);
    return TR_OK;
}

void usr_tell_path(struct tr_endpoint *ep, const void *address, enum opt_field f, struct opt_set *out)
{
    struct sockaddr_conn path;
    struct net_addr remote;
    char text[NET_ADDR_TEXT];
    memcpy(&path, address, sizeof path);
    if (!usr_peer_address(usr_loop_of(ep), &path, &remote, NULL))
        return;
    net_addr_set_port(&remote, 0);
    opt_put_text(out, f, net_addr_format(&remote, text, sizeof text));
}

/* ---- rtoinfo ---------------------------------------------------------------------------------------- */

enum tr_code usr_set_rtoinfo(const struct tr_place *at, const struct opt_set *in)
{
    int64_t *smallest = &usr_loop_of(at->ep)->rto_ms, min = opt_num(in, OPTF_RTO_MIN, 0);
    enum tr_code code = tr_set_rtoinfo(at, in);
    if (code == TR_OK && min != 0 && (*smallest == 0 || min < *smallest))
        *smallest = min;
    return code;
}

/* ---- maxseg ----------------------------------------------------------------------------------------- */

/* The stack adds an IPv4 header to what it is told and leaves it out when it cuts. */
enum tr_code usr_set_maxseg(const struct tr_place *at, const struct opt_set *in)
{
    int64_t bytes = opt_num(in, OPTF_MAXSEG, 0);
    struct opt_set less = {0};
    if (bytes == IPV4_HEADER)
        bytes++; /* else it would read as 0; the stack rounds down to a multiple of 4 anyway */
    opt_put(&less, OPTF_MAXSEG, bytes != 0 ? bytes - IPV4_HEADER : 0);
    return tr_set_record(at, &less);
}

enum tr_code usr_get_maxseg(const struct tr_place *at, struct opt_set *out)
{
    struct sctp_status status;
    enum tr_code code = tr_get_record(at, out);
    int64_t bytes = opt_num(out, OPTF_MAXSEG, 0);
    if (code == TR_OK && bytes != 0 && !of_assoc(at, &status))
        opt_put(out, OPTF_MAXSEG, bytes + IPV4_HEADER);
    return code;
}

/* ---- peer_addr_params ------------------------------------------------------------------------------- */

/* SACK delay is not one of the stack's path parameters but an option of its own, and so is how many packets
 * one SACK is for (delayed_ack_frequency): 1 means none is delayed. */
enum { EVERY_PACKET = 1, EVERY_OTHER = 2 };

static enum tr_code read_sack(const struct tr_place *at, struct sctp_sack_info *s)
{
    *s = (struct sctp_sack_info){.sack_assoc_id = at->assoc};
    return usr_get_raw(at->ep, SCTP_DELAYED_SACK, s, sizeof *s) == 0 ? TR_OK : tr_option_failed(at);
}

static enum tr_code set_sack_delay(const struct tr_place *at, const struct opt_set *in, int64_t flags)
{
    struct sctp_sack_info now, s = {.sack_assoc_id = at->assoc};
    if (!(flags & (OPT_SACKDELAY_ENABLE | OPT_SACKDELAY_DISABLE)))
        return TR_OK;
    enum tr_code code = read_sack(at, &now);
    if (code != TR_OK)
        return code;
    if (flags & OPT_SACKDELAY_DISABLE)
        s.sack_freq = EVERY_PACKET;
    else if (now.sack_freq == EVERY_PACKET)
        s.sack_freq = EVERY_OTHER;
    if (flags & OPT_SACKDELAY_ENABLE)
        s.sack_delay = (uint32_t)opt_num(in, OPTF_PAP_SACKDELAY, 0);
    return usr_set_raw(at->ep, SCTP_DELAYED_SACK, &s, sizeof s) == 0 ? TR_OK : tr_option_failed(at);
}

static enum tr_code check_flags(const struct tr_place *at, int64_t flags)
{
    static const int64_t opposites[] = {OPT_HB_ENABLE | OPT_HB_DISABLE, OPT_PMTUD_ENABLE | OPT_PMTUD_DISABLE,
                                        OPT_SACKDELAY_ENABLE | OPT_SACKDELAY_DISABLE};
    for (unsigned i = 0; i < sizeof opposites / sizeof *opposites; i++)
        if ((flags & opposites[i]) == opposites[i])
            return tr_refuse(at, TR_INVALID, "flags enable and disable the same thing");
    if (flags & OPT_PMTUD_ENABLE)
        return tr_refuse(at, TR_UNSUPPORTED, "usrsctp has no path MTU discovery over UDP; give pathmtu");
    return TR_OK;
}

/* Sets what `p` has, on the path of `now`; 0 leaves a field alone. */
static enum tr_code give(const struct tr_place *at, const struct sctp_paddrparams *now,
                         struct sctp_paddrparams p)
{
    p.spp_address = now->spp_address;
    return tr_write_record(at, &p, sizeof p);
}

static uint32_t room_for_chunks(const struct tr_place *at, uint32_t mtu)
{
    uint32_t around = overhead(at);
    return mtu > around + SMALLEST ? mtu - around : SMALLEST;
}

/* The stack takes a new heartbeat interval only while it enables heartbeats, so where they are off they are
 * switched on and off again for it. */
static enum tr_code set_heartbeat(const struct tr_place *at, const struct sctp_paddrparams *now,
                                  int64_t flags, uint32_t interval)
{
    bool enabled = flags & OPT_HB_ENABLE || (!(flags & OPT_HB_DISABLE) && (now->spp_flags & SPP_HB_ENABLE));
    enum tr_code code = TR_OK;
    if (interval == 0 && !(flags & (OPT_HB_ENABLE | OPT_HB_DISABLE)))
        return TR_OK;
    if (interval != 0 || (flags & OPT_HB_ENABLE))
        code =
            give(at, now, (struct sctp_paddrparams){.spp_flags = SPP_HB_ENABLE, .spp_hbinterval = interval});
    if (code == TR_OK && !enabled)
        code = give(at, now, (struct sctp_paddrparams){.spp_flags = SPP_HB_DISABLE});
    return code;
}

enum tr_code usr_set_path(const struct tr_place *at, const struct opt_set *in)
{
    int64_t flags = opt_num(in, OPTF_PAP_FLAGS, 0);
    uint32_t mtu = (uint32_t)opt_num(in, OPTF_PAP_PATHMTU, 0);
    struct sctp_paddrparams now, p = {.spp_pathmaxrxt = (uint16_t)opt_num(in, OPTF_PAP_PATHMAXRXT, 0)};
    enum tr_code code = check_flags(at, flags);
    if (code == TR_OK)
        code = tr_read_record(at, in, &now);
    if (mtu != 0) {
        p.spp_flags = SPP_PMTUD_DISABLE;
        p.spp_pathmtu = room_for_chunks(at, mtu);
    }
    if (code == TR_OK && (p.spp_pathmaxrxt != 0 || mtu != 0))
        code = give(at, &now, p);
    if (code == TR_OK)
        code = set_heartbeat(at, &now, flags, (uint32_t)opt_num(in, OPTF_PAP_HBINTERVAL, 0));
    if (code == TR_OK && (flags & OPT_HB_DEMAND))
        code = give(at, &now, (struct sctp_paddrparams){.spp_flags = SPP_HB_DEMAND});
    return code == TR_OK ? set_sack_delay(at, in, flags) : code;
}

enum tr_code usr_get_path(const struct tr_place *at, struct opt_set *out)
{
    struct sctp_sack_info s;
    enum tr_code code = tr_get_record(at, out);
    if (code == TR_OK)
        code = read_sack(at, &s);
    if (code != TR_OK)
        return code;
    int64_t delayed = s.sack_freq == EVERY_PACKET ? OPT_SACKDELAY_DISABLE : OPT_SACKDELAY_ENABLE;
    opt_put(out, OPTF_PAP_PATHMTU, opt_num(out, OPTF_PAP_PATHMTU, 0) + overhead(at));
    opt_put(out, OPTF_PAP_SACKDELAY, s.sack_delay);
    opt_put(out, OPTF_PAP_FLAGS, opt_num(out, OPTF_PAP_FLAGS, 0) | delayed);
    return TR_OK;
}

enum tr_code usr_get_path_state(const struct tr_place *at, struct opt_set *out)
{
    enum tr_code code = tr_get_record(at, out);
    if (code == TR_OK)
        opt_put(out, OPTF_PAI_MTU, opt_num(out, OPTF_PAI_MTU, 0) + overhead(at));
    return code;
}

/* ---- peer_addr_thresholds --------------------------------------------------------------------------- */

enum tr_code usr_set_thresholds(const struct tr_place *at, const struct opt_set *in)
{
    enum { NEVER = 0xffff };
    if (opt_num(in, OPTF_PAT_PATHCPTHLD, NEVER) != NEVER)
        return tr_refuse(
            at, TR_UNSUPPORTED,
            "with usrsctp an association has one path, so there is no other to become the primary one; "
            "leave pathcpthld out");
    return tr_set_merged(at, in);
}

/* ---- remote_udp_encaps_port ------------------------------------------------------------------------- */

/* UDP is ours, the stack's option of that name has no part in it. */
enum tr_code usr_get_port(const struct tr_place *at, struct opt_set *out)
{
    const char *address = opt_text(out, OPTF_RUE_ADDRESS);
    struct sockaddr_storage name;
    struct sctp_status status;
    opt_put(out, OPTF_RUE_PORT, usr_ep(at->ep)->kept.encaps_port);
    if (at->assoc == 0 && address == NULL)
        return TR_OK;
    enum tr_code code = usr_find_path(at, address, &name);
    if (code != TR_OK)
        return code;
    bool exists = usr_status(usr_ep(at->ep), at->assoc, &status);
    const struct usr_path *path = exists ? usr_path_of(usr_loop_of(at->ep), usr_primary(&status)) : NULL;
    if (path == NULL)
        return tr_refuse(at, TR_NO_ASSOC, "there is no association %u", at->assoc);
    opt_put(out, OPTF_RUE_PORT, net_addr_port(&path->key.remote->key.remote));
    return TR_OK;
}

enum tr_code usr_set_port(const struct tr_place *at, const struct opt_set *in)
{
    struct opt_set now = {0};
    opt_take_option(&now, in, at->id);
    enum tr_code code = usr_get_port(at, &now);
    int64_t stands = opt_num(&now, OPTF_RUE_PORT, 0), port = opt_num(in, OPTF_RUE_PORT, stands);
    if (code != TR_OK || port == stands)
        return code;
    if (at->assoc != 0 || opt_given(in, OPTF_RUE_ADDRESS))
        return tr_refuse(
            at, TR_UNSUPPORTED,
            "with usrsctp an association stays with the UDP port it was set up with, here %u; set it on "
            "the endpoint, for associations to come",
            (unsigned)stands);
    usr_ep(at->ep)->kept.encaps_port = (uint16_t)port;
    return TR_OK;
}

/* ---- tos -------------------------------------------------------------------------------------------- */

/* The stack hands it to us with every packet (usr_output), without the two bits that are ECN's. */
enum tr_code usr_set_tos(const struct tr_place *at, const struct opt_set *in)
{
    struct sctp_paddrparams p = {
        .spp_assoc_id = at->assoc, .spp_flags = SPP_DSCP, .spp_dscp = (uint8_t)opt_num(in, OPTF_TOS, 0)};
    usr_find_path(at, NULL, &p.spp_address);
    return usr_set_raw(at->ep, SCTP_PEER_ADDR_PARAMS, &p, sizeof p) == 0 ? TR_OK : tr_option_failed(at);
}

enum tr_code usr_get_tos(const struct tr_place *at, struct opt_set *out)
{
    struct sctp_paddrparams p = {.spp_assoc_id = at->assoc};
    usr_find_path(at, NULL, &p.spp_address);
    if (usr_get_raw(at->ep, SCTP_PEER_ADDR_PARAMS, &p, sizeof p) != 0)
        return tr_option_failed(at);
    opt_put(out, OPTF_TOS, p.spp_dscp);
    return TR_OK;
}
