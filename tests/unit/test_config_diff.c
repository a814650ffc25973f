/* Two configurations compared. The tables are walked, so that a new key or option is compared, or a test
 * fails: one value is changed in the struct, and exactly this difference must be reported, with its effect.
 */
#include "tests/unit/config/helper.h"

#include "config/diff.h"
#include "config/ids.h"
#include "config/same.h"

/* Everything that is reported, a line each; and the last difference. */
struct told {
    FILE *out;
    char *text;
    size_t size;
    unsigned count;
    struct cfg_difference last;
    char key[80];
};

static void note(const struct cfg_difference *d, void *arg)
{
    struct told *t = arg;
    cfg_difference_print(d, t->out);
    fputc('\n', t->out);
    assert_true(!d->before || strlen(d->before) <= CFG_DIFF_VALUE);
    assert_true(!d->after || strlen(d->after) <= CFG_DIFF_VALUE);
    t->last = *d;
    snprintf(t->key, sizeof t->key, "%s", d->key ? d->key : "");
    t->count++;
}

static bool readdresses = true; /* the transport does */

static struct told compare(const struct cfg_config *old, const struct cfg_config *c)
{
    struct told t = {0};
    t.out = open_memstream(&t.text, &t.size);
    cfg_diff(old, c, readdresses, note, &t);
    fclose(t.out);
    return t;
}

/* What a reload from one file to the other would do. */
static void assert_told(const char *old_text, const char *text, const char *expected)
{
    struct cfg_config *old = parse_good(old_text), *c = parse_good(text);
    cfg_keep_ids(c, old);
    struct told t = compare(old, c);
    assert_string_equal(t.text, expected);
    free(t.text);
    cfg_free(old);
    cfg_free(c);
}

#define BASE                                                                                                 \
    "listeners: [{name: a, address: [127.0.0.1, 127.0.0.2], port: 1}, {name: b, port: 2}]\n"                 \
    "peers: [{name: p, address: [127.0.0.1, 127.0.0.2], port: 3, local: [127.0.0.1, 127.0.0.2]},\n"          \
    "        {name: q, address: 127.0.0.3, port: 3}]\n"                                                      \
    "groups: [{name: g, members: [p, q]}, {name: h, members: q}]\n"                                          \
    "routes: [{name: r, from: [a, b], to: g, session: shared}]\n"                                            \
    "tap: {file: x, filter: {from: [a, b], to: [p, q]}}\n"

/* ---- every row ------------------------------------------------------------------------------------ */

static void *object_of(const struct cfg_config *c, enum cfg_section section)
{
    const void *object = section == CFG_LISTENERS ? (const void *)c->listeners
                         : section == CFG_PEERS   ? (const void *)c->peers
                         : section == CFG_GROUPS  ? (const void *)c->groups
                         : section == CFG_ROUTES  ? (const void *)c->routes
                                                  : (const void *)c;
    return (void *)(uintptr_t)object;
}

static void put_pointer(void *object, size_t offset, const void *value)
{
    memcpy((char *)object + offset, &value, sizeof value);
}

static void put_count(void *object, size_t offset, unsigned count)
{
    memcpy((char *)object + offset, &count, sizeof count);
}

