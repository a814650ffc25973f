/* The kernel backend's own structs and the seams between its files:
 *   backend.c    its table, probe, errno → tr_code
 *   advice.c     settings of the host, told at start
 *   loop.c       epoll, readiness
 *   tick.c       the timer; the note on writability
 *   unread.c     ends that stand unread behind data
 *   pieces.c     what the loop does about half-received messages
 *   endpoint.c   open, bind, listen, move, addresses
 *   netns.c      network namespaces; opening a socket
 *   device.c     the addresses of a device
 *   assoc.c      connect, end, peel off
 *   close.c      closing, which may take a while
 *   renew.c      a one-to-one endpoint gets a new socket: after abort, and to connect again
 *   recv.c       recvmmsg into slots, items
 *   event.c      notifications → tr_event (pure)
 *   send.c       sendmmsg in bursts; the note on MSG_MORE
 *   reconfig.c   addresses and streams that come and go
 *   status.c     what Linux says about associations
 *   option*.c    options; records.def is their layout */
#ifndef JUNCTOR_TRANSPORT_KERNEL_KERNEL_PRIV_H
#define JUNCTOR_TRANSPORT_KERNEL_KERNEL_PRIV_H

#include "transport/address_priv.h"
#include "transport/backend_priv.h"
#include "transport/notice_priv.h"
#include "transport/patience_priv.h"
#include "transport/reassembly.h"

#include <netinet/sctp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum { KERNEL_BURST = 256, KERNEL_EVENTS = 256, KERNEL_ARRIVALS = 64, KERNEL_OFFERS = 8 };

struct kernel_endpoint {
    struct tr_endpoint base;
    struct kernel_endpoint *next, *prev; /* all endpoints of the loop */
    struct kernel_endpoint *wait_next, *wait_prev;
    int fd;
    uint16_t port; /* 0: see kernel_port */
    sa_family_t family;
    uint32_t registered;           /* with epoll, for these events; 0: not at all */
    int error;                     /* the socket's, until the event that it belongs to is read */
    bool listens;                  /* has accepted associations, or may */
    bool at_end;                   /* one-to-one: the stack said end of file; only notifications may follow */
    bool stream;                   /* a SOCK_STREAM socket; a peeled-off one is not */
    bool foreign;                  /* in a network namespace that was named, maybe not the threads' own */
    bool bound;                    /* to its addresses */
    uint16_t events;               /* until then: what it will subscribe to (kernel_subscribe) */
    bool auto_asconf;              /* to be switched on once it is bound */
    bool waits;                    /* on the loop's list of those that the timer looks at */
    bool heard;                    /* in the loop's set `arrivals` */
    bool stirred;                  /* something arrived: it may be an end (unread.c) */
    bool muted;                    /* polled writable, but took nothing: EPOLLOUT is not believed for now */
    bool closing;                  /* closed; on the list of those that close down */
    bool full;                     /* the last burst ended with TR_AGAIN */
    unsigned ready_turn, ready_at; /* its place in the ready list of wait number ready_turn */
    unsigned writable_turn;        /* the last wait that called it writable */
    int64_t room;                  /* free send buffer, at least; see send.c */
    struct kernel_origin *origin;  /* one-to-one: how to open its like (renew.c); else NULL */
    uint32_t called;               /* one-to-one: the association of the last connect_init */
    char *auth_keys;               /* one-to-one: the file that its shared keys come from, or NULL */
    int64_t offers[KERNEL_OFFERS]; /* option_offer.c */
    bool offers_read;
    int sndbuf;                   /* size of the send buffer, as SO_SNDBUF tells it; 0: not known */
    struct reasm_partial *pieces; /* while released: what was under way */
};

/* Control data of a received message: one RCVINFO. */
union kernel_control_in {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(struct sctp_rcvinfo))];
};

/* Of a message to send: SNDINFO and PRINFO. */
union kernel_control_out {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(struct sctp_sndinfo)) + CMSG_SPACE(sizeof(struct sctp_prinfo))];
};

struct kernel_fd {
    struct kernel_fd *next;
    int fd;
    void *cookie;
};

struct kernel_loop {
    struct tr_loop base;
    int epoll, timer;
    int arrivals; /* epoll set of endpoints that are not read */
    int patience; /* timer of half-received messages (pieces.c) */
    bool timer_on;
    unsigned patience_ms; /* how often its timer fires; 0: it is stopped */
    bool no_force; /* without CAP_NET_ADMIN: SO_SNDBUFFORCE and SO_RCVBUFFORCE are not tried any more */
    unsigned ticks;
    unsigned turn;                     /* number of the current wait */
    struct kernel_endpoint *endpoints; /* all */
    struct kernel_endpoint *closing;   /* closed, but not done yet */
    struct kernel_endpoint *waiting;   /* to be looked at by the timer */
    struct kernel_fd *fds;
    struct reasm_pool pieces;

