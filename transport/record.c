/* What record_priv.h says: options by their records. */
#include "transport/record_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* RFC 6458 7.1; both stacks have these numbers. */
enum { FUTURE_ASSOC = 0, CURRENT_ASSOC = 1, ALL_ASSOC = 2 };

union record {
    uint64_t align;
    uint8_t bytes[TR_RECORD_MAX];
};

static const struct tr_records *records_of(const struct tr_place *at)
{
    return at->ep->backend->records;
}

static const struct tr_record *record_of(const struct tr_place *at)
{
    return &records_of(at)->record[at->id];
}

/* ---- Errors ----------------------------------------------------------------------------------------- */

enum tr_code tr_refuse(const struct tr_place *at, enum tr_code code, const char *format, ...)
{
    char text[sizeof at->error->text];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return tr_fail(at->error, code, 0, "%s: %s", opt_rows[at->id].name, text);
}

static const struct tr_reason *reason_for(const struct tr_place *at, int error_number)
{
    static const struct tr_reason none = {.text = ""};
    const struct tr_records *r = records_of(at);
    for (unsigned i = 0; i < r->reasons; i++)
        if (r->reason[i].id == at->id && r->reason[i].error_number == error_number)
            return &r->reason[i];
    return &none;
}

/* Stacks say EINVAL both for a value and for an association that they do not know. Without a number they mean
 * the only one that a one-to-one socket has. */
static bool is_nobodys(const struct tr_place *at, int error_number, bool explained)
{
    bool needs_one = !(opt_rows[at->id].when & OPT_AT_OPEN) && !explained;
    return error_number == EINVAL && (at->assoc != 0 || needs_one) &&
           !records_of(at)->exists(at->ep, at->assoc);
}

enum tr_code tr_option_failed(const struct tr_place *at)
{
    int e = errno;
    const struct tr_reason *reason = reason_for(at, e);
    enum tr_code code = records_of(at)->code(e);
    const char *why = strerror(e);
    if (code == TR_NO_ASSOC || is_nobodys(at, e, reason->text[0]))
        return at->assoc != 0 ? tr_refuse(at, TR_NO_ASSOC, "there is no association %u", at->assoc)
                              : tr_refuse(at, TR_NO_ASSOC, "needs an association");
    if (e == EINVAL)
        why = "the stack does not take this";
    if (e == ENOPROTOOPT)
        why = "the stack does not have this option";
    return tr_fail(at->error, reason->code != TR_OK ? reason->code : code, e, "%s: %s%s",
                   opt_rows[at->id].name, why, reason->text);
}

/* ---- Members ---------------------------------------------------------------------------------------- */

union number {
    uint8_t one;
    uint16_t two;
    uint32_t four;
    uint64_t eight;
};

static uint64_t get_number(const void *from, unsigned size)
{
    union number n;
    memcpy(&n, from, size);
    return size == 1 ? n.one : size == 2 ? n.two : size == 4 ? n.four : n.eight;
}

void tr_number_put(void *to, unsigned size, uint64_t value)
{
    union number n;
    if (size == 1)
        n.one = (uint8_t)value;
    else if (size == 2)
        n.two = (uint16_t)value;
    else if (size == 4)
        n.four = (uint32_t)value;
    else
        n.eight = value;
    memcpy(to, &n, size);
}

/* Between the two byte orders, in either direction. */
static uint64_t swapped(uint64_t value, unsigned size)
{
    return size == sizeof(uint16_t) ? htons((uint16_t)value) : htonl((uint32_t)value);
}

/* The stack's number for a value. False: it has none. */
static bool to_word(const struct tr_words *w, int64_t value, uint64_t *out)
{
    int64_t left = w->bits ? value : INT64_C(1) << value;
    *out = 0;
    for (unsigned i = 0; i < w->count; left &= ~(INT64_C(1) << i++)) {
        if (!(left >> i & 1))
            continue;
        if (w->word[i] == TR_NO_WORD)
            return false;
        *out |= (uint64_t)w->word[i];
    }
    return left == 0;
}

