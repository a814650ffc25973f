/* The route table compared with the plain meaning of the rules: walk the routes in file order, the first
 * match applies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "routing/explain.h"
#include "routing/table.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- the plain meaning ---- */

static bool from_fits(const struct cfg_route *r, uint32_t source)
{
    for (unsigned i = 0; i < r->from_count; i++)
        if (rt_source(r->from[i]) == source)
            return true;
    return false;
}

static bool ppid_fits(const struct cfg_route *r, uint32_t ppid)
{
    for (unsigned i = 0; i < r->ppid_count; i++)
        if (r->ppids[i] == ppid)
            return true;
    return r->ppid_count == 0;
}

static bool stream_fits(const struct cfg_route *r, uint16_t stream)
{
    for (unsigned i = 0; i < r->stream_count; i++)
        if (r->streams[i].first <= stream && stream <= r->streams[i].last)
            return true;
    return r->stream_count == 0;
}

static bool delivery_fits(const struct cfg_route *r, bool unordered)
{
    return r->delivery == CFG_EITHER || (r->delivery == CFG_UNORDERED) == unordered;
}

static uint32_t walk(const struct cfg_config *c, uint32_t source, uint32_t ppid, uint16_t stream,
                     bool unordered)
{
    for (uint32_t i = 0; i < cfg_ordered_routes(c); i++) {
        const struct cfg_route *r = &c->routes[cfg_route_at(c, i)];
        if (from_fits(r, source) && ppid_fits(r, ppid) && stream_fits(r, stream) &&
            delivery_fits(r, unordered))
            return cfg_route_at(c, i);
    }
    return RT_NO_ROUTE;
}

/* The same by rt_explain. */
static uint32_t explained(const struct cfg_config *c, uint32_t source, uint32_t ppid, uint16_t stream,
                          bool unordered)
{
    for (uint32_t i = 0; i < cfg_ordered_routes(c); i++)
        if (rt_explain(&c->routes[cfg_route_at(c, i)], rt_source_member(source), ppid, stream, unordered) ==
            RT_FITS)
            return cfg_route_at(c, i);
    return RT_NO_ROUTE;
}

/* ---- random rules (xorshift: the same everywhere for the same seed) ---- */

static uint64_t seed;

static uint32_t below(uint32_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)((seed >> 32) * n >> 32);
}

/* What a set of random rules is made of. */
struct shape {
    unsigned listeners, peers, routes;
    unsigned from_max;    /* sources a route, at least 1 */
    unsigned ppids;       /* different ones */
    unsigned ppid_max;    /* a route */
    unsigned any_percent; /* of the routes take any PPID */
    unsigned range_max;   /* a route; some take all streams */
    unsigned streams;     /* all below this */
    unsigned one_percent; /* of the routes take only ordered, or only unordered messages */
};

static void random_ranges(const struct shape *s, struct cfg_route *r)
{
    r->stream_count = below(s->range_max + 1);
    struct cfg_range *ranges = calloc(s->range_max + 1, sizeof *ranges);
    for (unsigned i = 0; i < r->stream_count; i++) {
        uint32_t a = below(s->streams), b = below(3) ? a + below(1 + s->streams / 8) : a;
        ranges[i] = (struct cfg_range){(uint16_t)a, (uint16_t)(b < s->streams ? b : s->streams - 1)};
    }
    r->streams = ranges;
}

static void random_route(const struct shape *s, struct cfg_route *r)
{
    unsigned sources = s->listeners + s->peers;
    struct cfg_member *from = calloc(s->from_max, sizeof *from);
    r->from_count = 1 + below(s->from_max);
    for (unsigned i = 0; i < r->from_count; i++) {
        unsigned n = below(sources);
        from[i] = n < s->listeners ? (struct cfg_member){CFG_MEMBER_LISTENER, n}
                                   : (struct cfg_member){CFG_MEMBER_PEER, n - s->listeners};
    }
    r->from = from;
    uint32_t *ppids = calloc(s->ppid_max, sizeof *ppids);
    r->ppid_count = below(100) < s->any_percent ? 0 : 1 + below(s->ppid_max);
    for (unsigned i = 0; i < r->ppid_count; i++)
        ppids[i] = below(s->ppids);
    r->ppids = ppids;
    random_ranges(s, r);
    r->delivery = below(100) < s->one_percent ? (below(2) ? CFG_UNORDERED : CFG_ORDERED) : CFG_EITHER;
}

