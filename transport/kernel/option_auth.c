/* Options of authenticated chunks (RFC 4895): which are asked for, with which hash, with which shared keys.
 *
 * Linux refuses all of them (EACCES) on an endpoint that does not offer authentication and on an association
 * that came up without it. What is set for a one-to-many endpoint goes to the associations that there are as
 * well; those without authentication have no use for it. */
#include "transport/kernel/option_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum tr_code kernel_set_chunks(const struct tr_place *at, const struct opt_set *in)
{
    struct opt_set before = {0};
    enum tr_code code = tr_set_auth_chunks(at, in);
    if (code != TR_OK)
        return code;
    kernel_recall_offer(at, &before);
    kernel_remember_offer(at, opt_num(in, OPTF_AUTH_CHUNKS, 0) | opt_num(&before, OPTF_AUTH_CHUNKS, 0));
    return TR_OK;
}

/* Without authentication none is asked for. */
enum tr_code kernel_get_chunks(const struct tr_place *at, struct opt_set *out)
{
    int name = at->id == OPT_AUTH_CHUNKS ? SCTP_LOCAL_AUTH_CHUNKS : SCTP_PEER_AUTH_CHUNKS;
    struct tr_chunk_list list = {.assoc = at->assoc};
    if (kernel_recall_offer(at, out))
        return TR_OK;
    if (kernel_get_raw(at->ep, IPPROTO_SCTP, name, &list, sizeof list) != 0 && errno != EACCES)
        return tr_option_failed(at);
    opt_put(out, opt_rows[at->id].first, tr_chunk_flags(&list));
    return TR_OK;
}

enum tr_code kernel_set_hashes(const struct tr_place *at, const struct opt_set *in)
{
    enum tr_code code = tr_set_hashes(at, in);
    if (code == TR_OK)
        kernel_remember_offer(at, opt_num(in, OPTF_HMAC_IDENT, 0));
    return code;
}

enum tr_code kernel_get_hashes(const struct tr_place *at, struct opt_set *out)
{
    return kernel_recall_offer(at, out) ? TR_OK : tr_get_hashes(at, out);
}

/* A one-to-one endpoint may need its keys again (renew.c), and keeps where they are rather than them. */
static enum tr_code remember_file(const struct tr_place *at, const char *file)
{
    struct kernel_endpoint *ep = kernel_endpoint(at->ep);
    if (ep->origin == NULL || file == ep->auth_keys)
        return TR_OK;
    char *copy = strdup(file);
    if (copy == NULL)
        return tr_refuse(at, TR_LIMIT, "out of memory");
    free(ep->auth_keys);
    ep->auth_keys = copy;
    return TR_OK;
}

enum tr_code kernel_set_keys(const struct tr_place *at, const struct opt_set *in)
{
    struct auth_keys keys;
    enum tr_code code = tr_read_keys(at, in, &keys);
    if (code == TR_OK)
        code = tr_give_keys(at, &keys);
    auth_keys_wipe(&keys);
    return code == TR_OK ? remember_file(at, opt_text(in, OPTF_AUTH_KEYS)) : code;
}

enum tr_code kernel_set_active_key(const struct tr_place *at, const struct opt_set *in)
{
    enum tr_code code = tr_set_record(at, in);
    if (code == TR_OK && (at->assoc == 0 || at->ep->style != TR_ONE_TO_MANY))
        kernel_remember_offer(at, opt_num(in, OPTF_AUTH_ACTIVE_KEY, 0));
    return code;
}

/* An association without authentication does not tell. */
enum tr_code kernel_get_active_key(const struct tr_place *at, struct opt_set *out)
{
    enum tr_code code = tr_get_record(at, out);
    return code == TR_INVALID && kernel_recall_offer(at, out) ? TR_OK : code;
}
