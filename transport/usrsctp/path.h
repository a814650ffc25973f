/* Where packets come from and go to: remotes, and the paths of associations on them.
 *
 * A remote is a remote IP address and UDP port as seen from one local UDP socket and address. A path is a
 * remote with the SCTP ports of both sides, and so has one association at most. Both are known to us only;
 * what the stack takes for a path is a number, its index, written as an address (handle) and a port. Handles
 * are never followed as pointers, so a number that has outlived its path leads nowhere. */
#ifndef JUNCTOR_TRANSPORT_USRSCTP_PATH_H
#define JUNCTOR_TRANSPORT_USRSCTP_PATH_H

#include <usrsctp.h>

#include "config/sctp/hash.h"
#include "transport/usrsctp/udp.h"

struct usr_loop;
struct usr_udp;
struct usr_endpoint;

/* ---- Remotes (remote.c) ------------------------------------------------------------------------------ */

struct usr_remote_key {
    struct net_addr remote, local; /* ports: UDP. local: family 0 where it is the socket's */
    struct usr_udp *udp;
};

struct usr_remote {
    struct udp_route route;
    struct usr_remote_key key;
    unsigned paths; /* that lead there; it goes with the last */
    UT_hash_handle hh;
};

/* Senders without a path take turns with these: each is good for the answer to a packet. */
enum { USR_STRAYS = 64 };

/* The key for a peer; `local` counts only where the socket is bound to no address, and may be NULL. */
void usr_remote_key(struct usr_remote_key *key, struct usr_udp *udp, const struct net_addr *remote,
                    const struct net_addr *local);
/* NULL: there is none. */
struct usr_remote *usr_remote_find(struct usr_loop *loop, const struct usr_remote_key *key);
/* Finds or makes one, for one more path. NULL: out of memory. */
struct usr_remote *usr_remote_get(struct usr_loop *loop, const struct usr_remote_key *key);
/* A path less. */
void usr_remote_put(struct usr_loop *loop, struct usr_remote *remote);
/* One for the answer to a packet of a sender without a path, until USR_STRAYS others came. */
struct usr_remote *usr_remote_stray(struct usr_loop *loop, const struct usr_remote_key *key);

/* ---- Paths (path.c) ---------------------------------------------------------------------------------- */

struct usr_path_key {
    struct usr_remote *remote;
    uint16_t peer_port, port; /* SCTP ports, the peer's and ours */
    uint32_t zero;            /* keys are compared byte by byte */
};

/* Our tag and first sequence number in an INIT ACK; network order. */
struct usr_answer {
    uint32_t tag, tsn;
};

enum {
    USR_ANSWERS = 4,
    USR_SIGNATURE = 20 /* bytes at the end of the stack's state cookie */
};

struct usr_path {
    struct usr_path_key key;
    uint32_t index;
    bool used;                   /* else on the free list */
    bool candidate;              /* its handshake is not complete */
    bool userland;               /* of a candidate: what all its INITs say about its stack */
    uint32_t mark;               /* of the last clean-up that found an association here */
    int64_t seen_ms;             /* when a packet last came or left */
    int64_t asked_ms;            /* since when something that left waits for an answer; 0: nothing does */
    uint8_t seal[USR_SIGNATURE]; /* what makes cookies valid on this path only (cookie.c) */
    struct usr_answer answers[USR_ANSWERS]; /* the last INIT ACKs that left */
    unsigned answered;                      /* how many there were */
    uint64_t packets_in;
    struct usr_endpoint *ep; /* that has its association; NULL: none has */
    struct usr_path *ep_prev, *ep_next;
    struct usr_path *asked_prev, *asked_next;
    struct usr_path *prev, *next; /* candidates: oldest first; free: only next */
    UT_hash_handle hh;
};

struct usr_paths {
    uint32_t base; /* index of all[0]; those below are of an earlier loop */
    struct usr_path **all;
    uint32_t count, room;
    struct usr_path *free, *candidates, *table;
    struct usr_path *asked; /* those that owe an answer, the longest first */
    unsigned candidate_count;
    uint32_t mark;
    unsigned ended; /* associations since the last clean-up */
    int64_t cleaned_ms;

    struct usr_remote *remotes;
    struct usr_remote strays[USR_STRAYS];
    unsigned next_stray;
};

