/* Parses a mapping by its rows in keys.def. */
#include "config/read_keys_priv.h"

#include <stdio.h>
#include <string.h>

#include "config/origin_priv.h"
#include "config/read_items_priv.h"
#include "config/read_refs_priv.h"
#include "config/read_sctp_priv.h"
#include "config/sctp/nearest.h"
#include "config/yaml_pairs_priv.h"

static void read_value(struct loader *l, const struct cfg_key_row *row, const struct yaml_node *value,
                       void *object, struct cfg_origin *origin)
{
    char why[VAL_WHY_MAX];
    int64_t num;
    const char *text = read_scalar(l, row->name, value);
    (void)origin;
    if (!text)
        return;
    if (val_parse(&row->spec, text, &num, why, sizeof why))
        cfg_key_put(row, object, num);
    else
        err_add(&l->errors, value->at, "%s: %s", row->name, why);
}

static cfg_reader *const readers[CFG_KIND_COUNT] = {
    [CFG_SCALAR] = read_value,
    [CFG_NAME] = read_name,
    [CFG_TEXT] = read_text,
    [CFG_ADDRESSES] = read_addresses,
    [CFG_PROFILE] = read_profile,
    [CFG_OPTIONS] = read_own_options,
    [CFG_MEMBERS] = read_members,
    [CFG_SOURCES] = read_sources,
    [CFG_NUMBERS] = read_numbers,
    [CFG_PREFIXES] = read_prefixes,
    [CFG_PPIDS] = read_ppids,
    [CFG_STREAMS] = read_streams,
    [CFG_TARGET] = read_target,
    [CFG_HOSTS] = read_hosts,
    [CFG_ENDPOINTS] = read_endpoints,
    [CFG_OUT_STREAM] = read_out_stream,
    [CFG_OTHERWISE] = read_unrouted,
    [CFG_DENIED] = read_denied,
    [CFG_ROUTE_NAMES] = read_route_names,
};

/* True if there are rows such as "key.…", so that the value is a mapping of them. */
static bool has_inner_keys(enum cfg_section section, const char *key)
{
    size_t len = strlen(key);
    for (unsigned k = 0; k < CFG_KEY_COUNT; k++)
        if (cfg_key_rows[k].section == section && strncmp(cfg_key_rows[k].name, key, len) == 0 &&
            cfg_key_rows[k].name[len] == '.')
            return true;
    return false;
}

/* The part of a row's name that is a key of the mapping with this prefix, or NULL; its length in *len. */
static const char *key_of_row(const struct cfg_key_row *row, const char *prefix, size_t *len)
{
    size_t skip = strlen(prefix);
    if (strncmp(row->name, prefix, skip) != 0)
        return NULL;
    *len = strcspn(row->name + skip, ".");
    return row->name + skip;
}

static void unknown_key(struct loader *l, enum cfg_section section, const char *prefix,
                        const struct yaml_node *key)
{
    char known[300] = "";
    size_t used = 0, len, previous_len = 0;
    const char *previous = "", *name;
    struct nearest n;
    nearest_begin(&n, key->text);
    for (unsigned k = 0; k < CFG_KEY_COUNT; k++) {
        if (cfg_key_rows[k].section != section || !(name = key_of_row(&cfg_key_rows[k], prefix, &len)))
            continue;
        if (len == previous_len && strncmp(name, previous, len) == 0)
            continue; /* the next inner key of the same mapping */
        nearest_try_len(&n, name, len);
        if (used < sizeof known)
            used += (size_t)snprintf(known + used, sizeof known - used, "%s%.*s", used ? ", " : "", (int)len,
                                     name);
        previous = name;
        previous_len = len;
    }
    int depth = (int)strlen(prefix);
    err_add(&l->errors, key->at, "unknown key '%.40s' in %s%s%.*s%s%s%s; known are %s", key->text,
            cfg_section_rows[section].name, depth ? "." : "", depth ? depth - 1 : 0, prefix,
            nearest_found(&n) ? ", did you mean '" : "", nearest_found(&n) ? nearest_found(&n) : "",
            nearest_found(&n) ? "'?" : "", known);
}

bool read_pairs(struct loader *l, enum cfg_section section, const char *prefix, const struct yaml_node *map,
                void *object, struct cfg_origin *origin)
{
    unsigned count;
    char name[64];
    if (map->kind != YAML_MAP) {
        if (yaml_is_empty(map))
            return true;
        err_add(&l->errors, map->at, "%s%s%.*s: this must be a mapping of keys to values, not a %s",
                cfg_section_rows[section].name, *prefix ? "." : "", *prefix ? (int)strlen(prefix) - 1 : 0,
                prefix, map->kind == YAML_LIST ? "list" : "single value");
        return false;
    }
    const struct yaml_pair *pairs = yaml_pairs(&l->scratch, map, &count, &l->errors);
    for (unsigned i = 0; i < count && !err_is_full(&l->errors); i++) {
        const struct yaml_node *key = pairs[i].key, *value = pairs[i].value;
        snprintf(name, sizeof name, "%s%.40s", prefix, key->text);
        enum cfg_key k = cfg_key_find(section, name);
        if (k < CFG_KEY_COUNT && !strchr(key->text, '.')) {
            origin->key[k] = value->at;
            readers[cfg_key_rows[k].kind](l, &cfg_key_rows[k], value, object, origin);
        } else if (has_inner_keys(section, name)) {
            strcat(name, ".");
            read_pairs(l, section, name, value, object, origin);
        } else {
            unknown_key(l, section, prefix, key);
        }
    }
    return true;
}

void read_defaults(enum cfg_section section, void *object)
{
    for (unsigned k = 0; k < CFG_KEY_COUNT; k++) {
        const struct cfg_key_row *row = &cfg_key_rows[k];
        if (row->section == section && row->kind == CFG_SCALAR &&
            (row->dflt > CFG_DERIVED || row->dflt == CFG_OPTIONAL))
            cfg_key_put(row, object, row->dflt);
    }
}

void read_mapping(struct loader *l, enum cfg_section section, const struct yaml_node *map, void *object,
                  struct cfg_origin *origin)
{
    unsigned before = l->errors.count;
    origin->at = map->at;
    read_defaults(section, object);
    bool is_map = read_pairs(l, section, "", map, object, origin);
    for (unsigned k = 0; k < CFG_KEY_COUNT && is_map; k++) {
        const struct cfg_key_row *row = &cfg_key_rows[k];
        if (row->section == section && row->dflt == CFG_REQUIRED && !origin_has(origin, k))
            err_add(&l->errors, origin->at, "%s is missing here; write `%s: …` (%s)", row->name, row->name,
                    row->help);
    }
    origin->bad = l->errors.count != before;
}
