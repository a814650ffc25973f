/* A worker's part in a reload: it prepares for a plan, then adopts or abandons it. The control thread's part,
 * and why the protocol is correct, are in broker/reload.h. All functions run in the worker's thread. */
#ifndef JUNCTOR_BROKER_ADOPT_H
#define JUNCTOR_BROKER_ADOPT_H

#include <stdbool.h>

struct brk_worker;
struct cfg_config;
struct rt_plan;

/* Makes room for everything in `c`; existing contents are kept. False: out of memory. */
bool brk_worker_fit(struct brk_worker *w, const struct cfg_config *c);

/* BRK_CMD_PREPARE: makes room for what broker->candidate adds and opens the listeners that it has and the
 * plan in force does not, without reading from them. Everything that can fail fails here: then w->step_failed
 * is set, the reason is in w->step_error, and nothing is left open. Answers with BRK_STEPPED. */
void brk_prepare(struct brk_worker *w);

/* BRK_CMD_ABANDON: closes what was prepared. Answers with BRK_STEPPED. */
void brk_abandon(struct brk_worker *w);

/* The snapshot has another plan: serve it from now on. Cannot fail. Answers with BRK_STEPPED; from then on
 * nothing of this worker refers to its previous plan. */
void brk_adopt(struct brk_worker *w, const struct rt_plan *plan);

#endif
