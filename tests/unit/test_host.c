/* The syntax of host names: what RFC 1123 allows, and mistyped addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config/sctp/host.h"

static void test_names(void **state)
{
    static const char *const good[] = {"localhost", "a",          "stp-a.example", "STP.Example.", "3com.com",
                                       "1.2.3.a",   "0x7f.local", "xn--bcher-kva", "10-1-2-3.x"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        if (!net_host_name_valid(good[i]))
            fail_msg("'%s' is a name", good[i]);
}

static void test_no_names(void **state)
{
    static const char *const bad[] = {
        "",     ".",          "..",     "a..b",     ".a",         "a..",       "-a",          "a-",
        "a.-b", "a-.b",       "a b",    "a_b",      " a",         "a\n",       "b\xc3\xbc",   "a/b",
        "a:1",  "[::1]",      "::1",    "fe80::zz", "fe80::1%lo", "127.0.0.1", "127.0.0.300", "10.1.2",
        "10",   "127.0.0.1.", "0x7f.1", "a.0x7F",   "0x7f000001", "a.0x",      "1.2.3.4.5",   "*"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (net_host_name_valid(bad[i]))
            fail_msg("'%s' is not a name", bad[i]);
}

/* `count` labels of `length` letters. */
static char *labels(char *out, unsigned count, unsigned length)
{
    char *at = out;
    for (unsigned i = 0; i < count; i++) {
        memset(at, 'a', length);
        at[length] = '.';
        at += length + 1;
    }
    at[-1] = '\0';
    return out;
}

static void test_lengths(void **state)
{
    char text[400];
    (void)state;
    assert_true(net_host_name_valid(labels(text, 1, 63)));
    assert_false(net_host_name_valid(labels(text, 1, 64)));
    assert_true(net_host_name_valid(labels(text, 127, 1))); /* 253 characters */
    assert_true(net_host_name_valid(strcat(text, ".")));
    assert_false(net_host_name_valid(strcat(text, "a")));
    assert_false(net_host_name_valid(labels(text, 4, 63)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names), cmocka_unit_test(test_no_names),
                                       cmocka_unit_test(test_lengths)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
