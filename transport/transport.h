/* SCTP for programs: endpoints, associations, options, events and batches of messages.
 *
 * One contract, two backends. `kernel` is Linux's own SCTP through libsctp; `usrsctp` is the userland stack
 * over UDP encapsulation (RFC 6951). What a backend lacks is announced by its capabilities and answered with
 * TR_UNSUPPORTED, never with silence. The model is Erlang's gen_sctp; the terms are those of RFC 9260 and the
 * socket semantics those of RFC 6458.
 *
 * Threads: a tr_loop and every endpoint in it belong to one thread at a time; nothing here locks. Different
 * loops may run in different threads where the backend has TR_CAP_LOOPS. Nothing blocks but tr_loop_wait (as
 * long as told), tr_connect and tr_recv_wait (as long as told) and tr_close with linger on.
 *
 * Pointers: `error` may be NULL, and what it is said of; tr_close, tr_loop_close and tr_resolver_close do
 * nothing with NULL. Any other NULL is a bug in the calling program, as is an endpoint that was closed: the
 * call names itself and what it needs on standard error and aborts, in every build.
 *
 * Later versions: structs that may gain fields end with room (`reserved`, to be zero), so that new
 * fields change no size; programs need not be built again while the library's soname stays.
 *
 * A turn of a program's loop: tr_loop_wait → tr_recv on what is ready → tr_send → tr_loop_turn.
 *
 * Received data stays in the loop's own receive slots, so that it can be sent on from there without a copy.
 * It is valid until tr_loop_turn (or the next tr_loop_wait), which gives all slots back at once. */
#ifndef JUNCTOR_TRANSPORT_TRANSPORT_H
#define JUNCTOR_TRANSPORT_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/sctp/address.h"
#include "config/sctp/option.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default) /* what stands here leaves the library, all else stays inside */

/* ---- Errors --------------------------------------------------------------------------------------- */

enum tr_code {
    TR_OK,
    TR_AGAIN,      /* cannot take or give more now; wait for TR_WRITABLE / TR_READABLE */
    TR_NO_SLOT,    /* tr_recv: the loop's receive slots are used up; send, then tr_loop_turn */
    TR_BAD_STREAM, /* the peer did not grant this stream */
    TR_TOO_LONG,   /* message does not fit (disable_fragments, send buffer, limit) */
    TR_NO_ASSOC,   /* no such association (any more) */
    TR_EXISTS,     /* an association to this address is there already */
    TR_ADDR_IN_USE,
    TR_ADDR_UNKNOWN, /* address is not one of this host's */
    TR_NO_NAME,      /* a host name that has no address (resolve.h) */
    TR_UNREACHABLE,
    TR_REFUSED, /* the peer aborted the set-up */
    TR_TIMEOUT,
    TR_PERMISSION,
    TR_NO_SCTP,     /* the kernel has no SCTP */
    TR_UNSUPPORTED, /* the backend lacks it: see its capabilities */
    TR_INVALID,     /* arguments or option values are off */
    TR_LIMIT,       /* out of descriptors or memory */
    TR_SYSTEM,      /* anything else; see error_number */
    TR_CODE_COUNT
};

/* What went wrong, for the user. `text` says what was tried, why it failed and what to do. */
struct tr_error {
    enum tr_code code;
    int error_number; /* errno, or 0 */
    char text[256];
};

const char *tr_code_name(enum tr_code code); /* "TR_AGAIN" */
const char *tr_code_text(enum tr_code code); /* "cannot take more now" */

/* Text of an SCTP error cause (RFC 9260 3.3.10) as events carry it: gen_sctp:error_string/1. For a number
 * that is no cause, strerror's text. Constant string, any thread. */
const char *tr_error_string(int cause);

/* ---- Backends ------------------------------------------------------------------------------------- */

