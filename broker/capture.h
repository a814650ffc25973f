/* What a worker captures of the messages that pass it, for the tap (tapping.h).
 *
 * Each message is recorded when it is received, and again for what becomes of it: when it is forwarded (the
 * stack has taken it, once for each destination), dropped, or given back by the stack as undelivered. While
 * nobody taps that costs a branch each; otherwise a copy into the worker's ring, which never waits: what does
 * not fit there is counted (tap_missed). Everything here is for the worker. */
#ifndef JUNCTOR_BROKER_CAPTURE_H
#define JUNCTOR_BROKER_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/stats/counts.h"
#include "config/config.h"
#include "config/sctp/address.h"

struct brk_worker;
struct brk_assoc;
struct brk_dropped;
struct brk_sent;
struct brk_socket;
struct tr_msg;

#define BRK_NO_ROUTE_ID UINT32_MAX

/* A captured message; its first `caught` bytes follow. */
struct brk_captured {
    uint64_t at_ns;          /* CLOCK_REALTIME */
    uint64_t origin, target; /* numbers of the associations that it came from and goes to; 0: not known */
    struct net_addr local, remote; /* of the one that it passed here; AF_UNSPEC: not known */
    struct cfg_member from, to;    /* if has_from, has_to */
    uint32_t route;                /* BRK_NO_ROUTE_ID: none */
    uint32_t ppid, len, caught;
    uint16_t stream;
    uint8_t verdict; /* enum cfg_verdict */
    uint8_t reason;  /* CFG_DROPPED: enum brk_drop */
    bool unordered, has_from, has_to;
};

/* These are to be called only while worker->tap is set. */

void brk_capture_received(struct brk_worker *w, struct brk_assoc *from, const struct tr_msg *m,
                          uint32_t route);

/* A message of an association that its listener has refused: received, and dropped. */
void brk_capture_not_accepted(struct brk_worker *w, const struct brk_socket *s, const struct tr_msg *m);

/* The stack has taken over the first `count` of w->burst for `a`: those gathered from index `g` on, or the
 * oldest pending ones. */
void brk_capture_gathered(struct brk_worker *w, struct brk_assoc *a, uint32_t g, uint32_t count);
void brk_capture_pending(struct brk_worker *w, struct brk_assoc *a, uint32_t count);

void brk_capture_dropped(struct brk_worker *w, const struct brk_dropped *d, enum brk_drop reason);

/* The stack of `a` gives `m` back; `sent`: what is known of it. */
void brk_capture_returned(struct brk_worker *w, struct brk_assoc *a, const struct tr_msg *m,
                          const struct brk_sent *sent);

#endif