static int64_t from_word(const struct tr_words *w, uint64_t word)
{
    int64_t value = w->bits ? 0 : w->otherwise;
    for (unsigned i = 0; i < w->count; i++) {
        if (w->word[i] == TR_NO_WORD)
            continue;
        if (w->bits && (word & (uint64_t)w->word[i]))
            value |= INT64_C(1) << i;
        else if (!w->bits && word == (uint64_t)w->word[i])
            value = i;
    }
    return value;
}

bool tr_member_get(const struct tr_member *m, const void *record, int64_t *out)
{
    uint64_t number = get_number((const uint8_t *)record + m->at, m->size);
    *out = m->kind == TR_WORD      ? from_word(m->words, number)
           : m->kind == TR_NETWORK ? (int64_t)swapped(number, m->size)
                                   : (int64_t)number;
    return m->kind != TR_WORD || *out != TR_NO_WORD;
}

static enum tr_code store_field(const struct tr_place *at, const struct tr_member *m, enum opt_field f,
                                int64_t value, uint8_t *record)
{
    uint64_t word = (uint64_t)value;
    char name[64];
    if (m->kind == TR_WORD && !to_word(m->words, value, &word))
        return tr_refuse(at, TR_UNSUPPORTED, "the %s transport does not have %s", at->ep->backend->name,
                         opt_format_num(f, value, name, sizeof name));
    tr_number_put(record + m->at, m->size, m->kind == TR_NETWORK ? swapped(word, m->size) : word);
    return TR_OK;
}

static bool is_path(const struct tr_member *m)
{
    return m->kind == TR_PATH || m->kind == TR_TOLD;
}

enum tr_code tr_store(const struct tr_place *at, const struct tr_member *member, const struct opt_set *in,
                      void *record)
{
    const struct opt_row *row = &opt_rows[at->id];
    enum tr_code code = TR_OK;
    for (unsigned f = row->first; f < row->first + row->fields && code == TR_OK; f++)
        if (opt_given(in, f) && member[f].kind != TR_ABSENT && !is_path(&member[f]) &&
            opt_field_rows[f].type != OPT_UINT_RO)
            code = store_field(at, &member[f], f, opt_num(in, f, 0), record);
    return code;
}

static enum tr_code load_field(const struct tr_place *at, const struct tr_member *m, enum opt_field f,
                               const void *record, struct opt_set *out)
{
    int64_t value;
    if (!tr_member_get(m, record, &value))
        return tr_refuse(at, TR_UNSUPPORTED, "the stack has a value that is not known here");
    opt_put(out, f, opt_field_rows[f].type == OPT_BOOL ? value != 0 : value);
    return TR_OK;
}

enum tr_code tr_load(const struct tr_place *at, const struct tr_member *member, const void *record,
                     struct opt_set *out)
{
    const struct opt_row *row = &opt_rows[at->id];
    const uint8_t *bytes = record;
    enum tr_code code = TR_OK;
    for (unsigned f = row->first; f < row->first + row->fields && code == TR_OK; f++)
        if (member[f].kind == TR_TOLD)
            records_of(at)->tell_path(at->ep, bytes + member[f].at, f, out);
        else if (member[f].kind != TR_ABSENT && member[f].kind != TR_PATH)
            code = load_field(at, &member[f], f, bytes, out);
    return code;
}

/* ---- Records ---------------------------------------------------------------------------------------- */

static void put_assoc(const struct tr_place *at, uint8_t *record, uint32_t assoc)
{
    if (record_of(at)->assoc != TR_NO_ASSOC_ID)
        memcpy(record + record_of(at)->assoc, &assoc, sizeof assoc);
}

/* The path that is chosen, if the record has one. What can only be read of a path is of one alone. */
static enum tr_code put_path(const struct tr_place *at, const struct opt_set *which, enum opt_field f,
                             uint8_t *to)
{
    const char *text = opt_text(which, f);
    struct sockaddr_storage path;
    if (text != NULL && text[0] == '\0')
        text = NULL;
    if (text == NULL && (opt_rows[at->id].when & OPT_NO_SET))
        return tr_refuse(at, TR_INVALID, "needs an address");
    enum tr_code code = records_of(at)->find_path(at, text, &path);
    if (code == TR_OK)
        memcpy(to, &path, sizeof path);
    return code;
}