enum tr_cap {
    TR_CAP_LOOPS = 1,          /* several loops in several threads */
    TR_CAP_SHARE_PORT = 2,     /* several endpoints listen on one port and the stack spreads associations */
    TR_CAP_MULTIHOMING = 4,    /* several addresses an endpoint */
    TR_CAP_NETNS = 8,          /* open in a named network namespace, bind to a device */
    TR_CAP_MOVE = 16,          /* an endpoint can move to another loop */
    TR_CAP_ENCAPS = 32,        /* runs over UDP: encaps_port means something */
    TR_CAP_ADDRESSES = 64,     /* an open endpoint can gain and lose addresses */
    TR_CAP_RESET_ASSOC = 128,  /* can ask the peer to reset an association */
    TR_CAP_SNDBUF_LATER = 256, /* a send buffer can be made smaller and larger while it is full */
    TR_CAP_GIVES_UP_SILENTLY = 512 /* of messages given up by their policy (RFC 7496) some are not reported:
                                      pr_assoc_status.abandoned_silently */
};

struct tr_backend; /* constant */

const struct tr_backend *tr_kernel(void);
const struct tr_backend *tr_usrsctp(void);
const struct tr_backend *tr_backend_at(unsigned index);  /* all there are, from 0 on; NULL: no more */
const char *tr_backend_name(const struct tr_backend *b); /* "kernel", "usrsctp" */
unsigned tr_backend_caps(const struct tr_backend *b);    /* enum tr_cap bits */

/* TR_OK where the backend can run on this host (the kernel one tries to open an SCTP socket). */
enum tr_code tr_backend_probe(const struct tr_backend *b, struct tr_error *error);

/* Where settings of the host matter, a bit each. */
enum tr_advice {
    TR_ADVICE_SHARED = 1, /* associations share a socket, and so its buffers */
    TR_ADVICE_TIMERS = 2, /* smallest timeout and SACK delay are left to the stack */
    TR_ADVICE_BUFFERS = 4 /* buffers below the stack's, which no option sets: always */
};

/* Calls `tell` with one line for each setting of this host that the backend would suffer from there: what it
 * does and what to write instead. Network namespaces have settings of their own: `netns` as in
 * tr_open_params; of one that cannot be entered nothing is said. Reads a few files; for the start. Any
 * thread. */
void tr_backend_advise(const struct tr_backend *b, const char *netns, unsigned topics,
                       void (*tell)(const char *text, void *arg), void *arg);

/* True where the backend can set (get) this option at all. This host's kernel may still be too old for it:
 * then setting and reading it are TR_UNSUPPORTED, and the text names the version that it came with. */
bool tr_backend_can_set(const struct tr_backend *b, enum opt_id id);
bool tr_backend_can_get(const struct tr_backend *b, enum opt_id id);

/* ---- Loop ----------------------------------------------------------------------------------------- */

struct tr_loop;
struct tr_endpoint;

struct tr_loop_params {
    unsigned slots;       /* receive slots; 0: 256. One message or event each */
    size_t slot_bytes;    /* 0: 16 KiB. A longer message is put together in memory of its own */
    uint64_t max_message; /* bytes, 0: 16 MiB. A longer one is dropped: TR_EV_OVERSIZED tells */
    /* Messages that the stack delivers in pieces take up to max_message each until they are whole. */
    unsigned max_partial; /* 0: 32. So many associations that one endpoint accepted may have a message half
                             received; others that begin one are not read until one of those is complete */
    unsigned partial_timeout_ms; /* 0: 30000. An association whose half-received message grows by less than 16
                                    KiB in this time (a sixth of it while others wait for its place), although
                                    it is read, is aborted: TR_EV_STALLED tells */
    uint64_t reserved[3];
};

/* What woke the loop. TR_ENDED comes unasked, for an endpoint that is not watched for TR_READABLE: an
 * association whose TR_COMM_UP was read has ended, and the event that says so waits to be read, with what
 * could not be delivered, behind the data that came before. Nothing is won by leaving that data unread any
 * longer. Told again when more arrives (no more than some hundred times a second), until it has been read. */
enum tr_ready_flag { TR_READABLE = 1, TR_WRITABLE = 2, TR_ENDED = 4 };

