/* What an association's stack gives up without a word: see silent.c. Everything here is for the association's
 * worker and none of it blocks. */
#ifndef JUNCTOR_BROKER_SILENT_H
#define JUNCTOR_BROKER_SILENT_H

#include <stdbool.h>
#include <stdint.h>

struct brk_worker;
struct brk_assoc;
struct brk_sent;

#define BRK_SILENT_MS 1000 /* maximum age of the number, where routes permit giving up */

/* Part of an association. */
struct brk_silent {
    bool known;     /* its stack gives up without a word, and has said how many messages */
    uint64_t count; /* how many, when it was asked last; included in worker->counts.abandoned_unseen */
    uint64_t all;   /* and together with those that it reports */
    uint64_t asked_ms;
    uint64_t first;  /* number (sent.h): what became of messages before this one was known then */
    uint64_t chunks; /* DATA chunks that were unacknowledged then */
    uint64_t back;   /* messages that were given back since, of those that brk_silent_end counts */
};

/* Asks the stack of an association that is up. */
void brk_silent_ask(struct brk_worker *w, struct brk_assoc *a);
/* Its stack has given back the message with this context, which the log knows as `sent`. */
void brk_silent_returned(const struct brk_worker *w, struct brk_assoc *a, uint32_t context,
                         const struct brk_sent *sent);
/* It has ended, and all that the stack gives back has been read. `now_ms` is of the clock now, not of the
 * turn. */
void brk_silent_end(struct brk_worker *w, struct brk_assoc *a, uint64_t now_ms);
/* It goes to another worker, or has come from one: takes what it counts along. */
void brk_silent_leave(struct brk_worker *w, const struct brk_assoc *a);
void brk_silent_arrive(struct brk_worker *w, const struct brk_assoc *a);

#endif
