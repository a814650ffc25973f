/* What a reload changes, for the log: noted while both configurations are at hand, told once the new one is
 * in force. The control thread's. */
#ifndef JUNCTOR_BROKER_CHANGES_H
#define JUNCTOR_BROKER_CHANGES_H

#include <stddef.h>

#include "config/config.h"

#define BRK_CHANGES_TOLD 100 /* so many get a line each; then how many more there are */
#define BRK_CHANGES_TEXT 120 /* room for brk_changes_counts */

struct brk_changes;

/* `c` has the ids of `old` (cfg_keep_ids), and all its own values still (not cfg_keep_restart_values). NULL:
 * out of memory. */
struct brk_changes *brk_changes_note(const struct cfg_config *old, const struct cfg_config *c);
void brk_changes_free(struct brk_changes *changes);

/* event=changed lines: info, or warning for what needs a restart. */
void brk_changes_log(const struct brk_changes *changes);

/* "changes=4 at_once=2 new_associations=1 new_endpoint=0 restart=1". Returns `out`. */
const char *brk_changes_counts(const struct brk_changes *changes, char *out, size_t size);

#endif
