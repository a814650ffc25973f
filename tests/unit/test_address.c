/* Addresses: what is written reads back the same, and nothing else is accepted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config/sctp/address.h"

static void reads_back(const char *text, uint16_t port, const char *expected)
{
    struct net_addr a;
    char out[NET_ADDR_TEXT];
    assert_true(net_addr_parse(text, port, &a));
    assert_string_equal(net_addr_format(&a, out, sizeof out), expected);
    assert_int_equal(net_addr_port(&a), port);
}

static void test_parse_and_format(void **state)
{
    (void)state;
    reads_back("127.0.0.1", 2905, "127.0.0.1:2905");
    reads_back("127.0.0.1", 0, "127.0.0.1");
    reads_back("0.0.0.0", 65535, "0.0.0.0:65535");
    reads_back("::1", 2905, "[::1]:2905");
    reads_back("::1", 0, "::1");
    reads_back("2001:DB8:0::5", 1, "[2001:db8::5]:1");
    reads_back("::ffff:192.0.2.1", 0, "::ffff:192.0.2.1");
    reads_back("fe80::1%lo", 0, "fe80::1%lo");
    reads_back("fe80::1%lo", 7, "[fe80::1%lo]:7");
    reads_back("fe80::1%1", 0, "fe80::1%lo"); /* loopback is interface 1 */
    reads_back("fe80::1%987654", 9, "[fe80::1%987654]:9");
}

static void test_no_address(void **state)
{
    static const char *const bad[] = {
        "",
        " ",
        "localhost",
        "127.0.0",
        "127.0.0.256",
        "127.0.0.1 ",
        " 127.0.0.1",
        "127.0.0.1:80",
        "[::1]",
        "::1:",
        "1::2::3",
        "0x7f.1",
        "127.1",
        "::1%lo",
        "fe80::1%",
        "fe80::1%nosuchinterface0",
        "fe80::1%0",
        "fe80::1%000000000000000000000000000000001",
        "1111:2222:3333:4444:5555:6666:7777:8888:9999",
        "11111111111111111111111111111111111111111111111111111111111111111111111111111111"};
    struct net_addr a, before;
    (void)state;
    memset(&a, 0x5a, sizeof a);
    before = a;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (net_addr_parse(bad[i], 1, &a))
            fail_msg("'%s' was read as an address", bad[i]);
        assert_memory_equal(&a, &before, sizeof a);
    }
}

static void test_equal(void **state)
{
    struct net_addr a, b;
    (void)state;
    net_addr_parse("127.0.0.1", 1, &a);
    net_addr_parse("127.0.0.1", 1, &b);
    assert_true(net_addr_equal(&a, &b));
    net_addr_set_port(&b, 2);
    assert_false(net_addr_equal(&a, &b));
    net_addr_parse("127.0.0.2", 1, &b);
    assert_false(net_addr_equal(&a, &b));
    net_addr_parse("::1", 1, &b);
    assert_false(net_addr_equal(&a, &b));
    net_addr_parse("::1", 1, &a);
    assert_true(net_addr_equal(&a, &b));
    net_addr_parse("fe80::1%1", 1, &a);
    net_addr_parse("fe80::1%2", 1, &b);
    assert_false(net_addr_equal(&a, &b));
}

static void test_port_and_length(void **state)
{
    struct net_addr a;
    (void)state;
    net_addr_parse("::1", 1, &a);
    assert_int_equal(net_addr_len(&a), sizeof(struct sockaddr_in6));
    net_addr_set_port(&a, 443);
    assert_int_equal(net_addr_port(&a), 443);
    assert_int_equal(ntohs(a.in6.sin6_port), 443);
    net_addr_parse("10.0.0.1", 1, &a);
    assert_int_equal(net_addr_len(&a), sizeof(struct sockaddr_in));
    net_addr_set_port(&a, 444);
    assert_int_equal(ntohs(a.in4.sin_port), 444);
}

static void test_empty(void **state)
{
    struct net_addr a;
    char out[NET_ADDR_TEXT];
    (void)state;
    memset(&a, 0, sizeof a);
    assert_string_equal(net_addr_format(&a, out, sizeof out), "(no address)");
    assert_int_equal(net_addr_port(&a), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_and_format),
        cmocka_unit_test(test_no_address),
        cmocka_unit_test(test_equal),
        cmocka_unit_test(test_port_and_length),
        cmocka_unit_test(test_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
