/* A captured message as packets: an IPv4 or IPv6 header, the SCTP common header and one DATA chunk (RFC
 * 9260 3.3.1) each. A message that is too long for one packet of 65,535 bytes is cut into fragments with
 * consecutive TSNs, as SCTP does; SCTP itself fragments to the path's MTU, so the packets on the wire were
 * others. Pure. */
#ifndef JUNCTOR_BROKER_TAP_FRAME_H
#define JUNCTOR_BROKER_TAP_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "broker/tap/flows.h"

#define TAP_HEAD_MAX 68    /* IPv6, SCTP, DATA */
#define TAP_FRAGMENT 65440 /* bytes of data in a packet; a multiple of 4 */

struct tap_frame {
    unsigned char head[TAP_HEAD_MAX];
    size_t head_length;
    const unsigned char *data; /* into the message */
    size_t caught;             /* so many bytes of it are there */
    size_t padding;            /* of its chunk, if all of its data is there */
    size_t length;             /* of the packet on the wire */
};

/* Of a message of `length` bytes: at least 1. */
unsigned tap_fragments(size_t length);

/* Fragment `i` of a message, of whose data `caught` bytes are there. The checksums are right; that of SCTP is
 * 0 where a part of the fragment is missing. */
void tap_frame(struct tap_frame *f, const struct brk_captured *c, const struct tap_numbers *n, unsigned i,
               size_t caught);

#endif
