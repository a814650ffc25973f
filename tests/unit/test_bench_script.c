/* Captures: what of a packet is found in every link type and protocol, how messages are put together, and
 * that what cannot be read says which packet it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <pcap/pcap.h>

#include "bench/capture.h"
#include "bench/script.h"

/* ---- packets ------------------------------------------------------------------------------------------ */

static uint8_t packet[2048];
static size_t used;

static void put(const void *data, size_t len)
{
    memcpy(packet + used, data, len);
    used += len;
}

static void put16(unsigned value)
{
    put((uint8_t[]){(uint8_t)(value >> 8), (uint8_t)value}, 2);
}

static void put32(uint32_t value)
{
    put16(value >> 16);
    put16(value & 0xffff);
}

enum { BEGIN = 2, END = 1, UNORDERED = 4, WHOLE = 3 };

static void chunk(unsigned flags, uint32_t tsn, unsigned stream, uint32_t ppid, const char *text)
{
    size_t len = strlen(text);

    put16(flags);
    put16(16 + (unsigned)len);
    put32(tsn);
    put16(stream);
    put16(0); /* SSN: nobody needs it */
    put32(ppid);
    put(text, len);
    put("\0\0\0", (4 - len % 4) % 4);
}

static void idata(unsigned flags, uint32_t tsn, unsigned stream, uint32_t mid, uint32_t last,
                  const char *text)
{
    size_t len = strlen(text);

    put16(64 << 8 | flags);
    put16(20 + (unsigned)len);
    put32(tsn);
    put16(stream);
    put16(0);
    put32(mid);
    put32(last); /* PPID of the first fragment, FSN of the others */
    put(text, len);
    put("\0\0\0", (4 - len % 4) % 4);
}

static void sctp(unsigned source, unsigned destination, uint32_t tag)
{
    put16(source);
    put16(destination);
    put32(tag);
    put32(0);
}

/* The header of what follows until finish_ip. */
static size_t ip_at;

static void ipv4(unsigned protocol)
{
    ip_at = used;
    put16(0x4500);
    put16(0);
    put32(0x4000); /* do not fragment */
    packet[used - 2] = 0x00;
    put16(64 << 8 | protocol);
    put16(0);
    put("\x0a\x00\x00\x01\x0a\x00\x00\x02", 8);
}

static void finish_ipv4(void)
{
    size_t total = used - ip_at;

    packet[ip_at + 2] = (uint8_t)(total >> 8);
    packet[ip_at + 3] = (uint8_t)total;
}

static void ipv6(unsigned next)
{
    put32(0x60000000);
    put16(0); /* the length is left to the network card */
    put16(next << 8 | 64);
    for (unsigned i = 0; i < 2; i++) {
        put("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0", 15);
        put((uint8_t[]){(uint8_t)(i + 1)}, 1);
    }
}

/* ---- one packet --------------------------------------------------------------------------------------- */

struct seen {
    unsigned count;
    struct bench_chunk first;
    char text[64];
};

static bool see(const struct bench_chunk *c, void *arg, char *why, size_t size)
{
    struct seen *s = arg;

    (void)why;
    (void)size;
    if (s->count++ == 0) {
        s->first = *c;
        snprintf(s->text, sizeof s->text, "%.*s", (int)c->len, (const char *)c->data);
    }
    return true;
}

static char why[512];

static bool parse(int link, struct seen *seen, size_t wire_len)
{
    struct bench_packet p = {packet, used, wire_len, 1000, 7};

    *seen = (struct seen){0};
    why[0] = 0;
    return bench_capture_packet(link, &p, see, seen, why, sizeof why);
}

static void body(void)
{
    sctp(2905, 2906, 99);
    put("\x03\0\0\x10\0\0\0\0\0\0\0\0\0\0\0\0", 16); /* a SACK */
    chunk(WHOLE | UNORDERED, 5, 3, 46, "hello");
    chunk(WHOLE, 6, 0, 0, "x");
}

static void assert_hello(int link)
{
    struct seen s;
    char text[NET_ADDR_TEXT];

    assert_true(parse(link, &s, used));
    assert_int_equal(s.count, 2);
    assert_string_equal(s.text, "hello");
    assert_int_equal(s.first.stream, 3);
    assert_int_equal(s.first.ppid, 46);
    assert_int_equal(s.first.tsn, 5);
    assert_int_equal(s.first.tag, 99);
    assert_true(s.first.begin && s.first.end && s.first.unordered && !s.first.interleaved);
    net_addr_format(&s.first.source, text, sizeof text);
    assert_true(strcmp(text, "10.0.0.1:2905") == 0 || strcmp(text, "[2001:db8::1]:2905") == 0);
}

