/* --scenario FILE; see scenario.h. */
#include "bench/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/document.h"
#include "config/sctp/nearest.h"
#include "config/sctp/value.h"

#define WHY_MAX (VAL_WHY_MAX + 64)

struct scenario {
    struct cfg_document *document;
    const struct bench_scenario_reader *reader;
};

/* Handles one scalar. */
static void take_scalar(struct scenario *s, const char *name, const struct cfg_node *value, bool is_switch)
{
    const char *text = cfg_node_text(value);
    char why[WHY_MAX];

    if (cfg_node_kind(value) != CFG_NODE_SCALAR) {
        cfg_document_complain(s->document, cfg_node_place(value), "%s: must be a single value", name);
    } else if (is_switch && strcmp(text, "true") != 0 && strcmp(text, "false") != 0) {
        cfg_document_complain(s->document, cfg_node_place(value), "%s: \"%s\" is neither true nor false",
                              name, text);
    } else if (!is_switch || strcmp(text, "true") == 0) {
        if (!s->reader->take(s->reader->arg, name, is_switch ? NULL : text, why, sizeof why))
            cfg_document_complain(s->document, cfg_node_place(value), "%s", why);
    }
}

/* `option`: a map of SCTP options, each a value or a map of its fields. */
static void take_options(struct scenario *s, const struct cfg_node *map, const char *before)
{
    unsigned count;
    char text[512], why[WHY_MAX];

    if (cfg_node_kind(map) != CFG_NODE_MAP) {
        cfg_document_complain(s->document, cfg_node_place(map), "option: must be NAME: VALUE pairs");
        return;
    }
    const struct cfg_node_pair *pairs = cfg_node_pairs(s->document, map, &count);
    for (unsigned i = 0; i < count; i++) {
        snprintf(text, sizeof text, "%s%s%s", before, *before ? "." : "", pairs[i].key);
        if (cfg_node_kind(pairs[i].value) == CFG_NODE_MAP && !*before) {
            take_options(s, pairs[i].value, pairs[i].key);
            continue;
        }
        size_t used = strlen(text);
        if (cfg_node_kind(pairs[i].value) == CFG_NODE_SCALAR)
            snprintf(text + used, sizeof text - used, "=%s", cfg_node_text(pairs[i].value));
        if (!s->reader->take(s->reader->arg, "option", text, why, sizeof why))
            cfg_document_complain(s->document, pairs[i].at, "%s", why);
    }
}

static void take_key(struct scenario *s, const struct cfg_node_pair *pair)
{
    const struct bench_scenario_reader *r = s->reader;
    struct nearest near;
    bool is_switch;
    const char *name;

    if (!r->knows(pair->key, &is_switch)) {
        nearest_begin(&near, pair->key);
        nearest_try(&near, "flows");
        for (unsigned i = 0; (name = r->name(i)); i++)
            nearest_try(&near, name);
        const char *found = nearest_found(&near);
        cfg_document_complain(s->document, pair->at, "no key \"%s\"%s%s%s", pair->key,
                              found ? "; did you mean \"" : "", found ? found : "", found ? "\"?" : "");
    } else if (r->skips(r->arg, pair->key)) {
        return;
    } else if (strcmp(pair->key, "option") == 0) {
        take_options(s, pair->value, "");
    } else if (cfg_node_kind(pair->value) == CFG_NODE_LIST && r->repeats(pair->key)) {
        const struct cfg_node *item = cfg_node_first(pair->value);
        for (; item; item = cfg_node_next(item))
            take_scalar(s, pair->key, item, is_switch);
    } else {
        take_scalar(s, pair->key, pair->value, is_switch);
    }
}

static void take_flow_key(struct scenario *s, const struct cfg_node_pair *pair)
{
    char list[512] = "", why[WHY_MAX];
    const char *text = list;

    if (cfg_node_kind(pair->value) == CFG_NODE_SCALAR)
        text = cfg_node_text(pair->value);
    if (cfg_node_kind(pair->value) == CFG_NODE_LIST) /* of PPIDs */
        for (const struct cfg_node *item = cfg_node_first(pair->value); item; item = cfg_node_next(item)) {
            size_t used = strlen(list);
            snprintf(list + used, sizeof list - used, "%s%s", used ? "," : "",
                     cfg_node_kind(item) == CFG_NODE_SCALAR ? cfg_node_text(item) : "");
        }
    if (!s->reader->flow_key(s->reader->arg, pair->key, text, why, sizeof why))
        cfg_document_complain(s->document, pair->at, "%s", why);
}

static void take_flows(struct scenario *s, const struct cfg_node *list)
{
    char why[WHY_MAX];
    unsigned count;

    if (cfg_node_kind(list) != CFG_NODE_LIST) {
        cfg_document_complain(s->document, cfg_node_place(list),
                              "flows: must be a list with one item per flow");
        return;
    }
    for (const struct cfg_node *item = cfg_node_first(list); item; item = cfg_node_next(item)) {
        if (cfg_node_kind(item) != CFG_NODE_MAP) {
            cfg_document_complain(s->document, cfg_node_place(item), "flows: must be KEY: VALUE pairs");
            continue;
        }
        if (!s->reader->flow(s->reader->arg, why, sizeof why)) {
            cfg_document_complain(s->document, cfg_node_place(item), "%s", why);
            return;
        }
        const struct cfg_node_pair *pairs = cfg_node_pairs(s->document, item, &count);
        for (unsigned i = 0; i < count; i++)
            take_flow_key(s, &pairs[i]);
    }
}

static void take_root(struct scenario *s, const struct cfg_node *root)
{
    const struct cfg_node *flows = NULL;
    unsigned count;

    if (cfg_node_kind(root) != CFG_NODE_MAP) {
        cfg_document_complain(s->document, cfg_node_place(root), "a scenario must be KEY: VALUE pairs");
        return;
    }
    const struct cfg_node_pair *pairs = cfg_node_pairs(s->document, root, &count);
    for (unsigned i = 0; i < count; i++)
        if (strcmp(pairs[i].key, "flows") == 0)
            flows = pairs[i].value;
        else
            take_key(s, &pairs[i]);
    if (flows)
        take_flows(s, flows);
}

/* All errors, as text. */
static void write_remarks(const char *file, const struct cfg_remarks *remarks, char *why, size_t size)
{
    FILE *out = fmemopen(why, size, "w");

    if (!out)
        return;
    cfg_remarks_print(file, remarks, out);
    fclose(out);
    why[size - 1] = 0;
    size_t len = strlen(why);
    if (len > 0 && why[len - 1] == '\n')
        why[len - 1] = 0;
}

bool bench_scenario_read(const char *file, const struct bench_scenario_reader *reader, char *why, size_t size)
{
    struct scenario s = {cfg_document_read(file), reader};
    const struct cfg_node *root = cfg_document_root(s.document);
    struct cfg_remarks remarks;

    why[0] = 0;
    if (root)
        take_root(&s, root);
    bool valid = cfg_document_finish(s.document, &remarks);
    if (!valid)
        write_remarks(file, &remarks, why, size);
    cfg_remarks_free(&remarks);
    return valid;
}
