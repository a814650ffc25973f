/* YAML text as a tree in which every node knows its line and column.
 *
 * libfyaml reads the text and reports events; the tree is ours, because its own documents keep no place for a
 * mapping or list, and because here the tree is bounded whatever the text says. An alias is a node that
 * points to its target and is never copied; it counts as all that it stands for, so that "a billion laughs"
 * are refused where they begin, and whoever walks the tree, aliases and all, has no more to do than the bound
 * says. None stands inside its own target, so the walk ends. */
#ifndef JUNCTOR_CONFIG_YAML_PRIV_H
#define JUNCTOR_CONFIG_YAML_PRIV_H

#include <stdbool.h>

#include "config/arena_priv.h"
#include "config/errors_priv.h"

#define YAML_VALUES_MAX 1000000 /* lists, mappings, keys and scalars, each as often as aliases repeat it */
#define YAML_DEPTH_MAX  64
#define YAML_TEXT_MAX   4096 /* bytes of a scalar: a file's name is the longest that is needed */

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_node {
    enum yaml_kind kind;
    struct cfg_place at;
    const char *text;               /* of a scalar; "" where nothing was written */
    const struct yaml_node *target; /* of an alias; the rest then is as for an empty scalar */
    struct yaml_node *first, *last; /* items of a list; key, value, key, value … of a map */
    struct yaml_node *next;         /* among its parent's */
    unsigned count;                 /* how many of those: pairs of a map */
    unsigned values; /* itself and all in it, aliases as what they stand for; 0: not closed yet */
};

/* Reads one document. Returns its root (an empty scalar for an empty file), or NULL with the fault in *e.
 * `text` need not outlive the call; the tree lives in `a`. */
const struct yaml_node *yaml_read(struct arena *a, const char *text, size_t len, struct err_list *e);

/* The node itself, or what it is an alias of. */
const struct yaml_node *yaml_real(const struct yaml_node *n);

/* A scalar without text: a key with nothing behind it. */
bool yaml_is_empty(const struct yaml_node *n);

#endif
