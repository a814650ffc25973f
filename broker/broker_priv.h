/* What the files of broker/ share: the broker, its workers, their sockets and associations. THREADS.md beside
 * this file says which thread touches what; in short: everything below a brk_worker belongs to that worker's
 * thread, everything else in a brk_broker is constant while workers run, atomic, or the control thread's.
 *
 *   broker.c   start and end                        control.c  the control thread: signals, group membership
 *   worker.c   a worker's thread and its turn       socket.c   sockets: reading, events, peeling off, closing
 *   forward.c  the way of a message                 session.c  paired sessions
 *   peer.c     standing associations to peers       assoc.c    associations: up, lost, gone
 *   own.c      peers that are the broker itself
 *   names.c    addresses of peers, looked up where they are host names
 *   stall.c    destinations that take nothing
 *   reliability.c  messages that may be given up    options.c  SCTP options of the file
 *   returned.c messages that the stack gives back   sent.c     what they are known by
 *   notice.c   what of associations is only logged: paths, streams, statistics
 *   clock.c    the time */
#ifndef JUNCTOR_BROKER_BROKER_PRIV_H
#define JUNCTOR_BROKER_BROKER_PRIV_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <uthash.h>

#include "broker/account.h"
#include "broker/log.h"
#include "broker/sent.h"
#include "broker/sndbuf.h"
#include "broker/stats/counts.h"
#include "config/config.h"
#include "routing/choice.h"
#include "routing/inbox.h"
#include "routing/message.h"
#include "routing/plan.h"
#include "routing/snapshot.h"
#include "routing/table.h"
#include "transport/resolve.h"
#include "transport/transport.h"

#define BRK_READY_MAX   256  /* ready sockets a turn */
#define BRK_BACKLOG     1024 /* of tr_listen */
#define BRK_GATHER_MAX  1024 /* messages gathered before everything is sent */
#define BRK_BURST_MAX   256  /* messages in one tr_send */
#define BRK_ROUNDS_MAX  16   /* batches read from one socket in a row, so that others get their turn */
#define BRK_STATS_MS    5000 /* how old the statistics of a busy association get */
#define BRK_STATS_TEXT  200  /* room for brk_stats_format */
#define BRK_TICK_MS     50   /* how often timers are looked at while there are any */
#define BRK_WORKERS_MAX 256
#define BRK_ORIGIN_BITS 48 /* of an association's number; the worker that reads it stands above them */

/* In rt_message.flags beside those of transport.h: the stack gave it back and named no error. */
#define BRK_NO_ERROR 0x8000
/* The same: it was on the wire, so the peer may have it. */
#define BRK_WAS_SENT 0x4000

struct brk_worker;
struct brk_socket;

/* Errands: what parcels between threads mean beyond a message for a destination. */
enum brk_errand {
    BRK_RETURNED =
        1, /* a message that its destination could not deliver: send it again, before what is parked */
    BRK_MEMBER_UP,   /* to control: `to` is a brk_dest that can be sent to */
    BRK_MEMBER_DOWN, /* to control: … no more */
    BRK_RETIRE,      /* to the owner: nobody posts to this brk_dest any more */
    BRK_RETIRED,     /* to control: what it left has been passed on; free it */
    BRK_STEPPED      /* to control: the worker `to` has done its step of a reload */
};

/* An association as a destination of shared sessions. Made by the owning worker when it comes up, freed by
 * the control thread when the retirement has come round. Its errands are part of it, so that they cannot
 * fail. */
struct brk_dest {
    struct rt_dest dest;
    struct rt_parcel up, down, retire, retired;
    bool down_sent, retire_came;  /* the owner's */
    bool removed;                 /* control's: out of its groups, which are held until it is retired */
    struct brk_dest *prev, *next; /* control's: all there are */
};

/* An association's statistics, as last read; see notice.c. */
struct brk_assoc_stats {
    uint64_t next_ms; /* when to read them again */
    uint64_t read_ms; /* 0: not read; the transport may have none */
    uint64_t packets_out, packets_in, retransmitted, duplicates; /* the latter two of DATA chunks */
    uint64_t abandoned;                                          /* messages that the stack gave up, */
    uint64_t returned; /* those of them that came back, counted here, */
    uint64_t unseen;   /* and those that did not; part of worker->counts.abandoned_unseen */
};

