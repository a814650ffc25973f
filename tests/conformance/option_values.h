/* What the walks over all rows of options.def (option_walk.c, option_effect.c) have in common: which fields
 * can be tried, and with which values. Only values that depend on others are written by hand. */
#ifndef JUNCTOR_TESTS_CONFORMANCE_OPTION_VALUES_H
#define JUNCTOR_TESTS_CONFORMANCE_OPTION_VALUES_H

#include "transport/transport.h"

enum ct_scope { CT_AT_OPEN, CT_LATER, CT_PER_ASSOC };

extern const char *const ct_scope_names[]; /* "at open" … */
extern const unsigned ct_scope_bits[];     /* OPT_AT_OPEN … */

/* True where a walk can set the field: a number, and its row means something without what cases of their own
 * set up (keys, streams with priorities, an endpoint bound to any address). */
bool ct_settable(enum opt_field f);

/* True for fields of which a stack may lack some values, if it says so by name: TR_UNSUPPORTED. */
bool ct_may_lack_values(enum opt_field f);

/* Adds what has to be given beside `value` of `f` for it to make sense. */
void ct_companions(struct opt_set *s, enum ct_scope scope, enum opt_field f, int64_t value);

/* A value near the present one that differs from it. */
int64_t ct_another(enum opt_field f, int64_t now);

#endif
