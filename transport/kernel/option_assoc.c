/* Options of associations: timers, stream counts, fragmentation, adaptation, events. */
#include "transport/kernel/option_priv.h"

#include <errno.h>
#include <string.h>

static int read_rtoinfo(struct tr_endpoint *ep, uint32_t assoc, struct sctp_rtoinfo *r)
{
    *r = (struct sctp_rtoinfo){.srto_assoc_id = (sctp_assoc_t)assoc};
    return kernel_get_raw(ep, IPPROTO_SCTP, SCTP_RTOINFO, r, sizeof *r);
}

enum tr_code kernel_get_RTOINFO(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                struct tr_error *error)
{
    struct sctp_rtoinfo r;
    if (read_rtoinfo(ep, assoc, &r) != 0)
        return kernel_opt_failed(ep, assoc, OPT_RTOINFO, "", error);
    opt_put(out, OPTF_RTO_INITIAL, r.srto_initial);
    opt_put(out, OPTF_RTO_MAX, r.srto_max);
    opt_put(out, OPTF_RTO_MIN, r.srto_min);
    return TR_OK;
}

enum tr_code kernel_set_RTOINFO(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                struct tr_error *error)
{
    struct sctp_rtoinfo r;
    if (read_rtoinfo(ep, assoc, &r) != 0)
        return kernel_opt_failed(ep, assoc, OPT_RTOINFO, "", error);
    r.srto_initial = (uint32_t)opt_num(in, OPTF_RTO_INITIAL, r.srto_initial);
    r.srto_max = (uint32_t)opt_num(in, OPTF_RTO_MAX, r.srto_max);
    r.srto_min = (uint32_t)opt_num(in, OPTF_RTO_MIN, r.srto_min);
    if (r.srto_min > r.srto_max)
        return tr_fail(error, TR_INVALID, 0, "rtoinfo: min is %u ms, above max, which is %u ms", r.srto_min,
                       r.srto_max);
    if (opt_given(in, OPTF_RTO_INITIAL) && r.srto_initial > r.srto_max)
        return tr_fail(error, TR_INVALID, 0, "rtoinfo: initial is %u ms, above max, which is %u ms",
                       r.srto_initial, r.srto_max);
    if (kernel_set_raw(ep, IPPROTO_SCTP, SCTP_RTOINFO, &r, sizeof r) == 0)
        return TR_OK;
    return kernel_opt_failed(ep, assoc, OPT_RTOINFO, "", error);
}

static int read_associnfo(struct tr_endpoint *ep, uint32_t assoc, struct sctp_assocparams *a)
{
    *a = (struct sctp_assocparams){.sasoc_assoc_id = (sctp_assoc_t)assoc};
    return kernel_get_raw(ep, IPPROTO_SCTP, SCTP_ASSOCINFO, a, sizeof *a);
}

enum tr_code kernel_get_ASSOCINFO(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                  struct tr_error *error)
{
    struct sctp_assocparams a;
    if (read_associnfo(ep, assoc, &a) != 0)
        return kernel_opt_failed(ep, assoc, OPT_ASSOCINFO, "", error);
    opt_put(out, OPTF_ASOC_MAXRXT, a.sasoc_asocmaxrxt);
    opt_put(out, OPTF_ASOC_DESTINATIONS, a.sasoc_number_peer_destinations);
    opt_put(out, OPTF_ASOC_PEER_RWND, a.sasoc_peer_rwnd);
    opt_put(out, OPTF_ASOC_LOCAL_RWND, a.sasoc_local_rwnd);
    opt_put(out, OPTF_ASOC_COOKIE_LIFE, a.sasoc_cookie_life);
    return TR_OK;
}

enum tr_code kernel_set_ASSOCINFO(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                  struct tr_error *error)
{
    struct sctp_assocparams a;
    if (read_associnfo(ep, assoc, &a) != 0)
        return kernel_opt_failed(ep, assoc, OPT_ASSOCINFO, "", error);
    a.sasoc_asocmaxrxt = (uint16_t)opt_num(in, OPTF_ASOC_MAXRXT, a.sasoc_asocmaxrxt);
    a.sasoc_cookie_life = (uint32_t)opt_num(in, OPTF_ASOC_COOKIE_LIFE, a.sasoc_cookie_life);
    if (kernel_set_raw(ep, IPPROTO_SCTP, SCTP_ASSOCINFO, &a, sizeof a) == 0)
        return TR_OK;
    return kernel_opt_failed(
        ep, assoc, OPT_ASSOCINFO,
        errno == EINVAL ? "; asocmaxrxt cannot be above the sum of the paths' pathmaxrxt" : "", error);
}

