/* The stack's notifications (RFC 6458 6.1) as tr_event. Pure: bytes in, a record out, for tests to feed. The
 * layouts are usrsctp's; where its numbers differ from the contract's order they are translated here. */
#include "transport/cause.h"
#include "transport/usrsctp/usrsctp_priv.h"

#include <stddef.h>
#include <string.h>

/* The stack's states count from 1 in the contract's order. */
static bool from_one(uint32_t value, uint32_t count, uint32_t *out)
{
    *out = value - 1;
    return value >= 1 && value <= count;
}

static bool parse_change(const union sctp_notification *n, size_t len, struct tr_event *out)
{
    enum { CHUNK_HEADER = 4 }; /* behind the event stands the whole ABORT chunk that the peer has sent */
    size_t fixed = offsetof(struct sctp_assoc_change, sac_info);
    const struct sctp_assoc_change *c = &n->sn_assoc_change;
    uint32_t state;
    if (!from_one(c->sac_state, TR_CANT_ASSOC + 1, &state))
        return false;
    out->type = TR_EV_ASSOC_CHANGE;
    out->assoc = c->sac_assoc_id;
    out->change.state = (enum tr_assoc_state)state;
    out->change.error = c->sac_error;
    out->change.outbound_streams = c->sac_outbound_streams;
    out->change.inbound_streams = c->sac_inbound_streams;
    struct tr_cause cause;
    if (out->change.state != TR_COMM_LOST && out->change.state != TR_CANT_ASSOC)
        return true;
    out->change.end = len >= fixed + CHUNK_HEADER          ? TR_END_PEER
                      : out->change.state == TR_CANT_ASSOC ? TR_END_TIMEOUT
                                                           : TR_END_HERE;
    if (len >= fixed + CHUNK_HEADER &&
        tr_cause_first(c->sac_info + CHUNK_HEADER, len - fixed - CHUNK_HEADER, &cause)) {
        out->change.reason = cause.info;
        out->change.reason_len = cause.len;
    }
    return true;
}

static bool parse_path(const union sctp_notification *n, struct tr_event *out,
                       const struct sockaddr_conn **sconn)
{
    const struct sctp_paddr_change *c = &n->sn_paddr_change;
    uint32_t state;
    if (!from_one(c->spc_state, TR_PATH_CONFIRMED + 1, &state))
        return false;
    out->type = TR_EV_PATH_CHANGE;
    out->assoc = c->spc_assoc_id;
    out->path.state = (enum tr_path_state)state;
    out->path.error = c->spc_error;
    *sconn = (const struct sockaddr_conn *)&c->spc_aaddr;
    return true;
}

static bool parse_failed(const union sctp_notification *n, size_t len, struct tr_event *out,
                         unsigned *fragment)
{
    const struct sctp_send_failed_event *f = &n->sn_send_failed_event;
    enum { DATA_UNORDERED = 4 }; /* U bit of a DATA chunk: what was sent has its chunk flags here */
    out->type = TR_EV_SEND_FAILED;
    out->assoc = f->ssfe_assoc_id;
    out->failed.was_sent = f->ssfe_flags & SCTP_DATA_SENT;
    out->failed.error = f->ssfe_error;
    out->failed.msg.data = f->ssfe_data;
    out->failed.msg.len = (uint32_t)(len - offsetof(struct sctp_send_failed_event, ssfe_data));
    out->failed.msg.assoc = f->ssfe_assoc_id;
    out->failed.msg.stream = f->ssfe_info.snd_sid;
    out->failed.msg.ppid = ntohl(f->ssfe_info.snd_ppid);
    out->failed.msg.context = f->ssfe_info.snd_context;
    if (f->ssfe_info.snd_flags & DATA_UNORDERED)
        out->failed.msg.flags = TR_UNORDERED;
    *fragment = f->ssfe_info.snd_flags & (USR_FIRST | USR_LAST);
    return true;
}

