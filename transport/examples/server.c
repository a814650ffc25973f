/* The server of Erlang's gen_sctp manual: listens and prints whatever arrives, for any number of clients.
 *
 *   server ADDRESS PORT [UDP-PORT]      the kernel's SCTP where this host has it, else usrsctp over UDP
 * (9899); with a UDP port usrsctp in any case
 *
 * What it shows: a loop, a one-to-many endpoint in it, an option, and receiving messages and events. */
#include <stdio.h>
#include <stdlib.h>

#include "transport/transport.h"

/* Whatever can fail because of the world outside says in `text` what was tried, why it failed and what to do.
 */
__attribute__((noreturn)) static void fail(const struct tr_error *error)
{
    fprintf(stderr, "server: %s\n", error->text);
    exit(1);
}

static void print(const struct tr_item *item)
{
    char text[256];
    if (item->kind == TR_EVENT)
        printf("%s\n", tr_event_format(&item->event, text, sizeof text));
    else
        printf("message assoc=%u stream=%u ppid=%u: %.*s\n", item->msg.assoc, item->msg.stream,
               item->msg.ppid, (int)item->msg.len, (const char *)item->msg.data);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct net_addr address;
    if (argc < 3 || argc > 4 || !net_addr_parse(argv[1], 0, &address)) {
        fprintf(stderr, "usage: server ADDRESS PORT [UDP-PORT]\n");
        return 2;
    }

    struct tr_error error;
    const struct tr_backend *backend = tr_kernel();
    if (argc == 4 || tr_backend_probe(backend, NULL) != TR_OK)
        backend = tr_usrsctp();

    /* Endpoints live in a loop. Both belong to this thread, which may have as many endpoints as it likes. */
    struct tr_loop *loop;
    if (tr_loop_open(backend, NULL, &loop, &error) != TR_OK)
        fail(&error);

    /* Options are a set of fields; what is not given stays as it is. */
    struct opt_set *options = opt_set_new();
    if (options == NULL)
        return 1;
    /* The manual's value. For many small messages 320K or more: transport/README.md, Full receive windows. */
    opt_put(options, OPTF_RECBUF, 65536);

    /* gen_sctp:open. Zero is the usual value of everything that is not mentioned. */
    struct tr_endpoint *server;
    struct tr_open_params params = {.style = TR_ONE_TO_MANY,
                                    .addresses = &address,
                                    .address_count = 1,
                                    .port = (uint16_t)atoi(argv[2]),
                                    .encaps_port = (uint16_t)(argc == 4 ? atoi(argv[3]) : 9899),
                                    .options = options};
    if (tr_open(loop, &params, &server, &error) != TR_OK || tr_listen(server, 1, &error) != TR_OK)
        fail(&error);
    opt_set_free(options); /* nothing that is passed in need outlive the call */
    printf("listening on port %u (%s)\n", tr_endpoint_port(server), tr_backend_name(backend));
    fflush(stdout);

    /* gen_sctp:recv. A one-to-many endpoint accepts by itself: a new client is a comm_up event, and the
     * association's id tells its messages from those of the others. -1: as long as it takes. */
    const struct tr_item *item;
    enum tr_code code;
    while ((code = tr_recv_wait(server, -1, &item)) == TR_OK)
        print(item);
    fprintf(stderr, "server: %s\n", tr_code_text(code));
    tr_loop_close(loop);
    return 1;
}
