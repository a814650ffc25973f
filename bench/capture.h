/* Reads the DATA chunks of a pcap or pcapng file (RFC 9260 3.3.1, and I-DATA, RFC 8260 2.1).
 *
 * Link types Ethernet (with VLAN tags), Linux cooked (SLL, SLL2), raw IP and BSD loopback; IPv4 and IPv6 with
 * extension headers; SCTP directly or over UDP port 9899 (RFC 6951). Everything else in the file is passed
 * over. What is SCTP and cannot be read whole is an error, which names the packet as Wireshark numbers it,
 * from 1.
 *
 * No sockets; any thread. */
#ifndef JUNCTOR_BENCH_CAPTURE_H
#define JUNCTOR_BENCH_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/sctp/address.h"

#define BENCH_CAPTURE_ENCAPS_PORT 9899

/* One DATA or I-DATA chunk. */
struct bench_chunk {
    struct net_addr source, destination; /* with the SCTP ports */
    uint32_t tag;                        /* verification tag: with the ports, it tells associations apart */
    uint64_t at_ns;                      /* of the capture's clock */
    uint64_t packet;                     /* its number in the file, from 1 */
    uint32_t tsn, ppid;                  /* ppid: of an I-DATA chunk only where `begin` is set */
    uint16_t stream;
    bool begin, end, unordered; /* the B, E and U bits */
    bool interleaved;           /* an I-DATA chunk: */
    uint32_t message, fragment; /* its MID and FSN */
    const uint8_t *data;        /* valid during the call */
    uint32_t len;               /* at least 1 */
};

/* Takes one chunk; false with the reason in `why`: reading ends. */
typedef bool bench_chunk_fn(const struct bench_chunk *chunk, void *arg, char *why, size_t size);

/* Reads a file and calls `take` for each chunk, in the order of the file. False with the reason in `why`,
 * which names the packet where there is one. */
bool bench_capture_read(const char *file, bench_chunk_fn *take, void *arg, char *why, size_t size);

/* The parser of one packet, for tests: `link` is a DLT_ number of libpcap, `wire_len` the packet's length
 * before the capture cut it short. */
struct bench_packet {
    const uint8_t *data;
    size_t len, wire_len;
    uint64_t at_ns, number;
};
bool bench_capture_packet(int link, const struct bench_packet *packet, bench_chunk_fn *take, void *arg,
                          char *why, size_t size);

#endif
