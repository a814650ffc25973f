/* Where the values that are in effect come from. */
#ifndef JUNCTOR_CONFIG_ORIGIN_PRIV_H
#define JUNCTOR_CONFIG_ORIGIN_PRIV_H

#include "config/loader_priv.h"
#include "config/sctp/options.h"

/* The place of the value of `key`, or else of the whole mapping. */
struct cfg_place origin_place(const struct cfg_origin *o, enum cfg_key key);

static inline bool origin_has(const struct cfg_origin *o, enum cfg_key key)
{
    return o->key[key].line != 0;
}

/* The place where an option in effect is written; of the whole mapping if it is a default. */
struct cfg_place option_place(const struct cfg_origin *o, enum opt_field f);

/* How close to the endpoint an SCTP option is written: 3 its own, 2 in its profile, 1 in section sctp; 0: not
 * written. */
int origin_closeness(const struct cfg_origin *o, enum opt_field f);

/* The value of an option, or the stacks' default if not written; for options whose default is the same in
 * both stacks. */
static inline int64_t or_stack(const struct opt_set *s, enum opt_field f)
{
    return opt_num(s, f, opt_stack(f, OPT_KERNEL));
}

#endif
