/* A client that sends messages as they are given, and prints what comes back: for protocols that somebody
 * else is to recognise.
 *
 *   send_message BACKEND SCTP-PORT UDP-PORT STREAM:PPID:HEX…
 *
 * To 127.0.0.1; the UDP port is for a backend that runs over UDP. Prints "STREAM:PPID:HEX" for each answer;
 * ends when there are as many answers as messages, with 1 if they have not come within TIMEOUT_MS. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "transport/transport.h"

enum { LONGEST = 1000, TIMEOUT_MS = 10000 };

__attribute__((noreturn)) static void fail(const char *why)
{
    fprintf(stderr, "send_message: %s\n", why);
    exit(1);
}

static void send_one(struct tr_endpoint *ep, uint32_t assoc, const char *text)
{
    unsigned char data[LONGEST];
    unsigned stream, ppid, sent, byte;
    int at = 0, n;
    struct tr_msg m = {.data = data, .assoc = assoc};
    if (sscanf(text, "%u:%u:%n", &stream, &ppid, &at) != 2 || !at)
        fail("write STREAM:PPID:HEX");
    for (text += at; m.len < LONGEST && sscanf(text, "%2x%n", &byte, &n) == 1; text += n)
        data[m.len++] = (unsigned char)byte;
    m.stream = (uint16_t)stream;
    m.ppid = ppid;
    enum tr_code code = tr_send(ep, &m, 1, &sent);
    if (code != TR_OK)
        fail(tr_code_text(code));
}

static const struct tr_backend *backend_called(const char *name)
{
    const struct tr_backend *b;
    for (unsigned i = 0; (b = tr_backend_at(i)); i++)
        if (!strcmp(tr_backend_name(b), name))
            return b;
    fail("BACKEND is kernel or usrsctp");
}

int main(int argc, char **argv)
{
    struct tr_error error;
    struct tr_loop *loop;
    struct tr_endpoint *ep;
    struct tr_event up;
    struct net_addr to;
    const struct tr_item *item;
    struct tr_open_params params = {.style = TR_ONE_TO_MANY};
    if (argc < 5 || !net_addr_parse("127.0.0.1", (uint16_t)atoi(argv[2]), &to))
        return 2;
    const struct tr_backend *backend = backend_called(argv[1]);
    struct tr_target target = {.addresses = &to, .address_count = 1};
    if (tr_backend_caps(backend) & TR_CAP_ENCAPS)
        target.encaps_port = (uint16_t)atoi(argv[3]);
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (tr_loop_open(backend, NULL, &loop, &error) != TR_OK || tr_open(loop, &params, &ep, &error) != TR_OK ||
        tr_connect(ep, &target, TIMEOUT_MS, &up, &error) != TR_OK)
        fail(error.text);
    for (int i = 4; i < argc; i++)
        send_one(ep, up.assoc, argv[i]);
    for (int left = argc - 4; left > 0;) {
        if (tr_recv_wait(ep, TIMEOUT_MS, &item) != TR_OK)
            fail("no answer");
        if (item->kind == TR_EVENT)
            continue;
        printf("%u:%u:", item->msg.stream, item->msg.ppid);
        for (uint32_t i = 0; i < item->msg.len; i++)
            printf("%02x", ((const unsigned char *)item->msg.data)[i]);
        putchar('\n');
        left--;
    }
    tr_close(ep);
    tr_loop_close(loop);
    return 0;
}
