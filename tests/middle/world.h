/* A whole broker in a simulation: real workers and the real control thread's steps, in one thread, over a
 * backend that simulates SCTP (stack.c), between simulated clients and servers (remotes.c), on a simulated
 * clock. What happens next is random, from a seed; after each step the account and the order are checked
 * (check.c).
 *
 * Turns. brk_worker_turn and brk_control_turn are called whole, one after the other, in an order that the
 * seed chooses. Control's grace period therefore ends at once: between two turns no worker holds a snapshot,
 * so what rt_current_publish waits for has happened (the one registered thread represents all workers, and a
 * thread that waits counts as quiescent). That is the real behaviour, of the runs in which turns do not
 * overlap. What overlapping turns could do beyond that (a worker still dispatches with the old snapshot while
 * another reads the new one) is not tested here; tests/stress has real threads for it. */
#ifndef JUNCTOR_TESTS_MIDDLE_WORLD_H
#define JUNCTOR_TESTS_MIDDLE_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/broker.h"
#include "broker/clock.h"
#include "broker/log.h"
#include "broker/state.h"
#include "broker/stats/counts.h"
#include "broker/worker.h"
#include "broker/control.h"
#include "transport/backend_priv.h"

enum {
    WORKERS_MAX = 3,
    PEERS_MAX = 4,
    LISTENERS_MAX = 2,
    STREAMS_MAX = 4,         /* of an association, */
    SERVER_STREAMS_MAX = 48, /* and of one that many clients share */
    PPIDS = 2,               /* messages have, from 1 on */
    LISTENER_PORT = 2900,
    PEER_PORT = 3000
};

/* ---- scenarios (scenario.c) ------------------------------------------------------------------------ */

enum { DROP_BIT_ALL = (1 << BRK_DROP_COUNT) - 1 };
#define MAY_DROP(reason) (1u << (reason))

struct scenario {
    const char *name;
    const char *config;    /* YAML without section `broker`; %s stands for `peeloff` */
    const char *broker;    /* more of section `broker`; NULL: none */
    const char *others[4]; /* what a reload may put in its place; NULL: no more */
    bool members_change;   /* a reload may change who is in the groups */
    unsigned peers;        /* servers of the world, on ports PEER_PORT … */
    unsigned client_ports; /* how many of the listeners clients connect to and send on */
    bool subscribers;      /* the second listener's clients only receive */
    bool answers;          /* servers send, too */
    bool ordered;          /* a stream keeps its order when a member is lost, and has one place at a time */
    bool reroutes;         /* messages that find no room overtake others of their stream */
    bool fans_out;         /* a message has several copies */
    bool resends;          /* what a lost association did not deliver goes to another */
    bool paired;
    bool states;       /* operators drain members, take them out and in again */
    bool mapped;       /* servers answer whom they have heard on a stream, and answers must come to him */
    unsigned may_drop; /* MAY_DROP bits */
    uint32_t
        leaves_as[PPIDS]; /* by PPID, from 1: what peers get it with; 0: the same; ANY_PPID: not looked at */
    bool loose;           /* some messages are unordered; the third peer gets those, and no others */
};
#define ANY_PPID UINT32_MAX

extern const struct scenario scenarios[];
extern const unsigned scenario_count;

/* ---- the world -------------------------------------------------------------------------------------- */

/* Whose way a stack gives messages back. */
enum style { LIKE_LINUX, LIKE_USRSCTP };

enum server_state { ACCEPTS, REFUSES, SILENT };

struct assoc;
struct end;
struct ledger;

