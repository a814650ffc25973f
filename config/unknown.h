/* What to say of a listener or peer that does not exist. */
#ifndef JUNCTOR_CONFIG_UNKNOWN_H
#define JUNCTOR_CONFIG_UNKNOWN_H

#include <stddef.h>

#include "config/config.h"

#ifdef __cplusplus
extern "C" {
#endif

#define CFG_UNKNOWN_TEXT 600 /* enough for every text */

/* "there is no listener or peer tow; did you mean two?; there are access, one, two": the list is cut where it
 * is long. Returns `out`. */
const char *cfg_unknown_member(const struct cfg_config *c, const char *name, char out[CFG_UNKNOWN_TEXT]);

#ifdef __cplusplus
}
#endif
#endif
