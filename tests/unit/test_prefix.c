/* Address prefixes: their syntax, and which addresses they cover. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/sctp/prefix.h"

static struct net_prefix parsed(const char *text)
{
    struct net_prefix p;
    if (!net_prefix_parse(text, &p))
        fail_msg("%s is not taken", text);
    return p;
}

static bool covers(const char *prefix, const char *address)
{
    struct net_prefix p = parsed(prefix);
    struct net_addr a;
    assert_true(net_addr_parse(address, 2905, &a));
    return net_prefix_covers(&p, &a);
}

static void what_is_one(void **state)
{
    static const char *const good[] = {"10.0.0.0/8",    "0.0.0.0/0", "127.0.0.1", "192.0.2.128/25", "::/0",
                                       "2001:db8::/32", "::1",       "fe80::/10", "255.255.255.255"};
    static const char *const bad[] = {"",
                                      "10",
                                      "10.0.0.0/",
                                      "10.0.0.0/33",
                                      "10.0.0.1/8",
                                      "10.0.0.0/-1",
                                      "10.0.0.0/8x",
                                      "2001:db8::/129",
                                      "::1/64",
                                      "host/8",
                                      "10.0.0.0/ 8",
                                      "192.0.2.128/24",
                                      "/8",
                                      "10.0.0.0/99999999999999999999"};
    char text[NET_PREFIX_TEXT];
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct net_prefix p = parsed(good[i]), again = parsed(net_prefix_format(&p, text, sizeof text));
        assert_string_equal(text, good[i]);
        assert_true(net_prefix_equal(&p, &again));
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct net_prefix p;
        if (net_prefix_parse(bad[i], &p))
            fail_msg("'%s' is taken", bad[i]);
    }
}

static void what_it_covers(void **state)
{
    (void)state;
    assert_true(covers("10.0.0.0/8", "10.255.0.1"));
    assert_false(covers("10.0.0.0/8", "11.0.0.0"));
    assert_true(covers("192.0.2.128/25", "192.0.2.128"));
    assert_false(covers("192.0.2.128/25", "192.0.2.127"));
    assert_true(covers("127.0.0.2", "127.0.0.2"));
    assert_false(covers("127.0.0.2", "127.0.0.3"));
    assert_true(covers("0.0.0.0/0", "198.51.100.1"));
    assert_false(covers("0.0.0.0/0", "::1"));
    assert_true(covers("10.0.0.0/8", "::ffff:10.1.2.3"));
    assert_false(covers("::/0", "::ffff:10.1.2.3")); /* that is an IPv4 address */
    assert_true(covers("2001:db8::/32", "2001:db8:ffff::1"));
    assert_false(covers("2001:db8::/32", "2001:db9::1"));
    assert_true(covers("fe80::/10", "febf::1"));
    assert_false(covers("fe80::/10", "fec0::1"));
    const struct net_addr unknown = {.sa = {.sa_family = AF_UNSPEC}};
    const struct net_prefix all = parsed("0.0.0.0/0");
    assert_false(net_prefix_covers(&all, &unknown));
}

/* Compared with a test bit by bit. */
static void like_a_naive_one(void **state)
{
    uint32_t random = 7;
    (void)state;
    for (unsigned n = 0; n < 20000; n++) {
        random = random * 1664525 + 1013904223;
        unsigned bits = (random >> 8) % 33;
        uint32_t network = random & (bits ? UINT32_MAX << (32 - bits) : 0),
                 host = random ^ 1U << (random >> 27);
        struct net_prefix p = {.address.in4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(network)},
                               .bits = bits};
        struct net_addr a = {.in4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(host)}};
        bool same = true;
        for (unsigned i = 0; i < bits; i++)
            same &= (network >> (31 - i) & 1) == (host >> (31 - i) & 1);
        assert_int_equal(net_prefix_covers(&p, &a), same);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_one),
        cmocka_unit_test(what_it_covers),
        cmocka_unit_test(like_a_naive_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
