/* The life of an association, from COMM_UP to its end.
 *
 * An end takes up to three steps. brk_assoc_lost: the event has arrived; the sessions are told, and it is
 * counted. brk_assoc_finish: everything that the stack gave back has been read; the association leaves its
 * socket and, unless it is a destination, is closed. brk_assoc_retire: only for destinations of shared
 * sessions, when the control thread has made sure that nobody posts to them any more; what the association
 * had left is sent again by the workers that had read it. Closed associations are freed at the end of the
 * turn, because messages gathered in it may still refer to them.
 *
 * A peer that restarts (RFC 9260 5.2.4) ends one association here and starts another, while for the stack
 * it remains the same: the old one takes these steps at once; the new one takes over its id and its sent
 * log, since what the stack took after the restart and before the event may still be given back. */
#include "broker/life.h"

#include <stdio.h>

#include <utlist.h>

#include "broker/accept.h"
#include "broker/assoc.h"
#include "broker/check.h"
#include "broker/clock.h"
#include "broker/dest.h"
#include "broker/dry.h"
#include "broker/ending.h"
#include "broker/health.h"
#include "broker/limit.h"
#include "broker/history.h"
#include "broker/log.h"
#include "broker/names.h"
#include "broker/notice.h"
#include "broker/silent.h"
#include "broker/options.h"
#include "broker/sending.h"
#include "broker/returned.h"
#include "broker/sent.h"
#include "broker/session/session.h"
#include "broker/socket.h"
#include "broker/stall.h"
#include "broker/state.h"
#include "broker/stats/counts.h"
#include "config/config.h"
#include "config/sctp/address.h"
#include "routing/inbox.h"
#include "transport/transport.h"

static void log_up(struct brk_worker *w, struct brk_assoc *a)
{
    static struct brk_log_budget lines = {.event = "association_up", .level = CFG_LOG_INFO};
    char text[NET_ADDR_TEXT] = "?", session[BRK_SESSION_TEXT];
    if (!brk_assoc_admits(a, &lines))
        return;
    bool known =
        a->socket->kind != BRK_OUTBOUND && a->remote.sa.sa_family != AF_UNSPEC; /* brk_accept asked */
    if (known || tr_addresses(a->socket->ep, a->id, true, &a->remote, 1))
        net_addr_format(&a->remote, text, sizeof text);
    else
        a->remote.sa.sa_family = AF_UNSPEC;
    brk_log(CFG_LOG_INFO, "association_up",
            "%s=%s assoc=%u remote=%s in_streams=%u out_streams=%u worker=%u%s",
            brk_member_word(a->socket->member), brk_assoc_name(a), a->id, text, a->in_streams, a->out_streams,
            w->index, brk_session_text(a, session));
}

void brk_assoc_up(struct brk_worker *w, struct brk_assoc *a, const struct tr_event *e)
{
    if (a->state == BRK_CONNECTING)
        brk_assoc_leave(a, &w->connecting);
    a->state = BRK_UP;
    a->was_up = true;
    a->begun_ms = w->now_ms;
    a->stats.next_ms = w->now_ms + (w->gives_up ? BRK_SILENT_MS : BRK_STATS_MS);
    if (w->gives_up)
        brk_silent_ask(w, a);
    a->out_streams = e->change.outbound_streams ? e->change.outbound_streams : 1;
    a->in_streams = e->change.inbound_streams ? e->change.inbound_streams : 1;
    brk_count(&w->counts.opened, 1);
    if (!a->session_number && brk_session_numbers(w, a))
        a->session_number = a->origin;
    log_up(w, a);
    brk_note_numbers(w, a, BRK_HAPPENED_UP, a->in_streams, a->out_streams);
    brk_assoc_options(a);
    brk_assoc_keep_sent(a);
    if (a->socket->kind == BRK_OUTBOUND)
        brk_peer_up(w->broker, a->socket->member.index);
    brk_session_up(w, a);
    brk_send_pending(w, a);
    if (a->outbox.eof_wanted)
        brk_assoc_eof(w, a);
    if (a->unwanted || brk_is_gone(w, a->socket->member)) /* a reload came while it was being set up */
        brk_end(w, a);
    else if (brk_state(w->broker, a->socket->member) == CFG_MAINT)
        brk_end_whole(w, a);
}

