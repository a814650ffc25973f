/* The programs that send and read: clients and watchers, which connect to the broker, and servers, to which
 * it connects. Each is a process with one one-to-many socket, which the driver created and keeps open, too.
 * So the driver can kill it at any moment and then learn exactly from its kernel what had not been read and
 * what had not been acknowledged: it aborts the associations, and reads the rest. */
#ifndef JUNCTOR_TESTS_CHAOS_PROGRAM_H
#define JUNCTOR_TESTS_CHAOS_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "tests/chaos/hand.h"

enum { CHAOS_LISTEN_PORT = 5000, CHAOS_WATCH_PORT = 5001 }; /* of the broker */

enum role {
    SERVER,  /* reads, and answers some of it */
    CLIENT,  /* sends, and reads */
    WATCHER, /* reads */
};

struct setting { /* what all programs of a run share */
    const char *folder;
    unsigned paths;   /* that are used */
    unsigned rate;    /* messages a second of client 1; 0 sends half as many, 2 twice, 3 four times as many */
    unsigned size;    /* of the longest message */
    bool answers;     /* servers answer */
    bool maps;        /* the broker chooses the streams to servers */
    unsigned streams; /* of servers */
    uint64_t seed;
};

struct program {
    const struct setting *setting;
    enum role role;
    unsigned index; /* among those of its kind */
    unsigned host;
    struct shared_memory {
        volatile uint32_t read, accepted; /* messages since its start */
        struct hand hand;
    } * shared;
    /* While it runs: */
    pid_t pid; /* 0: it does not run */
    uint32_t incarnation;
    int sock, record;
};

/* Commands to a running program, as signals. */
enum {
    PROGRAM_ABORT = 10,     /* SIGUSR1: it aborts its associations, and goes on */
    PROGRAM_SHUT_DOWN = 12, /* SIGUSR2: it shuts them down, reads until they have ended, and goes on */
    /* SIGTERM: it ends its association, or, a server, waits until it has none; and ends. */
    PROGRAM_FINISH = 15,
};

void program_new(struct program *p, const struct setting *s, enum role role, unsigned index, unsigned host);

/* The port that it has in every incarnation. */
uint16_t program_port(enum role role, unsigned index);

void program_name(const struct program *p, char out[32]);

/* Starts it, under a new incarnation. */
void program_start(struct program *p);

/* Kills it, if it still runs; ends its associations, records what it left unread and what was given back. */
void program_end(struct program *p);

/* It has ended by itself (PROGRAM_FINISH); program_end is still to be called. */
bool program_has_finished(struct program *p);

#endif
