/* Many clients of a broker's admin interface at once, as `bench/reading` needs them: each reads all the given
 * documents RATE times a second, one after the other, over a connection that it keeps. One thread; what it
 * costs itself is little, so that the broker's cost shows.
 *
 *   readers SOCKET CLIENTS RATE SECONDS PATH...
 *
 * Prints a JSON object: the answers, their bytes, how often a client was done with all of them, and the
 * processor time that this program took. Exit status 1: something else than 200 came back. */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define CLIENTS_MAX 256

struct client {
    int fd;
    bool asking;      /* an answer is awaited */
    int path;         /* that is asked for, or next */
    uint64_t next_ns; /* when it begins anew */
    char head[2048];  /* of the answer */
    size_t head_len;
    size_t body_left; /* once the head is complete */
    bool in_body;
};

static struct client clients[CLIENTS_MAX];
static struct sockaddr_un address = {.sun_family = AF_UNIX};
static char **paths;
static int path_count;
static uint64_t answers, bytes, rounds, failures, period_ns;

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void die(const char *what)
{
    perror(what);
    exit(2);
}

static void ask(struct client *c)
{
    char request[600];
    int n = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: junctor\r\n\r\n", paths[c->path]);
    if (send(c->fd, request, (size_t)n, MSG_NOSIGNAL) != n)
        die("send");
    c->asking = true;
    c->head_len = 0;
    c->in_body = false;
}

/* A whole answer is there. */
static void answered(struct client *c)
{
    answers++;
    c->asking = false;
    if (strncmp(c->head, "HTTP/1.1 200 ", 13) != 0)
        failures++;
    if (++c->path < path_count) {
        ask(c);
        return;
    }
    c->path = 0;
    rounds++;
    uint64_t now = now_ns();
    do /* a round that took too long is not made up for */
        c->next_ns += period_ns;
    while (c->next_ns <= now);
}

static void take_head(struct client *c, const char *data, size_t len)
{
    size_t room = sizeof c->head - 1 - c->head_len, n = len < room ? len : room;
    memcpy(c->head + c->head_len, data, n);
    c->head[c->head_len + n] = '\0';
    const char *end = strstr(c->head, "\r\n\r\n"), *length = strcasestr(c->head, "content-length:");
    c->head_len += n;
    if (!end) {
        if (n < len)
            die("head too long");
        return;
    }
    if (!length)
        die("no content-length");
    size_t extra = c->head_len - (size_t)(end + 4 - c->head) + (len - n);
    c->body_left = strtoul(length + 15, NULL, 10) - extra;
    c->in_body = true;
}

static void take(struct client *c)
{
    static char data[1 << 18];
    ssize_t n = recv(c->fd, data, sizeof data, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0)
        die("recv");
    bytes += (uint64_t)n;
    if (c->in_body)
        c->body_left -= (size_t)n;
    else
        take_head(c, data, (size_t)n);
    if (c->in_body && c->body_left == 0)
        answered(c);
}

static void run(int count, uint64_t end)
{
    struct pollfd fds[CLIENTS_MAX];
    for (uint64_t now; (now = now_ns()) < end;) {
        uint64_t next = end;
        for (int i = 0; i < count; i++) {
            struct client *c = &clients[i];
            if (!c->asking && c->next_ns <= now)
                ask(c);
            if (!c->asking && c->next_ns < next)
                next = c->next_ns;
            fds[i] = (struct pollfd){.fd = c->asking ? c->fd : -1, .events = POLLIN};
        }
        if (poll(fds, (nfds_t)count, (int)((next - now) / 1000000 + 1)) < 0 && errno != EINTR)
            die("poll");
        for (int i = 0; i < count; i++)
            if (fds[i].revents)
                take(&clients[i]);
    }
}

int main(int argc, char **argv)
{
    struct rusage used;
    int count = argc > 5 ? atoi(argv[2]) : 0;
    double rate = argc > 5 ? atof(argv[3]) : 0, seconds = argc > 5 ? atof(argv[4]) : 0;
    if (count < 1 || count > CLIENTS_MAX || rate <= 0 || seconds <= 0 ||
        strlen(argv[1]) >= sizeof address.sun_path) {
        fprintf(stderr, "usage: readers SOCKET CLIENTS RATE SECONDS PATH...\n");
        return 2;
    }
    strcpy(address.sun_path, argv[1]);
    paths = argv + 5;
    path_count = argc - 5;
    period_ns = (uint64_t)(1e9 / rate);
    uint64_t begun = now_ns();
    for (int i = 0; i < count; i++) {
        clients[i].fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (clients[i].fd < 0 || connect(clients[i].fd, (struct sockaddr *)&address, sizeof address) != 0)
            die(argv[1]);
        clients[i].next_ns = begun + period_ns * (uint64_t)i / (uint64_t)count;
    }
    run(count, begun + (uint64_t)(seconds * 1e9));
    getrusage(RUSAGE_SELF, &used);
    printf("{\"answers\": %llu, \"bytes\": %llu, \"rounds\": %llu, \"failures\": %llu, \"cpu_ms\": %ld}\n",
           (unsigned long long)answers, (unsigned long long)bytes, (unsigned long long)rounds,
           (unsigned long long)failures,
           (long)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000 +
               (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1000);
    return failures ? 1 : 0;
}
