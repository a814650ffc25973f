/* Ending an association deliberately.
 *
 * A destination of shared sessions leaves its groups before it ends. It asks control to take it out of
 * them, still takes what others post to it, and shuts down when control says that nobody posts to it any
 * more (BRK_RETIRE). Its groups stay held until it has ended, so that what it has not delivered goes
 * elsewhere before anything newer: the order of a stream is preserved. The price is that its groups wait
 * as long as its last messages take, drain_timeout at most.
 *
 * All other associations are shut down at once. */
#include "broker/ending.h"

#include "broker/assoc.h"
#include "broker/dest.h"
#include "broker/history.h"
#include "broker/sending.h"
#include "broker/state.h"

void brk_end_whole(struct brk_worker *w, struct brk_assoc *a)
{
    brk_end(w, a->pair.client ? a->pair.client : a);
}

void brk_end(struct brk_worker *w, struct brk_assoc *a)
{
    a->unwanted |= a->state == BRK_MOVING; /* by the worker that gets it */
    if (a->end_by_ms || a->state != BRK_UP)
        return;
    a->end_by_ms = w->now_ms + w->config->drain_timeout_ms + 1;
    w->ending = true;
    brk_note(w, a, BRK_HAPPENED_ENDING, NULL);
    if (a->dest)
        brk_assoc_withdraw(w, a);
    else
        brk_assoc_eof(w, a);
}
