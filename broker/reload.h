/* Live reload: how a broker changes from one plan to the next while it carries traffic. This is the
 * control thread's part; that of the workers is in adopt.h.
 *
 *   1. BEGIN: control reads the file, gives the configuration the ids of the one in force, and builds the
 *      plan. An error ends the reload: all errors are logged with their places, and nothing has changed.
 *   2. PREPARE: each worker makes room and opens what is new (broker->candidate, BRK_CMD_PREPARE), and
 *      answers BRK_STEPPED. The first worker does so alone: it finds out whether nobody else has a new
 *      listener's port (opening.c), for which no other worker may have it either. The others follow when it
 *      has answered. If one fails, all close what they opened (BRK_CMD_ABANDON), and nothing has changed.
 *   3. ADOPT: control publishes a snapshot with the new plan. Each worker finds it in its next turn, adopts
 *      the plan, and answers BRK_STEPPED. Nothing can fail any more.
 *   4. DONE: all have answered, so nothing refers to the previous plan, which is freed.
 *
 * Between the publication and the last answer some workers serve the new plan while others still serve the
 * old one. What they post to each other names listeners, peers, groups and routes by ids, which mean the
 * same in both; each worker has had room for all of them since step 2; and a worker that takes something
 * posted under the new plan has adopted the plan before it looks at it (worker.c, take_inbox).
 *
 * Order: a stream that the new plan gives to another destination (a member leaves or joins a group, another
 * one is preferred, the mode changes, its route leads elsewhere) continues there when the former destination
 * has nothing older left: moving.h. Where its route becomes one of another kind of sessions, what waits for a
 * group or comes back from a member goes to the client's partner; it is dropped (client_gone) if the client
 * has gone. Newer messages follow when the members have nothing older left (session/hold_back.h); a further
 * reload begins after that. Where paired sessions end because their routes become others, all that a client
 * sends until its association has ended goes to its partner, and what that one does not deliver goes where
 * the route leads now.
 *
 * Where a reload leads only some PPIDs or streams from paired sessions to a group, the sessions stay, and the
 * group does not wait for the partners: what a partner does not deliver ends its session and is dropped and
 * counted, so it never follows newer messages. Each association keeps its order; between two of them SCTP has
 * none.
 *
 * One reload at a time: a request that arrives meanwhile is carried out afterwards, with the file as it is
 * then. */
#ifndef JUNCTOR_BROKER_RELOAD_H
#define JUNCTOR_BROKER_RELOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/changes.h"
#include "broker/state.h"

enum brk_reload_step {
    BRK_RELOAD_NONE,
    BRK_RELOAD_TRYING,    /* the first worker prepares */
    BRK_RELOAD_PREPARING, /* the others do */
    BRK_RELOAD_ABANDONING,
    BRK_RELOAD_ADOPTING
};

/* Control's. All zeros: none in progress. */
struct brk_reload {
    enum brk_reload_step step;
    unsigned waiting; /* workers that have not answered */
    bool failed;      /* a worker could not prepare */
    bool again;       /* another one was requested meanwhile */
    uint64_t begun_ms;
    struct brk_changes *changes; /* what the candidate changes */
};

/* Step 1, from the file of the configuration in force. False: no reload is in progress, and the reason has
 * been logged. True: send BRK_CMD_PREPARE to the first worker. */
bool brk_reload_begin(struct brk_reload *r, struct brk_broker *b);

/* The same with a configuration that has already been read, which it takes over. */
bool brk_reload_with(struct brk_reload *r, struct brk_broker *b, struct cfg_config *config);

/* A worker has answered. True: all have, for the step r->step; r->failed says whether preparing failed. */
bool brk_reload_answered(struct brk_reload *r, const struct brk_worker *w);

/* The first worker is ready. True: send BRK_CMD_PREPARE to the others. False: there are none. */
bool brk_reload_prepare(struct brk_reload *r, const struct brk_broker *b);
/* The caller has put the candidate in force: logs what it changes. */
void brk_reload_adopt(struct brk_reload *r, struct brk_broker *b);
/* The candidate is abandoned: send BRK_CMD_ABANDON to the workers. */
void brk_reload_abandon(struct brk_reload *r, struct brk_broker *b);
/* All workers have adopted or abandoned: frees the plan that nothing refers to any more. */
void brk_reload_done(struct brk_reload *r, struct brk_broker *b);

/* Frees what `r` holds of an unfinished reload, because the broker ends. */
void brk_reload_free(struct brk_reload *r);

#endif
