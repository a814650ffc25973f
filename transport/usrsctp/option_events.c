/* Which events an endpoint reports (RFC 6458 6.2.2). */
#include "transport/usrsctp/option_priv.h"

static const struct {
    enum opt_field field;
    uint16_t type;
} event_types[] = {
    {OPTF_EV_ASSOCIATION, SCTP_ASSOC_CHANGE},
    {OPTF_EV_ADDRESS, SCTP_PEER_ADDR_CHANGE},
    {OPTF_EV_SEND_FAILURE, SCTP_SEND_FAILED_EVENT},
    {OPTF_EV_PEER_ERROR, SCTP_REMOTE_ERROR},
    {OPTF_EV_SHUTDOWN, SCTP_SHUTDOWN_EVENT},
    {OPTF_EV_PARTIAL_DELIVERY, SCTP_PARTIAL_DELIVERY_EVENT},
    {OPTF_EV_ADAPTATION_LAYER, SCTP_ADAPTATION_INDICATION},
    {OPTF_EV_AUTHENTICATION, SCTP_AUTHENTICATION_EVENT},
    {OPTF_EV_SENDER_DRY, SCTP_SENDER_DRY_EVENT},
    {OPTF_EV_STREAM_RESET, SCTP_STREAM_RESET_EVENT},
    {OPTF_EV_ASSOC_RESET, SCTP_ASSOC_RESET_EVENT},
    {OPTF_EV_STREAM_CHANGE, SCTP_STREAM_CHANGE_EVENT},
};

/* An association that has nothing to send says so at once where it is asked to (sender_dry). For all of an
 * endpoint in one call the stack refuses that, so each is asked. The contract's messages always have data_io.
 */
enum tr_code usr_set_events(const struct tr_place *at, const struct opt_set *in)
{
    enum tr_code code = TR_OK;
    usr_keep(at, in);
    for (unsigned i = 0; i < sizeof event_types / sizeof *event_types && code == TR_OK; i++) {
        struct sctp_event e = {.se_type = event_types[i].type,
                               .se_on = opt_num(in, event_types[i].field, 0) != 0};
        if (opt_given(in, event_types[i].field))
            code = tr_write_record(at, &e, sizeof e);
    }
    usr_ready_mark(usr_ep(at->ep));
    return code;
}

enum tr_code usr_get_events(const struct tr_place *at, struct opt_set *out)
{
    usr_get_kept(at, out);
    for (unsigned i = 0; i < sizeof event_types / sizeof *event_types; i++) {
        struct sctp_event e = {.se_assoc_id = at->assoc, .se_type = event_types[i].type};
        if (usr_get_raw(at->ep, SCTP_EVENT, &e, sizeof e) != 0)
            return tr_option_failed(at);
        opt_put(out, event_types[i].field, e.se_on != 0);
    }
    return TR_OK;
}
