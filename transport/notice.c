/* What notice_priv.h says. */
#include "transport/notice_priv.h"

#include <string.h>

struct header { /* of every notification (RFC 6458 6.1) */
    uint16_t type, flags;
    uint32_t length;
};

static const struct tr_notice_row *find(const struct tr_notices *stack, uint16_t number)
{
    for (unsigned i = 0; i < stack->rows; i++)
        if (stack->row[i].number == number)
            return &stack->row[i];
    return NULL;
}

/* False: a number that is not known here. */
static bool copy_members(const struct tr_notices *stack, const void *bytes, struct tr_event *out)
{
    for (unsigned i = 0; i < stack->members; i++) {
        const struct tr_notice_member *m = &stack->member[i];
        int64_t value;
        if (m->event != out->type)
            continue;
        if (!tr_member_get(&m->from, bytes, &value))
            return false;
        tr_number_put((uint8_t *)out + m->at, m->size, (uint64_t)value);
    }
    return true;
}

static void add_failed(const struct tr_notices *stack, const struct header *h, struct tr_notice *out)
{
    enum { UNORDERED = 4 }; /* of the DATA chunk */
    struct tr_msg *m = &out->event.failed.msg;
    out->event.failed.was_sent = h->flags & stack->data_sent;
    out->fragment = m->flags & (TR_FIRST | TR_LAST);
    m->flags = m->flags & UNORDERED ? TR_UNORDERED : 0;
    m->data = out->payload;
    m->len = out->payload_len;
}

enum { INCOMING = 1, OUTGOING = 2, DENIED = 4, FAILED = 8 };

static void add_streams(uint16_t flags, struct tr_notice *out)
{
    struct tr_event *e = &out->event;
    e->stream_reset.directions = (flags & INCOMING ? TR_INBOUND : 0) | (flags & OUTGOING ? TR_OUTBOUND : 0);
    e->stream_reset.count = out->payload_len / sizeof(uint16_t);
    if (e->stream_reset.count > 0)
        e->stream_reset.streams = (const uint16_t *)out->payload;
}

static void add_rest(const struct tr_notices *stack, const struct header *h, struct tr_notice *out)
{
    struct tr_event *e = &out->event;
    enum tr_reconfig_outcome outcome = h->flags & DENIED   ? TR_RECONFIG_DENIED
                                       : h->flags & FAILED ? TR_RECONFIG_FAILED
                                                           : TR_RECONFIG_DONE;
    switch (e->type) {
    case TR_EV_SEND_FAILED:
        add_failed(stack, h, out);
        break;
    case TR_EV_REMOTE_ERROR:
        e->remote_error.data = out->payload;
        e->remote_error.len = out->payload_len;
        break;
    case TR_EV_STREAM_RESET:
        e->stream_reset.outcome = outcome;
        add_streams(h->flags, out);
        break;
    case TR_EV_ASSOC_RESET:
        e->assoc_reset.outcome = outcome;
        break;
    case TR_EV_STREAM_CHANGE:
        e->stream_change.outcome = outcome;
        break;
    default:
        break;
    }
}

bool tr_notice_read(const struct tr_notices *stack, const void *bytes, size_t len, struct tr_notice *out)
{
    struct header h;
    if (len < sizeof h)
        return false;
    memcpy(&h, bytes, sizeof h);
    const struct tr_notice_row *row = find(stack, h.type);
    if (row == NULL || len < row->fixed)
        return false;
    *out = (struct tr_notice){.event.type = row->event,
                              .payload = (const uint8_t *)bytes + row->fixed,
                              .payload_len = (uint32_t)(len - row->fixed)};
    memcpy(&out->event.assoc, (const uint8_t *)bytes + row->assoc, sizeof out->event.assoc);
    if (!copy_members(stack, bytes, &out->event))
        return false;
    add_rest(stack, &h, out);
    return true;
}
