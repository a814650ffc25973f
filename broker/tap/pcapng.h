/* Writes pcapng (draft-ietf-opsawg-pcapng, the format of Wireshark) into memory: one section with one
 * interface of link type LINKTYPE_RAW, on which each packet begins with its IPv4 or IPv6 header.
 *
 * Own code, because no library of Debian's writes it: libpcap writes only the older format, which has neither
 * comments nor directions nor statistics (its issue 1321); Wireshark's libwiretap does, but is under the GPL
 * and has no stable interface. Numbers are in the machine's byte order, as the format allows. */
#ifndef JUNCTOR_BROKER_TAP_PCAPNG_H
#define JUNCTOR_BROKER_TAP_PCAPNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that grow; zero-initialised there are none. If memory runs out, `failed` is set and what is added is
 * left out. */
struct tap_bytes {
    unsigned char *data;
    size_t used, room;
    bool failed;
};
void tap_bytes_add(struct tap_bytes *b, const void *data, size_t length);
void tap_bytes_free(struct tap_bytes *b);

/* A block begins with its type and its length, 4 bytes each; the length is that of all of it. */
enum pcapng_block {
    PCAPNG_SECTION = 0x0A0D0D0A,
    PCAPNG_INTERFACE = 1,
    PCAPNG_STATISTICS = 5,
    PCAPNG_PACKET = 6
};

/* isb_ifdrop of a statistics block that pcapng_statistics has made. */
uint64_t pcapng_missed(const unsigned char *block, size_t length);

enum pcapng_direction { PCAPNG_NO_DIRECTION, PCAPNG_INBOUND, PCAPNG_OUTBOUND };

struct pcapng_packet {
    uint64_t at_ns;            /* since 1970, UTC */
    const unsigned char *head; /* the packet: its headers, complete, */
    size_t head_length;        /* a multiple of 4, */
    const unsigned char *data; /* and its data, of which */
    size_t caught;             /* so many bytes are there */
    size_t zeros;              /* behind them, up to a multiple of 4, if they are captured, too */
    size_t length;             /* of the whole packet on the wire */
    enum pcapng_direction direction;
    const char *comment; /* UTF-8; NULL: none */
};

struct pcapng_counts {
    uint64_t begun_ns, now_ns;
    uint64_t received, accepted, missed, delivered; /* isb_ifrecv, _filteraccept, _ifdrop, _usrdeliv */
};

/* A section header and an interface description. `application`: "junctor 1.0"; `comment`: of the section, or
 * NULL. */
void pcapng_begin(struct tap_bytes *b, const char *application, const char *comment);

/* An enhanced packet block. */
void pcapng_packet(struct tap_bytes *b, const struct pcapng_packet *p);

/* An interface statistics block: the last one of a section counts. */
void pcapng_statistics(struct tap_bytes *b, const struct pcapng_counts *c);

#endif
