/* Options about authenticated chunks (RFC 4895).
 *
 * Keys. The stack copies an endpoint's keys into each association when it is set up; what is set later acts
 * on both. It does not tell keys back, so those of a one-to-one endpoint are kept for its next socket
 * (usr_endpoint_renew). Wherever keys lie in memory of ours they are wiped when they are done with. */
#include "transport/usrsctp/option_priv.h"

#include <stdlib.h>
#include <string.h>

/* Settings that would change nothing are refused: whoever makes them believes otherwise. */
static enum tr_code need_auth(const struct tr_place *at)
{
    if (!usr_ep(at->ep)->kept.auth_offered)
        return tr_refuse(at, TR_INVALID, "needs auth_supported: true");
    if (at->assoc != 0 && !usr_assoc_exists(at->ep, at->assoc))
        return tr_refuse(at, TR_NO_ASSOC, "there is no association %u", at->assoc);
    if (at->assoc != 0 && !tr_ask(at, OPTF_AUTH_SUPPORTED, 1))
        return tr_refuse(at, TR_INVALID, "association %u has no authentication, its peer does not offer it",
                         at->assoc);
    return TR_OK;
}

/* ---- Chunk types ------------------------------------------------------------------------------------ */

/* Before the stack verifies a COOKIE ECHO it writes into it what it had left out of the cookie, the path's
 * handle: no authentication of it can be right. */
enum tr_code usr_set_chunks(const struct tr_place *at, const struct opt_set *in)
{
    enum { COOKIE_ECHO = 1 << 8 };
    uint32_t wanted = (uint32_t)opt_num(in, OPTF_AUTH_CHUNKS, 0);
    if (wanted & COOKIE_ECHO)
        return tr_refuse(
            at, TR_UNSUPPORTED,
            "usrsctp cannot verify cookie_echo over UDP, and would refuse every association; leave it out");
    enum tr_code code = wanted != 0 ? need_auth(at) : TR_OK;
    if (code == TR_OK)
        code = tr_set_auth_chunks(at, in);
    if (code == TR_OK)
        usr_ep(at->ep)->kept.auth_chunks |= wanted;
    return code;
}

enum tr_code usr_get_peer_chunks(const struct tr_place *at, struct opt_set *out)
{
    struct tr_chunk_list list = {.assoc = at->assoc};
    if (usr_get_raw(at->ep, SCTP_PEER_AUTH_CHUNKS, &list, sizeof list) != 0)
        return tr_option_failed(at);
    opt_put(out, OPTF_PEER_AUTH_CHUNKS, tr_chunk_flags(&list));
    return TR_OK;
}

/* ---- Keys ------------------------------------------------------------------------------------------- */

static struct auth_key *kept_key(struct usr_endpoint *ep, uint16_t number)
{
    return ep->keys != NULL ? (struct auth_key *)auth_keys_find(ep->keys, number) : NULL;
}

static bool keep_keys(struct usr_endpoint *ep, const struct auth_keys *keys)
{
    if (ep->keys == NULL)
        ep->keys = calloc(1, sizeof *ep->keys);
    for (unsigned i = 0; i < keys->count && ep->keys != NULL; i++) {
        struct auth_key *at = kept_key(ep, keys->key[i].number);
        if (at == NULL && ep->keys->count == AUTH_KEYS_MAX)
            return false;
        if (at == NULL)
            at = &ep->keys->key[ep->keys->count++];
        *at = keys->key[i];
    }
    return ep->keys != NULL;
}

static void drop_key(struct usr_endpoint *ep, uint16_t number)
{
    struct auth_key *at = kept_key(ep, number);
    if (at == NULL)
        return;
    struct auth_key *last = &ep->keys->key[--ep->keys->count];
    *at = *last;
    explicit_bzero(last, sizeof *last);
}

enum tr_code usr_auth_restore(struct usr_endpoint *ep, struct tr_error *error)
{
    struct tr_place at = {&ep->base, 0, OPT_AUTH_KEYS, error};
    return ep->keys != NULL ? tr_give_keys(&at, ep->keys) : TR_OK;
}

void usr_auth_forget(struct usr_endpoint *ep)
{
    if (ep->keys == NULL)
        return;
    auth_keys_wipe(ep->keys);
    free(ep->keys);
    ep->keys = NULL;
}

enum tr_code usr_set_keys(const struct tr_place *at, const struct opt_set *in)
{
    struct auth_keys keys;
    enum tr_code code = need_auth(at);
    if (code != TR_OK)
        return code;
    code = tr_read_keys(at, in, &keys);
    if (code == TR_OK && at->ep->style == TR_ONE_TO_ONE && !keep_keys(usr_ep(at->ep), &keys))
        code = tr_refuse(at, TR_LIMIT, "an endpoint can have %d keys", AUTH_KEYS_MAX);
    if (code == TR_OK)
        code = tr_give_keys(at, &keys);
    auth_keys_wipe(&keys);
    return code;
}

/* Which key is active, goes out of use, is to be forgotten. */
enum tr_code usr_set_key_number(const struct tr_place *at, const struct opt_set *in)
{
    enum tr_code code = tr_set_record(at, in);
    usr_ready_mark(usr_ep(at->ep)); /* event authentication */
    if (code == TR_OK && at->id == OPT_AUTH_DELETE_KEY)
        drop_key(usr_ep(at->ep), (uint16_t)opt_num(in, OPTF_AUTH_DELETE_KEY, 0));
    return code;
}
