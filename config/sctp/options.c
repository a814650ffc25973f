/* See option.h: the tables, made from options.def, and sets of option values. */
#include "config/sctp/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/sctp/address.h"
#include "config/sctp/require.h"
#include "config/sctp/value.h"

/* Where each option's fields begin. An option's own enumerators take no number: BEFORE steps back, so that
 * the enumerator after it, its first field, has the same number as FIRST. */
enum opt_position {
#define OPTION(id, name, when, effect, source, help)                  FIRST_##id, BEFORE_##id = FIRST_##id - 1,
#define FIELD(opt, id, name, type, unit, min, max, dflt, names, help) POSITION_##id,
#include "config/sctp/options.def"
};

/* How many fields each option has: the size of a struct with one char per field. */
struct fields_of_none {
    char none;
#define OPTION(id, name, when, effect, source, help)                                                         \
    }                                                                                                        \
    ;                                                                                                        \
    struct fields_of_##id {
#define FIELD(opt, id, name, type, unit, min, max, dflt, names, help) char field_##id;
#include "config/sctp/options.def"
};

const struct opt_row opt_rows[OPT_ID_COUNT] = {
#define OPTION(id, name, when, effect, source, help)                                                         \
    [OPT_##                                                                                                  \
        id] = {name, source, help, when, effect, (enum opt_field)FIRST_##id, sizeof(struct fields_of_##id)},
#define FIELD(opt, id, name, type, unit, min, max, dflt, names, help)
#include "config/sctp/options.def"
};

const struct opt_field_row opt_field_rows[OPTF_COUNT] = {
#define OPTION(id, name, when, effect, source, help)
#define FIELD(opt, id, name, type, unit, min, max, dflt, names, help)                                        \
    [OPTF_##id] = {OPT_##opt, name, type, unit, min, max, dflt, names, help},
#include "config/sctp/options.def"
};

/* The index in `text` of each address field of a set. */
enum {
    ADDRESSES = 0
#define OPTION(id, name, when, effect, source, help)
#define FIELD(opt, id, name, type, unit, min, max, dflt, names, help) +((type) == OPT_ADDR)
#include "config/sctp/options.def"
};
_Static_assert(ADDRESSES == OPT_TEXTS, "OPT_TEXTS is the number of rows with OPT_ADDR");

#define REQUIRE_OPTION(id) REQUIRE((unsigned)(id) < OPT_ID_COUNT)
#define REQUIRE_FIELD(f)   REQUIRE((unsigned)(f) < OPTF_COUNT)

const struct opt_row *opt_row_of(enum opt_id id)
{
    REQUIRE_OPTION(id);
    return &opt_rows[id];
}

const struct opt_field_row *opt_field_row_of(enum opt_field f)
{
    REQUIRE_FIELD(f);
    return &opt_field_rows[f];
}

struct opt_set *opt_set_new(void)
{
    return calloc(1, sizeof(struct opt_set));
}

void opt_set_free(struct opt_set *s)
{
    free(s);
}

static void give(struct opt_set *s, enum opt_field f)
{
    s->given[f / 64] |= UINT64_C(1) << (f % 64);
}

static bool is_given(const struct opt_set *s, enum opt_field f)
{
    return s->given[f / 64] >> (f % 64) & 1;
}

bool opt_given(const struct opt_set *s, enum opt_field f)
{
    REQUIRE(s);
    REQUIRE_FIELD(f);
    return is_given(s, f);
}

void opt_put(struct opt_set *s, enum opt_field f, int64_t num)
{
    REQUIRE(s);
    REQUIRE_FIELD(f);
    give(s, f);
    s->value[f].num = num;
}

void opt_put_text(struct opt_set *s, enum opt_field f, const char *text)
{
    REQUIRE(s);
    REQUIRE(text);
    REQUIRE_FIELD(f);
    if (!is_given(s, f))
        s->value[f].num = s->texts++;
    give(s, f);
    snprintf(s->text[s->value[f].num], OPT_TEXT_MAX, "%s", text);
}

void opt_put_file(struct opt_set *s, enum opt_field f, const char *file)
{
    REQUIRE(s);
    REQUIRE_FIELD(f);
    give(s, f);
    s->value[f].file = file;
}

int64_t opt_num(const struct opt_set *s, enum opt_field f, int64_t otherwise)
{
    REQUIRE(s);
    REQUIRE_FIELD(f);
    return is_given(s, f) ? s->value[f].num : otherwise;
}

const char *opt_text(const struct opt_set *s, enum opt_field f)
{
    REQUIRE(s);
    REQUIRE_FIELD(f);
    if (!is_given(s, f))
        return NULL;
    return opt_field_rows[f].type == OPT_FILE ? s->value[f].file : s->text[s->value[f].num];
}

void opt_take(struct opt_set *to, const struct opt_set *from, enum opt_field f)
{
    REQUIRE(to);
    REQUIRE(from);
    REQUIRE_FIELD(f);
    if (opt_field_rows[f].type == OPT_ADDR) {
        opt_put_text(to, f, opt_text(from, f));
        return;
    }
    give(to, f);
    to->value[f] = from->value[f];
}

void opt_take_option(struct opt_set *to, const struct opt_set *from, enum opt_id id)
{
    REQUIRE(to);
    REQUIRE(from);
    REQUIRE_OPTION(id);
    const struct opt_row *row = &opt_rows[id];
    for (unsigned f = row->first; f < row->first + row->fields; f++)
        if (is_given(from, f))
            opt_take(to, from, f);
}

bool opt_any(const struct opt_set *s, enum opt_id id)
{
    REQUIRE(s);
    REQUIRE_OPTION(id);
    const struct opt_row *row = &opt_rows[id];
    for (unsigned i = 0; i < row->fields; i++)
        if (is_given(s, row->first + i))
            return true;
    return false;
}

void opt_merge(struct opt_set *base, const struct opt_set *over)
{
    REQUIRE(base);
    REQUIRE(over);
    for (unsigned f = 0; f < OPTF_COUNT; f++)
        if (is_given(over, f))
            opt_take(base, over, f);
}

void opt_defaults(struct opt_set *s)
{
    REQUIRE(s);
    for (unsigned f = 0; f < OPTF_COUNT; f++)
        if (opt_field_rows[f].dflt != OPT_STACK)
            opt_put(s, f, opt_field_rows[f].dflt);
}

int64_t opt_stack(enum opt_field f, enum opt_stack_of which)
{
    REQUIRE_FIELD(f);
    REQUIRE((unsigned)which <= OPT_USRSCTP);
#define NONE                          OPT_STACK
#define STACK(field, kernel, usrsctp) {OPTF_##field, {kernel, usrsctp}},
    static const struct {
        enum opt_field field;
        int64_t begins_with[2]; /* by enum opt_stack_of */
    } rows[] = {
#include "config/sctp/stack.def"
    };
#undef NONE
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].field == f)
            return rows[i].begins_with[which];
    return OPT_STACK;
}

