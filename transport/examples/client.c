/* The client of Erlang's gen_sctp manual: asks for five streams, sends on stream 0, then on stream 5, which
 * it was not granted, and aborts.
 *
 *   client HOST PORT [UDP-PORT]      of the server; with its UDP port over usrsctp in any case
 *
 * What it shows: looking a host name up, connecting with a time limit, sending on a stream, errors of a send,
 * aborting. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "transport/resolve.h"
#include "transport/transport.h"

__attribute__((noreturn)) static void fail(const struct tr_error *error)
{
    fprintf(stderr, "client: %s\n", error->text);
    exit(1);
}

/* gen_sctp:send. The short form of sending; tr_send takes many messages at once, each with a full record. */
static void send_text(struct tr_endpoint *ep, uint32_t assoc, uint16_t stream, const char *text)
{
    enum tr_code code = tr_send_simple(ep, assoc, stream, text, (uint32_t)strlen(text));
    printf("stream %u: %s (%s)\n", stream, tr_code_name(code), tr_code_text(code));
}

/* Prints what comes within the time. A program waits like this rather than with sleep: usrsctp has no thread
 * of its own and works only while the program is in a call that waits. */
static void listen_for(struct tr_endpoint *ep, int milliseconds)
{
    const struct tr_item *item;
    char text[256];
    while (tr_recv_wait(ep, milliseconds, &item) == TR_OK)
        if (item->kind == TR_EVENT)
            printf("%s\n", tr_event_format(&item->event, text, sizeof text));
}

int main(int argc, char **argv)
{
    if (argc < 3 || argc > 4) {
        fprintf(stderr, "usage: client HOST PORT [UDP-PORT]\n");
        return 2;
    }

    /* A name or a numeric address; for five seconds at most. A program with a loop uses a tr_resolver
     * instead. */
    struct tr_answer server;
    if (tr_resolve(argv[1], (uint16_t)atoi(argv[2]), 5000, &server) != TR_OK)
        fail(&server.error);

    struct tr_error error;
    const struct tr_backend *backend = tr_kernel();
    if (argc == 4 || tr_backend_probe(backend, NULL) != TR_OK)
        backend = tr_usrsctp();

    struct tr_loop *loop;
    struct tr_endpoint *ep;
    struct opt_set *options = opt_set_new();
    if (options == NULL)
        return 1;
    opt_put(options, OPTF_INIT_OSTREAMS, 5); /* initmsg: {num_ostreams: 5} */
    struct tr_open_params params = {.style = TR_ONE_TO_MANY, .options = options};
    if (tr_loop_open(backend, NULL, &loop, &error) != TR_OK || tr_open(loop, &params, &ep, &error) != TR_OK)
        fail(&error);
    opt_set_free(options);

    /* gen_sctp:connect, for five seconds at most. A name can have several addresses, of which the server
     * listens on some. The event tells the association's id and what was granted. */
    struct tr_event up;
    enum tr_code code = TR_NO_NAME;
    for (unsigned i = 0; i < server.count && code != TR_OK; i++) {
        struct tr_target target = {.addresses = &server.addresses[i],
                                   .address_count = 1,
                                   .encaps_port = (uint16_t)(argc == 4 ? atoi(argv[3]) : 9899)};
        code = tr_connect(ep, &target, 5000, &up, &error);
    }
    if (code != TR_OK)
        fail(&error);
    printf("connected: %u streams out, %u in\n", up.change.outbound_streams, up.change.inbound_streams);

    send_text(ep, up.assoc, 0, "Test 0");
    listen_for(ep, 500);
    send_text(ep, up.assoc, 5,
              "Test 5"); /* streams 0 to 4 were granted: refused at once, the peer sees nothing */
    listen_for(ep, 500);

    /* gen_sctp:abort throws away what is still under way; tr_eof would have it delivered first. */
    if (tr_abort(ep, up.assoc, &error) != TR_OK)
        fail(&error);
    printf("aborted\n");
    listen_for(ep, 500);

    tr_close(ep);
    tr_loop_close(loop);
    return 0;
}
