/* A relay as it is often written: a thread for each pair of associations, which waits with poll(2) for either
 * and passes on one message at a time, with a system call to receive it and one to send it. Sending blocks,
 * so a receiver that is slow holds up its own sender, and nobody else.
 *
 *   threads LISTEN-PORT TO-PORT */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/peers/pair.h"

struct pair {
    int fd[2];
    char data[PAIR_MESSAGE];
};

/* Passes on what waits at one side, one message. What receiving it returned; -1 also if it could not be sent.
 */
static ssize_t pass(struct pair *p, int from)
{
    union pair_control control;
    struct iovec v = {p->data, sizeof p->data};
    struct msghdr msg = {
        .msg_iov = &v, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t n = recvmsg(p->fd[from], &msg, 0);
    if (n <= 0)
        return n;
    v.iov_len = (size_t)n;
    return pair_pass_on(&msg) ? sendmsg(p->fd[!from], &msg, 0) : -1;
}

static void *relay(void *arg)
{
    struct pair *p = arg;
    struct pollfd wait[2] = {{p->fd[0], POLLIN, 0}, {p->fd[1], POLLIN, 0}};
    ssize_t n = 1;
    while (n > 0) {
        if (poll(wait, 2, -1) < 0 && errno != EINTR)
            pair_die("poll");
        for (int from = 0; from < 2 && n > 0; from++) {
            if (wait[from].revents)
                n = pass(p, from);
        }
    }
    pair_close(p->fd, n);
    free(p);
    return NULL;
}

int main(int argc, char **argv)
{
    int listener = pair_listen(argc, argv);
    while (true) {
        struct pair *p = malloc(sizeof *p);
        pthread_t thread;
        if (!p)
            pair_die("malloc");
        if (!pair_accept(listener, p->fd)) {
            free(p);
            continue;
        }
        if ((errno = pthread_create(&thread, NULL, relay, p)))
            pair_die("pthread_create");
        pthread_detach(thread);
    }
}
