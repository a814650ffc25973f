/* Shared by paper.c, the backend, and paper_world.c, the simulation behind it. */
#ifndef JUNCTOR_TESTS_STRESS_PAPER_PRIV_H
#define JUNCTOR_TESTS_STRESS_PAPER_PRIV_H

#include <poll.h>

#include <utlist.h>

#include "tests/stress/paper.h"
#include "tests/stress/stress.h"

enum {
    LOOPS = 3,
    CLIENTS = 4, /* of a loop */
    STREAMS = 4,
    WINDOW = 12,
    UNREAD_MAX = 8,
    SLOTS = 16,
    FDS = 4,
    MESSAGES = 1 << 22, /* of a loop */
    PAIRED_PORT = 2903,
    MAPPED_PORT =
        2904, /* of a listener; its clients' requests go to peers with the ports below, which answer */
    ECHO_PORT = 3008,
    ECHO_PORTS = 2,
    ECHO_STREAMS = 64
};

struct content {
    uint32_t loop, number; /* which message it is */
};

struct item {
    struct tr_item item;
    struct content content;
    struct item *prev, *next;
};

enum life { CONNECTING, UP, CLOSING, GONE };

struct out {
    struct tr_msg msg;
    struct content content;
};

struct link {
    uint32_t id;
    enum life life;
    struct end *end;
    bool is_client;
    bool paired; /* a client of a listener whose sessions are paired or mapped: its messages may be dropped */
    bool echoes; /* a server that answers each message on its stream */
    bool refused;
    bool tells_dry; /* SENDER_DRY is wanted */
    unsigned unread, out_count;
    struct out out[WINDOW];
    struct link *prev, *next;
};

struct end {
    struct tr_endpoint base;
    uint16_t port;
    bool listens;
    unsigned *holds; /* a count of those that have its port */
    struct item *queue;
    struct link *leaving; /* its association, while it is in no loop */
    struct end *prev, *next;
};

struct loop {
    struct tr_loop base;
    unsigned index;
    struct end *ends;
    struct link *links;
    struct item *given; /* read in this turn */
    struct pollfd fds[FDS];
    void *cookies[FDS];
    unsigned fd_count;
    uint64_t random, associations, lost, answers;
    uint32_t ids, messages;
    bool paired[MESSAGES], read[MESSAGES];
};

static inline struct loop *loop_of(struct tr_loop *l)
{
    return (struct loop *)(void *)l;
}

static inline struct end *end_of(struct tr_endpoint *ep)
{
    return (struct end *)(void *)ep;
}

static inline bool chance(struct loop *l, unsigned one_in)
{
    return below(&l->random, one_in) == 0;
}

/* A loop's world, made with its loop; paper_end frees it. */
struct loop *paper_loop_new(void);
/* Moves it on. */
void paper_step(struct loop *l);
/* Nothing moves any more: only its descriptors can end a wait. */
bool paper_is_still(const struct loop *l);
struct link *paper_link_new(struct loop *l, struct end *end, bool is_client);
struct link *paper_find(struct loop *l, const struct end *end, uint32_t id);
/* The broker has read a message, whose sender may have begun in another loop. */
void paper_read(struct content c);
/* Whether it is to tell when everything is acknowledged: at once where it is. */
void paper_tell_dry(struct link *k, bool on);
/* It ends, and what was not acknowledged is given back. */
void paper_lose(struct loop *l, struct link *k);

#endif