enum brk_assoc_state {
    BRK_RESOLVING,  /* a partner without a socket yet: the address of its peer is being looked up */
    BRK_CONNECTING, /* set-up under way; messages wait in `pending` */
    BRK_UP,
    BRK_LOST,   /* ended; the messages it gave back are still being read */
    BRK_LEAVING /* off its socket; waits for its destination's retirement */
};

struct brk_assoc {
    UT_hash_handle hh; /* in socket->assocs by id */
    uint32_t id;       /* RFC 6458 association id; unique on its socket */
    enum brk_assoc_state state;
    struct brk_worker *worker;
    struct brk_socket *socket;
    uint64_t origin;        /* unique in the broker's life; see brk_reader */
    uint64_t session;       /* of a paired session: the origin of its client; 0: in none */
    const char *ended_here; /* why this side has aborted it, static text; NULL: it has not */
    uint16_t out_streams, in_streams;
    bool was_up;
    bool brought; /* a message has come from it */
    struct brk_assoc_stats stats;

    /* What goes out. Invariant: a burst is gathered only while `pending` is empty, so order holds. */
    uint32_t burst_first, burst_last, burst_count; /* in worker->gathered */
    struct rt_batch pending;                       /* parcels that wait, oldest first */
    uint64_t expires_ms; /* in worker->expiring since one of them has a ttl: the first that ends; else 0 */
    struct brk_assoc *prev_expiring, *next_expiring;
    struct brk_sent_log sent;
    bool blocked;        /* the stack said TR_AGAIN: wait for TR_WRITABLE */
    uint64_t stalled_ms; /* in worker->stalling: when it last took something; else 0 */
    struct brk_assoc *prev_stalling, *next_stalling;
    bool dirty; /* in worker->dirty */
    struct brk_assoc *next_dirty;
    bool eof_wanted, eof_sent; /* shut down once nothing is pending */
    bool unserved;             /* of a client: a message of it was dropped because its session had ended */
    bool unwanted;             /* a set-up that nobody waits for any more: ended once it is up */
    uint64_t end_by_ms;        /* being ended, and aborted then; 0: not. See ending.h */
    bool ended_late;           /* and has been */
    bool peel_wanted;

    /* As a destination of shared sessions; NULL: none. */
    struct brk_dest *dest;
    struct rt_batch leftover; /* what it gave back, by context in `order`: see returned.c */

    /* Paired sessions. */
    struct brk_assoc *client;  /* of a partner: whose; NULL when the client is gone */
    struct brk_assoc *partner; /* of a client; NULL: none (yet, or any more) */
    bool is_partner;
    uint32_t group;         /* of a partner: it connects to a member of it */
    uint64_t chosen_for;    /* that choice is its client's, by origin: routing/choice.h */
    unsigned candidate;     /* the peer that it is being connected to, or is */
    unsigned tries;         /* candidates before it */
    unsigned address_tries; /* its addresses that were tried */
    uint16_t asked_out_streams, asked_in_streams;
    unsigned peer, round;          /* while connecting: to whom, and with which answer (names.c) */
    uint64_t deadline_ms;          /* while resolving or connecting */
    struct brk_assoc *prev, *next; /* worker->resolving or connecting, then leaving or graveyard */
};

enum brk_socket_kind { BRK_LISTENING, BRK_PEELED, BRK_OUTBOUND };

struct brk_socket {
    struct tr_endpoint *ep; /* NULL once closed; the struct stays until its credit is home */
    struct brk_worker *worker;
    enum brk_socket_kind kind;
    struct cfg_member member; /* the listener or peer it belongs to */
    uint32_t source;          /* the member's number in the route table */
    struct brk_traffic *traffic;
    struct rt_credit credit;
    struct brk_sndbuf sndbuf;
    int64_t full_buffer;      /* receive buffer for those peeled off it; see shrink_window */
    struct brk_assoc *assocs; /* uthash */
    struct brk_assoc *last;   /* the one found last: messages come in runs */
    bool paused;              /* credit used up: not read */
    bool to_the_end;          /* read all the same, until the stack has no more: an association has ended */
    bool writable_wanted;
    bool retiring;                         /* accepts nobody any more, closes with its last association */
    bool has_lost, has_leftover, has_peel; /* look for such an association after reading */
    struct brk_socket *prev, *next;        /* worker->sockets or worker->closed */
};