struct tr_ready {
    struct tr_endpoint *endpoint; /* NULL for a descriptor added with tr_loop_add_fd */
    void *cookie;                 /* the endpoint's, or the one given to tr_loop_add_fd */
    unsigned flags;               /* enum tr_ready_flag bits */
};

/* What the loop has done since it was opened; for showing what a message costs. */
struct tr_loop_stats {
    uint64_t syscalls;                                       /* all of them, waiting included */
    uint64_t messages_in, messages_out, bytes_in, bytes_out; /* whole messages, user data */
    uint64_t reassembled;                                    /* messages that came in pieces */
    uint64_t oversized;                                      /* dropped for max_message */
    uint64_t no_room;                                        /* dropped: TR_EV_NO_ROOM */
    uint64_t stalled;                                        /* associations aborted: TR_EV_STALLED */
    uint64_t packets_in, packets_out;                        /* UDP datagrams; 0 for the kernel backend */
    uint64_t half_received_bytes; /* memory that half-received messages take now, */
    uint64_t half_received;       /* and how many associations have one; each may grow to max_message */
    uint64_t reserved[4];
};

enum tr_code tr_loop_open(const struct tr_backend *b, const struct tr_loop_params *params,
                          struct tr_loop **out, struct tr_error *error);

/* Closes what is left in it (aborting associations) and frees it. */
void tr_loop_close(struct tr_loop *loop);

/* A descriptor that polls readable when tr_loop_wait has something to do, timers included: for putting the
 * loop into another event loop. Owned by the loop. */
int tr_loop_fd(const struct tr_loop *loop);

/* Wakes the loop when `fd` is readable, level-triggered; tr_loop_remove_fd ends it (an entry of the current
 * turn's ready list stays). The fd stays the caller's. TR_INVALID: it is watched already, or nothing that can
 * be polled; TR_LIMIT. */
enum tr_code tr_loop_add_fd(struct tr_loop *loop, int fd, void *cookie, struct tr_error *error);
void tr_loop_remove_fd(struct tr_loop *loop, int fd);

/* Waits up to timeout_ms (0: only looks, -1: no limit) and fills up to `max` entries; returns how many. Each
 * endpoint stands there at most once. Level-triggered: what is not drained comes again. Includes
 * tr_loop_turn. A signal ends the wait with 0. `ready` must live until the turn ends: tr_close clears its
 * entries there (all zero: flags 0). */
unsigned tr_loop_wait(struct tr_loop *loop, int timeout_ms, struct tr_ready *ready, unsigned max);

/* Ends a turn: gives the receive slots back and puts on the wire what the backend gathered. */
void tr_loop_turn(struct tr_loop *loop);

/* Another partial_timeout_ms (0: 30000) from now on, also for messages that are half received. */
void tr_loop_set_partial_timeout(struct tr_loop *loop, unsigned partial_timeout_ms);

void tr_loop_get_stats(const struct tr_loop *loop, struct tr_loop_stats *out);

/* True while an association of this endpoint has a half-received message, which only reading on completes. */
bool tr_half_received(const struct tr_endpoint *ep);
/* Which ones: fills in up to `max` association ids, and returns how many. */
unsigned tr_half_receiving(const struct tr_endpoint *ep, uint32_t *assocs, unsigned max);

/* ---- Endpoints ------------------------------------------------------------------------------------ */

enum tr_style {
    TR_ONE_TO_MANY, /* gen_sctp seqpacket */
    TR_ONE_TO_ONE   /* gen_sctp stream */
};

