/* See client.h. HTTP is reduced to what one request on a local socket needs: HTTP/1.0, so that the answer is
 * a head and a body that ends with the connection. */
#include "junctor/client.h"

#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "broker/admin/socket.h"
#include "junctor/usage.h"

/* ---- finding it ---------------------------------------------------------------------------------- */

struct search {
    char found[8][ADMIN_PATH_MAX];
    unsigned count;
    char denied[ADMIN_PATH_MAX]; /* one that this user may not open */
};

static void try_socket(struct search *s, const char *path)
{
    int fd = strlen(path) < ADMIN_PATH_MAX ? admin_socket_connect(path) : -1;
    if (fd < 0 && errno == EACCES)
        snprintf(s->denied, sizeof s->denied, "%.*s", (int)sizeof s->denied - 1, path);
    if (fd < 0)
        return;
    close(fd);
    for (unsigned i = 0; i < s->count; i++)
        if (strcmp(s->found[i], path) == 0)
            return;
    if (s->count < sizeof s->found / sizeof s->found[0])
        strcpy(s->found[s->count++], path);
}

static void search_folder(struct search *s, const char *folder)
{
    char path[ADMIN_PATH_MAX + 300];
    DIR *d = opendir(folder);
    for (const struct dirent *e; d && (e = readdir(d));) {
        size_t len = strlen(e->d_name), end = strlen(ADMIN_SUFFIX);
        if (strcmp(e->d_name, ADMIN_FIXED_NAME) != 0 &&
            (strncmp(e->d_name, ADMIN_PREFIX, strlen(ADMIN_PREFIX)) != 0 || len < end ||
             strcmp(e->d_name + len - end, ADMIN_SUFFIX) != 0))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        try_socket(s, path);
    }
    if (d)
        closedir(d);
}

const char *client_search(char *why, size_t size)
{
    static struct search s;
    char folder[ADMIN_PATH_MAX];
    bool fixed;
    memset(&s, 0, sizeof s);
    for (unsigned i = 0; admin_default_place(i, folder, &fixed); i++)
        if (*folder)
            search_folder(&s, folder);
    if (s.count == 1)
        return s.found[0];
    if (!s.count && *s.denied)
        snprintf(why, size, "%s: this user may not open it", s.denied);
    else if (!s.count)
        snprintf(why, size,
                 "no broker found; name its socket with --socket PATH (the broker logs it: event=admin)");
    else {
        size_t n = (size_t)snprintf(why, size, "several brokers are running; choose one:");
        for (unsigned i = 0; i < s.count && n < size; i++)
            n += (size_t)snprintf(why + n, size - n, "\n  --socket %s", s.found[i]);
    }
    return NULL;
}

const char *client_find(const char *command, const char *given)
{
    char why[CLIENT_WHY];
    const char *found = given ? given : client_search(why, sizeof why);
    if (!found)
        fprintf(stderr, "junctor %s: %s\n", command, why);
    return found;
}

/* ---- asking --------------------------------------------------------------------------------------- */

