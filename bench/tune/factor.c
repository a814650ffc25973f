/* What is varied; see factor.h. */
#include "bench/tune/factor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/arguments_priv.h"
#include "config/sctp/nearest.h"
#include "config/sctp/value.h"

#define BROKER "broker."

/* ---- names ------------------------------------------------------------------------------------------ */

static bool may_vary(enum opt_field f)
{
    const struct opt_row *row = &opt_rows[opt_field_rows[f].option];
    enum opt_type type = opt_field_rows[f].type;

    return opt_is_number(type) && type != OPT_UINT_RO && (row->when & OPT_AT_OPEN) &&
           !(row->when & (OPT_NO_SET | OPT_NO_FILE | OPT_LIBRARY));
}

static const char *field_name(enum opt_field f, char *out, size_t size)
{
    const struct opt_field_row *row = &opt_field_rows[f];

    snprintf(out, size, "%s%s%s", opt_rows[row->option].name, *row->name ? "." : "", row->name);
    return out;
}

static bool no_such_name(const char *name, char *why, size_t size)
{
    struct nearest near;
    char text[64];

    nearest_begin(&near, name);
    for (unsigned f = 0; f < OPTF_COUNT; f++)
        if (may_vary(f))
            nearest_try(&near, field_name(f, text, sizeof text));
    for (unsigned k = 0; k < CFG_KEY_COUNT; k++)
        if (cfg_key_rows[k].section == CFG_BROKER && cfg_key_rows[k].kind == CFG_SCALAR) {
            snprintf(text, sizeof text, BROKER "%.50s", cfg_key_rows[k].name);
            nearest_try(&near, text);
            nearest_try(&near, cfg_key_rows[k].name);
        }
    const char *found = nearest_found(&near);
    return bench_say(why, size, "there is no SCTP option and no key of the broker \"%s\"%s%s%s", name,
                     found ? "; did you mean \"" : "", found ? found : "", found ? "\"?" : "");
}

/* A record needs the name of a field; a single value has none. */
static bool no_such_field(enum opt_id id, char *why, size_t size)
{
    const struct opt_row *row = &opt_rows[id];
    char fields[256] = "";

    for (unsigned f = row->first; f < row->first + row->fields; f++)
        if (may_vary(f) && *opt_field_rows[f].name)
            snprintf(fields + strlen(fields), sizeof fields - strlen(fields), "%s%s", *fields ? ", " : "",
                     opt_field_rows[f].name);
    if (!*fields)
        return bench_say(why, size, "%s is a single value; write %s=VALUE,VALUE", row->name, row->name);
    return bench_say(why, size, "%s is a record; write %s.FIELD=VALUE,VALUE with one of: %s", row->name,
                     row->name, fields);
}

static bool find_option(const char *name, struct bench_factor *out, bool *found, char *why, size_t size)
{
    char option[64];
    const char *dot = strchr(name, '.');

    snprintf(option, sizeof option, "%.*s", (int)strcspn(name, "."), name);
    enum opt_id id = opt_find(option);
    *found = id != OPT_ID_COUNT;
    if (!*found)
        return true;
    out->field = opt_find_field(id, dot ? dot + 1 : "");
    if (out->field == OPTF_COUNT)
        return no_such_field(id, why, size);
    field_name(out->field, out->name, sizeof out->name);
    return may_vary(out->field) ||
           bench_say(why, size, "%s cannot be varied: %s", out->name,
                     opt_is_number(opt_field_rows[out->field].type)
                         ? "it is not set in a configuration when an endpoint is opened"
                         : "its value is not a number, a word or a flag");
}

static bool find_key(const char *name, struct bench_factor *out, bool *found, char *why, size_t size)
{
    const char *key = strncmp(name, BROKER, strlen(BROKER)) == 0 ? name + strlen(BROKER) : name;

    out->key = cfg_key_find(CFG_BROKER, key);
    *found = out->key != CFG_KEY_COUNT;
    out->of_broker = *found;
    if (!*found)
        return true;
    snprintf(out->name, sizeof out->name, BROKER "%.50s", key);
    return (cfg_key_rows[out->key].kind == CFG_SCALAR && out->key != CFG_KEY_TRANSPORT) ||
           bench_say(why, size, "%s cannot be varied", out->name);
}

/* ---- values ------------------------------------------------------------------------------------------ */

