/* What happened recently to a worker's associations.
 *
 * Each worker keeps its last BRK_HISTORY_STANDING events of standing associations, and the last
 * BRK_HISTORY_OTHERS of those that exist once per client, so that many clients do not displace the events of
 * peers. An event that recurs soon is counted in place. Nothing is allocated, and no system call is made.
 *
 * Threads: a worker adds to its own history; any thread may read it at any time. An event is read completely
 * or not at all (history.c). */
#ifndef JUNCTOR_BROKER_HISTORY_H
#define JUNCTOR_BROKER_HISTORY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "config/sctp/address.h"

struct brk_worker;
struct brk_assoc;

enum brk_happening_kind {
    BRK_HAPPENED_UP,            /* numbers: streams in, streams out */
    BRK_HAPPENED_NOT_CONNECTED, /* text: why */
    BRK_HAPPENED_PATH,          /* address; text: its state */
    BRK_HAPPENED_PAUSED,        /* numbers: messages that wait */
    BRK_HAPPENED_RESUMED,
    BRK_HAPPENED_MOVED,    /* numbers: from which worker, to which */
    BRK_HAPPENED_BALANCED, /* numbers: how busy its worker is, and how busy the other one, in per cent */
    BRK_HAPPENED_LIMITED,  /* not read for some time, because of its rate_limit */
    BRK_HAPPENED_STUCK,    /* its peer makes no progress; text: what was done */
    BRK_HAPPENED_WENT_ON,  /* and does again */
    BRK_HAPPENED_RETURNED, /* messages that the stack gave back undelivered, one each */
    BRK_HAPPENED_ENDING,   /* intended, by this side */
    BRK_HAPPENED_CLOSED,   /* text: by whom */
    BRK_HAPPENED_LOST,     /* text: by whom, and why */
    BRK_HAPPENED_KINDS
};

struct brk_happening {
    uint64_t first_ms, last_ms; /* brk_now_ms */
    uint64_t times;
    uint64_t origin; /* of the association; 0: of no association, but of a peer */
    struct cfg_member member;
    struct net_addr address; /* AF_UNSPEC: none */
    uint32_t numbers[2];
    uint32_t kind; /* enum brk_happening_kind */
    char text[64]; /* truncated if longer */
};

#define BRK_HISTORY_STANDING 512 /* powers of two */
#define BRK_HISTORY_OTHERS   1024
#define BRK_HISTORY_SIZE     (BRK_HISTORY_STANDING + BRK_HISTORY_OTHERS)

#define BRK_HAPPENING_WORDS ((sizeof(struct brk_happening) + 7) / 8)

/* Zero-initialised it is empty. */
struct brk_history {
    struct brk_history_slot {
        _Atomic uint64_t version; /* 0: never written */
        _Atomic uint64_t words[BRK_HAPPENING_WORDS];
    } standing[BRK_HISTORY_STANDING], others[BRK_HISTORY_OTHERS];
    uint64_t standing_added, others_added;
};

/* "up", "not_connected", … */
const char *brk_happening_name(enum brk_happening_kind kind);

/* For the worker. `address` and `text` may be NULL. */
void brk_note(struct brk_worker *w, const struct brk_assoc *a, enum brk_happening_kind kind,
              const char *text);
void brk_note_numbers(struct brk_worker *w, const struct brk_assoc *a, enum brk_happening_kind kind,
                      uint32_t one, uint32_t two);
void brk_note_path(struct brk_worker *w, const struct brk_assoc *a, const struct net_addr *address,
                   const char *state);
/* Of a peer to which there is no association. */
void brk_note_peer(struct brk_worker *w, unsigned peer, enum brk_happening_kind kind, const char *text);

/* Any thread: the event in a place from 0 to BRK_HISTORY_SIZE - 1. False: there is none, or no longer. */
bool brk_history_read(const struct brk_history *h, unsigned place, struct brk_happening *out);

/* Adds an event as it is, or counts it in the one that it repeats. brk_note and the like fill it in. */
void brk_history_add(struct brk_history *h, bool standing, const struct brk_happening *e);

#endif