/* A message on its way from a receive slot to the stack, within one turn. */
struct brk_gathered {
    struct tr_msg msg;
    struct brk_assoc *from; /* whose socket's credit it uses if it must wait */
    uint32_t route;
    uint16_t asked; /* stream; what it leaves on may be another one */
    bool fan_out;   /* others get copies of it */
    uint32_t next;
};

/* A peer that the broker keeps an association to, whoever sends: for shared sessions. Owned by one worker. */
struct brk_standing {
    unsigned peer;
    struct brk_assoc *assoc; /* NULL: between attempts */
    uint64_t next_try_ms;
    uint64_t waits_until_ms; /* the address is being looked up for an attempt; 0: no */
};

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
    unsigned index;
    struct brk_broker *broker;
    const struct rt_plan *plan;      /* that of the snapshot */
    const struct cfg_config *config; /* the plan's */
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

    struct brk_socket *sockets, *closed;
    struct brk_socket *prepared; /* listeners of a plan that is not in force yet */
    bool ending;                 /* an association or socket is being ended */
    struct brk_assoc *resolving, *connecting, *leaving, *graveyard;
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
    struct rt_batch *parked;     /* per group: messages that no member can take now */
    struct rt_batch *returned;   /* per group: came back this turn, go before what is parked */
    struct rt_pick_state *picks; /* per group */
    uint64_t parked_version;     /* snapshot that the parked ones were last tried with */
    uint64_t parked_count;
    struct rt_batch taken;

    struct brk_counts counts;
    struct brk_log_limit drop_limits[BRK_DROP_COUNT];
    struct brk_log_limit stream_limit;
    unsigned assoc_count; /* those in the hash of a socket, and the leaving ones */
};

/* What workers share about a peer: whether connecting to it makes sense now. */
struct brk_peer_health {
    _Atomic uint64_t down_until_ms;
    _Atomic unsigned failures;    /* in a row */
    _Atomic uint64_t row_ends_ms; /* a later one is the first of another row */
    _Atomic bool compared;        /* somebody has told what the stack granted of its options */
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
    struct rt_inbox control;
    pthread_barrier_t account_enter, account_leave;
};

/* ---- broker.c ------------------------------------------------------------------------------------- */

/* Opens all workers for b->plan on b->backend, which the caller has set; everything else of *b is zero, and
 * b->control.eventfd -1. False: the reason has been logged. brk_broker_close in either case. */
bool brk_broker_open(struct brk_broker *b);
void brk_broker_close(struct brk_broker *b); /* with its plan */

/* ---- worker.c ------------------------------------------------------------------------------------- */

/* Makes room for what `c` has; what is there stays. False: out of memory. (adopt.c) */
bool brk_worker_fit(struct brk_worker *w, const struct cfg_config *c);
/* Opens everything of a worker (loop, inbox, listeners) in the calling thread. On failure the reason has been
 * logged and nothing is left behind. */
struct brk_worker *brk_worker_new(struct brk_broker *b, unsigned index);
/* One turn (THREADS.md); sleeps in it while there is nothing to do. After the one that carries out
 * BRK_CMD_STOP w->stop is set, and it must not be called again. The calling thread is registered as a reader
 * (rt_reader_register). */
void brk_worker_turn(struct brk_worker *w);
/* The thread: takes turns until BRK_CMD_STOP. */
void *brk_worker_main(void *worker);
/* After all worker threads have ended: counts what is left as dropped (BRK_STOPPED) and closes the sockets.
 */
void brk_worker_end(struct brk_worker *w);
/* Then settles what others have posted to it: messages that came home are freed, others dropped. False: there
 * was nothing. */
bool brk_worker_settle(struct brk_worker *w);
/* Frees it, counts included. */
void brk_worker_free(struct brk_worker *w);
/* Any thread: sets command bits and wakes the worker. */
void brk_worker_command(struct brk_worker *w, unsigned commands);

/* ---- forward.c ------------------------------------------------------------------------------------ */

