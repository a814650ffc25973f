/* Options of authenticated chunks (RFC 4895): which are asked for, with which hash, with which shared keys.
 *
 * Linux refuses all of them (EACCES) on an endpoint that does not offer authentication and on an association
 * that came up without it. What is set for a one-to-many endpoint goes to the associations that there are as
 * well; those without authentication have no use for it. */
#include "transport/kernel/option_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/sctp/auth_keys.h"

/* From errno. `unknown`: what EINVAL means. */
static enum tr_code auth_failed(struct tr_endpoint *ep, uint32_t assoc, enum opt_id id, const char *unknown,
                                struct tr_error *error)
{
    if (errno == EACCES)
        return tr_fail(error, TR_INVALID, EACCES, "%s: %s", opt_rows[id].name,
                       assoc != 0 ? "the association has no authentication; both sides need auth_supported"
                                  : "needs auth_supported (or sysctl net.sctp.auth_enable=1)");
    if (errno == EINVAL && unknown[0])
        return tr_fail(error, TR_INVALID, EINVAL, "%s: %s", opt_rows[id].name, unknown);
    return kernel_opt_failed(ep, assoc, id, "", error);
}

enum tr_code kernel_set_AUTH_SUPPORTED(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                       struct tr_error *error)
{
    return kernel_set_offer(ep, assoc, OPT_AUTH_SUPPORTED, SCTP_AUTH_SUPPORTED, in, error);
}

enum tr_code kernel_get_AUTH_SUPPORTED(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                       struct tr_error *error)
{
    return kernel_get_offer(ep, assoc, OPT_AUTH_SUPPORTED, SCTP_AUTH_SUPPORTED, out, error);
}

/* ---- Chunk types ----------------------------------------------------------------------------------- */

/* The types in the order of options.def. */
static const uint8_t chunk_types[] = {0, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0x40, 0xc1, 0x80, 0x82, 0xc0, 0xc2};

static enum tr_code get_chunks(struct tr_endpoint *ep, uint32_t assoc, enum opt_id id, int name,
                               struct opt_set *out, struct tr_error *error)
{
    union {
        struct sctp_authchunks head;
        uint8_t bytes[sizeof(struct sctp_authchunks) + 256];
    } list = {.head = {.gauth_assoc_id = (sctp_assoc_t)assoc}};
    int64_t flags = 0;
    if (kernel_get_raw(ep, IPPROTO_SCTP, name, &list, sizeof list) != 0) {
        if (errno != EACCES) /* without authentication none is asked for */
            return kernel_no_association(ep, assoc, id, error);
        list.head.gauth_number_of_chunks = 0;
    }
    for (unsigned i = 0; i < list.head.gauth_number_of_chunks && i < 256; i++)
        for (unsigned bit = 0; bit < sizeof chunk_types; bit++)
            if (list.bytes[sizeof list.head + i] == chunk_types[bit])
                flags |= INT64_C(1) << bit;
    opt_put(out, opt_rows[id].first, flags);
    return TR_OK;
}

enum tr_code kernel_get_AUTH_CHUNKS(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                    struct tr_error *error)
{
    if (kernel_recall_offer(ep, assoc, OPT_AUTH_CHUNKS, out))
        return TR_OK;
    return get_chunks(ep, assoc, OPT_AUTH_CHUNKS, SCTP_LOCAL_AUTH_CHUNKS, out, error);
}

enum tr_code kernel_get_PEER_AUTH_CHUNKS(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                         struct tr_error *error)
{
    return get_chunks(ep, assoc, OPT_PEER_AUTH_CHUNKS, SCTP_PEER_AUTH_CHUNKS, out, error);
}

