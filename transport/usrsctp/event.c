/* What is peculiar to the stack's notifications (transport/notices.def has the rest). */
#include "transport/cause.h"
#include "transport/usrsctp/usrsctp_priv.h"

#include <string.h>

/* What the library sends; usrsctp.h of 0.9.5 has 32 bits for stream and number, which shifts the rest. */
struct tr_pdapi_event {
    uint16_t type, flags;
    uint32_t length, pdapi_indication;
    uint16_t pdapi_stream, pdapi_seq;
    sctp_assoc_t pdapi_assoc_id;
};

#define NOTICES     usr_notices
#define SSF(member) ssfe_##member
enum { CAUSE_ORDER = TR_NUMBER, SCTP_ADDR_POTENTIALLY_FAILED = TR_NO_WORD };
#include "transport/notice_tables.def"

/* Behind the event stands the whole ABORT chunk that the peer has sent. */
static void add_end(struct tr_notice *n)
{
    enum { CHUNK_HEADER = 4 };
    struct tr_event *e = &n->event;
    bool chunk = n->payload_len >= CHUNK_HEADER;
    struct tr_cause cause;
    if (e->change.state != TR_COMM_LOST && e->change.state != TR_CANT_ASSOC)
        return;
    e->change.end = chunk ? TR_END_PEER : e->change.state == TR_CANT_ASSOC ? TR_END_TIMEOUT : TR_END_HERE;
    if (!chunk || !tr_cause_first(n->payload + CHUNK_HEADER, n->payload_len - CHUNK_HEADER, &cause))
        return;
    e->change.reason = cause.info;
    e->change.reason_len = cause.len;
}

/* The data is a whole ERROR chunk; users get what its first cause says, as from the kernel. */
static void skip_headers(struct tr_event *e)
{
    enum { CHUNK_AND_CAUSE_HEADER = 8 };
    bool more = e->remote_error.len > CHUNK_AND_CAUSE_HEADER;
    e->remote_error.data = more ? (const uint8_t *)e->remote_error.data + CHUNK_AND_CAUSE_HEADER : NULL;
    e->remote_error.len = more ? e->remote_error.len - CHUNK_AND_CAUSE_HEADER : 0;
}

static void read_as_in_header(const struct sctp_pdapi_event *p, struct tr_event *e)
{
    e->assoc = p->pdapi_assoc_id;
    e->partial.stream = p->pdapi_stream;
    e->partial.seq = p->pdapi_seq;
}

bool usr_event(const void *bytes, size_t len, struct tr_notice *out)
{
    if (!tr_notice_read(&usr_notices, bytes, len, out))
        return false;
    struct tr_event *e = &out->event;
    if (e->type == TR_EV_ASSOC_CHANGE)
        add_end(out);
    else if (e->type == TR_EV_REMOTE_ERROR)
        skip_headers(e);
    else if (e->type == TR_EV_PARTIAL_DELIVERY && len >= sizeof(struct sctp_pdapi_event))
        read_as_in_header(bytes, e);
    else if (e->type == TR_EV_ASSOC_RESET)
        e->assoc_reset.remote_tsn--; /* the stack tells the one behind the next */
    return e->type != TR_EV_STREAM_RESET || e->stream_reset.directions != 0;
}

struct sockaddr_conn usr_event_path(const void *bytes)
{
    const struct sctp_paddr_change *c = bytes;
    struct sockaddr_conn path;
    memcpy(&path, &c->spc_aaddr, sizeof path);
    return path;
}
