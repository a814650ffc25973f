/* Parses a mapping of SCTP options by the rows of options.def. */
#include "config/read_sctp_priv.h"

#include <stdio.h>
#include <string.h>

#include "config/read_items_priv.h"
#include "config/sctp/nearest.h"
#include "config/yaml_pairs_priv.h"

/* "rtoinfo.min", or "nodelay" for an option that is a single value. */
static const char *field_name(enum opt_field f, char *out, size_t size)
{
    const struct opt_field_row *row = &opt_field_rows[f];
    snprintf(out, size, "%s%s%s", opt_rows[row->option].name, *row->name ? "." : "", row->name);
    return out;
}

static bool is_settable(enum opt_field f)
{
    const struct opt_field_row *row = &opt_field_rows[f];
    return !(opt_rows[row->option].when & OPT_NO_SET) && row->type != OPT_UINT_RO;
}

/* ---- one value ------------------------------------------------------------------------------------ */

static bool read_address(enum opt_field f, const char *text, struct placed_options *out, char *why,
                         size_t size)
{
    struct opt_set one = {0};
    opt_put_text(&one, f, text);
    if (opt_check(&one, why, size) != OPTF_COUNT)
        return false;
    opt_merge(&out->set, &one);
    return true;
}

/* Relative to the directory of the configuration file. */
static void read_file_name(struct loader *l, enum opt_field f, const char *text, struct placed_options *out)
{
    const char *slash = strrchr(l->config->file, '/');
    size_t folder = *text != '/' && slash ? (size_t)(slash - l->config->file) + 1 : 0;
    char *name = arena_alloc(l->keep, folder + strlen(text) + 1);
    memcpy(name, l->config->file, folder);
    strcpy(name + folder, text);
    opt_put_file(&out->set, f, name);
}

static void read_flags(struct loader *l, const char *name, enum opt_field f, const struct yaml_node *value,
                       struct placed_options *out)
{
    const struct val_spec spec = val_spec_of(f);
    char why[VAL_WHY_MAX];
    int64_t bits = 0, one;
    const struct yaml_node *item = value->kind == YAML_LIST ? value->first : value;
    for (; item && !err_is_full(&l->errors); item = value->kind == YAML_LIST ? item->next : NULL) {
        const struct yaml_node *real = yaml_real(item);
        const char *text = read_scalar(l, name, real);
        if (text && val_parse(&spec, text, &one, why, sizeof why))
            bits |= one;
        else if (text)
            err_add(&l->errors, real->at, "%s: %s", name, why);
    }
    opt_put(&out->set, f, bits);
}

static void read_field(struct loader *l, enum opt_field f, const struct yaml_node *value,
                       struct placed_options *out)
{
    const struct val_spec spec = val_spec_of(f);
    char name[64], why[VAL_WHY_MAX];
    int64_t num;
    field_name(f, name, sizeof name);
    out->at[f] = value->at;
    if (spec.type == OPT_FLAGS) {
        read_flags(l, name, f, value, out);
        return;
    }
    const char *text = read_scalar(l, name, value);
    if (!text)
        return;
    bool ok = true;
    if (spec.type == OPT_ADDR)
        ok = read_address(f, text, out, why, sizeof why);
    else if (spec.type == OPT_FILE)
        read_file_name(l, f, text, out);
    else if ((ok = val_parse(&spec, text, &num, why, sizeof why)))
        opt_put(&out->set, f, num);
    if (!ok)
        err_add(&l->errors, value->at, "%s: %s", name, why);
}

/* ---- one option ----------------------------------------------------------------------------------- */

static void unknown_field(struct loader *l, enum opt_id id, const struct yaml_node *key)
{
    char known[200] = "";
    size_t used = 0;
    struct nearest n;
    nearest_begin(&n, key->text);
    for (unsigned f = opt_rows[id].first; f < opt_rows[id].first + opt_rows[id].fields; f++)
        if (is_settable(f) && used < sizeof known) {
            nearest_try(&n, opt_field_rows[f].name);
            used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", used ? ", " : "",
                                     opt_field_rows[f].name);
        }
    if (nearest_found(&n))
        err_add(&l->errors, key->at, "unknown key '%.40s' in %s, did you mean '%s'?", key->text,
                opt_rows[id].name, nearest_found(&n));
    else
        err_add(&l->errors, key->at, "unknown key '%.40s' in %s; known are %s", key->text, opt_rows[id].name,
                known);
}

