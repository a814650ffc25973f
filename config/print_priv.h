/* How values are spelled in a file, for printing a configuration and comparing two. */
#ifndef JUNCTOR_CONFIG_PRINT_PRIV_H
#define JUNCTOR_CONFIG_PRINT_PRIV_H

#include <stdbool.h>
#include <stdio.h>

#include "config/config.h"
#include "config/keys.h"

/* Whether a row has a value to write. */
bool print_has(const struct cfg_key_row *row, const void *object);

/* Writes the value of a row that has one; of `object`, which belongs to `c`. */
void print_value(const struct cfg_config *c, const struct cfg_key_row *row, const void *object, FILE *out);

/* Writes the value of an option's field that is given. */
void print_field(const struct opt_set *s, enum opt_field f, FILE *out);

/* A group of one member made for a route's `to`; it is not written. */
bool print_is_implicit(const struct cfg_config *c, const struct cfg_group *g);

/* A list row's array and its length. */
const void *print_list_of(const struct cfg_key_row *row, const void *object, unsigned *count);

#endif