enum tr_code kernel_get_INITMSG(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                struct tr_error *error)
{
    (void)assoc;
    struct sctp_initmsg m = {0};
    if (kernel_get_raw(ep, IPPROTO_SCTP, SCTP_INITMSG, &m, sizeof m) != 0)
        return kernel_opt_failed(ep, assoc, OPT_INITMSG, "", error);
    opt_put(out, OPTF_INIT_OSTREAMS, m.sinit_num_ostreams);
    opt_put(out, OPTF_INIT_INSTREAMS, m.sinit_max_instreams);
    opt_put(out, OPTF_INIT_ATTEMPTS, m.sinit_max_attempts);
    opt_put(out, OPTF_INIT_TIMEO, m.sinit_max_init_timeo);
    return TR_OK;
}

/* Linux leaves a field as it is where it is given 0. */
enum tr_code kernel_set_INITMSG(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                struct tr_error *error)
{
    (void)assoc;
    struct sctp_initmsg m = {
        .sinit_num_ostreams = (uint16_t)opt_num(in, OPTF_INIT_OSTREAMS, 0),
        .sinit_max_instreams = (uint16_t)opt_num(in, OPTF_INIT_INSTREAMS, 0),
        .sinit_max_attempts = (uint16_t)opt_num(in, OPTF_INIT_ATTEMPTS, 0),
        .sinit_max_init_timeo = (uint16_t)opt_num(in, OPTF_INIT_TIMEO, 0),
    };
    if (kernel_set_raw(ep, IPPROTO_SCTP, SCTP_INITMSG, &m, sizeof m) == 0)
        return TR_OK;
    return kernel_opt_failed(ep, assoc, OPT_INITMSG, "", error);
}

static enum tr_code set_maxseg(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                               struct tr_error *error)
{
    struct sctp_assoc_value v = {.assoc_id = (sctp_assoc_t)assoc,
                                 .assoc_value = (uint32_t)opt_num(in, OPTF_MAXSEG, 0)};
    if (kernel_set_raw(ep, IPPROTO_SCTP, SCTP_MAXSEG, &v, sizeof v) == 0)
        return TR_OK;
    return kernel_opt_failed(ep, assoc, OPT_MAXSEG, errno == EINVAL ? "; the least is about 500 bytes" : "",
                             error);
}

enum tr_code kernel_set_MAXSEG(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                               struct tr_error *error)
{
    return kernel_set_each(ep, assoc, in, error, set_maxseg);
}

enum tr_code kernel_get_MAXSEG(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                               struct tr_error *error)
{
    struct sctp_assoc_value v = {.assoc_id = (sctp_assoc_t)assoc};
    if (kernel_get_raw(ep, IPPROTO_SCTP, SCTP_MAXSEG, &v, sizeof v) != 0)
        return kernel_opt_failed(ep, assoc, OPT_MAXSEG, "", error);
    opt_put(out, OPTF_MAXSEG, v.assoc_value);
    return TR_OK;
}

enum tr_code kernel_set_ADAPTATION_LAYER(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                         struct tr_error *error)
{
    (void)assoc;
    struct sctp_setadaptation a = {.ssb_adaptation_ind = (uint32_t)opt_num(in, OPTF_ADAPTATION_LAYER, 0)};
    return kernel_set_raw(ep, IPPROTO_SCTP, SCTP_ADAPTATION_LAYER, &a, sizeof a) == 0
               ? TR_OK
               : kernel_opt_failed(ep, assoc, OPT_ADAPTATION_LAYER, "", error);
}

enum tr_code kernel_get_ADAPTATION_LAYER(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                         struct tr_error *error)
{
    (void)assoc;
    struct sctp_setadaptation a = {0};
    if (kernel_get_raw(ep, IPPROTO_SCTP, SCTP_ADAPTATION_LAYER, &a, sizeof a) != 0)
        return kernel_opt_failed(ep, assoc, OPT_ADAPTATION_LAYER, "", error);
    opt_put(out, OPTF_ADAPTATION_LAYER, a.ssb_adaptation_ind);
    return TR_OK;
}

/* ---- Events: one by one, because the struct of SCTP_EVENTS grew and differs between kernels -------- */

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

