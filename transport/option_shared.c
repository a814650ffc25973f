#include "transport/option_shared_priv.h"

#include <string.h>

enum {
    ROWS = 0
#define ROW(option, set, get, reach, usr_set, usr_get, usr_reach) +1
#include "transport/option_rows.def"
};
_Static_assert(ROWS == (int)OPT_ID_COUNT, "option_rows.def has a row for each of options.def");
_Static_assert((int)TR_PR_TTL == OPT_PR_TTL && (int)TR_PR_RTX == OPT_PR_RTX && (int)TR_PR_PRIO == OPT_PR_PRIO,
               "TR_PR_POLICIES");

/* ---- rtoinfo ---------------------------------------------------------------------------------------- */

enum tr_code tr_set_rtoinfo(const struct tr_place *at, const struct opt_set *in)
{
    struct opt_set all;
    enum tr_code code = tr_merge(at, in, &all);
    if (code != TR_OK)
        return code;
    unsigned min = (unsigned)opt_num(&all, OPTF_RTO_MIN, 0), max = (unsigned)opt_num(&all, OPTF_RTO_MAX, 0),
             initial = (unsigned)opt_num(&all, OPTF_RTO_INITIAL, 0);
    if (min > max)
        return tr_refuse(at, TR_INVALID, "min is %u ms, above max, which is %u ms", min, max);
    if (opt_given(in, OPTF_RTO_INITIAL) && initial > max)
        return tr_refuse(at, TR_INVALID, "initial is %u ms, above max, which is %u ms", initial, max);
    return tr_set_record(at, &all);
}

/* ---- What a send uses that brings no record of its own ---------------------------------------------- */

enum tr_code tr_get_prinfo(const struct tr_place *at, struct opt_set *out)
{
    enum tr_code code = tr_get_record(at, out);
    if (code == TR_OK && opt_num(out, OPTF_PRINFO_POLICY, 0) == OPT_PR_NONE)
        opt_put(out, OPTF_PRINFO_VALUE, 0);
    return code;
}

/* A value without a policy would be a time to live for a stack. */
enum tr_code tr_set_prinfo(const struct tr_place *at, const struct opt_set *in)
{
    struct opt_set all;
    enum tr_code code = tr_merge(at, in, &all);
    if (code != TR_OK)
        return code;
    bool none = opt_num(&all, OPTF_PRINFO_POLICY, 0) == OPT_PR_NONE;
    if (none && opt_num(in, OPTF_PRINFO_VALUE, 0) != 0)
        return tr_refuse(at, TR_INVALID, "value means nothing with policy none; say policy");
    if (none)
        opt_put(&all, OPTF_PRINFO_VALUE, 0);
    return tr_set_record(at, &all);
}

/* The time to live is that of policy ttl. */
enum tr_code tr_get_send_param(const struct tr_place *at, struct opt_set *out)
{
    struct opt_set when = {0};
    struct tr_place prinfo = tr_beside(at, OPT_DEFAULT_PRINFO);
    enum tr_code code = tr_get_record(at, out);
    if (code == TR_OK)
        code = tr_get_prinfo(&prinfo, &when);
    bool ttl = opt_num(&when, OPTF_PRINFO_POLICY, OPT_PR_NONE) == OPT_PR_TTL;
    if (code == TR_OK)
        opt_put(out, OPTF_DSP_TIMETOLIVE, ttl ? opt_num(&when, OPTF_PRINFO_VALUE, 0) : 0);
    return code;
}

/* A time takes the place of any policy; none ends only a time. */
static void put_lifetime(struct opt_set *when, int64_t ttl)
{
    if (ttl == 0 && opt_num(when, OPTF_PRINFO_POLICY, OPT_PR_NONE) != OPT_PR_TTL)
        return;
    opt_put(when, OPTF_PRINFO_POLICY, ttl != 0 ? OPT_PR_TTL : OPT_PR_NONE);
    opt_put(when, OPTF_PRINFO_VALUE, ttl);
}

/* Linux keeps the policy among the flags and loses it with them: so it is always set again. */
enum tr_code tr_set_send_param(const struct tr_place *at, const struct opt_set *in)
{
    struct opt_set all, when = {0};
    struct tr_place prinfo = tr_beside(at, OPT_DEFAULT_PRINFO);
    enum tr_code code = tr_merge(at, in, &all);
    if (code == TR_OK)
        code = tr_get_prinfo(&prinfo, &when);
    if (code == TR_OK)
        code = tr_set_record(at, &all);
    if (opt_given(in, OPTF_DSP_TIMETOLIVE))
        put_lifetime(&when, opt_num(in, OPTF_DSP_TIMETOLIVE, 0));
    return code == TR_OK ? tr_set_record(&prinfo, &when) : code;
}

