/* Counting, so that every message that enters is accounted for.
 *
 * The account, in messages: received + copies = delivered + dropped + waiting.
 *   received   read from an association, whole
 *   copies     the further ones that fan-out makes (n destinations: n - 1)
 *   delivered  taken over by the stack, less those it gave back (returned)
 *   dropped    by reason
 *   waiting    in a queue of the broker
 * `waiting` is counted where messages enter and leave queues, not computed from the rest, so the sum can fail
 * and tests check that it does not.
 *
 * Each worker has its own counts and is the only one to touch them while it runs; the control thread adds
 * them up at a barrier (see control.h) or after the workers have ended. */
#ifndef JUNCTOR_BROKER_COUNTS_H
#define JUNCTOR_BROKER_COUNTS_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "transport/transport.h"

enum brk_drop {
    BRK_NO_ROUTE,      /* no route takes it */
    BRK_NO_SUBSCRIBER, /* broadcast to a group with nobody in it */
    BRK_UNREACHABLE,   /* no member of a paired session's group could be connected */
    BRK_PEER_LOST,     /* its association ended before it was delivered */
    BRK_EXPIRED,       /* given up by its route's partial_reliability, here or by the stack */
    BRK_REFUSED,       /* the stack cannot send it (too long for the destination) */
    BRK_OVERSIZED,     /* longer than max_message */
    BRK_NO_MEMORY,
    BRK_STOPPED, /* the drain deadline was over */
    BRK_DROP_COUNT
};

const char *brk_drop_name(enum brk_drop reason); /* "no_route" */

/* Traffic of one listener, peer, group or route; in bytes of user data. */
struct brk_traffic {
    uint64_t received, received_bytes;
    uint64_t delivered, delivered_bytes;
    uint64_t dropped;
    uint64_t mapped; /* sent on another stream than asked for, because that one was not granted */
};

struct brk_counts {
    uint64_t received, copies, delivered, returned;
    uint64_t dropped[BRK_DROP_COUNT];
    uint64_t abandoned_unseen; /* of those delivered: given up by the stack without a word, about */
    uint64_t waiting;          /* parcels in this worker's queues */
    uint64_t handed_out,
        taken_in;          /* parcels to and from other workers; what is between them waits in an inbox */
    uint64_t copied;       /* messages that left the receive slots: one heap allocation each */
    uint64_t opened, lost; /* associations */
    uint64_t broken_off;   /* messages of which only a part arrived */
    struct brk_traffic *listeners, *peers, *groups, *routes; /* by index of the configuration */
};

/* False: out of memory, nothing allocated. */
bool brk_counts_init(struct brk_counts *c, const struct cfg_config *config);
void brk_counts_free(struct brk_counts *c);

/* Adds `from` to `to`, both of the same configuration. */
void brk_counts_add(struct brk_counts *to, const struct brk_counts *from, const struct cfg_config *config);

/* Logs the account (event=account), one line per listener, peer, group and route that saw traffic
 * (event=traffic), and what it cost (event=cost; `stats` summed over the workers). Returns whether the sum
 * holds; an account that does not is logged as an error. */
bool brk_counts_log(const struct brk_counts *c, const struct cfg_config *config,
                    const struct tr_loop_stats *stats);

#endif
