/* What is peculiar to notifications of the Linux SCTP stack (transport/notices.def has the rest). Their
 * lengths are checked although they come from the kernel: structs grew over its versions, and a program may
 * be built with newer headers than the kernel it meets.
 *
 * Byte order: RFC 6458 leaves it open for error causes, and Linux fills in what stood in the packet.
 * sac_error, sre_error and ssf_error are in network order here; counts, states and indications are in host
 * order. */
#include "transport/cause.h"
#include "transport/kernel/kernel_priv.h"

#include <arpa/inet.h>
#include <string.h>

#define NOTICES        kernel_notices
#define SSF(member)    ssf_##member
#define tr_pdapi_event sctp_pdapi_event
enum { CAUSE_ORDER = TR_NETWORK };
#include "transport/notice_tables.def"

/* Behind the event stand the causes of the ABORT that the peer has sent. */
static void add_end(struct tr_notice *n)
{
    struct tr_event *e = &n->event;
    struct tr_cause cause;
    if (e->change.state != TR_COMM_LOST)
        return;
    if (n->payload_len > 0 || e->change.error != 0)
        e->change.end = n->payload_len > 0 ? TR_END_PEER : TR_END_HERE;
    if (!tr_cause_first(n->payload, n->payload_len, &cause))
        return;
    e->change.reason = cause.info;
    e->change.reason_len = cause.len;
}

static void add_address(const void *bytes, struct net_addr *out)
{
    struct sctp_paddr_change n;
    memcpy(&n, bytes, sizeof n);
    if (n.spc_aaddr.ss_family == AF_INET)
        memcpy(out, &n.spc_aaddr, sizeof(struct sockaddr_in));
    else if (n.spc_aaddr.ss_family == AF_INET6)
        memcpy(out, &n.spc_aaddr, sizeof(struct sockaddr_in6));
    kernel_clean_address(out);
}

/* The cause of a lost message: network order where it is a cause of the protocol (at most 16 bits). */
static uint32_t failed_error(uint32_t error)
{
    return error <= UINT16_MAX ? ntohs((uint16_t)error) : error;
}

bool kernel_event(const void *bytes, size_t len, struct tr_notice *out)
{
    uint32_t length; /* what the kernel says about itself bounds it too */
    if (len < 2 * sizeof length)
        return false;
    memcpy(&length, (const uint8_t *)bytes + sizeof length, sizeof length);
    if (!tr_notice_read(&kernel_notices, bytes, length < len ? length : len, out))
        return false;
    if (out->event.type == TR_EV_ASSOC_CHANGE)
        add_end(out);
    else if (out->event.type == TR_EV_PATH_CHANGE)
        add_address(bytes, &out->event.path.address);
    else if (out->event.type == TR_EV_SEND_FAILED)
        out->event.failed.error = failed_error(out->event.failed.error);
    return true;
}
