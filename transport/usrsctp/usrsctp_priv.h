/* The usrsctp backend: SCTP as a library in this process, over UDP (RFC 6951). Private to transport/.
 *
 * Shape. The stack is used with AF_CONN addresses: it hands us finished packets (conn_output) and takes what
 * we received (usrsctp_conninput); sockets, batching, checksums and time are ours. No thread of the library
 * takes part: everything, timers included, happens inside calls of the loop's thread. The library's state is
 * global to the process, so there is one loop at a time (stack.c).
 *
 *   UDP sockets ─recvmmsg─▶ input.c ─conninput─▶ stack ─upcall: "look"─▶ ready list ─▶ tr_loop_wait
 *   tr_send ─▶ stack ─conn_output─▶ outbox (udp_outbox.c) ─sendmmsg─▶ at the end of the turn
 *
 * Paths. What the stack takes for a peer's address and port is the name of a path (path.h): a remote IP and
 * UDP port as seen from one local UDP socket and address, and the SCTP ports of both sides.
 *
 * usrsctp.h defines the same names as the kernel's netinet/sctp.h: never include both. */
#ifndef JUNCTOR_TRANSPORT_USRSCTP_USRSCTP_PRIV_H
#define JUNCTOR_TRANSPORT_USRSCTP_USRSCTP_PRIV_H

#include <usrsctp.h>

#include "transport/address_priv.h"
#include "transport/backend_priv.h"
#include "transport/clock_priv.h"
#include "transport/notice_priv.h"
#include "transport/patience_priv.h"
#include "transport/reassembly.h"
#include "transport/usrsctp/path.h"
#include "transport/usrsctp/udp.h"

#define SCTP_PR_SCTP_PRIO SCTP_PR_SCTP_BUF /* RFC 7496's name for it */

/* ---- Sockets ----------------------------------------------------------------------------------------- */

/* What a descriptor in the loop's epoll set is. */
enum usr_fd_kind { USR_FD_UDP, USR_FD_TIMER, USR_FD_WAKE, USR_FD_USER };

struct usr_fd {
    enum usr_fd_kind kind;
    int fd;
};

/* A UDP socket, shared by the loop's endpoints with the same local address and encapsulation port. */
struct usr_udp {
    struct usr_fd fd; /* first: what epoll gives back */
    struct udp_socket socket;
    bool ephemeral;  /* its port was left to the kernel */
    bool everywhere; /* bound to no address, of both families as far as this host has them */
    unsigned users;  /* endpoints */
    uint64_t packets_in;
    struct usr_udp *next;
};

/* ---- Endpoints -------------------------------------------------------------------------------------- */

/* An association under way whose INIT we saw leave: its tag is needed to give it up (assoc.c). */
struct usr_setup {
    uint32_t assoc, tag, path;
    struct usr_setup *next;
};

/* Options that the stack keeps differently, or not at all. */
struct usr_kept {
    bool reuseaddr, data_io, mapped_v4, nodelay, no_fragments;
    bool pr_offered, auth_offered, reconfig_offered, interleaving_offered;
    int recbuf, sndbuf, autoclose;
    uint16_t encaps_port; /* remote_udp_encaps_port: of associations to come; 0: not said */
    uint32_t auth_chunks; /* bits of option auth_chunks */
    struct linger linger; /* usr_close does it */
};

/* An association whose last send was refused for lack of room (ready.c). */
struct usr_blocked {
    uint32_t assoc, len; /* what it has to take before it counts as writable */
    uint32_t path;       /* whose packets may bring that about */
    uint64_t seen;       /* packets from there when it was last looked at, */
    int64_t looked_ms;   /* which was then */
    bool open;           /* it has room again */
};

/* What a stream was used for (mode.c). */
struct usr_mode {
    uint32_t assoc;
    uint16_t stream;
    uint8_t seen;
};

enum { USR_BLOCKED = 8, USR_MODES = 64 };

/* The stack delivers no shorter message in pieces, unless messages of several streams may mix
 * (interleaving_supported). */
enum { USR_PARTIAL_FROM = 65536 };

struct usr_endpoint {
    struct tr_endpoint base;
    struct socket *so;
    struct usr_udp *udp;
    struct net_addr local; /* as bound, port 0; any: 0.0.0.0 or :: */
    uint16_t port;
    bool owner;      /* bound the SCTP port; peeled-off ones share it */
    bool listening;  /* one-to-one and accepting */
    uint32_t closed; /* by the user, closing down: which call of tr_close that was */
    uint32_t peeled_assoc;
    struct usr_kept kept;
    struct usr_mode modes[USR_MODES];
    struct usr_setup *setups;
    struct auth_keys *keys; /* one-to-one: those set so far, for the next socket; NULL: none */