static void test_link_types_and_protocols(void **state)
{
    static const struct {
        int link;
        const char *header;
        size_t len;
    } v4[] = {
        {DLT_EN10MB, "aaaaaabbbbbb\x08\x00", 14},
        {DLT_EN10MB, "aaaaaabbbbbb\x81\x00\x00\x05\x08\x00", 18},
        {DLT_EN10MB, "aaaaaabbbbbb\x88\xa8\x00\x05\x81\x00\x00\x06\x08\x00", 22},
        {DLT_LINUX_SLL, "\0\0\0\1\0\6aaaaaa\0\0\x08\x00", 16},
        {DLT_LINUX_SLL2, "\x08\x00\0\0\0\0\0\1\0\1\0\6aaaaaaaa", 20},
        {DLT_RAW, "", 0},
        {DLT_IPV4, "", 0},
        {DLT_NULL, "\2\0\0\0", 4},
        {DLT_LOOP, "\0\0\0\2", 4},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof v4 / sizeof v4[0]; i++) {
        used = 0;
        put(v4[i].header, v4[i].len);
        ipv4(132);
        body();
        finish_ipv4();
        put("padding", 7); /* of Ethernet */
        assert_hello(v4[i].link);
    }
    used = 0; /* over UDP, one port is 9899 */
    ipv4(17);
    put16(40000);
    put16(9899);
    put32(0);
    body();
    finish_ipv4();
    assert_hello(DLT_RAW);
    used = 0;
    ipv6(132);
    body();
    assert_hello(DLT_IPV6);
    used = 0; /* a hop-by-hop header, and destination options of 16 bytes */
    put("aaaaaabbbbbb\x86\xdd", 14);
    ipv6(0);
    put("\x3c\0\1\4\0\0\0\0\x84\1\1\xc\0\0\0\0\0\0\0\0\0\0\0\0", 24);
    body();
    assert_hello(DLT_EN10MB);
}

static void test_what_is_not_sctp_is_passed_over(void **state)
{
    struct seen s;

    (void)state;
    used = 0; /* TCP; UDP of others; ARP; nothing at all */
    ipv4(6);
    body();
    assert_true(parse(DLT_RAW, &s, used) && s.count == 0);
    used = 0;
    ipv4(17);
    put16(53);
    put16(53);
    put32(0);
    body();
    assert_true(parse(DLT_RAW, &s, used) && s.count == 0);
    used = 0;
    put("aaaaaabbbbbb\x08\x06", 14);
    body();
    assert_true(parse(DLT_EN10MB, &s, used) && s.count == 0);
    used = 5;
    assert_true(parse(DLT_EN10MB, &s, 5) && s.count == 0);
    used = 0;
    assert_true(parse(DLT_RAW, &s, 0) && s.count == 0);
}

static void assert_fails(const char *reason)
{
    struct seen s;

    assert_false(parse(DLT_RAW, &s, used));
    if (strcmp(why, reason) != 0)
        fail_msg("%s\nexpected: %s", why, reason);
}

static void test_bad_packets_say_which_and_why(void **state)
{
    struct seen s;

    (void)state;
    used = 0;
    ipv4(132);
    put32(1);
    finish_ipv4();
    assert_fails("packet 7: the SCTP header ends before its time");
    used = 0;
    ipv4(132);
    sctp(1, 2, 3);
    put16(3);
    put16(2);
    finish_ipv4();
    assert_fails("packet 7: a chunk with the length 2");
    used = 0;
    ipv4(132);
    sctp(1, 2, 3);
    put16(3);
    put16(90);
    finish_ipv4();
    assert_fails("packet 7: a chunk ends before its time");
    used = 0;
    ipv4(132);
    sctp(1, 2, 3);
    put16(3);
    finish_ipv4();
    assert_fails("packet 7: the header of a chunk ends before its time");
    used = 0;
    ipv4(132);
    sctp(1, 2, 3);
    chunk(WHOLE, 1, 0, 0, "");
    finish_ipv4();
    assert_fails("packet 7: a DATA chunk of 16 bytes has no user data");
    used = 0;
    ipv4(132);
    packet[6] = 0x20; /* more fragments */
    body();
    assert_fails("packet 7: SCTP in a fragment of an IP packet; capture where packets are whole");
    used = 0;
    ipv4(132);
    body();
    finish_ipv4();
    used -= 30; /* the capture cut it short */
    assert_false(parse(DLT_RAW, &s, used + 30));
    assert_non_null(strstr(why, "packet 7: a chunk is cut short: 62 of 92 bytes were captured"));
}