/* One message that `from` received, still in its receive slot; the caller has counted it as received. */
void brk_forward(struct brk_worker *w, struct brk_assoc *from, const struct tr_msg *m);
/* Puts a parcel behind what waits for `a`, to be sent at the end of the turn; takes it over. */
void brk_append(struct brk_worker *w, struct brk_assoc *a, struct rt_parcel *p);
/* Tries parked messages with the current snapshot. */
void brk_unpark(struct brk_worker *w);
/* Sends what waits for `a`, as far as the stack takes it. */
void brk_send_pending(struct brk_worker *w, struct brk_assoc *a);
/* Sends everything gathered and pending that is not blocked. */
void brk_flush(struct brk_worker *w);
/* Posts what was put into w->out. */
void brk_post(struct brk_worker *w);
/* Counts and frees a parcel that cannot be delivered, or one that was. */
void brk_drop_parcel(struct brk_worker *w, struct rt_parcel *p, enum brk_drop reason);
void brk_drop_batch(struct brk_worker *w, struct rt_batch *b, enum brk_drop reason);
void brk_parcel_done(struct brk_worker *w, struct rt_parcel *p);
/* A message came home: frees it and lets its source go on. */
void brk_home(struct brk_worker *w, struct rt_message *m);

/* A new parcel for one more place where a message waits, which it counts. NULL: out of memory, counted as
 * dropped. */
struct rt_parcel *brk_parcel_new(struct brk_worker *w, struct rt_message *m, uint32_t route);
/* ---- drop.c --------------------------------------------------------------------------------------- */

/* A message that is dropped, for the log. */
struct brk_dropped {
    const struct brk_socket *from; /* that it was read from; NULL: not known any more */
    uint32_t route, ppid;
    uint16_t stream; /* that it came on */
};

struct brk_dropped brk_dropped_message(const struct rt_message *m, uint32_t route);

/* Counts and logs it; of many the first in each second. */
void brk_count_drop(struct brk_worker *w, const struct brk_dropped *d, enum brk_drop reason);

/* ---- returned.c ----------------------------------------------------------------------------------- */

/* A message that the stack gave back: kept in `leftover` until all that belongs with it has been read. */
void brk_give_back(struct brk_worker *w, struct brk_assoc *a, const struct tr_event *failed);
/* An association is over: what it could not deliver is sent again, or dropped where there is nobody else. */
void brk_pass_on(struct brk_worker *w, struct brk_assoc *a);
/* What the stack gave back for an association that lives: given up, so not sent again. */
void brk_drop_given_up(struct brk_worker *w, struct brk_assoc *a);
/* Finds the route of a message that waits whose route has gone. False: none takes it now, or one that its
 * source's session would have to take. */
bool brk_reroute(const struct brk_worker *w, struct rt_parcel *p);
/* Sends a parcel again from its route on, before what is parked, or hands it to the worker that had read it,
 * for that; drops it where there is nobody else. */
void brk_send_again(struct brk_worker *w, struct rt_parcel *p);
/* The worker that read a message, which decides its order. Its memory may be another one's (`home`). */
static inline unsigned brk_reader(const struct rt_message *m)
{
    return (unsigned)(m->origin >> BRK_ORIGIN_BITS);
}

/* ---- reliability.c -------------------------------------------------------------------------------- */

/* True when messages of a route (or RT_NO_ROUTE) have a ttl. */
bool brk_has_ttl(const struct cfg_config *c, uint32_t route);
/* Fills in the policy of a message to be sent. */
void brk_policy(const struct brk_worker *w, struct tr_msg *m, uint32_t route, uint64_t entered_ms);

/* True when a parcel's ttl is over. */
bool brk_is_expired(const struct brk_worker *w, const struct rt_parcel *p);
/* A parcel has been put into an association's `pending`, or is parked or about to be. */
void brk_wait_pending(struct brk_worker *w, struct brk_assoc *a, const struct rt_parcel *p);
void brk_wait_parked(struct brk_worker *w, const struct rt_parcel *p);
/* The association is about to be freed. */
void brk_expiry_forget(struct brk_worker *w, struct brk_assoc *a);
/* Each tick: drops what waits and is too old. */
void brk_expire(struct brk_worker *w);
/* True when there is something to come for it. */
bool brk_expiry_pending(const struct brk_worker *w);

/* ---- stall.c -------------------------------------------------------------------------------------- */

/* The stack refused a message for `a`; it took some of what waits; it is over. */
void brk_stall_begin(struct brk_worker *w, struct brk_assoc *a);
void brk_stall_moved(struct brk_worker *w, struct brk_assoc *a);
void brk_stall_forget(struct brk_worker *w, struct brk_assoc *a);
/* Each tick: aborts those that took nothing for too long. */
void brk_stall_tick(struct brk_worker *w);

