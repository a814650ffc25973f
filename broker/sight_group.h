/* Who is in the groups that a sight shows (observe.h), and with what share. Threads: as of a sight. */
#ifndef JUNCTOR_BROKER_SIGHT_GROUP_H
#define JUNCTOR_BROKER_SIGHT_GROUP_H

#include <stdbool.h>

#include "broker/observe.h"
#include "config/config.h"

/* How many associations a group can send to now, and for a place below that number the member it belongs to
 * and its worker. *held: they wait for what a member left, or for one that joins. */
unsigned brk_sight_group(const struct brk_sight *s, unsigned group, bool *held);
struct cfg_member brk_sight_group_at(const struct brk_sight *s, unsigned group, unsigned place,
                                     unsigned *worker);

/* Whether the member of a group at a position of its list is ejected now (eject.h). */
bool brk_sight_ejected(const struct brk_observer *o, const struct brk_sight *s, unsigned group,
                       unsigned position);

/* How much of its share that member has, in percent: less than 100 while it starts slowly (key slow_start).
 * Where all of a group start slowly together each has the same, and 100 is told. */
unsigned brk_sight_share(const struct brk_sight *s, unsigned group, unsigned position);

#endif