/* Whatever bytes there are: no more than the packet is read (with the sanitizers), and nothing is made up. */
static void test_random_bytes(void **state)
{
    uint32_t random = 1;

    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        struct seen s;
        used = 0;
        ipv4(round % 2 ? 132 : 17);
        body();
        finish_ipv4();
        for (unsigned i = 0; i < 6; i++) {
            random = random * 1664525 + 1013904223;
            packet[random % used] = (uint8_t)(random >> 24);
        }
        size_t len = random >> 8 & 1 ? used : random % (used + 1);
        uint8_t *copy = malloc(len + 1);
        memcpy(copy, packet, len);
        struct bench_packet p = {copy, len, used, 0, round};
        static const int links[] = {DLT_RAW, DLT_EN10MB, DLT_LINUX_SLL2, DLT_NULL};
        s = (struct seen){0};
        bench_capture_packet(links[round / 2 % 4], &p, see, &s, why, sizeof why);
        assert_true(s.count <= 4);
        free(copy);
    }
}

/* ---- files -------------------------------------------------------------------------------------------- */

static char file[] = "/tmp/junctor-script-XXXXXX";
static pcap_dumper_t *dump;
static pcap_t *dead;

static void open_file(void)
{
    memcpy(file + strlen(file) - 6, "XXXXXX", 6);
    int fd = mkstemp(file);
    assert_true(fd >= 0);
    close(fd);
    dead = pcap_open_dead_with_tstamp_precision(DLT_RAW, 65535, PCAP_TSTAMP_PRECISION_NANO);
    dump = pcap_dump_open(dead, file);
    assert_non_null(dump);
}

static void begin_packet(unsigned source, unsigned destination, uint32_t tag)
{
    used = 0;
    ipv4(132);
    sctp(source, destination, tag);
}

static void write_packet(unsigned ms)
{
    struct pcap_pkthdr header = {.ts = {1000 + ms / 1000, (long)(ms % 1000) * 1000000}};

    finish_ipv4();
    header.caplen = header.len = (uint32_t)used;
    pcap_dump((u_char *)dump, &header, packet);
}

static void close_file(void)
{
    pcap_dump_close(dump);
    pcap_close(dead);
}

static struct bench_script *replay(const char *from)
{
    struct bench_script *s;

    close_file();
    s = bench_script_replay(file, from, why, sizeof why);
    if (!s)
        print_message("%s\n", why);
    return s;
}

static void assert_message(const struct bench_script *s, unsigned n, unsigned ms, unsigned stream,
                           uint32_t ppid, const char *text)
{
    const struct bench_script_message *m = &s->messages[n];

    assert_true(n < s->count);
    assert_int_equal(m->at_ns, (uint64_t)ms * 1000000);
    assert_int_equal(m->stream, stream);
    assert_int_equal(m->ppid, ppid);
    assert_int_equal(m->len, strlen(text));
    assert_memory_equal(bench_script_data(s, m), text, m->len);
}

