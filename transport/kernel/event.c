/* Notifications of the Linux SCTP stack (RFC 6458 6.1) → tr_event. Pure: bytes in, event out. The bytes come
 * from the kernel, but their lengths are checked all the same: structs grew over the kernel's versions, and a
 * program may be built with newer headers than the kernel it meets.
 *
 * Byte order: RFC 6458 leaves it open for error causes, and Linux fills in what stood in the packet.
 * sac_error, sre_error and ssf_error are in network order here; counts, states and indications are in host
 * order. */
#include "transport/cause.h"
#include "transport/kernel/kernel_priv.h"

#include <arpa/inet.h>
#include <string.h>

/* Copies the fixed part of a notification. False: too short for it. */
#define FIXED(out, bytes, len) copy_fixed(&(out), sizeof(out), bytes, len)

static bool copy_fixed(void *out, size_t size, const void *bytes, size_t len)
{
    if (len < size)
        return false;
    memcpy(out, bytes, size);
    return true;
}

/* Behind the event stand the causes of the ABORT that the peer has sent. */
static void add_reason(const void *bytes, size_t len, struct tr_event *out)
{
    struct tr_cause cause;
    if (!tr_cause_first(bytes, len, &cause))
        return;
    out->change.reason = cause.info;
    out->change.reason_len = cause.len;
}

static bool assoc_change(const void *bytes, size_t len, struct tr_event *out)
{
    static const enum tr_assoc_state states[] = {
        [SCTP_COMM_UP] = TR_COMM_UP,           [SCTP_COMM_LOST] = TR_COMM_LOST,
        [SCTP_RESTART] = TR_RESTART,           [SCTP_SHUTDOWN_COMP] = TR_SHUTDOWN_COMP,
        [SCTP_CANT_STR_ASSOC] = TR_CANT_ASSOC,
    };
    struct sctp_assoc_change n;
    if (!FIXED(n, bytes, len) || n.sac_state >= sizeof states / sizeof states[0])
        return false;
    out->type = TR_EV_ASSOC_CHANGE;
    out->assoc = (uint32_t)n.sac_assoc_id;
    out->change.state = states[n.sac_state];
    out->change.error = ntohs(n.sac_error);
    out->change.outbound_streams = n.sac_outbound_streams;
    out->change.inbound_streams = n.sac_inbound_streams;
    if (out->change.state == TR_COMM_LOST && (len > sizeof n || n.sac_error != 0))
        out->change.end = len > sizeof n ? TR_END_PEER : TR_END_HERE;
    if (out->change.state == TR_COMM_LOST)
        add_reason((const uint8_t *)bytes + sizeof n, len - sizeof n, out);
    return true;
}

static bool path_change(const void *bytes, size_t len, struct tr_event *out)
{
    static const enum tr_path_state states[] = {
        [SCTP_ADDR_AVAILABLE] = TR_PATH_AVAILABLE,
        [SCTP_ADDR_UNREACHABLE] = TR_PATH_UNREACHABLE,
        [SCTP_ADDR_REMOVED] = TR_PATH_REMOVED,
        [SCTP_ADDR_ADDED] = TR_PATH_ADDED,
        [SCTP_ADDR_MADE_PRIM] = TR_PATH_MADE_PRIM,
        [SCTP_ADDR_CONFIRMED] = TR_PATH_CONFIRMED,
        [SCTP_ADDR_POTENTIALLY_FAILED] = TR_PATH_POTENTIALLY_FAILED,
    };
    struct sctp_paddr_change n;
    if (!FIXED(n, bytes, len) || n.spc_state < 0 || (size_t)n.spc_state >= sizeof states / sizeof states[0])
        return false;
    out->type = TR_EV_PATH_CHANGE;
    out->assoc = (uint32_t)n.spc_assoc_id;
    out->path.state = states[n.spc_state];
    out->path.error = (uint32_t)n.spc_error;
    memset(&out->path.address, 0, sizeof out->path.address);
    if (n.spc_aaddr.ss_family == AF_INET)
        memcpy(&out->path.address, &n.spc_aaddr, sizeof(struct sockaddr_in));
    else if (n.spc_aaddr.ss_family == AF_INET6)
        memcpy(&out->path.address, &n.spc_aaddr, sizeof(struct sockaddr_in6));
    kernel_clean_address(&out->path.address);
    return true;
}

