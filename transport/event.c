/* Events as one line of text for the log: a name, then logfmt pairs. */
#include "config/sctp/require.h"
#include "transport/transport.h"

#include <stdarg.h>
#include <stdio.h>

/* Appends to a fixed buffer; what does not fit is cut, the text always ends with NUL. */
struct line {
    char *at;
    size_t left;
};

static void add(struct line *l, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct line *l, const char *format, ...)
{
    if (l->left <= 1)
        return;
    va_list args;
    va_start(args, format);
    int n = vsnprintf(l->at, l->left, format, args);
    va_end(args);
    if (n < 0)
        return;
    size_t used = (size_t)n < l->left ? (size_t)n : l->left - 1;
    l->at += used;
    l->left -= used;
}

static const char *name_of(const char *const *names, unsigned count, unsigned value)
{
    return value < count ? names[value] : "unknown";
}
#define NAME_OF(names, value) name_of(names, sizeof(names) / sizeof((names)[0]), (unsigned)(value))

static const char *const assoc_states[] = {"comm_up", "comm_lost", "restart", "shutdown_comp", "cant_assoc"};
static const char *const path_states[] = {
    "path_available", "path_unreachable", "path_removed",           "path_added",
    "path_made_prim", "path_confirmed",   "path_potentially_failed"};
/* RFC 6458 6.1.8, in the order of its constants */
static const char *const auth_indications[] = {"new_key", "free_key", "no_auth"};

static const char *const outcomes[] = {"done", "denied", "failed"};

static void add_cause(struct line *l, uint32_t error)
{
    if (error != 0)
        add(l, " error=%u cause=\"%s\"", error, tr_error_string((int)error));
}

/* What came from the peer, with what would break the line. */
static void add_quoted(struct line *l, const char *name, const void *data, uint32_t len)
{
    const unsigned char *c = data;
    add(l, " %s=\"", name);
    for (uint32_t i = 0; i < len; i++)
        add(l, c[i] == '"' || c[i] == '\\' ? "\\%c" : "%c", c[i] < 0x20 || c[i] == 0x7f ? ' ' : c[i]);
    add(l, "\"");
}

static void format_change(struct line *l, const struct tr_event *e)
{
    add(l, "%s assoc=%u", NAME_OF(assoc_states, e->change.state), e->assoc);
    if (e->change.state == TR_COMM_UP || e->change.state == TR_RESTART)
        add(l, " outbound_streams=%u inbound_streams=%u", e->change.outbound_streams,
            e->change.inbound_streams);
    static const char *const ends[] = {"", "peer", "here", "timeout"};
    add_cause(l, e->change.error);
    if (e->change.end != TR_END_UNTOLD)
        add(l, " end=%s", NAME_OF(ends, e->change.end));
    if (e->change.reason_len > 0)
        add_quoted(l, "reason", e->change.reason, e->change.reason_len);
}

static void format_path(struct line *l, const struct tr_event *e)
{
    /* Linux's enum sctp_sn_error, of which 0 says nothing that the state does not */
    static const char *const reasons[] = {"",
                                          "received_sack",
                                          "heartbeat_success",
                                          "response_to_user_req",
                                          "internal_error",
                                          "shutdown_guard_expires",
                                          "peer_faulty"};
    char address[NET_ADDR_TEXT];
    add(l, "%s assoc=%u address=%s error=%u", NAME_OF(path_states, e->path.state), e->assoc,
        net_addr_format(&e->path.address, address, sizeof address), e->path.error);
    if (e->path.error != 0)
        add(l, " reason=%s", NAME_OF(reasons, e->path.error));
}

static void format_failed(struct line *l, const struct tr_event *e)
{
    const struct tr_msg *m = &e->failed.msg;
    add(l, "send_failed assoc=%u stream=%u ppid=%u context=%u bytes=%u sent=%s%s", e->assoc, m->stream,
        m->ppid, m->context, m->len, e->failed.was_sent ? "yes" : "no",
        m->flags & TR_UNORDERED ? " unordered=yes" : "");
    add_cause(l, e->failed.error);
}