/* Changes the value of the key. False: it has none of its own here. */
static bool change(const struct cfg_config *c, const struct cfg_key_row *row)
{
    static const uint32_t ppid = 7;
    static const unsigned route = 0;
    static const struct net_addr endpoint = {.in4 = {.sin_family = AF_INET}};
    static const struct cfg_range range = {1, 2};
    static const struct net_prefix prefix = {{.in4 = {.sin_family = AF_INET}}, 8};
    void *object = object_of(c, row->section);
    switch (row->kind) {
    case CFG_SCALAR:
        cfg_key_put(row, object, cfg_key_get(row, object) == row->spec.min ? row->spec.max : row->spec.min);
        return true;
    case CFG_TEXT:
        put_pointer(object, row->offset, "another");
        return true;
    case CFG_ENDPOINTS:
        put_pointer(object, row->offset, &endpoint);
        put_count(object, row->count_offset, 1);
        return true;
    case CFG_PREFIXES:
    case CFG_DENIED:
        put_pointer(object, row->offset, &prefix);
        put_count(object, row->count_offset, 1);
        return true;
    case CFG_NUMBERS:
    case CFG_PPIDS:
        put_pointer(object, row->offset, &ppid);
        put_count(object, row->count_offset, 1);
        return true;
    case CFG_STREAMS:
        put_pointer(object, row->offset, &range);
        put_count(object, row->count_offset, 1);
        return true;
    case CFG_ADDRESSES:
    case CFG_HOSTS:
    case CFG_MEMBERS:
    case CFG_SOURCES:
        put_count(object, row->count_offset, 1); /* of two */
        return true;
    case CFG_OTHERWISE:
        ((struct cfg_config *)object)->unrouted = CFG_UNROUTED_ABORT;
        return true;
    case CFG_ROUTE_NAMES:
        put_pointer(object, row->offset, &route);
        put_count(object, row->count_offset, 1);
        return true;
    case CFG_OUT_STREAM:
        ((struct cfg_route *)object)->set_stream = (struct cfg_set_stream){CFG_FIXED_STREAM, 3};
        return true;
    case CFG_TARGET:
        ((struct cfg_route *)object)->group = 1;
        return true;
    default:
        return false;
    }
}

static void assert_one(const struct cfg_config *old, const struct cfg_config *c, const char *key,
                       enum cfg_effect effect)
{
    struct told t = compare(old, c);
    if (t.count != 1 || strcmp(t.key, key) != 0 || t.last.effect != effect)
        fail_msg("%s, which acts: %s; told was:\n%s", key, cfg_effect_text(effect), t.text);
    free(t.text);
}

static void every_key(void **state)
{
    (void)state;
    for (unsigned k = 0; k < CFG_KEY_COUNT; k++) {
        const struct cfg_key_row *row = &cfg_key_rows[k];
        struct cfg_config *old = parse_good(BASE), *c = parse_good(BASE);
        cfg_keep_ids(c, old);
        if (k == CFG_KEY_GROUP_RETURN_AFTER) /* which nothing else has */
            ((struct cfg_group *)object_of(old, CFG_GROUPS))->mode =
                ((struct cfg_group *)object_of(c, CFG_GROUPS))->mode = CFG_OVERRIDE;
        if (change(c, row)) {
            enum cfg_effect effect = k == CFG_KEY_LISTENER_ADDRESS ? CFG_NOW : row->effect; /* one stays */
            assert_one(old, c, row->name, effect);
            assert_one(c, old, row->name, effect);
            assert_true(row->effect <= CFG_RESTART);
        } else {
            assert_int_equal(row->effect, row->kind == CFG_NAME ? CFG_BY_NAME : CFG_BY_OPTION);
        }
        cfg_free(old);
        cfg_free(c);
    }
}

/* Another value than the set has. */
static void change_field(struct opt_set *s, enum opt_field f)
{
    const struct opt_field_row *row = &opt_field_rows[f];
    if (row->type == OPT_FILE)
        opt_put_file(s, f, "/another/file");
    else if (row->type == OPT_ADDR)
        opt_put_text(s, f, "192.0.2.77");
    else
        opt_put(s, f, opt_num(s, f, row->max) == row->min ? row->max : row->min);
}

static enum cfg_effect effect_of(enum opt_field f, bool peer)
{
    static const enum cfg_effect effects[] = {
        [OPT_NOW] = CFG_NOW, [OPT_NEXT_ASSOC] = CFG_NEW_ASSOC, [OPT_RESTART] = CFG_RESTART};
    enum opt_effect effect = opt_rows[opt_field_rows[f].option].effect;
    return peer && effect == OPT_RESTART ? CFG_NEW_ASSOC : effects[effect];
}