static int set_event(struct tr_endpoint *ep, uint32_t assoc, uint16_t type, bool on)
{
    struct sctp_event e = {.se_type = type, .se_on = on};
    return kernel_set_for_all(ep, assoc, SCTP_EVENT, &e, sizeof e, &e.se_assoc_id);
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

static int subscribe_one_by_one(struct kernel_endpoint *ep)
{
    for (unsigned i = 0; i < sizeof event_fields / sizeof event_fields[0]; i++)
        if ((ep->events & event_bit(event_fields[i].type)) &&
            set_event(&ep->base, 0, event_fields[i].type, true) != 0)
            return -1;
    return 0;
}

/* SCTP_EVENTS takes all of them at once. Its struct grew over the kernel's versions, and one that is longer
 * than the kernel's is refused (EINVAL); a shorter one is not. So this one is as long as it was when
 * SCTP_EVENT came (Linux 5.0), whatever the headers have. */
enum tr_code kernel_subscribe(struct kernel_endpoint *ep, struct tr_error *error)
{
    uint8_t wanted[SCTP_SEND_FAILED_EVENT - SCTP_SN_TYPE_BASE + 1] = {0};
    int control = ep->events & 1;
    for (unsigned i = 1; i < sizeof wanted; i++)
        wanted[i] = ep->events >> i & 1;
    if (control && kernel_set_raw(&ep->base, IPPROTO_SCTP, SCTP_RECVRCVINFO, &control, sizeof control) != 0)
        return kernel_opt_failed(&ep->base, 0, OPT_EVENTS, "", error);
    if (kernel_set_raw(&ep->base, IPPROTO_SCTP, SCTP_EVENTS, wanted, sizeof wanted) != 0 &&
        subscribe_one_by_one(ep) != 0)
        return kernel_opt_failed(&ep->base, 0, OPT_EVENTS, "; Linux 4.20 or newer is needed", error);
    return TR_OK;
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

static enum tr_code chosen_events(const struct kernel_endpoint *ep, struct opt_set *out)
{
    opt_put(out, OPTF_EV_DATA_IO, ep->events & 1);
    for (unsigned i = 0; i < sizeof event_fields / sizeof event_fields[0]; i++)
        opt_put(out, event_fields[i].field, (ep->events & event_bit(event_fields[i].type)) != 0);
    return TR_OK;
}

/* data_io is the control data of received messages, for the whole endpoint. Pieces of messages of several
 * associations can only be told apart with it. */
enum tr_code kernel_set_EVENTS(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                               struct tr_error *error)
{
    if (!kernel_endpoint(ep)->bound)
        return choose_events(kernel_endpoint(ep), in);
    if (opt_given(in, OPTF_EV_DATA_IO)) {
        int on = opt_num(in, OPTF_EV_DATA_IO, 1) != 0;
        if (kernel_set_raw(ep, IPPROTO_SCTP, SCTP_RECVRCVINFO, &on, sizeof on) != 0)
            return kernel_opt_failed(ep, assoc, OPT_EVENTS, "", error);
    }
    for (unsigned i = 0; i < sizeof event_fields / sizeof event_fields[0]; i++) {
        if (!opt_given(in, event_fields[i].field))
            continue;
        bool on = opt_num(in, event_fields[i].field, 0) != 0;
        if (set_event(ep, assoc, event_fields[i].type, on) != 0)
            return kernel_opt_failed(ep, assoc, OPT_EVENTS, "", error);
    }
    return TR_OK;
}

enum tr_code kernel_get_EVENTS(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                               struct tr_error *error)
{
    int on = 0;
    if (!kernel_endpoint(ep)->bound)
        return chosen_events(kernel_endpoint(ep), out);
    if (kernel_get_raw(ep, IPPROTO_SCTP, SCTP_RECVRCVINFO, &on, sizeof on) != 0)
        return kernel_opt_failed(ep, assoc, OPT_EVENTS, "", error);
    opt_put(out, OPTF_EV_DATA_IO, on != 0);
    for (unsigned i = 0; i < sizeof event_fields / sizeof event_fields[0]; i++) {
        struct sctp_event e = {.se_assoc_id = (sctp_assoc_t)assoc, .se_type = event_fields[i].type};
        if (kernel_get_raw(ep, IPPROTO_SCTP, SCTP_EVENT, &e, sizeof e) != 0)
            return kernel_opt_failed(ep, assoc, OPT_EVENTS, "", error);
        opt_put(out, event_fields[i].field, e.se_on != 0);
    }
    return TR_OK;
}