/* ---- socket.c ------------------------------------------------------------------------------------- */

/* Opens a listener of `c`, which may be a plan's that is not in force yet, with `*socket` for it. */
enum tr_code brk_listen(struct brk_worker *w, const struct cfg_config *c, unsigned listener,
                        struct brk_socket **socket, struct tr_error *error);
/* The receive buffer of a listening socket was set: what new associations are to offer of it, where they get
 * sockets of their own. */
void brk_socket_shrink_window(struct brk_socket *s);
/* A listener of the plan in force has been opened: says what the stack granted. */
void brk_listener_opened(struct brk_socket *s);
/* A socket and a non-blocking association set-up to a peer; `streams` (may be NULL) sets initmsg. On success
 * the association is in `a` (id, socket) and the socket's hash. TR_AGAIN: the peer's name is being looked up;
 * the answer calls brk_peers_resolved and brk_session_resolved. In any case a->peer is set. */
enum tr_code brk_connect(struct brk_worker *w, unsigned peer, const struct opt_set *streams,
                         struct brk_assoc *a, struct tr_error *error);
/* One batch, or more while an association is ending. True: there is nothing more to read. */
bool brk_socket_read(struct brk_worker *w, struct brk_socket *s);
/* TR_ENDED: reads it whether it is paused or not. */
void brk_socket_ended(struct brk_worker *w, struct brk_socket *s);
void brk_socket_writable(struct brk_worker *w, struct brk_socket *s);
void brk_socket_want_writable(struct brk_socket *s, bool wanted);
/* Pauses a source whose credit is used up. */
void brk_socket_check_pause(struct brk_socket *s);
/* Resumes a source whose credit is free again; frees a closed one that nothing refers to any more. */
void brk_socket_check_resume(struct brk_socket *s);
/* Closes the stack's side; the struct goes when its credit is home and its associations are gone. */
void brk_socket_close(struct brk_socket *s);
/* Aborts all associations and counts what the stack gives back; for the end. */
void brk_socket_abort_all(struct brk_worker *w, struct brk_socket *s);

/* ---- own.c ---------------------------------------------------------------------------------------- */

/* TR_INVALID, with a text that says why, where an address is one that the broker listens at. */
enum tr_code brk_refuse_own(struct brk_worker *w, const struct cfg_peer *p, const struct tr_target *target,
                            struct tr_error *error);

/* ---- options.c ------------------------------------------------------------------------------------ */

/* What the file says of a listener or peer and a socket can have. */
struct opt_set brk_options_at_open(const struct cfg_config *c, struct cfg_member m);
/* Sets what only an association can have (primary_addr, what names a path, …). */
void brk_assoc_options(struct brk_assoc *a);
/* Tells where the stack granted other values than the file asks for (buffers above the sysctl limit, …). */
void brk_options_compare(const struct brk_socket *s, const struct opt_set *wanted);
/* Sets the options of each listener and peer on a socket that is then closed again: what the stack will not
 * take is told with its place when the broker starts (TR_UNSUPPORTED, TR_INVALID), not with the first
 * connection. */
enum tr_code brk_try_options(struct brk_worker *w, const struct cfg_config *c, struct tr_error *error);
/* Sets on a socket and its associations what the file says otherwise than `old` did and their rows let act on
 * what is there (OPT_NOW), and on a listening socket what its next associations are to begin with. */
void brk_options_adopt(struct brk_socket *s, const struct cfg_config *old);

/* ---- assoc.c -------------------------------------------------------------------------------------- */

struct brk_assoc *brk_assoc_new(struct brk_worker *w, enum brk_assoc_state state); /* NULL: out of memory */
void brk_assoc_attach(struct brk_assoc *a, struct brk_socket *s, uint32_t id);
void brk_assoc_detach(struct brk_assoc *a);
struct brk_assoc *brk_assoc_find(struct brk_socket *s, uint32_t id);
/* Lets the log of what was sent reach as far back as the send buffer of its socket may hold. */
void brk_assoc_keep_sent(struct brk_assoc *a);