/* Every other configuration has been through reloads: its routes stand in another order than their ids, and
 * some have gone. */
static void random_order(struct cfg_config *c)
{
    unsigned *order = calloc(c->route_count + 1, sizeof *order);
    c->route_order = order;
    for (unsigned i = 0; i < c->route_count; i++) {
        if (below(4) == 0)
            continue;
        unsigned at = below(c->route_order_count + 1);
        order[c->route_order_count++] = order[at];
        order[at] = i;
    }
}

static struct cfg_config random_config(const struct shape *s)
{
    struct cfg_route *routes = calloc(s->routes, sizeof *routes);
    for (unsigned i = 0; i < s->routes; i++)
        random_route(s, &routes[i]);
    struct cfg_config c = {
        .listener_count = s->listeners, .peer_count = s->peers, .routes = routes, .route_count = s->routes};
    if (below(2))
        random_order(&c);
    return c;
}

static void free_routes(struct cfg_config *c)
{
    for (unsigned i = 0; i < c->route_count; i++) {
        free((void *)c->routes[i].from);
        free((void *)c->routes[i].ppids);
        free((void *)c->routes[i].streams);
    }
    free((void *)c->routes);
    free((void *)c->route_order);
}

static void compare(const struct rt_table *t, const struct cfg_config *c, uint32_t source, uint32_t ppid,
                    uint16_t stream)
{
    for (unsigned u = 0; u < 2; u++) {
        uint32_t is = rt_table_find(t, source, ppid, stream, u), should = walk(c, source, ppid, stream, u);
        if (is != should)
            fail_msg("source %u ppid %u stream %u unordered %u: route %d, should be %d", source, ppid, stream,
                     u, (int)is, (int)should);
        is = explained(c, source, ppid, stream, u);
        if (is != should)
            fail_msg("source %u ppid %u stream %u unordered %u: explained as route %d, should be %d", source,
                     ppid, stream, u, (int)is, (int)should);
    }
}

/* Every end of every range with its neighbours, for every source and every PPID (and one nobody names). */
static void compare_ends(const struct rt_table *t, const struct cfg_config *c, const struct shape *s)
{
    for (unsigned r = 0; r < c->route_count; r++)
        for (unsigned i = 0; i < c->routes[r].stream_count; i++) {
            const struct cfg_range *range = &c->routes[r].streams[i];
            const int at[] = {range->first - 1, range->first, range->last, range->last + 1};
            for (unsigned k = 0; k < COUNT(at); k++)
                compare(t, c, below(rt_source_count(c)), below(s->ppids + 1), (uint16_t)at[k]);
        }
}

static void compare_random(const struct rt_table *t, const struct cfg_config *c, const struct shape *s,
                           unsigned times)
{
    for (unsigned i = 0; i < times; i++)
        compare(t, c, below(rt_source_count(c)), below(s->ppids + 1),
                (uint16_t)(below(4) ? below(s->streams) : below(65536)));
}

static void check_shape(struct shape s, unsigned sets, unsigned lookups)
{
    for (unsigned i = 0; i < sets; i++) {
        struct cfg_config c = random_config(&s);
        struct rt_table *t = rt_table_build(&c);
        assert_non_null(t);
        compare_ends(t, &c, &s);
        compare_random(t, &c, &s, lookups);
        rt_table_free(t);
        free_routes(&c);
    }
}

