/* The two central structs: a broker and its workers. THREADS.md says in full which thread touches what. In
 * short: everything in a brk_worker belongs to that worker's thread; everything else in a brk_broker is
 * constant while workers run, atomic, or the control thread's. */
#ifndef JUNCTOR_BROKER_STATE_H
#define JUNCTOR_BROKER_STATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "broker/history.h"
#include "broker/log.h"
#include "broker/queue.h"
#include "broker/sending.h"
#include "broker/stats/counts.h"
#include "broker/stats/segments.h"
#include "config/config.h"
#include "routing/choice.h"
#include "routing/inbox.h"
#include "routing/plan.h"
#include "routing/snapshot.h"
#include "transport/transport.h"

struct brk_socket;
struct brk_access;
struct brk_assoc;
struct brk_broker;
struct brk_capture_ring;
struct brk_handover;
struct brk_names;
struct brk_standing;

#define BRK_READY_MAX   256 /* ready sockets handled in a turn */
#define BRK_TICK_MS     50  /* how often timers are checked while there are any */
#define BRK_WORKERS_MAX 256

enum brk_phase { BRK_RUNNING, BRK_DRAIN_SOURCES, BRK_DRAIN_BOTH, BRK_DRAIN_ALL }; /* drain.c */

/* Commands to a worker, one bit each; set by control, which then wakes the worker. The worker reads them
 * before it takes its inbox and carries them out afterwards, so what was posted before a command is
 * handled before it. */
enum brk_command {
    BRK_CMD_ACCOUNT = 1,
    BRK_CMD_DRAIN_SOURCES = 2,
    BRK_CMD_DRAIN_ALL = 4,
    BRK_CMD_STOP = 8,
    BRK_CMD_PREPARE = 16, /* prepare for broker->candidate: adopt.h */
    BRK_CMD_ABANDON = 32,
    BRK_CMD_STATES = 64, /* states of members have changed: states.h */
    BRK_CMD_DRAIN_BOTH = 128,
    BRK_CMD_ALIVE = 256 /* nothing to do: that the worker takes it shows that it is alive (notify.h) */
};

enum brk_progress { BRK_BUSY, BRK_SOURCES_DONE, BRK_BOTH_DONE, BRK_ALL_DONE };

struct brk_worker {
    uint32_t magic; /* BRK_WORKER_MAGIC: check.h */
    unsigned index;
    struct brk_broker *broker;
    const struct rt_plan *plan;      /* the snapshot's */
    const struct cfg_config *config; /* the plan's */
    const struct rt_plan *former;    /* while a plan is adopted: the previous one */
    bool gives_up;                   /* this plan, or an earlier one, has routes with partial reliability */
    bool rewrites;                   /* likewise, routes that set PPID or stream */
    pthread_t thread;
    struct rt_inbox inbox;
    _Atomic unsigned commands;       /* enum brk_command; written by control */
    _Atomic int progress;            /* enum brk_progress; written by the worker */
    _Atomic uint64_t reported_taken; /* counts.taken_in when it last reported its progress */

    _Atomic(struct brk_capture_ring *) tapped; /* where the tap wants messages; written by its thread */

    struct tr_loop *loop;
    struct brk_capture_ring *tap;       /* `tapped` as of the beginning of the turn; NULL: nobody taps */
    const struct rt_snapshot *snapshot; /* valid for this turn */
    uint64_t now_ms;
    enum brk_phase phase;
    bool stop;

