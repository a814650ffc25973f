/* UDP datagrams in batches: what carries SCTP packets under encapsulation (RFC 6951).
 *
 * Receiving: recvmmsg with UDP_GRO, where one buffer brings a run of datagrams of one sender. Sending:
 * packets are gathered in an outbox and leave with sendmmsg, runs of equal length to one destination as one
 * message (UDP_SEGMENT, GSO). A socket that is bound to no address learns each datagram's own destination
 * address and answers from there, so that a peer always sees the address it wrote to.
 *
 * Knows no SCTP. Nothing here blocks. One thread. */
#ifndef JUNCTOR_TRANSPORT_USRSCTP_UDP_H
#define JUNCTOR_TRANSPORT_USRSCTP_UDP_H

#include "transport/transport.h"

#ifdef __cplusplus
extern "C" {
#endif

struct udp_socket {
    int fd;
    struct net_addr local; /* bound address, port filled in; 0.0.0.0 or :: where bound to none */
    bool any;              /* bound to no address, or to a wildcard */
    bool segments;         /* UDP_SEGMENT has not failed yet */
};

/* Binds to `at` (NULL or "::": every address of both families; 0.0.0.0: every IPv4 one) and `port` (0: one
 * that the kernel picks). Asks for large socket buffers and takes what is granted. Errors: TR_ADDR_IN_USE,
 * TR_ADDR_UNKNOWN, TR_PERMISSION, TR_LIMIT, TR_SYSTEM. */
enum tr_code udp_open(struct udp_socket *s, const struct net_addr *at, uint16_t port, struct tr_error *error);
void udp_close(struct udp_socket *s);

/* What the kernel grants of the buffers, in the unit in which UDP_BUFFER_WANTED is asked for. False: no
 * socket could be had to find out. A burst that overflows the receive buffer costs a retransmission timeout,
 * so it is to have room for the windows of many associations. */
#define UDP_BUFFER_WANTED (16 << 20)
bool udp_granted(unsigned *receiving, unsigned *sending);

/* a.b.c.d becomes ::ffff:a.b.c.d; other addresses stay. */
void udp_map(struct net_addr *a);

/* The local address from which the kernel would send to `remote`. False: no route. Two system calls. */
bool udp_source_for(const struct net_addr *remote, struct net_addr *out);

/* ---- Receiving -------------------------------------------------------------------------------------- */

struct udp_inbox; /* the buffers; one serves any number of sockets */

struct udp_arrival {
    struct net_addr from, to; /* `to` has the socket's port; IPv4 never in its IPv6-mapped form */
    uint8_t *data;            /* datagrams in a row, each `segment` bytes long but the last; may be changed */
    size_t len, segment;
};

typedef void udp_arrival_fn(void *arg, struct udp_socket *s, const struct udp_arrival *a);

struct udp_inbox *udp_inbox_new(void); /* NULL: out of memory */
void udp_inbox_free(struct udp_inbox *in);

/* Reads one batch and calls `fn` for each run in it. True where the batch was full, so that more may wait. */
bool udp_receive(struct udp_socket *s, struct udp_inbox *in, udp_arrival_fn *fn, void *arg);

/* A datagram of ours that came back: nobody has its destination port open (ICMP). */
struct udp_refusal {
    struct net_addr remote;
    const uint8_t *data; /* what we sent, or its beginning */
    size_t len;
};

typedef void udp_refusal_fn(void *arg, struct udp_socket *s, const struct udp_refusal *r);

/* Takes all errors that wait at the socket (EPOLLERR) and calls `fn` for refusals. Returns its system calls.
 */
unsigned udp_receive_errors(struct udp_socket *s, udp_refusal_fn *fn, void *arg);

/* ---- Sending ---------------------------------------------------------------------------------------- */

/* Where packets of one peer go. Must live until udp_outbox_end_route. */
struct udp_route {
    struct udp_socket *socket;
    struct net_addr remote; /* in the socket's family */
    struct net_addr source; /* used where the socket is bound to no address; family 0: the kernel picks */
    bool segments;          /* runs may go there as one message; off at first (peer.c says why) */
    unsigned run;           /* the outbox's: 1 + the last run of the flush under way */
    uint64_t flush;
};

/* Fills in a route; addresses may be given in either form. */
void udp_route_set(struct udp_route *r, struct udp_socket *s, const struct net_addr *remote,
                   const struct net_addr *source);

struct udp_outbox;

struct udp_outbox_stats {
    uint64_t packets, syscalls;
    uint64_t dropped; /* the kernel refused them, or the outbox was full */
};

struct udp_outbox *udp_outbox_new(void); /* NULL: out of memory */
void udp_outbox_free(struct udp_outbox *out);

/* Copies a packet into the outbox and returns the copy, which may be changed until the flush. Flushes first
 * where there is no room. NULL: dropped. */
uint8_t *udp_outbox_put(struct udp_outbox *out, struct udp_route *r, uint8_t tos, const void *packet,
                        size_t len);

/* Hands everything to the kernel. What the kernel cannot take now stays for the next flush. */
void udp_outbox_flush(struct udp_outbox *out);

/* Forgets what is left for this socket, which is about to be closed. */
void udp_outbox_forget(struct udp_outbox *out, const struct udp_socket *s);

/* The route is about to go: sends what is left for it and forgets what the kernel does not take now. */
void udp_outbox_end_route(struct udp_outbox *out, const struct udp_route *r);

bool udp_outbox_empty(const struct udp_outbox *out);
const struct udp_outbox_stats *udp_outbox_get_stats(const struct udp_outbox *out);

#ifdef __cplusplus
}
#endif
#endif
