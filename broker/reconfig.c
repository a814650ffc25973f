/* Re-configuration of streams (RFC 6525), requested by either side.
 *
 * A reset of streams is logged but not passed to the other side of a session: it could only be requested
 * after everything on those streams had been acknowledged, and a relay of whole messages does not depend
 * on their sequence numbers. */
#include "broker/reconfig.h"

#include "broker/assoc.h"
#include "broker/log.h"
#include "broker/session/session.h"
#include "broker/socket.h"
#include "broker/state.h"
#include "config/config.h"
#include "transport/transport.h"

static void streams_changed(struct brk_worker *w, struct brk_assoc *a, const struct tr_event *e)
{
    uint16_t in = a->in_streams, out = a->out_streams;
    if (e->stream_change.outcome != TR_RECONFIG_DONE) {
        brk_session_streams_denied(w, a);
        return;
    }
    if (e->stream_change.outbound_streams)
        a->out_streams = e->stream_change.outbound_streams;
    if (e->stream_change.inbound_streams)
        a->in_streams = e->stream_change.inbound_streams;
    brk_session_streams(w, a, in, out);
}

static enum tr_reconfig_outcome outcome_of(const struct tr_event *e)
{
    return e->type == TR_EV_STREAM_RESET  ? e->stream_reset.outcome
           : e->type == TR_EV_ASSOC_RESET ? e->assoc_reset.outcome
                                          : e->stream_change.outcome;
}

void brk_reconfigured(struct brk_worker *w, struct brk_socket *s, const struct tr_event *e)
{
    static struct brk_log_budget lines = {.event = "reconfigured", .level = CFG_LOG_WARNING};
    char text[256];
    struct brk_assoc *a = brk_assoc_find(s, e->assoc);
    if (!a || brk_assoc_admits(a, &lines))
        brk_log(outcome_of(e) == TR_RECONFIG_DONE ? CFG_LOG_INFO : CFG_LOG_WARNING, "reconfigured",
                "%s=%s %s", brk_member_word(s->member), cfg_member_name(w->config, s->member),
                tr_event_format(e, text, sizeof text));
    if (a && a->state == BRK_UP && e->type == TR_EV_STREAM_CHANGE)
        streams_changed(w, a, e);
}