struct tr_open_params {
    enum tr_style style;
    const struct net_addr *addresses; /* local, IPv4 and IPv6 may mix; none, or "::": any of both families,
                                         0.0.0.0: any IPv4 one. Their ports are ignored */
    unsigned address_count;
    uint16_t port;        /* 0: the stack picks */
    uint16_t encaps_port; /* local UDP port where the backend runs over UDP; 0: one the loop shares */
    bool share_port;      /* listen beside other endpoints of this process on one port (TR_CAP_SHARE_PORT) */
    const char *netns;    /* network namespace: name or path; NULL: the caller's (TR_CAP_NETNS) */
    const char *device; /* bind to this device (TR_CAP_NETNS); NULL: any. Any address is then any of those it
                         * has when it is opened, without IPv6's link-local ones */
    const struct opt_set *options; /* may be NULL; set before bind */
    void *cookie;
    uint64_t reserved[8];
};

/* gen_sctp:open. The endpoint reports association changes, send failures, shutdown, partial delivery,
 * adaptation indications and re-configuration; other events as `options` say. Readable wake-ups are on,
 * writable ones off. */
enum tr_code tr_open(struct tr_loop *loop, const struct tr_open_params *params, struct tr_endpoint **out,
                     struct tr_error *error);

/* gen_sctp:listen. `backlog` 0 stops accepting (one-to-many), else the queue's length. */
enum tr_code tr_listen(struct tr_endpoint *ep, int backlog, struct tr_error *error);

/* gen_sctp:close. With linger off queued data goes out in the background, while the loop turns; with linger
 * on and a time it blocks until all is delivered, at most that long; with linger on and time 0 the
 * associations are aborted. What was not read, and what arrives while they shut down, is lost. `ep` is gone
 * afterwards, also from the ready list of the current turn (its remaining entries for `ep` are cleared). */
void tr_close(struct tr_endpoint *ep);

struct tr_loop *tr_endpoint_loop(const struct tr_endpoint *ep);
void *tr_endpoint_cookie(const struct tr_endpoint *ep);
void tr_endpoint_set_cookie(struct tr_endpoint *ep, void *cookie);
uint16_t tr_endpoint_port(const struct tr_endpoint *ep);        /* local SCTP port */
uint16_t tr_endpoint_encaps_port(const struct tr_endpoint *ep); /* local UDP port, 0 without encapsulation */

/* Which wake-ups are wanted: TR_READABLE, TR_WRITABLE. Without TR_READABLE the endpoint is paused: nothing is
 * read, the receive window closes and the peers slow down; the end of an association is told by TR_ENDED.
 * Cheap; no system call where nothing changes. */
enum tr_code tr_watch(struct tr_endpoint *ep, unsigned flags);

/* Hands an endpoint to another loop (gen_sctp:controlling_process). Called by the thread that owns it, which
 * then forgets it; the new thread calls tr_adopt with the same pointer. Queued data goes along, order kept.
 */
enum tr_code tr_release(struct tr_endpoint *ep, struct tr_error *error);
enum tr_code tr_adopt(struct tr_loop *loop, struct tr_endpoint *ep, struct tr_error *error);

/* Local or peer addresses (`remote`) of an association, with their SCTP port; assoc 0: of the endpoint
 * (inet:socknames, inet:peernames). Those of IPv4 are in4 also on an endpoint of both families, unless option
 * i_want_mapped_v4_addr says otherwise. Returns how many there are, 0 where there is no such association;
 * fills up to `max`. */
unsigned tr_addresses(struct tr_endpoint *ep, uint32_t assoc, bool remote, struct net_addr *out,
                      unsigned max);

/* ---- Associations --------------------------------------------------------------------------------- */

struct tr_target {
    const struct net_addr *addresses; /* of the peer, each with its port; several need TR_CAP_MULTIHOMING */
    unsigned address_count;
    uint16_t encaps_port; /* the peer's UDP port where the backend runs over UDP; 0: that of option
                             remote_udp_encaps_port, else 9899 */
};

struct tr_event;

/* gen_sctp:connect_init: starts an association and returns; the outcome comes as TR_EV_ASSOC_CHANGE
 * (TR_COMM_UP or TR_CANT_ASSOC) for *assoc. */
enum tr_code tr_connect_init(struct tr_endpoint *ep, const struct tr_target *to, uint32_t *assoc,
                             struct tr_error *error);