    /* Readiness (ready.c). */
    bool may_read;      /* data may wait in the stack */
    bool ended;         /* one association, gone and read to its end */
    bool stirred;       /* not read, and something happened: it may be an end */
    bool end_unread;    /* it was: to be told (TR_ENDED) */
    int64_t stirred_ms; /* when it was last asked */
    struct usr_blocked blocked[USR_BLOCKED];
    unsigned blocked_count;
    bool blocked_more; /* there are others, of which nothing is known */
    bool queued;
    struct usr_endpoint *queue_prev, *queue_next;

    struct usr_path *paths;           /* of its associations */
    struct usr_endpoint *prev, *next; /* all of the loop */
    UT_hash_handle by_port;           /* owners only; key: port */
};

struct usr_loop {
    struct tr_loop base;
    int epoll;
    struct usr_fd timer, wake;
    bool ticking;      /* the timer runs */
    bool nested;       /* tr_loop_fd was asked for: it has to poll readable when an endpoint is ready */
    bool awake;        /* `wake` is readable */
    bool closing;      /* only farewells leave any more */
    int64_t now_ms;    /* as of the last tick or wait */
    int64_t timers_ms; /* up to where the stack's timers ran */
    int64_t tick_ms;   /* when they may run again */
    int64_t rto_ms;    /* the smallest RTO.min that an endpoint of this loop was given; 0: none was */

    struct usr_udp *udps;
    struct udp_inbox *inbox;
    struct udp_outbox *outbox;
    struct usr_paths paths;
    uint64_t dropped_in;                 /* packets that were not SCTP, or not for us */
    struct udp_outbox_stats counted_out; /* what of the outbox is in the stats already */
    uint32_t *setup_tag;                 /* where to note the tag of an INIT that leaves; NULL: nobody asks */

    struct usr_endpoint *endpoints, *by_port;
    struct usr_endpoint *closing_down; /* closed, their associations still end gracefully */
    uint32_t closes;
    struct usr_endpoint *queue; /* those that may be ready */
    struct usr_user_fd *user_fds;

    /* Receive slots: messages lie one behind the other in the arena. */
    struct tr_item *items;
    unsigned item_count;
    uint8_t *arena;
    size_t arena_size, arena_used;
    struct reasm_pool reassembly;
    int64_t patience_ms; /* when tr_patience_tick was last called */
};

static inline struct usr_loop *usr_loop_of(const struct tr_endpoint *ep)
{
    return (struct usr_loop *)ep->loop;
}

static inline struct usr_endpoint *usr_ep(struct tr_endpoint *ep)
{
    return (struct usr_endpoint *)ep;
}

/* What an error number of the stack means. */
enum tr_code usr_code(int error_number);

/* ---- stack.c: the library itself ------------------------------------------------------------ */

/* Initialises the library for `loop`. TR_UNSUPPORTED while another loop has it. */
enum tr_code usr_stack_open(struct usr_loop *loop, struct tr_error *error);
/* All sockets are closed: waits in the stack's own time until it lets go of them, then ends it. */
void usr_stack_close(struct usr_loop *loop);
/* Messages that may be queued in each direction of an association: the second limit beside the buffers, whose
 * bytes do not count what a message costs beyond its data. */
#define USR_CHUNKS_MAX 32768
/* Takes the limit of queued chunks away (and brings it back), so that an end can be asked for at any time. */
void usr_stack_limit(bool on);

/* ---- status.c ---------------------------------------------------------------------------------------- */

/* Calls fn with the status of each association of `ep`; returns how many there are. */
unsigned usr_each_assoc(struct usr_endpoint *ep,
                        void (*fn)(struct usr_endpoint *ep, const struct sctp_status *s, void *arg),
                        void *arg);
/* Status of one association (any id where the endpoint has one only). False: there is none. */
bool usr_status(struct usr_endpoint *ep, uint32_t assoc, struct sctp_status *out);
bool usr_assoc_exists(struct tr_endpoint *ep, uint32_t assoc);
unsigned usr_assocs(struct tr_endpoint *ep, uint32_t **ids);
/* True while it has messages that are not acknowledged. */
bool usr_unsent(struct usr_endpoint *ep, uint32_t assoc);
/* The peer of an association (with its SCTP port) and our address, from a sockaddr_conn of the stack's. */
bool usr_peer_address(struct usr_loop *loop, const struct sockaddr_conn *sconn, struct net_addr *remote,
                      struct net_addr *local);
/* The stack's name of an association's path. */
const struct sockaddr_conn *usr_primary(const struct sctp_status *s);
/* The form in which the endpoint's user sees addresses (i_want_mapped_v4_addr). */
void usr_show_address(const struct usr_endpoint *ep, struct net_addr *a);

