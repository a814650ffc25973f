/* Options about authenticated chunks (RFC 4895).
 *
 * Keys. The stack copies an endpoint's keys into each association when it is set up; what is set later acts
 * on both. It does not tell keys back, so those of a one-to-one endpoint are kept for its next socket
 * (usr_endpoint_renew). Wherever keys lie in memory of ours they are wiped when they are done with. */
#include "transport/usrsctp/option_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/sctp/auth_keys.h"

/* ---- Whether ---------------------------------------------------------------------------------------- */

enum tr_code usr_set_AUTH_SUPPORTED(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                    struct tr_error *error)
{
    (void)assoc;
    return usr_set_offer(ep, OPT_AUTH_SUPPORTED, SCTP_AUTH_SUPPORTED,
                         opt_num(in, OPTF_AUTH_SUPPORTED, 0) != 0, &usr_ep(ep)->kept.auth_offered, error);
}

enum tr_code usr_get_AUTH_SUPPORTED(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                    struct tr_error *error)
{
    (void)assoc;
    (void)error;
    opt_put(out, OPTF_AUTH_SUPPORTED, usr_ep(ep)->kept.auth_offered);
    return TR_OK;
}

/* Settings that would change nothing are refused: whoever makes them believes otherwise. */
static enum tr_code need_auth(struct tr_endpoint *ep, uint32_t assoc, enum opt_id id, struct tr_error *error)
{
    uint32_t granted = 1;
    if (!usr_ep(ep)->kept.auth_offered)
        return tr_fail(error, TR_INVALID, 0, "set %s: needs auth_supported: true", opt_rows[id].name);
    enum tr_code code =
        assoc != 0 ? usr_get_value(ep, assoc, id, SCTP_AUTH_SUPPORTED, &granted, error) : TR_OK;
    if (code == TR_OK && !granted)
        return tr_fail(error, TR_INVALID, 0,
                       "set %s: association %u has no authentication, its peer does not offer it",
                       opt_rows[id].name, assoc);
    return code;
}

/* ---- Chunk types ------------------------------------------------------------------------------------ */

/* In the order of the option's names (RFC 9260, 8260, 5061, 6525, 3758). */
static const uint8_t chunk_types[] = {0x00, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09,
                                      0x0a, 0x0b, 0x40, 0xc1, 0x80, 0x82, 0xc0, 0xc2};

enum { CHUNK_TYPES = sizeof chunk_types, COOKIE_ECHO = 1 << 8 };

/* Before the stack verifies a COOKIE ECHO it writes into it what it had left out of the cookie, the path's
 * handle: no authentication of it can be right. */
enum tr_code usr_set_AUTH_CHUNKS(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                 struct tr_error *error)
{
    uint32_t wanted = (uint32_t)opt_num(in, OPTF_AUTH_CHUNKS, 0);
    (void)assoc;
    if (wanted & COOKIE_ECHO)
        return tr_fail(error, TR_UNSUPPORTED, 0,
                       "set auth_chunks: usrsctp cannot verify cookie_echo over UDP, and would refuse every "
                       "association; leave it out");
    enum tr_code code = wanted != 0 ? need_auth(ep, 0, OPT_AUTH_CHUNKS, error) : TR_OK;
    for (unsigned i = 0; i < CHUNK_TYPES && code == TR_OK; i++) {
        struct sctp_authchunk c = {.sauth_chunk = chunk_types[i]};
        if (wanted >> i & 1)
            code = usr_set(ep, OPT_AUTH_CHUNKS, SCTP_AUTH_CHUNK, &c, sizeof c, error);
    }
    if (code == TR_OK)
        usr_ep(ep)->kept.auth_chunks |= wanted;
    return code;
}

enum tr_code usr_get_AUTH_CHUNKS(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                 struct tr_error *error)
{
    (void)assoc;
    (void)error;
    opt_put(out, OPTF_AUTH_CHUNKS, usr_ep(ep)->kept.auth_chunks);
    return TR_OK;
}

