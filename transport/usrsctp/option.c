/* Options: the table, with one pair of functions for each row of options.def; it does not compile while one
 * is missing. What the stack lacks is named NULL, with the reason. Also what the files of the options share,
 * and what an endpoint begins with.
 *
 * Scope: some settings of an endpoint reach only associations to come, and have to be repeated for each that
 * is there where the option's row says that a change acts at once (SCTP_ALL_ASSOC). None of these calls wakes
 * the library's thread (stack.c): that walk is inside the call. */
#include "transport/usrsctp/option_priv.h"

#include <errno.h>
#include <string.h>

/* ---- Shared ----------------------------------------------------------------------------------------- */

enum tr_code usr_option_failed(enum opt_id id, const char *what, int error_number, struct tr_error *error)
{
    enum tr_code code = usr_code(error_number);
    const char *why = strerror(error_number);
    if (code == TR_NO_ASSOC)
        why = "there is no such association";
    if (code == TR_INVALID)
        why = "the stack does not accept this value or combination";
    return tr_fail(error, code, error_number, "%s %s: %s", what, opt_rows[id].name, why);
}

enum tr_code usr_set(struct tr_endpoint *ep, enum opt_id id, int option, const void *value, socklen_t len,
                     struct tr_error *error)
{
    if (usrsctp_setsockopt(usr_ep(ep)->so, IPPROTO_SCTP, option, value, len) == 0)
        return TR_OK;
    return usr_option_failed(id, "set", errno, error);
}

enum tr_code usr_get(struct tr_endpoint *ep, enum opt_id id, int option, void *value, socklen_t len,
                     struct tr_error *error)
{
    if (usrsctp_getsockopt(usr_ep(ep)->so, IPPROTO_SCTP, option, value, &len) == 0)
        return TR_OK;
    return usr_option_failed(id, "read", errno, error);
}

enum tr_code usr_set_int(struct tr_endpoint *ep, enum opt_id id, int option, int value,
                         struct tr_error *error)
{
    return usr_set(ep, id, option, &value, sizeof value, error);
}

enum tr_code usr_set_value(struct tr_endpoint *ep, uint32_t assoc, enum opt_id id, int option, uint32_t value,
                           struct tr_error *error)
{
    struct sctp_assoc_value v = {.assoc_id = assoc, .assoc_value = value};
    return usr_set(ep, id, option, &v, sizeof v, error);
}

enum tr_code usr_get_value(struct tr_endpoint *ep, uint32_t assoc, enum opt_id id, int option,
                           uint32_t *value, struct tr_error *error)
{
    struct sctp_assoc_value v = {.assoc_id = assoc};
    enum tr_code code = usr_get(ep, id, option, &v, sizeof v, error);
    *value = v.assoc_value;
    return code;
}

uint32_t usr_all_or_one(const struct tr_endpoint *ep, uint32_t assoc)
{
    return assoc == 0 && ep->style == TR_ONE_TO_MANY ? SCTP_ALL_ASSOC : assoc;
}

struct one_by_one {
    tr_option_set *set;
    const struct opt_set *in;
};

static void set_one(struct usr_endpoint *ep, const struct sctp_status *s, void *arg)
{
    const struct one_by_one *o = arg;
    o->set(&ep->base, s->sstat_assoc_id, o->in, NULL);
}

enum tr_code usr_set_each(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                          struct tr_error *error, tr_option_set *set)
{
    struct one_by_one o = {set, in};
    enum tr_code code = set(ep, assoc, in, error);
    if (code == TR_OK && assoc == 0 && ep->style == TR_ONE_TO_MANY)
        usr_each_assoc(usr_ep(ep), set_one, &o);
    return code;
}

enum tr_code usr_set_offer(struct tr_endpoint *ep, enum opt_id id, int option, bool on, bool *kept,
                           struct tr_error *error)
{
    struct sctp_status status;
    bool has_one = ep->style == TR_ONE_TO_ONE && usr_status(usr_ep(ep), 0, &status);
    enum tr_code code = has_one ? TR_OK : usr_set_value(ep, 0, id, option, on, error);
    if (code == TR_OK)
        *kept = on;
    return code;
}

/* ---- Beginnings ------------------------------------------------------------------------------------- */

