/* What all workers read for every message and one thread changes: the plan and the members of each group.
 *
 * A snapshot is immutable. The control thread builds a new one, publishes it and frees the old one after a
 * grace period (urcu-qsbr: reading costs nothing; a worker announces a quiescent state once a turn and is
 * offline while it sleeps). The pointer is a C11 atomic (release / acquire), so that race detectors see
 * the transfer.
 *
 * Destinations: an rt_dest represents one association that can be sent to, and belongs to the worker that
 * owns the association. The control thread frees it when its retirement is complete. It publishes a
 * snapshot without it and waits a grace period; from then on nobody posts to it. Then it posts a control
 * message to the owner's inbox; inboxes preserve the order, so everything ever posted for the destination
 * comes before it. The owner's answer says that nothing is left. */
#ifndef JUNCTOR_ROUTING_SNAPSHOT_H
#define JUNCTOR_ROUTING_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "routing/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What an outbox has no room for, bits. */
enum rt_room {
    RT_FULL = 1, /* messages of routes that do not let their sources wait */
    RT_STOP = 2  /* any: sources that add to it are to be stopped */
};

struct rt_owners; /* owners.h */

struct rt_dest {
    uint32_t worker;  /* owner */
    uint8_t room;     /* enum rt_room bits, atomic: written by the owner, for readers a hint */
    uint32_t waiting; /* messages in its outbox, atomic: likewise, as of the last turn that changed it */
    struct cfg_member member; /* the peer or listener it belongs to */
    bool mapped;              /* it is in the groups of mapped routes, else in all others */
    uint64_t up_ms;           /* when it came up; 0: it has always been */
    struct net_addr remote;   /* of its peer, the first one; AF_UNSPEC: not known */
    uint32_t adaptation;      /* what its peer has announced, */
    bool adapted;             /* if it has */
    bool authenticated;       /* messages to it are authenticated, and its peer can do so */
    uint64_t number;          /* tells those of one listener apart; that of the one whose place it takes */
    void *owner;              /* the broker's association; for the owning worker only */
};

/* Any worker, and as old as the owner's last change that it sees: relaxed, since nothing else depends on it.
 */
static inline uint32_t rt_dest_waiting(const struct rt_dest *d)
{
    return __atomic_load_n(&d->waiting, __ATOMIC_RELAXED);
}

/* The owner. */
static inline void rt_dest_set_waiting(struct rt_dest *d, uint32_t waiting)
{
    if (rt_dest_waiting(d) != waiting)
        __atomic_store_n(&d->waiting, waiting, __ATOMIC_RELAXED);
}

static inline unsigned rt_dest_room(const struct rt_dest *d)
{
    return __atomic_load_n(&d->room, __ATOMIC_RELAXED);
}

/* How one destination of a group is picked: what mode, share and weights come to. */
enum rt_pick {
    RT_PICK_FIRST, /* there is one, or the others are in reserve */
    RT_PICK_IN_TURN,
    RT_PICK_BY_TURNS, /* in turn, by weight: `turns` */
    RT_PICK_LEAST,    /* for whom the least waits, compared with the weights; else in turn */
    RT_PICK_BY_HASH,
    RT_PICK_BY_WEIGHTED_HASH
};

#define RT_WEIGHT_PARTS 16 /* the weights below are those of the configuration times this */

/* The members of a group that can be sent to now. One of weight 0 is not among them. */
struct rt_group {
    enum cfg_mode mode;
    enum cfg_share share;
    enum rt_pick pick; /* not for broadcast */
    bool held; /* a member was just lost and its messages are on their way to others: everybody waits */
    uint16_t stream_mask;    /* for a hash: which bits of the stream count */
    uint32_t count;          /* override: 0 or 1, the active member */
    const uint64_t *seeds;   /* with a hash only: one for each of dests, see rt_group_pick; else NULL */
    const uint32_t *weights; /* likewise, where they differ */
    const uint32_t *turns;   /* where the share of each ends (turns_priv.h); NULL: no RT_PICK_BY_TURNS */
    const uint32_t *member_weights; /* for clients of paired sessions: one for each of the configuration's
                                       members, 0: none is to go there; NULL: all alike. See choice.h */
    struct rt_dest *dests[]; /* in the order of the configuration's members, then in that of coming up */
};

struct rt_snapshot {
    uint64_t version; /* increases with each publication */
    const struct rt_plan *plan;
    bool pairs_wait; /* streams of groups now lead to paired sessions, and members have older messages */
    const struct rt_owners *owners; /* NULL: no association was handed over; the caller's, like the plan */
    uint32_t group_count;
    struct rt_group *groups[]; /* by group id; never NULL */
};

/* The one current snapshot. Zero-initialise. */
struct rt_current {
    struct rt_snapshot *pointer; /* atomic */
};

/* Reader: valid until the thread's next quiescent state. Only for registered QSBR threads that are online. */
const struct rt_snapshot *rt_current_read(const struct rt_current *c);

/* ---- the control thread's side: not thread-safe (members.c) ---- */

/* Membership, from which groups are built. The time for a change grows with the number of destinations in
 * the groups of that member; that for a snapshot with the number of all groups and destinations. So
 * collect changes that arrive together before building one. */
