/* The associations that the tap has seen: their addresses, and the numbers that the headers of their packets
 * are given. For the tap's thread.
 *
 * The stack does not tell a message's TSN and stream sequence number, so they are made up here: the TSNs of
 * an association count the captured DATA chunks of each direction, SSNs the ordered messages of each stream,
 * as a receiver would see them if nothing was lost; verification tags are derived from the association's
 * number. */
#ifndef JUNCTOR_BROKER_TAP_FLOWS_H
#define JUNCTOR_BROKER_TAP_FLOWS_H

#include <stdint.h>

#include "broker/capture.h"
#include "config/sctp/address.h"

struct tap_flow;

/* Zero-initialised there are none. */
struct tap_flows {
    struct tap_flow *all;
};

/* What the headers of one message need. */
struct tap_numbers {
    struct net_addr from, to; /* AF_UNSPEC: not known */
    uint32_t tag, tsn;        /* the TSN of its first chunk */
    uint16_t ssn;
};

/* The numbers of the next message, which takes `chunks` of them. */
struct tap_numbers tap_flows_next(struct tap_flows *f, const struct brk_captured *c, unsigned chunks);

void tap_flows_free(struct tap_flows *f);

#endif
