/* Options about one path (peer address) of an association. The program names a path by its IP address; Linux
 * wants it with the port, so it is looked up among the association's addresses. */
#include "transport/kernel/option_priv.h"

#include <arpa/inet.h>
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

/* A potentially failed path (RFC 7829) carries no data: inactive, unless its state is to be shown. */
static int64_t path_state(struct tr_endpoint *ep, uint32_t assoc, int32_t state)
{
    enum { INACTIVE, ACTIVE, UNCONFIRMED, POTENTIALLY_FAILED };
    struct opt_set expose = {0};
    if (state == SCTP_POTENTIALLY_FAILED && kernel_get_EXPOSE_PF_STATE(ep, assoc, &expose, NULL) == TR_OK &&
        opt_num(&expose, OPTF_EXPOSE_PF_STATE, 0))
        return POTENTIALLY_FAILED;
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
        return kernel_opt_failed(ep, assoc, OPT_PEER_ADDR_INFO,
                                 errno == EACCES ? "; the path is potentially failed, which sysctl "
                                                   "net.sctp.pf_expose=1 hides: write 0, or "
                                                   "expose_potentially_failed_state: true"
                                                 : "",
                                 error);
    opt_put(out, OPTF_PAI_STATE, path_state(ep, assoc, p.spinfo_state));
    opt_put(out, OPTF_PAI_CWND, p.spinfo_cwnd);
    opt_put(out, OPTF_PAI_SRTT, p.spinfo_srtt);
    opt_put(out, OPTF_PAI_RTO, p.spinfo_rto);
    opt_put(out, OPTF_PAI_MTU, p.spinfo_mtu);
    return TR_OK;
}

/* Linux has three values: unset, off, on. Off would make reading a potentially failed path an error, unset
 * shows it nowhere either. */
enum tr_code kernel_set_EXPOSE_PF_STATE(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                        struct tr_error *error)
{
    enum { UNSET = 0, ON = 2 };
    return kernel_set_value(ep, assoc, OPT_EXPOSE_PF_STATE, SCTP_EXPOSE_POTENTIALLY_FAILED_STATE,
                            opt_num(in, OPTF_EXPOSE_PF_STATE, 0) ? ON : UNSET, error);
}

enum tr_code kernel_get_EXPOSE_PF_STATE(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                        struct tr_error *error)
{
    enum { ON = 2 };
    enum tr_code code =
        kernel_get_value(ep, assoc, OPT_EXPOSE_PF_STATE, SCTP_EXPOSE_POTENTIALLY_FAILED_STATE, out, error);
    if (code == TR_OK)
        opt_put(out, OPTF_EXPOSE_PF_STATE, opt_num(out, OPTF_EXPOSE_PF_STATE, 0) == ON);
    return code;
}

/* ---- Thresholds ------------------------------------------------------------------------------------ */

/* The address that field `f` of `which` gives, as Linux wants it; all zero where it gives none. */
static enum tr_code chosen_path(struct tr_endpoint *ep, uint32_t assoc, enum opt_field f,
                                const struct opt_set *which, struct sockaddr_storage *out,
                                struct tr_error *error)
{
    const char *text = opt_text(which, f);
    memset(out, 0, sizeof *out);
    if (text == NULL || text[0] == '\0')
        return TR_OK;
    return find_address(ep, assoc, true, opt_field_rows[f].option, text, out, error);
}

/* The third threshold came with Linux 5.5, in a longer record. Older kernels never make another path the
 * primary one. */
enum { NEVER = 65535 };

static int read_thresholds(struct tr_endpoint *ep, struct sctp_paddrthlds_v2 *t)
{
    if (kernel_get_raw(ep, IPPROTO_SCTP, SCTP_PEER_ADDR_THLDS_V2, t, sizeof *t) == 0)
        return 0;
    if (errno != ENOPROTOOPT)
        return -1;
    struct sctp_paddrthlds old;
    memset(&old, 0, sizeof old);
    old.spt_assoc_id = t->spt_assoc_id;
    old.spt_address = t->spt_address;
    t->spt_pathcpthld = NEVER;
    if (kernel_get_raw(ep, IPPROTO_SCTP, SCTP_PEER_ADDR_THLDS, &old, sizeof old) != 0)
        return -1;
    t->spt_pathmaxrxt = old.spt_pathmaxrxt;
    t->spt_pathpfthld = old.spt_pathpfthld;
    return 0;
}