/* gen_sctp:connect: the same, and waits. On TR_OK *change is the TR_COMM_UP event. When timeout_ms (-1: no
 * limit) is over the half-open association is aborted: none is left behind. Messages and events of other
 * associations that come meanwhile stay queued for tr_recv. Not from inside a turn: receive slots are given
 * back. */
enum tr_code tr_connect(struct tr_endpoint *ep, const struct tr_target *to, int timeout_ms,
                        struct tr_event *change, struct tr_error *error);

/* gen_sctp:peeloff: gives one association of a one-to-many endpoint an endpoint of its own, in the same loop,
 * with everything that is queued for it, in order, and every option of its origin. *assoc is the
 * association's id there (the kernel keeps it, usrsctp does not). Messages already returned by tr_recv stay
 * valid. TR_NO_ASSOC; TR_LIMIT: out of descriptors, and nothing has changed, or of memory or epoll's watches,
 * and the association may have been lost: then `ep` tells (TR_COMM_LOST).
 * Of a listening one-to-one endpoint (which polls TR_READABLE when one waits) it takes the next accepted
 * association, TR_AGAIN when there is none; *assoc is only filled in. */
enum tr_code tr_peeloff(struct tr_endpoint *ep, uint32_t *assoc, void *cookie, struct tr_endpoint **out,
                        struct tr_error *error);

/* gen_sctp:eof: graceful shutdown after queued messages are delivered. */
enum tr_code tr_eof(struct tr_endpoint *ep, uint32_t assoc, struct tr_error *error);

/* gen_sctp:abort: drops what is queued. The end comes as TR_EV_ASSOC_CHANGE. A one-to-one endpoint can
 * connect again afterwards (an accepted one cannot: close it). */
enum tr_code tr_abort(struct tr_endpoint *ep, uint32_t assoc, struct tr_error *error);

/* ---- Re-configuring what is up (RFC 5061, RFC 6525) ------------------------------------------------ */

/* Adds local addresses to an open endpoint, or takes them away (TR_CAP_ADDRESSES; RFC 6458 9.1). Peers of its
 * associations are told where both sides have asconf_supported, and get TR_EV_PATH_CHANGE for each; without
 * it an association goes on with the addresses it has, and the next one has all. The ports are ignored. All
 * are changed or none. The last address cannot go: TR_INVALID. */
enum tr_code tr_add_addresses(struct tr_endpoint *ep, const struct net_addr *addresses, unsigned count,
                              struct tr_error *error);
enum tr_code tr_remove_addresses(struct tr_endpoint *ep, const struct net_addr *addresses, unsigned count,
                                 struct tr_error *error);

enum tr_direction { TR_INBOUND = 1, TR_OUTBOUND = 2 };

#define TR_RESET_STREAMS_MAX 256 /* in one request */

/* Asks the peer to begin streams anew at sequence number 0 (RFC 6525 6.3.2): our outbound ones, our inbound
 * ones or both (enum tr_direction bits); no streams: all. Needs reconfig_supported on both sides, the peer's
 * enable_stream_reset (else TR_RECONFIG_DENIED) and, on Linux, our own, too (else TR_UNSUPPORTED); the
 * outcome comes as TR_EV_STREAM_RESET. TR_AGAIN while another request is under way, or data on those streams;
 * usrsctp waits for the data by itself, and sends on those streams are TR_AGAIN until then. */
enum tr_code tr_reset_streams(struct tr_endpoint *ep, uint32_t assoc, unsigned directions,
                              const uint16_t *streams, unsigned count, struct tr_error *error);

/* Asks to begin all streams and the transmission sequence numbers anew (RFC 6525 6.3.3); TR_EV_ASSOC_RESET.
 * Needs TR_CAP_RESET_ASSOC; what peers ask for, enable_stream_reset grants without it. */
enum tr_code tr_reset_assoc(struct tr_endpoint *ep, uint32_t assoc, struct tr_error *error);

