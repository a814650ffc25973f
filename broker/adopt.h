/* A worker's part in a reload: it gets ready for a plan, then takes it over or lets it be. broker/reload.h
 * has control's part and the argument. All of it is the worker's thread. */
#ifndef JUNCTOR_BROKER_ADOPT_H
#define JUNCTOR_BROKER_ADOPT_H

#include <stdbool.h>

struct brk_worker;
struct cfg_config;
struct rt_plan;

/* Makes room for what `c` has; what is there stays. False: out of memory. */
bool brk_worker_fit(struct brk_worker *w, const struct cfg_config *c);

/* BRK_CMD_PREPARE: makes room for what broker->candidate adds, and opens the listeners that it has and the
 * plan in force has not, without reading from them. Everything that can fail fails here: w->step_failed, with
 * the reason in w->step_error, and then nothing is left open. Answers with BRK_STEPPED. */
void brk_prepare(struct brk_worker *w);

/* BRK_CMD_ABANDON: closes what was prepared. Answers with BRK_STEPPED. */
void brk_abandon(struct brk_worker *w);

/* The snapshot has another plan: serves it from now on. Cannot fail. Answers with BRK_STEPPED, after which
 * nothing of this worker refers to the plan it had. */
void brk_adopt(struct brk_worker *w, const struct rt_plan *plan);

#endif
