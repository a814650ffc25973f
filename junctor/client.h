/* How commands talk to a running broker: HTTP on its admin socket. They block until the broker has answered.
 */
#ifndef JUNCTOR_JUNCTOR_CLIENT_H
#define JUNCTOR_JUNCTOR_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

/* Exit statuses of the commands that use this, beside 2 for wrong usage. */
enum { CLIENT_DONE = 0, CLIENT_REFUSED = 1, CLIENT_NO_BROKER = 3 };

#define CLIENT_SOCKET_HELP                                                                                   \
    "  -s, --socket PATH      the broker's admin socket; where not given the one of\n"                       \
    "                         the one broker that runs on this host\n"

/* Where the broker is: `given` (may be NULL), or else the only one found where brokers put their sockets by
 * default. Static memory. NULL: none or several, which has been said. */
const char *client_find(const char *command, const char *given);

/* Asks the broker whose socket is at `socket`. `path` is a path with its query, escaped. Returns 0 and the
 * document, which is the caller's, or an exit status for what has been said. A document of a command that was
 * not carried out is given, too, with CLIENT_REFUSED, where it has more to tell than an error. */
int client_ask(const char *command, const char *socket, const char *method, const char *path,
               json_t **document);

/* `text` as a part of a query. Returns `out`. */
const char *client_escape(const char *text, char *out, size_t size);

/* Command lines of an optional -s PATH and so many words, named for the usage line. Fills *socket and words.
 * Returns true to go on; false with the exit status in *status. */
bool client_arguments(const char *command, const char *help, int argc, char **argv, unsigned least,
                      unsigned most, const char **socket, char ***words, unsigned *count, int *status);

#endif
