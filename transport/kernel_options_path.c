/* Options about one path (peer address) of an association. The program names a path by its IP address; Linux
 * wants it with the port, so it is looked up among the association's addresses. */
#include "transport/kernel_options_priv.h"

#include <errno.h>
#include <string.h>

/* ---- Addresses as option values -------------------------------------------------------------------- */

void kernel_put_address(struct opt_set *out, enum opt_field f, const struct sockaddr_storage *from)
{
    struct net_addr a = {0};
    char text[NET_ADDR_TEXT];
    memcpy(&a, from, from->ss_family == AF_INET6 ? sizeof a.in6 : sizeof a.in4);
    if (a.sa.sa_family != AF_INET && a.sa.sa_family != AF_INET6)
        return;
    net_addr_set_port(&a, 0);
    kernel_clean_address(&a);
    opt_put_text(out, f, net_addr_format(&a, text, sizeof text));
}

/* An IPv4 address that is written as ::ffff:a.b.c.d becomes plain, so that the two compare equal. */
static struct net_addr unmapped(const struct net_addr *a)
{
    if (a->sa.sa_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&a->in6.sin6_addr))
        return *a;
    struct net_addr plain = {0};
    plain.in4.sin_family = AF_INET;
    plain.in4.sin_port = a->in6.sin6_port;
    memcpy(&plain.in4.sin_addr, &a->in6.sin6_addr.s6_addr[12], 4);
    return plain;
}

/* Finds the association's peer (or own) address that is `text`, with its port, as Linux wants it. */
static enum tr_code find_address(struct tr_endpoint *ep, uint32_t assoc, bool remote, enum opt_id id,
                                 const char *text, struct sockaddr_storage *out, struct tr_error *error)
{
    enum { MANY = 64 };
    struct net_addr wanted, all[MANY];
    if (text == NULL || !net_addr_parse(text, 0, &wanted))
        return tr_fail(error, TR_INVALID, 0, "%s: needs an address", opt_rows[id].name);
    wanted = unmapped(&wanted);
    unsigned count = kernel_addresses(ep, assoc, remote, all, MANY);
    for (unsigned i = 0; i < count && i < MANY; i++) {
        struct net_addr plain = unmapped(&all[i]);
        net_addr_set_port(&plain, 0);
        if (!net_addr_equal(&plain, &wanted))
            continue;
        memset(out, 0, sizeof *out);
        memcpy(out, &all[i], sizeof all[i]);
        return TR_OK;
    }
    return tr_fail(error,
                   count == 0 ? TR_NO_ASSOC
                   : remote   ? TR_INVALID
                              : TR_ADDR_UNKNOWN,
                   0, "%s: %s is no %s address of association %u", opt_rows[id].name, text,
                   remote ? "peer" : "local", assoc);
}

enum tr_code kernel_set_PRIMARY_ADDR(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                     struct tr_error *error)
{
    struct sockaddr_storage address;
    struct sctp_prim p;
    memset(&p, 0, sizeof p);
    enum tr_code code =
        find_address(ep, assoc, true, OPT_PRIMARY_ADDR, opt_text(in, OPTF_PRIMARY_ADDR), &address, error);
    if (code != TR_OK)
        return code;
    p.ssp_assoc_id = (sctp_assoc_t)assoc;
    p.ssp_addr = address;
    return kernel_set_raw(ep, IPPROTO_SCTP, SCTP_PRIMARY_ADDR, &p, sizeof p) == 0
               ? TR_OK
               : kernel_opt_failed(ep, assoc, OPT_PRIMARY_ADDR, "", error);
}

enum tr_code kernel_get_PRIMARY_ADDR(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                     struct tr_error *error)
{
    struct sctp_prim p;
    memset(&p, 0, sizeof p);
    p.ssp_assoc_id = (sctp_assoc_t)assoc;
    if (kernel_get_raw(ep, IPPROTO_SCTP, SCTP_PRIMARY_ADDR, &p, sizeof p) != 0)
        return kernel_no_association(ep, assoc, OPT_PRIMARY_ADDR, error);
    struct sockaddr_storage address = p.ssp_addr;
    kernel_put_address(out, OPTF_PRIMARY_ADDR, &address);
    return TR_OK;
}

