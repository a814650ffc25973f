/* How commands talk to a running broker: HTTP on its admin socket. Calls block until it has answered. */
#ifndef JUNCTOR_JUNCTOR_CLIENT_H
#define JUNCTOR_JUNCTOR_CLIENT_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

/* Exit statuses of the commands that use this, beside 2 for wrong usage. */
enum { CLIENT_DONE = 0, CLIENT_REFUSED = 1, CLIENT_NO_BROKER = 3 };

#define CLIENT_SOCKET_HELP                                                                                   \
    "  -s, --socket PATH      the broker's admin socket (default: that of the only\n"                        \
    "                         broker running on this host)\n"

#define CLIENT_WHY         1200 /* bytes of a reason */
#define CLIENT_REQUEST_MAX 2000

/* The path of the socket of the only broker found where brokers put their sockets by default. Static memory.
 * NULL: none or several; why, on one or several lines. */
const char *client_search(char *why, size_t size);

/* The path of the broker's socket: `given`, or if NULL that of the only broker found where brokers put their
 * sockets by default. Static memory. NULL: none or several; a message has been printed. */
const char *client_find(const char *command, const char *given);

/* How long an answer is waited for. */
struct client_patience {
    int give_up; /* a descriptor: once it is readable, no answer is wanted any more; -1: none */
    unsigned timeout_ms;
};

/* Sends a request to the broker at `socket`; `patience` NULL: waits as long as it takes. Returns as
 * client_ask, and prints nothing: the reason is in `why` ("" if there is none). */
int client_request(const char *socket, const char *method, const char *path,
                   const struct client_patience *patience, json_t **document, char *why, size_t size);

/* Sends a request to the broker whose socket is at `socket`. `path` is a path with its query, escaped.
 * Returns CLIENT_DONE and the document, which the caller owns, or another exit status after printing the
 * reason. With CLIENT_REFUSED there is a document, too, if it says more than an error text; else *document is
 * NULL. */
int client_ask(const char *command, const char *socket, const char *method, const char *path,
               json_t **document);

/* Sends a request whose answer is a stream of bytes. Returns CLIENT_DONE and a connected socket in *fd, which
 * the caller closes and on which the stream comes until the broker ends it; or another exit status after
 * printing the reason. */
int client_open(const char *command, const char *socket, const char *method, const char *path, int *fd);

/* Escapes `text` for use in a query. Returns `out`. */
const char *client_escape(const char *text, char *out, size_t size);

/* What client_arguments gives to getopt_long. */
extern const char client_letters[];
extern const struct option client_options[];

/* Parses a command line of an optional -s PATH and `least` to `most` words. Fills *socket, *words and *count.
 * Returns true to go on; false with the exit status in *status. */
bool client_arguments(const char *command, const char *help, int argc, char **argv, unsigned least,
                      unsigned most, const char **socket, char ***words, unsigned *count, int *status);

#endif
