/* The session kinds that the chaos test goes through, and what the broker promises for each (README.md,
 * broker/THREADS.md). */
#ifndef JUNCTOR_TESTS_CHAOS_KINDS_H
#define JUNCTOR_TESTS_CHAOS_KINDS_H

#include <stdbool.h>
#include <stdio.h>

/* In which order one association of a receiver gets the messages of one stream of a sender's association. */
enum order {
    ORDER_COMPLETE,   /* from the first on, none left out */
    ORDER_CONTIGUOUS, /* from one on, none left out */
    ORDER_RISING,     /* some go elsewhere */
    ORDER_NONE,       /* but none twice */
};

struct kind {
    const char *name;
    const char *group; /* keys of the group in the configuration */
    const char *session;
    bool answers;     /* servers answer, to the clients */
    bool copies;      /* each server gets all */
    const char *back; /* keys of a group of watchers, which get the answers instead; or NULL */
    enum order order;
    bool whole; /* what a client sends arrives, once it was acknowledged, whatever becomes of answers */
    const char *drops; /* reasons for which messages may be dropped, with a space on either side */
    const char *access, *peer,
        *route;    /* further keys of the clients' listener, of each peer, of the route; or NULL */
    bool gives_up; /* with partial reliability */
};

extern const struct kind kinds[];
extern const unsigned kind_count;

const struct kind *kind_of(const char *name);

struct broker_setting {
    const struct kind *kind;
    bool usrsctp;
    unsigned workers;
    unsigned servers;
    unsigned first_host; /* of the servers: server i is on host first_host + i */
    unsigned paths;
    unsigned streams; /* of servers */
    unsigned members; /* bits: the servers that are peers and members of the group; not 0 */
};

/* Writes the broker's configuration. */
void kind_config(const struct broker_setting *s, FILE *out);

#endif
