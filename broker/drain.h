/* The end of a broker, a worker's part. */
#ifndef JUNCTOR_BROKER_DRAIN_H
#define JUNCTOR_BROKER_DRAIN_H

struct brk_worker;

/* Listeners accept nobody any more, and associations that only send to us are shut down. */
void brk_stop_accepting(struct brk_worker *w);

/* All associations are shut down once what waits for them has been sent. */
void brk_end_associations(struct brk_worker *w);

/* The time is over, or somebody insists: aborts them, and counts what comes back. */
void brk_abort_everything(struct brk_worker *w);

/* Each turn, while draining: tells control how far it has come. */
void brk_report_progress(struct brk_worker *w);

#endif