/* Bundled, sent again, overtaken, in fragments, and incomplete at both ends. */
static void test_messages_are_put_together(void **state)
{
    (void)state;
    open_file();
    begin_packet(1, 2, 9);
    chunk(END, 99, 1, 0, "of one before");
    chunk(WHOLE, 100, 1, 46, "first");
    chunk(BEGIN, 101, 2, 3, "frag");
    write_packet(500);
    begin_packet(1, 2, 9);
    chunk(END, 103, 2, 0, "ed");
    chunk(WHOLE, 104, 1, 46, "second");
    write_packet(600);
    begin_packet(1, 2, 9); /* sent again: one is new, one is known */
    chunk(0, 102, 2, 0, "ment");
    chunk(WHOLE, 100, 1, 46, "FIRST");
    write_packet(800);
    begin_packet(1, 2, 9);
    chunk(WHOLE, 106, 1, 46, "fourth");
    chunk(WHOLE | UNORDERED, 107, 1, 46, "apart");
    write_packet(900);
    begin_packet(1, 2, 9);
    chunk(WHOLE, 105, 1, 46, "third");
    chunk(BEGIN, 108, 5, 3, "not whole");
    write_packet(950);
    struct bench_script *s = replay("");
    assert_non_null(s);
    assert_int_equal(s->count, 6);
    assert_int_equal(s->incomplete, 2);
    assert_int_equal(s->streams, 3);
    assert_message(s, 0, 0, 1, 46, "first");
    assert_message(s, 1, 100, 1, 46, "second");
    assert_message(s, 2, 300, 2, 3, "fragmented");
    assert_message(s, 3, 400, 1, 46, "apart");
    assert_message(s, 4, 450, 1, 46, "third");
    assert_message(s, 5, 450, 1, 46, "fourth"); /* not before the third */
    assert_true(s->messages[3].unordered && !s->messages[4].unordered);
    /* Time at other speeds, and rounds: 540 ms from one to the next. */
    assert_int_equal(s->period_ns, 540000000);
    assert_true(bench_script_time(s, 6 + 1, 2) == (540e6 + 100e6) / 2);
    assert_int_equal(bench_script_due(s, 299999999, 1, true), 2);
    assert_int_equal(bench_script_due(s, 300000000, 1, true), 3);
    assert_int_equal(bench_script_due(s, 320000000, 2, true), 6 + 2);
    assert_int_equal(bench_script_due(s, 320000000, 2, false), 6);
    assert_int_equal(bench_script_share(s, 6 + 3, 1), 5 + 2);
    assert_int_equal(bench_script_share(s, 6 + 3, 2), 2);
    assert_int_equal(bench_script_share(s, 9, 7), 0);
    bench_script_free(s);
    unlink(file);
}

/* I-DATA: the fragments of two streams' messages are mixed. */
static void test_interleaved_messages(void **state)
{
    (void)state;
    open_file();
    begin_packet(1, 2, 9);
    idata(BEGIN, 10, 1, 0, 46, "one-");
    idata(BEGIN, 11, 2, 0, 47, "two-");
    idata(0, 12, 1, 0, 1, "middle-");
    write_packet(0);
    begin_packet(1, 2, 9);
    idata(END, 13, 2, 0, 1, "end");
    idata(END, 14, 1, 0, 2, "last");
    idata(WHOLE, 15, 1, 1, 46, "next");
    write_packet(10);
    struct bench_script *s = replay("");
    assert_non_null(s);
    assert_int_equal(s->count, 3);
    assert_message(s, 0, 0, 2, 47, "two-end");
    assert_message(s, 1, 0, 1, 46, "one-middle-last");
    assert_message(s, 2, 0, 1, 46, "next");
    bench_script_free(s);
    unlink(file);
}

static void two_senders(void)
{
    open_file();
    begin_packet(1000, 2000, 1);
    chunk(WHOLE, 1, 0, 0, "request");
    write_packet(0);
    used = 0;
    ipv4(132);
    memcpy(packet + ip_at + 12, "\x0a\x00\x00\x02\x0a\x00\x00\x01", 8);
    sctp(2000, 1000, 2);
    chunk(WHOLE, 1, 0, 0, "answer");
    write_packet(10);
}

static void test_one_of_several_senders(void **state)
{
    static const char *const ways[] = {"2", ":2000", "10.0.0.2", "10.0.0.2:2000"};

    (void)state;
    for (unsigned i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        two_senders();
        struct bench_script *s = replay(ways[i]);
        assert_non_null(s);
        assert_int_equal(s->count, 1);
        assert_message(s, 0, 0, 0, 0, "answer");
        bench_script_free(s);
        unlink(file);
    }
    two_senders();
    assert_null(replay(""));
    assert_string_equal(why, "several senders: choose one with --replay-from: 1: 10.0.0.1:1000 to "
                             "10.0.0.2:2000 (1 chunks), 2: 10.0.0.2:2000 to 10.0.0.1:1000 (1 chunks)");
    assert_null(bench_script_replay(file, "3", why, sizeof why));
    assert_non_null(strstr(why, "there is no such sender: 1: "));
    assert_null(bench_script_replay(file, ":99", why, sizeof why));
    assert_non_null(strstr(why, "there is no such sender: 1: "));
    unlink(file);
}