static void every_option(void **state)
{
    char key[80];
    (void)state;
    for (unsigned f = 0; f < OPTF_COUNT; f++) {
        const struct opt_row *option = &opt_rows[opt_field_rows[f].option];
        struct cfg_config *old = parse_good(BASE), *c = parse_good(BASE);
        cfg_keep_ids(c, old);
        struct opt_set *listener = &((struct cfg_listener *)object_of(c, CFG_LISTENERS))->sctp,
                       *peer = &((struct cfg_peer *)object_of(c, CFG_PEERS))->sctp, before = *listener;
        snprintf(key, sizeof key, "%s%s%s", option->name, *opt_field_rows[f].name ? "." : "",
                 opt_field_rows[f].name);
        change_field(listener, f);
        assert_one(old, c, key, effect_of(f, false));
        *listener = before;
        change_field(peer, f);
        assert_one(old, c, key, effect_of(f, true));
        if (!opt_given(&before, f)) /* taken out it stays where it is */
            assert_one(c, old, key, CFG_NEW_ASSOC);
        cfg_free(old);
        cfg_free(c);
    }
}

/* ---- stories -------------------------------------------------------------------------------------- */

static void same_says_nothing(void **state)
{
    (void)state;
    assert_told(BASE, BASE, "");
    assert_told(
        BASE,
        "peers: [{name: q, address: 127.0.0.3, port: 3},\n"
        "        {name: p, address: [127.0.0.1, 127.0.0.2], port: 3, local: [127.0.0.1, 127.0.0.2]}]\n"
        "listeners: [{name: b, port: 2}, {name: a, address: [127.0.0.1, 127.0.0.2], port: 0x1}]\n"
        "groups: [{name: h, members: q}, {name: g, members: [p, q], mode: loadshare}]\n"
        "profiles: {one: {nodelay: true}}\n"
        "routes: [{name: r, from: [a, b], to: g, session: shared}]\n"
        "tap: {filter: {to: [p, q], from: [a, b], ppid: any}, file: x, rotate: {size: 104857600}}\n",
        "");
}

static void the_tap_comes_and_goes(void **state)
{
    (void)state;
#define WITHOUT                                                                                              \
    "listeners: [{name: a, port: 1}]\npeers: [{name: p, address: 127.0.0.1, port: 3}]\n"                     \
    "routes: [{name: r, from: a, to: p}]\n"
    assert_told(WITHOUT, WITHOUT "tap: {file: t.pcapng, filter: {route: r, ppid: m3ua}}\n",
                "tap: file: added 't.pcapng' (at once)\ntap: filter.route: added [r] (at once)\n"
                "tap: filter.ppid: added [m3ua] (at once)\n");
    assert_told(WITHOUT "tap: {file: t.pcapng}\n", WITHOUT, "tap: file: removed 't.pcapng' (at once)\n");
    assert_told(WITHOUT "tap: {file: t.pcapng, snaplen: 100}\n",
                WITHOUT "tap: {file: t.pcapng, filter: {from: a}}\n",
                "tap: snaplen: 100 -> 256K, the default (at once)\ntap: filter.from: added a (at once)\n");
}

