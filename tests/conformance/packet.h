/* Packets that no stack would send by itself, injected into a running association: a chunk of our own after
 * the headers of a packet that was really sent, ports and verification tag included, so that the receiver
 * accepts it as its peer's. With UDP encapsulation the UDP header is included. IPv4 only. */
#ifndef JUNCTOR_TESTS_CONFORMANCE_PACKET_H
#define JUNCTOR_TESTS_CONFORMANCE_PACKET_H

#include "tests/conformance/net.h"

/* Sees every packet that arrives at a host from now on. Closed with the case. */
int packet_watch(const struct net *n, enum net_host host);

/* Sends `chunk` (len a multiple of 4) from the other host as if `from` had sent it to `to`. `watch` is one at
 * the host of `to`, which must have seen a packet between the two after their handshake's INIT. */
void packet_forge(const struct net *n, int watch, const struct ct_end *from, enum net_host host,
                  const struct ct_end *to, const void *chunk, size_t len);

#endif
