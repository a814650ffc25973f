/* Re-configuring an association that is up (RFC 6525): streams that begin anew, more streams.
 *
 * The stack takes one request at a time, and says so for some of them only: of outbound streams it would
 * remember that they are to be reset, and let nothing be sent on them until it could ask. So it is asked
 * beforehand whether a request is under way, by one to add no streams at all, which it looks at that far.
 *
 * Resetting a whole association is not asked for: the stack (0.9.5) then takes the last number it received
 * for the last one of its own that was acknowledged. Where that is the larger one, which chance decides, it
 * believes no acknowledgement any more, and the association dies (no TR_CAP_RESET_ASSOC). Peers may ask, if
 * they are let (enable_stream_reset). */
#include "transport/usrsctp/usrsctp_priv.h"

#include <errno.h>
#include <string.h>

static enum tr_code failed(const char *what, uint32_t assoc, int error_number, struct tr_error *error)
{
    switch (error_number) {
    case EOPNOTSUPP:
        return tr_fail(error, TR_UNSUPPORTED, error_number,
                       "%s: association %u cannot be re-configured; both sides need reconfig_supported", what,
                       assoc);
    case EALREADY:
        return tr_fail(
            error, TR_AGAIN, error_number,
            "%s: association %u has a request under way; usrsctp also says so, for good, after the peer "
            "denied to reset the association",
            what, assoc);
    case EBUSY:
        return tr_fail(
            error, TR_AGAIN, error_number,
            "%s: association %u has messages under way; try again when they are acknowledged (event "
            "sender_dry)",
            what, assoc);
    case EINVAL:
        return tr_fail(error, TR_INVALID, error_number,
                       "%s: association %u is not up, or would have too many streams", what, assoc);
    default:
        return tr_fail(error, usr_code(error_number), error_number, "%s: association %u: %s", what, assoc,
                       usr_code(error_number) == TR_NO_ASSOC ? "does not exist" : strerror(error_number));
    }
}

static int order(struct tr_endpoint *base, int option, const void *value, socklen_t len)
{
    int error_number =
        usrsctp_setsockopt(usr_ep(base)->so, IPPROTO_SCTP, option, value, len) == 0 ? 0 : errno;
    usr_ready_mark(usr_ep(base));
    return error_number;
}

/* 0: a request may be made now. */
static int may_ask(struct tr_endpoint *base, uint32_t assoc)
{
    struct sctp_add_streams none = {.sas_assoc_id = assoc};
    struct sctp_status status;
    if (!usr_status(usr_ep(base), assoc, &status))
        return ENOENT;
    int error_number = order(base, SCTP_ADD_STREAMS, &none, sizeof none);
    return error_number == EINVAL && status.sstat_state == SCTP_ESTABLISHED ? 0 : error_number;
}

static bool has_streams(struct tr_endpoint *base, uint32_t assoc, unsigned directions,
                        const uint16_t *streams, unsigned count, struct tr_error *error)
{
    struct sctp_status status;
    if (!usr_status(usr_ep(base), assoc, &status))
        return true; /* said elsewhere */
    for (unsigned i = 0; i < count; i++)
        if ((directions & TR_OUTBOUND && streams[i] >= status.sstat_outstrms) ||
            (directions & TR_INBOUND && streams[i] >= status.sstat_instrms)) {
            tr_fail(error, TR_BAD_STREAM, 0, "reset streams: association %u has no stream %u", assoc,
                    streams[i]);
            return false;
        }
    return true;
}

enum tr_code usr_reset_streams(struct tr_endpoint *base, uint32_t assoc, unsigned directions,
                               const uint16_t *streams, unsigned count, struct tr_error *error)
{
    union {
        struct sctp_reset_streams head;
        uint8_t room[sizeof(struct sctp_reset_streams) + TR_RESET_STREAMS_MAX * sizeof(uint16_t)];
    } r = {.head = {.srs_assoc_id = assoc, .srs_number_streams = (uint16_t)count}};
    if (!has_streams(base, assoc, directions, streams, count, error))
        return TR_BAD_STREAM;
    int error_number = may_ask(base, assoc);
    if (directions & TR_INBOUND)
        r.head.srs_flags |= SCTP_STREAM_RESET_INCOMING;
    if (directions & TR_OUTBOUND)
        r.head.srs_flags |= SCTP_STREAM_RESET_OUTGOING;
    if (count > 0)
        memcpy(r.head.srs_stream_list, streams, count * sizeof *streams);
    if (error_number == 0)
        error_number =
            order(base, SCTP_RESET_STREAMS, &r, (socklen_t)(sizeof r.head + count * sizeof *streams));
    return error_number == 0 ? TR_OK : failed("reset streams", assoc, error_number, error);
}

/* For new outbound streams the stack begins anew to choose what is sent next, in the middle of a message as
 * well (option_stream.c). */
enum tr_code usr_add_streams(struct tr_endpoint *base, uint32_t assoc, uint16_t outbound, uint16_t inbound,
                             struct tr_error *error)
{
    struct sctp_add_streams a = {.sas_assoc_id = assoc, .sas_instrms = inbound, .sas_outstrms = outbound};
    int error_number = may_ask(base, assoc);
    if (error_number == 0 && outbound > 0 && usr_unsent(usr_ep(base), assoc))
        error_number = EBUSY;
    if (error_number == 0)
        error_number = order(base, SCTP_ADD_STREAMS, &a, sizeof a);
    return error_number == 0 ? TR_OK : failed("add streams", assoc, error_number, error);
}