/* " reason=..." if the peer gave one with its abort. Returns `out`. */
static const char *reason_of(const struct tr_event *e, char *out, unsigned size)
{
    char text[128], quoted[150];
    out[0] = '\0';
    if (e->change.reason_len > 0) {
        snprintf(text, sizeof text, "%.*s", (int)e->change.reason_len, (const char *)e->change.reason);
        snprintf(out, size, " reason=%s", brk_quote(text, quoted, sizeof quoted));
    }
    return out;
}

/* Which side ended an association that was lost, and why. *why is static text. */
static const char *end_of(const struct brk_assoc *a, const struct tr_event *e, const char **why)
{
    const char *cause = e->change.error ? tr_error_string(e->change.error) : NULL;
    if (e->change.state == TR_RESTART) {
        *why = "peer restarted";
        return "peer";
    }
    if (a->ended_here) {
        *why = a->ended_here;
        return "here";
    }
    switch (e->change.end) {
    case TR_END_PEER:
        *why = cause ? cause : "aborted without a cause";
        return "peer";
    case TR_END_TIMEOUT:
        *why = "no answer";
        return "timeout";
    case TR_END_HERE:
        *why = cause ? cause : "no answer, or the peer has broken the protocol";
        return "stack";
    case TR_END_UNTOLD:
        break;
    }
    *why = cause ? cause : "aborted, or no answer";
    return "unknown";
}

static void log_closed(struct brk_worker *w, const struct brk_assoc *a)
{
    static struct brk_log_budget lines = {.event = "association_closed", .level = CFG_LOG_INFO};
    char session[BRK_SESSION_TEXT], stats[BRK_STATS_TEXT];
    brk_note(w, a, BRK_HAPPENED_CLOSED, a->outbox.eof_sent ? "by this side" : "by the peer");
    if (brk_assoc_admits(a, &lines))
        brk_log(CFG_LOG_INFO, "association_closed", "%s=%s assoc=%u%s by=%s%s",
                brk_member_word(a->socket->member), brk_assoc_name(a), a->id, brk_session_text(a, session),
                a->outbox.eof_sent ? "here" : "peer", brk_stats_format(w, a, stats, sizeof stats));
}

static void log_lost(struct brk_worker *w, const struct brk_assoc *a, const struct tr_event *e)
{
    static struct brk_log_budget lines = {.event = "association_lost", .level = CFG_LOG_WARNING};
    char session[BRK_SESSION_TEXT], quoted[160], reason[170], stats[BRK_STATS_TEXT];
    const char *why, *by = end_of(a, e, &why);
    char note[120];
    snprintf(note, sizeof note, "%s: %s%.100s", by, why, reason_of(e, reason, sizeof reason));
    brk_note(w, a, BRK_HAPPENED_LOST, note);
    if (brk_assoc_admits(a, &lines))
        brk_log(CFG_LOG_WARNING, "association_lost", "%s=%s assoc=%u%s by=%s error=%s%s%s",
                brk_member_word(a->socket->member), brk_assoc_name(a), a->id, brk_session_text(a, session),
                by, brk_quote(why, quoted, sizeof quoted), reason,
                brk_stats_format(w, a, stats, sizeof stats));
}

/* Why a set-up failed, with what an operator can check. */
static const char *why_not_connected(const struct tr_event *e)
{
    if (e->change.error)
        return tr_error_string(e->change.error);
    return e->change.end == TR_END_TIMEOUT ? "no answer" : "refused; does anything listen there?";
}