/* ---- Events (RFC 6458 6.2.2) ------------------------------------------------------------------------- */

enum tr_code tr_set_events(const struct tr_place *at, const struct opt_set *in)
{
    const struct tr_notices *n = at->ep->backend->records->notices;
    enum tr_code code = TR_OK;
    for (unsigned i = 0; i < n->rows && code == TR_OK; i++) {
        const struct tr_notice_row *row = &n->row[i];
        struct tr_event_switch e = {.type = row->number, .on = opt_num(in, row->field, 0) != 0};
        if (opt_given(in, row->field))
            code = tr_write_record(at, &e, sizeof e);
    }
    return code;
}

enum tr_code tr_get_events(const struct tr_place *at, struct opt_set *out)
{
    const struct tr_records *records = at->ep->backend->records;
    const struct tr_record *r = &records->record[at->id];
    for (unsigned i = 0; i < records->notices->rows; i++) {
        const struct tr_notice_row *row = &records->notices->row[i];
        struct tr_event_switch e = {.assoc = at->assoc, .type = row->number};
        if (records->get(at->ep, r->level, r->name, &e, sizeof e) != 0)
            return tr_option_failed(at);
        opt_put(out, row->field, e.on != 0);
    }
    return TR_OK;
}

/* ---- Authentication (RFC 4895) ---------------------------------------------------------------------- */

/* In the order of the option's names (RFC 9260, 8260, 5061, 6525, 3758). */
static const uint8_t chunk_types[] = {0x00, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09,
                                      0x0a, 0x0b, 0x40, 0xc1, 0x80, 0x82, 0xc0, 0xc2};

int64_t tr_chunk_flags(const struct tr_chunk_list *list)
{
    int64_t flags = 0;
    for (uint32_t n = 0; n < list->count && n < sizeof list->types; n++)
        for (unsigned bit = 0; bit < sizeof chunk_types; bit++)
            if (chunk_types[bit] == list->types[n])
                flags |= INT64_C(1) << bit;
    return flags;
}

enum tr_code tr_set_auth_chunks(const struct tr_place *at, const struct opt_set *in)
{
    int64_t wanted = opt_num(in, OPTF_AUTH_CHUNKS, 0);
    enum tr_code code = TR_OK;
    for (unsigned bit = 0; bit < sizeof chunk_types && code == TR_OK; bit++) {
        uint8_t type = chunk_types[bit];
        if (wanted >> bit & 1)
            code = tr_write_record(at, &type, sizeof type);
    }
    return code;
}

enum { SHA1, SHA256, ID_SHA1 = 1, ID_SHA256 = 3 }; /* of options.def, of RFC 4895 3.3 */

enum tr_code tr_set_hashes(const struct tr_place *at, const struct opt_set *in)
{
    struct tr_hash_list one = {1, {ID_SHA1}}, both = {2, {ID_SHA256, ID_SHA1}},
                        *hashes = opt_num(in, OPTF_HMAC_IDENT, SHA1) == SHA256 ? &both : &one;
    return tr_write_record(at, hashes,
                           offsetof(struct tr_hash_list, ids) + hashes->count * sizeof hashes->ids[0]);
}

enum tr_code tr_get_hashes(const struct tr_place *at, struct opt_set *out)
{
    struct tr_hash_list now;
    enum tr_code code = tr_read_record(at, out, &now);
    if (code == TR_OK)
        opt_put(out, OPTF_HMAC_IDENT, now.ids[0] == ID_SHA256 ? SHA256 : SHA1);
    return code;
}

enum tr_code tr_read_keys(const struct tr_place *at, const struct opt_set *in, struct auth_keys *out)
{
    char why[200];
    if (auth_keys_read(opt_text(in, OPTF_AUTH_KEYS), out, why, sizeof why))
        return TR_OK;
    return tr_refuse(at, TR_INVALID, "%s", why);
}

enum tr_code tr_give_keys(const struct tr_place *at, const struct auth_keys *keys)
{
    enum tr_code code = TR_OK;
    for (unsigned i = 0; i < keys->count && code == TR_OK; i++) {
        const struct auth_key *key = &keys->key[i];
        struct tr_shared_key k = {.number = key->number, .len = key->len};
        memcpy(k.bytes, key->bytes, key->len);
        code = tr_write_record(at, &k, offsetof(struct tr_shared_key, bytes) + key->len);
        explicit_bzero(&k, sizeof k);
    }
    return code;
}
