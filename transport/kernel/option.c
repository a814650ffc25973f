/* Options of the kernel backend: the table, how Linux does records, and what a new endpoint starts with or
 * inherits.
 *
 * "Only fields that are given change": records are read, changed and written back where Linux does not
 * understand 0 as "leave it"; it does in some fields of some records.
 *
 * Delayed SACKs. Linux has their time and frequency in one record, and a switch beside them. Frequency 1
 * switches them off: the record then reads as time 0, frequency 1, and setting a time switches them on again.
 * So that neither option changes the other, the time is read where it stays unchanged meanwhile (the path
 * parameters), and it is set together with the frequency that stands.
 *
 * Scope. `assoc` 0 on a one-to-many endpoint means associations to come; where a change is to act at once
 * (OPT_NOW in the row) it means those that exist as well: SCTP_ALL_ASSOC (Linux 5.2), or one by one where
 * Linux has no such scope. One-to-one and peeled-off endpoints have one association, and Linux ignores the
 * number there. */
#include "transport/kernel/option_priv.h"

#include <errno.h>
#include <string.h>

/* ---- The tables ------------------------------------------------------------------------------------- */

const struct tr_option_ops kernel_options[OPT_ID_COUNT] = {
#define ROW(option, set, get, reach, usr_set, usr_get, usr_reach) [OPT_##option] = {set, get, reach},
#include "transport/option_rows.def"
};

/* ---- Linux's numbers -------------------------------------------------------------------------------- */

/* The last two came with 6.4; headers may be older than the kernel. */
TR_WORDS(schedulers, TR_NO_WORD, [OPT_SS_FCFS] = 0, [OPT_SS_RR] = 2, [OPT_SS_RR_PKT] = TR_NO_WORD,
         [OPT_SS_PRIO] = 1, [OPT_SS_FC] = 3, [OPT_SS_WFQ] = 4);
/* Unset, off, on. Off would make reading a potentially failed path an error, unset shows it nowhere either.
 */
TR_WORDS(pf_exposure, 0, 0, 2);

#define NEEDS_AUTH  "; both sides need auth_supported (or sysctl net.sctp.auth_enable=1)"
#define NO_SUCH_KEY "; there is no such key, or it is the active one"

static const struct tr_reason reasons[] = {
    {OPT_PRIORITY, EPERM, TR_OK, "; above 6 it needs CAP_NET_ADMIN"},
    {OPT_ASSOCINFO, EINVAL, TR_OK, "; asocmaxrxt cannot be above the sum of the paths' pathmaxrxt"},
    {OPT_MAXSEG, EINVAL, TR_OK, "; the least is about 500 bytes"},
    {OPT_SET_PEER_PRIMARY_ADDR, EPERM, TR_OK, "; both sides need dynamic addresses (net.sctp.addip_enable)"},
    {OPT_PEER_ADDR_PARAMS, EINVAL, TR_OK,
     "; of enable and disable only one can be given; hb_demand needs an association"},
    {OPT_INTERLEAVING_SUPPORTED, EPERM, TR_OK, "; write sysctl net.sctp.intl_enable=1"},
    {OPT_AUTH_SUPPORTED, ENOPROTOOPT, TR_OK, "; it came with Linux 5.4"},
    {OPT_AUTH_CHUNKS, EACCES, TR_INVALID, NEEDS_AUTH},
    {OPT_HMAC_IDENT, EACCES, TR_INVALID, NEEDS_AUTH},
    {OPT_HMAC_IDENT, EOPNOTSUPP, TR_OK, "; this kernel was built without HMAC-SHA-256"},
    {OPT_AUTH_KEYS, EACCES, TR_INVALID, NEEDS_AUTH},
    {OPT_AUTH_ACTIVE_KEY, EACCES, TR_INVALID, NEEDS_AUTH},
    {OPT_AUTH_ACTIVE_KEY, EINVAL, TR_OK, "; there is no such key: give a file with it as auth_keys first"},
    {OPT_AUTH_DEACTIVATE_KEY, EACCES, TR_INVALID, NEEDS_AUTH},
    {OPT_AUTH_DEACTIVATE_KEY, EINVAL, TR_OK, NO_SUCH_KEY},
    {OPT_AUTH_DELETE_KEY, EACCES, TR_INVALID, NEEDS_AUTH},
    {OPT_AUTH_DELETE_KEY, EINVAL, TR_OK, NO_SUCH_KEY},
    {OPT_ASCONF_SUPPORTED, ENOPROTOOPT, TR_OK, "; it came with Linux 5.4"},
    {OPT_AUTO_ASCONF, EINVAL, TR_OK, "; only for endpoints that are bound to any address"},
    {OPT_PEER_ADDR_THRESHOLDS, ENOPROTOOPT, TR_OK, "; pathcpthld came with Linux 5.5"},
    {OPT_EXPOSE_PF_STATE, ENOPROTOOPT, TR_OK, "; it came with Linux 5.5"},
    {OPT_REMOTE_UDP_ENCAPS_PORT, ENOPROTOOPT, TR_OK, "; it came with Linux 5.11"},
    {OPT_PEER_ADDR_INFO, EACCES, TR_OK,
     "; the path is potentially failed, which sysctl net.sctp.pf_expose=1 hides: write 0, or "
     "expose_potentially_failed_state: true"},
};

