/* The least that a fast relay must do, in one thread: what waits at an association, up to BATCH messages, is
 * received with one recvmmsg(2) and sent with one sendmmsg(2). All but the last have MSG_MORE, so that small
 * ones share packets. Nothing is looked up, checked, counted or kept.
 *
 * Sending blocks: a receiver that does not read holds up all pairs, and two that do not read each other's
 * hold up each other for good. With a small send buffer MSG_MORE holds all of it back for good, too; it must
 * be larger than the path MTU's worth of messages.
 *
 *   batched LISTEN-PORT TO-PORT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "bench/peers/pair.h"

#define BATCH 64

struct pair {
    int fd[2];
    struct side {
        struct pair *pair;
        int number;
    } side[2];
};

static char data[BATCH][PAIR_MESSAGE];
static union pair_control control[BATCH];
static struct iovec vector[BATCH];
static struct mmsghdr batch[BATCH];

static int receive(int fd)
{
    for (int i = 0; i < BATCH; i++) {
        vector[i] = (struct iovec){data[i], PAIR_MESSAGE};
        batch[i].msg_hdr = (struct msghdr){.msg_iov = &vector[i],
                                           .msg_iovlen = 1,
                                           .msg_control = &control[i],
                                           .msg_controllen = sizeof control[i]};
    }
    return recvmmsg(fd, batch, BATCH, MSG_DONTWAIT, NULL);
}

/* The first n of the batch; false: they cannot be sent. */
static bool send_all(int fd, int n)
{
    for (int sent = 0, done; sent < n - 1; sent += done) {
        done = sendmmsg(fd, batch + sent, (unsigned)(n - 1 - sent), MSG_MORE);
        if (done < 0)
            return false;
    }
    return sendmsg(fd, &batch[n - 1].msg_hdr, 0) >= 0;
}

/* Passes on a batch of what waits at one side; returns what was wrong with it: 1 nothing, 0 the peer has shut
 * down, -1 it has aborted or cannot be sent to. */
static ssize_t pass(struct pair *p, int from)
{
    int n = receive(p->fd[from]), whole = 0;
    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? 1 : -1;
    for (; whole < n && batch[whole].msg_len > 0; whole++) {
        vector[whole].iov_len = batch[whole].msg_len;
        if (!pair_pass_on(&batch[whole].msg_hdr))
            return -1;
    }
    if (whole > 0 && !send_all(p->fd[!from], whole))
        return -1;
    return whole == n;
}

static void add(int epoll, int fd, struct side *side)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = side};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event))
        pair_die("epoll_ctl");
}

static void accept_one(int epoll, int listener)
{
    struct pair *p = malloc(sizeof *p);
    if (!p)
        pair_die("malloc");
    if (!pair_accept(listener, p->fd)) {
        free(p);
        return;
    }
    for (int i = 0; i < 2; i++) {
        p->side[i] = (struct side){p, i};
        add(epoll, p->fd[i], &p->side[i]);
    }
}

int main(int argc, char **argv)
{
    int listener = pair_listen(argc, argv), epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0)
        pair_die("epoll_create1");
    add(epoll, listener, NULL);
    while (true) {
        struct epoll_event event;
        if (epoll_wait(epoll, &event, 1, -1) < 1) /* one: so that none is of a pair that was just closed */
            continue;
        struct side *side = event.data.ptr;
        if (!side) {
            accept_one(epoll, listener);
            continue;
        }
        struct pair *p = side->pair;
        ssize_t n = pass(p, side->number);
        if (n <= 0) {
            pair_close(p->fd, n);
            free(p);
        }
    }
}
