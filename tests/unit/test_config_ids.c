/* Stable ids: what is in both configurations keeps its number, whatever the order and whatever configurations
 * came between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/ids.h"
#include "routing/table.h"

static struct cfg_config *parse(const char *text)
{
    struct cfg_remarks remarks;
    struct cfg_config *c = cfg_parse("test.yaml", text, strlen(text), &remarks);
    if (!c) {
        cfg_remarks_print("test.yaml", &remarks, stderr);
        fail_msg("not taken:\n%s", text);
    }
    cfg_remarks_free(&remarks);
    return c;
}

/* What replaces `old`, which is freed: nothing may refer to it. */
static struct cfg_config *replace(struct cfg_config *old, const char *text)
{
    struct cfg_config *c = parse(text);
    cfg_keep_ids(c, old);
    cfg_free(old);
    return c;
}

#define ALL                                                                                                  \
    "listeners:\n"                                                                                           \
    "  - {name: a, port: 1001}\n"                                                                            \
    "  - {name: b, port: 1002}\n"                                                                            \
    "peers:\n"                                                                                               \
    "  - {name: p, address: 127.0.0.1, port: 2001}\n"                                                        \
    "  - {name: q, address: 127.0.0.1, port: 2002}\n"                                                        \
    "groups:\n"                                                                                              \
    "  - {name: both, members: [p, q]}\n"                                                                    \
    "routes:\n"                                                                                              \
    "  - {name: first, from: a, ppid: 3, to: both, session: shared}\n"                                       \
    "  - {from: b, to: q, session: shared}\n"                                                                \
    "  - {from: a, to: p, session: shared}\n"                                                                \
    "tap: {file: t.pcapng, filter: {from: b, to: [q, a], route: first}}\n"

static void assert_listener(const struct cfg_config *c, unsigned id, const char *name, bool gone)
{
    assert_true(id < c->listener_count);
    assert_string_equal(c->listeners[id].name, name);
    assert_int_equal(c->listeners[id].gone, gone);
}

static void order_does_not_matter(void **state)
{
    (void)state;
    struct cfg_config *c =
        replace(parse(ALL), "listeners:\n"
                            "  - {name: b, port: 1002}\n"
                            "  - {name: a, port: 1001}\n"
                            "peers:\n"
                            "  - {name: q, address: 127.0.0.1, port: 2002}\n"
                            "  - {name: p, address: 127.0.0.1, port: 2001}\n"
                            "groups:\n"
                            "  - {name: both, members: [q, p]}\n"
                            "routes:\n"
                            "  - {from: a, to: p, session: shared, ppid: 4}\n"
                            "  - {from: b, to: q, session: shared}\n"
                            "  - {name: first, from: a, ppid: 3, to: both, session: shared}\n"
                            "  - {from: a, to: p, session: shared}\n"
                            "tap: {file: t.pcapng, filter: {from: b, to: [q, a], route: first}}\n");
    assert_int_equal(c->tap.filter.from[0].index, 1);
    assert_int_equal(c->tap.filter.to[0].index, 1);
    assert_int_equal(c->tap.filter.to[1].index, 0);
    assert_int_equal(c->tap.filter.routes[0], 0);
    assert_listener(c, 0, "a", false);
    assert_listener(c, 1, "b", false);
    assert_int_equal(c->listeners[0].port, 1001);
    assert_string_equal(c->peers[0].name, "p");
    assert_string_equal(c->groups[0].name, "both");
    assert_int_equal(c->groups[0].members[0].index, 1); /* q comes first now */
    assert_int_equal(c->groups[0].members[1].index, 0);
    assert_int_equal(c->route_count, 4);
    assert_int_equal(c->route_order_count, 4);
    assert_int_equal(c->route_order[0], 3); /* the new one */
    assert_int_equal(c->route_order[1], 1);
    assert_int_equal(c->route_order[2], 0);
    assert_int_equal(c->route_order[3], 2);
    assert_int_equal(c->routes[1].from[0].index, 1);
    assert_string_equal(c->groups[c->routes[1].group].name, "q");
    cfg_free(c);
}

