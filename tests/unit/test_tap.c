/* What the tap writes: blocks of pcapng, the headers that it makes up, what its filters take, and its files.
 * Read here by other code than that which writes it; the scenario has Wireshark read it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "broker/clock.h"
#include "broker/log.h"
#include "broker/tap/file.h"
#include "broker/tap/frame.h"
#include "broker/tap/output.h"
#include "broker/tap/pcapng.h"
#include "broker/tap/stream.h"
#include "config/filter.h"
#include "transport/crc32c.h"

/* The broker's clock, which the tests set. */
static uint64_t now_ms = 1000;

uint64_t brk_now_ms(void)
{
    return now_ms;
}

/* ---- reading -------------------------------------------------------------------------------------- */

static uint32_t at32(const unsigned char *p)
{
    uint32_t n;
    memcpy(&n, p, sizeof n);
    return n;
}

static uint16_t at16(const unsigned char *p)
{
    uint16_t n;
    memcpy(&n, p, sizeof n);
    return n;
}

static uint32_t net32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static unsigned net16(const unsigned char *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

struct block {
    uint32_t type;
    const unsigned char *body;
    size_t length; /* of the body, options included */
};

/* The block at *at, which moves on. False: there are no more. */
static bool next_block(const unsigned char *data, size_t size, size_t *at, struct block *b)
{
    if (*at == size)
        return false;
    assert_true(*at + 12 <= size);
    uint32_t length = at32(data + *at + 4);
    assert_true(length >= 12 && length % 4 == 0 && *at + length <= size);
    assert_int_equal(at32(data + *at + length - 4), length);
    *b = (struct block){at32(data + *at), data + *at + 8, length - 12};
    *at += length;
    return true;
}

/* The value of an option behind the first `skip` bytes of a body; NULL: there is none. They must end with the
 * end. */
static const unsigned char *option(const struct block *b, size_t skip, unsigned code, unsigned *length)
{
    const unsigned char *found = NULL;
    size_t at = skip;
    for (;;) {
        assert_true(at + 4 <= b->length);
        unsigned c = at16(b->body + at), n = at16(b->body + at + 2);
        if (c == 0) {
            assert_int_equal(n, 0);
            assert_int_equal(at + 4, b->length);
            return found;
        }
        if (c == code) {
            found = b->body + at + 4;
            *length = n;
        }
        at += 4 + ((n + 3u) & ~3u);
    }
}

static void assert_text(const struct block *b, size_t skip, unsigned code, const char *expected)
{
    unsigned n;
    const unsigned char *value = option(b, skip, code, &n);
    assert_non_null(value);
    assert_int_equal(n, strlen(expected));
    assert_memory_equal(value, expected, n);
}

static uint64_t number(const struct block *b, size_t skip, unsigned code)
{
    unsigned n;
    uint64_t out;
    const unsigned char *value = option(b, skip, code, &n);
    assert_non_null(value);
    assert_int_equal(n, 8);
    memcpy(&out, value, 8);
    return out;
}

/* ---- pcapng --------------------------------------------------------------------------------------- */

static void a_section_with_one_interface(void **state)
{
    struct tap_bytes b = {0};
    struct block block;
    unsigned n;
    size_t at = 0;
    (void)state;
    pcapng_begin(&b, "junctor 1.2", "from access");
    assert_true(next_block(b.data, b.used, &at, &block));
    assert_int_equal(block.type, 0x0A0D0D0A);
    assert_int_equal(at32(block.body), 0x1A2B3C4D);
    assert_int_equal(at16(block.body + 4), 1);
    assert_int_equal(at16(block.body + 6), 0);
    assert_memory_equal(block.body + 8, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
    assert_text(&block, 16, 1, "from access");
    assert_text(&block, 16, 4, "junctor 1.2");
    assert_non_null(option(&block, 16, 2, &n)); /* hardware */
    assert_memory_equal(option(&block, 16, 3, &n), "Linux ", 6);
    assert_true(next_block(b.data, b.used, &at, &block));
    assert_int_equal(block.type, 1);
    assert_int_equal(at16(block.body), 101); /* LINKTYPE_RAW */
    assert_int_equal(at32(block.body + 4), 0);
    assert_text(&block, 8, 2, "junctor");
    assert_text(&block, 8, 9, "\x09"); /* nanoseconds */
    assert_false(next_block(b.data, b.used, &at, &block));
    tap_bytes_free(&b);
}

static void statistics(void **state)
{
    struct tap_bytes b = {0};
    struct block block;
    size_t at = 0;
    const struct pcapng_counts c = {.begun_ns = 0x100000002,
                                    .now_ns = 0x300000004,
                                    .received = 10,
                                    .accepted = 7,
                                    .missed = 3,
                                    .delivered = 6};
    unsigned n;
    (void)state;
    pcapng_statistics(&b, &c);
    assert_true(next_block(b.data, b.used, &at, &block));
    assert_int_equal(block.type, 5);
    assert_int_equal(at32(block.body), 0);
    assert_int_equal(at32(block.body + 4), 3);
    assert_int_equal(at32(block.body + 8), 4);
    assert_int_equal(at32(option(&block, 12, 2, &n)), 1);
    assert_int_equal(at32(option(&block, 12, 3, &n) + 4), 4);
    assert_int_equal(number(&block, 12, 4), 10);
    assert_int_equal(number(&block, 12, 5), 3);
    assert_int_equal(number(&block, 12, 6), 7);
    assert_int_equal(number(&block, 12, 8), 6);
    assert_int_equal(pcapng_missed(b.data, b.used), 3);
    tap_bytes_free(&b);
}

/* ---- packets -------------------------------------------------------------------------------------- */

#define LONGEST 300000

/* A captured message with room for data. */
static struct brk_captured *message(uint32_t len, uint32_t caught)
{
    static _Alignas(16) unsigned char room[sizeof(struct brk_captured) + LONGEST];
    struct brk_captured *c = (void *)room;
    *c = (struct brk_captured){.at_ns = 0x500000006,
                               .origin = 7,
                               .from = {CFG_MEMBER_LISTENER, 0},
                               .has_from = true,
                               .route = 0,
                               .ppid = 3,
                               .len = len,
                               .caught = caught,
                               .stream = 5,
                               .verdict = CFG_RECEIVED};
    net_addr_parse("192.0.2.1", 2905, &c->local);
    net_addr_parse("198.51.100.2", 2906, &c->remote);
    for (uint32_t i = 0; i < caught; i++)
        room[sizeof *c + i] = (unsigned char)(i * 7 + i / 251);
    return c;
}

static const struct cfg_filter everything;

/* The packets of a message for an output of everything. */
static void packets(struct tap_flows *flows, const struct brk_captured *c, unsigned snaplen,
                    struct tap_bytes *out)
{
    static const struct cfg_listener listeners[] = {{.name = "access"}};
    static const struct cfg_peer peers[] = {{.name = "hlr"}};
    static const struct cfg_group groups[] = {{.name = "core"}};
    static const struct cfg_route routes[] = {{.name = "calls"}, {.name = NULL}};
    static const struct cfg_config config = {.listeners = listeners,
                                             .listener_count = 1,
                                             .peers = peers,
                                             .peer_count = 1,
                                             .groups = groups,
                                             .group_count = 1,
                                             .routes = routes,
                                             .route_count = 2};
    struct tap_output o = {.filter = &everything, .snaplen = snaplen};
    struct tap_message m;
    struct tap_names names = {0};
    assert_true(tap_names_copy(&names, &config));
    assert_true(tap_names_have(&names, c));
    assert_true(tap_output_wants(&o, c));
    tap_message(&m, c, &names, flows);
    tap_output_packets(&o, &m, out);
    tap_names_free(&names);
    assert_false(tap_names_have(&names, c));
}

/* A packet block's parts, with checked headers. */
struct packet {
    struct block block;
    const unsigned char *ip, *sctp, *chunk, *data;
    size_t captured, length, options;
};

static bool next_packet(const struct tap_bytes *b, size_t *at, struct packet *p)
{
    if (!next_block(b->data, b->used, at, &p->block))
        return false;
    assert_int_equal(p->block.type, 6);
    assert_int_equal(at32(p->block.body), 0);
    p->captured = at32(p->block.body + 12);
    p->length = at32(p->block.body + 16);
    assert_true(p->captured <= p->length && p->length <= 65535 + 40);
    p->ip = p->block.body + 20;
    bool v6 = p->ip[0] >> 4 == 6;
    p->sctp = p->ip + (v6 ? 40 : 20);
    p->chunk = p->sctp + 12;
    p->data = p->chunk + 16;
    p->options = 20 + ((p->captured + 3) & ~(size_t)3);
    assert_int_equal(v6 ? net16(p->ip + 4) + 40 : net16(p->ip + 2), p->length);
    assert_int_equal(v6 ? p->ip[6] : p->ip[9], 132);
    if (!v6) {
        uint32_t sum = 0;
        for (unsigned i = 0; i < 20; i += 2)
            sum += net16(p->ip + i);
        assert_int_equal((sum & 0xffff) + (sum >> 16), 0xffff);
    }
    assert_int_equal(p->chunk[0], 0);
    size_t sctp_length = p->length - (size_t)(p->sctp - p->ip);
    assert_int_equal(12 + ((net16(p->chunk + 2) + 3) & ~3u), sctp_length);
    uint32_t told =
        p->sctp[8] | (uint32_t)p->sctp[9] << 8 | (uint32_t)p->sctp[10] << 16 | (uint32_t)p->sctp[11] << 24;
    if (p->captured == p->length) {
        static unsigned char copy[70000];
        memcpy(copy, p->sctp, sctp_length);
        memset(copy + 8, 0, 4);
        assert_int_equal(crc32c_portable(0, copy, sctp_length), told);
    } else {
        assert_int_equal(told, 0);
    }
    return true;
}

static void a_message_that_came_in(void **state)
{
    struct tap_flows flows = {0};
    struct tap_bytes b = {0};
    struct packet p;
    unsigned n;
    size_t at = 0;
    (void)state;
    packets(&flows, message(13, 13), 100, &b);
    assert_true(next_packet(&b, &at, &p));
    assert_int_equal(at32(p.block.body + 4), 5);
    assert_int_equal(at32(p.block.body + 8), 6);
    assert_int_equal(p.length, 20 + 12 + 16 + 16);
    assert_int_equal(p.captured, p.length);
    assert_memory_equal(p.ip + 12, "\xc6\x33\x64\x02\xc0\x00\x02\x01", 8);
    assert_int_equal(net16(p.sctp), 2906);
    assert_int_equal(net16(p.sctp + 2), 2905);
    assert_true(net32(p.sctp + 4) != 0);
    assert_int_equal(p.chunk[1], 3); /* begin and end, ordered */
    assert_int_equal(net16(p.chunk + 2), 16 + 13);
    assert_int_equal(net16(p.chunk + 8), 5);
    assert_int_equal(net32(p.chunk + 12), 3);
    assert_memory_equal(p.data, message(13, 13) + 1, 13);
    assert_memory_equal(p.data + 13, "\0\0\0", 3);
    assert_text(&p.block, p.options, 1,
                "verdict=received route=calls group=core from=access from_association=0-7");
    assert_int_equal(at32(option(&p.block, p.options, 2, &n)), 1); /* inbound */
    assert_false(next_packet(&b, &at, &p));
    tap_bytes_free(&b);
    tap_flows_free(&flows);
}

static void what_became_of_it(void **state)
{
    struct tap_flows flows = {0};
    struct tap_bytes b = {0};
    struct packet in, out, dropped, returned;
    unsigned n;
    size_t at = 0;
    (void)state;
    packets(&flows, message(4, 4), 100, &b);
    struct brk_captured *c = message(4, 4);
    c->verdict = CFG_FORWARDED;
    c->target = (UINT64_C(2) << 48) + 9;
    c->has_to = true;
    c->route = 1;
    c->unordered = true;
    net_addr_parse("2001:db8::1", 1000, &c->local);
    net_addr_parse("2001:db8::2", 2000, &c->remote);
    packets(&flows, c, 100, &b);
    c = message(4, 4);
    c->verdict = CFG_DROPPED;
    c->reason = BRK_NO_ROUTE;
    c->route = BRK_NO_ROUTE_ID;
    c->local.sa.sa_family = c->remote.sa.sa_family = AF_UNSPEC; /* known from its arrival */
    packets(&flows, c, 100, &b);
    c = message(4, 4);
    c->verdict = CFG_RETURNED;
    c->target = (UINT64_C(2) << 48) + 9;
    c->local.sa.sa_family = c->remote.sa.sa_family = AF_UNSPEC;
    c->has_from = false;
    packets(&flows, c, 100, &b);
    assert_true(next_packet(&b, &at, &in) && next_packet(&b, &at, &out) && next_packet(&b, &at, &dropped) &&
                next_packet(&b, &at, &returned));
    assert_int_equal(out.ip[0] >> 4, 6);
    assert_memory_equal(out.ip + 8 + 15, "\x01", 1);
    assert_memory_equal(out.ip + 24 + 15, "\x02", 1);
    assert_int_equal(net16(out.sctp), 1000);
    assert_int_equal(out.chunk[1], 7);
    assert_int_equal(at32(option(&out.block, out.options, 2, &n)), 2); /* outbound */
    assert_text(
        &out.block, out.options, 1,
        "verdict=forwarded route=2 group=core from=access to=hlr from_association=0-7 to_association=2-9");
    assert_memory_equal(dropped.ip, in.ip, 20);
    assert_int_equal(net32(dropped.chunk + 4), net32(in.chunk + 4) + 1);   /* TSN */
    assert_int_equal(net16(dropped.chunk + 10), net16(in.chunk + 10) + 1); /* SSN */
    assert_text(&dropped.block, dropped.options, 1,
                "verdict=dropped reason=no_route from=access from_association=0-7");
    assert_int_equal(at32(option(&dropped.block, dropped.options, 2, &n)), 0);
    assert_memory_equal(returned.ip, out.ip, 40);
    assert_int_equal(net32(returned.chunk + 4), net32(out.chunk + 4) + 1);
    assert_text(&returned.block, returned.options, 1,
                "verdict=returned route=calls group=core from_association=0-7 to_association=2-9");
    tap_bytes_free(&b);
    tap_flows_free(&flows);
}

static void long_ones_in_fragments(void **state)
{
    static const uint32_t lengths[] = {TAP_FRAGMENT - 1, TAP_FRAGMENT, TAP_FRAGMENT + 1, 3 * TAP_FRAGMENT,
                                       250001};
    struct tap_flows flows = {0};
    uint32_t tsn = 0;
    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        uint32_t length = lengths[i], got = 0;
        unsigned expected = (length + TAP_FRAGMENT - 1) / TAP_FRAGMENT, count = 0, n;
        struct tap_bytes b = {0};
        struct packet p;
        const struct brk_captured *c = message(length, length);
        packets(&flows, c, LONGEST, &b);
        for (size_t at = 0; next_packet(&b, &at, &p); count++) {
            char end[40];
            unsigned part = net16(p.chunk + 2) - 16;
            assert_int_equal(p.captured, p.length);
            assert_memory_equal(p.data, (const char *)(c + 1) + got, part);
            got += part;
            assert_int_equal(p.chunk[1], (count == 0 ? 2 : 0) | (got == length ? 1 : 0));
            assert_true(tsn == 0 || net32(p.chunk + 4) == tsn + 1);
            tsn = net32(p.chunk + 4);
            assert_int_equal(net16(p.chunk + 10), i); /* one SSN for all */
            snprintf(end, sizeof end, " fragment=%u/%u", count + 1, expected);
            const unsigned char *comment = option(&p.block, p.options, 1, &n);
            if (expected > 1)
                assert_memory_equal(comment + n - strlen(end), end, strlen(end));
        }
        assert_int_equal(got, length);
        assert_int_equal(count, expected);
        tap_bytes_free(&b);
    }
    tap_flows_free(&flows);
}

/* Of every length, cut at every length: what is there is right, and what is not is told. */
static void cut_off(void **state)
{
    struct tap_flows flows = {0};
    (void)state;
    for (uint32_t length = 0; length < 12; length++)
        for (uint32_t kept = 1; kept < 14; kept++) {
            struct tap_bytes b = {0};
            struct packet p;
            size_t at = 0;
            const struct brk_captured *c = message(length, length);
            packets(&flows, c, kept, &b);
            assert_true(next_packet(&b, &at, &p));
            assert_int_equal(p.length, 48 + ((length + 3) & ~3u));
            assert_int_equal(p.captured, kept < length ? 48 + kept : p.length);
            assert_memory_equal(p.data, c + 1, kept < length ? kept : length);
            assert_false(next_packet(&b, &at, &p));
            tap_bytes_free(&b);
        }
    struct tap_bytes b = {0};
    struct packet p;
    size_t at = 0;
    packets(&flows, message(200000, TAP_FRAGMENT + 10), LONGEST, &b);
    assert_true(next_packet(&b, &at, &p) && p.captured == p.length);
    assert_true(next_packet(&b, &at, &p) && p.captured == 48 + 10);
    assert_false(next_packet(&b, &at, &p)); /* nothing of the others is there */
    tap_bytes_free(&b);
    tap_flows_free(&flows);
}

/* ---- filters -------------------------------------------------------------------------------------- */

static void conditions(void **state)
{
    const struct cfg_member access = {CFG_MEMBER_LISTENER, 0}, hlr = {CFG_MEMBER_PEER, 0};
    const uint32_t m3ua = 3, seven = 7, first = 0, second = 1;
    const struct cfg_range low = {0, 4}, middle = {5, 5};
    const struct {
        struct cfg_filter filter;
        bool wanted;
    } cases[] = {
        {{0}, true},
        {{.from = &access, .from_count = 1}, true},
        {{.from = &hlr, .from_count = 1}, false},
        {{.to = &hlr, .to_count = 1}, false}, /* where it goes is not known yet */
        {{.ppids = &m3ua, .ppid_count = 1}, true},
        {{.ppids = &seven, .ppid_count = 1}, false},
        {{.streams = &low, .stream_count = 1}, false},
        {{.streams = &middle, .stream_count = 1}, true},
        {{.routes = &first, .route_count = 1}, true},
        {{.routes = &second, .route_count = 1}, false},
        {{.verdict = CFG_RECEIVED}, true},
        {{.verdict = CFG_FORWARDED}, false},
        {{.from = &access, .from_count = 1, .ppids = &seven, .ppid_count = 1}, false}, /* all have to hold */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tap_output o = {.filter = &cases[i].filter};
        assert_int_equal(tap_output_wants(&o, message(1, 1)), cases[i].wanted);
        assert_int_equal(o.seen, 1);
        assert_int_equal(o.accepted, cases[i].wanted);
    }
    struct tap_output o = {.filter = &cases[3].filter};
    struct brk_captured *c = message(1, 1);
    c->has_to = true;
    c->to = hlr;
    assert_true(tap_output_wants(&o, c));
}

/* ---- a client ------------------------------------------------------------------------------------- */

static void a_client_that_does_not_read(void **state)
{
    struct tap_stream *s = tap_stream_new(cfg_filter_copy(&everything), 100, "all");
    static unsigned char chunk[100000], got[100000];
    struct tap_bytes b = {.data = chunk, .used = sizeof chunk};
    unsigned added = 0, taken = 0;
    (void)state;
    assert_non_null(s);
    assert_int_equal(tap_stream_read(s, got, sizeof got), 0);
    for (unsigned i = 0; i < 30; i++) {
        memset(chunk, (int)i, sizeof chunk);
        tap_stream_add(s, &b, 1);
        added += !s->missed;
    }
    assert_int_equal(added, (TAP_STREAM_BYTES - TAP_STATISTICS_ROOM) / sizeof chunk);
    assert_int_equal(s->missed, 30 - added);
    assert_int_equal(s->written, added);
    b.used = 100;
    tap_stream_add(s, &b, 0); /* statistics have room */
    assert_int_equal(s->missed, 30 - added);
    tap_stream_end(s);
    for (ssize_t n; (n = tap_stream_read(s, got, 1000)) > 0; taken += (unsigned)n)
        assert_true(taken / sizeof chunk == added || got[0] == taken / sizeof chunk);
    assert_int_equal(taken, added * sizeof chunk + 100);
    assert_int_equal(tap_stream_read(s, got, 1), -1);
    assert_true(tap_stream_ready(s));
    tap_stream_free(s);
}

/* ---- files ---------------------------------------------------------------------------------------- */

static void names(void **state)
{
    static const struct {
        const char *path, *first;
    } cases[] = {{"/var/log/tap.pcapng", "/var/log/tap.3.pcapng"},
                 {"tap.pcapng", "tap.3.pcapng"},
                 {"/a.b/tap", "/a.b/tap.3"},
                 {"/a/.tap", "/a/.tap.3"},
                 {"/a/x.y.z", "/a/x.y.3.z"}};
    char out[100];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tap_file_name(cases[i].path, 0, out, sizeof out);
        assert_string_equal(out, cases[i].path);
        tap_file_name(cases[i].path, 3, out, sizeof out);
        assert_string_equal(out, cases[i].first);
    }
}