/* ---- Records ---------------------------------------------------------------------------------------- */

#define RECORDS "transport/kernel/records.def"
#include "transport/record_tables.def"

int kernel_set_raw(struct tr_endpoint *ep, int level, int name, const void *value, size_t size)
{
    kernel_count(kernel_endpoint(ep), 1);
    return setsockopt(kernel_endpoint(ep)->fd, level, name, value, (socklen_t)size);
}

int kernel_get_raw(struct tr_endpoint *ep, int level, int name, void *value, size_t size)
{
    socklen_t len = (socklen_t)size;
    kernel_count(kernel_endpoint(ep), 1);
    return getsockopt(kernel_endpoint(ep)->fd, level, name, value, &len);
}

static bool lacks_thresholds(int level, int name)
{
    return errno == ENOPROTOOPT && level == IPPROTO_SCTP && name == SCTP_PEER_ADDR_THLDS_V2;
}

static int set_record(struct tr_endpoint *ep, int level, int name, const void *value, size_t size)
{
    int failed = kernel_set_raw(ep, level, name, value, size);
    return failed && lacks_thresholds(level, name) ? kernel_set_old_thresholds(ep, value) : failed;
}

static int get_record(struct tr_endpoint *ep, int level, int name, void *value, size_t size)
{
    int failed = kernel_get_raw(ep, level, name, value, size);
    return failed && lacks_thresholds(level, name) ? kernel_get_old_thresholds(ep, value) : failed;
}

const struct tr_records kernel_records = {
    .record = records,
    .member = members,
    .reason = reasons,
    .reasons = sizeof reasons / sizeof reasons[0],
    .notices = &kernel_notices,
    .set = set_record,
    .get = get_record,
    .code = kernel_code,
    .exists = kernel_assoc_exists,
    .find_path = kernel_find_path,
    .tell_path = kernel_tell_path,
};

/* ---- Inherited -------------------------------------------------------------------------------------- */

/* What Linux does not give to a peeled-off or accepted socket by itself: with every row of options.def set on
 * the origin, type of service and priority were missing on 6.1; earlier kernels lost the SACK delay as well.
 * Where nobody has set them, on the origin or one of its associations, there is nothing to give: most
 * associations cost no system call here. */
static const struct {
    enum opt_id id, or_by; /* the option, and another that sets it too */
} inherited[] = {
    {OPT_TOS, OPT_TOS},
    {OPT_PRIORITY, OPT_PRIORITY},
    {OPT_DELAYED_ACK_TIME, OPT_PEER_ADDR_PARAMS},
    {OPT_AUTO_ASCONF, OPT_AUTO_ASCONF},
};

static bool was_set(const struct kernel_endpoint *ep, enum opt_id id)
{
    return ep->base.was_set >> id & 1;
}

void kernel_inherit_read(struct kernel_endpoint *from, uint32_t assoc, struct opt_set *options)
{
    for (unsigned i = 0; i < sizeof inherited / sizeof inherited[0]; i++) {
        enum opt_id id = inherited[i].id;
        struct tr_place at = {&from->base, opt_rows[id].when & OPT_PER_ASSOC ? assoc : 0, id, NULL};
        if (was_set(from, id) || was_set(from, inherited[i].or_by))
            kernel_options[id].get(&at, options);
    }
}

void kernel_inherit(struct kernel_endpoint *to, const struct opt_set *options)
{
    for (unsigned i = 0; i < sizeof inherited / sizeof inherited[0]; i++) {
        struct tr_place at = {&to->base, 0, inherited[i].id, NULL};
        if (opt_any(options, at.id))
            kernel_options[at.id].set(&at, options);
    }
}

/* ---- What an endpoint with a fresh socket had before (renew.c) -------------------------------------- */

static bool differs(enum opt_id id, const struct opt_set *a, const struct opt_set *b)
{
    for (unsigned i = 0; i < opt_rows[id].fields; i++) {
        enum opt_field f = opt_rows[id].first + i;
        if (opt_given(a, f) && opt_num(a, f, 0) != opt_num(b, f, -1))
            return true;
    }
    return false;
}

void kernel_copy_option(struct kernel_endpoint *to, enum opt_id id, const struct opt_set *wanted,
                        const struct opt_set *now)
{
    struct tr_place at = {&to->base, 0, id, NULL};
    if (differs(id, wanted, now))
        kernel_options[id].set(&at, wanted);
}