#define LESS                                                                                                 \
    "listeners:\n"                                                                                           \
    "  - {name: b, port: 1002}\n"                                                                            \
    "  - {name: new, port: 1003}\n"                                                                          \
    "peers:\n"                                                                                               \
    "  - {name: q, address: 127.0.0.1, port: 2002}\n"                                                        \
    "routes:\n"                                                                                              \
    "  - {from: b, to: q, session: shared}\n"

static void what_has_gone_keeps_its_place(void **state)
{
    (void)state;
    struct cfg_config *c = replace(parse(ALL), LESS);
    assert_listener(c, 0, "a", true);
    assert_listener(c, 1, "b", false);
    assert_listener(c, 2, "new", false);
    assert_true(c->peers[0].gone && !c->peers[1].gone);
    assert_true(c->groups[0].gone);
    assert_int_equal(c->groups[0].member_count, 0);
    assert_true(c->routes[0].gone && !c->routes[1].gone && c->routes[2].gone);
    assert_string_equal(c->routes[0].name, "first");
    assert_null(c->routes[2].name);
    assert_int_equal(c->route_order_count, 1);

    c = replace(c, ALL); /* and comes back to it */
    assert_listener(c, 0, "a", false);
    assert_listener(c, 2, "new", true);
    assert_int_equal(c->route_count, 3);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(c->route_order[i], i);
    cfg_free(c);
}

static void a_changed_route_is_new_unless_it_has_a_name(void **state)
{
    (void)state;
    struct cfg_config *c = replace(parse(ALL), "listeners: [{name: a, port: 1001}, {name: b, port: 1002}]\n"
                                               "peers:\n"
                                               "  - {name: p, address: 127.0.0.1, port: 2001}\n"
                                               "  - {name: q, address: 127.0.0.1, port: 2002}\n"
                                               "routes:\n"
                                               "  - {name: first, from: a, ppid: 5, to: q, session: shared}\n"
                                               "  - {from: b, to: p, session: shared}\n");
    assert_int_equal(c->route_order[0], 0);
    assert_int_equal(c->routes[0].ppids[0], 5);
    assert_int_equal(c->route_order[1], 3);
    assert_true(c->routes[1].gone && c->routes[2].gone);
    cfg_free(c);
}

/* What a route does with a message is part of what it says. */
static void routes_differ_in_all_that_they_say(void **state)
{
    static const char *const more[] = {"",
                                       ", unordered: true",
                                       ", unordered: false",
                                       ", set_ppid: 0",
                                       ", set_ppid: m3ua",
                                       ", set_stream: 0",
                                       ", set_stream: 3",
                                       ", set_stream: hash",
                                       ", set_stream: spread"};
    enum { COUNT = sizeof more / sizeof *more };
    char text[1000];
    (void)state;
    for (unsigned i = 0; i < COUNT * COUNT; i++) {
#define SAY                                                                                                  \
    "listeners: [{name: a, port: 1001}]\n"                                                                   \
    "peers: [{name: p, address: 127.0.0.1, port: 2001}]\n"                                                   \
    "routes: [{from: a, to: p, session: shared%s}]\n"
        snprintf(text, sizeof text, SAY, more[i / COUNT]);
        struct cfg_config *c = parse(text);
        snprintf(text, sizeof text, SAY, more[i % COUNT]);
        c = replace(c, text);
        assert_int_equal(c->route_count, i / COUNT == i % COUNT ? 1 : 2);
        assert_true(c->route_count == 1 || c->routes[0].gone);
        cfg_free(c);
    }
}

