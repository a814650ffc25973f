/* A YAML file as a tree; see document.h. */
#include "config/document.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/file_priv.h"
#include "config/yaml_priv.h"
#include "config/yaml_pairs_priv.h"

struct cfg_document {
    struct arena arena;
    struct err_list errors;
    const struct yaml_node *root;
};

/* A cfg_node is a yaml_node under a public name. */
static const struct yaml_node *yaml(const struct cfg_node *node)
{
    return (const struct yaml_node *)node;
}

static const struct cfg_node *public(const struct yaml_node *node)
{
    return (const struct cfg_node *)node;
}

struct cfg_document *cfg_document_parse(const char *text, size_t len)
{
    struct cfg_document *d = calloc(1, sizeof *d);

    if (!d)
        abort(); /* as everywhere in config/: see arena.c */
    d->root = yaml_read(&d->arena, text, len, &d->errors);
    return d;
}

struct cfg_document *cfg_document_read(const char *file)
{
    const char *failure;
    size_t len;
    char *text = file_read(file, &len, &failure);
    struct cfg_document *d;

    if (!text) {
        d = cfg_document_parse("", 0);
        d->root = NULL;
        err_add(&d->errors, (struct cfg_place){0}, "%s", failure);
        return d;
    }
    d = cfg_document_parse(text, len <= FILE_READ_MAX ? len : 0);
    if (len > FILE_READ_MAX) {
        d->root = NULL;
        err_add(&d->errors, (struct cfg_place){0}, "larger than %d MiB, which is not accepted",
                FILE_READ_MAX >> 20);
    }
    free(text);
    return d;
}

const struct cfg_node *cfg_document_root(const struct cfg_document *d)
{
    return public(d->root);
}

void cfg_document_complain(struct cfg_document *d, struct cfg_place at, const char *format, ...)
{
    char text[1024];
    va_list list;

    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    err_add(&d->errors, at, "%s", text);
}

bool cfg_document_finish(struct cfg_document *d, struct cfg_remarks *remarks)
{
    bool valid = d->errors.count == 0;

    err_finish(&d->errors, remarks);
    arena_free(&d->arena);
    free(d);
    return valid;
}

enum cfg_node_kind cfg_node_kind(const struct cfg_node *node)
{
    switch (yaml_real(yaml(node))->kind) {
    case YAML_LIST:
        return CFG_NODE_LIST;
    case YAML_MAP:
        return CFG_NODE_MAP;
    case YAML_SCALAR:
        break;
    }
    return CFG_NODE_SCALAR;
}

struct cfg_place cfg_node_place(const struct cfg_node *node)
{
    return yaml(node)->at;
}

const char *cfg_node_text(const struct cfg_node *node)
{
    return yaml_real(yaml(node))->text;
}

const struct cfg_node *cfg_node_first(const struct cfg_node *list)
{
    return public(yaml_real(yaml(list))->first);
}

const struct cfg_node *cfg_node_next(const struct cfg_node *item)
{
    return public(yaml(item)->next);
}

const struct cfg_node_pair *cfg_node_pairs(struct cfg_document *d, const struct cfg_node *map,
                                           unsigned *count)
{
    const struct yaml_pair *from = yaml_pairs(&d->arena, yaml_real(yaml(map)), count, &d->errors);
    struct cfg_node_pair *to = arena_array(&d->arena, *count, sizeof *to);

    for (unsigned i = 0; i < *count; i++)
        to[i] = (struct cfg_node_pair){from[i].key->text, from[i].key->at, public(from[i].value)};
    return to;
}
