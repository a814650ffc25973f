/* Where the values that are in effect come from. */
#ifndef JUNCTOR_CONFIG_ORIGIN_PRIV_H
#define JUNCTOR_CONFIG_ORIGIN_PRIV_H

#include "config/loader_priv.h"
#include "config/sctp/options.h"

/* The value at `key`, or else the whole mapping. */
struct cfg_place origin_place(const struct cfg_origin *o, enum cfg_key key);

static inline bool origin_has(const struct cfg_origin *o, enum cfg_key key)
{
    return o->key[key].line != 0;
}

/* Where an option that is in effect is written; the whole mapping if it is a default. */
struct cfg_place option_place(const struct cfg_origin *o, enum opt_field f);

/* How close to the endpoint an SCTP option is written: 3 as its own, 2 in its profile, 1 in section sctp; 0:
 * it is not written. */
int origin_closeness(const struct cfg_origin *o, enum opt_field f);

/* The number of an option that the file may leave to the stack; for options whose default is the same in both
 * stacks. */
static inline int64_t or_stack(const struct opt_set *s, enum opt_field f)
{
    return opt_num(s, f, opt_stack(f, OPT_KERNEL));
}

#endif
