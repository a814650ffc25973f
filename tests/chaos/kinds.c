#include "tests/chaos/kinds.h"

#include <string.h>

#include "tests/chaos/network.h"
#include "tests/chaos/program.h"

/* A shared session with one destination a message drops nothing: what a lost member had goes to another one,
 * or waits. */
const struct kind kinds[] = {
    {"paired", "mode: loadshare", "paired", true, false, ORDER_COMPLETE,
     " peer_lost unacknowledged unreachable "},
    {"override", "mode: override", "shared", false, false, ORDER_RISING, " "},
    {"round-robin", "mode: loadshare", "shared", false, false, ORDER_NONE, " "},
    {"stream-hash", "mode: loadshare, share: stream-hash", "shared", false, false, ORDER_RISING, " "},
    {"broadcast", "mode: broadcast", "shared", false, true, ORDER_CONTIGUOUS,
     " peer_lost unacknowledged no_subscriber "},
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

void kind_config(const struct broker_setting *s, FILE *out)
{
    fprintf(out,
            "broker: {transport: %s, workers: %u, drain_timeout: 1m, admin: {path: 'off'}}\n"
            "sctp: {nodelay: true, rtoinfo: {initial: 200ms, min: 100ms, max: 400ms}, associnfo: "
            "{asocmaxrxt: 8},\n"
            "       initmsg: {num_ostreams: %u, max_instreams: %u}, delayed_ack_time: 20ms,\n"
            "       peer_addr_params: {pathmaxrxt: 4, hbinterval: 200ms, flags: [hb_enable]}}\n"
            "listeners: [{name: access, port: %u, address: ",
            s->usrsctp ? "usrsctp" : "kernel", s->workers, CHAOS_STREAMS, CHAOS_STREAMS, CHAOS_LISTEN_PORT);
    addresses(CHAOS_BROKER, s->paths, out);
    fprintf(out, "}]\npeers:\n");
    for (unsigned i = 0; i < s->servers; i++) {
        fprintf(out, "  - {name: server-%u, port: %u, reconnect: {initial: 100ms, max: 1s}, address: ", i,
                CHAOS_SERVER_PORT + i);
        addresses((int)(s->first_host + i), s->paths, out);
        fprintf(out, ", local: ");
        addresses(CHAOS_BROKER, s->paths, out);
        fprintf(out, "}\n");
    }
    fprintf(out, "groups: [{name: core, %s, members: [", s->kind->group);
    for (unsigned i = 0; i < s->servers; i++)
        fprintf(out, "%sserver-%u", i ? ", " : "", i);
    fprintf(out, "]}]\nroutes: [{from: access, to: core, session: %s}]\n", s->kind->session);
}
