/* Who is connected to the admin interface. Connections are accepted here rather than by libmicrohttpd,
 * because the interface has to answer in particular when something has run out: descriptors (some are kept in
 * reserve), or places for clients (the next one is told so). Here is also what bounds the time that a client
 * may take: to send its request, and to read the answer. For the admin thread. */
#ifndef JUNCTOR_BROKER_ADMIN_ACCEPT_H
#define JUNCTOR_BROKER_ADMIN_ACCEPT_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include <microhttpd.h>

#define ADMIN_CLIENTS 64    /* on each socket that listens */
#define ADMIN_SLOW_MS 10000 /* to send a request; to read an answer */
#define ADMIN_RESERVE 4     /* descriptors: for three clients that are served, and one that is turned away */
#define ADMIN_LEAVING 16    /* that have been turned away and have not closed their side yet */
#define ADMIN_SOCKETS 9     /* sockets that listen: the Unix socket, ADMIN_METRICS_MAX addresses */

struct admin;

/* A connection. */
struct admin_client {
    int fd;
    uint64_t since_ms; /* its turn began: it was accepted, has been answered, or can read its answer */
    bool waits;        /* for an answer: it is not its turn */
    struct admin_client *prev, *next;
};

struct admin_accept {
    int reserve[ADMIN_RESERVE]; /* -1: in use */
    struct {
        int fd;
        uint64_t until_ms;
    } leaving[ADMIN_LEAVING]; /* -1: none */
    unsigned next_leaving;
    struct admin_client *clients;
    uint64_t again_ms; /* nothing is accepted before; 0: it is */
    uint64_t look_ms;  /* when clients are looked at next */
};

/* Before anything else. */
void admin_accept_begin(struct admin_accept *s);
void admin_accept_end(struct admin_accept *s);

/* Puts the listening sockets into `fds`, if they are to be waited for. Returns how many. */
unsigned admin_accept_poll(const struct admin *a, struct pollfd *fds);

/* Accepts who has come (`come`: a listening socket is readable), gives up who takes too long. Never blocks.
 */
void admin_accept_turn(struct admin *a, bool come);

/* When admin_accept_turn is to be called at the latest, in ms; -1: not before something comes. */
int admin_accept_next_ms(const struct admin *a);

/* Descriptors have run out: who is answered is not to stay. */
bool admin_accept_short(const struct admin *a);

/* Of a connection: it waits for its answer, or (`waits` false) it is its turn now. */
void admin_accept_mark(struct MHD_Connection *c, bool waits);

/* For libmicrohttpd: MHD_OPTION_NOTIFY_CONNECTION, `kind` is a struct admin_kind. */
void admin_accept_notify(void *kind, struct MHD_Connection *c, void **client,
                         enum MHD_ConnectionNotificationCode code);

#endif