static struct val_spec spec_of(const struct bench_factor *f)
{
    return f->of_broker ? cfg_key_rows[f->key].spec : val_spec_of(f->field);
}

static bool add_value(struct bench_factor *f, const char *text, char *why, size_t size)
{
    struct val_spec spec = spec_of(f);
    char reason[VAL_WHY_MAX], value[VAL_TEXT_MAX];
    int64_t number;

    snprintf(value, sizeof value, "%s", text);
    for (char *c = value; spec.type == OPT_FLAGS && *c; c++)
        *c = *c == '+' ? ',' : *c;
    if (!val_parse(&spec, value, &number, reason, sizeof reason))
        return bench_say(why, size, "%s: %s", f->name, reason);
    for (unsigned i = 0; i < f->count; i++)
        if (f->value[i] == number)
            return bench_say(why, size, "%s: the value %s is given twice", f->name, text);
    if (f->count == BENCH_VALUES_MAX - 1) /* one is kept for the base's */
        return bench_say(why, size, "%s: more than %d values", f->name, BENCH_VALUES_MAX - 1);
    f->value[f->count++] = number;
    return true;
}

bool bench_factor_parse(const char *text, struct bench_factor *out, char *why, size_t size)
{
    const char *equals = strchr(text, '=');
    char name[64], value[VAL_TEXT_MAX];
    bool found;

    memset(out, 0, sizeof *out);
    if (!equals || equals == text || (size_t)(equals - text) >= sizeof name)
        return bench_say(why, size, "\"%s\" is not KEY=VALUE,VALUE…", text);
    snprintf(name, sizeof name, "%.*s", (int)(equals - text), text);
    if (!find_option(name, out, &found, why, size) || (!found && !find_key(name, out, &found, why, size)))
        return false;
    if (!found)
        return no_such_name(name, why, size);
    for (const char *at = equals + 1;; at++) {
        size_t len = strcspn(at, ",");
        if (len == 0 || len >= sizeof value)
            return bench_say(why, size, "%s: a value is missing; write %s=VALUE,VALUE…", out->name,
                             out->name);
        snprintf(value, sizeof value, "%.*s", (int)len, at);
        if (!add_value(out, value, why, size))
            return false;
        at += len;
        if (!*at)
            return true;
    }
}

/* ---- the base ---------------------------------------------------------------------------------------- */

static int64_t base_of_broker(const struct bench_factor *f, const struct cfg_config *broker)
{
    const struct cfg_key_row *row = &cfg_key_rows[f->key];

    if (broker)
        return cfg_key_get(row, broker);
    return row->dflt == CFG_DERIVED || row->dflt == CFG_OPTIONAL ? CFG_ABSENT : row->dflt;
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

bool bench_factor_settle(struct bench_factor *f, const struct opt_set *options,
                         const struct cfg_config *broker, enum opt_stack_of stack, char *why, size_t size)
{
    int64_t base = f->of_broker ? base_of_broker(f, broker) : opt_num(options, f->field, OPT_STACK);
    bool known = false;

    if (!f->of_broker && base == OPT_STACK && opt_stack(f->field, stack) != OPT_STACK)
        base = opt_stack(f->field, stack);
    for (unsigned i = 0; i < f->count; i++)
        known = known || f->value[i] == base;
    if (!known)
        f->value[f->count++] = base;
    if (f->count < 2)
        return bench_say(why, size, "%s: the only value is that of the base configuration; give others",
                         f->name);
    qsort(f->value, f->count, sizeof f->value[0], compare);
    for (unsigned i = 0; i < f->count; i++)
        if (f->value[i] == base)
            f->base = i;
    return true;
}

const char *bench_factor_text(const struct bench_factor *f, unsigned value, char *out, size_t size)
{
    struct val_spec spec = spec_of(f);
    int64_t number = f->value[value];
    char text[VAL_TEXT_MAX];

    if (number == OPT_STACK || number == CFG_ABSENT)
        snprintf(out, size, "default");
    else if (f->of_broker)
        snprintf(out, size, "%s", val_format(&spec, number, text, sizeof text));
    else
        opt_format_num(f->field, number, out, size);
    return out;
}

void bench_factor_apply(const struct bench_factor *f, unsigned value, struct opt_set *options)
{
    if (!f->of_broker && value != f->base)
        opt_put(options, f->field, f->value[value]);
}

bool bench_factor_is_ordered(const struct bench_factor *f)
{
    return spec_of(f).type == OPT_UINT;
}
