/* Live reload: how a broker changes from one plan to the next while it carries traffic. This is control's
 * part; each worker's is in adopt.h.
 *
 *   1. BEGIN     control reads the file, gives it the ids of the configuration in force, and builds the plan.
 * Any error ends it here: every one is logged with its place, and nothing has changed.
 *   2. PREPARE   each worker makes room and opens what is new: broker->candidate, BRK_CMD_PREPARE. It answers
 *                BRK_STEPPED. If one fails all close what they opened (BRK_CMD_ABANDON), and nothing has
 * changed.
 *   3. ADOPT     control publishes a snapshot with the new plan; memory for all of it has been had before.
 * Each worker finds it at its next turn, takes over, and answers BRK_STEPPED. Nothing can fail any more.
 *   4. DONE      all have answered: nothing refers to the plan before, which is freed.
 *
 * Between the publication and the last answer some workers serve the new plan while others still serve the
 * old. What they post to each other names listeners, peers, groups and routes by ids, which mean the same in
 * both; each has had room for all of them since step 2; and a worker that takes something posted under the
 * new plan has taken the plan over before it looks at it (worker.c, take_inbox). A lost destination's
 * retirement that is under way goes on: its groups are held in the new membership as they were in the old.
 *
 * What a reload does not promise is the order of a stream that it moves from one destination to another (a
 * member leaves a group or joins it, another one is preferred, the mode changes, a shared session becomes a
 * paired one) while older messages of the stream still wait for the old one: nothing of it is lost, but newer
 * ones may arrive first. Streams that stay where they are keep their order.
 *
 * One reload at a time: one that is asked for meanwhile begins when this one is done, with the file as it is
 * then. */
#ifndef JUNCTOR_BROKER_RELOAD_H
#define JUNCTOR_BROKER_RELOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/changes.h"
#include "broker/state.h"

enum brk_reload_step { BRK_RELOAD_NONE, BRK_RELOAD_PREPARING, BRK_RELOAD_ABANDONING, BRK_RELOAD_ADOPTING };

/* Control's; zero-initialised there is none under way. */
struct brk_reload {
    enum brk_reload_step step;
    unsigned waiting; /* workers that have not answered */
    bool failed;      /* one could not prepare */
    bool again;       /* asked for meanwhile */
    uint64_t begun_ms;
    struct brk_changes *changes; /* what the candidate changes */
};

/* Step 1, from the file that the configuration in force came from. False: nothing is under way; the reason
 * has been logged. On true the workers are to be told BRK_CMD_PREPARE. */
bool brk_reload_begin(struct brk_reload *r, struct brk_broker *b);

/* The same with a configuration that has been read already, which it takes over. */
bool brk_reload_with(struct brk_reload *r, struct brk_broker *b, struct cfg_config *config);

/* A worker has answered. True: all have, for the step that r->step says; r->failed tells how preparing went.
 */
bool brk_reload_answered(struct brk_reload *r, const struct brk_worker *w);

/* The candidate is in force, and the log says what that changes. The caller has published it. */
void brk_reload_adopt(struct brk_reload *r, struct brk_broker *b);
/* The candidate is not taken: the workers are to be told BRK_CMD_ABANDON. */
void brk_reload_abandon(struct brk_reload *r, struct brk_broker *b);
/* Everybody has adopted, or abandoned: frees the plan that nobody refers to any more. */
void brk_reload_done(struct brk_reload *r, struct brk_broker *b);

/* Frees what `r` has of a reload that does not go on: the broker ends. */
void brk_reload_free(struct brk_reload *r);

#endif