enum tr_code kernel_set_AUTH_CHUNKS(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                    struct tr_error *error)
{
    int64_t flags = opt_num(in, OPTF_AUTH_CHUNKS, 0);
    for (unsigned bit = 0; bit < sizeof chunk_types; bit++) {
        struct sctp_authchunk c = {chunk_types[bit]};
        if ((flags >> bit & 1) && kernel_set_raw(ep, IPPROTO_SCTP, SCTP_AUTH_CHUNK, &c, sizeof c) != 0)
            return auth_failed(ep, assoc, OPT_AUTH_CHUNKS, "", error);
    }
    struct opt_set before = {0};
    if (kernel_recall_offer(ep, 0, OPT_AUTH_CHUNKS, &before))
        flags |= opt_num(&before, OPTF_AUTH_CHUNKS, 0);
    kernel_remember_offer(ep, OPT_AUTH_CHUNKS, flags);
    return TR_OK;
}

/* ---- Hash ------------------------------------------------------------------------------------------ */

enum { SHA1, SHA256, HMACS_MAX = 8 }; /* values of hmac_ident; how many Linux may tell */

union hmacs {
    struct sctp_hmacalgo head;
    uint8_t bytes[sizeof(struct sctp_hmacalgo) + HMACS_MAX * sizeof(uint16_t)];
};

enum tr_code kernel_set_HMAC_IDENT(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                   struct tr_error *error)
{
    static const uint16_t both[] = {SCTP_AUTH_HMAC_ID_SHA256, SCTP_AUTH_HMAC_ID_SHA1};
    int64_t value = opt_num(in, OPTF_HMAC_IDENT, SHA1);
    unsigned first = value == SHA256 ? 0 : 1, count = 2 - first;
    union hmacs h = {.head = {.shmac_num_idents = count}};
    memcpy(h.bytes + sizeof h.head, both + first, count * sizeof both[0]);
    if (kernel_set_raw(ep, IPPROTO_SCTP, SCTP_HMAC_IDENT, &h, sizeof h.head + count * sizeof both[0]) != 0)
        return errno == EOPNOTSUPP ? tr_fail(error, TR_UNSUPPORTED, EOPNOTSUPP,
                                             "hmac_ident: this kernel was built without HMAC-SHA-256")
                                   : auth_failed(ep, assoc, OPT_HMAC_IDENT, "", error);
    kernel_remember_offer(ep, OPT_HMAC_IDENT, value);
    return TR_OK;
}

enum tr_code kernel_get_HMAC_IDENT(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                   struct tr_error *error)
{
    union hmacs h = {.head = {0}};
    uint16_t first = 0;
    if (kernel_recall_offer(ep, assoc, OPT_HMAC_IDENT, out))
        return TR_OK;
    if (kernel_get_raw(ep, IPPROTO_SCTP, SCTP_HMAC_IDENT, &h, sizeof h) != 0)
        return auth_failed(ep, assoc, OPT_HMAC_IDENT, "", error);
    memcpy(&first, h.bytes + sizeof h.head, sizeof first);
    opt_put(out, OPTF_HMAC_IDENT, first == SCTP_AUTH_HMAC_ID_SHA256 ? SHA256 : SHA1);
    return TR_OK;
}

/* ---- Keys ------------------------------------------------------------------------------------------ */

/* For `assoc`; 0 of a one-to-many endpoint: for those to come, and for those there are as far as they take
 * it.
 */
static int set_for_all(struct tr_endpoint *ep, uint32_t assoc, int name, void *record, size_t size,
                       sctp_assoc_t *id)
{
    *id = (sctp_assoc_t)assoc;
    if (kernel_set_raw(ep, IPPROTO_SCTP, name, record, size) != 0)
        return -1;
    if (assoc == 0 && kernel_shared(ep)) {
        *id = SCTP_CURRENT_ASSOC;
        kernel_set_raw(ep, IPPROTO_SCTP, name, record, size);
    }
    return 0;
}

static int set_key(struct tr_endpoint *ep, uint32_t assoc, const struct auth_key *key)
{
    union {
        struct sctp_authkey head;
        uint8_t bytes[sizeof(struct sctp_authkey) + AUTH_KEY_BYTES_MAX];
    } record = {.head = {.sca_keynumber = key->number, .sca_keylength = key->len}};
    memcpy(record.bytes + sizeof record.head, key->bytes, key->len);
    int failed = set_for_all(ep, assoc, SCTP_AUTH_KEY, &record, sizeof record.head + key->len,
                             &record.head.sca_assoc_id);
    explicit_bzero(&record, sizeof record);
    return failed;
}

