/* Options about one path (peer address) of an association. The program names a path by its IP address; Linux
 * wants it with the port, so it is looked up among the association's addresses. */
#include "transport/kernel/option_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

/* ---- Addresses as option values --------------------------------------------------------------------- */

void kernel_tell_path(struct tr_endpoint *ep, const void *address, enum opt_field f, struct opt_set *out)
{
    struct net_addr a = {0};
    sa_family_t family;
    char text[NET_ADDR_TEXT];
    (void)ep;
    memcpy(&family, address, sizeof family);
    if (family != AF_INET && family != AF_INET6)
        return;
    memcpy(&a, address, family == AF_INET6 ? sizeof a.in6 : sizeof a.in4);
    net_addr_set_port(&a, 0);
    kernel_clean_address(&a);
    opt_put_text(out, f, net_addr_format(&a, text, sizeof text));
}

/* Among the association's peer addresses (or own ones), with its port. */
enum tr_code kernel_find_path(const struct tr_place *at, const char *text, struct sockaddr_storage *out)
{
    enum { MANY = 64 };
    struct net_addr wanted, all[MANY];
    bool remote = at->id != OPT_SET_PEER_PRIMARY_ADDR;
    memset(out, 0, sizeof *out);
    if (text == NULL)
        return TR_OK;
    if (!net_addr_parse(text, 0, &wanted))
        return tr_refuse(at, TR_INVALID, "%s is not an address", text);
    unsigned count = kernel_addresses(at->ep, at->assoc, remote, all, MANY);
    for (unsigned i = 0; i < count && i < MANY; i++) {
        struct net_addr host = all[i];
        net_addr_set_port(&host, 0);
        if (!tr_address_same(host, wanted))
            continue;
        memcpy(out, &all[i], sizeof all[i]);
        return TR_OK;
    }
    return tr_refuse(at,
                     count == 0 ? TR_NO_ASSOC
                     : remote   ? TR_INVALID
                                : TR_ADDR_UNKNOWN,
                     "%s is not a %s address of association %u", text, remote ? "peer" : "local", at->assoc);
}

/* ---- Path parameters -------------------------------------------------------------------------------- */

/* Linux stores a value only together with its switch; so the switch that stands is given along. Where it
 * stands the other way the value would be ignored: that is an error, not silence. */
static const struct {
    enum opt_field value;
    uint32_t either, needed;
    const char *otherwise;
} switches[] = {
    {OPTF_PAP_HBINTERVAL, SPP_HB, SPP_HB_ENABLE, "hbinterval while heartbeats are off; add flag hb_enable"},
    {OPTF_PAP_PATHMTU, SPP_PMTUD, SPP_PMTUD_DISABLE,
     "pathmtu while the path MTU is discovered; add flag pmtud_disable"},
    {OPTF_PAP_SACKDELAY, SPP_SACKDELAY, SPP_SACKDELAY_ENABLE,
     "sackdelay while SACKs are not delayed; add flag sackdelay_enable"},
};

/* Fields that are not given are 0, which Linux leaves alone in this record. */
enum tr_code kernel_set_path(const struct tr_place *at, const struct opt_set *in)
{
    struct sctp_paddrparams p, standing;
    enum tr_code code = tr_read_record(at, in, &standing);
    if (code != TR_OK)
        return code;
    memset(&p, 0, sizeof p);
    p.spp_address = standing.spp_address;
    code = tr_store(at, kernel_records.member, in, &p);
    for (unsigned i = 0; i < sizeof switches / sizeof switches[0] && code == TR_OK; i++) {
        uint32_t flags = p.spp_flags & switches[i].either ? p.spp_flags : standing.spp_flags;
        if (opt_num(in, switches[i].value, 0) == 0)
            continue;
        if (!(flags & switches[i].needed))
            return tr_refuse(at, TR_INVALID, "%s", switches[i].otherwise);
        p.spp_flags |= switches[i].needed;
    }
    return code == TR_OK ? tr_write_record(at, &p, sizeof p) : code;
}

/* Read where it stays while SACKs are not delayed (transport/kernel/option.c). */
enum tr_code kernel_get_sack_time(const struct tr_place *at, struct opt_set *out)
{
    struct sctp_paddrparams p;
    memset(&p, 0, sizeof p);
    p.spp_assoc_id = (sctp_assoc_t)at->assoc;
    if (kernel_get_raw(at->ep, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, &p, sizeof p) != 0)
        return tr_option_failed(at);
    opt_put(out, OPTF_DELAYED_ACK_TIME, p.spp_sackdelay);
    return TR_OK;
}

/* ---- Thresholds ------------------------------------------------------------------------------------- */

/* The third threshold came with Linux 5.5, in a longer record. Older kernels never make another path the
 * primary one. */
enum { NEVER = 65535 };
_Static_assert(offsetof(struct sctp_paddrthlds, spt_address) ==
                       offsetof(struct sctp_paddrthlds_v2, spt_address) &&
                   offsetof(struct sctp_paddrthlds, spt_pathpfthld) ==
                       offsetof(struct sctp_paddrthlds_v2, spt_pathpfthld),
               "the older record begins the newer one");

int kernel_get_old_thresholds(struct tr_endpoint *ep, struct sctp_paddrthlds_v2 *t)
{
    int failed = kernel_get_raw(ep, IPPROTO_SCTP, SCTP_PEER_ADDR_THLDS, t, sizeof(struct sctp_paddrthlds));
    t->spt_pathcpthld = NEVER;
    return failed;
}

int kernel_set_old_thresholds(struct tr_endpoint *ep, const struct sctp_paddrthlds_v2 *t)
{
    if (t->spt_pathcpthld == NEVER)
        return kernel_set_raw(ep, IPPROTO_SCTP, SCTP_PEER_ADDR_THLDS, t, sizeof(struct sctp_paddrthlds));
    errno = ENOPROTOOPT;
    return -1;
}

enum tr_code kernel_set_thresholds(const struct tr_place *at, const struct opt_set *in)
{
    struct opt_set all;
    enum tr_code code = tr_merge(at, in, &all);
    int64_t pf = opt_num(&all, OPTF_PAT_PATHPFTHLD, 0), cp = opt_num(&all, OPTF_PAT_PATHCPTHLD, NEVER);
    if (code == TR_OK && pf > cp)
        return tr_refuse(at, TR_INVALID, "pathpfthld is %u, above pathcpthld, which is %u", (unsigned)pf,
                         (unsigned)cp);
    return code == TR_OK ? tr_set_record(at, &all) : code;
}

/* ---- Dynamic addresses ------------------------------------------------------------------------------ */

/* Linux takes it only when it knows that the endpoint is bound to any address. */
enum tr_code kernel_set_auto_asconf(const struct tr_place *at, const struct opt_set *in)
{
    struct kernel_endpoint *ep = kernel_endpoint(at->ep);
    ep->auto_asconf = opt_num(in, OPTF_AUTO_ASCONF, 0) != 0;
    return ep->auto_asconf && !ep->bound ? TR_OK : tr_set_record(at, in);
}

enum tr_code kernel_bound(struct kernel_endpoint *ep, struct tr_error *error)
{
    struct opt_set on = {0};
    struct tr_place at = {&ep->base, 0, OPT_AUTO_ASCONF, error};
    ep->bound = true;
    opt_put(&on, OPTF_AUTO_ASCONF, 1);
    return ep->auto_asconf ? tr_set_record(&at, &on) : TR_OK;
}
