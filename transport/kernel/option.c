/* Options of the kernel backend: the table, with one pair of functions per row of options.def (a row without
 * its functions does not link), what they share, and what a new endpoint starts with or inherits.
 *
 * "Only fields that are given change": records are read, changed and written back. Linux understands 0 as
 * "leave it" in some fields of some records, but not in all, so it is not relied upon.
 *
 * Scope. `assoc` 0 on a one-to-many endpoint means associations to come; where a change is to act at once
 * (OPT_NOW in the row) it means those that exist as well: SCTP_ALL_ASSOC (Linux 5.2), or one by one where
 * Linux has no such scope. One-to-one and peeled-off endpoints have one association, and Linux ignores the
 * number there. */
#include "transport/kernel/option_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Rows that Linux can only read, or only write. */
#define kernel_set_STATUS                NULL
#define kernel_set_PEER_ADDR_INFO        NULL
#define kernel_set_PEER_AUTH_CHUNKS      NULL
#define kernel_set_ASSOC_STATS           NULL
#define kernel_set_PR_ASSOC_STATUS       NULL
#define kernel_get_SET_PEER_PRIMARY_ADDR NULL
#define kernel_get_AUTH_KEYS             NULL
#define kernel_get_AUTH_DEACTIVATE_KEY   NULL
#define kernel_get_AUTH_DELETE_KEY       NULL

const struct tr_option_ops kernel_options[OPT_ID_COUNT] = {
#define OPTION(id, name, when, effect, source, help) [OPT_##id] = {kernel_set_##id, kernel_get_##id},
#define FIELD(opt, id, name, type, unit, min, max, dflt, names, help)
#include "config/sctp/options.def"
};

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

/* Linux says EINVAL both for a value and for an association that it does not know. */
static bool assoc_exists(struct tr_endpoint *ep, uint32_t assoc)
{
    struct sctp_status status = {.sstat_assoc_id = (sctp_assoc_t)assoc};
    return kernel_get_raw(ep, IPPROTO_SCTP, SCTP_STATUS, &status, sizeof status) == 0;
}

/* The Linux version that brought an option, for those younger than the oldest one that will do. */
static const char *came_with(enum opt_id id)
{
    switch (id) {
    case OPT_AUTH_SUPPORTED:
    case OPT_ASCONF_SUPPORTED:
        return "; it came with Linux 5.4";
    case OPT_EXPOSE_PF_STATE:
        return "; it came with Linux 5.5";
    case OPT_REMOTE_UDP_ENCAPS_PORT:
        return "; it came with Linux 5.11";
    default:
        return "";
    }
}

enum tr_code kernel_opt_failed(struct tr_endpoint *ep, uint32_t assoc, enum opt_id id, const char *advice,
                               struct tr_error *error)
{
    int e = errno;
    if (e == EINVAL && assoc != 0 && !assoc_exists(ep, assoc))
        return tr_fail(error, TR_NO_ASSOC, e, "%s: there is no association %u", opt_rows[id].name, assoc);
    if (e == ENOPROTOOPT)
        return tr_fail(error, TR_UNSUPPORTED, e, "%s: this kernel does not have this option%s%s",
                       opt_rows[id].name, came_with(id), advice);
    return tr_fail(error, kernel_code(e), e, "%s: %s%s", opt_rows[id].name, strerror(e), advice);
}

enum tr_code kernel_no_association(struct tr_endpoint *ep, uint32_t assoc, enum opt_id id,
                                   struct tr_error *error)
{
    if (errno == EINVAL && assoc == 0)
        return tr_fail(error, TR_NO_ASSOC, EINVAL, "%s: needs an association", opt_rows[id].name);
    return kernel_opt_failed(ep, assoc, id, "", error);
}

bool kernel_shared(const struct tr_endpoint *ep)
{
    return ep->style == TR_ONE_TO_MANY && !ep->peeled;
}

/* Sets a record whose association id is at `id`, for `assoc`; 0 of a one-to-many endpoint: for all there are
 * and will be. */
