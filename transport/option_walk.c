/* Options as data: checking a set of them, setting them one by one, reading one back and comparing what was
 * asked with what the stack granted. Knows every option only through its rows in options.def and through the
 * backend's table. */
#include "config/sctp/require.h"
#include "transport/backend_priv.h"
#include "transport/wait_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum tr_code refuse(enum opt_id id, enum opt_id *failed, struct tr_error *error, enum tr_code code,
                           const char *why)
{
    if (failed != NULL)
        *failed = id;
    return tr_fail(error, code, 0, "%s: %s", opt_rows[id].name, why);
}

static enum tr_code check_option(const struct tr_backend *b, enum opt_id id, enum opt_when when,
                                 enum opt_id *failed, struct tr_error *error)
{
    unsigned allowed = opt_rows[id].when;
    if (allowed & OPT_NO_SET)
        return refuse(id, failed, error, TR_INVALID, "read-only");
    if (!(allowed & when))
        return refuse(id, failed, error, TR_INVALID,
                      when == OPT_AT_OPEN ? "needs an open endpoint"
                      : when == OPT_LATER ? "can only be given when the endpoint is opened"
                                          : "belongs to the endpoint, not to one association");
    if (b->options[id].set == NULL) {
        if (failed != NULL)
            *failed = id;
        return tr_fail(error, TR_UNSUPPORTED, 0, "%s: the %s transport does not have this option",
                       opt_rows[id].name, b->name);
    }
    return TR_OK;
}

enum tr_code tr_check_options(const struct tr_backend *b, const struct opt_set *options, enum opt_when when,
                              enum opt_id *failed, struct tr_error *error)
{
    for (enum opt_id id = 0; id < OPT_ID_COUNT; id++) {
        enum tr_code code = opt_any(options, id) ? check_option(b, id, when, failed, error) : TR_OK;
        if (code != TR_OK)
            return code;
    }
    char why[160];
    enum opt_field bad = opt_check(options, why, sizeof why);
    return bad == OPTF_COUNT ? TR_OK : refuse(opt_field_rows[bad].option, failed, error, TR_INVALID, why);
}

_Static_assert(OPT_ID_COUNT <= 64, "tr_endpoint.was_set has a bit for each option");

/* An association that ends meanwhile is not an error. */
static void set_each(const struct tr_place *at, const struct opt_set *options)
{
    const struct tr_backend *b = at->ep->backend;
    uint32_t *ids;
    unsigned count = b->assocs(at->ep, &ids);
    for (unsigned i = 0; i < count; i++) {
        struct tr_place one = {at->ep, ids[i], at->id, NULL};
        b->options[at->id].set(&one, options);
    }
    free(ids);
}

enum tr_code tr_apply_options(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *options,
                              enum opt_id *failed, struct tr_error *error)
{
    for (enum opt_id id = 0; id < OPT_ID_COUNT; id++) {
        if (!opt_any(options, id))
            continue;
        const struct tr_option_ops *ops = &ep->backend->options[id];
        struct tr_place at = {ep, assoc, id, error};
        ep->was_set |= UINT64_C(1) << id;
        enum tr_code code = ops->set(&at, options);
        if (code == TR_OK && ops->reach == TR_EACH && assoc == 0 && ep->style == TR_ONE_TO_MANY)
            set_each(&at, options);
        if (code == TR_OK)
            continue;
        if (failed != NULL)
            *failed = id;
        return code;
    }
    return TR_OK;
}

enum tr_code tr_set_options(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *options,
                            enum opt_id *failed, struct tr_error *error)
{
    REQUIRE(tr_is_endpoint(ep) && options != NULL);
    enum opt_when when = assoc != 0 ? OPT_PER_ASSOC : OPT_LATER;
    enum tr_code code = tr_check_options(ep->backend, options, when, failed, error);
    return code == TR_OK ? tr_apply_options(ep, assoc, options, failed, error) : code;
}