enum tr_code kernel_set_SET_PEER_PRIMARY_ADDR(struct tr_endpoint *ep, uint32_t assoc,
                                              const struct opt_set *in, struct tr_error *error)
{
    struct sockaddr_storage address;
    struct sctp_setpeerprim p;
    memset(&p, 0, sizeof p);
    enum tr_code code = find_address(ep, assoc, false, OPT_SET_PEER_PRIMARY_ADDR,
                                     opt_text(in, OPTF_SET_PEER_PRIMARY_ADDR), &address, error);
    if (code != TR_OK)
        return code;
    p.sspp_assoc_id = (sctp_assoc_t)assoc;
    p.sspp_addr = address;
    if (kernel_set_raw(ep, IPPROTO_SCTP, SCTP_SET_PEER_PRIMARY_ADDR, &p, sizeof p) == 0)
        return TR_OK;
    return kernel_opt_failed(
        ep, assoc, OPT_SET_PEER_PRIMARY_ADDR,
        errno == EPERM ? "; both sides need dynamic addresses (net.sctp.addip_enable)" : "", error);
}

/* ---- Path parameters ------------------------------------------------------------------------------- */

/* The flags' bits in options.def are Linux's: hb_enable … sackdelay_disable. */
enum { PATH_FLAGS = SPP_HB | SPP_HB_DEMAND | SPP_PMTUD | SPP_SACKDELAY };

/* Reads the record of the path that the address field of `which` names, or of the whole scope. */
static enum tr_code read_path_params(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *which,
                                     struct sctp_paddrparams *p, struct tr_error *error)
{
    const char *text = opt_text(which, OPTF_PAP_ADDRESS);
    memset(p, 0, sizeof *p);
    p->spp_assoc_id = (sctp_assoc_t)assoc;
    if (text != NULL && text[0] != '\0') {
        struct sockaddr_storage address;
        enum tr_code code = find_address(ep, assoc, true, OPT_PEER_ADDR_PARAMS, text, &address, error);
        if (code != TR_OK)
            return code;
        p->spp_address = address;
    }
    if (kernel_get_raw(ep, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, p, sizeof *p) == 0)
        return TR_OK;
    return kernel_opt_failed(ep, assoc, OPT_PEER_ADDR_PARAMS, "", error);
}

enum tr_code kernel_get_PEER_ADDR_PARAMS(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                         struct tr_error *error)
{
    struct sctp_paddrparams p;
    enum tr_code code = read_path_params(ep, assoc, out, &p, error);
    if (code != TR_OK)
        return code;
    opt_put(out, OPTF_PAP_HBINTERVAL, p.spp_hbinterval);
    opt_put(out, OPTF_PAP_PATHMAXRXT, p.spp_pathmaxrxt);
    opt_put(out, OPTF_PAP_PATHMTU, p.spp_pathmtu);
    opt_put(out, OPTF_PAP_SACKDELAY, p.spp_sackdelay);
    opt_put(out, OPTF_PAP_FLAGS, p.spp_flags & PATH_FLAGS);
    return TR_OK;
}

/* Linux stores a value only together with its switch; so the switch that stands is given along. Where it
 * stands the other way the value would be ignored: that is an error, not silence. */
static enum tr_code value_needs(uint32_t *flags, uint32_t standing, uint32_t needed, const char *what,
                                struct tr_error *error)
{
    if (!((*flags | standing) & needed))
        return tr_fail(error, TR_INVALID, 0, "peer_addr_params: %s", what);
    *flags |= needed;
    return TR_OK;
}

static enum tr_code merge_path_params(struct sctp_paddrparams *p, const struct opt_set *in,
                                      struct tr_error *error)
{
    uint32_t standing = p->spp_flags, flags = (uint32_t)opt_num(in, OPTF_PAP_FLAGS, 0) & PATH_FLAGS;
    enum tr_code code = TR_OK;

