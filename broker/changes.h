/* What a reload changes, for the log: recorded while both configurations exist, logged when the new one is in
 * force. Control thread only. */
#ifndef JUNCTOR_BROKER_CHANGES_H
#define JUNCTOR_BROKER_CHANGES_H

#include <stddef.h>

#include "config/config.h"

#define BRK_CHANGES_TOLD 100 /* so many changes get a line each; the rest are counted */
#define BRK_CHANGES_TEXT 120 /* size of the buffer for brk_changes_counts */

struct brk_changes;

/* `c` has the ids of `old` (cfg_keep_ids) and still all its own values (cfg_keep_restart_values has not been
 * called). `readdresses`: of the transport, as of cfg_diff. NULL: out of memory. */
struct brk_changes *brk_changes_note(const struct cfg_config *old, const struct cfg_config *c,
                                     bool readdresses);
void brk_changes_free(struct brk_changes *changes);

/* Logs the event=changed lines: at level info, or warning where a restart is needed. */
void brk_changes_log(const struct brk_changes *changes);

/* "changes=4 at_once=2 new_associations=1 new_endpoint=0 restart=1". Returns `out`. */
const char *brk_changes_counts(const struct brk_changes *changes, char *out, size_t size);

#endif
