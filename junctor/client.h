/* How commands talk to a running broker: HTTP on its admin socket. Calls block until it has answered. */
#ifndef JUNCTOR_JUNCTOR_CLIENT_H
#define JUNCTOR_JUNCTOR_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

/* Exit statuses of the commands that use this, beside 2 for wrong usage. */
enum { CLIENT_DONE = 0, CLIENT_REFUSED = 1, CLIENT_NO_BROKER = 3 };

#define CLIENT_SOCKET_HELP                                                                                   \
    "  -s, --socket PATH      the broker's admin socket (default: that of the only\n"                        \
    "                         broker running on this host)\n"

/* The path of the broker's socket: `given`, or if NULL that of the only broker found where brokers put their
 * sockets by default. Static memory. NULL: none or several; a message has been printed. */
const char *client_find(const char *command, const char *given);

/* Sends a request to the broker whose socket is at `socket`. `path` is a path with its query, escaped.
 * Returns CLIENT_DONE and the document, which the caller owns, or another exit status after printing the
 * reason. With CLIENT_REFUSED there is a document, too, if it says more than an error text; else *document is
 * NULL. */
int client_ask(const char *command, const char *socket, const char *method, const char *path,
               json_t **document);

/* Escapes `text` for use in a query. Returns `out`. */
const char *client_escape(const char *text, char *out, size_t size);

/* Parses a command line of an optional -s PATH and `least` to `most` words. Fills *socket, *words and *count.
 * Returns true to go on; false with the exit status in *status. */
bool client_arguments(const char *command, const char *help, int argc, char **argv, unsigned least,
                      unsigned most, const char **socket, char ***words, unsigned *count, int *status);

#endif