static void take(struct tap_file *f, struct tap_flows *flows, uint32_t length)
{
    static const struct tap_names none;
    struct tap_message m;
    tap_message(&m, message(length, length), &none, flows);
    tap_file_take(f, &m);
    tap_file_flush(f, 0);
}

/* How many packets, all of it complete, with statistics at the end; -1: there is no such file. */
static int count_packets(const char *path)
{
    static unsigned char data[400000];
    struct block block = {0};
    int packets_found = 0;
    FILE *f = fopen(path, "rb");
    if (!f)
        return -1;
    size_t size = fread(data, 1, sizeof data, f), at = 0;
    fclose(f);
    assert_true(next_block(data, size, &at, &block));
    assert_int_equal(block.type, 0x0A0D0D0A);
    while (next_block(data, size, &at, &block))
        packets_found += block.type == 6;
    assert_int_equal(block.type, 5);
    return packets_found;
}

static void rotation(void **state)
{
    char folder[] = "/tmp/test_tap.XXXXXX", path[100], older[120];
    struct tap_flows flows = {0};
    struct tap_file f = {.fd = -1, .application = (char *)(uintptr_t) "junctor"};
    struct stat s;
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/tap.pcapng", folder);
    struct cfg_tap tap = {.file = path, .size = 65536, .files = 3, .snaplen = 100000};
    tap_file_configure(&f, &tap, 0);
    for (unsigned i = 0; i < 11; i++)
        take(&f, &flows, 30000); /* three of them are more than a file takes */
    assert_int_equal(stat(path, &s), 0);
    assert_int_equal(s.st_mode & 0777, 0600);
    tap_file_configure(&f, &(struct cfg_tap){0}, 0);
    static const int expected[] = {2, 3, 3, -1};
    for (unsigned i = 0; i < 4; i++) {
        tap_file_name(path, i, older, sizeof older);
        assert_int_equal(count_packets(older), expected[i]);
    }
    tap.files = 1; /* what is there from before is not overwritten but by rotation */
    tap_file_configure(&f, &tap, 0);
    take(&f, &flows, 10);
    tap_file_end(&f, 0);
    assert_int_equal(count_packets(path), 1);
    for (unsigned i = 0; i < 3; i++) {
        tap_file_name(path, i, older, sizeof older);
        unlink(older);
    }
    assert_int_equal(rmdir(folder), 0);
    tap_flows_free(&flows);
}

