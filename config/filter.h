/* Which messages the tap captures: the words of `tap.filter` in a file, or on a command line.
 *
 *     from access ppid m3ua,5 stream 0-15 verdict dropped
 *
 * Each word of keys.def's rows filter.… is followed by a value or by several with commas; every condition
 * must hold. The parsers, and what they say of a mistake, are those of the configuration file. */
#ifndef JUNCTOR_CONFIG_FILTER_H
#define JUNCTOR_CONFIG_FILTER_H

#include "config/config.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Parses `words` ("" for everything) with the names of `c`. Numbers are ids, so the filter means the same for
 * every later configuration that has the ids of `c` (ids.h). Free with cfg_filter_free. NULL: a mistake,
 * written to `why`. */
const struct cfg_filter *cfg_filter_parse(const struct cfg_config *c, const char *words, char *why,
                                          size_t size);

/* A copy that does not depend on a configuration. */
const struct cfg_filter *cfg_filter_copy(const struct cfg_filter *f);
void cfg_filter_free(const struct cfg_filter *f); /* of one of the above; NULL is allowed */

bool cfg_filter_same(const struct cfg_filter *a, const struct cfg_filter *b);

#ifdef __cplusplus
}
#endif
#endif