static void test_few_rules_many_overlaps(void **state)
{
    (void)state;
    seed = 1;
    check_shape((struct shape){.listeners = 2,
                               .peers = 1,
                               .routes = 8,
                               .from_max = 2,
                               .ppids = 3,
                               .ppid_max = 2,
                               .any_percent = 30,
                               .range_max = 3,
                               .streams = 12},
                2000, 100);
}

static void test_many_ranges_on_one_source(void **state)
{
    (void)state;
    seed = 2;
    check_shape((struct shape){.listeners = 1,
                               .routes = 300,
                               .from_max = 1,
                               .ppids = 2,
                               .ppid_max = 1,
                               .any_percent = 50,
                               .range_max = 4,
                               .streams = 65536},
                20, 3000);
}

static void test_every_stream_its_own_rule(void **state)
{
    (void)state;
    seed = 3;
    check_shape((struct shape){.listeners = 1,
                               .peers = 1,
                               .routes = 600,
                               .from_max = 2,
                               .ppids = 1,
                               .ppid_max = 1,
                               .any_percent = 20,
                               .range_max = 3,
                               .streams = 300},
                20, 3000);
}

static void test_many_sources_and_ppids(void **state)
{
    (void)state;
    seed = 4;
    check_shape((struct shape){.listeners = 20,
                               .peers = 30,
                               .routes = 500,
                               .from_max = 8,
                               .ppids = 100,
                               .ppid_max = 6,
                               .any_percent = 10,
                               .range_max = 2,
                               .streams = 64},
                5, 3000);
}

static void test_ordered_and_unordered(void **state)
{
    (void)state;
    seed = 6;
    check_shape((struct shape){.listeners = 2,
                               .peers = 2,
                               .routes = 10,
                               .from_max = 3,
                               .ppids = 3,
                               .ppid_max = 2,
                               .any_percent = 40,
                               .range_max = 2,
                               .streams = 12,
                               .one_percent = 60},
                2000, 100);
}

static void test_ten_thousand_routes(void **state)
{
    (void)state;
    seed = 5;
    check_shape((struct shape){.listeners = 10,
                               .peers = 10,
                               .routes = 10000,
                               .from_max = 2,
                               .ppids = 3000,
                               .ppid_max = 3,
                               .any_percent = 5,
                               .range_max = 2,
                               .streams = 65536},
                1, 3000);
}

/* ---- comparing ---- */

enum { PAIRS = 12 }; /* more than there are routes, and RT_NO_ROUTE */

struct pairs {
    bool seen[PAIRS][PAIRS];
};

static void note_pair(void *arg, uint32_t before, uint32_t after)
{
    struct pairs *p = arg;
    p->seen[before == RT_NO_ROUTE ? PAIRS - 1 : before][after == RT_NO_ROUTE ? PAIRS - 1 : after] = true;
}

/* What it tells is what lookups of ordered messages find: no pair more, none less. */
static void test_comparing_two_tables(void **state)
{
    (void)state;
    struct shape s = {.listeners = 2,
                      .peers = 1,
                      .routes = PAIRS - 2,
                      .from_max = 2,
                      .ppids = 3,
                      .ppid_max = 2,
                      .any_percent = 30,
                      .range_max = 3,
                      .streams = 40};
    seed = 7;
    for (unsigned i = 0; i < 500; i++) {
        struct pairs told = {0}, found = {0};
        s.listeners = 1 + below(3);
        s.one_percent = below(3) ? 0 : 50;
        struct cfg_config a = random_config(&s);
        s.listeners = 1 + below(3);
        s.one_percent = below(3) ? 0 : 50;
        struct cfg_config b = random_config(&s);
        struct rt_table *before = rt_table_build(&a), *after = rt_table_build(&b);
        uint32_t sources[] = {rt_source_count(&a), rt_source_count(&b)};
        rt_table_compare(before, after, note_pair, &told);
        for (uint32_t source = 0; source < sources[0] || source < sources[1]; source++)
            for (uint32_t ppid = 0; ppid <= s.ppids; ppid++)
                for (uint16_t stream = 0; stream <= s.streams; stream++)
                    note_pair(&found,
                              source < sources[0] ? walk(&a, source, ppid, stream, false) : RT_NO_ROUTE,
                              source < sources[1] ? walk(&b, source, ppid, stream, false) : RT_NO_ROUTE);
        assert_memory_equal(&told, &found, sizeof told);
        rt_table_free(before);
        rt_table_free(after);
        free_routes(&a);
        free_routes(&b);
    }
}