static bool parse_error(const union sctp_notification *n, size_t len, struct tr_event *out)
{
    /* The data is a whole ERROR chunk; users get what its first cause says, as from the kernel. */
    enum { CHUNK_AND_CAUSE_HEADER = 8 };
    const struct sctp_remote_error *e = &n->sn_remote_error;
    size_t bytes = len - offsetof(struct sctp_remote_error, sre_data);
    out->type = TR_EV_REMOTE_ERROR;
    out->assoc = e->sre_assoc_id;
    out->remote_error.error = e->sre_error;
    if (bytes > CHUNK_AND_CAUSE_HEADER) {
        out->remote_error.data = e->sre_data + CHUNK_AND_CAUSE_HEADER;
        out->remote_error.len = (uint32_t)(bytes - CHUNK_AND_CAUSE_HEADER);
    }
    return true;
}

/* What the library sends; usrsctp.h of 0.9.5 has 32 bits for stream and number, which shifts the rest. */
struct partial_delivery {
    uint16_t type, flags;
    uint32_t length, indication;
    uint16_t stream, seq;
    sctp_assoc_t assoc_id;
};

static bool parse_partial(const void *data, size_t len, struct tr_event *out)
{
    out->type = TR_EV_PARTIAL_DELIVERY;
    if (len >= sizeof(struct sctp_pdapi_event)) {
        const struct sctp_pdapi_event *p = data;
        out->assoc = p->pdapi_assoc_id;
        out->partial.indication = p->pdapi_indication;
        out->partial.stream = p->pdapi_stream;
        out->partial.seq = p->pdapi_seq;
    } else {
        const struct partial_delivery *p = data;
        out->assoc = p->assoc_id;
        out->partial.indication = p->indication;
        out->partial.stream = p->stream;
        out->partial.seq = p->seq;
    }
    return true;
}

static bool parse_authentication(const union sctp_notification *n, struct tr_event *out)
{
    /* The stack counts NEW_KEY, NO_AUTH, FREE_KEY from 1; the contract has the order of RFC 6458 6.1.8. */
    static const uint32_t indications[] = {
        [SCTP_AUTH_NEW_KEY] = 0, [SCTP_AUTH_NO_AUTH] = 2, [SCTP_AUTH_FREE_KEY] = 1};
    const struct sctp_authkey_event *a = &n->sn_auth_event;
    if (a->auth_indication < SCTP_AUTH_NEW_KEY || a->auth_indication > SCTP_AUTH_FREE_KEY)
        return false;
    out->type = TR_EV_AUTHENTICATION;
    out->assoc = a->auth_assoc_id;
    out->authentication.indication = indications[a->auth_indication];
    out->authentication.key = a->auth_keynumber;
    return true;
}

/* DENIED and FAILED have the same values in all three events. */
static enum tr_reconfig_outcome outcome_of(uint16_t flags)
{
    if (flags & SCTP_STREAM_RESET_DENIED)
        return TR_RECONFIG_DENIED;
    return flags & SCTP_STREAM_RESET_FAILED ? TR_RECONFIG_FAILED : TR_RECONFIG_DONE;
}

static bool parse_stream_reset(const union sctp_notification *n, size_t len, struct tr_event *out)
{
    const struct sctp_stream_reset_event *r = &n->sn_strreset_event;
    size_t bytes = len - offsetof(struct sctp_stream_reset_event, strreset_stream_list);
    out->type = TR_EV_STREAM_RESET;
    out->assoc = r->strreset_assoc_id;
    out->stream_reset.outcome = outcome_of(r->strreset_flags);
    if (r->strreset_flags & SCTP_STREAM_RESET_INCOMING_SSN)
        out->stream_reset.directions |= TR_INBOUND;
    if (r->strreset_flags & SCTP_STREAM_RESET_OUTGOING_SSN)
        out->stream_reset.directions |= TR_OUTBOUND;
    out->stream_reset.count = (unsigned)(bytes / sizeof r->strreset_stream_list[0]);
    if (out->stream_reset.count > 0)
        out->stream_reset.streams = r->strreset_stream_list;
    return out->stream_reset.directions != 0;
}

static bool parse_assoc_reset(const union sctp_notification *n, struct tr_event *out)
{
    const struct sctp_assoc_reset_event *r = &n->sn_assocreset_event;
    out->type = TR_EV_ASSOC_RESET;
    out->assoc = r->assocreset_assoc_id;
    out->assoc_reset.outcome = outcome_of(r->assocreset_flags);
    out->assoc_reset.local_tsn = r->assocreset_local_tsn;
    out->assoc_reset.remote_tsn = r->assocreset_remote_tsn - 1; /* the stack tells the one behind the next */
    return true;
}