#define USR_NO_PATH UINT32_MAX

void usr_paths_fini(struct usr_paths *p);

/* The stack's name for a path, with no port of anybody's in it. */
struct sockaddr_conn usr_sconn(const struct usr_path *path);
/* NULL where the name leads nowhere (any more). */
struct usr_path *usr_path_of(struct usr_loop *loop, const struct sockaddr_conn *sconn);
struct usr_path *usr_path_at(struct usr_loop *loop, uint32_t index);
struct usr_path *usr_path_find(struct usr_loop *loop, struct usr_remote *remote, uint16_t peer_port,
                               uint16_t port);
/* Finds or makes a path. NULL: out of memory. */
struct usr_path *usr_path_get(struct usr_loop *loop, const struct usr_remote_key *key, uint16_t peer_port,
                              uint16_t port);
/* A path for somebody who wants an association: kept for a while, until usr_path_keep. */
struct usr_path *usr_path_candidate(struct usr_loop *loop, const struct usr_remote_key *key,
                                    uint16_t peer_port, uint16_t port);
void usr_path_keep(struct usr_loop *loop, struct usr_path *path);
/* The association is this endpoint's (NULL: nobody's) from now on. */
void usr_path_owner(struct usr_path *path, struct usr_endpoint *ep);
void usr_path_release(struct usr_loop *loop, struct usr_path *path);
/* Lets go of paths on which no association is left; looks only when it is worth it. */
void usr_paths_clean(struct usr_loop *loop);
/* The socket goes: so do its paths. */
void usr_paths_forget(struct usr_loop *loop, const struct usr_udp *udp);

/* ---- peer.c: pure ------------------------------------------------------------------------------------ */

/* The parameter of this type in an INIT or INIT ACK, *size its value's bytes; NULL where there is none before
 * the chunk ends or makes no sense any more. */
const uint8_t *usr_peer_parameter(const uint8_t *packet, size_t len, uint16_t type, size_t *size);
/* True where this packet, an INIT or INIT ACK, says that its sender is not the kernel's SCTP. */
bool usr_peer_is_userland(const uint8_t *packet, size_t len);

/* ---- stray.c: pure ----------------------------------------------------------------------------------- */

enum { USR_STRAY_ANSWER = 16 }; /* bytes of an answer, its checksum not filled in */

/* The answer to a packet of no association and no endpoint (RFC 9260 8.4, 5.1). False: none is due. */
bool usr_stray_answer(const uint8_t *packet, size_t len, uint8_t answer[USR_STRAY_ANSWER]);

/* ---- sound.c: pure ------------------------------------------------------------------------------------ */

/* False: the packet would stop the stack. */
bool usr_packet_is_sound(const uint8_t *packet, size_t len);

/* ---- cookie.c ---------------------------------------------------------------------------------------- */

/* An INIT ACK of ours leaves: its cookie becomes good for this path only. */
void usr_cookie_seal(const struct usr_path *path, uint8_t *packet, size_t len);
/* A COOKIE ECHO, the chunk at `at`, comes. */
void usr_cookie_open(const struct usr_path *path, uint8_t *packet, size_t len, size_t at);

/* ---- silence.c --------------------------------------------------------------------------------------- */

enum { USR_RTO_MS = 1000 }; /* RTO.min of an endpoint that was given none (RFC 9260 16) */

void usr_silence_sent(struct usr_paths *p, struct usr_path *path, const void *packet, size_t len,
                      int64_t now_ms);
void usr_silence_heard(struct usr_paths *p, struct usr_path *path, const void *packet, size_t len);
/* The path does not wait for an answer any more. */
void usr_silence_over(struct usr_paths *p, struct usr_path *path);
/* The first path on which a timer may end the association now, then the next one; NULL: none. */
struct usr_path *usr_silence_next(const struct usr_loop *loop, const struct usr_path *last);

/* ---- restart.c --------------------------------------------------------------------------------------- */

/* An INIT ACK leaves. */
void usr_restart_note(struct usr_path *path, const uint8_t *packet, size_t len);
/* `packet`, a COOKIE ECHO that the stack has just had, restarted an association. */
void usr_restart_mend(struct usr_path *path, const uint8_t *packet);

#endif