    /* Receive slots. Those before next_slot are in use until the turn ends. */
    uint8_t *memory;
    size_t memory_bytes, stride;
    unsigned next_slot;
    struct mmsghdr *in;
    struct iovec *in_vec;
    union kernel_control_in *in_control;
    struct net_addr *in_from; /* of listening endpoints: where it came from */
    struct tr_item *items;

    /* One burst to send, prepared once. */
    struct mmsghdr out[KERNEL_BURST];
    struct iovec out_vec[KERNEL_BURST];
    union kernel_control_out out_control[KERNEL_BURST];

    struct epoll_event events[KERNEL_EVENTS];
};

static inline struct kernel_loop *kernel_loop(struct tr_loop *loop)
{
    return (struct kernel_loop *)loop;
}

static inline struct kernel_endpoint *kernel_endpoint(struct tr_endpoint *ep)
{
    return (struct kernel_endpoint *)ep;
}

/* Counts system calls made for `ep` (which may be between two loops). */
static inline void kernel_count(const struct kernel_endpoint *ep, unsigned calls)
{
    if (ep->base.loop != NULL)
        ep->base.loop->stats.syscalls += calls;
}

/* backend.c: the closest code for an errno outside the send path. */
enum tr_code kernel_code(int error_number);

/* loop.c */
enum tr_code kernel_loop_open(const struct tr_loop_params *p, struct tr_loop **out, struct tr_error *error);
void kernel_loop_close(struct tr_loop *loop);
int kernel_loop_fd(const struct tr_loop *loop);
enum tr_code kernel_loop_add_fd(struct tr_loop *loop, int fd, void *cookie, struct tr_error *error);
void kernel_loop_remove_fd(struct tr_loop *loop, int fd);
unsigned kernel_loop_wait(struct tr_loop *loop, int timeout_ms, struct tr_ready *ready, unsigned max);
void kernel_again(struct tr_endpoint *ep, unsigned flags);
void kernel_loop_turn(struct tr_loop *loop);
enum tr_code kernel_watch(struct tr_endpoint *ep, unsigned flags);
/* Enters a loop (list and epoll, as ep->base.watch says), or leaves it. */
enum tr_code kernel_enter(struct kernel_loop *l, struct kernel_endpoint *ep, struct tr_error *error);
void kernel_leave(struct kernel_endpoint *ep);
/* What it wants to hear has changed. */
enum tr_code kernel_update(struct kernel_loop *l, struct kernel_endpoint *ep);
/* The socket is about to go: takes it out of epoll. */
void kernel_unregister(struct kernel_endpoint *ep);
/* The stack said end of file (recv.c). */
void kernel_at_end(struct kernel_endpoint *ep);
/* A send took nothing, or something (send.c). */
void kernel_refused(struct kernel_endpoint *ep);
void kernel_took(struct kernel_endpoint *ep);

/* The ready list of a wait. */
struct kernel_ready_list {
    struct kernel_loop *loop;
    struct tr_ready *entries;
    unsigned count, max;
};
/* False: there is no place for it. */
bool kernel_add_ready(struct kernel_ready_list *r, struct kernel_endpoint *ep, unsigned flags);

/* tick.c: puts the endpoint on the timer's list or takes it off, as its state asks for. */
void kernel_wait_for_tick(struct kernel_loop *l, struct kernel_endpoint *ep);
void kernel_leave_tick(struct kernel_loop *l, struct kernel_endpoint *ep);
void kernel_tick(struct kernel_ready_list *r);
void kernel_stashed(struct tr_loop *loop);

/* unread.c */
bool kernel_unread_open(struct kernel_loop *l); /* false: errno says why */
/* The endpoint is not watched for TR_READABLE (any more): hears of what arrives; and the opposite. */
void kernel_unread_watch(struct kernel_loop *l, struct kernel_endpoint *ep);
void kernel_unread_forget(struct kernel_loop *l, struct kernel_endpoint *ep);
/* `arrivals` polls readable. */
void kernel_unread_arrivals(struct kernel_loop *l);
/* True where an association has ended whose end has not been read. */
bool kernel_unread_end(struct kernel_endpoint *ep);

/* endpoint.c */
/* NULL: out of memory. `origin`: what it was peeled off or accepted by, or NULL. */
struct kernel_endpoint *kernel_new_endpoint(struct tr_loop *loop, int fd, enum tr_style style,
                                            const struct tr_endpoint *origin, void *cookie);