int kernel_set_for_all(struct tr_endpoint *ep, uint32_t assoc, int name, void *record, size_t size,
                       sctp_assoc_t *id)
{
    bool all = assoc == 0 && kernel_shared(ep);
    *id = all ? SCTP_ALL_ASSOC : (sctp_assoc_t)assoc;
    if (kernel_set_raw(ep, IPPROTO_SCTP, name, record, size) == 0)
        return 0;
    if (!all || errno != EINVAL)
        return -1;
    *id = SCTP_FUTURE_ASSOC;
    return kernel_set_raw(ep, IPPROTO_SCTP, name, record, size);
}

/* The associations of a one-to-many endpoint; *ids is the caller's to free. */
static unsigned list_assocs(struct tr_endpoint *ep, struct sctp_assoc_ids **ids)
{
    uint32_t count = 0;
    *ids = NULL;
    if (kernel_get_raw(ep, IPPROTO_SCTP, SCTP_GET_ASSOC_NUMBER, &count, sizeof count) != 0 || count == 0)
        return 0;
    size_t size = sizeof **ids + count * sizeof(sctp_assoc_t);
    *ids = calloc(1, size);
    if (*ids == NULL || kernel_get_raw(ep, IPPROTO_SCTP, SCTP_GET_ASSOC_ID_LIST, *ids, size) != 0)
        return 0;
    return (*ids)->gaids_number_of_ids < count ? (*ids)->gaids_number_of_ids : count;
}

/* What must be read before it is set has no scope "all": everybody keeps what is not given. An association
 * that ends meanwhile is not an error. */
enum tr_code kernel_set_each(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                             struct tr_error *error, tr_option_set *set_one)
{
    enum tr_code code = set_one(ep, assoc, in, error);
    if (code != TR_OK || assoc != 0 || !kernel_shared(ep))
        return code;
    struct sctp_assoc_ids *ids;
    unsigned count = list_assocs(ep, &ids);
    for (unsigned i = 0; i < count; i++)
        set_one(ep, (uint32_t)ids->gaids_assoc_id[i], in, NULL);
    free(ids);
    return TR_OK;
}

/* ---- Options that are one number ------------------------------------------------------------------- */

enum tr_code kernel_set_value(struct tr_endpoint *ep, uint32_t assoc, enum opt_id id, int name, int64_t value,
                              struct tr_error *error)
{
    struct sctp_assoc_value v = {.assoc_id = (sctp_assoc_t)assoc, .assoc_value = (uint32_t)value};
    int failed = opt_rows[id].effect == OPT_NOW
                     ? kernel_set_for_all(ep, assoc, name, &v, sizeof v, &v.assoc_id)
                     : kernel_set_raw(ep, IPPROTO_SCTP, name, &v, sizeof v);
    return failed ? kernel_opt_failed(ep, assoc, id, "", error) : TR_OK;
}

enum tr_code kernel_get_value(struct tr_endpoint *ep, uint32_t assoc, enum opt_id id, int name,
                              struct opt_set *out, struct tr_error *error)
{
    struct sctp_assoc_value v = {.assoc_id = (sctp_assoc_t)assoc};
    if (kernel_get_raw(ep, IPPROTO_SCTP, name, &v, sizeof v) != 0)
        return kernel_opt_failed(ep, assoc, id, "", error);
    opt_put(out, opt_rows[id].first, v.assoc_value);
    return TR_OK;
}

/* ---- Inherited --------------------------------------------------------------------------------------- */

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
        uint32_t scope = opt_rows[id].when & OPT_PER_ASSOC ? assoc : 0;
        if (was_set(from, id) || was_set(from, inherited[i].or_by))
            kernel_options[id].get(&from->base, scope, options, NULL);
    }
}

void kernel_inherit(struct kernel_endpoint *to, const struct opt_set *options)
{
    for (unsigned i = 0; i < sizeof inherited / sizeof inherited[0]; i++)
        if (opt_any(options, inherited[i].id))
            kernel_options[inherited[i].id].set(&to->base, 0, options, NULL);
}

/* ---- What an endpoint with a fresh socket had before (renew.c) ------------------------------------- */

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
    if (differs(id, wanted, now))
        kernel_options[id].set(&to->base, 0, wanted, NULL);
}