/* Asks for so many more streams in each direction (RFC 6525 6.3.4); TR_EV_STREAM_CHANGE. */
enum tr_code tr_add_streams(struct tr_endpoint *ep, uint32_t assoc, uint16_t outbound, uint16_t inbound,
                            struct tr_error *error);

/* ---- Messages ------------------------------------------------------------------------------------- */

enum tr_msg_flag {
    TR_UNORDERED = 1,
    TR_EOF = 2,  /* shut the association down after this message, as tr_eof does; it may be empty */
    TR_ABORT = 4 /* send nothing: abort the association, as tr_abort does, with the data as the reason that
                    the peer is given (RFC 9260 3.3.10.12); it may be empty */
};

/* Partial reliability: when the sender gives a message up (RFC 3758, RFC 7496). It then comes back as
 * TR_EV_SEND_FAILED, but from Linux only where its time was over before anything of it was sent; all that
 * were given up show in option pr_assoc_status. */
enum tr_pr_policy {
    TR_PR_NONE, /* never */
    TR_PR_TTL,  /* pr_value milliseconds after it was sent */
    TR_PR_RTX,  /* after pr_value retransmissions */
    TR_PR_PRIO  /* when a message with a smaller pr_value needs the send buffer. Linux gives up those on the
                   way first, so that TR_AGAIN may come some times more; usrsctp does not make room this way */
};

struct tr_msg {
    const void *data;
    uint32_t len; /* bytes of user data; 0 (without TR_EOF, TR_ABORT) is TR_INVALID: there is no empty DATA
                     chunk */
    uint32_t assoc;
    uint16_t stream;
    uint16_t flags; /* enum tr_msg_flag bits */
    uint32_t ppid;  /* host byte order */
    uint32_t
        context; /* of a sent message: comes back in TR_EV_SEND_FAILED; of a received one: option context */
    union {
        uint32_t pr_value; /* sending: see pr_policy; means nothing with TR_PR_NONE */
        uint32_t cumtsn;   /* received, unordered ones only: as far as all TSNs had come by then */
    };
    uint8_t pr_policy; /* sending: enum tr_pr_policy */
    uint8_t reserved;
    uint16_t ssn; /* received, ordered ones only: stream sequence number; with interleaving_supported
                     unspecified */
    uint32_t tsn; /* received: transmission sequence number, of the first fragment (RFC 6458 5.3.5, gen_sctp
                     #sctp_sndrcvinfo{}) */
};

/* Sends messages to ONE association, in order: all of them have the assoc of msgs[0] (of a one-to-one or
 * peeled-off endpoint any value will do). *sent is how many the stack took over; the data of those may be
 * reused at once, the rest was not touched. TR_OK only when all are taken; else the reason msgs[*sent] was
 * not: TR_AGAIN (watch TR_WRITABLE and try again), TR_BAD_STREAM, TR_TOO_LONG, TR_INVALID (leave it out and
 * go on) or TR_NO_ASSOC. Nothing is taken after a message with TR_EOF or TR_ABORT. The burst is ended so that
 * the stack bundles small messages and no tail waits. Never blocks, never allocates. */
enum tr_code tr_send(struct tr_endpoint *ep, const struct tr_msg *msgs, unsigned count, unsigned *sent);

/* gen_sctp:send/3 with flag addr_over: one message, to this address of the peer while its path is up rather
 * than to the primary one; `path` with its port. TR_INVALID where the association has no such path; else as
 * tr_send. */
enum tr_code tr_send_to(struct tr_endpoint *ep, const struct tr_msg *msg, const struct net_addr *path);

/* The stack never holds more messages of one association than this, unsent or unacknowledged, by the send
 * buffer that the endpoint has now. An upper bound: what a message costs there is not exactly known. */
uint32_t tr_send_capacity(struct tr_endpoint *ep);

/* gen_sctp:send/4, the short form: one message with the endpoint's default_send_param. */
enum tr_code tr_send_simple(struct tr_endpoint *ep, uint32_t assoc, uint16_t stream, const void *data,
                            uint32_t len);