enum tr_code kernel_open(struct tr_loop *loop, const struct tr_open_params *p, struct tr_endpoint **out,
                         struct tr_error *error);
enum tr_code kernel_listen(struct tr_endpoint *ep, int backlog, struct tr_error *error);
uint16_t kernel_port(const struct tr_endpoint *ep);
uint16_t kernel_encaps_port(const struct tr_endpoint *ep);
enum tr_code kernel_release(struct tr_endpoint *ep, struct tr_error *error);
enum tr_code kernel_adopt(struct tr_loop *loop, struct tr_endpoint *ep, struct tr_error *error);
unsigned kernel_addresses(struct tr_endpoint *ep, uint32_t assoc, bool remote, struct net_addr *out,
                          unsigned max);
/* Takes meaningless fields out of an address that the kernel gave. */
void kernel_clean_address(struct net_addr *a);
/* libsctp takes and gives addresses packed one behind the other, each as long as its family's. The caller
 * frees `bytes`. `port` other than 0 takes the place of each one's own. False: out of memory. */
struct kernel_packed {
    struct sockaddr *bytes;
    int count;
};
bool kernel_pack(const struct net_addr *addresses, unsigned count, uint16_t port, struct kernel_packed *out);
/* assoc.c */
enum tr_code kernel_connect_init(struct tr_endpoint *ep, const struct tr_target *to, uint32_t *assoc,
                                 struct tr_error *error);
enum tr_code kernel_peeloff(struct tr_endpoint *ep, uint32_t *assoc, void *cookie, struct tr_endpoint **out,
                            struct tr_error *error);
enum tr_code kernel_eof(struct tr_endpoint *ep, uint32_t assoc, struct tr_error *error);
enum tr_code kernel_abort(struct tr_endpoint *ep, uint32_t assoc, const void *reason, uint32_t len,
                          struct tr_error *error);

/* status.c: whether there is such an association (of a one-to-one socket: any) */
bool kernel_assoc_exists(struct tr_endpoint *ep, uint32_t assoc);
/* Those of a one-to-many socket. *ids is the caller's to free. False: the stack does not say, or out of
 * memory. */
bool kernel_list_assocs(struct tr_endpoint *ep, uint32_t **ids, unsigned *count);
/* The association of a one-to-one socket that is up; 0: none. */
uint32_t kernel_only_assoc(struct kernel_endpoint *ep);
unsigned kernel_assocs(struct tr_endpoint *ep, uint32_t **ids);

/* close.c */
void kernel_close(struct tr_endpoint *ep);
/* Something arrived for an endpoint that closes down; it may be gone afterwards. */
void kernel_closing_event(struct kernel_loop *l, struct kernel_endpoint *ep);
/* The loop closes: the stack goes on alone with what is left. */
void kernel_closing_end(struct kernel_loop *l);

/* renew.c */
struct kernel_origin *kernel_origin_new(const struct tr_open_params *p); /* NULL: out of memory */
/* Binds as at open; `port` 0 lets the stack pick. ep->port is set. */
enum tr_code kernel_bind(struct kernel_endpoint *ep, const struct net_addr *addresses, unsigned count,
                         uint16_t port, struct tr_error *error);
/* Puts a fresh socket in place of a one-to-one endpoint's old one, whose association is aborted if there
 * still is one. Without success the endpoint has no socket. */
enum tr_code kernel_renew(struct kernel_endpoint *ep, struct tr_error *error);
/* Options of the socket that must be set before those of the program and bind. */
enum tr_code kernel_set_up(struct kernel_endpoint *ep, bool share_port, const char *device,
                           struct tr_error *error);

/* device.c: whether an endpoint is to be bound to the addresses of its device, because it names the device
 * and no address; and those, at most so many. TR_ADDR_UNKNOWN where it has none. */
#define KERNEL_DEVICE_ADDRESSES 64
bool kernel_means_device(const struct tr_open_params *p);
enum tr_code kernel_device_addresses(const struct tr_open_params *p, struct net_addr *out, unsigned *count,
                                     struct tr_error *error);

/* netns.c: calls work(arg) in a network namespace, by a thread; right here where `netns` is NULL. Its
 * result and errno; false, with *error filled in, where the namespace cannot be entered. */
bool kernel_run_in(const char *netns, int (*work)(void *arg), void *arg, int *result, struct tr_error *error);
/* An SCTP socket (non-blocking, close-on-exec), in a network namespace where `netns` is not NULL. -1 with
 * *error filled in. */