static void put_le(FILE *f, uint32_t value)
{
    fputc((int)(value & 255), f);
    fputc((int)(value >> 8 & 255), f);
    fputc((int)(value >> 16 & 255), f);
    fputc((int)(value >> 24), f);
}

/* The same in a pcapng file, as Wireshark writes: section, interface (times in nanoseconds), packets. */
static void test_pcapng(void **state)
{
    (void)state;
    memcpy(file + strlen(file) - 6, "XXXXXX", 6);
    close(mkstemp(file));
    FILE *f = fopen(file, "w");
    assert_non_null(f);
    static const uint32_t section[] = {0x0a0d0d0a, 28, 0x1a2b3c4d, 1, UINT32_MAX, UINT32_MAX, 28};
    static const uint32_t interface[] = {1, 32, DLT_RAW == 12 ? 101 : DLT_RAW, 65535, 0x00010009, 9, 0, 32};
    for (unsigned i = 0; i < 7; i++)
        put_le(f, section[i]);
    for (unsigned i = 0; i < 8; i++)
        put_le(f, interface[i]);
    for (unsigned i = 0; i < 2; i++) {
        begin_packet(1, 2, 9);
        chunk(WHOLE, 100 + i, 4, 60, i ? "second" : "first");
        finish_ipv4();
        uint32_t padded = (uint32_t)(used + 3) & ~3u;
        put_le(f, 6);
        put_le(f, 32 + padded);
        put_le(f, 0);
        put_le(f, 5);
        put_le(f, 1000 + i * 250000000);
        put_le(f, (uint32_t)used);
        put_le(f, (uint32_t)used);
        fwrite(packet, 1, padded, f);
        put_le(f, 32 + padded);
    }
    fclose(f);
    struct bench_script *s = bench_script_replay(file, "", why, sizeof why);
    if (!s)
        fail_msg("%s", why);
    assert_int_equal(s->count, 2);
    assert_message(s, 0, 0, 4, 60, "first");
    assert_message(s, 1, 250, 4, 60, "second");
    bench_script_free(s);
    unlink(file);
}

static void test_bad_files(void **state)
{
    (void)state;
    open_file();
    assert_null(replay(""));
    assert_string_equal(why, "there is no DATA chunk in it");
    unlink(file);
    assert_null(bench_script_replay(file, "", why, sizeof why));
    assert_non_null(strstr(why, "No such file"));
    FILE *f = fopen(file, "w");
    fputs("this is not a capture, but long enough for a header", f);
    fclose(f);
    assert_null(bench_script_replay(file, "", why, sizeof why));
    assert_non_null(strstr(why, "unknown file format"));
    unlink(file);
    two_senders();
    close_file();
    assert_int_equal(truncate(file, 24 + 16 + 52 + 16 + 10), 0); /* within the second packet */
    assert_null(bench_script_replay(file, "", why, sizeof why));
    assert_non_null(strstr(why, "packet 2: "));
    unlink(file);
}

/* ---- one message -------------------------------------------------------------------------------------- */

static void test_raw(void **state)
{
    (void)state;
    FILE *f = fopen(file, "w");
    assert_non_null(f);
    fclose(f);
    assert_null(bench_script_raw(file, why, sizeof why));
    assert_string_equal(why, "the file is empty");
    f = fopen(file, "w");
    fputs("PING", f);
    fclose(f);
    struct bench_script *s = bench_script_raw(file, why, sizeof why);
    assert_non_null(s);
    assert_true(s->any_stream);
    assert_message(s, 0, 0, 0, 0, "PING");
    bench_script_free(s);
    unlink(file);
    assert_null(bench_script_raw(file, why, sizeof why));
    assert_string_equal(why, "No such file or directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_link_types_and_protocols),
        cmocka_unit_test(test_what_is_not_sctp_is_passed_over),
        cmocka_unit_test(test_bad_packets_say_which_and_why),
        cmocka_unit_test(test_random_bytes),
        cmocka_unit_test(test_messages_are_put_together),
        cmocka_unit_test(test_interleaved_messages),
        cmocka_unit_test(test_one_of_several_senders),
        cmocka_unit_test(test_pcapng),
        cmocka_unit_test(test_bad_files),
        cmocka_unit_test(test_raw),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