/* snd_flags of a message that comes back are those of its DATA chunk (RFC 9260 3.3.1), which tell whether it
 * was fragmented: each fragment has a notification of its own. */
static uint16_t failed_flags(uint16_t chunk)
{
    enum { CHUNK_LAST = 1, CHUNK_FIRST = 2, CHUNK_UNORDERED = 4 };
    return ((chunk & CHUNK_UNORDERED) ? TR_UNORDERED : 0) | ((chunk & CHUNK_FIRST) ? KERNEL_FIRST : 0) |
           ((chunk & CHUNK_LAST) ? KERNEL_LAST : 0);
}

/* The cause of a lost message: network order where it is a cause of the protocol (at most 16 bits). */
static uint32_t failed_error(uint32_t error)
{
    return error <= UINT16_MAX ? ntohs((uint16_t)error) : error;
}

static bool send_failed(const void *bytes, size_t len, struct tr_event *out)
{
    struct sctp_send_failed_event n;
    if (!FIXED(n, bytes, len))
        return false;
    out->type = TR_EV_SEND_FAILED;
    out->assoc = (uint32_t)n.ssf_assoc_id;
    out->failed.was_sent = n.ssf_flags == SCTP_DATA_SENT;
    out->failed.error = failed_error(n.ssf_error);
    out->failed.msg = (struct tr_msg){
        .data = (const uint8_t *)bytes + sizeof n,
        .len = (uint32_t)(len - sizeof n),
        .assoc = (uint32_t)n.ssf_assoc_id,
        .stream = n.ssfe_info.snd_sid,
        .flags = failed_flags(n.ssfe_info.snd_flags),
        .ppid = ntohl(n.ssfe_info.snd_ppid),
        .context = n.ssfe_info.snd_context,
    };
    return true;
}

static bool remote_error(const void *bytes, size_t len, struct tr_event *out)
{
    struct sctp_remote_error n;
    if (!FIXED(n, bytes, len))
        return false;
    out->type = TR_EV_REMOTE_ERROR;
    out->assoc = (uint32_t)n.sre_assoc_id;
    out->remote_error.error = ntohs(n.sre_error);
    out->remote_error.data = (const uint8_t *)bytes + sizeof n;
    out->remote_error.len = (uint32_t)(len - sizeof n);
    return true;
}

static bool shutdown_event(const void *bytes, size_t len, struct tr_event *out)
{
    struct sctp_shutdown_event n;
    if (!FIXED(n, bytes, len))
        return false;
    out->type = TR_EV_SHUTDOWN;
    out->assoc = (uint32_t)n.sse_assoc_id;
    return true;
}

/* Stream and sequence number came with Linux 4.20. */
static bool partial_delivery(const void *bytes, size_t len, struct tr_event *out)
{
    struct sctp_pdapi_event n;
    memset(&n, 0, sizeof n);
    size_t shortest = offsetof(struct sctp_pdapi_event, pdapi_stream);
    if (!copy_fixed(&n, len < sizeof n ? shortest : sizeof n, bytes, len))
        return false;
    out->type = TR_EV_PARTIAL_DELIVERY;
    out->assoc = (uint32_t)n.pdapi_assoc_id;
    out->partial.indication = n.pdapi_indication;
    out->partial.stream = n.pdapi_stream;
    out->partial.seq = n.pdapi_seq;
    return true;
}

static bool adaptation(const void *bytes, size_t len, struct tr_event *out)
{
    struct sctp_adaptation_event n;
    if (!FIXED(n, bytes, len))
        return false;
    out->type = TR_EV_ADAPTATION;
    out->assoc = (uint32_t)n.sai_assoc_id;
    out->adaptation.indication = n.sai_adaptation_ind;
    return true;
}

static bool authentication(const void *bytes, size_t len, struct tr_event *out)
{
    struct sctp_authkey_event n;
    if (!FIXED(n, bytes, len))
        return false;
    out->type = TR_EV_AUTHENTICATION;
    out->assoc = (uint32_t)n.auth_assoc_id;
    out->authentication.indication = n.auth_indication;
    out->authentication.key = n.auth_keynumber;
    return true;
}