int kernel_new_socket(int family, int type, const char *netns, struct tr_error *error);
/* The same in the namespace of socket `fd`; -1 with errno. Needs CAP_NET_ADMIN and CAP_SYS_ADMIN there. */
int kernel_new_socket_beside(int fd, int family, int type);
/* Calls work(arg) by a thread in the namespace of socket `fd`; its result and errno. */
int kernel_run_beside(int fd, int (*work)(void *arg), void *arg);

/* pieces.c: what the loop does about half-received messages (patience_priv.h) */
bool kernel_pieces_open(struct kernel_loop *l);
/* Their timer has ticked. */
void kernel_pieces_tick(struct kernel_loop *l);
const struct reasm_pool *kernel_pieces_pool(const struct tr_loop *loop);
/* The loop is about to wait: they want the timer, and those in line may have got a place. */
void kernel_pieces_wait(struct kernel_loop *l);
/* A batch was read, or came along: it may end in the middle of messages. */
void kernel_pieces_read(struct kernel_loop *l, struct kernel_endpoint *ep);
/* An association of the endpoint has ended, so it is not held back any longer. */
void kernel_pieces_ended(struct kernel_loop *l, struct kernel_endpoint *ep);

/* recv.c */
enum tr_code kernel_recv(struct tr_endpoint *ep, unsigned max, const struct tr_item **items, unsigned *count);
void kernel_slots_init(struct kernel_loop *l);

/* event.c: reads one whole notification of `len` bytes. False: nothing that is reported. Payloads in *out
 * point into `bytes`. */
bool kernel_event(const void *bytes, size_t len, struct tr_notice *out);
extern const struct tr_notices kernel_notices;

/* send.c */
uint32_t kernel_send_capacity(struct tr_endpoint *ep);
enum tr_code kernel_send_to(struct tr_endpoint *ep, const struct tr_msg *msg, const struct net_addr *path);
enum tr_code kernel_send(struct tr_endpoint *ep, const struct tr_msg *msgs, unsigned count, unsigned *sent);
void kernel_burst_init(struct kernel_loop *l);

/* option.c */
extern const struct tr_option_ops kernel_options[OPT_ID_COUNT];
extern const struct tr_records kernel_records;
/* The endpoint is bound now: sets what could not be set before. */
enum tr_code kernel_bound(struct kernel_endpoint *ep, struct tr_error *error);
/* What every endpoint starts with: which events it reports, and control data on received messages. Options
 * change that while it is opened; kernel_subscribe tells the stack, once. */
void kernel_default_events(struct kernel_endpoint *ep);
enum tr_code kernel_subscribe(struct kernel_endpoint *ep, struct tr_error *error);
/* A peeled-off or accepted association keeps every option of its origin: kernel_inherit_read before, from the
 * origin; kernel_inherit after, onto the new endpoint. */
void kernel_inherit_read(struct kernel_endpoint *from, uint32_t assoc, struct opt_set *options);
void kernel_inherit(struct kernel_endpoint *to, const struct opt_set *options);
/* Sets option `id` as in `wanted` where `now`, what was read, differs. Only then: a value that was granted
 * once must not be clipped when asked for again. */
void kernel_copy_option(struct kernel_endpoint *to, enum opt_id id, const struct opt_set *wanted,
                        const struct opt_set *now);

/* option_offer.c: what the endpoint offers to associations to come is read once: of a one-to-one endpoint
 * when it is set up, of another when something is peeled off it. Not known any more when it gets a new
 * socket. */
void kernel_read_offers(struct kernel_endpoint *ep);
void kernel_forget_offers(struct kernel_endpoint *ep);
/* To the endpoint of an association that was peeled off `from` or accepted by it. */
void kernel_hand_offers_on(struct kernel_endpoint *to, struct kernel_endpoint *from);

/* reconfig.c */
enum tr_code kernel_change_addresses(struct tr_endpoint *ep, bool add, const struct net_addr *addresses,
                                     unsigned count, struct tr_error *error);
enum tr_code kernel_reset_streams(struct tr_endpoint *ep, uint32_t assoc, unsigned directions,
                                  const uint16_t *streams, unsigned count, struct tr_error *error);
enum tr_code kernel_reset_assoc(struct tr_endpoint *ep, uint32_t assoc, struct tr_error *error);
enum tr_code kernel_add_streams(struct tr_endpoint *ep, uint32_t assoc, uint16_t outbound, uint16_t inbound,
                                struct tr_error *error);

/* advice.c */
void kernel_hint(enum opt_field f, int64_t wanted, int64_t granted, char *out, size_t size);
void kernel_advise(const char *netns, unsigned topics, void (*tell)(const char *text, void *arg), void *arg);

#endif