static int write_thresholds(struct tr_endpoint *ep, const struct sctp_paddrthlds_v2 *t)
{
    if (kernel_set_raw(ep, IPPROTO_SCTP, SCTP_PEER_ADDR_THLDS_V2, t, sizeof *t) == 0)
        return 0;
    if (errno != ENOPROTOOPT || t->spt_pathcpthld != NEVER)
        return -1;
    struct sctp_paddrthlds old;
    memset(&old, 0, sizeof old);
    old.spt_assoc_id = t->spt_assoc_id;
    old.spt_address = t->spt_address;
    old.spt_pathmaxrxt = t->spt_pathmaxrxt;
    old.spt_pathpfthld = t->spt_pathpfthld;
    return kernel_set_raw(ep, IPPROTO_SCTP, SCTP_PEER_ADDR_THLDS, &old, sizeof old);
}

static enum tr_code read_thresholds_of(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *which,
                                       struct sctp_paddrthlds_v2 *t, struct tr_error *error)
{
    struct sockaddr_storage address;
    enum tr_code code = chosen_path(ep, assoc, OPTF_PAT_ADDRESS, which, &address, error);
    if (code != TR_OK)
        return code;
    memset(t, 0, sizeof *t);
    t->spt_assoc_id = (sctp_assoc_t)assoc;
    t->spt_address = address;
    if (read_thresholds(ep, t) == 0)
        return TR_OK;
    return kernel_opt_failed(ep, assoc, OPT_PEER_ADDR_THRESHOLDS, "", error);
}

enum tr_code kernel_get_PEER_ADDR_THRESHOLDS(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                             struct tr_error *error)
{
    struct sctp_paddrthlds_v2 t;
    enum tr_code code = read_thresholds_of(ep, assoc, out, &t, error);
    if (code != TR_OK)
        return code;
    opt_put(out, OPTF_PAT_PATHMAXRXT, t.spt_pathmaxrxt);
    opt_put(out, OPTF_PAT_PATHPFTHLD, t.spt_pathpfthld);
    opt_put(out, OPTF_PAT_PATHCPTHLD, t.spt_pathcpthld);
    return TR_OK;
}

enum tr_code kernel_set_PEER_ADDR_THRESHOLDS(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                             struct tr_error *error)
{
    struct sctp_paddrthlds_v2 t;
    enum tr_code code = read_thresholds_of(ep, assoc, in, &t, error);
    if (code != TR_OK)
        return code;
    t.spt_pathmaxrxt = (uint16_t)opt_num(in, OPTF_PAT_PATHMAXRXT, t.spt_pathmaxrxt);
    t.spt_pathpfthld = (uint16_t)opt_num(in, OPTF_PAT_PATHPFTHLD, t.spt_pathpfthld);
    t.spt_pathcpthld = (uint16_t)opt_num(in, OPTF_PAT_PATHCPTHLD, t.spt_pathcpthld);
    if (t.spt_pathpfthld > t.spt_pathcpthld)
        return tr_fail(error, TR_INVALID, 0,
                       "peer_addr_thresholds: pathpfthld is %u, above pathcpthld, which is %u",
                       t.spt_pathpfthld, t.spt_pathcpthld);
    if (write_thresholds(ep, &t) == 0)
        return TR_OK;
    return kernel_opt_failed(ep, assoc, OPT_PEER_ADDR_THRESHOLDS,
                             errno == ENOPROTOOPT ? "; pathcpthld came with Linux 5.5" : "", error);
}

/* ---- UDP encapsulation ----------------------------------------------------------------------------- */