static bool sender_dry(const void *bytes, size_t len, struct tr_event *out)
{
    struct sctp_sender_dry_event n;
    if (!FIXED(n, bytes, len))
        return false;
    out->type = TR_EV_SENDER_DRY;
    out->assoc = (uint32_t)n.sender_dry_assoc_id;
    return true;
}

/* Denied and failed have the same bits in all three re-configuration events. */
static enum tr_reconfig_outcome outcome_of(uint16_t flags)
{
    return (flags & SCTP_STREAM_RESET_DENIED)   ? TR_RECONFIG_DENIED
           : (flags & SCTP_STREAM_RESET_FAILED) ? TR_RECONFIG_FAILED
                                                : TR_RECONFIG_DONE;
}

static bool stream_reset(const void *bytes, size_t len, struct tr_event *out)
{
    struct sctp_stream_reset_event n;
    if (!FIXED(n, bytes, len))
        return false;
    out->type = TR_EV_STREAM_RESET;
    out->assoc = (uint32_t)n.strreset_assoc_id;
    out->stream_reset.outcome = outcome_of(n.strreset_flags);
    out->stream_reset.directions = ((n.strreset_flags & SCTP_STREAM_RESET_INCOMING_SSN) ? TR_INBOUND : 0) |
                                   ((n.strreset_flags & SCTP_STREAM_RESET_OUTGOING_SSN) ? TR_OUTBOUND : 0);
    out->stream_reset.count = (unsigned)((len - sizeof n) / sizeof(uint16_t));
    if (out->stream_reset.count > 0)
        out->stream_reset.streams = (const uint16_t *)((const uint8_t *)bytes + sizeof n);
    return true;
}

static bool assoc_reset(const void *bytes, size_t len, struct tr_event *out)
{
    struct sctp_assoc_reset_event n;
    if (!FIXED(n, bytes, len))
        return false;
    out->type = TR_EV_ASSOC_RESET;
    out->assoc = (uint32_t)n.assocreset_assoc_id;
    out->assoc_reset.outcome = outcome_of(n.assocreset_flags);
    out->assoc_reset.local_tsn = n.assocreset_local_tsn;
    out->assoc_reset.remote_tsn = n.assocreset_remote_tsn;
    return true;
}

static bool stream_change(const void *bytes, size_t len, struct tr_event *out)
{
    struct sctp_stream_change_event n;
    if (!FIXED(n, bytes, len))
        return false;
    out->type = TR_EV_STREAM_CHANGE;
    out->assoc = (uint32_t)n.strchange_assoc_id;
    out->stream_change.outcome = outcome_of(n.strchange_flags);
    out->stream_change.outbound_streams = n.strchange_outstrms;
    out->stream_change.inbound_streams = n.strchange_instrms;
    return true;
}

bool kernel_event(const void *bytes, size_t len, struct tr_event *out)
{
    struct {
        uint16_t type, flags;
        uint32_t length;
    } header;
    if (!FIXED(header, bytes, len))
        return false;
    if (header.length < len) /* what the kernel says about itself bounds it too */
        len = header.length;
    memset(out, 0, sizeof *out);
    switch (header.type) {
    case SCTP_ASSOC_CHANGE:
        return assoc_change(bytes, len, out);
    case SCTP_PEER_ADDR_CHANGE:
        return path_change(bytes, len, out);
    case SCTP_SEND_FAILED_EVENT:
        return send_failed(bytes, len, out);
    case SCTP_REMOTE_ERROR:
        return remote_error(bytes, len, out);
    case SCTP_SHUTDOWN_EVENT:
        return shutdown_event(bytes, len, out);
    case SCTP_PARTIAL_DELIVERY_EVENT:
        return partial_delivery(bytes, len, out);
    case SCTP_ADAPTATION_INDICATION:
        return adaptation(bytes, len, out);
    case SCTP_AUTHENTICATION_EVENT:
        return authentication(bytes, len, out);
    case SCTP_SENDER_DRY_EVENT:
        return sender_dry(bytes, len, out);
    case SCTP_STREAM_RESET_EVENT:
        return stream_reset(bytes, len, out);
    case SCTP_ASSOC_RESET_EVENT:
        return assoc_reset(bytes, len, out);
    case SCTP_STREAM_CHANGE_EVENT:
        return stream_change(bytes, len, out);
    default:
        return false;
    }
}
