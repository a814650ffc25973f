/* What happens to clients, servers and cables, drawn from a seed: the same seed gives the same actions in the
 * same order. */
#ifndef JUNCTOR_TESTS_CHAOS_ACTIONS_H
#define JUNCTOR_TESTS_CHAOS_ACTIONS_H

#include <stdint.h>
#include <stdio.h>

#include "tests/chaos/broker.h"
#include "tests/chaos/network.h"
#include "tests/chaos/program.h"

enum { CHAOS_SERVERS = 3, CHAOS_CLIENTS = 4, CHAOS_WATCHERS = 2, CHAOS_CLIENT_HOSTS = 2 };
enum {
    CHAOS_PROGRAMS = CHAOS_SERVERS + CHAOS_CLIENTS + CHAOS_WATCHERS, /* in this order */
    CHAOS_HOSTS =
        CHAOS_SERVERS + CHAOS_CLIENT_HOSTS, /* one for each server; clients and watchers share theirs */
};

struct scene {
    struct program programs[CHAOS_PROGRAMS];
    unsigned count; /* those that take part */
    unsigned paths;
    pid_t broker;
    struct broker_setting setting;
    const char *folder;
    FILE *log; /* a line for each action */
    uint64_t random, start_ms;
    /* When what was done to them ends; 0: nothing was. In ms of the monotonic clock. */
    uint64_t stopped[CHAOS_PROGRAMS], dead[CHAOS_PROGRAMS], disturbed[CHAOS_HOSTS][CHAOS_PATHS];
};

uint64_t scene_now_ms(void);

/* Does something, and ends what has lasted long enough, for so long. */
void scene_run(struct scene *s, unsigned seconds);

/* Ends all of it: cables are whole, programs run, and all servers are members. */
void scene_settle(struct scene *s);

/* One of two ways, drawn as well. */
bool scene_toss(struct scene *s);

#endif
