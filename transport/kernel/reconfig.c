/* Re-configuring what is up: addresses that come and go (RFC 5061), streams that begin anew or are added
 * (RFC 6525).
 *
 * Linux takes a request only where it would grant the same request of its peer: its own enable_stream_reset
 * has to allow it, too, which RFC 6525 does not ask for. It says ENOPROTOOPT for that, and also where the
 * association came up without re-configuration. */
#include "transport/kernel/option_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- Addresses ------------------------------------------------------------------------------------- */

static enum tr_code change_failed(bool add, const struct net_addr *addresses, unsigned count, int e,
                                  struct tr_error *error)
{
    char where[NET_ADDR_TEXT];
    enum tr_code code = kernel_code(e);
    const char *advice = "";
    if (e == EBUSY) {
        code = TR_INVALID;
        advice = "; the last address has to stay";
    } else if (e == EADDRNOTAVAIL && add) {
        advice = "; is it one of this host's addresses (`ip address`)?";
    } else if (e == EINVAL) {
        advice = add ? "; does the endpoint have it already?" : "; it is none of the endpoint's";
    }
    net_addr_format(&addresses[0], where, sizeof where);
    return tr_fail(error, code, e, "%s %s%s: %s%s", add ? "adding" : "removing", where,
                   count > 1 ? " and others" : "", strerror(e), advice);
}

enum tr_code kernel_change_addresses(struct tr_endpoint *tep, bool add, const struct net_addr *addresses,
                                     unsigned count, struct tr_error *error)
{
    struct kernel_endpoint *ep = kernel_endpoint(tep);
    struct kernel_packed packed;
    if (!kernel_pack(addresses, count, ep->port, &packed))
        return tr_fail(error, TR_LIMIT, ENOMEM, "changing addresses: out of memory");
    kernel_count(ep, 1);
    int failed =
        sctp_bindx(ep->fd, packed.bytes, packed.count, add ? SCTP_BINDX_ADD_ADDR : SCTP_BINDX_REM_ADDR);
    int e = errno;
    free(packed.bytes);
    return failed == 0 ? TR_OK : change_failed(add, addresses, count, e, error);
}

/* ---- Streams --------------------------------------------------------------------------------------- */

/* From errno. `needed`: the bit of enable_stream_reset, called `name`. */
static enum tr_code request_failed(struct tr_endpoint *ep, uint32_t assoc, const char *what, int64_t needed,
                                   const char *name, struct tr_error *error)
{
    int e = errno;
    struct tr_place at = {.ep = ep, .assoc = assoc};
    int64_t out = tr_ask(&at, OPTF_STATUS_OUTSTRMS, -1);
    if (out < 0)
        return tr_fail(error, TR_NO_ASSOC, e, "%s: there is no association %u", what, assoc);
    if (e == EAGAIN || e == EINPROGRESS)
        return tr_fail(error, TR_AGAIN, e, "%s: data or another request is under way", what);
    if (e == EINVAL)
        return tr_fail(error, TR_BAD_STREAM, e,
                       "%s: the association has %u outbound and %u inbound streams, and can have 65535", what,
                       (unsigned)out, (unsigned)tr_ask(&at, OPTF_STATUS_INSTRMS, 0));
    if (e != ENOPROTOOPT)
        return tr_fail(error, kernel_code(e), e, "%s: %s", what, strerror(e));
    if ((tr_ask(&at, OPTF_ENABLE_STREAM_RESET, 0) & needed) == 0)
        return tr_fail(error, TR_UNSUPPORTED, e,
                       "%s: Linux asks only for what it grants itself; write "
                       "enable_stream_reset: [%s] on this side, too",
                       what, name);
    return tr_fail(error, TR_UNSUPPORTED, e,
                   "%s: the association cannot be re-configured; both sides need reconfig_supported", what);
}

enum tr_code kernel_reset_streams(struct tr_endpoint *ep, uint32_t assoc, unsigned directions,
                                  const uint16_t *streams, unsigned count, struct tr_error *error)
{
    union {
        struct sctp_reset_streams head;
        uint8_t bytes[sizeof(struct sctp_reset_streams) + TR_RESET_STREAMS_MAX * sizeof(uint16_t)];
    } r = {.head = {.srs_assoc_id = (sctp_assoc_t)assoc,
                    .srs_flags = ((directions & TR_INBOUND) ? SCTP_STREAM_RESET_INCOMING : 0) |
                                 ((directions & TR_OUTBOUND) ? SCTP_STREAM_RESET_OUTGOING : 0),
                    .srs_number_streams = (uint16_t)count}};
    if (count > 0)
        memcpy(r.bytes + sizeof r.head, streams, count * sizeof *streams);
    if (kernel_set_raw(ep, IPPROTO_SCTP, SCTP_RESET_STREAMS, &r, sizeof r.head + count * sizeof *streams) ==
        0)
        return TR_OK;
    return request_failed(ep, assoc, "reset streams", OPT_RESET_STREAMS, "reset_streams", error);
}

enum tr_code kernel_reset_assoc(struct tr_endpoint *ep, uint32_t assoc, struct tr_error *error)
{
    sctp_assoc_t id = (sctp_assoc_t)assoc;
    if (kernel_set_raw(ep, IPPROTO_SCTP, SCTP_RESET_ASSOC, &id, sizeof id) == 0)
        return TR_OK;
    return request_failed(ep, assoc, "reset association", OPT_RESET_ASSOC, "reset_assoc", error);
}

enum tr_code kernel_add_streams(struct tr_endpoint *ep, uint32_t assoc, uint16_t outbound, uint16_t inbound,
                                struct tr_error *error)
{
    struct sctp_add_streams a = {
        .sas_assoc_id = (sctp_assoc_t)assoc, .sas_instrms = inbound, .sas_outstrms = outbound};
    if (kernel_set_raw(ep, IPPROTO_SCTP, SCTP_ADD_STREAMS, &a, sizeof a) == 0)
        return TR_OK;
    return request_failed(ep, assoc, "add streams", OPT_CHANGE_ASSOC, "change_assoc", error);
}
