/* Hosts around the broker's: a network namespace each, with CHAOS_PATHS cables (veth) to that of the broker,
 * which netem disturbs. Needs root, and ends the program with a message if something cannot be done. The
 * calling process is in the broker's namespace afterwards. Path p of the broker is 10.90.p.1, of host
 * h 10.90.p.(10 + h). */
#ifndef JUNCTOR_TESTS_CHAOS_NETWORK_H
#define JUNCTOR_TESTS_CHAOS_NETWORK_H

#include <stdbool.h>
#include <stdint.h>
#include <netinet/in.h>

enum { CHAOS_PATHS = 2, CHAOS_HOSTS_MAX = 8, CHAOS_BROKER = -1 /* as a host */ };

struct disturbance {
    unsigned loss;      /* per cent; 100: cut */
    unsigned delay_ms;  /* one way */
    unsigned jitter_ms; /* at most the delay; packets overtake each other */
};

/* Root, namespaces, veth and netem are there; else false, and why on standard output. */
bool network_possible(void);

/* `udp_port`: SCTP of the hosts goes over UDP (RFC 6951), from and to this port; 0: plain SCTP. */
void network_new(unsigned hosts, uint16_t udp_port);

/* Disturbs one cable in both directions; all zero: not any more. */
void network_disturb(unsigned host, unsigned path, const struct disturbance *d);

struct sockaddr_in network_address(int host, unsigned path, uint16_t port);

/* A socket in the namespace of a host. */
int network_socket(unsigned host, int type, int protocol);

#endif