static bool check_field(const struct opt_set *s, enum opt_field f, char *why, size_t size)
{
    const struct opt_field_row *row = &opt_field_rows[f];
    const struct val_spec spec = val_spec_of(f);
    struct net_addr scratch;

    if (opt_rows[row->option].when & OPT_NO_SET || row->type == OPT_UINT_RO) {
        snprintf(why, size, "can only be read; leave it out");
        return false;
    }
    if (row->type == OPT_ADDR) {
        if (net_addr_parse(opt_text(s, f), 0, &scratch))
            return true;
        snprintf(why, size,
                 "'%.40s' is not an address; write an IPv4 or IPv6 address such as 127.0.0.1 or ::1",
                 opt_text(s, f));
        return false;
    }
    if (row->type == OPT_FILE) {
        const char *file = opt_text(s, f);
        if (file != NULL && *file != '\0')
            return true;
        snprintf(why, size, "the name of the file is missing; write its path");
        return false;
    }
    return val_check(&spec, opt_num(s, f, 0), why, size);
}

enum opt_field opt_check(const struct opt_set *s, char *why, size_t size)
{
    REQUIRE(s);
    REQUIRE(why || !size);
    for (unsigned f = 0; f < OPTF_COUNT; f++)
        if (is_given(s, f) && !check_field(s, f, why, size))
            return f;
    return OPTF_COUNT;
}

enum opt_id opt_find(const char *name)
{
    static const char prefix[] = "sctp_";
    REQUIRE(name);
    if (strncmp(name, prefix, sizeof prefix - 1) == 0)
        name += sizeof prefix - 1;
    for (unsigned id = 0; id < OPT_ID_COUNT; id++)
        if (strcmp(opt_rows[id].name, name) == 0)
            return id;
    return OPT_ID_COUNT;
}

enum opt_field opt_find_field(enum opt_id id, const char *name)
{
    REQUIRE(name);
    REQUIRE_OPTION(id);
    const struct opt_row *row = &opt_rows[id];
    for (unsigned f = row->first; f < row->first + row->fields; f++)
        if (strcmp(opt_field_rows[f].name, name) == 0)
            return f;
    return OPTF_COUNT;
}

const char *opt_format_num(enum opt_field f, int64_t num, char *out, size_t size)
{
    REQUIRE_FIELD(f);
    REQUIRE(out);
    const struct val_spec spec = val_spec_of(f);
    val_format(&spec, num, out, size);
    return out;
}

const char *opt_format(const struct opt_set *s, enum opt_field f, char *out, size_t size)
{
    REQUIRE(s);
    REQUIRE_FIELD(f);
    REQUIRE(out);
    if (opt_is_number(opt_field_rows[f].type))
        return opt_format_num(f, opt_num(s, f, 0), out, size);
    const char *text = opt_text(s, f);
    REQUIRE(text); /* it is given */
    snprintf(out, size, "%s", text);
    return out;
}

struct val_spec val_spec_of(enum opt_field f)
{
    const struct opt_field_row *r = &opt_field_rows[f];
    return (struct val_spec){r->type, r->unit, r->min, r->max, r->names};
}
