/* The connect_init client of Erlang's gen_sctp manual: sets up associations to two servers at the same time
 * on one endpoint, waits for both outcomes and sends to each.
 *
 *   connect_init HOST PORT HOST PORT [UDP-PORT UDP-PORT]      with UDP ports over usrsctp in any case
 *
 * What it shows: looking host names up, connecting without waiting, events that belong to one of several
 * associations, graceful shutdown. */
#include <stdio.h>
#include <stdlib.h>

#include "transport/resolve.h"
#include "transport/transport.h"

struct peer {
    struct tr_answer host; /* all addresses of its name */
    unsigned tried;        /* how many of them */
    uint16_t udp_port;
    uint32_t assoc; /* 0: none, or no more */
    bool failed;
};

__attribute__((noreturn)) static void fail(const struct tr_error *error)
{
    fprintf(stderr, "connect_init: %s\n", error->text);
    exit(1);
}

/* gen_sctp:connect_init only sends the INIT. The id is there at once, so that the outcome finds its peer. */
static void connect_next(struct tr_endpoint *ep, struct peer *peer)
{
    struct tr_error error;
    struct tr_target target = {&peer->host.addresses[peer->tried++], 1, peer->udp_port};
    if (tr_connect_init(ep, &target, &peer->assoc, &error) != TR_OK)
        fail(&error);
}

/* Up: says hello, and that nothing more will follow. tr_eof lets the server have the message before the
 * association shuts down. A restart is the same association with a server that has begun anew. Not up: the
 * next address of its name. Any other change is the end. */
static void changed(struct tr_endpoint *ep, struct peer *peer, const struct tr_event *event)
{
    struct tr_error error;
    struct tr_msg hello = {.data = "hello", .len = 5, .assoc = peer->assoc, .stream = 1, .ppid = 46};
    unsigned sent;
    if (event->change.state == TR_COMM_UP) {
        enum tr_code code = tr_send(ep, &hello, 1, &sent);
        printf("sent: %s\n", tr_code_text(code));
        if (tr_eof(ep, peer->assoc, &error) != TR_OK)
            fail(&error);
    } else if (event->change.state == TR_CANT_ASSOC && peer->tried < peer->host.count) {
        connect_next(ep, peer);
    } else if (event->change.state != TR_RESTART) {
        peer->failed = event->change.state != TR_SHUTDOWN_COMP;
        peer->assoc = 0;
    }
}

int main(int argc, char **argv)
{
    struct peer peers[2] = {0};
    if (argc != 5 && argc != 7) {
        fprintf(stderr, "usage: connect_init HOST PORT HOST PORT [UDP-PORT UDP-PORT]\n");
        return 2;
    }
    for (int i = 0; i < 2; i++) {
        if (tr_resolve(argv[1 + 2 * i], (uint16_t)atoi(argv[2 + 2 * i]), 5000, &peers[i].host) != TR_OK)
            fail(&peers[i].host.error);
        peers[i].udp_port = (uint16_t)(argc == 7 ? atoi(argv[5 + i]) : 9899);
    }

    struct tr_error error;
    const struct tr_backend *backend = tr_kernel();
    if (argc == 7 || tr_backend_probe(backend, NULL) != TR_OK)
        backend = tr_usrsctp();

    struct tr_loop *loop;
    struct tr_endpoint *ep;
    struct tr_open_params params = {.style = TR_ONE_TO_MANY};
    if (tr_loop_open(backend, NULL, &loop, &error) != TR_OK || tr_open(loop, &params, &ep, &error) != TR_OK)
        fail(&error);

    for (int i = 0; i < 2; i++) {
        connect_next(ep, &peers[i]);
        printf("peer %d: connecting\n", i + 1);
    }

    while (peers[0].assoc != 0 || peers[1].assoc != 0) {
        const struct tr_item *item;
        char text[256];
        if (tr_recv_wait(ep, 30000, &item) != TR_OK) {
            printf("nothing happens any more\n");
            return 1;
        }
        if (item->kind != TR_EVENT || item->event.type != TR_EV_ASSOC_CHANGE)
            continue;
        for (int i = 0; i < 2; i++)
            if (peers[i].assoc == item->event.assoc) {
                printf("peer %d: %s\n", i + 1, tr_event_format(&item->event, text, sizeof text));
                changed(ep, &peers[i], &item->event);
            }
    }
    tr_close(ep);
    tr_loop_close(loop);
    return peers[0].failed || peers[1].failed;
}