/* The route table gives ids, in the order of the file. */
static void the_table_speaks_of_ids(void **state)
{
    (void)state;
    struct cfg_config *c = replace(parse(ALL), "listeners: [{name: b, port: 1002}, {name: a, port: 1001}]\n"
                                               "peers: [{name: p, address: 127.0.0.1, port: 2001}]\n"
                                               "routes:\n"
                                               "  - {from: any, ppid: 7, to: p, session: shared}\n"
                                               "  - {from: a, to: p, session: shared}\n");
    struct rt_table *t = rt_table_build(c);
    uint32_t a = rt_source((struct cfg_member){CFG_MEMBER_LISTENER, 0});
    uint32_t b = rt_source((struct cfg_member){CFG_MEMBER_LISTENER, 1});
    assert_int_equal(rt_table_find(t, a, 7, 0, false), 3);
    assert_int_equal(rt_table_find(t, a, 1, 0, false), 2);
    assert_int_equal(rt_table_find(t, b, 7, 0, false), 3);
    assert_int_equal(rt_table_find(t, b, 1, 0, false), RT_NO_ROUTE);
    rt_table_free(t);
    cfg_free(c);
}

/* The last messages of a listener that is gone find the route they had, as long as its group is there. */
static void what_is_leaving_keeps_its_routes(void **state)
{
    (void)state;
    struct cfg_config *c = replace(parse(ALL), LESS); /* a, p and the group of both are gone */
    uint32_t a = rt_source((struct cfg_member){CFG_MEMBER_LISTENER, 0});
    assert_int_equal(c->leaving_count, 0);
    cfg_free(c);

#define WITHOUT_A                                                                                            \
    "listeners: [{name: b, port: 1002}]\n"                                                                   \
    "peers:\n"                                                                                               \
    "  - {name: p, address: 127.0.0.1, port: 2001}\n"                                                        \
    "  - {name: q, address: 127.0.0.1, port: 2002}\n"                                                        \
    "groups: [{name: both, members: [q]}]\n"                                                                 \
    "routes:\n"                                                                                              \
    "  - {from: b, ppid: 9, to: both, session: shared}\n"                                                    \
    "  - {from: b, to: q, session: shared}\n"
    c = replace(parse(ALL), WITHOUT_A);
    for (int times = 0; times < 2; times++) {
        struct rt_table *t = rt_table_build(c);
        assert_int_equal(c->leaving_count, 1); /* the group of its other route was p alone, and is gone */
        assert_int_equal(rt_table_find(t, a, 3, 0, false), 0);
        assert_int_equal(rt_table_find(t, a, 4, 0, false), RT_NO_ROUTE);
        assert_string_equal(c->groups[c->routes[0].group].name, "both");
        assert_int_equal(c->routes[0].session, CFG_SHARED);
        rt_table_free(t);
        c = replace(c, WITHOUT_A); /* and so after a further reload */
    }
    c = replace(c, ALL);
    assert_int_equal(c->leaving_count, 0);
    cfg_free(c);
}

/* A configuration that has been through reloads prints like the file it came from. */
static void it_prints_as_its_file_does(void **state)
{
    (void)state;
    char *text[2] = {NULL, NULL};
    size_t len;
    struct cfg_config *plain = parse(LESS), *kept = replace(parse(ALL), LESS);
    for (int i = 0; i < 2; i++) {
        FILE *out = open_memstream(&text[i], &len);
        cfg_print(i ? kept : plain, out);
        fclose(out);
    }
    assert_string_equal(text[0], text[1]);
    free(text[0]);
    free(text[1]);
    cfg_free(plain);
    cfg_free(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_does_not_matter),
        cmocka_unit_test(what_has_gone_keeps_its_place),
        cmocka_unit_test(a_changed_route_is_new_unless_it_has_a_name),
        cmocka_unit_test(routes_differ_in_all_that_they_say),
        cmocka_unit_test(the_table_speaks_of_ids),
        cmocka_unit_test(what_is_leaving_keeps_its_routes),
        cmocka_unit_test(it_prints_as_its_file_does),
    };
    return cmocka_run_group_tests_name("config/ids", tests, NULL, NULL);
}