enum tr_code usr_get_PEER_AUTH_CHUNKS(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                      struct tr_error *error)
{
    struct { /* usrsctp.h leaves out the number, which the library has */
        sctp_assoc_t assoc_id;
        uint32_t number;
        uint8_t types[256];
    } peer = {.assoc_id = assoc};
    enum tr_code code = usr_get(ep, OPT_PEER_AUTH_CHUNKS, SCTP_PEER_AUTH_CHUNKS, &peer, sizeof peer, error);
    if (code != TR_OK)
        return code;
    int64_t flags = 0;
    for (uint32_t n = 0; n < peer.number && n < sizeof peer.types; n++)
        for (unsigned i = 0; i < CHUNK_TYPES; i++)
            if (chunk_types[i] == peer.types[n])
                flags |= INT64_C(1) << i;
    opt_put(out, OPTF_PEER_AUTH_CHUNKS, flags);
    return TR_OK;
}

/* ---- Hashes ----------------------------------------------------------------------------------------- */

/* struct sctp_hmacalgo with room; the one that is asked for first. */
struct hashes {
    uint32_t number;
    uint16_t ids[4];
};

enum { SHA1, SHA256 };

enum tr_code usr_set_HMAC_IDENT(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                struct tr_error *error)
{
    bool sha256 = opt_num(in, OPTF_HMAC_IDENT, SHA1) == SHA256;
    struct hashes one = {1, {SCTP_AUTH_HMAC_ID_SHA1}},
                  both = {2, {SCTP_AUTH_HMAC_ID_SHA256, SCTP_AUTH_HMAC_ID_SHA1}};
    (void)assoc;
    enum tr_code code =
        usr_set(ep, OPT_HMAC_IDENT, SCTP_HMAC_IDENT, sha256 ? &both : &one, sizeof one, error);
    if (code == TR_INVALID && sha256)
        return tr_fail(error, TR_UNSUPPORTED, 0,
                       "set hmac_ident: this build of usrsctp has no SHA-256; it has sha1");
    return code;
}

enum tr_code usr_get_HMAC_IDENT(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                struct tr_error *error)
{
    struct hashes now = {0};
    (void)assoc;
    enum tr_code code = usr_get(ep, OPT_HMAC_IDENT, SCTP_HMAC_IDENT, &now, sizeof now, error);
    if (code == TR_OK)
        opt_put(out, OPTF_HMAC_IDENT, now.ids[0] == SCTP_AUTH_HMAC_ID_SHA256 ? SHA256 : SHA1);
    return code;
}

/* ---- Keys ------------------------------------------------------------------------------------------- */

static enum tr_code give_key(struct tr_endpoint *ep, uint32_t assoc, const struct auth_key *key,
                             struct tr_error *error)
{
    union {
        struct sctp_authkey head;
        uint8_t room[sizeof(struct sctp_authkey) + AUTH_KEY_BYTES_MAX];
    } k = {.head = {.sca_assoc_id = usr_all_or_one(ep, assoc),
                    .sca_keynumber = key->number,
                    .sca_keylength = key->len}};
    memcpy(k.head.sca_key, key->bytes, key->len);
    enum tr_code code =
        usr_set(ep, OPT_AUTH_KEYS, SCTP_AUTH_KEY, &k, (socklen_t)(sizeof k.head + key->len), error);
    explicit_bzero(&k, sizeof k);
    if (code == TR_AGAIN)
        return tr_fail(
            error, code, 0,
            "set auth_keys: messages under way need key %u; try again when they are acknowledged, or "
            "give the new key another number",
            key->number);
    return code;
}