void brk_assoc_up(struct brk_worker *w, struct brk_assoc *a, const struct tr_event *e);
/* The association is over, `clean` when by a shutdown of both sides. */
void brk_assoc_lost(struct brk_worker *w, struct brk_assoc *a, bool clean, const struct tr_event *e);
/* The peer of `old`, which is up, has begun anew (TR_RESTART; what `old` had not delivered came before that
 * event): `old` is lost and gone from its socket, and the association that takes its place there, not up yet,
 * is returned. NULL: aborted, for lack of memory, or because `old` is a partner. */
struct brk_assoc *brk_assoc_restart(struct brk_worker *w, struct brk_assoc *old, const struct tr_event *e);
/* Everything the stack gave back for a lost association has been read. */
void brk_assoc_finish(struct brk_worker *w, struct brk_assoc *a);
/* Its destination's retirement came round. */
void brk_assoc_retire(struct brk_worker *w, struct brk_dest *d);
/* Joins the groups that its listener or peer is a member of; does nothing where there are none. */
void brk_assoc_join(struct brk_worker *w, struct brk_assoc *a);
/* Leaves them although it is up; when nobody posts to it any more it is shut down. */
void brk_assoc_withdraw(struct brk_worker *w, struct brk_assoc *a);
/* Asks for a graceful shutdown once nothing is pending. */
void brk_assoc_eof(struct brk_worker *w, struct brk_assoc *a);
/* `why`: for the log, static text. */
void brk_assoc_abort(struct brk_worker *w, struct brk_assoc *a, const char *why);
/* The same with a reason for the peer, `len` bytes (none: 0). */
void brk_assoc_abort_for(struct brk_worker *w, struct brk_assoc *a, const char *why, const void *reason,
                         uint32_t len);
/* Frees at the end of the turn. */
void brk_assoc_bury(struct brk_worker *w, struct brk_assoc *a);
void brk_assoc_free_buried(struct brk_worker *w);
const char *brk_assoc_name(const struct brk_assoc *a); /* of its listener or peer */
/* " session=WORKER-NUMBER", the same for both sides of a paired session, or "". */
#define BRK_SESSION_TEXT 40
const char *brk_session_text(const struct brk_assoc *a, char out[static BRK_SESSION_TEXT]);
/* Whether a line about this association is to be logged now. Those of clients and their partners have a
 * budget; standing ones are few, come back after a pause, and their lines must not go under in the others. */
bool brk_assoc_admits(const struct brk_assoc *a, struct brk_log_budget *lines);

/* ---- notice.c ------------------------------------------------------------------------------------- */

/* TR_EV_PATH_CHANGE; TR_EV_STREAM_RESET, TR_EV_ASSOC_RESET, TR_EV_STREAM_CHANGE. */
void brk_notice_path(struct brk_worker *w, struct brk_socket *s, const struct tr_event *e);
void brk_notice_reconfig(struct brk_worker *w, struct brk_socket *s, const struct tr_event *e);
/* A partner came up: streams that its client got since it was asked for. */
void brk_streams_follow(struct brk_worker *w, struct brk_assoc *partner);
/* `a` takes the place of `old` in the stack, which goes on counting. */
void brk_stats_follow(struct brk_assoc *a, struct brk_assoc *old);
/* Reads the statistics of an association that is up. */
void brk_stats_read(struct brk_worker *w, struct brk_assoc *a);
/* The same now and then, from where it carries messages. */
static inline void brk_stats_tick(struct brk_worker *w, struct brk_assoc *a)
{
    if (w->now_ms >= a->stats.next_ms && a->state == BRK_UP)
        brk_stats_read(w, a);
}
/* " packets_out=… …", or "" where none were read. Returns `out`. */
const char *brk_stats_format(const struct brk_worker *w, const struct brk_assoc *a, char *out, size_t size);
/* Before an account: reads those of all associations where it needs them, and logs them at level debug. */
void brk_stats_all(struct brk_worker *w);
/* A message of `a` came back: it is none of those that the stack gave up without a word. */
void brk_stats_returned(struct brk_worker *w, struct brk_assoc *a, const struct tr_event *failed);

static inline const char *brk_member_word(struct cfg_member m)
{
    return m.kind == CFG_MEMBER_LISTENER ? "listener" : "peer";
}

/* ---- session.c ------------------------------------------------------------------------------------ */

/* A source came up: connects its partner where it has paired routes. */
void brk_session_open(struct brk_worker *w, struct brk_assoc *client);
/* The partner for a message of `client` on paired route `route`, connected when there is none yet. NULL:
 * refused. */
