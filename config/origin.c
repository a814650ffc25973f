/* Where the values of a configuration are written: the places that checks report. */
#include "config/origin_priv.h"

struct cfg_place origin_place(const struct cfg_origin *o, enum cfg_key key)
{
    return origin_has(o, key) ? o->key[key] : o->at;
}

struct cfg_place option_place(const struct cfg_origin *o, enum opt_field f)
{
    struct cfg_place at = o->effective->at[f];
    return at.line ? at : o->at;
}

int origin_closeness(const struct cfg_origin *o, enum opt_field f)
{
    if (o->own && opt_given(&o->own->set, f))
        return 3;
    if (o->profile && opt_given(&o->profile->options.set, f))
        return 2;
    return o->effective->at[f].line != 0;
}