static void things_come_and_go(void **state)
{
    (void)state;
    assert_told("listeners: [{name: a, port: 1}, {name: b, port: 2}]\n"
                "peers: [{name: p, address: 127.0.0.1, port: 3}, {name: q, address: 127.0.0.1, port: 4}]\n"
                "groups: [{name: g, members: [p, q], mode: override}]\n"
                "routes: [{name: first, from: any, ppid: 1, to: g, session: shared}, {from: q, to: p}]\n",
                "listeners: [{name: a, port: 1}, {name: new, port: 5}]\n"
                "peers: [{name: p, address: 127.0.0.1, port: 3}, {name: q, address: 127.0.0.1, port: 4}]\n"
                "groups: [{name: g, members: [q, p, new], mode: override}]\n"
                "routes: [{from: q, to: q}, {name: first, from: any, ppid: 1, to: g, session: shared}]\n",
                "listener b: removed (at once)\n"
                "listener new: added (at once)\n"
                "group g: members: added new (at once)\n"
                "group g: members: [p, q] -> [q, p, new] (at once)\n"
                "route first: from: added new (at once)\n"
                "route first: from: removed b (at once)\n"
                "route from q to p shared: removed (at once)\n"
                "route from q to q shared: added (at once)\n");
}

static void the_order_of_routes(void **state)
{
    (void)state;
#define ENDPOINTS "listeners: [{name: a, port: 1}]\npeers: [{name: p, address: 127.0.0.1, port: 3}]\n"
    assert_told(ENDPOINTS "routes: [{from: a, ppid: 1, to: p}, {name: x, from: a, stream: 2, to: p}]\n",
                ENDPOINTS "routes: [{name: x, from: a, stream: 2, to: p}, {from: a, ppid: 1, to: p}]\n",
                "route: order: from a ppid 1 to p paired; x -> x; from a ppid 1 to p paired (at once)\n");
}

/* The route that `unrouted` makes is told as this key, and keeps its id. */
static void unrouted(void **state)
{
#define THREE                                                                                                \
    "listeners: [{name: a, port: 1}]\n"                                                                      \
    "peers: [{name: p, address: 127.0.0.1, port: 3}, {name: q, address: 127.0.0.1, port: 4}]\n"
    static const char drop[] = THREE "routes: [{from: a, ppid: 1, to: p}]\n",
                      to_p[] = "broker: {unrouted: p}\n" THREE "routes: [{from: a, ppid: 1, to: p}]\n",
                      to_q[] = "broker: {unrouted: q}\n" THREE
                               "routes: [{from: a, ppid: 2, to: p}, {from: a, ppid: 1, to: p}]\n";
    (void)state;
    assert_told(drop, to_p, "broker: unrouted: drop -> p (at once)\n");
    assert_told(to_p, drop, "broker: unrouted: p -> drop, the default (at once)\n");
    assert_told(to_p, to_q,
                "broker: unrouted: p -> q (at once)\nroute from a ppid 2 to p paired: added (at once)\n");
    struct cfg_config *old = parse_good(to_p), *c = parse_good(to_q);
    cfg_keep_ids(c, old);
    assert_int_equal(cfg_route_at(c, cfg_ordered_routes(c) - 1), 1);
    assert_string_equal(cfg_unrouted_group(c)->name, "q");
    cfg_free(old);
    cfg_free(c);
}

/* What is not written follows from the rest, or has its default. */
static void what_is_not_written(void **state)
{
    (void)state;
    assert_told("listeners: [{name: a, port: 1, encaps_port: 7, sctp: {sndbuf: 2M, rtoinfo: {min: 1s}}}]\n"
                "peers: [{name: p, address: 127.0.0.1, port: 3, sctp: {reuseaddr: false, tos: 4}}]\n"
                "routes: [{from: a, to: p}]\n",
                "sctp: {sndbuf: 64K}\n"
                "listeners: [{name: a, port: 1, sctp: {reuseaddr: false}}]\n"
                "peers: [{name: p, address: 127.0.0.1, port: 3}]\n"
                "routes: [{from: a, to: p}]\n",
                "broker: max_message: 1M -> 64K, the default (restart)\n"
                "listener a: encaps_port: 7 -> 9899, the default (new endpoint)\n"
                "listener a: sndbuf: 2M -> 64K (at once)\n"
                "listener a: reuseaddr: true -> false (new endpoint)\n"
                "listener a: rtoinfo.min: removed 1s (new endpoint)\n"
                "peer p: sndbuf: 4M -> 64K (at once)\n"
                "peer p: reuseaddr: false -> true, the default (new associations)\n"
                "peer p: tos: removed 4 (new associations)\n");
}

