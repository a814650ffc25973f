/* Which events an endpoint reports (RFC 6458 6.2.2). Until it is bound that is kept, and then told to the
 * stack at once: bit i + 1 of kernel_endpoint.events is row i of the notifications, bit 0 the control data of
 * messages. */
#include "transport/kernel/option_priv.h"

static uint16_t bit_of(unsigned row)
{
    return (uint16_t)(2u << row);
}

void kernel_default_events(struct kernel_endpoint *ep)
{
    ep->events = 1;
    for (unsigned i = 0; i < kernel_notices.rows; i++)
        if (kernel_notices.row[i].begins)
            ep->events |= bit_of(i);
}

static enum tr_code set_control(const struct tr_place *at, int on)
{
    int failed = kernel_set_raw(at->ep, IPPROTO_SCTP, SCTP_RECVRCVINFO, &on, sizeof on);
    return failed ? tr_option_failed(at) : TR_OK;
}

static void chosen_events(const struct kernel_endpoint *ep, struct opt_set *out)
{
    opt_put(out, OPTF_EV_DATA_IO, ep->events & 1);
    for (unsigned i = 0; i < kernel_notices.rows; i++)
        opt_put(out, kernel_notices.row[i].field, (ep->events & bit_of(i)) != 0);
}

/* SCTP_EVENTS takes all of them at once. Its struct grew over the kernel's versions, and one that is longer
 * than the kernel's is refused (EINVAL); a shorter one is not. So this one is as long as it was when
 * SCTP_EVENT came (Linux 5.0), whatever the headers have. */
enum tr_code kernel_subscribe(struct kernel_endpoint *ep, struct tr_error *error)
{
    uint8_t wanted[SCTP_SEND_FAILED_EVENT - SCTP_SN_TYPE_BASE + 1] = {0};
    struct tr_place at = {&ep->base, 0, OPT_EVENTS, error};
    struct opt_set chosen = {0};
    enum tr_code code = ep->events & 1 ? set_control(&at, true) : TR_OK;
    for (unsigned i = 0; i < kernel_notices.rows; i++)
        wanted[kernel_notices.row[i].number - SCTP_SN_TYPE_BASE] = (ep->events & bit_of(i)) != 0;
    if (code != TR_OK || kernel_set_raw(&ep->base, IPPROTO_SCTP, SCTP_EVENTS, wanted, sizeof wanted) == 0)
        return code;
    chosen_events(ep, &chosen);
    return tr_set_events(&at, &chosen);
}

static enum tr_code choose_events(struct kernel_endpoint *ep, const struct opt_set *in)
{
    ep->events = (uint16_t)((ep->events & ~1) | (opt_num(in, OPTF_EV_DATA_IO, ep->events & 1) != 0));
    for (unsigned i = 0; i < kernel_notices.rows; i++)
        if (opt_num(in, kernel_notices.row[i].field, (ep->events & bit_of(i)) != 0))
            ep->events |= bit_of(i);
        else
            ep->events &= (uint16_t)~bit_of(i);
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
    return code == TR_OK ? tr_set_events(at, in) : code;
}

enum tr_code kernel_get_events(const struct tr_place *at, struct opt_set *out)
{
    int control = 0;
    chosen_events(kernel_endpoint(at->ep), out);
    if (!kernel_endpoint(at->ep)->bound)
        return TR_OK;
    if (kernel_get_raw(at->ep, IPPROTO_SCTP, SCTP_RECVRCVINFO, &control, sizeof control) != 0)
        return tr_option_failed(at);
    opt_put(out, OPTF_EV_DATA_IO, control != 0);
    return tr_get_events(at, out);
}