/* A file that is old enough makes place for another one when there is something to be written, not before; a
 * reload changes the age. */
static void rotation_by_time(void **state)
{
    enum { HOUR_MS = 3600000 };
    char folder[] = "/tmp/test_tap.XXXXXX", path[100], older[120];
    struct tap_flows flows = {0};
    struct tap_file f = {.fd = -1, .application = (char *)(uintptr_t) "junctor"};
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/tap.pcapng", folder);
    struct cfg_tap tap = {.file = path, .size = 65536, .files = 3, .snaplen = 100};
    static const struct {
        unsigned later_ms, interval_ms, messages;
    } steps[] = {
        {0, HOUR_MS, 1},                   /* the first file */
        {HOUR_MS - 1, HOUR_MS, 1},         /* also the first */
        {1, HOUR_MS, 1},                   /* the second */
        {HOUR_MS, HOUR_MS, 0},             /* nothing is to be written */
        {0, HOUR_MS, 2},                   /* the third */
        {HOUR_MS - 1, HOUR_MS, 1},         /* also the third */
        {HOUR_MS, HOUR_MS, 1},             /* the fourth, with which the first is removed */
        {HOUR_MS / 2 - 1, HOUR_MS / 2, 1}, /* also the fourth */
        {1, HOUR_MS / 2, 1},               /* the fifth */
        {1000u * HOUR_MS, 0, 1},           /* off: also the fifth */
    };
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        now_ms += steps[i].later_ms;
        tap.interval_ms = steps[i].interval_ms;
        tap_file_configure(&f, &tap, 0);
        for (unsigned n = 0; n < steps[i].messages; n++)
            take(&f, &flows, 10);
        tap_file_flush(&f, 0);
    }
    assert_int_equal(f.output.missed, 0);
    tap_file_end(&f, 0);
    static const int expected[] = {2, 2, 3, -1};
    for (unsigned i = 0; i < 4; i++) {
        tap_file_name(path, i, older, sizeof older);
        assert_int_equal(count_packets(older), expected[i]);
        unlink(older);
    }
    assert_int_equal(rmdir(folder), 0);
    tap_flows_free(&flows);
}