struct rt_members;
struct rt_members *rt_members_new(const struct cfg_config *c); /* NULL: out of memory */
void rt_members_free(struct rt_members *m);
/* A destination has come up, or has gone (then its groups are held until rt_members_release). False: out
 * of memory, nothing changed. `d` stays the caller's and must live until a snapshot without it has been
 * published. */
bool rt_members_add(struct rt_members *m, struct rt_dest *d);
void rt_members_remove(struct rt_members *m, struct rt_dest *d);
/* More is known of a destination that was added: it joins groups that it fits now, and leaves others. Acts
 * with the next rt_members_settle. False: out of memory. */
bool rt_members_refit(struct rt_members *m, struct rt_dest *d);
/* `d` takes the place of `before` in all its groups: the same association, with another worker. */
void rt_members_replace(struct rt_members *m, const struct rt_dest *before, struct rt_dest *d);
/* For a membership that replaces another one: what a destination that was removed from the old one had
 * left is still on its way, so its groups are held here, too, until rt_members_release. */
void rt_members_hold(struct rt_members *m, const struct rt_dest *d);
/* What the lost destination had left has been passed on: its groups are no longer held. Counted: each
 * removal needs one call. */
void rt_members_release(struct rt_members *m, const struct rt_dest *d);
/* The same of one group, whoever is in it. */
void rt_members_hold_group(struct rt_members *m, uint32_t group);
void rt_members_release_group(struct rt_members *m, uint32_t group);
/* Sets groups[g] for those that the member of `d` is in. False: there are none. */
bool rt_members_mark_groups(const struct rt_members *m, const struct rt_dest *d, bool *groups);

/* Takes a member out of all its groups, or in again: it gets nothing, also no new clients of sessions. Acts
 * with the next rt_members_settle. */
void rt_members_set_out(struct rt_members *m, struct cfg_member member, bool out, uint64_t now_ms);
/* The same of one group. */
void rt_members_set_ejected(struct rt_members *m, uint32_t group, struct cfg_member member, bool ejected,
                            uint64_t now_ms);
/* Sets who gets how much at this time: what rt_members_set_out changed, steps of slow starts, and with
 * override whether a preferred member returns. This may move streams from one destination to another. */
void rt_members_settle(struct rt_members *m, uint64_t now_ms);
/* When time alone changes something next, after the last rt_members_settle; UINT64_MAX: never. */
uint64_t rt_members_due_ms(const struct rt_members *m);
/* `m` has the destinations of `old` and takes the place of it, with another configuration: since when its
 * members are in, and who is active, stays. Who is out does not. */
void rt_members_follow(struct rt_members *m, const struct rt_members *old);

/* True when adding `d` would move streams of others to it, in a group where the order of a stream matters. */
bool rt_members_takes_over(const struct rt_members *m, const struct rt_dest *d);
/* Calls `tell` for the members of those groups, possibly several times for the same one. */
void rt_members_each_beside(const struct rt_members *m, const struct rt_dest *d,
                            void (*tell)(void *arg, struct rt_dest *member), void *arg);

/* A snapshot of the current membership, in one allocation. `plan` is shared by successive snapshots and
 * stays the caller's; `m` belongs to its configuration. NULL: out of memory. */
struct rt_snapshot *rt_snapshot_build(const struct rt_members *m, const struct rt_plan *plan,
                                      uint64_t version);
void rt_snapshot_free(struct rt_snapshot *s); /* but not its plan or destinations */

/* Publishes `s` (may be NULL), waits a grace period and returns the previous one, which nobody reads any
 * more. Blocks for one turn of the slowest worker at most; the caller must not be a reader. */
struct rt_snapshot *rt_current_publish(struct rt_current *c, struct rt_snapshot *s);

/* ---- QSBR for threads, annotated for race detectors ---- */
void rt_reader_register(void); /* it is then online */
void rt_reader_unregister(void);
void rt_reader_quiescent(void); /* holds no snapshot now; the next rt_current_read may return another one */
void rt_reader_offline(void);   /* before sleeping: nobody waits for this thread */
void rt_reader_online(void);    /* before reading again */

/* ---- picking ---- */

/* One thread's state between picks from a group. Zero-initialise, or start threads with different numbers,
 * so that their first picks differ: any value will do. */
struct rt_pick_state {
    uint32_t next;
};

/* Loadshare and override: the destination for a message of source association `origin` on `stream`, or
 * NULL if there is none now (held, or nobody is up). Not for broadcast: use all of dests.
 *
 * Round robin: each thread takes turns of its own, in proportion to the weights. Hashes: rendezvous hashing,
 * of origin and stream or of the origin alone. Each destination has a seed, and the one whose seed mixed with
 * these gives the largest number gets the stream. So when a destination goes only its own streams move,
 * spread over all others, and when one comes it takes its share; a peer that comes back gets its streams
 * back. Costs about a nanosecond for each destination, and some twenty where weights differ: then the numbers
 * are stretched by them (rt_cost), so that a change of one weight moves only streams from or to that member.
 */
struct rt_dest *rt_group_pick(const struct rt_group *g, struct rt_pick_state *state, uint64_t origin,
                              uint16_t stream);

#ifdef __cplusplus
}
#endif
#endif