struct world {
    const struct scenario *scenario;
    uint64_t seed, random;
    uint64_t step;
    enum style style;
    bool returns;       /* lost servers come back at any time, not only when nothing waits */
    bool gentle;        /* clients come and shut down, and that is all: what paired clients sent arrives, */
    bool answers;       /* and what servers sent, where they send, arrives or they are aborted */
    unsigned roughness; /* how often associations are lost: 0 … 7 */
    unsigned restlessness; /* how often somebody reloads: 0 … 100 */
    bool calm;             /* nothing is lost any more: everybody cooperates */
    bool stopping;         /* workers have been told to stop */
    bool draining;
    uint64_t now_ms;
    struct brk_broker broker;
    struct brk_control *control;
    struct tr_loop *loops[WORKERS_MAX]; /* of worker i */
    unsigned loop_count;
    enum server_state servers[PEERS_MAX];
    struct assoc **assocs; /* all that there have ever been */
    unsigned assoc_count, assoc_room;
    struct ledger *ledger;
    bool member_restarted;
    bool members_lost; /* a member of a group was lost since everything was settled */
    const char *peeloff;
    unsigned workers, reloads;
    bool few_descriptors; /* often none is left to peel an association off */
    bool cannot_open;     /* nothing more can be bound: a reload that needs to is refused */
};

extern struct world world;

void world_begin(const struct scenario *s, uint64_t seed);
/* One event: a turn of somebody, or something that happens outside. False: the broker has drained. */
bool world_step(void);
/* A reload begins, unless one is under way. */
void world_reload(void);
/* A member gets another state; all are ready again. */
void world_set_state(void);
void world_all_ready(void);
/* Lets everybody do their part until nothing waits anywhere; fails where that takes too long. */
void world_settle(void);
/* Ends the broker: by a drain that has to deliver everything, or by stopping at once. */
void world_end(bool drain);

/* True so many times in a hundred where things may fail. */
bool fails(unsigned percent);
/* Seeded: 0 … n - 1; true in so many of a hundred. */
uint64_t pick(uint64_t n);
bool chance(unsigned percent);

