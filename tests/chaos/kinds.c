#include "tests/chaos/kinds.h"

#include <string.h>

#include "tests/chaos/network.h"
#include "tests/chaos/program.h"

#define PLAIN NULL, NULL, NULL, false

/* A shared session with one destination a message drops nothing: what a lost member had goes to another one,
 * or waits. */
const struct kind kinds[] = {
    {"paired", "mode: loadshare", "paired", true, false, NULL, ORDER_COMPLETE, false,
     " peer_lost unacknowledged unreachable ", PLAIN},
    /* On a machine that is very busy servers answer what they were asked ten seconds ago, which is when
     * streams are used again by default. */
    {"mapped", "mode: loadshare, share: stream-hash", "mapped", true, false, NULL, ORDER_RISING, true,
     " client_gone peer_lost unacknowledged ", NULL, "mapped: {reuse_after: 30s}", NULL, false},
    {"override", "mode: override", "shared", false, false, NULL, ORDER_RISING, true, " ", PLAIN},
    {"round-robin", "mode: loadshare", "shared", false, false, NULL, ORDER_NONE, true, " ", PLAIN},
    {"stream-hash", "mode: loadshare, share: stream-hash", "shared", false, false, NULL, ORDER_RISING, true,
     " ", PLAIN},
    {"back", "mode: override", "shared", true, false, "mode: override", ORDER_RISING, true, " ", PLAIN},
    {"back-spread", "mode: loadshare", "shared", true, false, "mode: loadshare", ORDER_NONE, true, " ",
     PLAIN},
    {"broadcast", "mode: broadcast", "shared", false, true, NULL, ORDER_CONTIGUOUS, false,
     " peer_lost unacknowledged no_subscriber ", PLAIN},
    /* Outboxes with limits, sources that are slowed down, messages that are given up. */
    {"reroute", "mode: loadshare", "shared", false, false, NULL, ORDER_NONE, true, " ", NULL,
     "queue: {messages: 20}", "when_full: reroute", false},
    {"drop-oldest", "mode: override", "shared", false, false, NULL, ORDER_RISING, false,
     " queue_full_oldest ", "rate_limit: {messages: 300, burst: 100ms}", "queue: {messages: 10}",
     "when_full: drop-oldest", false},
    {"ttl", "mode: override", "shared", false, false, NULL, ORDER_RISING, false, " expired ", NULL, NULL,
     "partial_reliability: {ttl: 300ms}", true},
};
const unsigned kind_count = sizeof kinds / sizeof *kinds;

const struct kind *kind_of(const char *name)
{
    for (unsigned i = 0; i < kind_count; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}

static void addresses(int host, unsigned paths, FILE *out)
{
    unsigned last = host == CHAOS_BROKER ? 1 : 10 + (unsigned)host;
    for (unsigned p = 0; p < paths; p++)
        fprintf(out, "%s10.90.%u.%u", p ? ", " : "[", p, last);
    fprintf(out, "]");
}

static void further(const char *keys, FILE *out)
{
    if (keys != NULL)
        fprintf(out, ", %s", keys);
}

static void listeners(const struct broker_setting *s, FILE *out)
{
    fprintf(out, "listeners:\n  - {name: access, port: %u, address: ", CHAOS_LISTEN_PORT);
    addresses(CHAOS_BROKER, s->paths, out);
    further(s->kind->access, out);
    if (s->kind->back != NULL) {
        fprintf(out, "}\n  - {name: watch, port: %u, address: ", CHAOS_WATCH_PORT);
        addresses(CHAOS_BROKER, s->paths, out);
    }
    fprintf(out, "}\n");
}

static void peers(const struct broker_setting *s, FILE *out)
{
    fprintf(out, "peers:\n");
    for (unsigned i = 0; i < s->servers; i++) {
        if (!(s->members & 1u << i))
            continue;
        fprintf(out, "  - {name: server-%u, port: %u, reconnect: {initial: 100ms, max: 1s}, address: ", i,
                program_port(SERVER, i));
        addresses((int)(s->first_host + i), s->paths, out);
        fprintf(out, ", local: ");
        addresses(CHAOS_BROKER, s->paths, out);
        further(s->kind->peer, out);
        fprintf(out, "}\n");
    }
}

static void names_of_members(const struct broker_setting *s, FILE *out)
{
    const char *comma = "";
    for (unsigned i = 0; i < s->servers; i++)
        if (s->members & 1u << i) {
            fprintf(out, "%sserver-%u", comma, i);
            comma = ", ";
        }
}

void kind_config(const struct broker_setting *s, FILE *out)
{
    fprintf(out,
            "broker: {transport: %s, workers: %u, drain_timeout: 5m, admin: {path: 'off'}}\n"
            "sctp: {nodelay: true, rtoinfo: {initial: 200ms, min: 100ms, max: 400ms},\n"
            "       associnfo: {asocmaxrxt: 8}, initmsg: {num_ostreams: %u, max_instreams: %u},\n"
            "       peer_addr_params: {pathmaxrxt: 4, hbinterval: 200ms, flags: [hb_enable]},\n"
            "       delayed_ack_time: 20ms}\n",
            s->usrsctp ? "usrsctp" : "kernel", s->workers, s->streams, s->streams);
    listeners(s, out);
    peers(s, out);
    fprintf(out, "groups:\n  - {name: core, %s, members: [", s->kind->group);
    names_of_members(s, out);
    fprintf(out, "]}\n");
    if (s->kind->back != NULL)
        fprintf(out, "  - {name: watchers, %s, members: [watch]}\n", s->kind->back);
    fprintf(out, "routes:\n  - {from: access, to: core, session: %s", s->kind->session);
    further(s->kind->route, out);
    fprintf(out, "}\n");
    if (s->kind->back != NULL) {
        fprintf(out, "  - {to: watchers, session: shared, from: [");
        names_of_members(s, out);
        fprintf(out, "]}\n");
    }
}