static void taken_out_of_a_listener_stays(void **state)
{
    (void)state;
    assert_told("listeners: [{name: a, port: 1, sctp: {rtoinfo: {min: 1s}}}]\n"
                "peers: [{name: p, address: 127.0.0.1, port: 3}]\nroutes: [{from: a, to: p}]\n",
                "listeners: [{name: a, port: 1, sctp: {reuseaddr: false}}]\n"
                "peers: [{name: p, address: 127.0.0.1, port: 3}]\nroutes: [{from: a, to: p}]\n",
                "listener a: reuseaddr: true -> false (restart)\n"
                "listener a: rtoinfo.min: removed 1s (restart)\n");
}

#define AT(broker, address)                                                                                  \
    broker "listeners: [{name: a, address: " address ", port: 1}]\n"                                         \
           "peers: [{name: p, address: 127.0.0.1, port: 3}]\nroutes: [{from: a, to: p}]\n"

/* A socket can have other addresses where one of them stays, none is the wildcard address, and the stack lets
 * it. */
static void addresses_change_in_place(void **state)
{
    (void)state;
    assert_told(AT("", "[127.0.0.1, 127.0.0.2]"), AT("", "[127.0.0.1, 127.0.0.3]"),
                "listener a: address: [127.0.0.1, 127.0.0.2] -> [127.0.0.1, 127.0.0.3] (at once)\n");
    assert_told(AT("", "127.0.0.1"), AT("", "127.0.0.3"),
                "listener a: address: [127.0.0.1] -> [127.0.0.3] (new endpoint)\n");
    readdresses = false; /* what was written of it, and what it is: `auto` may have chosen usrsctp */
    assert_told(AT("", "127.0.0.1"), AT("", "[127.0.0.1, 127.0.0.3]"),
                "listener a: address: [127.0.0.1] -> [127.0.0.1, 127.0.0.3] (new endpoint)\n");
    readdresses = true;
}

/* Where its sockets are opened anew they get the options that are written. */
static void a_new_endpoint_has_new_options(void **state)
{
    static const char with[] =
        "listeners: [{name: a, address: [127.0.0.1, 127.0.0.2], port: 1, sctp: {reuseaddr: true}}]\n"
        "routes: [{from: a, to: a}]\n",
                      without[] =
                          "listeners: [{name: a, address: 127.0.0.1, port: 1, sctp: {reuseaddr: false}}]\n"
                          "routes: [{from: a, to: a}]\n";
    (void)state;
    for (int in_place = 0; in_place < 2; in_place++) {
        struct cfg_config *old = parse_good(with), *c = parse_good(without);
        cfg_keep_ids(c, old);
        cfg_keep_restart_values(c, old, in_place);
        assert_int_equal(opt_num(&c->listeners[0].sctp, OPTF_REUSEADDR, -1), in_place);
        cfg_free(old);
        cfg_free(c);
    }
}

/* After the reload, too, and until the file says again what is in force. */
static void a_restart_is_asked_for_again(void **state)
{
    static const char before[] = "listeners: [{name: a, port: 1, sctp: {rtoinfo: {min: 1s}}}]\n"
                                 "peers: [{name: p, address: 127.0.0.1, port: 3}]\n"
                                 "routes: [{from: a, to: p}]\n",
                      after[] = "broker: {pin: true}\n"
                                "listeners: [{name: a, port: 1, sctp: {reuseaddr: false}}]\n"
                                "peers: [{name: p, address: 127.0.0.1, port: 3}]\n"
                                "routes: [{from: a, to: p}]\n";
    struct cfg_config *old = parse_good(before);
    (void)state;
    for (unsigned reload = 0; reload < 3; reload++) {
        struct cfg_config *c = parse_good(after);
        cfg_keep_ids(c, old);
        struct told t = compare(old, c);
        assert_string_equal(t.text, "broker: pin: false -> true (restart)\n"
                                    "listener a: reuseaddr: true -> false (restart)\n"
                                    "listener a: rtoinfo.min: removed 1s (restart)\n");
        free(t.text);
        cfg_keep_restart_values(c, old, true);
        cfg_free(old);
        old = c;
    }
    struct cfg_config *c = parse_good(before);
    cfg_keep_ids(c, old);
    struct told t = compare(old, c);
    assert_string_equal(t.text, "");
    free(t.text);
    cfg_free(old);
    cfg_free(c);
}