/* Something worth telling when the run fails. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
struct body;
/* The same of every single message; with VERBOSE only. `what` has one %u, for the association. */
void trace(const char *what, unsigned assoc, const struct body *b) __attribute__((format(printf, 1, 0)));
/* Ends the test: prints the seed and the last notes. */
void fail_seed(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
void print_notes(void);

/* ---- SCTP (stack.c) --------------------------------------------------------------------------------- */

/* The bytes of every message. */
struct body {
    uint32_t magic, id; /* place in the ledger */
    uint32_t source;    /* association that it was sent on, from 1 */
    uint32_t seq;       /* in its stream, from 1; 0: it is unordered */
    uint16_t stream;
    uint16_t for_stream; /* of an answer in a mapped session: the stream it belongs on, */
    uint32_t for_source; /* and the client; 0: it is no answer */
};
#define BODY_MAGIC 0x4a756e63u

enum life {
    CONNECTING, /* by the broker */
    UP,
    CLOSING, /* the broker shut it down; what it had sent goes out, the remote still sends */
    LEAVING, /* the remote shut it down; what the broker had sent goes out */
    GONE
};

struct sent {
    struct tr_msg msg; /* data is not used */
    struct body body;
    uint64_t gives_up_ms; /* 0: never */
    bool in_flight;       /* it is sent, and may be retransmitted; told of Linux only */
};

/* Who was heard last on a server's stream. */
struct heard {
    uint32_t source; /* 0: nobody */
    uint16_t stream;
    uint64_t at_ms;
};

struct assoc {
    uint32_t number; /* from 1: place in world.assocs */
    uint32_t source; /* its name as a source and a destination; another one after a restart */
    uint32_t id;     /* as the broker knows it, on `end` */
    struct end *end; /* NULL: closed */
    enum life life;
    bool is_server;   /* the broker connected it */
    unsigned member;  /* peer or listener */
    bool aborted;     /* by the broker */
    struct sent *out; /* taken over from the broker, not acknowledged */
    unsigned out_count, out_room;
    unsigned delivered;               /* how many of them have reached the remote */
    unsigned given_up;                /* without a word */
    unsigned window;                  /* so many fit */
    bool tells_dry;                   /* SENDER_DRY is wanted */
    bool refused;                     /* somebody was told TR_AGAIN */
    bool unpeeled;                    /* it could not be peeled off */
    unsigned unread;                  /* messages in the end's queue */
    unsigned receive_window;          /* so many fit */
    uint16_t in_streams, out_streams; /* seen from the broker */
    uint32_t seq[SERVER_STREAMS_MAX]; /* last one that the remote sent */
    struct heard heard[SERVER_STREAMS_MAX];
    uint16_t add_in, add_out; /* streams that the broker has asked for */
};

/* Makes an association to a listening end (NULL: to be connected by connect_init). */
struct assoc *stack_new(struct end *end, unsigned member, bool is_server);
void stack_up(struct assoc *a);
/* The broker's messages reach the remote; are acknowledged. */
void stack_deliver(struct assoc *a, unsigned count);
void stack_acknowledge(struct assoc *a, unsigned count);
/* How many are in flight: at least one if there are any. */
unsigned stack_in_flight(struct assoc *a);
/* SENDER_DRY: at once where there is nothing. */
void stack_tell_dry(struct assoc *a, bool on);
/* What has run out of time and is not under way comes back, or (Linux) is only counted. */
void stack_give_up(struct assoc *a);
/* Streams that were asked for come, or do not. */
void stack_add_streams(struct assoc *a);
/* Ends: with COMM_LOST or CANT_ASSOC and what was not acknowledged; or with a shutdown, begun by the remote.
 */
void stack_lose(struct assoc *a);
void stack_refuse(struct assoc *a);
void stack_shutdown(struct assoc *a);
/* The remote begins anew, on the same addresses and ports (RFC 9260 5.2.4). */
void stack_restart(struct assoc *a);
/* Where both sides are done a shutdown is complete. */
void stack_complete(struct assoc *a);
/* The remote sends a message: the caller has looked at the window. */
void stack_receive(struct assoc *a, uint32_t ppid, const struct body *body);

/* ---- the backend (backend.c) ------------------------------------------------------------------------ */

struct item {
    struct tr_item item;
    struct body body;
    struct item *prev, *next;
};

struct end {
    struct tr_endpoint base;
    struct item *queue;
    uint16_t port;
    bool listens;
    uint32_t next_id;
    struct end *prev, *next;
};

extern struct tr_backend paper;
/* A listening end of a listener on a worker; NULL: it does not accept any more. */
struct end *paper_listener(unsigned worker, unsigned listener);
void paper_queue(struct end *end, const struct tr_item *item, const struct body *body);
/* A look-up that waits is answered. */
void resolver_step(void);
bool resolver_waits(void);

/* ---- remotes (remotes.c) ----------------------------------------------------------------------------- */

void remotes_step(void);
/* A server that is up is lost, or shuts down. */
void remotes_lose_member(void);
/* Only what brings things to their end. */
void remotes_calm_step(void);
void servers_return(void);

/* ---- a tap (tap.c) ------------------------------------------------------------------------------------ */

void tap_begin(void);
/* What has been captured so far is what has been counted: messages. */
void tap_check(uint64_t received, uint64_t delivered, uint64_t returned, uint64_t dropped);
void tap_end(void);

/* ---- checks (check.c) -------------------------------------------------------------------------------- */

/* Over all runs, to see that something happens in them. */
extern struct totals {
    uint64_t runs, steps, associations, read, taken, returned, handed, peeled;
} totals;

void ledger_begin(void);
void ledger_end(void);
uint32_t ledger_new(const struct assoc *from); /* a message that it sends; its id */
void ledger_read(uint32_t id);                 /* the broker has read it */
void ledger_taken(uint32_t id);                /* the stack has taken it, or a copy */
void ledger_delivered(struct assoc *to, const struct body *b);
void ledger_returned(uint32_t id, bool delivered); /* put into the queue as given back */
void ledger_returned_read(void);
void ledger_given_up(uint32_t id);                  /* without a word */
void ledger_shut_down(const struct assoc *a);       /* it has ended as if all were well */
void ledger_vanished(uint32_t id, const char *how); /* neither delivered nor given back */
void check_step(void);
bool check_quiet(void); /* nothing waits anywhere */
void check_maps(
    void); /* where all is settled: streams of mapped sessions are their clients', or free again */
void check_end(void);

#endif
