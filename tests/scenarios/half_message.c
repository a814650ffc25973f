/* A stranger: opens associations over UDP (RFC 6951), begins a message on each, and never ends it.
 *
 *   half_message OWN-UDP-PORT SCTP-PORT UDP-PORT ASSOCIATIONS BYTES
 *
 * To 127.0.0.1. Says "begun" when each association has handed over so many bytes, and then how many of them
 * are left, whenever that changes; stays until it is killed. On usrsctp with SCTP_EXPLICIT_EOR: a message
 * ends where the sender says so. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <usrsctp.h>

enum { PIECE = 10000, PIECES_MAX = 1000, WAIT_MS = 20000, LOOK_MS = 20 };

static struct socket *open_one(uint16_t port, uint16_t udp_port)
{
    const int on = 1, buffer = PIECE * PIECES_MAX;
    struct sctp_udpencaps encaps = {.sue_port = htons(udp_port)};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct socket *so = usrsctp_socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP, NULL, NULL, 0, NULL);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    encaps.sue_address.ss_family = AF_INET;
    if (so == NULL ||
        usrsctp_setsockopt(so, IPPROTO_SCTP, SCTP_REMOTE_UDP_ENCAPS_PORT, &encaps, sizeof encaps) != 0 ||
        usrsctp_setsockopt(so, IPPROTO_SCTP, SCTP_EXPLICIT_EOR, &on, sizeof on) != 0 ||
        usrsctp_setsockopt(so, IPPROTO_SCTP, SCTP_NODELAY, &on, sizeof on) != 0 ||
        usrsctp_setsockopt(so, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer) != 0 ||
        usrsctp_connect(so, (struct sockaddr *)&to, sizeof to) != 0)
        return NULL;
    usrsctp_set_non_blocking(so, 1);
    return so;
}

static int begin_message(struct socket *so, unsigned bytes)
{
    static const char piece[PIECE];
    for (unsigned left = bytes; left > 0;) {
        size_t len = left < PIECE ? left : PIECE;
        struct sctp_sndinfo info = {0}; /* without SCTP_EOR: it goes on */
        if (usrsctp_sendv(so, piece, len, NULL, 0, &info, sizeof info, SCTP_SENDV_SNDINFO, 0) != (ssize_t)len)
            return -1;
        left -= (unsigned)len;
    }
    return 0;
}

/* Bytes that the peer has not acknowledged, about; -1: the association has ended. */
static int unacknowledged(struct socket *so)
{
    struct sctp_status s = {0};
    socklen_t len = sizeof s;
    if (usrsctp_getsockopt(so, IPPROTO_SCTP, SCTP_STATUS, &s, &len) != 0 || s.sstat_state != SCTP_ESTABLISHED)
        return -1;
    return s.sstat_unackdata + s.sstat_penddata;
}

static unsigned count_left(struct socket *const *all, unsigned count, unsigned *busy)
{
    unsigned left = 0;
    *busy = 0;
    for (unsigned i = 0; i < count; i++) {
        int open = unacknowledged(all[i]);
        left += open >= 0;
        *busy += open > 0;
    }
    return left;
}

int main(int argc, char **argv)
{
    if (argc != 6)
        return 2;
    unsigned count = (unsigned)atoi(argv[4]), bytes = (unsigned)atoi(argv[5]), busy, left, before;
    struct socket **all = calloc(count, sizeof(struct socket *));
    setvbuf(stdout, NULL, _IOLBF, 0);
    usrsctp_init((uint16_t)atoi(argv[1]), NULL, NULL);
    usrsctp_sysctl_set_sctp_blackhole(
        2); /* it sees, as root, what is for the kernel, too: no ABORTs for that */
    for (unsigned i = 0; i < count; i++)
        if (!(all[i] = open_one((uint16_t)atoi(argv[2]), (uint16_t)atoi(argv[3]))) ||
            begin_message(all[i], bytes)) {
            perror("half_message");
            return 1;
        }
    for (unsigned ms = 0; count_left(all, count, &busy) > 0 && busy > 0 && ms < WAIT_MS; ms += LOOK_MS)
        usleep(LOOK_MS * 1000);
    puts("begun");
    for (before = count;; before = left) {
        left = count_left(all, count, &busy);
        if (left != before)
            printf("left=%u\n", left);
        usleep(LOOK_MS * 1000);
    }
}