struct brk_assoc *brk_session_partner(struct brk_worker *w, struct brk_assoc *client, uint32_t route);
/* An attempt to connect a partner failed: the next member, or the end of the session. */
void brk_session_connect_failed(struct brk_worker *w, struct brk_assoc *partner, const char *why);
/* The time of a partner that waits for the address of its peer is over: the same. */
void brk_session_not_resolved(struct brk_worker *w, struct brk_assoc *partner);
/* The current member cannot be connected: the next one is the current one. */
void brk_session_next_member(struct brk_worker *w, struct brk_assoc *partner);
/* The set-up with the current address was refused: counts it, and the member once all its addresses were. */
void brk_session_address_failed(struct brk_worker *w, struct brk_assoc *partner);
/* The addresses of a peer are known, or known not to be had: connects the partners that wait for them. */
void brk_session_resolved(struct brk_worker *w, unsigned peer);
/* One side of a session is over: carries it across, the reason that the peer gave with its abort included. */
void brk_session_lost(struct brk_worker *w, struct brk_assoc *a, bool clean, const struct tr_event *e);
/* A message of `client` has nowhere to go because its session ended: it may not end as if all had arrived. */
void brk_session_unserved(struct brk_worker *w, struct brk_assoc *client);

/* ---- peer.c --------------------------------------------------------------------------------------- */

/* Connects the standing peers of this worker that are due. */
void brk_peers_tick(struct brk_worker *w);
void brk_peer_gone(struct brk_worker *w, struct brk_assoc *a);
static inline struct brk_peer_health *brk_health(const struct brk_broker *b, unsigned peer)
{
    return brk_segments_at(&b->health, peer);
}
/* The peer of `old` began anew; `a` stands in its place. */
void brk_peer_restarted(struct brk_worker *w, const struct brk_assoc *old, struct brk_assoc *a);
/* The addresses of a peer are known, or known not to be had: connects the standing association that waits. */
void brk_peers_resolved(struct brk_worker *w, unsigned peer);
/* Logs that an attempt to connect failed; `partner`: that of a paired session, of which there
 * may be many, else NULL. */
void brk_log_connect_failed(const struct brk_worker *w, unsigned peer, const struct brk_assoc *partner,
                            const char *why);
/* The same: its time was over before the peer's name was looked up. */
void brk_log_not_resolved(const struct brk_worker *w, unsigned peer, const struct brk_assoc *partner);
/* Health, for all workers. */
void brk_peer_failed(struct brk_worker *w, unsigned peer);
void brk_peer_up(struct brk_broker *b, unsigned peer);
/* An association to it has brought a message: the next failure is the first one again. */
void brk_peer_worked(struct brk_broker *b, unsigned peer);
bool brk_peer_usable(const struct brk_broker *b, unsigned peer, uint64_t now_ms);

/* ---- names.c -------------------------------------------------------------------------------------- */

enum tr_code brk_names_open(struct brk_worker *w, struct tr_error *error);
/* Also of what was opened in part. */
void brk_names_close(struct brk_worker *w);
/* Gets ready for a plan: what its peers that are new or elsewhere need. */
bool brk_names_prepare(struct brk_worker *w, const struct cfg_config *c, struct tr_error *error);
void brk_names_abandon(struct brk_worker *w);
/* That plan is in force. Answers to questions about peers that are elsewhere now come to nothing. */
void brk_names_adopt(struct brk_worker *w);
/* What to connect a peer with now; valid until the next call about this peer. *round: say it in
 * brk_names_failed. TR_AGAIN: being looked up. */
enum tr_code brk_names_get(struct brk_worker *w, unsigned peer, const struct net_addr **addresses,
                           unsigned *count, unsigned *round, struct tr_error *error);
/* How many addresses are worth trying one after the other. */
unsigned brk_names_found(const struct brk_worker *w, unsigned peer);
/* A connect failed, or an association was lost that `was_up`: the next connect looks the name up again. */
void brk_names_failed(struct brk_worker *w, unsigned peer, unsigned round, bool was_up);
/* The resolver has answers. */
void brk_names_read(struct brk_worker *w);

/* ---- clock.c -------------------------------------------------------------------------------------- */

uint64_t brk_now_ms(void); /* CLOCK_MONOTONIC */

#endif
