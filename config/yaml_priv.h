/* YAML text as a tree in which every node has its line and column.
 *
 * libfyaml parses the text and reports events; the tree is our own, because libfyaml's documents do not keep
 * the place of a mapping or list, and because here the tree is bounded whatever the text says. An alias is a
 * node that points to its target and is never copied; it counts with everything it refers to, so that a
 * "billion laughs" file is refused where the limit is exceeded, and walking the tree, including aliases, is
 * bounded. No alias is inside its own target, so the walk ends. */
#ifndef JUNCTOR_CONFIG_YAML_PRIV_H
#define JUNCTOR_CONFIG_YAML_PRIV_H

#include <stdbool.h>

#include "config/arena_priv.h"
#include "config/errors_priv.h"

#define YAML_VALUES_MAX                                                                                      \
    1000000 /* lists, mappings, keys and scalars, counted each time an alias repeats them */
#define YAML_DEPTH_MAX 64
#define YAML_TEXT_MAX  4096 /* bytes of a scalar: file names are the longest needed */

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_node {
    enum yaml_kind kind;
    struct cfg_place at;
    const char *text;               /* of a scalar; "" if nothing was written */
    const struct yaml_node *target; /* of an alias; the other members are then as for an empty scalar */
    struct yaml_node *first, *last; /* items of a list; key, value, key, value … of a map */
    struct yaml_node *next;         /* among its parent's */
    unsigned count;                 /* how many of those: pairs of a map */
    unsigned values; /* itself and everything in it, aliases with their targets; 0: not closed yet */
};

/* Parses one document. Returns its root (an empty scalar for an empty file), or NULL with the error in *e.
 * `text` need not outlive the call; the tree is allocated in `a`. */
const struct yaml_node *yaml_read(struct arena *a, const char *text, size_t len, struct err_list *e);

/* The node itself, or the target of an alias. */
const struct yaml_node *yaml_real(const struct yaml_node *n);

/* A scalar without text: a key with nothing after it. */
bool yaml_is_empty(const struct yaml_node *n);

#endif
