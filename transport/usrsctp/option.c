/* Options of the usrsctp backend: the table, how the stack does records, and what an endpoint begins with.
 *
 * Scope: some settings of an endpoint reach only associations to come, and have to be repeated for each that
 * is there where the option's row says that a change acts at once (SCTP_ALL_ASSOC). None of these calls wakes
 * the library's thread (stack.c): that walk is inside the call. */
#include "transport/usrsctp/option_priv.h"

#include <errno.h>
#include <string.h>

/* ---- The tables ------------------------------------------------------------------------------------- */

const struct tr_option_ops usr_option_ops[OPT_ID_COUNT] = {
#define ROW(option, kernel_set, kernel_get, kernel_reach, set, get, reach) [OPT_##option] = {set, get, reach},
#include "transport/option_rows.def"
};

/* ---- The stack's numbers ---------------------------------------------------------------------------- */

/* Weighted fair queueing is not among them; the round robin by packet is, but does not work (0.9.5): it
 * forgets streams, and associations stand still. What the stack begins with is a round robin, too: of streams
 * in the order in which they have something. */
TR_WORDS(schedulers, OPT_SS_RR, [OPT_SS_FCFS] = SCTP_SS_FIRST_COME, [OPT_SS_RR] = SCTP_SS_ROUND_ROBIN,
         [OPT_SS_RR_PKT] = TR_NO_WORD, [OPT_SS_PRIO] = SCTP_SS_PRIORITY, [OPT_SS_FC] = SCTP_SS_FAIR_BANDWITH,
         [OPT_SS_WFQ] = TR_NO_WORD);

static const struct tr_reason reasons[] = {
    {OPT_RTOINFO, EINVAL, TR_OK, "; wanted is min <= initial <= max, also with the values that stay"},
    {OPT_INTERLEAVING_SUPPORTED, EINVAL, TR_OK, "; with usrsctp it needs fragment_interleave 2"},
    {OPT_HMAC_IDENT, EINVAL, TR_UNSUPPORTED, "; this build of usrsctp has no SHA-256; it has sha1"},
    {OPT_AUTH_KEYS, EBUSY, TR_OK,
     "; messages under way need a key of this number: try again when they are acknowledged, or give the new "
     "key another"},
    {OPT_AUTH_ACTIVE_KEY, EINVAL, TR_OK, "; the key is not among auth_keys, or is still going out of use"},
    {OPT_AUTH_DEACTIVATE_KEY, EINVAL, TR_OK, "; the key is the active one, or is not among auth_keys"},
    {OPT_AUTH_DELETE_KEY, EINVAL, TR_OK,
     "; the key is the active one, is not among auth_keys, or messages under way need it"},
};

/* ---- Records ---------------------------------------------------------------------------------------- */

#define RECORDS "transport/records.def"
#include "transport/record_tables.def"

static int set_record(struct tr_endpoint *ep, int level, int name, const void *value, size_t size)
{
    return usrsctp_setsockopt(usr_ep(ep)->so, level, name, value, (socklen_t)size);
}

static int get_record(struct tr_endpoint *ep, int level, int name, void *value, size_t size)
{
    socklen_t len = (socklen_t)size;
    return usrsctp_getsockopt(usr_ep(ep)->so, level, name, value, &len);
}

int usr_set_raw(struct tr_endpoint *ep, int name, const void *value, size_t size)
{
    return set_record(ep, IPPROTO_SCTP, name, value, size);
}

int usr_get_raw(struct tr_endpoint *ep, int name, void *value, size_t size)
{
    return get_record(ep, IPPROTO_SCTP, name, value, size);
}

const struct tr_records usr_records = {
    .record = records,
    .member = members,
    .reason = reasons,
    .reasons = sizeof reasons / sizeof reasons[0],
    .notices = &usr_notices,
    .set = set_record,
    .get = get_record,
    .code = usr_code,
    .exists = usr_assoc_exists,
    .find_path = usr_find_path,
    .tell_path = usr_tell_path,
};

/* ---- Beginnings ------------------------------------------------------------------------------------- */

/* What the stack starts with, into what we keep. */
static enum tr_code keep_beginnings(struct usr_endpoint *ep, struct tr_error *error)
{
    static const enum opt_id kept[] = {OPT_SNDBUF, OPT_RECBUF, OPT_PR_SUPPORTED, OPT_AUTH_SUPPORTED,
                                       OPT_RECONFIG_SUPPORTED};
    enum tr_code code = TR_OK;
    for (unsigned i = 0; i < sizeof kept / sizeof *kept && code == TR_OK; i++) {
        struct tr_place at = {&ep->base, 0, kept[i], error};
        struct opt_set now = {0};
        code = tr_get_record(&at, &now);
        usr_keep(&at, &now);
    }
    return code;
}

enum tr_code usr_option_defaults(struct usr_endpoint *ep, struct tr_error *error)
{
    enum { LINK_MTU = 1500 }; /* what every link of today carries; larger ones are configured (pathmtu) */
    struct tr_place events = {&ep->base, 0, OPT_EVENTS, error},
                    path = tr_beside(&events, OPT_PEER_ADDR_PARAMS);
    struct opt_set mtu = {0};
    opt_put(&mtu, OPTF_PAP_PATHMTU, LINK_MTU);
    enum tr_code code = usr_first_events(&events);
    if (code == TR_OK)
        code = usr_set_path(&path, &mtu);
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
        struct tr_place origin = {&from->base, 0, beside[i], NULL}, at = {&to->base, 0, beside[i], NULL};
        if (usr_option_ops[at.id].get(&origin, &value) == TR_OK)
            (void)usr_option_ops[at.id].set(&at, &value);
    }
}