const char *client_escape(const char *text, char *out, size_t size)
{
    size_t n = 0;
    for (; *text && n + 4 < size; text++) {
        unsigned char c = (unsigned char)*text;
        bool plain =
            (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || strchr("-._~", c);
        n += (size_t)snprintf(out + n, size - n, plain ? "%c" : "%%%02X", c);
    }
    out[n] = '\0';
    return out;
}

/* One request. */
struct exchange {
    int fd;
    int give_up;  /* descriptor: readable: no answer is wanted any more; -1: none */
    uint64_t end; /* milliseconds of the clock; 0: never */
};

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Waits for something to read. False: errno is ETIMEDOUT or ECANCELED. */
static bool wait_readable(const struct exchange *x)
{
    struct pollfd fds[2] = {{.fd = x->fd, .events = POLLIN}, {.fd = x->give_up, .events = POLLIN}};
    for (;;) {
        uint64_t now = x->end ? now_ms() : 0;
        int n = poll(fds, 2, !x->end ? -1 : x->end > now ? (int)(x->end - now) : 0);
        if (n > 0 && !fds[1].revents)
            return true;
        if (n >= 0) {
            errno = n ? ECANCELED : ETIMEDOUT;
            return false;
        }
    }
}

/* Everything up to the close by the other side; NUL-terminated. NULL: errno. */
static char *read_all(const struct exchange *x, size_t *length)
{
    size_t room = 65536, n = 0;
    char *text = malloc(room);
    for (ssize_t got = 1; text && got > 0;) {
        if (n + 1 == room) {
            char *more = realloc(text, room *= 2);
            if (!more)
                free(text);
            text = more;
            continue;
        }
        got = wait_readable(x) ? recv(x->fd, text + n, room - n - 1, 0) : -1;
        if (got < 0 && errno == EINTR)
            got = 1;
        else if (got < 0 && n && errno == ECONNRESET)
            break; /* turned away before it had read the request */
        else if (got < 0) {
            free(text);
            return NULL;
        } else {
            n += (size_t)got;
        }
    }
    if (text)
        text[n] = '\0';
    *length = n;
    return text;
}

static void send_all(int fd, const char *text)
{
    size_t length = strlen(text);
    while (length) {
        ssize_t n = send(fd, text, length, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return;
        text += n;
        length -= (size_t)n;
    }
}

static int no_broker(const char *socket, const char *what, char *why, size_t size)
{
    snprintf(why, size, "%s: %s", socket, what);
    return CLIENT_NO_BROKER;
}

/* Parses an answer; returns as client_request. */
static int judge(const char *socket, const char *answer, size_t length, json_t **document, char *why,
                 size_t size)
{
    int status;
    const char *body = strstr(answer, "\r\n\r\n");
    if (sscanf(answer, "HTTP/%*d.%*d %d", &status) != 1 || !body)
        return no_broker(socket, "what listens there is not a broker", why, size);
    body += 4;
    *document = json_loadb(body, length - (size_t)(body - answer), 0, NULL);
    if (!*document)
        return no_broker(socket, "its answer is not a JSON document", why, size);
    const char *error = json_string_value(json_object_get(*document, "error"));
    if (status == 200)
        return CLIENT_DONE;
    if (error) {
        snprintf(why, size, "%s", error);
        json_decref(*document);
        *document = NULL;
    }
    return CLIENT_REFUSED;
}

static const char *what_failed(int error)
{
    switch (error) {
    case ECONNREFUSED:
        return "no broker listens there any longer";
    case ETIMEDOUT:
        return "the broker does not answer";
    case ECANCELED:
        return "interrupted";
    default:
        return strerror(error);
    }
}

int client_request(const char *socket, const char *method, const char *path,
                   const struct client_patience *patience, json_t **document, char *why, size_t size)
{
    char request[CLIENT_REQUEST_MAX], *answer = NULL;
    size_t length = 0;
    *document = NULL;
    *why = '\0';
    if ((size_t)snprintf(request, sizeof request, "%s %s HTTP/1.0\r\nHost: junctor\r\n\r\n", method, path) >=
        sizeof request) {
        snprintf(why, size, "the arguments are too long");
        return CLIENT_REFUSED;
    }
    struct exchange x = {.fd = admin_socket_connect(socket),
                         .give_up = patience ? patience->give_up : -1,
                         .end = patience ? now_ms() + patience->timeout_ms : 0};
    if (x.fd < 0)
        return no_broker(socket, what_failed(errno), why, size);
    send_all(x.fd, request); /* who turns clients away may answer first, and not read */
    answer = read_all(&x, &length);
    int error = errno;
    close(x.fd);
    int result = answer && length
                     ? judge(socket, answer, length, document, why, size)
                     : no_broker(socket,
                                 error == ETIMEDOUT || error == ECANCELED ? what_failed(error)
                                                                          : "the broker gave no answer",
                                 why, size);
    free(answer);
    return result;
}

int client_ask(const char *command, const char *socket, const char *method, const char *path,
               json_t **document)
{
    char why[CLIENT_WHY];
    int status = client_request(socket, method, path, NULL, document, why, sizeof why);
    if (*why)
        fprintf(stderr, "junctor %s: %s\n", command, why);
    return status;
}

/* Up to the end of the head, byte by byte: what follows is left to the caller. False: there is none. */
static bool read_head(int fd, char *out, size_t size)
{
    size_t n = 0;
    while (n + 1 < size) {
        ssize_t got = recv(fd, out + n, 1, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        out[++n] = '\0';
        if (n >= 4 && strcmp(out + n - 4, "\r\n\r\n") == 0)
            return true;
    }
    return false;
}

/* An answer other than a stream, of which the head has been read. */
static int refused(const char *socket, int fd, const char *head, char *why, size_t size)
{
    const struct exchange x = {.fd = fd, .give_up = -1};
    json_t *document = NULL;
    size_t length, before = strlen(head);
    char *body = read_all(&x, &length), *answer = body ? malloc(before + length + 1) : NULL;
    int status = CLIENT_REFUSED;
    if (answer) {
        memcpy(answer, head, before);
        memcpy(answer + before, body, length + 1);
        status = judge(socket, answer, before + length, &document, why, size);
        json_decref(document);
    }
    free(body);
    free(answer);
    return status;
}

int client_open(const char *command, const char *socket, const char *method, const char *path, int *out)
{
    char request[CLIENT_REQUEST_MAX], head[4096], why[CLIENT_WHY] = "";
    int code, status = CLIENT_DONE, fd = -1;
    if ((size_t)snprintf(request, sizeof request, "%s %s HTTP/1.0\r\nHost: junctor\r\n\r\n", method, path) >=
        sizeof request)
        return cmd_wrong(command, "the arguments are too long");
    if ((fd = admin_socket_connect(socket)) < 0) {
        status = no_broker(socket, what_failed(errno), why, sizeof why);
    } else {
        send_all(fd, request);
        if (!read_head(fd, head, sizeof head) || sscanf(head, "HTTP/%*d.%*d %d", &code) != 1)
            status = no_broker(socket, "the broker gave no answer", why, sizeof why);
        else if (code != 200)
            status = refused(socket, fd, head, why, sizeof why);
    }
    if (*why)
        fprintf(stderr, "junctor %s: %s\n", command, why);
    if (status == CLIENT_DONE)
        *out = fd;
    else if (fd >= 0)
        close(fd);
    return status;
}

/* ---- command lines -------------------------------------------------------------------------------- */

const char client_letters[] = ":s:h";
const struct option client_options[] = {
    {"socket", required_argument, NULL, 's'}, {"help", no_argument, NULL, 'h'}, {0}};

bool client_arguments(const char *command, const char *help, int argc, char **argv, unsigned least,
                      unsigned most, const char **socket, char ***words, unsigned *count, int *status)
{
    int option;
    *socket = NULL;
    *status = 0;
    optind = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, client_letters, client_options, NULL)) != -1) {
        if (option == 's') {
            *socket = optarg;
        } else if (option == 'h') {
            fputs(help, stdout);
            return false;
        } else {
            *status = cmd_wrong_option(command, option, argv, client_options);
            return false;
        }
    }
    *words = argv + optind;
    *count = (unsigned)(argc - optind);
    if (*count < least)
        *status = cmd_wrong(command, "an argument is missing");
    else if (*count > most)
        *status = cmd_wrong(command, "unexpected argument \"%s\"", argv[optind + (int)most]);
    return *status == 0;
}
