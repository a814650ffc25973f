/* What the two relays in C have in common, which stand beside the broker in `make bench-peers`: their
 * sockets, one-to-one style (RFC 6458 section 4), all on 127.0.0.1 and with the socket options that the
 * broker has by default, so that relays are compared and not settings.
 *
 * An association that comes in at LISTEN-PORT is connected to one of its own to TO-PORT: a pair. Streams and
 * PPIDs stay as they are. What a trivial relay leaves out, on purpose: partial delivery (messages of up to
 * PAIR_MESSAGE bytes only), reconnecting, an account of what was lost, a limit to anything.
 *
 * Blocking; a failure of the relay itself ends the program with a message. */
#ifndef BENCH_PEERS_PAIR_H
#define BENCH_PEERS_PAIR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PAIR_MESSAGE 65536

/* Room for what comes with a message, SCTP_RCVINFO, or goes with it, SCTP_SNDINFO. */
union pair_control {
    struct cmsghdr head; /* aligns it */
    char bytes[64];
};

/* Reads the ports from the command line, listens on the first and returns that socket. */
int pair_listen(int argc, char **argv);

/* Accepts an association and connects one for it: false if that was not possible; the accepted one is then
 * aborted. */
bool pair_accept(int listener, int fd[2]);

/* The stream and PPID that have come with a message, as what shall go with it. false: it cannot be passed on,
 * because it is a part of a message (MSG_EOR is missing). */
bool pair_pass_on(struct msghdr *msg);

/* Closes both. received: how reading has ended, 0 (the peer has shut down: what was sent is still delivered)
 * or an error (then both are aborted). */
void pair_close(const int fd[2], ssize_t received);

void pair_die(const char *what);

#ifdef __cplusplus
}
#endif
#endif
