/* What backend.c and messages.c share. */
#ifndef JUNCTOR_TESTS_MIDDLE_PAPER_H
#define JUNCTOR_TESTS_MIDDLE_PAPER_H

#include <poll.h>

#include "tests/middle/world.h"

enum { SLOTS = 12, FDS = 4 };

struct loop {
    struct tr_loop base;
    struct end *ends;
    struct pollfd fds[FDS];
    void *cookies[FDS];
    unsigned fd_count;
    struct tr_item items[SLOTS]; /* given out in this turn */
    struct body *bodies[SLOTS];
    unsigned used;
};

static inline struct loop *loop_of(struct tr_loop *l)
{
    return (struct loop *)(void *)l;
}

static inline struct end *end_of(struct tr_endpoint *ep)
{
    return (struct end *)(void *)ep;
}

/* The association with this id; NULL: there is none. */
struct assoc *paper_find(struct end *end, uint32_t id);
/* Moves what waits for one association, in order. */
void paper_move(struct end *from, uint32_t old_id, struct assoc *to);

/* As in transport/backend_priv.h. */
void paper_turn(struct tr_loop *base);
enum tr_code paper_send(struct tr_endpoint *ep, const struct tr_msg *msgs, unsigned count, unsigned *sent);
enum tr_code paper_recv(struct tr_endpoint *ep, unsigned max, const struct tr_item **items, unsigned *count);

#endif