static enum tr_code give_keys(struct tr_endpoint *ep, uint32_t assoc, const struct auth_keys *keys,
                              struct tr_error *error)
{
    enum tr_code code = TR_OK;
    for (unsigned i = 0; i < keys->count && code == TR_OK; i++)
        code = give_key(ep, assoc, &keys->key[i], error);
    return code;
}

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
    return ep->keys != NULL ? give_keys(&ep->base, 0, ep->keys, error) : TR_OK;
}

void usr_auth_forget(struct usr_endpoint *ep)
{
    if (ep->keys == NULL)
        return;
    auth_keys_wipe(ep->keys);
    free(ep->keys);
    ep->keys = NULL;
}

enum tr_code usr_set_AUTH_KEYS(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                               struct tr_error *error)
{
    struct auth_keys keys;
    char why[200];
    enum tr_code code = need_auth(ep, assoc, OPT_AUTH_KEYS, error);
    if (code != TR_OK)
        return code;
    if (!auth_keys_read(opt_text(in, OPTF_AUTH_KEYS), &keys, why, sizeof why))
        code = tr_fail(error, TR_INVALID, 0, "set auth_keys: %s", why);
    else if (ep->style == TR_ONE_TO_ONE && !keep_keys(usr_ep(ep), &keys))
        code = tr_fail(error, TR_LIMIT, 0, "set auth_keys: an endpoint can have %d keys", AUTH_KEYS_MAX);
    if (code == TR_OK)
        code = give_keys(ep, assoc, &keys, error);
    auth_keys_wipe(&keys);
    return code;
}

/* What is wrong with a key, where the stack only refuses it. */
static enum tr_code key_order(struct tr_endpoint *ep, uint32_t assoc, enum opt_id id, int option,
                              uint16_t number, const char *why, struct tr_error *error)
{
    struct sctp_authkeyid k = {.scact_assoc_id = usr_all_or_one(ep, assoc), .scact_keynumber = number};
    enum tr_code code = usr_set(ep, id, option, &k, sizeof k, error);
    usr_ready_mark(usr_ep(ep)); /* event authentication */
    return code != TR_INVALID ? code
                              : tr_fail(error, code, 0, "set %s: key %u %s", opt_rows[id].name, number, why);
}

enum tr_code usr_set_AUTH_ACTIVE_KEY(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                     struct tr_error *error)
{
    return key_order(ep, assoc, OPT_AUTH_ACTIVE_KEY, SCTP_AUTH_ACTIVE_KEY,
                     (uint16_t)opt_num(in, OPTF_AUTH_ACTIVE_KEY, 0),
                     "is not among auth_keys, or is still going out of use", error);
}

enum tr_code usr_get_AUTH_ACTIVE_KEY(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                     struct tr_error *error)
{
    struct sctp_authkeyid k = {.scact_assoc_id = assoc};
    enum tr_code code = usr_get(ep, OPT_AUTH_ACTIVE_KEY, SCTP_AUTH_ACTIVE_KEY, &k, sizeof k, error);
    if (code == TR_OK)
        opt_put(out, OPTF_AUTH_ACTIVE_KEY, k.scact_keynumber);
    return code;
}

enum tr_code usr_set_AUTH_DEACTIVATE_KEY(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                         struct tr_error *error)
{
    return key_order(ep, assoc, OPT_AUTH_DEACTIVATE_KEY, SCTP_AUTH_DEACTIVATE_KEY,
                     (uint16_t)opt_num(in, OPTF_AUTH_DEACTIVATE_KEY, 0),
                     "is the active one, or is not among auth_keys", error);
}

enum tr_code usr_set_AUTH_DELETE_KEY(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                     struct tr_error *error)
{
    uint16_t number = (uint16_t)opt_num(in, OPTF_AUTH_DELETE_KEY, 0);
    enum tr_code code =
        key_order(ep, assoc, OPT_AUTH_DELETE_KEY, SCTP_AUTH_DELETE_KEY, number,
                  "is the active one, is not among auth_keys, or messages under way need it", error);
    if (code == TR_OK)
        drop_key(usr_ep(ep), number);
    return code;
}