/* ---- cases by hand ---- */

static const struct cfg_member access = {CFG_MEMBER_LISTENER, 0};
static const struct cfg_member stp = {CFG_MEMBER_PEER, 0};

static struct cfg_config config_of(const struct cfg_route *routes, unsigned count)
{
    return (struct cfg_config){.listener_count = 1, .peer_count = 1, .routes = routes, .route_count = count};
}

static void test_no_routes(void **state)
{
    (void)state;
    struct cfg_config c = config_of(NULL, 0);
    struct rt_table *t = rt_table_build(&c);
    assert_int_equal(rt_table_find(t, 0, 0, 0, false), RT_NO_ROUTE);
    assert_int_equal(rt_table_find(t, 1, UINT32_MAX, 65535, false), RT_NO_ROUTE);
    rt_table_free(t);
    rt_table_free(NULL);
}

static void test_sources_are_listeners_and_peers(void **state)
{
    (void)state;
    const struct cfg_route routes[] = {{.from = &stp, .from_count = 1}, {.from = &access, .from_count = 1}};
    struct cfg_config c = config_of(routes, 2);
    assert_int_equal(rt_source(access), 0);
    assert_int_equal(rt_source(stp), 1);
    struct rt_table *t = rt_table_build(&c);
    assert_int_equal(rt_table_find(t, 0, 3, 5, false), 1);
    assert_int_equal(rt_table_find(t, 1, 3, 5, false), 0);
    rt_table_free(t);
}

/* An exact rule below one for any PPID is shadowed on the streams of that one only. */
static void test_any_ppid_above_and_below_an_exact_one(void **state)
{
    (void)state;
    const uint32_t m3ua = 3;
    const struct cfg_range low = {0, 15}, some = {8, 31};
    const struct cfg_route routes[] = {
        {.from = &access, .from_count = 1, .streams = &low, .stream_count = 1},
        {.from = &access,
         .from_count = 1,
         .ppids = &m3ua,
         .ppid_count = 1,
         .streams = &some,
         .stream_count = 1},
        {.from = &access, .from_count = 1},
    };
    struct cfg_config c = config_of(routes, 3);
    struct rt_table *t = rt_table_build(&c);
    assert_int_equal(rt_table_find(t, 0, 3, 0, false), 0);
    assert_int_equal(rt_table_find(t, 0, 3, 15, false), 0);
    assert_int_equal(rt_table_find(t, 0, 3, 16, false), 1);
    assert_int_equal(rt_table_find(t, 0, 3, 31, false), 1);
    assert_int_equal(rt_table_find(t, 0, 3, 32, false), 2);
    assert_int_equal(rt_table_find(t, 0, 4, 15, false), 0);
    assert_int_equal(rt_table_find(t, 0, 4, 16, false), 2);
    assert_int_equal(rt_table_find(t, 1, 3, 16, false), RT_NO_ROUTE);
    rt_table_free(t);
}

static void test_first_and_last_stream_and_ppid(void **state)
{
    (void)state;
    const uint32_t ppids[] = {0, UINT32_MAX};
    const struct cfg_range ends[] = {{0, 0}, {65535, 65535}};
    const struct cfg_route routes[] = {
        {.from = &stp, .from_count = 1, .ppids = ppids, .ppid_count = 2, .streams = ends, .stream_count = 2}};
    struct cfg_config c = config_of(routes, 1);
    struct rt_table *t = rt_table_build(&c);
    for (unsigned i = 0; i < COUNT(ppids); i++) {
        assert_int_equal(rt_table_find(t, 1, ppids[i], 0, false), 0);
        assert_int_equal(rt_table_find(t, 1, ppids[i], 1, false), RT_NO_ROUTE);
        assert_int_equal(rt_table_find(t, 1, ppids[i], 65534, false), RT_NO_ROUTE);
        assert_int_equal(rt_table_find(t, 1, ppids[i], 65535, false), 0);
    }
    assert_int_equal(rt_table_find(t, 1, 1, 0, false), RT_NO_ROUTE);
    rt_table_free(t);
}