/* ---- input.c: packets in and out, timers ------------------------------------------------------ */

/* The stack sends a packet to this address, to the port in the packet. */
void usr_output(struct usr_loop *loop, void *address, const void *packet, size_t len, uint8_t tos);
/* Reads what has arrived on the socket. */
void usr_input(struct usr_loop *loop, struct usr_udp *udp);
/* Takes the socket's errors: who wants an association where no port is open is refused. */
void usr_input_errors(struct usr_loop *loop, struct usr_udp *udp);
/* Gives the stack a packet as if it had come on `path`; its checksum is not looked at, nor is the source
 * port. */
void usr_inject(struct usr_path *path, uint8_t *packet, size_t len);
void usr_flush(struct usr_loop *loop);
/* Lets the stack's timers catch up with the clock. */
void usr_tick(struct usr_loop *loop);

/* ---- advice.c ----------------------------------------------------------------------------------- */

/* tr_backend_advise */
void usr_advise(const char *netns, unsigned topics, void (*tell)(const char *text, void *arg), void *arg);

/* ---- loop.c ----------------------------------------------------------------------------------- */

enum tr_code usr_loop_open(const struct tr_loop_params *params, struct tr_loop **out, struct tr_error *error);
void usr_loop_close(struct tr_loop *loop);
int usr_loop_fd(const struct tr_loop *loop);
enum tr_code usr_loop_add_fd(struct tr_loop *loop, int fd, void *cookie, struct tr_error *error);
void usr_loop_remove_fd(struct tr_loop *loop, int fd);
unsigned usr_loop_wait(struct tr_loop *loop, int timeout_ms, struct tr_ready *ready, unsigned max);
void usr_loop_turn(struct tr_loop *loop);
void usr_stashed(struct tr_loop *loop);
/* Moves packets and time on, for up to timeout_ms, without a ready list; for a close that lingers. */
void usr_loop_pump(struct usr_loop *loop, int timeout_ms);
/* Runs the timer where there are sockets, stops it where there are none. */
void usr_loop_set_timer(struct usr_loop *loop);

/* Shared UDP sockets. */
enum tr_code usr_udp_get(struct usr_loop *loop, const struct net_addr *at, uint16_t port,
                         struct usr_udp **out, struct tr_error *error);
void usr_udp_put(struct usr_loop *loop, struct usr_udp *udp);

/* ---- ready.c ---------------------------------------------------------------------------------- */

/* "Look at it": something happened to this endpoint. */
void usr_ready_mark(struct usr_endpoint *ep);
void usr_ready_forget(struct usr_endpoint *ep);
/* A send of `len` bytes was refused for lack of room. */
void usr_ready_block(struct usr_endpoint *ep, uint32_t assoc, uint32_t len);
/* A burst was taken. */
void usr_ready_unblock(struct usr_endpoint *ep, uint32_t assoc);
/* Fills the ready list from the queue of those that may be ready. */
unsigned usr_ready_collect(struct usr_loop *loop, struct tr_ready *ready, unsigned max);
/* True where usr_ready_collect would find one. */
bool usr_ready_any(struct usr_loop *loop);
/* What was said of it did not reach the program. */
void usr_again(struct tr_endpoint *ep, unsigned flags);
/* Marks all endpoints that have become readable without an upcall: timers make none. */
void usr_ready_look(struct usr_loop *loop);
/* The stack's upcall. */
void usr_upcall(struct socket *so, void *arg, int flags);

/* ---- endpoint.c, close.c, renew.c, assoc.c ---------------------------------------------------- */

enum tr_code usr_open(struct tr_loop *loop, const struct tr_open_params *params, struct tr_endpoint **out,
                      struct tr_error *error);
enum tr_code usr_listen(struct tr_endpoint *ep, int backlog, struct tr_error *error);
void usr_close(struct tr_endpoint *ep);
uint16_t usr_port(const struct tr_endpoint *ep);
uint16_t usr_encaps_port(const struct tr_endpoint *ep);
enum tr_code usr_watch(struct tr_endpoint *ep, unsigned flags);
unsigned usr_addresses(struct tr_endpoint *ep, uint32_t assoc, bool remote, struct net_addr *out,
                       unsigned max);
/* A socket with its options, not bound yet. ep->so is changed on success only. */
enum tr_code usr_make_socket(struct usr_endpoint *ep, const struct opt_set *options, struct tr_error *error);
enum tr_code usr_bind(struct usr_endpoint *ep, uint16_t port, struct tr_error *error);
/* Wraps a socket that shares the port of `origin`. NULL: out of memory, the socket is closed. */
struct usr_endpoint *usr_endpoint_beside(struct usr_endpoint *origin, struct socket *so);
/* A one-to-one socket of the stack is good for one association; puts a new one, with the same port and
 * options, in the place of one whose association is over. What waits unread is lost. */