    struct brk_socket *sockets, *closed_sockets;
    struct brk_socket *peels;    /* associations that are to get these before anything is read again */
    bool unpeeled;               /* some could not, and stop others: tried again in a while */
    struct brk_socket *prepared; /* listeners of a plan that is not in force yet */
    bool ending;                 /* an association or socket is being ended */
    bool unread; /* a socket that must be read until it is empty is not yet: read on in the next turn */
    struct brk_assoc *resolving, *connecting, *drying, *leaving, *closed_assocs;
    struct tr_resolver *resolver;  /* NULL: no peer has a host name */
    struct brk_names **names;      /* by peer */
    struct brk_names **names_next; /* those of a plan that is not in force yet */
    unsigned names_count, names_next_count;
    struct brk_names *names_stale; /* of peers with other addresses now, or gone; answers are to come */
    struct brk_assoc *limited;     /* associations that are not read, because of their rate_limit */
    struct brk_assoc *by_origin;   /* the same as `assocs`: uthash by number */
    struct brk_assoc *maps;        /* members of mapped sessions that are up: session/map.h */
    struct brk_assoc *stalling;    /* associations that are watched for progress: stall.h */
    struct brk_assoc *expiring;    /* associations that messages with a ttl wait for */
    uint64_t parked_expires_ms;    /* when the first ttl of a parked message ends; 0: none has one */
    struct brk_handover *wanted;   /* one that waits until its association is read again, */
    struct brk_handover *handing, *arriving; /* from STOP to LEAVE, from EXPECT to ARRIVE: handover.h */
    struct brk_standing *standing;
    unsigned standing_count, standing_room;
    unsigned group_room;   /* size of the arrays by group below */
    struct rt_parcel step; /* its answer to control in a reload, */
    bool step_failed;      /* and the result of that step */
    char step_error[300];
    uint64_t next_tick_ms;
    uint64_t origins;
    struct brk_assoc *assocs; /* all that are not closed, oldest first */
    struct brk_assoc *walk;   /* of these, the next that is told to who looks at them: view.h */
    uint64_t turns;

    struct brk_gathered gathered[BRK_GATHER_MAX];
    uint32_t gathered_count;
    struct brk_assoc *dirty;
    struct tr_msg burst[BRK_BURST_MAX];
    struct tr_ready ready[BRK_READY_MAX];

    struct rt_batch *out;         /* by worker, and one for control: posted at the end of the turn */
    struct brk_queue *parked;     /* by group: messages that no member can take now */
    struct brk_queue *returned;   /* by group: came back in this turn, and go before what is parked */
    struct brk_queue left_groups; /* no longer for any group; empty except while a plan is adopted */
    struct brk_queue held_back;   /* of paired sessions: session/hold_back.h */
    bool pairs_wait;              /* there are such messages, or clients whose messages are to be held back */
    struct rt_pick_state *picks;  /* by group */
    uint64_t parked_version;      /* the snapshot by which the parked ones were last tried */
    uint64_t parked_count;
    struct rt_credit uncharged; /* of messages for which no source is stopped */
    uint64_t memory_elsewhere;  /* what waits with other workers, at the beginning of the turn: memory.h */
    uint64_t memory_promised;   /* what half-received messages may still grow by; others read it, atomic */
    bool starved;               /* some sockets are not read for memory_limit */
    bool crowded;               /* some of them wait until one of their group's members has room */
    struct rt_batch taken;

    struct brk_counts counts;
    struct brk_history history; /* read by others, too: history.h */
    struct brk_log_limit drop_limits[BRK_DROP_COUNT];
    struct brk_log_limit stream_limit;
    unsigned assoc_count; /* associations on a socket, and those in `leaving` */
};

struct brk_broker {
    const struct rt_plan *plan; /* in force; for the control thread, workers have a pointer of their own */
    const struct tr_backend *backend;
    struct brk_access *access; /* under a lock of its own: access.h */
    struct rt_current current;
    struct rt_plan *candidate;  /* to be prepared; workers read it between PREPARE and their answer */
    struct rt_plan *replaced;   /* the plan in force before; some workers may not have adopted `plan` yet */
    struct brk_segments health; /* struct brk_peer_health by source number: rt_source */
    struct brk_worker **workers;
    unsigned worker_count;
    bool log_level_fixed; /* by the command line: a reload does not change it */
    struct rt_inbox control;
    struct rt_inbox requests; /* to control, from observers: request.h */
    _Atomic bool draining;    /* it ends, or has ended */
    _Atomic bool ended;       /* the workers take nothing from their inboxes any more */
    pthread_barrier_t account_enter, account_leave;
};

static inline const char *brk_member_word(struct cfg_member m)
{
    return m.kind == CFG_MEMBER_LISTENER ? "listener" : "peer";
}

#endif
