/* Filters of the tap, as they are written on a command line. */
#include "config/filter.h"
#include "config/ids.h"
#include "tests/unit/config/helper.h"

#define FILE_TEXT                                                                                            \
    "listeners: [{name: access, port: 1}]\n"                                                                 \
    "peers: [{name: hlr, address: 127.0.0.1, port: 2}, {name: stp, address: 127.0.0.1, port: 3}]\n"          \
    "groups: [{name: core, members: [hlr, stp]}]\n"                                                          \
    "routes: [{name: calls, from: access, to: core, session: shared}, {name: back, from: hlr, to: "          \
    "access}]\n"

static void what_is_taken(void **state)
{
    char why[200];
    struct cfg_config *c = parse_good(FILE_TEXT);
    (void)state;
    const struct cfg_filter *f = cfg_filter_parse(
        c, "  from access,hlr to stp\troute back ppid m3ua,0x7 stream 0-15,17 verdict dropped ", why,
        sizeof why);
    assert_non_null(f);
    assert_true(f->from_count == 2 && f->to_count == 1 && f->route_count == 1 && f->ppid_count == 2 &&
                f->stream_count == 2);
    assert_int_equal(f->from[0].kind, CFG_MEMBER_LISTENER);
    assert_int_equal(f->from[1].kind, CFG_MEMBER_PEER);
    assert_int_equal(f->to[0].index, 1);
    assert_int_equal(f->routes[0], 1);
    assert_int_equal(f->ppids[0], 3);
    assert_int_equal(f->streams[1].first, 17);
    assert_int_equal(f->verdict, CFG_DROPPED);
    const struct cfg_filter *copy = cfg_filter_copy(f), *all = cfg_filter_parse(c, "", why, sizeof why);
    assert_true(cfg_filter_same(copy, f) && !cfg_filter_same(copy, all));
    assert_true(!all->from_count && !all->ppid_count && all->verdict == CFG_ANY_VERDICT);
    cfg_filter_free(f);
    cfg_free(c);
    assert_int_equal(copy->ppids[1], 7); /* depends on neither */
    cfg_filter_free(copy);
    cfg_filter_free(all);
}

/* The same words mean the same ids in a configuration that a reload has made. */
static void ids_stay(void **state)
{
    char why[200];
    struct cfg_config *old = parse_good(FILE_TEXT),
                      *c = parse_good("listeners: [{name: access, port: 1}]\n"
                                      "peers: [{name: stp, address: 127.0.0.1, port: 3}]\n"
                                      "routes: [{name: back, from: stp, to: access}]\n");
    (void)state;
    cfg_keep_ids(c, old);
    const struct cfg_filter *f = cfg_filter_parse(c, "from stp route back", why, sizeof why);
    assert_non_null(f);
    assert_int_equal(f->from[0].index, 1);
    assert_int_equal(f->routes[0], 1);
    cfg_filter_free(f);
    assert_null(cfg_filter_parse(c, "from hlr", why, sizeof why)); /* it has gone */
    assert_string_equal(why, "from: there is no peer or listener 'hlr'; there are access, stp");
    cfg_free(old);
    cfg_free(c);
}

static void what_is_said_of_mistakes(void **state)
{
    static const struct {
        const char *words, *why;
    } mistakes[] = {
        {"form access",
         "unknown key 'form' in tap.filter, did you mean 'from'?; known are from, to, route, ppid, "
         "stream, verdict"},
        {"from acess", "from: there is no peer or listener 'acess', did you mean 'access'?"},
        {"from core", "from: 'core' is a group; write its members: hlr, stp"},
        {"to", "to: at least one value is needed"},
        {"to hlr,", "to: there is no peer or listener ''; there are access, hlr, stp"},
        {"route call", "route: there is no route 'call', did you mean 'calls'?"},
        {"route x", "route: there is no route 'x'; there are calls, back"},
        {"ppid m3uaa", "ppid: 'm3uaa' is not a registered PPID; did you mean m3ua?"},
        {"stream 9-3", "stream: 9-3 is in descending order; write 3-9"},
        {"verdict lost",
         "verdict: 'lost' is unknown; write one of any, received, forwarded, dropped, returned"},
        {"ppid 3 ppid 4", "key 'ppid' is given twice (first in line 1); remove one"},
    };
    char why[300];
    struct cfg_config *c = parse_good(FILE_TEXT);
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        assert_null(cfg_filter_parse(c, mistakes[i].words, why, sizeof why));
        assert_string_equal(why, mistakes[i].why);
    }
    cfg_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_taken),
        cmocka_unit_test(ids_stay),
        cmocka_unit_test(what_is_said_of_mistakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