enum tr_code tr_get_option(struct tr_endpoint *ep, uint32_t assoc, enum opt_id id, struct opt_set *out,
                           struct tr_error *error)
{
    REQUIRE(tr_is_endpoint(ep) && out != NULL);
    if ((unsigned)id >= OPT_ID_COUNT)
        return tr_fail(error, TR_INVALID, 0, "no option has the number %u", (unsigned)id);
    if (opt_rows[id].when & OPT_NO_GET)
        return refuse(id, NULL, error, TR_INVALID, "write-only");
    if (ep->backend->options[id].get == NULL)
        return tr_fail(error, TR_UNSUPPORTED, 0, "%s: the %s transport cannot read this option",
                       opt_rows[id].name, ep->backend->name);
    struct tr_place at = {ep, assoc, id, error};
    return ep->backend->options[id].get(&at, out);
}

/* ---- Asked and granted ----------------------------------------------------------------------------- */

static bool same_value(enum opt_field f, int64_t wanted, int64_t granted)
{
    const struct opt_field_row *row = &opt_field_rows[f];
    if (f == OPTF_TOS) /* the lowest two bits are the stack's: it marks its packets for ECN (RFC 3168) */
        return ((wanted ^ granted) & ~INT64_C(3)) == 0;
    if (row->type != OPT_FLAGS)
        return wanted == granted;
    /* hb_demand asks for one heartbeat and leaves no trace. */
    int64_t momentary = f == OPTF_PAP_FLAGS ? 4 : 0;
    return ((wanted & ~momentary) & ~granted) == 0;
}

static void compare_field(struct tr_endpoint *ep, enum opt_field f, const struct opt_set *wanted,
                          const struct opt_set *granted,
                          void (*differs)(enum opt_id id, const char *text, void *arg), void *arg)
{
    const struct opt_field_row *row = &opt_field_rows[f];
    if (!opt_given(wanted, f) || !opt_given(granted, f) || !opt_is_number(row->type) ||
        same_value(f, opt_num(wanted, f, 0), opt_num(granted, f, 0)))
        return;
    char asked[96], got[96], what[128], text[512];
    opt_format(wanted, f, asked, sizeof asked);
    opt_format(granted, f, got, sizeof got);
    what[0] = '\0';
    if (ep->backend->hint != NULL)
        ep->backend->hint(f, opt_num(wanted, f, 0), opt_num(granted, f, 0), what, sizeof what);
    snprintf(text, sizeof text, "%s%s%s: asked %s, granted %s%s", opt_rows[row->option].name,
             row->name[0] ? "." : "", row->name, asked, got, what);
    differs(row->option, text, arg);
}

void tr_compare_options(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *wanted,
                        void (*differs)(enum opt_id id, const char *text, void *arg), void *arg)
{
    REQUIRE(tr_is_endpoint(ep) && wanted != NULL && differs != NULL);
    for (enum opt_id id = 0; id < OPT_ID_COUNT; id++) {
        const struct opt_row *row = &opt_rows[id];
        if (!opt_any(wanted, id) || (row->when & OPT_NO_GET) || !tr_backend_can_get(ep->backend, id))
            continue;
        struct opt_set granted = {0};
        for (unsigned i = 0; i < row->fields; i++) {
            enum opt_field f = row->first + i;
            /* Chooses the path or the stream to read. */
            if (opt_given(wanted, f) && (opt_field_rows[f].type == OPT_ADDR || f == OPTF_SSV_STREAM))
                opt_take(&granted, wanted, f);
        }
        struct tr_error error;
        enum tr_code code = tr_get_option(ep, assoc, id, &granted, &error);
        if (code != TR_OK) {
            differs(id, error.text, arg);
            continue;
        }
        for (unsigned i = 0; i < row->fields; i++)
            compare_field(ep, row->first + i, wanted, &granted, differs, arg);
    }
}