static enum tr_code encaps_record(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *which,
                                  struct sctp_udpencaps *u, struct tr_error *error)
{
    struct sockaddr_storage address;
    enum tr_code code = chosen_path(ep, assoc, OPTF_RUE_ADDRESS, which, &address, error);
    memset(u, 0, sizeof *u);
    u->sue_assoc_id = (sctp_assoc_t)assoc;
    u->sue_address = address;
    return code;
}

enum tr_code kernel_get_REMOTE_UDP_ENCAPS_PORT(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                               struct tr_error *error)
{
    struct sctp_udpencaps u;
    enum tr_code code = encaps_record(ep, assoc, out, &u, error);
    if (code != TR_OK)
        return code;
    if (kernel_get_raw(ep, IPPROTO_SCTP, SCTP_REMOTE_UDP_ENCAPS_PORT, &u, sizeof u) != 0)
        return kernel_opt_failed(ep, assoc, OPT_REMOTE_UDP_ENCAPS_PORT, "", error);
    opt_put(out, OPTF_RUE_PORT, ntohs(u.sue_port));
    return TR_OK;
}

enum tr_code kernel_set_REMOTE_UDP_ENCAPS_PORT(struct tr_endpoint *ep, uint32_t assoc,
                                               const struct opt_set *in, struct tr_error *error)
{
    struct sctp_udpencaps u;
    if (!opt_given(in, OPTF_RUE_PORT))
        return tr_fail(error, TR_INVALID, 0, "remote_udp_encaps_port: give the port");
    enum tr_code code = encaps_record(ep, assoc, in, &u, error);
    if (code != TR_OK)
        return code;
    u.sue_port = htons((uint16_t)opt_num(in, OPTF_RUE_PORT, 0));
    if (kernel_set_raw(ep, IPPROTO_SCTP, SCTP_REMOTE_UDP_ENCAPS_PORT, &u, sizeof u) == 0)
        return TR_OK;
    return kernel_opt_failed(ep, assoc, OPT_REMOTE_UDP_ENCAPS_PORT, "", error);
}

/* ---- Dynamic addresses ----------------------------------------------------------------------------- */

enum tr_code kernel_set_ASCONF_SUPPORTED(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                         struct tr_error *error)
{
    return kernel_set_offer(ep, assoc, OPT_ASCONF_SUPPORTED, SCTP_ASCONF_SUPPORTED, in, error);
}

enum tr_code kernel_get_ASCONF_SUPPORTED(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                         struct tr_error *error)
{
    return kernel_get_offer(ep, assoc, OPT_ASCONF_SUPPORTED, SCTP_ASCONF_SUPPORTED, out, error);
}

static enum tr_code set_auto_asconf(struct tr_endpoint *ep, int on, struct tr_error *error)
{
    if (kernel_set_raw(ep, IPPROTO_SCTP, SCTP_AUTO_ASCONF, &on, sizeof on) == 0)
        return TR_OK;
    return kernel_opt_failed(ep, 0, OPT_AUTO_ASCONF,
                             errno == EINVAL ? "; only for endpoints that are bound to any address" : "",
                             error);
}

/* Linux takes it only when it knows that the endpoint is bound to any address. */
enum tr_code kernel_set_AUTO_ASCONF(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                    struct tr_error *error)
{
    (void)assoc;
    bool on = opt_num(in, OPTF_AUTO_ASCONF, 0) != 0;
    kernel_endpoint(ep)->auto_asconf = on;
    return on && !kernel_endpoint(ep)->bound ? TR_OK : set_auto_asconf(ep, on, error);
}

enum tr_code kernel_bound(struct kernel_endpoint *ep, struct tr_error *error)
{
    ep->bound = true;
    return ep->auto_asconf ? set_auto_asconf(&ep->base, true, error) : TR_OK;
}

enum tr_code kernel_get_AUTO_ASCONF(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                    struct tr_error *error)
{
    int on = 0;
    if (kernel_get_raw(ep, IPPROTO_SCTP, SCTP_AUTO_ASCONF, &on, sizeof on) != 0)
        return kernel_opt_failed(ep, assoc, OPT_AUTO_ASCONF, "", error);
    opt_put(out, OPTF_AUTO_ASCONF, on != 0);
    return TR_OK;
}
