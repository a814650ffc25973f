/* Associations whose peer makes no progress: see stall.c. Everything here is for the association's worker and
 * does not block. */
#ifndef JUNCTOR_BROKER_STALL_H
#define JUNCTOR_BROKER_STALL_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"

struct brk_worker;
struct brk_assoc;

/* Of an association. All zeros: nothing is outstanding, as far as is known. */
struct brk_stall {
    uint64_t since_ms; /* when its peer last made progress; 0: it is not watched */
    uint64_t look_ms;  /* when to look again */
    unsigned looks;    /* how many have found no progress since */
    uint64_t position; /* as brk_stall_position found it */
    bool known;        /* that is so */
    bool told;         /* it has made none for as long as `stall.after` says, and that was logged */
    int64_t unacknowledged, window; /* DATA chunks, bytes, as last looked at; -1: not known */
    struct brk_assoc *prev, *next;  /* in worker->stalling */
};

/* The stack has taken messages for `a`, which is watched from now on; it refuses one; it has taken some that
 * were pending. */
void brk_stall_begin(struct brk_worker *w, struct brk_assoc *a);
void brk_stall_refused(struct brk_worker *w, struct brk_assoc *a);
void brk_stall_moved(struct brk_worker *w, struct brk_assoc *a);
/* It has ended. */
void brk_stall_forget(struct brk_worker *w, struct brk_assoc *a);

/* Looks whether there is progress, at the stack too. */
enum brk_stall_found {
    BRK_STALL_DONE, /* nothing is outstanding */
    BRK_STALL_WAITS,
    BRK_STALL_OVER /* no progress for too long */
};
enum brk_stall_found brk_stall_look(struct brk_worker *w, struct brk_assoc *a);

/* A number that changes while the peer acknowledges, of what the stack tells; and into a->stall what that
 * says. */
uint64_t brk_stall_position(struct brk_worker *w, struct brk_assoc *a);

/* The `stall` that holds for it, and whether it is aborted by that. */
const struct cfg_stall *brk_stall_of(const struct brk_assoc *a);
bool brk_stall_aborts(const struct brk_assoc *a);

#endif
