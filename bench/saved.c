/* Parses a saved result with the configuration's YAML parser, since JSON is YAML. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/arguments_priv.h"
#include "bench/page.h"
#include "bench/saved_priv.h"

const struct cfg_node *bench_saved_get(const struct bench_saved *s, const struct cfg_node *object,
                                       const char *key)
{
    unsigned count = 0;

    if (!object || cfg_node_kind(object) != CFG_NODE_MAP)
        return NULL;
    const struct cfg_node_pair *pairs = cfg_node_pairs(s->document, object, &count);
    for (unsigned i = 0; i < count; i++)
        if (strcmp(pairs[i].key, key) == 0)
            return pairs[i].value;
    return NULL;
}

const char *bench_saved_text(const struct bench_saved *s, const struct cfg_node *object, const char *key)
{
    const struct cfg_node *node = bench_saved_get(s, object, key);

    return node && cfg_node_kind(node) == CFG_NODE_SCALAR ? cfg_node_text(node) : "";
}

static double number_of(const char *text)
{
    char *end;
    double value = strtod(text, &end);

    return end != text && !*end ? value : NAN;
}

double bench_saved_number(const struct bench_saved *s, const struct cfg_node *object, const char *key)
{
    return number_of(bench_saved_text(s, object, key));
}

const struct cfg_node *bench_saved_items(const struct bench_saved *s, const struct cfg_node *object,
                                         const char *key)
{
    const struct cfg_node *list = bench_saved_get(s, object, key);

    return list && cfg_node_kind(list) == CFG_NODE_LIST ? cfg_node_first(list) : NULL;
}

double *bench_saved_numbers(const struct bench_saved *s, const struct cfg_node *object, const char *key,
                            unsigned *count)
{
    const struct cfg_node *item = bench_saved_items(s, object, key);
    unsigned n = 0;

    for (const struct cfg_node *i = item; i; i = cfg_node_next(i))
        n++;
    double *list = n ? calloc(n, sizeof *list) : NULL;
    *count = list ? n : 0;
    for (n = 0; list && item; item = cfg_node_next(item))
        list[n++] = cfg_node_kind(item) == CFG_NODE_SCALAR ? number_of(cfg_node_text(item)) : NAN;
    return list;
}

/* The first error, with its place. */
static bool refuse(const char *name, struct cfg_document *d, char *why, size_t size)
{
    struct cfg_remarks remarks;

    cfg_document_finish(d, &remarks);
    if (remarks.count > 0 && remarks.list[0].line > 0)
        bench_say(why, size, "%s:%u:%u: %s", name, remarks.list[0].line, remarks.list[0].column,
                  remarks.list[0].text);
    else
        bench_say(why, size, "%s: %s", name, remarks.count > 0 ? remarks.list[0].text : "is empty");
    cfg_remarks_free(&remarks);
    return false;
}

/* Whether it is a result of this format. */
static bool check(const struct bench_saved *s, struct cfg_place *at, const char **what)
{
    const struct cfg_node *runs = bench_saved_get(s, s->root, "runs");

    *at = cfg_node_place(s->root);
    *what = "this is not a result of `junctor load --json`: it has no \"runs\"";
    if (!runs || cfg_node_kind(runs) != CFG_NODE_LIST)
        return false;
    *what = "saved by another version of junctor: \"version\" is not 1";
    return bench_saved_number(s, s->root, "version") == 1;
}

static struct bench_saved *take(struct cfg_document *d, const char *file, const char *name, char *why,
                                size_t size)
{
    struct bench_saved *s = calloc(1, sizeof *s);
    struct cfg_place at;
    const char *what;

    if (!s || !cfg_document_root(d)) {
        if (!s)
            cfg_document_complain(d, (struct cfg_place){0}, "out of memory");
        free(s);
        refuse(file, d, why, size);
        return NULL;
    }
    *s = (struct bench_saved){.document = d, .root = cfg_document_root(d)};
    snprintf(s->name, sizeof s->name, "%s", name);
    if (check(s, &at, &what))
        return s;
    cfg_document_complain(d, at, "%s", what);
    refuse(file, d, why, size);
    free(s);
    return NULL;
}

struct bench_saved *bench_saved_read(const char *file, const char *name, char *why, size_t size)
{
    return take(cfg_document_read(file), file, name, why, size);
}

struct bench_saved *bench_saved_parse(const char *text, size_t len, const char *name, char *why, size_t size)
{
    return take(cfg_document_parse(text, len), name, name, why, size);
}

void bench_saved_free(struct bench_saved *saved)
{
    struct cfg_remarks remarks;

    if (!saved)
        return;
    cfg_document_finish(saved->document, &remarks);
    cfg_remarks_free(&remarks);
    free(saved);
}