static bool parse_stream_change(const union sctp_notification *n, struct tr_event *out)
{
    const struct sctp_stream_change_event *c = &n->sn_strchange_event;
    out->type = TR_EV_STREAM_CHANGE;
    out->assoc = c->strchange_assoc_id;
    out->stream_change.outcome = outcome_of(c->strchange_flags);
    out->stream_change.outbound_streams = c->strchange_outstrms;
    out->stream_change.inbound_streams = c->strchange_instrms;
    return true;
}

/* The shortest form of each; 0: not one that is subscribed to. */
static size_t shortest(uint16_t type)
{
    switch (type) {
    case SCTP_ASSOC_CHANGE:
        return offsetof(struct sctp_assoc_change, sac_info);
    case SCTP_PEER_ADDR_CHANGE:
        return sizeof(struct sctp_paddr_change);
    case SCTP_SEND_FAILED_EVENT:
        return offsetof(struct sctp_send_failed_event, ssfe_data);
    case SCTP_REMOTE_ERROR:
        return offsetof(struct sctp_remote_error, sre_data);
    case SCTP_SHUTDOWN_EVENT:
        return sizeof(struct sctp_shutdown_event);
    case SCTP_PARTIAL_DELIVERY_EVENT:
        return sizeof(struct partial_delivery);
    case SCTP_ADAPTATION_INDICATION:
        return sizeof(struct sctp_adaptation_event);
    case SCTP_AUTHENTICATION_EVENT:
        return sizeof(struct sctp_authkey_event);
    case SCTP_SENDER_DRY_EVENT:
        return sizeof(struct sctp_sender_dry_event);
    case SCTP_STREAM_RESET_EVENT:
        return offsetof(struct sctp_stream_reset_event, strreset_stream_list);
    case SCTP_ASSOC_RESET_EVENT:
        return sizeof(struct sctp_assoc_reset_event);
    case SCTP_STREAM_CHANGE_EVENT:
        return sizeof(struct sctp_stream_change_event);
    default:
        return 0;
    }
}

bool usr_event_parse(const void *data, size_t len, struct tr_event *out, unsigned *fragment,
                     const struct sockaddr_conn **sconn)
{
    const union sctp_notification *n = data;
    *out = (struct tr_event){0};
    *fragment = 0;
    *sconn = NULL;
    if (len < sizeof n->sn_header || shortest(n->sn_header.sn_type) == 0 ||
        len < shortest(n->sn_header.sn_type))
        return false;
    switch (n->sn_header.sn_type) {
    case SCTP_ASSOC_CHANGE:
        return parse_change(n, len, out);
    case SCTP_PEER_ADDR_CHANGE:
        return parse_path(n, out, sconn);
    case SCTP_SEND_FAILED_EVENT:
        return parse_failed(n, len, out, fragment);
    case SCTP_REMOTE_ERROR:
        return parse_error(n, len, out);
    case SCTP_PARTIAL_DELIVERY_EVENT:
        return parse_partial(data, len, out);
    case SCTP_AUTHENTICATION_EVENT:
        return parse_authentication(n, out);
    case SCTP_STREAM_RESET_EVENT:
        return parse_stream_reset(n, len, out);
    case SCTP_ASSOC_RESET_EVENT:
        return parse_assoc_reset(n, out);
    case SCTP_STREAM_CHANGE_EVENT:
        return parse_stream_change(n, out);
    case SCTP_SHUTDOWN_EVENT:
        out->type = TR_EV_SHUTDOWN;
        out->assoc = n->sn_shutdown_event.sse_assoc_id;
        return true;
    case SCTP_ADAPTATION_INDICATION:
        out->type = TR_EV_ADAPTATION;
        out->assoc = n->sn_adaptation_event.sai_assoc_id;
        out->adaptation.indication = n->sn_adaptation_event.sai_adaptation_ind;
        return true;
    default:
        out->type = TR_EV_SENDER_DRY;
        out->assoc = n->sn_sender_dry_event.sender_dry_assoc_id;
        return true;
    }
}
