/* A network that fails on request: two hosts and two cables between them.
 *
 *     near  10.98.0.1 ── cable 0 ── 10.98.0.2  far
 *           10.98.1.1 ── cable 1 ── 10.98.1.2
 *
 * or, with IPv6, fd98:0:0:0::1 ── cable 0 ── fd98:0:0:0::2 and so on.
 *
 * A host is a network namespace of its own, a cable a veth pair with netem at both ends. Both ends of an
 * association are opened in one loop as usual; the host of an endpoint is given when it is opened and never
 * changes. A backend without TR_CAP_NETNS opens its UDP sockets in the namespace of the calling thread, which
 * enters that of the host for this.
 *
 * The kernel's path counters and timers are real: cases set them low, break a cable and wait for the events.
 * Everything here belongs to the main thread and blocks for as long as `ip` and `tc` take. */
#ifndef JUNCTOR_TESTS_CONFORMANCE_NET_H
#define JUNCTOR_TESTS_CONFORMANCE_NET_H

#include "tests/conformance/support.h"

enum net_host { NET_NEAR, NET_FAR, NET_HOSTS };

#define NET_CABLES 2
#define NET_ALL    NET_CABLES /* in place of a cable's number: every cable */

struct net {
    struct ct_world *world;
    int hosts[NET_HOSTS]; /* descriptors of the namespaces; closed with the case */
};

/* Makes it. Skips the case, and says why on stderr, where this process may not make network namespaces or the
 * host lacks netem; in the test kernel, which has both, that fails the case. */
struct net net_make(struct ct_world *w);
struct net net_make_ipv6(struct ct_world *w);

/* What a cable does to packets, in both directions. */
struct net_cable {
    unsigned loss, duplicate;     /* percent of the packets */
    unsigned delay_ms, jitter_ms; /* one way; jitter puts packets out of order */
};

/* `cable` may be NET_ALL. What is on its way when the cable breaks arrives. */
void net_set(const struct net *n, unsigned cable, const struct net_cable *how);
void net_break(const struct net *n, unsigned cable);
void net_mend(const struct net *n, unsigned cable);

/* The same for what comes from this host alone. */
void net_set_from(const struct net *n, enum net_host host, unsigned cable, const struct net_cable *how);

/* Nothing reaches this host any more; what it sends arrives. */
void net_deafen(const struct net *n, enum net_host host);

/* The host's own interface goes down, so that its sends fail at once; and comes up again. */
void net_unplug(const struct net *n, enum net_host host, unsigned cable);
void net_plug(const struct net *n, enum net_host host, unsigned cable);

/* A host gains an address (with its prefix length) at its end of a cable, or loses it. */
void net_gain(const struct net *n, enum net_host host, unsigned cable, const char *address);
void net_lose(const struct net *n, enum net_host host, unsigned cable, const char *address);

/* Packets that a host put on (or lost in) its end of the cable since net_make. */
struct net_count {
    unsigned long long sent, lost;
};
struct net_count net_counted(const struct net *n, enum net_host host, unsigned cable);

/* SCTP packets, plain or in UDP, that a host has sent so far on whatever cable. Unlike the cables' counts
 * these are without what the host itself sends, neighbour discovery of IPv6 for one. */
unsigned long long net_packets(const struct net *n, enum net_host host);

/* Writes /proc/sys/net/`name` of a host. False: there is no such file. */
bool net_sysctl(const struct net *n, enum net_host host, const char *name, const char *value);

/* Address of a host on a cable, port 0; and as text, until the next call. */
struct net_addr net_address(enum net_host host, unsigned cable);
const char *net_address_text(enum net_host host, unsigned cable);

/* Opens an endpoint on a host: cookie, namespace and, where they are 0, ports of `params` are filled in. */
struct ct_end *net_open(const struct net *n, enum net_host host, const struct tr_open_params *params);

/* A one-to-many endpoint with all addresses of the host, or the first one where the backend takes but one;
 * with `listen` it listens. */
struct ct_end *net_end(const struct net *n, enum net_host host, const struct opt_set *options, bool listen);

/* How many paths an association between two of these has. */
unsigned net_paths(void);

/* A near client, a far server and an association between them. */
struct ct_pair net_pair(const struct net *n, const struct opt_set *client, const struct opt_set *server);

/* Options with which a failure shows within a second: timers of 50 to 200 ms, heartbeats ten times a second,
 * a path down after two misses, an association lost after `asocmaxrxt` in a row (255 is more than any case
 * waits for); path changes and remote errors are told, and closing aborts. */
struct opt_set net_hasty(int64_t asocmaxrxt);

/* From now on the association is lost after `asocmaxrxt` misses in a row, those that were counted before
 * included. Said when the network is broken already: making it so takes time, in which heartbeats are
 * missed. */
void net_give_up(struct ct_end *e, uint32_t assoc, int64_t asocmaxrxt);

/* Waits for the next path change of this kind that no wait has returned, passing over others. */
const struct tr_event *net_path(struct ct_end *e, enum tr_path_state state);

/* Calls work(arg) on a host; the calling thread is back afterwards. */
void net_visit(const struct net *n, enum net_host host, void (*work)(void *arg), void *arg);

#endif