/* A record that says whom and what it is about, and else nothing. */
static enum tr_code begin(const struct tr_place *at, const struct opt_set *which, bool reading,
                          uint8_t *record)
{
    const struct opt_row *row = &opt_rows[at->id];
    const struct tr_member *member = records_of(at)->member;
    enum tr_code code = TR_OK;
    memset(record, 0, record_of(at)->size);
    put_assoc(at, record, at->assoc);
    for (unsigned f = row->first; f < row->first + row->fields && code == TR_OK; f++)
        if (member[f].kind == TR_PATH || (member[f].kind == TR_TOLD && !reading))
            code = put_path(at, which, f, record + member[f].at);
        else if (member[f].kind == TR_KEY)
            code = store_field(at, &member[f], f, opt_num(which, f, 0), record);
    return code;
}

enum tr_code tr_read_record(const struct tr_place *at, const struct opt_set *which, void *record)
{
    const struct tr_record *r = record_of(at);
    enum tr_code code = begin(at, which, true, record);
    if (code != TR_OK || records_of(at)->get(at->ep, r->level, r->name, record, r->size) == 0)
        return code;
    return tr_option_failed(at);
}

static int write_for(const struct tr_place *at, uint32_t assoc, uint8_t *record, size_t size)
{
    const struct tr_record *r = record_of(at);
    put_assoc(at, record, assoc);
    return records_of(at)->set(at->ep, r->level, r->name, record, size);
}

/* A kernel without SCTP_ALL_ASSOC says EINVAL: then it is for those to come. */
enum tr_code tr_write_record(const struct tr_place *at, void *record, size_t size)
{
    enum tr_reach reach = tr_is_shared(at) ? at->ep->backend->options[at->id].reach : TR_COMING;
    if (reach == TR_ALL && write_for(at, ALL_ASSOC, record, size) == 0)
        return TR_OK;
    if ((reach == TR_ALL && errno != EINVAL) || write_for(at, at->assoc, record, size) != 0)
        return tr_option_failed(at);
    if (reach == TR_CURRENT)
        write_for(at, CURRENT_ASSOC, record, size);
    return TR_OK;
}

/* ---- Options ---------------------------------------------------------------------------------------- */

enum tr_code tr_get_record(const struct tr_place *at, struct opt_set *out)
{
    union record r;
    enum tr_code code = tr_read_record(at, out, r.bytes);
    return code == TR_OK ? tr_load(at, records_of(at)->member, r.bytes, out) : code;
}

static enum tr_code set_over(const struct tr_place *at, const struct opt_set *in, union record *r)
{
    enum tr_code code = tr_store(at, records_of(at)->member, in, r->bytes);
    return code == TR_OK ? tr_write_record(at, r->bytes, record_of(at)->size) : code;
}

enum tr_code tr_set_record(const struct tr_place *at, const struct opt_set *in)
{
    union record r;
    enum tr_code code = begin(at, in, false, r.bytes);
    return code == TR_OK ? set_over(at, in, &r) : code;
}

enum tr_code tr_set_merged(const struct tr_place *at, const struct opt_set *in)
{
    union record r;
    enum tr_code code = tr_read_record(at, in, r.bytes);
    return code == TR_OK ? set_over(at, in, &r) : code;
}

enum tr_code tr_merge(const struct tr_place *at, const struct opt_set *in, struct opt_set *all)
{
    *all = (struct opt_set){0};
    opt_take_option(all, in, at->id);
    enum tr_code code = at->ep->backend->options[at->id].get(at, all);
    opt_take_option(all, in, at->id);
    return code;
}

int64_t tr_ask(const struct tr_place *at, enum opt_field f, int64_t otherwise)
{
    struct tr_place other = {at->ep, at->assoc, opt_field_rows[f].option, NULL};
    struct opt_set now = {0};
    enum tr_code code = tr_get_record(&other, &now);
    return code == TR_OK ? opt_num(&now, f, otherwise) : otherwise;
}
