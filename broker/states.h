/* States of members of groups, as set by the operator for a listener or peer, in the configuration or at run
 * time (`junctor drain`, `maint`, `ready`).
 *
 *   ready  it takes part
 *   drain  it gets nothing: no copies, no new clients of paired sessions; its streams move to other members
 *          in order. Its associations stay, and what arrives from them is routed
 *   maint  the same, and its associations are shut down: what waits for them goes to others in order, paired
 *          sessions end. A peer is not connected to, a listener accepts no association
 *
 * The control thread keeps the state where all workers read it (health.h), takes the member out of its groups
 * (rt_members_set_out, shares.h) and tells the workers (BRK_CMD_STATES). A reload sets the states that the
 * file gives another value than the file before; others stay as they are. */
#ifndef JUNCTOR_BROKER_STATES_H
#define JUNCTOR_BROKER_STATES_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"

struct brk_broker;
struct brk_worker;
struct rt_members;

/* ---- control ---- */

/* Those of the configuration; before any worker runs. */
void brk_states_begin(struct brk_broker *b, struct rt_members *m);

/* Logs it. */
void brk_states_set(struct brk_broker *b, struct rt_members *m, struct cfg_member member,
                    enum cfg_state state, uint64_t now_ms);

/* `c` is about to replace `old`, with the membership `m`: takes out members that will not be ready. */
void brk_states_foresee(const struct brk_broker *b, const struct cfg_config *old, const struct cfg_config *c,
                        struct rt_members *m, uint64_t now_ms);
/* `c` has replaced `old`: sets the states that it changes. */
void brk_states_reload(struct brk_broker *b, const struct cfg_config *old, const struct cfg_config *c);

/* ---- a worker ---- */

/* Ends and begins what the states say. */
void brk_states_act(struct brk_worker *w);

#endif
