/* What there is: a broker, and its workers. THREADS.md beside this file says which thread touches what; in
 * short: everything below a brk_worker belongs to that worker's thread, everything else in a brk_broker is
 * constant while workers run, atomic, or the control thread's. */
#ifndef JUNCTOR_BROKER_STATE_H
#define JUNCTOR_BROKER_STATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

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
struct brk_assoc;
struct brk_broker;
struct brk_names;
struct brk_standing;

#define BRK_READY_MAX   256 /* ready sockets a turn */
#define BRK_TICK_MS     50  /* how often timers are looked at while there are any */
#define BRK_WORKERS_MAX 256

enum brk_phase { BRK_RUNNING, BRK_DRAIN_SOURCES, BRK_DRAIN_ALL };

/* Commands to workers, a bit each; set by control, which then wakes the inbox. Seen by the worker before it
 * takes its inbox, carried out after: so what others posted before the command is handled before it. */
enum brk_command {
    BRK_CMD_ACCOUNT = 1,
    BRK_CMD_DRAIN_SOURCES = 2,
    BRK_CMD_DRAIN_ALL = 4,
    BRK_CMD_STOP = 8,
    BRK_CMD_PREPARE = 16, /* for broker->candidate: adopt.h */
    BRK_CMD_ABANDON = 32
};

enum brk_progress { BRK_BUSY, BRK_SOURCES_DONE, BRK_ALL_DONE };

struct brk_worker {
    uint32_t magic; /* BRK_WORKER_MAGIC: check.h */
    unsigned index;
    struct brk_broker *broker;
    const struct rt_plan *plan;      /* that of the snapshot */
    const struct cfg_config *config; /* the plan's */
    bool gives_up;                   /* the plan's, or one's before it */
    pthread_t thread;
    struct rt_inbox inbox;
    _Atomic unsigned commands;       /* enum brk_command; written by control */
    _Atomic int progress;            /* enum brk_progress; written by the worker */
    _Atomic uint64_t reported_taken; /* counts.taken_in when it last reported its progress */

    struct tr_loop *loop;
    const struct rt_snapshot *snapshot; /* valid for this turn */
    uint64_t now_ms;
    enum brk_phase phase;
    bool stop;

    struct brk_socket *sockets, *closed_sockets;
    struct brk_socket *prepared; /* listeners of a plan that is not in force yet */
    bool ending;                 /* an association or socket is being ended */
    struct brk_assoc *resolving, *connecting, *drying, *leaving, *closed_assocs;
    struct tr_resolver *resolver;  /* NULL: no peer has a host name */
    struct brk_names **names;      /* per peer */
    struct brk_names **names_next; /* those of a plan that is not in force yet */
    unsigned names_count, names_next_count;
    struct brk_names *names_stale; /* of no peer any more; answers are still to come */
    struct brk_assoc *stalling;    /* destinations that take nothing now (stall.c) */
    struct brk_assoc *expiring;    /* those that messages with a ttl wait for */
    uint64_t parked_expires_ms;    /* when the first parked message's ttl ends; 0: none has one */
    struct brk_standing *standing;
    unsigned standing_count, standing_room;
    unsigned group_room;   /* of the arrays per group below */
    struct rt_parcel step; /* what it answers control with in a reload, */
    bool step_failed;      /* and how that went */
    char step_error[300];
    uint64_t next_tick_ms;
    uint64_t origins;

    struct brk_gathered gathered[BRK_GATHER_MAX];
    uint32_t gathered_count;
    struct brk_assoc *dirty;
    struct tr_msg burst[BRK_BURST_MAX];
    struct tr_ready ready[BRK_READY_MAX];

    struct rt_batch *out;        /* per worker, and one for control: posted at the end of the turn */
    struct brk_queue *parked;    /* per group: messages that no member can take now */
    struct brk_queue *returned;  /* per group: came back this turn, go before what is parked */
    struct rt_pick_state *picks; /* per group */
    uint64_t parked_version;     /* snapshot that the parked ones were last tried with */
    uint64_t parked_count;
    struct rt_batch taken;

    struct brk_counts counts;
    struct brk_log_limit drop_limits[BRK_DROP_COUNT];
    struct brk_log_limit stream_limit;
    unsigned assoc_count; /* those in the hash of a socket, and the leaving ones */
};

struct brk_broker {
    const struct rt_plan *plan; /* in force; the control thread's, workers have their own pointer to it */
    const struct tr_backend *backend;
    struct rt_current current;
    struct rt_plan *candidate;  /* to be prepared for; read by workers between PREPARE and their answer */
    struct rt_plan *replaced;   /* was in force before; some worker may not have taken over `plan` yet */
    struct brk_segments health; /* struct brk_peer_health by peer */
    struct brk_worker **workers;
    unsigned worker_count;
    bool log_level_fixed; /* by the command line: no reload changes it */
    struct rt_inbox control;
    pthread_barrier_t account_enter, account_leave;
};

static inline const char *brk_member_word(struct cfg_member m)
{
    return m.kind == CFG_MEMBER_LISTENER ? "listener" : "peer";
}

#endif
