/* The sockets of the relays in C. */
#include "bench/peers/pair.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/sctp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct sockaddr_in destination;

void pair_die(const char *what)
{
    perror(what);
    exit(2);
}

static struct sockaddr_in loopback(const char *port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return a;
}

/* Those of the broker by default. Above net.core.wmem_max and rmem_max only with CAP_NET_ADMIN, as in the
 * broker. */
static void set_options(int fd)
{
    int on = 1, buffer = 4 << 20;
    struct sctp_initmsg init = {.sinit_num_ostreams = 256, .sinit_max_instreams = 256};
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof buffer))
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer))
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) ||
        setsockopt(fd, IPPROTO_SCTP, SCTP_INITMSG, &init, sizeof init) ||
        setsockopt(fd, IPPROTO_SCTP, SCTP_NODELAY, &on, sizeof on) ||
        setsockopt(fd, IPPROTO_SCTP, SCTP_RECVRCVINFO, &on, sizeof on))
        pair_die("setsockopt");
}

static int open_socket(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_SCTP);
    if (fd < 0)
        pair_die("socket");
    set_options(fd);
    return fd;
}

int pair_listen(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s LISTEN-PORT TO-PORT\n", argv[0]);
        exit(2);
    }
    signal(SIGPIPE, SIG_IGN);
    destination = loopback(argv[2]);
    struct sockaddr_in here = loopback(argv[1]);
    int fd = open_socket();
    if (bind(fd, (struct sockaddr *)&here, sizeof here) || listen(fd, SOMAXCONN))
        pair_die("listen");
    return fd;
}

static void abort_association(int fd)
{
    struct linger now = {.l_onoff = 1};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd);
}

bool pair_accept(int listener, int fd[2])
{
    if ((fd[0] = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) < 0)
        return false;
    set_options(fd[0]); /* not all of them are inherited */
    fd[1] = open_socket();
    if (connect(fd[1], (struct sockaddr *)&destination, sizeof destination) == 0)
        return true;
    perror("connect");
    close(fd[1]);
    abort_association(fd[0]);
    return false;
}

bool pair_pass_on(struct msghdr *msg)
{
    struct cmsghdr *c = CMSG_FIRSTHDR(msg);
    struct sctp_rcvinfo came;
    if (!(msg->msg_flags & MSG_EOR) || !c || c->cmsg_level != IPPROTO_SCTP || c->cmsg_type != SCTP_RCVINFO)
        return false;
    memcpy(&came, CMSG_DATA(c), sizeof came);
    struct sctp_sndinfo goes = {
        .snd_sid = came.rcv_sid, .snd_flags = came.rcv_flags & SCTP_UNORDERED, .snd_ppid = came.rcv_ppid};
    c->cmsg_type = SCTP_SNDINFO;
    c->cmsg_len = CMSG_LEN(sizeof goes);
    memcpy(CMSG_DATA(c), &goes, sizeof goes);
    msg->msg_controllen = CMSG_SPACE(sizeof goes);
    return true;
}

void pair_close(const int fd[2], ssize_t received)
{
    for (int i = 0; i < 2; i++) {
        if (received == 0)
            close(fd[i]);
        else
            abort_association(fd[i]);
    }
}