/* What the stack starts with, into what we keep. */
static enum tr_code keep_beginnings(struct usr_endpoint *ep, struct tr_error *error)
{
    struct usr_kept *kept = &ep->kept;
    const struct {
        enum opt_id id;
        int option;
        bool *to;
    } offers[] = {{OPT_PR_SUPPORTED, SCTP_PR_SUPPORTED, &kept->pr_offered},
                  {OPT_AUTH_SUPPORTED, SCTP_AUTH_SUPPORTED, &kept->auth_offered},
                  {OPT_RECONFIG_SUPPORTED, SCTP_RECONFIG_SUPPORTED, &kept->reconfig_offered}};
    struct opt_set now = {0};
    enum tr_code code = usr_get_RECBUF(&ep->base, 0, &now, error);
    if (code == TR_OK)
        code = usr_get_SNDBUF(&ep->base, 0, &now, error);
    kept->recbuf = (int)opt_num(&now, OPTF_RECBUF, 0);
    kept->sndbuf = (int)opt_num(&now, OPTF_SNDBUF, 0);
    for (unsigned i = 0; i < sizeof offers / sizeof *offers && code == TR_OK; i++) {
        uint32_t on = 0;
        code = usr_get_value(&ep->base, 0, offers[i].id, offers[i].option, &on, error);
        *offers[i].to = on != 0;
    }
    return code;
}

enum tr_code usr_option_defaults(struct usr_endpoint *ep, struct tr_error *error)
{
    static const enum opt_field on[] = {
        OPTF_EV_DATA_IO,      OPTF_EV_ASSOCIATION,      OPTF_EV_SEND_FAILURE,
        OPTF_EV_SHUTDOWN,     OPTF_EV_PARTIAL_DELIVERY, OPTF_EV_ADAPTATION_LAYER,
        OPTF_EV_STREAM_RESET, OPTF_EV_ASSOC_RESET,      OPTF_EV_STREAM_CHANGE};
    struct opt_set events = {0};
    for (unsigned i = 0; i < sizeof on / sizeof *on; i++)
        opt_put(&events, on[i], 1);
    enum tr_code code = usr_set_EVENTS(&ep->base, 0, &events, error);
    if (code == TR_OK)
        code = usr_set_int(&ep->base, OPT_EVENTS, SCTP_RECVRCVINFO, 1, error);
    if (code == TR_OK)
        code = usr_default_mtu(ep, error);
    return code == TR_OK ? keep_beginnings(ep, error) : code;
}

void usr_option_inherit(struct usr_endpoint *from, struct usr_endpoint *to)
{
    static const enum opt_id beside[] = {
        OPT_INITMSG, OPT_ADAPTATION_LAYER, OPT_NODELAY,    OPT_DISABLE_FRAGMENTS,  OPT_RECBUF,
        OPT_SNDBUF,  OPT_LINGER,           OPT_HMAC_IDENT, OPT_FRAGMENT_INTERLEAVE};
    to->kept = from->kept;
    for (unsigned i = 0; i < sizeof beside / sizeof *beside; i++) {
        struct opt_set value = {0};
        if (usr_option_ops[beside[i]].get(&from->base, 0, &value, NULL) == TR_OK)
            (void)usr_option_ops[beside[i]].set(&to->base, 0, &value, NULL);
    }
}

/* One UDP socket serves many endpoints: what is a property of the socket cannot be one endpoint's. */
#define usr_set_PRIORITY  NULL
#define usr_get_PRIORITY  NULL
#define usr_set_DONTROUTE NULL
#define usr_get_DONTROUTE NULL
/* The peer knows one address of ours only. */
#define usr_set_SET_PEER_PRIMARY_ADDR NULL
#define usr_get_SET_PEER_PRIMARY_ADDR NULL
/* An association is one path: addresses cannot come and go. */
#define usr_set_ASCONF_SUPPORTED NULL
#define usr_get_ASCONF_SUPPORTED NULL
#define usr_set_AUTO_ASCONF      NULL
#define usr_get_AUTO_ASCONF      NULL
/* The stack has the state, but tells it neither in events nor when asked. */
#define usr_set_EXPOSE_PF_STATE NULL
#define usr_get_EXPOSE_PF_STATE NULL
/* The stack counts for the process, not for an association. */
#define usr_set_ASSOC_STATS NULL
#define usr_get_ASSOC_STATS NULL
/* Read-only. */
#define usr_set_STATUS           NULL
#define usr_set_PEER_ADDR_INFO   NULL
#define usr_set_PEER_AUTH_CHUNKS NULL
#define usr_set_PR_ASSOC_STATUS  NULL
/* Secrets and orders are not told back. */
#define usr_get_AUTH_KEYS           NULL
#define usr_get_AUTH_DEACTIVATE_KEY NULL
#define usr_get_AUTH_DELETE_KEY     NULL

const struct tr_option_ops usr_option_ops[OPT_ID_COUNT] = {
#define OPTION(id, name, when, effect, source, help) [OPT_##id] = {usr_set_##id, usr_get_##id},
#define FIELD(option, id, name, type, unit, min, max, dflt, names, help)
#include "config/sctp/options.def"
};
