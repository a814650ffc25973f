/* A client that adds an address to its association (RFC 5061), and waits until that ends; kernel transport.
 *
 *   add_address SCTP-PORT ADDRESS
 *
 * From 127.0.0.1 to 127.0.0.1. Adds the address when it has read a line, so that the other side can have let
 * it in before. Says "added" when the address is its own, and "ended" when the association is over; ends with
 * 1 if that has not come within TIMEOUT_MS. */
#include <stdio.h>
#include <stdlib.h>

#include "config/sctp/options.h"
#include "transport/transport.h"

enum { TIMEOUT_MS = 20000 };

__attribute__((noreturn)) static void fail(const char *why)
{
    fprintf(stderr, "add_address: %s\n", why);
    exit(1);
}

int main(int argc, char **argv)
{
    struct tr_error error;
    struct tr_loop *loop;
    struct tr_endpoint *ep;
    struct tr_event up;
    struct net_addr own, more, to;
    struct opt_set options = {0};
    const struct tr_item *item;
    char line[8];
    if (argc < 3 || !net_addr_parse("127.0.0.1", 0, &own) || !net_addr_parse(argv[2], 0, &more) ||
        !net_addr_parse("127.0.0.1", (uint16_t)atoi(argv[1]), &to))
        return 2;
    struct tr_open_params params = {
        .style = TR_ONE_TO_MANY, .addresses = &own, .address_count = 1, .options = &options};
    struct tr_target target = {.addresses = &to, .address_count = 1};
    setvbuf(stdout, NULL, _IOLBF, 0);
    opt_put(&options, OPTF_AUTH_SUPPORTED, 1);
    opt_put(&options, OPTF_ASCONF_SUPPORTED, 1);
    if (tr_loop_open(tr_kernel(), NULL, &loop, &error) != TR_OK ||
        tr_open(loop, &params, &ep, &error) != TR_OK ||
        tr_connect(ep, &target, TIMEOUT_MS, &up, &error) != TR_OK)
        fail(error.text);
    if (!fgets(line, sizeof line, stdin))
        fail("no line to read");
    if (tr_add_addresses(ep, &more, 1, &error) != TR_OK)
        fail(error.text);
    puts("added");
    while (tr_recv_wait(ep, TIMEOUT_MS, &item) == TR_OK)
        if (item->kind == TR_EVENT && item->event.type == TR_EV_ASSOC_CHANGE) {
            puts("ended");
            return 0;
        }
    fail("the association goes on");
}
