/* Peers that make no progress: what was sent to them stays unacknowledged, or waits here and in the stack
 * because their window is closed.
 *
 * SCTP ends an association whose peer does not answer. It does not end one whose peer goes on answering
 * the window's probes and never reads, and back-pressure lets such a peer stop everybody who sends to it.
 * So whoever has got messages is watched until everything is acknowledged, and if nothing changes for as long
 * as `stall.after` of its listener or peer says, that is logged, counted and shown, and if `stall.action`
 * says so the association is aborted. What was for it then goes to another member or is dropped, as with any
 * association that is lost. That also resolves a deadlock of two that wait for each other. Anybody who may
 * connect to a listener whose associations are members of a group could stop the group; so those are
 * aborted where nothing else is said.
 *
 * What counts as progress: the stack takes what was pending here, when it was full; and what it tells of the
 * association changes: how many chunks are not acknowledged, how many it has sent for the first time. Where
 * it does not tell the latter (usrsctp), that it has taken further messages is progress as long as the window
 * is open; a closed window takes messages only into the stack's own buffer.
 *
 * The time runs while the worker does: it is over only when four looks, each a quarter of `stall.after` after
 * the one before, have found no progress. So an hour in which the process was stopped, or the host suspended,
 * counts as a quarter of it, and a peer has time to go on after it.
 *
 * Cost: a comparison for each burst; one or two system calls for each association that is watched, four times
 * in `stall.after`. Those that are watched are in worker->stalling; the tick goes round, a bounded number at
 * a time, and removes those that have everything acknowledged. */
#include "broker/stall.h"

#include <utlist.h>

#include "broker/assoc.h"
#include "broker/history.h"
#include "broker/socket.h"
#include "broker/state.h"
#include "config/sctp/options.h"
#include "transport/transport.h"

enum {
    CLOSED = 4096, /* bytes: a window below that is as good as closed */
    LOOKS = 4      /* in `stall.after` */
};

const struct cfg_stall *brk_stall_of(const struct brk_assoc *a)
{
    const struct cfg_config *c = a->worker->config;
    struct cfg_member m = a->socket->member;
    return m.kind == CFG_MEMBER_LISTENER ? &c->listeners[m.index].stall : &c->peers[m.index].stall;
}

bool brk_stall_aborts(const struct brk_assoc *a)
{
    enum cfg_stall_action action = brk_stall_of(a)->action;
    return action == CFG_STALL_ABORT || (action == CFG_STALL_AUTO && (a->dest || a->client.farewell) &&
                                         a->socket->member.kind == CFG_MEMBER_LISTENER);
}

uint64_t brk_stall_position(struct brk_worker *w, struct brk_assoc *a)
{
    const struct tr_backend *b = w->broker->backend;
    struct opt_set got = {0};
    struct tr_error error;
    struct brk_stall *s = &a->stall;
    uint64_t first;
    s->unacknowledged = s->window = -1;
    if (tr_backend_can_get(b, OPT_STATUS) &&
        tr_get_option(a->socket->ep, a->id, OPT_STATUS, &got, &error) == TR_OK) {
        s->unacknowledged = opt_num(&got, OPTF_STATUS_UNACKDATA, -1);
        s->window = opt_num(&got, OPTF_STATUS_RWND, -1);
    }
    if (tr_backend_can_get(b, OPT_ASSOC_STATS) &&
        tr_get_option(a->socket->ep, a->id, OPT_ASSOC_STATS, &got, &error) == TR_OK)
        first = (uint64_t)(opt_num(&got, OPTF_STATS_OODCHUNKS, 0) + opt_num(&got, OPTF_STATS_OUODCHUNKS, 0));
    else
        first = s->window >= CLOSED ? a->delivered : 0;
    return first << 24 ^ (uint64_t)s->unacknowledged;
}

static void looked(struct brk_worker *w, struct brk_assoc *a, unsigned looks)
{
    a->stall.looks = looks;
    a->stall.look_ms = w->now_ms + brk_stall_of(a)->after_ms / LOOKS;
}

void brk_stall_begin(struct brk_worker *w, struct brk_assoc *a)
{
    if (a->stall.since_ms || !brk_stall_of(a)->after_ms || a->state != BRK_UP)
        return;
    a->stall.since_ms = w->now_ms;
    looked(w, a, 0);
    a->stall.known = false;
    DL_APPEND2(w->stalling, a, stall.prev, stall.next);
}

void brk_stall_refused(struct brk_worker *w, struct brk_assoc *a)
{
    brk_stall_begin(w, a);
    if (!a->stall.since_ms || a->stall.known)
        return;
    a->stall.position = brk_stall_position(w, a);
    a->stall.known = true;
}

static void progress(struct brk_worker *w, struct brk_assoc *a)
{
    a->stall.since_ms = w->now_ms;
    looked(w, a, 0);
    if (a->stall.told)
        brk_note(w, a, BRK_HAPPENED_WENT_ON, NULL);
    a->stall.told = false;
}

void brk_stall_forget(struct brk_worker *w, struct brk_assoc *a)
{
    if (!a->stall.since_ms)
        return;
    progress(w, a);
    DL_DELETE2(w->stalling, a, stall.prev, stall.next);
    a->stall.since_ms = 0;
}

void brk_stall_moved(struct brk_worker *w, struct brk_assoc *a)
{
    brk_stall_begin(w, a);
    if (a->stall.since_ms)
        progress(w, a);
}

enum brk_stall_found brk_stall_look(struct brk_worker *w, struct brk_assoc *a)
{
    struct brk_stall *s = &a->stall;
    uint64_t position = brk_stall_position(w, a);
    bool waits = brk_queue_count(&a->outbox.pending) || s->unacknowledged > 0;
    if (!waits && !a->outbox.blocked)
        return BRK_STALL_DONE;
    if (!waits || !s->known || s->position != position) /* what waited was given up; or the first look */
        progress(w, a);
    else
        looked(w, a, s->looks + 1);
    s->position = position;
    s->known = true;
    return s->looks >= LOOKS ? BRK_STALL_OVER : BRK_STALL_WAITS;
}