void brk_assoc_lost(struct brk_worker *w, struct brk_assoc *a, bool clean, const struct tr_event *e)
{
    bool restarted = e->change.state == TR_RESTART;
    brk_stall_forget(w, a);
    brk_limit_forget(w, a);
    brk_assoc_give_place(a);
    a->socket->has_lost = true;
    if (!clean && !restarted && a->socket->kind == BRK_OUTBOUND)
        brk_names_failed(w, a->peer, a->round, a->was_up);
    if (a->state == BRK_CONNECTING) {
        brk_assoc_leave(a, &w->connecting);
        a->state = BRK_LOST;
        if (a->session->refused)
            a->session->refused(w, a);
        brk_peer_suspect(w, a->socket->member);
        brk_log_connect_failed(w, a->peer, a, why_not_connected(e));
        return;
    }
    brk_dry_lost(w, a);
    a->state = BRK_LOST;
    brk_count(clean ? &w->counts.closed : &w->counts.lost, 1);
    if (clean)
        log_closed(w, a);
    else
        log_lost(w, a, e);
    if (a->brought && a->socket->kind == BRK_OUTBOUND)
        brk_peer_worked(w->broker, a->socket->member.index);
    if (!clean && !restarted && a->socket->kind == BRK_OUTBOUND)
        brk_peer_failed(w, a->socket->member.index);
    if (!clean && !restarted && !a->ended_here)
        brk_peer_suspect(w, a->socket->member);
    brk_session_lost(w, a, clean, e);
}

/* It is off its socket, and nobody posts to it any more: passes on what it has left. */
static void pass_on(struct brk_worker *w, struct brk_assoc *a)
{
    brk_pass_on(w, a);
    if (a->dest)
        rt_batch_add(&w->out[w->broker->worker_count], &a->dest->retired);
    a->dest = NULL;
    brk_assoc_close(w, a);
}

/* It is off its socket. A destination waits until nobody posts to it any more. */
static void go(struct brk_worker *w, struct brk_assoc *a)
{
    if (!a->dest || a->dest->retire_came) {
        brk_dry_leaves(w, a);
        pass_on(w, a);
        return;
    }
    a->state = BRK_LEAVING;
    brk_assoc_enter(a, &w->leaving);
    w->assoc_count++;
    brk_assoc_withdraw(w, a);
    brk_dry_leaves(w, a);
}

void brk_assoc_finish(struct brk_worker *w, struct brk_assoc *a)
{
    if (a->outbox.burst_count)
        brk_flush(w);
    struct brk_socket *s = a->socket;
    brk_silent_end(w, a, brk_now_ms());
    brk_assoc_detach(a);
    if (s->kind != BRK_LISTENING)
        brk_socket_close(s);
    if (!a->session || !a->session->ended || !a->session->ended(w, a))
        go(w, a);
}

struct brk_assoc *brk_assoc_restart(struct brk_worker *w, struct brk_assoc *old, const struct tr_event *e)
{
    bool can = (!old->session || old->session->restarted) && brk_accept_again(w, old);
    struct brk_assoc *a = can ? brk_assoc_new(w, BRK_UP) : NULL;
    if (a)
        brk_accept_follow(a, old);
    brk_assoc_lost(w, old, false, e);
    if (!a) {
        brk_assoc_abort(w, old, "its peer has restarted");
        return NULL;
    }
    if (old->outbox.burst_count) /* no longer sent: it becomes pending */
        brk_flush(w);
    brk_assoc_detach(old);
    brk_assoc_attach(a, old->socket, old->id);
    a->session = old->session;
    a->peer = old->peer;
    a->round = old->round;
    brk_sent_hand_over(&old->outbox.sent, &a->outbox.sent);
    brk_stats_follow(w, a, old);
    if (a->session)
        a->session->restarted(w, old, a);
    go(w, old);
    return a;
}

void brk_assoc_retire(struct brk_worker *w, struct brk_dest *d)
{
    struct brk_assoc *a = brk_assoc_of(d->dest.owner);
    d->retire_came = true;
    if (a->state != BRK_LEAVING) { /* it leaves its groups before it ends */
        brk_assoc_eof(w, a);
        return;
    }
    brk_assoc_leave(a, &w->leaving);
    w->assoc_count--;
    pass_on(w, a);
}
