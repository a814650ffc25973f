/* Which events an endpoint reports (RFC 6458 6.2.2). */
#include "transport/kernel/option_priv.h"

static const struct {
    enum opt_field field;
    uint16_t type;
} event_fields[] = {
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

/* Turns reports of one kind on or off (RFC 6458 6.2.2). Bit i of kernel_endpoint.events is the event
 * SCTP_SN_TYPE_BASE + i; bit 0 is the control data of messages. */
static uint16_t event_bit(uint16_t type)
{
    return (uint16_t)(1u << (type - SCTP_SN_TYPE_BASE));
}

static enum tr_code set_event(const struct tr_place *at, uint16_t type, bool on)
{
    struct sctp_event e = {.se_type = type, .se_on = on};
    return tr_write_record(at, &e, sizeof e);
}

void kernel_default_events(struct kernel_endpoint *ep)
{
    static const uint16_t types[] = {SCTP_ASSOC_CHANGE,          SCTP_SEND_FAILED_EVENT,
                                     SCTP_SHUTDOWN_EVENT,        SCTP_PARTIAL_DELIVERY_EVENT,
                                     SCTP_ADAPTATION_INDICATION, SCTP_STREAM_RESET_EVENT,
                                     SCTP_ASSOC_RESET_EVENT,     SCTP_STREAM_CHANGE_EVENT};
    ep->events = event_bit(SCTP_SN_TYPE_BASE);
    for (unsigned i = 0; i < sizeof types / sizeof types[0]; i++)
        ep->events |= event_bit(types[i]);
}

static enum tr_code set_control(const struct tr_place *at, int on)
{
    return kernel_set_raw(at->ep, IPPROTO_SCTP, SCTP_RECVRCVINFO, &on, sizeof on) == 0 ? TR_OK
                                                                                       : tr_option_failed(at);
}

/* SCTP_EVENTS takes all of them at once. Its struct grew over the kernel's versions, and one that is longer
 * than the kernel's is refused (EINVAL); a shorter one is not. So this one is as long as it was when
 * SCTP_EVENT came (Linux 5.0), whatever the headers have. */
enum tr_code kernel_subscribe(struct kernel_endpoint *ep, struct tr_error *error)
{
    uint8_t wanted[SCTP_SEND_FAILED_EVENT - SCTP_SN_TYPE_BASE + 1] = {0};
    struct tr_place at = {&ep->base, 0, OPT_EVENTS, error};
    enum tr_code code = ep->events & 1 ? set_control(&at, true) : TR_OK;
    for (unsigned i = 1; i < sizeof wanted; i++)
        wanted[i] = ep->events >> i & 1;
    if (code != TR_OK || kernel_set_raw(&ep->base, IPPROTO_SCTP, SCTP_EVENTS, wanted, sizeof wanted) == 0)
        return code;
    for (unsigned i = 0; i < sizeof event_fields / sizeof event_fields[0] && code == TR_OK; i++)
        if (ep->events & event_bit(event_fields[i].type))
            code = set_event(&at, event_fields[i].type, true);
    return code;
}

/* Until the endpoint is bound what it will subscribe to. */
static enum tr_code choose_events(struct kernel_endpoint *ep, const struct opt_set *in)
{
    if (opt_given(in, OPTF_EV_DATA_IO))
        ep->events = (uint16_t)((ep->events & ~1) | (opt_num(in, OPTF_EV_DATA_IO, 1) != 0));
    for (unsigned i = 0; i < sizeof event_fields / sizeof event_fields[0]; i++) {
        uint16_t bit = event_bit(event_fields[i].type);
        if (opt_num(in, event_fields[i].field, (ep->events & bit) != 0))
            ep->events |= bit;
        else
            ep->events &= (uint16_t)~bit;
    }
    return TR_OK;
}

/* data_io is the control data of received messages, for the whole endpoint. Pieces of messages of several
 * associations can only be told apart with it. */
enum tr_code kernel_set_events(const struct tr_place *at, const struct opt_set *in)
{
    if (!kernel_endpoint(at->ep)->bound)
        return choose_events(kernel_endpoint(at->ep), in);
    enum tr_code code =
        opt_given(in, OPTF_EV_DATA_IO) ? set_control(at, opt_num(in, OPTF_EV_DATA_IO, 1) != 0) : TR_OK;
    for (unsigned i = 0; i < sizeof event_fields / sizeof event_fields[0] && code == TR_OK; i++)
        if (opt_given(in, event_fields[i].field))
            code = set_event(at, event_fields[i].type, opt_num(in, event_fields[i].field, 0) != 0);
    return code;
}

enum tr_code kernel_get_events(const struct tr_place *at, struct opt_set *out)
{
    const struct kernel_endpoint *ep = kernel_endpoint(at->ep);
    int control = ep->events & 1;
    if (ep->bound && kernel_get_raw(at->ep, IPPROTO_SCTP, SCTP_RECVRCVINFO, &control, sizeof control) != 0)
        return tr_option_failed(at);
    opt_put(out, OPTF_EV_DATA_IO, control != 0);
    for (unsigned i = 0; i < sizeof event_fields / sizeof event_fields[0]; i++) {
        struct sctp_event e = {.se_assoc_id = (sctp_assoc_t)at->assoc, .se_type = event_fields[i].type};
        e.se_on = (ep->events & event_bit(e.se_type)) != 0;
        if (ep->bound && kernel_get_raw(at->ep, IPPROTO_SCTP, SCTP_EVENT, &e, sizeof e) != 0)
            return tr_option_failed(at);
        opt_put(out, event_fields[i].field, e.se_on != 0);
    }
    return TR_OK;
}