/* The most cuts an axis can have: a rule for each stream, the even ones first. */
static void test_all_streams_one_by_one(void **state)
{
    (void)state;
    enum { N = 65536 };
    struct cfg_route *routes = calloc(N, sizeof *routes);
    struct cfg_range *ranges = calloc(N, sizeof *ranges);
    for (unsigned i = 0; i < N; i++) {
        uint16_t stream = (uint16_t)(i < N / 2 ? 2 * i : 2 * (i - N / 2) + 1);
        ranges[i] = (struct cfg_range){stream, stream};
        routes[i] =
            (struct cfg_route){.from = &access, .from_count = 1, .streams = &ranges[i], .stream_count = 1};
    }
    struct cfg_config c = config_of(routes, N);
    struct rt_table *t = rt_table_build(&c);
    for (unsigned s = 0; s < N; s++)
        assert_int_equal(rt_table_find(t, 0, 7, (uint16_t)s, false), s % 2 ? N / 2 + s / 2 : s / 2);
    rt_table_free(t);
    free(ranges);
    free(routes);
}

/* Rules that multiply where the table is built naively: half name a PPID each, half a stream range each for
 * any PPID, and the ranges all overlap. Processor time, so that a busy machine does not fail it. */
static void test_build_is_not_quadratic(void **state)
{
    (void)state;
    enum { N = 40000 };
    struct cfg_route *routes = calloc(N, sizeof *routes);
    struct cfg_range *ranges = calloc(N, sizeof *ranges);
    uint32_t *ppids = calloc(N, sizeof *ppids);
    for (unsigned i = 0; i < N; i++) {
        ppids[i] = i;
        ranges[i] = (struct cfg_range){(uint16_t)(i / 2), (uint16_t)(65535 - i / 2)};
        routes[i] = (struct cfg_route){.from = &access, .from_count = 1};
        if (i % 2) {
            routes[i].ppids = &ppids[i];
            routes[i].ppid_count = 1;
        } else {
            routes[i].streams = &ranges[N - 1 - i];
            routes[i].stream_count = 1;
        }
    }
    struct cfg_config c = config_of(routes, N);
    clock_t start = clock();
    struct rt_table *t = rt_table_build(&c);
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    assert_non_null(t);
    seed = 6;
    for (unsigned i = 0; i < 1000; i++)
        compare(t, &c, 0, below(N), (uint16_t)below(65536));
    rt_table_free(t);
    free(ppids);
    free(ranges);
    free(routes);
    print_message("%d routes built in %.1f ms of processor time\n", N, seconds * 1e3);
    assert_true(seconds < 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_comparing_two_tables),
        cmocka_unit_test(test_no_routes),
        cmocka_unit_test(test_sources_are_listeners_and_peers),
        cmocka_unit_test(test_any_ppid_above_and_below_an_exact_one),
        cmocka_unit_test(test_first_and_last_stream_and_ppid),
        cmocka_unit_test(test_few_rules_many_overlaps),
        cmocka_unit_test(test_many_ranges_on_one_source),
        cmocka_unit_test(test_every_stream_its_own_rule),
        cmocka_unit_test(test_many_sources_and_ppids),
        cmocka_unit_test(test_ordered_and_unordered),
        cmocka_unit_test(test_ten_thousand_routes),
        cmocka_unit_test(test_all_streams_one_by_one),
        cmocka_unit_test(test_build_is_not_quadratic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