static void read_record(struct loader *l, enum opt_id id, const struct yaml_node *value,
                        struct placed_options *out)
{
    unsigned count;
    const struct opt_row *row = &opt_rows[id];
    if (value->kind != YAML_MAP) {
        err_add(&l->errors, value->at, "%s: write its fields as a mapping, such as {%s: …}", row->name,
                opt_field_rows[row->first].name);
        return;
    }
    const struct yaml_pair *pairs = yaml_pairs(&l->scratch, value, &count, &l->errors);
    for (unsigned i = 0; i < count && !err_is_full(&l->errors); i++) {
        enum opt_field f = opt_find_field(id, pairs[i].key->text);
        if (f == OPTF_COUNT)
            unknown_field(l, id, pairs[i].key);
        else if (!is_settable(f))
            err_add(&l->errors, pairs[i].key->at, "%s.%s can only be read; leave it out", row->name,
                    opt_field_rows[f].name);
        else
            read_field(l, f, pairs[i].value, out);
    }
}

/* ---- all options ---------------------------------------------------------------------------------- */

/* The first option that may be written and has a field of this name, or OPT_ID_COUNT. */
static enum opt_id option_with(const char *field)
{
    for (unsigned f = 0; f < OPTF_COUNT && *field; f++)
        if (is_settable(f) && strcmp(opt_field_rows[f].name, field) == 0)
            return opt_field_rows[f].option;
    return OPT_ID_COUNT;
}

static void unknown_option(struct loader *l, const struct yaml_node *key)
{
    enum opt_id outer = option_with(key->text);
    struct nearest n;
    if (outer != OPT_ID_COUNT) {
        err_add(&l->errors, key->at, "'%s' is a field of %s; write %s: {%s: …}", key->text,
                opt_rows[outer].name, opt_rows[outer].name, key->text);
        return;
    }
    nearest_begin(&n, key->text);
    for (unsigned id = 0; id < OPT_ID_COUNT; id++)
        if (!(opt_rows[id].when & (OPT_NO_SET | OPT_NO_FILE)))
            nearest_try(&n, opt_rows[id].name);
    if (nearest_found(&n))
        err_add(&l->errors, key->at, "unknown SCTP option '%.40s', did you mean '%s'?", key->text,
                nearest_found(&n));
    else
        err_add(&l->errors, key->at,
                "unknown SCTP option '%.40s'; the names are those of gen_sctp without `sctp_`, such as "
                "nodelay, rtoinfo, "
                "initmsg",
                key->text);
}

void read_options(struct loader *l, const struct yaml_node *value, struct placed_options *out)
{
    unsigned count;
    if (value->kind != YAML_MAP) {
        if (!yaml_is_empty(value))
            err_add(&l->errors, value->at, "this must be SCTP options, such as `nodelay: true`");
        return;
    }
    const struct yaml_pair *pairs = yaml_pairs(&l->scratch, value, &count, &l->errors);
    for (unsigned i = 0; i < count && !err_is_full(&l->errors); i++) {
        const struct yaml_node *key = pairs[i].key;
        enum opt_id id = opt_find(key->text);
        if (id == OPT_ID_COUNT)
            unknown_option(l, key);
        else if (opt_rows[id].when & OPT_NO_SET)
            err_add(&l->errors, key->at, "%s can only be read; leave it out", opt_rows[id].name);
        else if (opt_rows[id].when & OPT_NO_FILE)
            err_add(&l->errors, key->at, "%s is for programs that use the transport library; leave it out",
                    opt_rows[id].name);
        else if (opt_any(&out->set, id))
            err_add(&l->errors, key->at, "option %s is given twice; remove one", opt_rows[id].name);
        else if (*opt_field_rows[opt_rows[id].first].name == '\0')
            read_field(l, opt_rows[id].first, pairs[i].value, out);
        else
            read_record(l, id, pairs[i].value, out);
    }
}

void read_own_options(struct loader *l, const struct cfg_key_row *row, const struct yaml_node *value,
                      void *object, struct cfg_origin *origin)
{
    (void)row;
    (void)object;
    origin->own = arena_alloc(&l->scratch, sizeof *origin->own);
    read_options(l, value, origin->own);
}

/* One list has three switches: those that `over` does not mention stay unchanged. */
static int64_t merge_path_flags(int64_t base, int64_t over)
{
    static const int64_t switches[] = {OPT_HB_ENABLE | OPT_HB_DISABLE, OPT_PMTUD_ENABLE | OPT_PMTUD_DISABLE,
                                       OPT_SACKDELAY_ENABLE | OPT_SACKDELAY_DISABLE};
    for (size_t i = 0; i < sizeof switches / sizeof switches[0]; i++)
        if (!(over & switches[i]))
            over |= base & switches[i];
    return over;
}

void merge_options(struct placed_options *base, const struct placed_options *over)
{
    int64_t flags = opt_num(&base->set, OPTF_PAP_FLAGS, 0);
    opt_merge(&base->set, &over->set);
    if (opt_given(&over->set, OPTF_PAP_FLAGS))
        opt_put(&base->set, OPTF_PAP_FLAGS, merge_path_flags(flags, opt_num(&over->set, OPTF_PAP_FLAGS, 0)));
    for (unsigned f = 0; f < OPTF_COUNT; f++)
        if (opt_given(&over->set, f))
            base->at[f] = over->at[f];
}
