/* See pcapng.h. A block is its type, its length, its body, options, and its length again; an option is a
 * code, a length and a value. Everything begins on a multiple of 4. */
#include "broker/tap/pcapng.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

enum { OPT_END = 0, OPT_COMMENT = 1 };
enum { SHB_HARDWARE = 2, SHB_OS = 3, SHB_USERAPPL = 4 };
enum { IF_NAME = 2, IF_DESCRIPTION = 3, IF_TSRESOL = 9, IF_OS = 12 };
enum { EPB_FLAGS = 2 };
enum {
    ISB_STARTTIME = 2,
    ISB_ENDTIME = 3,
    ISB_IFRECV = 4,
    ISB_IFDROP = 5,
    ISB_FILTERACCEPT = 6,
    ISB_USRDELIV = 8
};

#define BYTE_ORDER_MAGIC 0x1A2B3C4Du
#define LINKTYPE_RAW     101
#define NANOSECONDS      9 /* 10^-9 s */
#define COMMENT_MAX      4096

/* ---- bytes ---------------------------------------------------------------------------------------- */

void tap_bytes_add(struct tap_bytes *b, const void *data, size_t length)
{
    if (b->used + length > b->room) {
        size_t room = b->room ? b->room : 4096;
        while (room < b->used + length)
            room *= 2;
        unsigned char *more = realloc(b->data, room);
        if (!more) {
            b->failed = true;
            return;
        }
        b->data = more;
        b->room = room;
    }
    if (length)
        memcpy(b->data + b->used, data, length);
    b->used += length;
}

void tap_bytes_free(struct tap_bytes *b)
{
    free(b->data);
    *b = (struct tap_bytes){0};
}

static void add16(struct tap_bytes *b, uint16_t n)
{
    tap_bytes_add(b, &n, sizeof n);
}

static void add32(struct tap_bytes *b, uint32_t n)
{
    tap_bytes_add(b, &n, sizeof n);
}

/* The upper half first, whatever the byte order. */
static void add_time(struct tap_bytes *b, uint64_t ns)
{
    add32(b, (uint32_t)(ns >> 32));
    add32(b, (uint32_t)ns);
}

static void pad(struct tap_bytes *b, size_t length)
{
    static const unsigned char zeros[4];
    tap_bytes_add(b, zeros, -length & 3);
}

/* ---- blocks --------------------------------------------------------------------------------------- */

/* Returns where it begins, for end_block. */
static size_t begin_block(struct tap_bytes *b, uint32_t type)
{
    size_t at = b->used;
    add32(b, type);
    add32(b, 0);
    return at;
}

static void end_block(struct tap_bytes *b, size_t at)
{
    uint32_t length = (uint32_t)(b->used - at + 4);
    add32(b, length);
    if (b->failed)
        b->used = at; /* whole or not at all */
    else
        memcpy(b->data + at + 4, &length, sizeof length);
}

static void option(struct tap_bytes *b, uint16_t code, const void *value, size_t length)
{
    add16(b, code);
    add16(b, (uint16_t)length);
    tap_bytes_add(b, value, length);
    pad(b, length);
}

static void text(struct tap_bytes *b, uint16_t code, const char *value)
{
    size_t length = value ? strlen(value) : 0;
    if (length)
        option(b, code, value, length < COMMENT_MAX ? length : COMMENT_MAX);
}

static void number(struct tap_bytes *b, uint16_t code, uint64_t value)
{
    option(b, code, &value, sizeof value);
}

static void timestamp(struct tap_bytes *b, uint16_t code, uint64_t ns)
{
    add16(b, code);
    add16(b, 8);
    add_time(b, ns);
}

static void end_options(struct tap_bytes *b)
{
    add32(b, OPT_END);
}

/* ---- what is written ------------------------------------------------------------------------------ */

void pcapng_begin(struct tap_bytes *b, const char *application, const char *comment)
{
    const int64_t unknown = -1;
    const uint8_t resolution = NANOSECONDS;
    struct utsname host;
    char os[2 * sizeof host.sysname + 2] = "";
    bool known = uname(&host) == 0;
    if (known)
        snprintf(os, sizeof os, "%s %s", host.sysname, host.release);
    size_t section = begin_block(b, PCAPNG_SECTION);
    add32(b, BYTE_ORDER_MAGIC);
    add16(b, 1);
    add16(b, 0);
    tap_bytes_add(b, &unknown, sizeof unknown); /* length of the section */
    text(b, OPT_COMMENT, comment);
    text(b, SHB_HARDWARE, known ? host.machine : NULL);
    text(b, SHB_OS, os);
    text(b, SHB_USERAPPL, application);
    end_options(b);
    end_block(b, section);
    size_t interface = begin_block(b, PCAPNG_INTERFACE);
    add16(b, LINKTYPE_RAW);
    add16(b, 0);
    add32(b, 0); /* packets of any length */
    text(b, IF_NAME, "junctor");
    text(b, IF_DESCRIPTION, "messages relayed by Junctor, with synthesised IP, SCTP and DATA headers");
    option(b, IF_TSRESOL, &resolution, sizeof resolution);
    text(b, IF_OS, os);
    end_options(b);
    end_block(b, interface);
}

void pcapng_packet(struct tap_bytes *b, const struct pcapng_packet *p)
{
    uint32_t flags = p->direction;
    size_t captured = p->head_length + p->caught + p->zeros;
    size_t at = begin_block(b, PCAPNG_PACKET);
    add32(b, 0);
    add_time(b, p->at_ns);
    add32(b, (uint32_t)captured);
    add32(b, (uint32_t)p->length);
    tap_bytes_add(b, p->head, p->head_length);
    tap_bytes_add(b, p->data, p->caught);
    pad(b, p->head_length + p->caught); /* what is captured of the zeros is a part of that */
    text(b, OPT_COMMENT, p->comment);
    option(b, EPB_FLAGS, &flags, sizeof flags);
    end_options(b);
    end_block(b, at);
}

void pcapng_statistics(struct tap_bytes *b, const struct pcapng_counts *c)
{
    size_t at = begin_block(b, PCAPNG_STATISTICS);
    add32(b, 0);
    add_time(b, c->now_ns);
    timestamp(b, ISB_STARTTIME, c->begun_ns);
    timestamp(b, ISB_ENDTIME, c->now_ns);
    number(b, ISB_IFRECV, c->received);
    number(b, ISB_IFDROP, c->missed);
    number(b, ISB_FILTERACCEPT, c->accepted);
    number(b, ISB_USRDELIV, c->delivered);
    end_options(b);
    end_block(b, at);
}

uint64_t pcapng_missed(const unsigned char *block, size_t length)
{
    enum { OPTIONS = 20, OPTION_HEAD = 4 };
    uint64_t missed = 0;
    uint16_t code, size;
    for (size_t at = OPTIONS; at + OPTION_HEAD + sizeof missed <= length;
         at += OPTION_HEAD + ((size + 3u) & ~3u)) {
        memcpy(&code, block + at, sizeof code);
        memcpy(&size, block + at + 2, sizeof size);
        if (code == ISB_IFDROP && size == sizeof missed)
            memcpy(&missed, block + at + OPTION_HEAD, sizeof missed);
    }
    return missed;
}