static void long_values_are_cut(void **state)
{
    (void)state;
    char text[4000] = ENDPOINTS "routes: [{name: r, from: a, to: p, stream: [0";
    for (unsigned i = 2; i < 200; i += 2)
        snprintf(text + strlen(text), sizeof text - strlen(text), ", %u", i);
    strcat(text, "]}]\n");
    struct cfg_config *old = parse_good(ENDPOINTS "routes: [{name: r, from: a, to: p}]\n"),
                      *c = parse_good(text);
    cfg_keep_ids(c, old);
    struct told t = compare(old, c);
    assert_int_equal(t.count, 1);
    assert_memory_equal(t.text, "route r: stream: any -> [0, 2, 4,", 33);
    assert_non_null(strstr(t.text, "... (at once)\n"));
    free(t.text);
    cfg_free(old);
    cfg_free(c);
}

/* ---- random pairs --------------------------------------------------------------------------------- */

static uint32_t pick(uint32_t *seed, uint32_t n)
{
    *seed = *seed * 1664525 + 1013904223;
    return (*seed >> 8) % n;
}

/* Changes some keys and options at random. */
static void shake(struct cfg_config *c, uint32_t *seed)
{
    for (unsigned n = pick(seed, 4); n; n--) {
        const struct cfg_key_row *row = &cfg_key_rows[pick(seed, CFG_KEY_COUNT)];
        if (row->kind != CFG_NAME)
            change(c, row);
    }
    for (unsigned n = pick(seed, 3); n; n--)
        change_field(&((struct cfg_peer *)object_of(c, CFG_PEERS))->sctp, pick(seed, OPTF_COUNT));
}

static void told_where_print_differs(void **state)
{
    uint32_t seed = 1;
    unsigned differ = 0;
    (void)state;
    for (unsigned round = 0; round < 300; round++) {
        struct cfg_config *old = parse_good(BASE), *c = parse_good(BASE);
        shake(old, &seed);
        shake(c, &seed);
        cfg_keep_ids(c, old);
        char *old_text = print_text(old), *text = print_text(c);
        struct told t = compare(old, c), same = compare(c, c);
        assert_int_equal(t.count != 0, strcmp(old_text, text) != 0);
        assert_int_equal(same.count, 0);
        differ += t.count != 0;
        free(t.text);
        free(same.text);
        free(old_text);
        free(text);
        cfg_free(old);
        cfg_free(c);
    }
    assert_true(differ > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key),
        cmocka_unit_test(every_option),
        cmocka_unit_test(same_says_nothing),
        cmocka_unit_test(the_tap_comes_and_goes),
        cmocka_unit_test(things_come_and_go),
        cmocka_unit_test(the_order_of_routes),
        cmocka_unit_test(unrouted),
        cmocka_unit_test(what_is_not_written),
        cmocka_unit_test(taken_out_of_a_listener_stays),
        cmocka_unit_test(addresses_change_in_place),
        cmocka_unit_test(a_new_endpoint_has_new_options),
        cmocka_unit_test(a_restart_is_asked_for_again),
        cmocka_unit_test(long_values_are_cut),
        cmocka_unit_test(told_where_print_differs),
    };
    return cmocka_run_group_tests_name("config/diff", tests, NULL, NULL);
}