static void format_stream_reset(struct line *l, const struct tr_event *e)
{
    static const char *const directions[] = {"none", "inbound", "outbound", "both"};
    add(l, "stream_reset assoc=%u outcome=%s directions=%s streams=", e->assoc,
        NAME_OF(outcomes, e->stream_reset.outcome), NAME_OF(directions, e->stream_reset.directions));
    if (e->stream_reset.count == 0)
        add(l, "all");
    for (unsigned i = 0; i < e->stream_reset.count; i++)
        add(l, i ? ",%u" : "%u", e->stream_reset.streams[i]);
}

/* The events that stream reconfiguration causes (RFC 6525). */
static void format_reset(struct line *l, const struct tr_event *e)
{
    if (e->type == TR_EV_STREAM_RESET)
        format_stream_reset(l, e);
    else if (e->type == TR_EV_ASSOC_RESET)
        add(l, "assoc_reset assoc=%u outcome=%s local_tsn=%u remote_tsn=%u", e->assoc,
            NAME_OF(outcomes, e->assoc_reset.outcome), e->assoc_reset.local_tsn, e->assoc_reset.remote_tsn);
    else
        add(l, "stream_change assoc=%u outcome=%s outbound_streams=%u inbound_streams=%u", e->assoc,
            NAME_OF(outcomes, e->stream_change.outcome), e->stream_change.outbound_streams,
            e->stream_change.inbound_streams);
}

const char *tr_event_format(const struct tr_event *e, char *out, size_t size)
{
    REQUIRE(e != NULL && (out != NULL || size == 0));
    struct line l = {out, size};

    if (size > 0)
        out[0] = '\0';
    switch (e->type) {
    case TR_EV_ASSOC_CHANGE:
        format_change(&l, e);
        break;
    case TR_EV_PATH_CHANGE:
        format_path(&l, e);
        break;
    case TR_EV_SEND_FAILED:
        format_failed(&l, e);
        break;
    case TR_EV_REMOTE_ERROR:
        add(&l, "remote_error assoc=%u bytes=%u", e->assoc, e->remote_error.len);
        add_cause(&l, e->remote_error.error);
        break;
    case TR_EV_SHUTDOWN:
        add(&l, "shutdown assoc=%u", e->assoc);
        break;
    case TR_EV_PARTIAL_DELIVERY:
        add(&l, "partial_delivery_aborted assoc=%u stream=%u seq=%u", e->assoc, e->partial.stream,
            e->partial.seq);
        break;
    case TR_EV_ADAPTATION:
        add(&l, "adaptation assoc=%u indication=%u", e->assoc, e->adaptation.indication);
        break;
    case TR_EV_AUTHENTICATION:
        add(&l, "authentication assoc=%u indication=%s key=%u", e->assoc,
            NAME_OF(auth_indications, e->authentication.indication), e->authentication.key);
        break;
    case TR_EV_SENDER_DRY:
        add(&l, "sender_dry assoc=%u", e->assoc);
        break;
    case TR_EV_STREAM_RESET:
    case TR_EV_ASSOC_RESET:
    case TR_EV_STREAM_CHANGE:
        format_reset(&l, e);
        break;
    case TR_EV_STALLED:
        add(&l, "stalled assoc=%u messages=%u crowded=%s", e->assoc, e->stalled.messages,
            e->stalled.crowded ? "yes" : "no");
        break;
    case TR_EV_NO_ROOM:
        add(&l, "no_room assoc=%u stream=%u bytes=%llu", e->assoc, e->oversized.stream,
            (unsigned long long)e->oversized.bytes);
        break;
    case TR_EV_OVERSIZED:
        add(&l, "oversized assoc=%u stream=%u bytes=%llu", e->assoc, e->oversized.stream,
            (unsigned long long)e->oversized.bytes);
        break;
    default:
        add(&l, "unknown_event type=%u assoc=%u", (unsigned)e->type, e->assoc);
    }
    return out;
}
