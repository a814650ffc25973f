/* The events of the stack, each passed to the part that handles it. */
#include "broker/events.h"

#include "broker/accept.h"
#include "broker/assoc.h"
#include "broker/dest.h"
#include "broker/dry.h"
#include "broker/life.h"
#include "broker/log.h"
#include "broker/notice.h"
#include "broker/sending.h"
#include "broker/reconfig.h"
#include "broker/returned.h"
#include "broker/session/session.h"
#include "broker/socket.h"
#include "broker/state.h"
#include "broker/stats/counts.h"
#include "config/config.h"
#include "transport/transport.h"

/* An association that a listener has accepted, or whose peer has restarted. */
static void begin(struct brk_worker *w, struct brk_assoc *a, const struct tr_event *e)
{
    struct brk_socket *s = a->socket;
    if (s->peeloff == CFG_PEELOFF_ALWAYS)
        brk_assoc_want_own(a);
    brk_assoc_up(w, a, e);
    if (w->phase != BRK_RUNNING && s->kind != BRK_OUTBOUND)
        brk_assoc_eof(w, a); /* it came up while the broker was about to stop accepting */
}

static void accepted(struct brk_worker *w, struct brk_socket *s, const struct tr_event *e)
{
    struct brk_assoc *a = brk_accept(w, s, e);
    if (a)
        begin(w, a, e);
}

static void assoc_change(struct brk_worker *w, struct brk_socket *s, const struct tr_event *e)
{
    struct brk_assoc *a = brk_assoc_find(s, e->assoc);
    switch (e->change.state) {
    case TR_COMM_UP:
        if (a && a->state == BRK_CONNECTING)
            brk_assoc_up(w, a, e);
        else if (!a && s->kind != BRK_OUTBOUND)
            accepted(w, s, e);
        return;
    case TR_RESTART: /* lost, then up: the peer has forgotten everything, and so must its sessions */
        if (a && a->state == BRK_UP && (a = brk_assoc_restart(w, a, e)))
            begin(w, a, e);
        return;
    case TR_COMM_LOST:
    case TR_CANT_ASSOC:
    case TR_SHUTDOWN_COMP:
        if (a && (a->state == BRK_UP || a->state == BRK_CONNECTING))
            brk_assoc_lost(w, a, e->change.state == TR_SHUTDOWN_COMP, e);
        return;
    }
}

/* A message that the transport could not reassemble. */
static void not_whole(struct brk_worker *w, struct brk_socket *s, enum brk_drop reason)
{
    uint64_t skipped;
    brk_count(&w->counts.received, 1);
    brk_count(&s->traffic->received, 1);
    brk_count(&s->traffic->dropped, 1);
    brk_count(&w->counts.dropped[reason], 1);
    if (brk_log_limited(&w->drop_limits[reason], w->now_ms, &skipped))
        brk_log(CFG_LOG_WARNING, "dropped", "reason=%s from=%s max_message=%llu more_since_last=%llu",
                brk_drop_name(reason), cfg_member_name(w->config, s->member),
                (unsigned long long)w->config->max_message, (unsigned long long)skipped);
}

/* The transport aborts it; its loss will be reported. */
static void stalled(struct brk_worker *w, struct brk_socket *s, const struct tr_event *e)
{
    static struct brk_log_budget lines = {.event = "stalled", .level = CFG_LOG_WARNING};
    const struct brk_assoc *a = brk_assoc_find(s, e->assoc);
    brk_count(&w->counts.stalled, 1);
    if (a ? brk_assoc_admits(a, &lines) : brk_log_admits(&lines, w->now_ms))
        brk_log(CFG_LOG_WARNING, "stalled", "%s=%s assoc=%u messages=%u others_wait=%s",
                brk_member_word(s->member), cfg_member_name(w->config, s->member), e->assoc,
                e->stalled.messages, e->stalled.crowded ? "yes" : "no");
}

void brk_handle_event(struct brk_worker *w, struct brk_socket *s, const struct tr_event *e)
{
    char text[256];
    struct brk_assoc *a;
    if (brk_log_on(CFG_LOG_DEBUG))
        brk_log(CFG_LOG_DEBUG, "sctp", "%s=%s %s", brk_member_word(s->member),
                cfg_member_name(w->config, s->member), tr_event_format(e, text, sizeof text));
    switch (e->type) {
    case TR_EV_ASSOC_CHANGE:
        assoc_change(w, s, e);
        break;
    case TR_EV_SEND_FAILED:
        if ((a = brk_assoc_find(s, e->assoc)))
            brk_give_back(w, a, e);
        break;
    case TR_EV_PATH_CHANGE:
        brk_notice_path(w, s, e);
        if ((a = brk_assoc_find(s, e->assoc)) && a->state == BRK_UP)
            brk_accept_path(w, a, e);
        break;
    case TR_EV_STREAM_RESET:
    case TR_EV_ASSOC_RESET:
    case TR_EV_STREAM_CHANGE:
        brk_reconfigured(w, s, e);
        break;
    case TR_EV_SHUTDOWN:
        if ((a = brk_assoc_find(s, e->assoc)) && a->state == BRK_UP)
            brk_stats_read(w, a);
        break;
    case TR_EV_SENDER_DRY:
        if (!(a = brk_assoc_find(s, e->assoc)) || !brk_dry_is_so(w, a))
            break;
        brk_dry_told(w, a);
        if (a->session && a->session->dry && a->state == BRK_UP)
            a->session->dry(w, a);
        break;
    case TR_EV_ADAPTATION:
        if ((a = brk_assoc_find(s, e->assoc)) && a->state == BRK_UP)
            brk_assoc_adapted(w, a, e->adaptation.indication);
        break;
    case TR_EV_OVERSIZED:
        not_whole(w, s, BRK_OVERSIZED);
        break;
    case TR_EV_NO_ROOM:
        not_whole(w, s, BRK_UNASSEMBLED);
        break;
    case TR_EV_STALLED:
        stalled(w, s, e);
        break;
    case TR_EV_PARTIAL_DELIVERY:
        brk_count(&w->counts.broken_off, 1);
        break;
    default: /* the others are only logged */
        break;
    }
}
