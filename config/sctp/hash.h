/* uthash, whose tables cannot fail: where there is no memory for one, it says so and ends the process, which
 * a supervisor starts again, instead of exit(-1) without a word. Only Linux with strict overcommit, or a
 * control group at its limit, lets it come to that. */
#ifndef JUNCTOR_CONFIG_SCTP_HASH_H
#define JUNCTOR_CONFIG_SCTP_HASH_H

#include "config/sctp/require.h"

#define uthash_fatal(message) require_no_memory("a table")

#include <uthash.h>

#endif
