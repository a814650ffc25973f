/* The world outside: clients that come, send, leave and die; servers that answer, hang, go away and come
 * back; and the network between. */
#include "tests/middle/world.h"

enum { CLIENTS_MAX = 12, BURST_MAX = 6, ANSWER_MS = 100 };

typedef bool condition(const struct assoc *a);

/* One of the associations for which it is true, at random; NULL: there is none. */
static struct assoc *any(condition *is)
{
    struct assoc *found = NULL;
    unsigned seen = 0;
    for (unsigned i = 0; i < world.assoc_count; i++)
        if (world.assocs[i]->end && is(world.assocs[i]) && pick(++seen) == 0)
            found = world.assocs[i];
    return found;
}

static bool is_connecting(const struct assoc *a)
{
    return a->life == CONNECTING && a->is_server && world.servers[a->member] != SILENT;
}

static bool has_out(const struct assoc *a)
{
    return a->life != GONE && a->delivered < a->out_count;
}

static bool has_delivered(const struct assoc *a)
{
    return a->life != GONE && a->delivered;
}

static bool is_done(const struct assoc *a)
{
    return (a->life == CLOSING || a->life == LEAVING) && !a->out_count;
}

static bool only_receives(const struct assoc *a)
{
    return a->is_server ? !world.answers : world.scenario->subscribers && a->member == 1;
}

static bool may_send(const struct assoc *a)
{
    return (a->life == UP || (a->life == CLOSING && a->out_count)) && a->unread < a->receive_window &&
           !only_receives(a);
}

static bool is_client(const struct assoc *a)
{
    return a->life == UP && !a->is_server;
}

static bool is_server_up(const struct assoc *a)
{
    return a->life == UP && a->is_server;
}

static bool waits_for_streams(const struct assoc *a)
{
    return a->life == UP && (a->add_in || a->add_out);
}

/* ---- events ---------------------------------------------------------------------------------------- */

static void answer_connect(struct assoc *a)
{
    if (world.servers[a->member] == ACCEPTS)
        stack_up(a);
    else
        stack_refuse(a);
}

static void send_burst(struct assoc *a)
{
    unsigned burst = 1 + (unsigned)pick(BURST_MAX);
    bool answers = world.scenario->mapped && a->is_server;
    for (; burst && a->unread < a->receive_window; burst--) {
        uint16_t stream = (uint16_t)pick(a->in_streams);
        bool heard = answers && a->heard[stream].source && world.now_ms - a->heard[stream].at_ms < ANSWER_MS;
        if (answers && !heard && !fails(3))
            continue;
        struct body body = {.magic = BODY_MAGIC,
                            .id = ledger_new(a),
                            .source = a->source,
                            .seq = world.scenario->loose && chance(20) ? 0 : ++a->seq[stream],
                            .stream = stream};
        if (heard) {
            body.for_source = a->heard[stream].source;
            body.for_stream = a->heard[stream].stream;
        }
        stack_receive(a, 1 + (uint32_t)stream % PPIDS, &body);
    }
}

static void client_comes(void)
{
    unsigned listener = (unsigned)pick(world.scenario->client_ports), clients = 0;
    struct end *end = paper_listener((unsigned)pick(world.broker.worker_count), listener);
    for (unsigned i = 0; i < world.assoc_count; i++)
        clients += world.assocs[i]->life == UP && !world.assocs[i]->is_server;
    if (end && clients < CLIENTS_MAX)
        stack_up(stack_new(end, listener, false));
}

/* A server that is to keep away until everything has settled refuses from now on. */
static void server_goes(struct assoc *a)
{
    if (!world.returns)
        world.servers[a->member] = REFUSES;
    if (chance(70))
        stack_lose(a);
    else
        stack_shutdown(a);
}

void remotes_lose_member(void)
{
    struct assoc *a = world.gentle ? NULL : any(is_server_up);
    if (a)
        server_goes(a);
}

static void client_goes(struct assoc *a)
{
    if (world.scenario->subscribers && a->member == 1)
        world.members_lost = true;
    if (fails(50))
        stack_lose(a);
    else
        stack_shutdown(a);
}

static void server_changes(void)
{
    unsigned i = (unsigned)pick(world.scenario->peers);
    world.servers[i] = chance(50) ? ACCEPTS : chance(50) ? REFUSES : SILENT;
    note("server %u: %s", i,
         world.servers[i] == ACCEPTS   ? "accepts"
         : world.servers[i] == REFUSES ? "refuses"
                                       : "silent");
}

void servers_return(void)
{
    for (unsigned i = 0; i < PEERS_MAX; i++)
        world.servers[i] = ACCEPTS;
}

static void give_up(void)
{
    for (unsigned i = 0; i < world.assoc_count; i++)
        stack_give_up(world.assocs[i]);
}

/* ---- one at a time --------------------------------------------------------------------------------- */

static void network(void)
{
    struct assoc *a;
    switch (pick(world.scenario->mapped ? 5 : 4)) {
    case 4:
        if ((a = any(waits_for_streams)))
            stack_add_streams(a);
        break;
    case 0:
        if ((a = any(has_out)))
            stack_deliver(a, 1 + (unsigned)pick(4));
        break;
    case 1:
        if ((a = any(has_delivered)))
            stack_acknowledge(a, 1 + (unsigned)pick(4));
        break;
    case 2:
        if ((a = any(is_done)))
            stack_complete(a);
        break;
    default:
        if ((a = any(is_connecting)))
            answer_connect(a);
        else if (resolver_waits())
            resolver_step();
    }
}

/* Somebody goes, comes back or changes. */
static void change(void)
{
    struct assoc *a;
    switch (world.gentle ? 0 : pick(5)) {
    case 0:
        if ((a = any(is_client)))
            client_goes(a);
        break;
    case 1:
        if ((a = any(chance(80) ? is_client : is_server_up)))
            stack_restart(a);
        break;
    case 2:
    case 3:
        if ((a = any(is_server_up)))
            server_goes(a);
        break;
    default:
        if (world.scenario->peers && (world.returns || world.scenario->paired))
            server_changes();
    }
}

void remotes_step(void)
{
    struct assoc *a;
    unsigned what = (unsigned)pick(100);
    if (what < 45)
        network();
    else if (what < 78) {
        if ((a = any(may_send)))
            send_burst(a);
    } else if (what < 84)
        client_comes();
    else if (what < 85 + world.roughness)
        change();
    else if (what < 94)
        give_up();
    else
        world.now_ms += pick(world.gentle ? 8 : 60);
}

void remotes_calm_step(void)
{
    struct assoc *a;
    if ((a = any(has_out)))
        stack_deliver(a, 8);
    if ((a = any(has_delivered)))
        stack_acknowledge(a, 8);
    if ((a = any(is_done)))
        stack_complete(a);
    if ((a = any(is_connecting)))
        answer_connect(a);
    if ((a = any(waits_for_streams)))
        stack_add_streams(a);
    resolver_step();
    give_up();
    world.now_ms += pick(10);
}
