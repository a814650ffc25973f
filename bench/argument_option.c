/* --option of `junctor load`: one SCTP option by its name in the configuration. */
#include <stdio.h>
#include <string.h>

#include "bench/arguments_priv.h"
#include "config/sctp/nearest.h"
#include "config/sctp/value.h"

static bool no_such_option(const char *name, char *why, size_t size)
{
    struct nearest near;

    nearest_begin(&near, name);
    for (unsigned i = 0; i < OPT_ID_COUNT; i++)
        nearest_try(&near, opt_rows[i].name);
    const char *found = nearest_found(&near);
    return bench_say(why, size, "no SCTP option \"%s\"%s%s%s", name, found ? "; did you mean \"" : "",
                     found ? found : "", found ? "\"?" : "");
}

/* A record needs the name of a field; a single value has none. */
static bool find_field(enum opt_id id, const char *field, enum opt_field *out, char *why, size_t size)
{
    const struct opt_row *row = &opt_rows[id];
    char fields[256] = "";

    *out = opt_find_field(id, field ? field : "");
    if (*out != OPTF_COUNT)
        return true;
    for (unsigned i = 0; i < row->fields; i++) {
        const char *name = opt_field_rows[row->first + i].name;
        if (!*name)
            return bench_say(why, size, "%s is a single value; write %s=VALUE", row->name, row->name);
        size_t used = strlen(fields);
        snprintf(fields + used, sizeof fields - used, "%s%s", used ? ", " : "", name);
    }
    return bench_say(why, size, "%s is a record; write %s.FIELD=VALUE with one of: %s", row->name, row->name,
                     fields);
}

bool bench_option_parse(const char *text, struct opt_set *set, char *why, size_t size)
{
    const char *equals = strchr(text, '=');
    char name[64], reason[VAL_WHY_MAX], *field;
    enum opt_field f;
    int64_t number;

    if (!equals || equals == text || (size_t)(equals - text) >= sizeof name)
        return bench_say(why, size, "\"%s\" is not NAME=VALUE or NAME.FIELD=VALUE", text);
    snprintf(name, sizeof name, "%.*s", (int)(equals - text), text);
    if ((field = strchr(name, '.')))
        *field++ = 0;
    enum opt_id id = opt_find(name);
    if (id == OPT_ID_COUNT)
        return no_such_option(name, why, size);
    if (!(opt_rows[id].when & OPT_AT_OPEN))
        return bench_say(why, size, "%s cannot be set when an endpoint is opened", opt_rows[id].name);
    if (!find_field(id, field, &f, why, size))
        return false;
    if (opt_field_rows[f].type == OPT_ADDR) {
        opt_put_text(set, f, equals + 1);
    } else if (opt_field_rows[f].type == OPT_FILE) {
        opt_put_file(set, f, equals + 1);
    } else {
        struct val_spec spec = val_spec_of(f);
        if (!val_parse(&spec, equals + 1, &number, reason, sizeof reason))
            return bench_say(why, size, "%.*s: %s", (int)(equals - text), text, reason);
        opt_put(set, f, number);
    }
    if (opt_check(set, reason, sizeof reason) != OPTF_COUNT)
        return bench_say(why, size, "%.*s: %s", (int)(equals - text), text, reason);
    return true;
}
