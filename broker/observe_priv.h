/* An observer, for observe.c and tapping.c. */
#ifndef JUNCTOR_BROKER_OBSERVE_PRIV_H
#define JUNCTOR_BROKER_OBSERVE_PRIV_H

#include "broker/observe.h"
#include "routing/inbox.h"

struct brk_broker;
struct brk_capture_ring;

/* What one worker has told of its associations. */
struct brk_found {
    struct brk_assoc_view *items;
    unsigned count, room;
};

struct brk_observer {
    struct brk_broker *broker;
    struct rt_inbox inbox; /* what was asked comes back here */
    uint64_t begun_ms;
    struct brk_look **looks; /* one a worker */
    unsigned walking;        /* workers that have not told everything yet */
    bool cut;
    struct brk_found *found; /* one a worker */
    struct brk_assoc_view *all;
    unsigned all_count;
    bool all_cut;
    struct brk_assoc_view one;
    bool one_found, wants_one;
    struct brk_assoc_detail detail;
    struct brk_worker_view *workers;
    struct brk_request *answered;
    struct brk_capture_ring **rings; /* one a worker; NULL: nobody has tapped yet */
    unsigned tapped;                 /* of the worker whose record has been given out last */
};

#endif