/* A file that cannot be moved out of the way is not overwritten. */
static void what_cannot_be_moved(void **state)
{
    char folder[] = "/tmp/test_tap.XXXXXX", path[100], older[120], inside[140];
    struct tap_flows flows = {0};
    struct tap_file f = {.fd = -1, .application = (char *)(uintptr_t) "junctor"};
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/tap.pcapng", folder);
    tap_file_name(path, 1, older, sizeof older);
    snprintf(inside, sizeof inside, "%s/inside", older);
    struct cfg_tap tap = {.file = path, .size = 65536, .files = 2, .snaplen = 100};
    tap_file_configure(&f, &tap, 0);
    take(&f, &flows, 10);
    tap_file_end(&f, 0);
    assert_int_equal(count_packets(path), 1);
    assert_int_equal(mkdir(older, 0700), 0);
    assert_int_equal(mkdir(inside, 0700), 0);
    tap_file_configure(&f, &tap, 0);
    take(&f, &flows, 10);
    assert_true(strncmp(f.why, "rename: ", 8) == 0);
    assert_int_equal(f.output.missed, 1);
    assert_int_equal(count_packets(path), 1);
    assert_int_equal(rmdir(inside), 0);
    assert_int_equal(rmdir(older), 0);
    now_ms += TAP_RETRY_MS; /* its time has come */
    take(&f, &flows, 10);
    assert_string_equal(f.why, "");
    tap_file_end(&f, 0);
    assert_int_equal(count_packets(path), 1);
    assert_int_equal(count_packets(older), 1);
    unlink(path);
    unlink(older);
    assert_int_equal(rmdir(folder), 0);
    tap_flows_free(&flows);
}