/* ---- Events --------------------------------------------------------------------------------------- */

enum tr_event_type {
    TR_EV_ASSOC_CHANGE,     /* RFC 6458 6.1.1 */
    TR_EV_PATH_CHANGE,      /* 6.1.2 */
    TR_EV_SEND_FAILED,      /* 6.1.11 */
    TR_EV_REMOTE_ERROR,     /* 6.1.3 */
    TR_EV_SHUTDOWN,         /* 6.1.5: the peer sends no more; associations end with TR_SHUTDOWN_COMP */
    TR_EV_PARTIAL_DELIVERY, /* 6.1.7: a message broke off half way; its pieces were dropped here */
    TR_EV_ADAPTATION,       /* 6.1.6 */
    TR_EV_AUTHENTICATION,   /* 6.1.8 */
    TR_EV_SENDER_DRY,       /* 6.1.9 */
    TR_EV_STREAM_RESET,     /* RFC 6525 6.1.1 */
    TR_EV_ASSOC_RESET,      /* 6.1.2 */
    TR_EV_STREAM_CHANGE,    /* 6.1.3: how many streams there are has changed, or a request for more failed */
    TR_EV_STALLED,          /* Junctor's: a half-received message did not go on, its association is aborted;
                               TR_COMM_LOST follows */
    TR_EV_NO_ROOM,          /* Junctor's: a message was dropped because its association had too many begun at
                               once (on several streams, with interleaving_supported: together more than 16 times
                               max_message), or for lack of memory */
    TR_EV_OVERSIZED         /* Junctor's: a message longer than max_message was dropped */
};

enum tr_assoc_state { TR_COMM_UP, TR_COMM_LOST, TR_RESTART, TR_SHUTDOWN_COMP, TR_CANT_ASSOC };
enum tr_path_state {
    TR_PATH_AVAILABLE,
    TR_PATH_UNREACHABLE,
    TR_PATH_REMOVED,
    TR_PATH_ADDED,
    TR_PATH_MADE_PRIM,
    TR_PATH_CONFIRMED,
    TR_PATH_POTENTIALLY_FAILED /* RFC 7829, with expose_potentially_failed_state */
};

/* RFC 6458 6.1.8 */
enum tr_auth_indication { TR_AUTH_NEW_KEY, TR_AUTH_FREE_KEY, TR_AUTH_NO_AUTH };

/* Who ended an association that was lost, or a set-up that failed, as far as the stack tells. */
enum tr_end {
    TR_END_UNTOLD, /* of Linux: without an answer, or an ABORT without a cause, on a one-to-many socket */
    TR_END_PEER,   /* it sent an ABORT */
    TR_END_HERE,   /* tr_abort, or the stack: the peer has broken the protocol; usrsctp: or answers no more */
    TR_END_TIMEOUT /* the peer does not answer; usrsctp: of a set-up only */
};

/* What became of a request to re-configure. */
enum tr_reconfig_outcome { TR_RECONFIG_DONE, TR_RECONFIG_DENIED, TR_RECONFIG_FAILED };