    if (flags & SPP_HB)
        standing &= ~(uint32_t)SPP_HB;
    if (flags & SPP_PMTUD)
        standing &= ~(uint32_t)SPP_PMTUD;
    if (flags & SPP_SACKDELAY)
        standing &= ~(uint32_t)SPP_SACKDELAY;
    p->spp_hbinterval = (uint32_t)opt_num(in, OPTF_PAP_HBINTERVAL, 0);
    p->spp_pathmaxrxt = (uint16_t)opt_num(in, OPTF_PAP_PATHMAXRXT, 0);
    p->spp_pathmtu = (uint32_t)opt_num(in, OPTF_PAP_PATHMTU, 0);
    p->spp_sackdelay = (uint32_t)opt_num(in, OPTF_PAP_SACKDELAY, 0);
    if (p->spp_hbinterval != 0)
        code = value_needs(&flags, standing, SPP_HB_ENABLE,
                           "hbinterval while heartbeats are off; add flag hb_enable", error);
    if (code == TR_OK && p->spp_pathmtu != 0)
        code = value_needs(&flags, standing, SPP_PMTUD_DISABLE,
                           "pathmtu while the path MTU is discovered; add flag pmtud_disable", error);
    if (code == TR_OK && p->spp_sackdelay != 0)
        code = value_needs(&flags, standing, SPP_SACKDELAY_ENABLE,
                           "sackdelay while SACKs are not delayed; add flag sackdelay_enable", error);
    p->spp_flags = flags;
    return code;
}

/* Fields that are not given are 0, which Linux leaves alone in this record. */
enum tr_code kernel_set_PEER_ADDR_PARAMS(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                         struct tr_error *error)
{
    struct sctp_paddrparams p;
    enum tr_code code = read_path_params(ep, assoc, in, &p, error);
    if (code == TR_OK)
        code = merge_path_params(&p, in, error);
    if (code != TR_OK)
        return code;
    p.spp_ipv6_flowlabel = 0;
    p.spp_dscp = 0;
    if (kernel_set_raw(ep, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, &p, sizeof p) == 0)
        return TR_OK;
    const char *advice = "";
    if (errno == EINVAL && (p.spp_flags & SPP_HB_DEMAND) && assoc == 0)
        advice = "; hb_demand needs an association";
    else if (errno == EINVAL)
        advice = "; of enable and disable only one can be given";
    return kernel_opt_failed(ep, assoc, OPT_PEER_ADDR_PARAMS, advice, error);
}

/* ---- Path state ------------------------------------------------------------------------------------ */

/* A potentially failed path (RFC 7829) carries no data: inactive. */
static int64_t path_state(int32_t state)
{
    enum { INACTIVE, ACTIVE, UNCONFIRMED };
    return state == SCTP_ACTIVE ? ACTIVE : state == SCTP_UNCONFIRMED ? UNCONFIRMED : INACTIVE;
}

enum tr_code kernel_get_PEER_ADDR_INFO(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                       struct tr_error *error)
{
    struct sockaddr_storage address;
    struct sctp_paddrinfo p;
    enum tr_code code =
        find_address(ep, assoc, true, OPT_PEER_ADDR_INFO, opt_text(out, OPTF_PAI_ADDRESS), &address, error);
    if (code != TR_OK)
        return code;
    memset(&p, 0, sizeof p);
    p.spinfo_assoc_id = (sctp_assoc_t)assoc;
    p.spinfo_address = address;
    if (kernel_get_raw(ep, IPPROTO_SCTP, SCTP_GET_PEER_ADDR_INFO, &p, sizeof p) != 0)
        return kernel_opt_failed(ep, assoc, OPT_PEER_ADDR_INFO, "", error);
    opt_put(out, OPTF_PAI_STATE, path_state(p.spinfo_state));
    opt_put(out, OPTF_PAI_CWND, p.spinfo_cwnd);
    opt_put(out, OPTF_PAI_SRTT, p.spinfo_srtt);
    opt_put(out, OPTF_PAI_RTO, p.spinfo_rto);
    opt_put(out, OPTF_PAI_MTU, p.spinfo_mtu);
    return TR_OK;
}