/* What has been taken and not been written when another file is configured, or none, is in the old one. */
static void what_was_taken_before_a_reload(void **state)
{
    char folder[] = "/tmp/test_tap.XXXXXX", path[100], other[100];
    struct tap_flows flows = {0};
    struct tap_file f = {.fd = -1, .application = (char *)(uintptr_t) "junctor"};
    static const struct tap_names none;
    struct tap_message m;
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/tap.pcapng", folder);
    snprintf(other, sizeof other, "%s/other.pcapng", folder);
    struct cfg_tap tap = {.file = path, .size = 65536, .files = 3, .snaplen = 100};
    tap_message(&m, message(10, 10), &none, &flows);
    tap_file_configure(&f, &tap, 0);
    tap_file_take(&f, &m);
    tap_file_take(&f, &m);
    tap.file = other;
    tap_file_configure(&f, &tap, 0);
    tap_file_take(&f, &m);
    tap_file_configure(&f, &(struct cfg_tap){0}, 0);
    assert_int_equal(count_packets(path), 2);
    assert_int_equal(count_packets(other), 1);
    unlink(path);
    unlink(other);
    assert_int_equal(rmdir(folder), 0);
    tap_flows_free(&flows);
}

static void what_cannot_be_written(void **state)
{
    static const struct {
        const char *path, *why;
    } cases[] = {{"/nowhere/at/all", "open: No such file or directory"},
                 {"/dev/full", "write: No space left on device"}};
    struct tap_flows flows = {0};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tap_file f = {.fd = -1, .application = (char *)(uintptr_t) "junctor"};
        struct cfg_tap tap = {.file = cases[i].path, .size = 65536, .files = 3, .snaplen = 100};
        tap_file_configure(&f, &tap, 0);
        for (unsigned n = 1; n <= 3; n++) {
            take(&f, &flows, 10);
            assert_string_equal(f.why, cases[i].why);
            assert_int_equal(f.output.missed, n);
        }
        uint64_t retry_ms = f.retry_ms;
        assert_int_equal(retry_ms, now_ms + TAP_RETRY_MS);
        now_ms += TAP_RETRY_MS; /* its time has come */
        take(&f, &flows, 10);
        assert_int_equal(f.retry_ms, retry_ms + TAP_RETRY_MS);
        assert_int_equal(f.output.missed, 4);
        assert_int_equal(f.output.written, 0);
        tap_file_end(&f, 0);
    }
    tap_flows_free(&flows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_section_with_one_interface),
        cmocka_unit_test(statistics),
        cmocka_unit_test(a_message_that_came_in),
        cmocka_unit_test(what_became_of_it),
        cmocka_unit_test(long_ones_in_fragments),
        cmocka_unit_test(cut_off),
        cmocka_unit_test(conditions),
        cmocka_unit_test(a_client_that_does_not_read),
        cmocka_unit_test(names),
        cmocka_unit_test(rotation),
        cmocka_unit_test(rotation_by_time),
        cmocka_unit_test(what_cannot_be_moved),
        cmocka_unit_test(what_was_taken_before_a_reload),
        cmocka_unit_test(what_cannot_be_written),
    };
    brk_log_open(CFG_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
