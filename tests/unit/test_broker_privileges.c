/* Which capabilities a configuration needs, and whom a broker becomes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <linux/capability.h>
#include <unistd.h>

#include "broker/identity.h"
#include "broker/privileges.h"
#include "tests/unit/config/helper.h"

#define BIT(capability) (UINT64_C(1) << (capability))
#define LIMIT           (8 << 20)

static const struct brk_host_limits wide = {LIMIT, LIMIT, 1024};

static uint64_t needed_on(const char *text, bool kernel, const struct brk_host_limits *host)
{
    struct cfg_config *c = parse_good(text);
    uint64_t result = brk_capabilities_needed(c, kernel, host);
    cfg_free(c);
    return result;
}

static uint64_t needed(const char *text)
{
    return needed_on(text, true, &wide);
}

#define PEERS  "peers: [{name: core, address: 192.0.2.1, port: 2905}]\n"
#define ROUTES "routes: [{from: access, to: core}]\n"

static void only_what_is_needed(void **state)
{
    static const char plain[] = "listeners: [{name: access, port: 2905}]\n" PEERS ROUTES;
    static const char low[] = "listeners: [{name: access, port: 1023, encaps_port: 9899}]\n" PEERS ROUTES;
    static const char udp[] = "listeners: [{name: access, port: 2905, encaps_port: 99}]\n" PEERS ROUTES;
    (void)state;
    assert_int_equal(needed(plain), 0);
    assert_int_equal(needed(low), BIT(CAP_NET_BIND_SERVICE));
    assert_int_equal(needed_on(low, false, &wide), 0);
    assert_int_equal(needed(udp), 0);
    assert_int_equal(needed_on(udp, false, &wide), BIT(CAP_NET_BIND_SERVICE));
    const struct brk_host_limits all_ports = {LIMIT, LIMIT, 0};
    assert_int_equal(needed_on(low, true, &all_ports), 0);
    assert_int_equal(needed("listeners: [{name: access, port: 2905}]\n"
                            "peers: [{name: core, address: 192.0.2.1, port: 22, local_port: 23}]\n"
                            "routes: [{from: access, to: core, session: shared}]\n"),
                     BIT(CAP_NET_BIND_SERVICE));
    assert_int_equal(needed("listeners: [{name: access, port: 2905, netns: left}]\n" PEERS ROUTES),
                     BIT(CAP_SYS_ADMIN));
    assert_int_equal(needed("listeners: [{name: access, port: 2905, netns: /proc/7/ns/net}]\n" PEERS ROUTES),
                     BIT(CAP_SYS_ADMIN) | BIT(CAP_SYS_PTRACE));
    assert_int_equal(needed("sctp: {priority: 7}\n"
                            "listeners: [{name: access, port: 2905}]\n" PEERS ROUTES),
                     BIT(CAP_NET_ADMIN));
}

static void larger_buffers_than_allowed(void **state)
{
    static const char text[] = "sctp: {sndbuf: 1M, recbuf: 1M}\n"
                               "listeners: [{name: access, port: 2905}]\n" PEERS ROUTES;
    const struct brk_host_limits as_large = {1 << 20, 1 << 20, 1024},
                                 smaller = {1 << 20, (1 << 20) - 1, 1024}, unknown = {-1, -1, 1024};
    (void)state;
    assert_int_equal(needed_on(text, true, &as_large), 0);
    assert_int_equal(needed_on(text, true, &smaller), BIT(CAP_NET_ADMIN));
    assert_int_equal(needed_on(text, true, &unknown), BIT(CAP_NET_ADMIN));
    assert_int_equal(needed_on(text, false, &smaller), 0);
}

static void in_words(void **state)
{
    char text[BRK_CAPABILITIES_TEXT];
    (void)state;
    assert_string_equal(brk_capabilities_format(0, text), "none");
    assert_string_equal(brk_capabilities_format(BIT(CAP_NET_ADMIN) | BIT(CAP_NET_BIND_SERVICE), text),
                        "net_bind_service,net_admin");
}

static bool becomes(const char *user, const char *group, struct brk_identity *out, char why[200])
{
    const struct cfg_config c = {.user = user, .group = group};
    why[0] = '\0';
    return brk_identity_find(&c, out, why, 200);
}

static void whom_it_becomes(void **state)
{
    struct brk_identity who;
    char why[200], own[20];
    (void)state;
    assert_true(becomes(NULL, NULL, &who, why));
    assert_false(who.changes);
    assert_int_equal(who.uid, geteuid());
    snprintf(own, sizeof own, "%u", (unsigned)geteuid());
    assert_true(becomes(own, NULL, &who, why));
    assert_false(who.changes && geteuid() != 0);
    assert_false(becomes("no such user", NULL, &who, why));
    assert_non_null(strstr(why, "there is no user 'no such user'"));
    assert_false(becomes("4000111222", NULL, &who, why));
    assert_non_null(strstr(why, "write broker.group as well"));
    assert_false(becomes("-1", "0", &who, why));
    assert_false(becomes(own, "no such group", &who, why));
    assert_non_null(strstr(why, "there is no group 'no such group'"));
    if (geteuid() != 0) {
        assert_false(becomes("0", "0", &who, why));
        assert_non_null(strstr(why, "only root can"));
        return;
    }
    assert_true(becomes("4000111222", "4000111223", &who, why));
    assert_true(who.changes && who.uid == 4000111222 && who.gid == 4000111223);
    assert_false(becomes(NULL, "4000111223", &who, why));
    assert_non_null(strstr(why, "write broker.user, too"));
    assert_false(becomes("root", "4000111223", &who, why));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_needed),
        cmocka_unit_test(larger_buffers_than_allowed),
        cmocka_unit_test(in_words),
        cmocka_unit_test(whom_it_becomes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
