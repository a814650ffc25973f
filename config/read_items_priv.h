/* Values that are not scalars with a type: names, texts, addresses, PPIDs, streams. */
#ifndef JUNCTOR_CONFIG_READ_ITEMS_PRIV_H
#define JUNCTOR_CONFIG_READ_ITEMS_PRIV_H

#include "config/loader_priv.h"

cfg_reader read_name, read_text, read_addresses, read_hosts, read_endpoints, read_ppids, read_numbers,
    read_prefixes, read_denied, read_streams, read_out_stream;

/* The text of a scalar, or NULL if it is something else (then reported). */
const char *read_scalar(struct loader *l, const char *key, const struct yaml_node *value);

/* One item or a list of them, each a scalar: an array of *count nodes; NULL if it is neither, or too long
 * (then reported). */
const struct yaml_node **read_list(struct loader *l, const struct cfg_key_row *row,
                                   const struct yaml_node *value, unsigned *count);

/* True for the one item `any` or `*`. */
bool is_any(const struct yaml_node **items, unsigned count);

/* True if `name` can be a name; else reported. */
bool valid_name(struct loader *l, const char *key, struct cfg_place at, const char *name);

/* Stores an array and its length in the members that the row of a list gives. */
void put_list(const struct cfg_key_row *row, void *object, const void *list, unsigned count);

#endif