/* A one-to-one endpoint may need its keys again (renew.c), and keeps where they are rather than them.
 */
static enum tr_code remember_file(struct kernel_endpoint *ep, const char *file, struct tr_error *error)
{
    if (ep->origin == NULL || file == ep->auth_keys)
        return TR_OK;
    char *copy = strdup(file);
    if (copy == NULL)
        return tr_fail(error, TR_LIMIT, ENOMEM, "auth_keys: out of memory");
    free(ep->auth_keys);
    ep->auth_keys = copy;
    return TR_OK;
}

enum tr_code kernel_set_AUTH_KEYS(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                  struct tr_error *error)
{
    struct auth_keys keys;
    char why[200];
    const char *file = opt_text(in, OPTF_AUTH_KEYS);
    enum tr_code code = TR_OK;
    if (!auth_keys_read(file, &keys, why, sizeof why))
        code = tr_fail(error, TR_INVALID, 0, "auth_keys: %s", why);
    for (unsigned i = 0; code == TR_OK && i < keys.count; i++)
        if (set_key(ep, assoc, &keys.key[i]) != 0)
            code = auth_failed(ep, assoc, OPT_AUTH_KEYS, "", error);
    auth_keys_wipe(&keys);
    return code == TR_OK ? remember_file(kernel_endpoint(ep), file, error) : code;
}

static enum tr_code set_key_number(struct tr_endpoint *ep, uint32_t assoc, enum opt_id id, int name,
                                   const struct opt_set *in, const char *unknown, struct tr_error *error)
{
    struct sctp_authkeyid k = {.scact_keynumber = (uint16_t)opt_num(in, opt_rows[id].first, 0)};
    if (set_for_all(ep, assoc, name, &k, sizeof k, &k.scact_assoc_id) == 0)
        return TR_OK;
    return auth_failed(ep, assoc, id, unknown, error);
}

enum tr_code kernel_set_AUTH_ACTIVE_KEY(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                        struct tr_error *error)
{
    enum tr_code code = set_key_number(ep, assoc, OPT_AUTH_ACTIVE_KEY, SCTP_AUTH_ACTIVE_KEY, in,
                                       "there is no such key; give a file with it as auth_keys first", error);
    if (code == TR_OK && (assoc == 0 || !kernel_shared(ep)))
        kernel_remember_offer(ep, OPT_AUTH_ACTIVE_KEY, opt_num(in, OPTF_AUTH_ACTIVE_KEY, 0));
    return code;
}

enum tr_code kernel_get_AUTH_ACTIVE_KEY(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                        struct tr_error *error)
{
    struct sctp_authkeyid k = {.scact_assoc_id = (sctp_assoc_t)assoc};
    if (kernel_get_raw(ep, IPPROTO_SCTP, SCTP_AUTH_ACTIVE_KEY, &k, sizeof k) != 0)
        return errno == EACCES && kernel_recall_offer(ep, assoc, OPT_AUTH_ACTIVE_KEY, out)
                   ? TR_OK
                   : auth_failed(ep, assoc, OPT_AUTH_ACTIVE_KEY, "", error);
    opt_put(out, OPTF_AUTH_ACTIVE_KEY, k.scact_keynumber);
    return TR_OK;
}

enum tr_code kernel_set_AUTH_DEACTIVATE_KEY(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                            struct tr_error *error)
{
    return set_key_number(ep, assoc, OPT_AUTH_DEACTIVATE_KEY, SCTP_AUTH_DEACTIVATE_KEY, in,
                          "there is no such key, or it is the active one", error);
}

enum tr_code kernel_set_AUTH_DELETE_KEY(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                        struct tr_error *error)
{
    return set_key_number(ep, assoc, OPT_AUTH_DELETE_KEY, SCTP_AUTH_DELETE_KEY, in,
                          "there is no such key, or it is the active one", error);
}