struct tr_event {
    enum tr_event_type type;
    uint32_t assoc;
    union {
        struct {
            enum tr_assoc_state state;
            uint16_t error;  /* cause of TR_COMM_LOST and TR_CANT_ASSOC, see tr_error_string */
            enum tr_end end; /* of TR_COMM_LOST and TR_CANT_ASSOC */
            uint16_t outbound_streams, inbound_streams; /* granted */
            const void *reason; /* what the peer's ABORT says about its cause, a text that its program gave
                                   (RFC 9260 3.3.10.12) for one; the loop's memory; NULL: nothing */
            uint32_t reason_len;
            struct net_addr from; /* of TR_COMM_UP on a listening one-to-many endpoint: where the peer set it
                                     up from, also if it has ended since and tr_addresses finds none any more;
                                     else AF_UNSPEC */
        } change;
        struct {
            struct net_addr address;
            enum tr_path_state state;
            uint32_t error; /* why, as Linux counts (enum sctp_sn_error); no errno. 0: too many misses, or the
                               stack does not say (usrsctp never does) */
        } path;
        struct {
            bool was_sent; /* on the wire, not acknowledged: the peer may have it */
            uint32_t error;
            struct tr_msg msg; /* as it was given to tr_send, payload included */
        } failed;
        struct {
            uint16_t error;
            const void *data;
            uint32_t len;
        } remote_error;
        struct {
            uint32_t indication, stream, seq;
        } partial;
        struct {
            uint32_t indication;
        } adaptation;
        struct {
            uint32_t indication; /* enum tr_auth_indication */
            uint16_t key;
        } authentication;
        struct {
            enum tr_reconfig_outcome outcome;
            unsigned directions;     /* enum tr_direction bits, seen from here */
            const uint16_t *streams; /* the loop's memory, like a payload; none: all of them */
            unsigned count;
        } stream_reset;
        struct {
            enum tr_reconfig_outcome outcome;
            uint32_t local_tsn, remote_tsn; /* next ones */
        } assoc_reset;
        struct {
            enum tr_reconfig_outcome outcome;
            uint16_t outbound_streams, inbound_streams; /* now */
        } stream_change;
        struct {
            unsigned messages; /* that had begun, and were dropped with it */
            bool crowded;      /* others waited for its place */
        } stalled;
        struct {
            uint16_t stream;
            uint64_t bytes; /* at least */
        } oversized;        /* and of TR_EV_NO_ROOM */
        uint64_t reserved[8];
    };
};

/* One line of text: "comm_up assoc=3 outbound_streams=10 inbound_streams=10". Returns `out`. */
const char *tr_event_format(const struct tr_event *e, char *out, size_t size);

/* ---- Receiving ------------------------------------------------------------------------------------ */

enum tr_item_kind { TR_MESSAGE, TR_EVENT };

struct tr_item {
    enum tr_item_kind kind;
    union {
        struct tr_msg msg; /* whole: pieces are put together */
        struct tr_event event;
    };
};

/* gen_sctp:recv, many at once and without waiting: what has arrived, messages and events in the order the
 * stack gave them. *items is the loop's memory, as long valid as the slots. Returns TR_OK with *count > 0,
 * TR_AGAIN when nothing is there, TR_NO_SLOT when no slot is free or the large messages of this turn take too
 * much memory. At most `max` items (0: as many as slots
 * allow). */
enum tr_code tr_recv(struct tr_endpoint *ep, unsigned max, const struct tr_item **items, unsigned *count);

/* gen_sctp:recv with a timeout (0: looks only, -1: no limit), one item; for simple programs. Gives the slots
 * back first. TR_TIMEOUT when the time is over. */
enum tr_code tr_recv_wait(struct tr_endpoint *ep, int timeout_ms, const struct tr_item **item);

/* ---- Options -------------------------------------------------------------------------------------- */

/* gen_sctp:setopts. Sets every given field of `options` on the endpoint (assoc 0) or one association; fields
 * of the same record that are not given keep their value. All are checked before the first is set; on failure
 * *failed (may be NULL) names the option and those before it stay set. Read-only options are TR_INVALID. */
enum tr_code tr_set_options(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *options,
                            enum opt_id *failed, struct tr_error *error);

/* gen_sctp:getopts. Fills every field of `id` into *out. For records about one path the address field of *out
 * chooses the path and must be given for get_peer_addr_info. */
enum tr_code tr_get_option(struct tr_endpoint *ep, uint32_t assoc, enum opt_id id, struct opt_set *out,
                           struct tr_error *error);

/* Reads back every option of `wanted` and lists what the stack granted differently, one line of text each
 * with what to do about it ("sndbuf: asked 4M, granted 416K; write sysctl net.core.wmem_max=4194304, or grant
 * CAP_NET_ADMIN"). Calls `differs` for each. */
void tr_compare_options(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *wanted,
                        void (*differs)(enum opt_id id, const char *text, void *arg), void *arg);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