enum tr_code usr_endpoint_renew(struct usr_endpoint *ep, struct tr_error *error);
/* Goes on with endpoints that are closing down; called after the stack's timers ran. */
void usr_closing_turn(struct usr_loop *loop);
/* Closes the endpoint at once, aborting its associations, and frees it. */
void usr_endpoint_abandon(struct usr_loop *loop, struct usr_endpoint *ep);
/* While `on`: failed messages come back however much waits unread (endpoint.c says why). */
void usr_make_room(struct usr_endpoint *ep, bool on);

enum tr_code usr_connect_init(struct tr_endpoint *ep, const struct tr_target *to, uint32_t *assoc,
                              struct tr_error *error);
enum tr_code usr_peeloff(struct tr_endpoint *ep, uint32_t *assoc, void *cookie, struct tr_endpoint **out,
                         struct tr_error *error);
enum tr_code usr_eof(struct tr_endpoint *ep, uint32_t assoc, struct tr_error *error);
enum tr_code usr_abort(struct tr_endpoint *ep, uint32_t assoc, const void *reason, uint32_t len,
                       struct tr_error *error);
/* Ends an association that is not established yet, as if the peer had refused it. False: it is none. */
bool usr_give_up(struct usr_endpoint *ep, uint32_t assoc);
/* An association is up or gone: its set-up is over. 0: all of the endpoint's. */
void usr_setup_over(struct usr_endpoint *ep, uint32_t assoc);

/* ---- mode.c ------------------------------------------------------------------------------- */

void usr_mode_note(struct usr_endpoint *ep, uint32_t assoc, uint16_t stream, bool unordered);
bool usr_mode_is_unordered(const struct usr_endpoint *ep, uint32_t assoc, uint16_t stream);
/* The association is over. */
void usr_mode_forget(struct usr_endpoint *ep, uint32_t assoc);
void usr_mode_move(const struct usr_endpoint *from, uint32_t assoc, struct usr_endpoint *to);

/* ---- send.c, recv.c ------------------------------------------------------------------------- */

uint32_t usr_send_capacity(struct tr_endpoint *ep);
enum tr_code usr_send_to(struct tr_endpoint *ep, const struct tr_msg *msg, const struct net_addr *path);
enum tr_code usr_send(struct tr_endpoint *ep, const struct tr_msg *msgs, unsigned count, unsigned *sent);
enum tr_code usr_recv(struct tr_endpoint *ep, unsigned max, const struct tr_item **items, unsigned *count);

/* ---- pieces.c: half-received messages ------------------------------------------------------------ */

/* Their time goes on where the timer has ticked, and those in line may have got a place. */
void usr_pieces_wait(struct usr_loop *loop, bool tick);
/* What was read may have ended in the middle of messages. */
void usr_pieces_read(struct usr_loop *loop, struct usr_endpoint *ep);
const struct reasm_pool *usr_pieces_pool(const struct tr_loop *loop);

/* ---- event.c: pure -------------------------------------------------------------------------- */

/* Reads a notification, aligned as malloc does. False: not one of ours, or too short. */
bool usr_event(const void *bytes, size_t len, struct tr_notice *out);
/* The stack's form of the address of a TR_EV_PATH_CHANGE, from the same bytes. */
struct sockaddr_conn usr_event_path(const void *bytes);
extern const struct tr_notices usr_notices;

/* ---- option.c -------------------------------------------------------------------------------- */

extern const struct tr_option_ops usr_option_ops[OPT_ID_COUNT];
extern const struct tr_records usr_records;

/* What every endpoint has before the user's options: events, path MTU, records. */
enum tr_code usr_option_defaults(struct usr_endpoint *ep, struct tr_error *error);
/* Copies to `to`, a socket beside `from`, what the stack did not. */
void usr_option_inherit(struct usr_endpoint *from, struct usr_endpoint *to);

/* Gives a new socket of a one-to-one endpoint the shared keys of the one before, and forgets them all
 * (option_auth.c). */
enum tr_code usr_auth_restore(struct usr_endpoint *ep, struct tr_error *error);
void usr_auth_forget(struct usr_endpoint *ep);

/* ---- reconfig.c ------------------------------------------------------------------------------- */

enum tr_code usr_reset_streams(struct tr_endpoint *ep, uint32_t assoc, unsigned directions,
                               const uint16_t *streams, unsigned count, struct tr_error *error);
enum tr_code usr_add_streams(struct tr_endpoint *ep, uint32_t assoc, uint16_t outbound, uint16_t inbound,
                             struct tr_error *error);

#endif
