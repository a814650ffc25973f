/* A configuration as a whole: what a file means, which defaults are added, and that --print gives an
 * equivalent file. */
#include "tests/unit/config/helper.h"

#include "config/filter.h"
#include "config/keys.h"

#define ROUTE "routes: [{from: a, to: p}]\n"
#define BASE                                                                                                 \
    "listeners: [{name: a, address: 127.0.0.1, port: 2905}]\n"                                               \
    "peers: [{name: p, address: 127.0.0.1, port: 2906}]\n"

static struct cfg_config *load_good(const char *file)
{
    struct cfg_remarks remarks;
    struct cfg_config *c = cfg_load(file, &remarks);
    if (!c)
        cfg_remarks_print(file, &remarks, stderr);
    assert_non_null(c);
    cfg_remarks_free(&remarks);
    return c;
}

static bool is_address(const struct net_addr *a, const char *text)
{
    char out[NET_ADDR_TEXT];
    return strcmp(net_addr_format(a, out, sizeof out), text) == 0;
}

/* ---- defaults ------------------------------------------------------------------------------------- */

static void test_defaults(void **state)
{
    struct cfg_config *c = parse_good(BASE ROUTE);
    struct opt_set defaults = {0};
    (void)state;
    assert_int_equal(c->transport, CFG_TRANSPORT_AUTO);
    assert_int_equal(c->workers, 0);
    assert_false(c->pin);
    assert_int_equal(c->drain_timeout_ms, 5000);
    assert_int_equal(c->max_message, 1 << 20);
    assert_int_equal(c->queue_messages, 4096);
    assert_int_equal(c->queue_bytes, 256 << 10);
    assert_int_equal(c->log_level, CFG_LOG_INFO);
    assert_string_equal(c->file, "test.yaml");

    opt_defaults(&defaults);
    const struct cfg_listener *l = c->listeners;
    assert_int_equal(c->listener_count, 1);
    assert_int_equal(l->encaps_port, 9899);
    assert_int_equal(l->peeloff, CFG_PEELOFF_ALWAYS);
    struct opt_set offered = defaults;
    opt_put(&offered, OPTF_INIT_OSTREAMS, 256); /* as many as its peer accepts */
    assert_memory_equal(&l->sctp, &offered, sizeof offered);

    const struct cfg_peer *p = c->peers;
    assert_int_equal(c->peer_count, 1);
    assert_int_equal(p->port, 2906);
    assert_int_equal(p->local_count, 0);
    assert_int_equal(p->encaps_port, 9899);
    assert_int_equal(p->connect_timeout_ms, 5000);
    assert_int_equal(p->reconnect_initial_ms, 500);
    assert_int_equal(p->reconnect_max_ms, 30000);
    assert_memory_equal(&p->sctp, &defaults, sizeof defaults);

    assert_int_equal(c->group_count, 1); /* the route's own */
    assert_string_equal(c->groups[0].name, "p");
    assert_int_equal(c->groups[0].mode, CFG_LOADSHARE);
    assert_int_equal(c->groups[0].share, CFG_ROUND_ROBIN);
    assert_int_equal(c->route_count, 1);
    assert_int_equal(c->routes[0].ppid_count, 0);
    assert_int_equal(c->routes[0].stream_count, 0);
    assert_int_equal(c->routes[0].session, CFG_PAIRED);
    assert_int_equal(c->routes[0].line, 3);
    cfg_free(c);
}

static void streams_are(const struct cfg_config *c, unsigned listener, int64_t out, int64_t in)
{
    assert_int_equal(opt_num(&c->listeners[listener].sctp, OPTF_INIT_OSTREAMS, 0), out);
    assert_int_equal(opt_num(&c->listeners[listener].sctp, OPTF_INIT_INSTREAMS, 0), in);
}

/* Listeners with paired sessions offer and accept what fits all their peers; what is written goes before it.
 */
static void test_paired_streams(void **state)
{
    struct cfg_config *c = parse_good(
        "listeners: [{name: a, port: 1}, {name: b, port: 2}, {name: c, port: 3}, {name: d, port: 4, sctp: "
        "{initmsg: "
        "{num_ostreams: 2, max_instreams: 3}}}, {name: e, port: 5}]\n"
        "peers:\n"
        "  - {name: p, address: 127.0.0.1, port: 6, sctp: {initmsg: {num_ostreams: 4, max_instreams: 5}}}\n"
        "  - {name: q, address: 127.0.0.1, port: 7, sctp: {initmsg: {num_ostreams: 9, max_instreams: 300}}}\n"
        "  - {name: r, address: 127.0.0.1, port: 8, sctp: {initmsg: {num_ostreams: 999}}}\n"
        "groups: [{name: g, members: [p, q]}]\n"
        "routes: [{from: a, to: g}, {from: b, to: r}, {from: c, to: p, session: shared}, {from: d, to: q}, "
        "{from: e, "
        "ppid: 1, to: r}, {from: e, to: p, session: shared}]\n");
    (void)state;
    streams_are(c, 0, 300, 4);
    streams_are(c, 1, 256, 256);
    streams_are(c, 2, 0, 256);
    streams_are(c, 3, 2, 3);
    streams_are(c, 4, 256, 256);
    cfg_free(c);
}

static void test_any_address(void **state)
{
    struct cfg_config *c = parse_good("listeners: [{name: a, port: 2905}]\nroutes: [{from: a, to: a}]\n");
    (void)state;
    assert_int_equal(c->listeners[0].address_count, 1);
    assert_true(is_address(&c->listeners[0].addresses[0], "0.0.0.0:2905"));
    cfg_free(c);
}

/* max_message follows the smallest send buffer, but only where it is not written. */
static void test_max_message(void **state)
{
    struct cfg_config *c = parse_good("sctp: {sndbuf: 64K}\n" BASE ROUTE);
    (void)state;
    assert_int_equal(c->max_message, 65536);
    cfg_free(c);
    c = parse_good("listeners: [{name: a, port: 1}]\n"
                   "peers: [{name: p, address: 192.0.2.1, port: 1, sctp: {sndbuf: 32K}}]\n" ROUTE);
    assert_int_equal(c->max_message, 32768);
    cfg_free(c);
    c = parse_good("broker: {max_message: 4M}\n" BASE ROUTE);
    assert_int_equal(c->max_message, 4 << 20);
    cfg_free(c);
}

/* ---- a rich file ---------------------------------------------------------------------------------- */

static void test_rich_broker(void **state)
{
    struct cfg_config *c = load_good(FIXTURE("rich.yaml"));
    (void)state;
    assert_int_equal(c->transport, CFG_TRANSPORT_KERNEL);
    assert_int_equal(c->workers, 3);
    assert_true(c->pin);
    assert_int_equal(c->drain_timeout_ms, 2500);
    assert_int_equal(c->max_message, 256 * 1024);
    assert_int_equal(c->queue_messages, 512);
    assert_int_equal(c->queue_bytes, 1 << 30);
    assert_int_equal(c->log_level, CFG_LOG_DEBUG);
    cfg_free(c);
}

static void test_rich_endpoints(void **state)
{
    struct cfg_config *c = load_good(FIXTURE("rich.yaml"));
    (void)state;
    assert_int_equal(c->listener_count, 4);
    const struct cfg_listener *access = &c->listeners[0], *fan = &c->listeners[1];
    assert_string_equal(access->name, "access");
    assert_int_equal(access->address_count, 2);
    assert_true(is_address(&access->addresses[0], "127.0.0.1:2905"));
    assert_true(is_address(&access->addresses[1], "[::1]:2905"));
    assert_int_equal(access->peeloff, CFG_PEELOFF_ALWAYS);
    assert_int_equal(opt_num(&access->sctp, OPTF_NODELAY, -1), 1);
    assert_int_equal(opt_num(&access->sctp, OPTF_SNDBUF, -1), 2 << 20);
    assert_int_equal(opt_num(&access->sctp, OPTF_ADAPTATION_LAYER, -1), UINT32_MAX);
    assert_int_equal(opt_num(&access->sctp, OPTF_AUTOCLOSE, -1), 120);
    assert_string_equal(fan->name, "fan");
    assert_int_equal(fan->port, 2907);
    assert_int_equal(fan->address_count, 2);
    assert_true(is_address(&fan->addresses[0], "127.0.0.1:2907"));
    assert_int_equal(fan->encaps_port, 65535);
    assert_true(is_address(&c->listeners[2].addresses[0], "[::]:1"));
    assert_int_equal(opt_num(&c->listeners[2].sctp, OPTF_NODELAY, -1), 0);
    assert_int_equal(opt_num(&c->listeners[2].sctp, OPTF_MAXSEG, -1), 1200);

    assert_int_equal(c->peer_count, 2);
    const struct cfg_peer *a = &c->peers[0], *b = &c->peers[1];
    assert_int_equal(a->host_count, 3);
    assert_null(a->hosts[1].name);
    assert_true(is_address(&a->hosts[1].address, "[2001:db8::1]:2906"));
    assert_string_equal(a->hosts[2].name, "STP-a.example.");
    assert_int_equal(a->local_count, 2);
    assert_true(is_address(&a->local[1], "192.0.2.2"));
    assert_int_equal(a->connect_timeout_ms, 10);
    assert_int_equal(a->reconnect_initial_ms, 3600000);
    assert_int_equal(a->reconnect_max_ms, 3600000);
    assert_true(is_address(&b->hosts[0].address, "[fe80::1%lo]:65535"));
    cfg_free(c);
}

/* Defaults, then `sctp`, then the profile, then its own: each field from the last that gives it. */
static void test_rich_options(void **state)
{
    struct cfg_config *c = load_good(FIXTURE("rich.yaml"));
    const struct opt_set *a = &c->peers[0].sctp, *b = &c->peers[1].sctp;
    (void)state;
    assert_int_equal(opt_num(a, OPTF_REUSEADDR, -1), 1);     /* default */
    assert_int_equal(opt_num(a, OPTF_RECBUF, -1), 8 << 20);  /* sctp */
    assert_int_equal(opt_num(a, OPTF_RTO_INITIAL, -1), 200); /* sctp */
    assert_int_equal(opt_num(a, OPTF_NODELAY, -1), 1);       /* profile */
    assert_int_equal(opt_num(a, OPTF_DSP_PPID, -1), 3);      /* profile */
    assert_int_equal(opt_num(a, OPTF_DSP_FLAGS, -1), OPT_SEND_UNORDERED);
    assert_int_equal(opt_num(a, OPTF_SNDBUF, -1), 1 << 20); /* own, over the profile's */
    assert_int_equal(opt_num(a, OPTF_RTO_MAX, -1), 2000);   /* own, other fields of the record kept */
    assert_string_equal(opt_text(a, OPTF_PRIMARY_ADDR), "2001:db8::1");
    assert_int_equal(opt_num(a, OPTF_EV_ADDRESS, -1), 1);
    assert_int_equal(opt_num(a, OPTF_EV_PEER_ERROR, -1), 0);
    assert_false(opt_given(a, OPTF_EV_SHUTDOWN));
    assert_int_equal(opt_num(b, OPTF_PAP_FLAGS, -1), OPT_HB_ENABLE | OPT_PMTUD_DISABLE);
    assert_int_equal(opt_num(b, OPTF_LINGER_TIME, -1), 60);
    assert_int_equal(opt_num(b, OPTF_NODELAY, -1), 0);
    cfg_free(c);
}

static void test_rich_routes(void **state)
{
    struct cfg_config *c = load_good(FIXTURE("rich.yaml"));
    (void)state;
    assert_int_equal(c->group_count, 5); /* three and those of the listener and the peer that routes name */
    assert_int_equal(c->groups[0].mode, CFG_OVERRIDE);
    assert_string_equal(cfg_member_name(c, c->groups[0].members[0]), "stp-b");
    assert_int_equal(c->groups[1].members[0].kind, CFG_MEMBER_LISTENER);
    assert_int_equal(c->groups[2].share, CFG_STREAM_HASH);

    assert_int_equal(c->route_count, 5);
    const struct cfg_route *r = c->routes;
    assert_int_equal(r[0].from_count, 2);
    assert_int_equal(r[0].ppid_count, 3);
    assert_int_equal(r[0].ppids[1], 60);
    assert_int_equal(r[0].ppids[2], UINT32_MAX);
    assert_int_equal(r[0].stream_count, 2); /* 0-4 and 7-9 */
    assert_int_equal(r[0].streams[0].first, 0);
    assert_int_equal(r[0].streams[0].last, 4);
    assert_int_equal(r[0].streams[1].first, 7);
    assert_int_equal(r[0].session, CFG_PAIRED);
    assert_int_equal(r[0].group, 0);
    assert_int_equal(r[1].session, CFG_SHARED);
    assert_string_equal(c->groups[r[2].group].name, "access");
    assert_int_equal(c->groups[r[2].group].members[0].kind, CFG_MEMBER_LISTENER);
    assert_string_equal(c->groups[r[3].group].name, "stp-b");
    assert_int_equal(r[3].session, CFG_SHARED); /* from a peer */
    assert_int_equal(r[4].from_count, 6);       /* shared: listeners and peers */
    assert_int_equal(r[4].session, CFG_SHARED);
    assert_int_equal(r[1].pr_policy, OPT_PR_NONE);
    assert_int_equal(r[1].partial.rtx, CFG_ABSENT);
    assert_int_equal(r[2].pr_policy, OPT_PR_RTX);
    assert_int_equal(r[2].pr_value, 0);
    assert_int_equal(r[3].pr_policy, OPT_PR_TTL);
    assert_int_equal(r[3].pr_value, 1500);
    assert_int_equal(r[1].delivery, CFG_EITHER);
    assert_int_equal(r[2].delivery, CFG_UNORDERED);
    assert_int_equal(r[3].delivery, CFG_ORDERED);
    assert_false(r[1].rewrites);
    assert_int_equal(r[2].set_ppid, 5);
    assert_int_equal(r[2].set_stream.rule, CFG_FIXED_STREAM);
    assert_int_equal(r[2].set_stream.number, 65534);
    assert_int_equal(r[3].set_ppid, CFG_ABSENT);
    assert_int_equal(r[3].set_stream.rule, CFG_HASHED_STREAM);
    assert_int_equal(r[4].set_ppid, 0);
    assert_int_equal(r[4].set_stream.rule, CFG_SPREAD_STREAM);
    assert_true(r[2].rewrites && r[3].rewrites && r[4].rewrites);
    cfg_free(c);
}

/* ---- sessions ------------------------------------------------------------------------------------- */

static enum cfg_session session_of(const char *route)
{
    char text[1000];
    snprintf(text, sizeof text,
             BASE "groups: [{name: all, members: [p], mode: broadcast}, {name: mixed, members: [p, a]},"
                  " {name: one, members: [p], mode: override}]\nroutes: [%s]\n",
             route);
    struct cfg_config *c = parse_good(text);
    enum cfg_session session = c->routes[0].session;
    cfg_free(c);
    return session;
}

static void test_sessions(void **state)
{
    (void)state;
    assert_int_equal(session_of("{from: a, to: p}"), CFG_PAIRED);
    assert_int_equal(session_of("{to: p}"), CFG_PAIRED);
    assert_int_equal(session_of("{from: a, to: one}"), CFG_PAIRED);
    assert_int_equal(session_of("{from: p, to: p}"), CFG_SHARED);
    assert_int_equal(session_of("{from: [a, p], to: p}"), CFG_SHARED);
    assert_int_equal(session_of("{from: a, to: all}"), CFG_SHARED);
    assert_int_equal(session_of("{from: a, to: mixed}"), CFG_SHARED);
    assert_int_equal(session_of("{from: a, to: a}"), CFG_SHARED);
    assert_int_equal(session_of("{from: a, to: p, session: shared}"), CFG_SHARED);
}

/* A second group for a listener's clients is not an error if nothing from it can match that route. */
static void test_one_partner(void **state)
{
    (void)state;
    struct cfg_config *c =
        parse_good("listeners: [{name: a, port: 1}, {name: b, port: 2}]\n"
                   "peers: [{name: p, address: 192.0.2.1, port: 1}, {name: q, address: 192.0.2.1, port: 2}]\n"
                   "routes:\n  - {from: a, to: p}\n  - {to: q}\n");
    assert_int_equal(c->routes[1].from_count, 2);
    cfg_free(c);
}

/* What no route takes: a last one, of all that are not members of the group. */
static void test_unrouted(void **state)
{
    (void)state;
    struct cfg_config *c = load_good(FIXTURE("unrouted.yaml"));
    assert_int_equal(c->route_count, 1);
    const struct cfg_route *r = &c->routes[0];
    assert_string_equal(r->name, "unrouted");
    assert_ptr_equal(cfg_unrouted_group(c), &c->groups[r->group]);
    assert_string_equal(c->groups[r->group].name, "rest");
    assert_int_equal(r->session, CFG_SHARED);
    assert_true(c->groups[r->group].shared);
    assert_int_equal(r->ppid_count + r->stream_count, 0);
    assert_int_equal(r->set_ppid, CFG_ABSENT);
    assert_int_equal(r->from_count, 2);
    assert_string_equal(cfg_member_name(c, r->from[0]), "access");
    assert_string_equal(cfg_member_name(c, r->from[1]), "p");
    cfg_free(c);
}

/* ---- printing ------------------------------------------------------------------------------------- */

static void same_list(const void *a, unsigned a_count, const void *b, unsigned b_count, size_t size)
{
    assert_int_equal(a_count, b_count);
    if (a_count)
        assert_memory_equal(a, b, a_count * size);
}

static void same_hosts(const struct cfg_peer *a, const struct cfg_peer *b)
{
    assert_int_equal(a->host_count, b->host_count);
    for (unsigned i = 0; i < a->host_count; i++) {
        const struct net_host *x = &a->hosts[i], *y = &b->hosts[i];
        assert_int_equal(!x->name, !y->name);
        if (x->name)
            assert_string_equal(x->name, y->name);
        else
            assert_true(net_addr_equal(&x->address, &y->address));
    }
}

static void same_endpoints(const struct cfg_config *a, const struct cfg_config *b)
{
    assert_int_equal(a->listener_count, b->listener_count);
    for (unsigned i = 0; i < a->listener_count; i++) {
        const struct cfg_listener *x = &a->listeners[i], *y = &b->listeners[i];
        assert_string_equal(x->name, y->name);
        same_list(x->addresses, x->address_count, y->addresses, y->address_count, sizeof *x->addresses);
        assert_true(x->port == y->port && x->encaps_port == y->encaps_port && x->peeloff == y->peeloff);
        assert_memory_equal(&x->sctp, &y->sctp, sizeof x->sctp);
    }
    assert_int_equal(a->peer_count, b->peer_count);
    for (unsigned i = 0; i < a->peer_count; i++) {
        const struct cfg_peer *x = &a->peers[i], *y = &b->peers[i];
        assert_string_equal(x->name, y->name);
        same_hosts(x, y);
        same_list(x->local, x->local_count, y->local, y->local_count, sizeof *x->local);
        assert_true(x->port == y->port && x->encaps_port == y->encaps_port);
        assert_true(x->connect_timeout_ms == y->connect_timeout_ms);
        assert_true(x->reconnect_initial_ms == y->reconnect_initial_ms &&
                    x->reconnect_max_ms == y->reconnect_max_ms);
        assert_memory_equal(&x->sctp, &y->sctp, sizeof x->sctp);
    }
}

static void same_routing(const struct cfg_config *a, const struct cfg_config *b)
{
    assert_int_equal(a->group_count, b->group_count);
    for (unsigned i = 0; i < a->group_count; i++) {
        const struct cfg_group *x = &a->groups[i], *y = &b->groups[i];
        assert_string_equal(x->name, y->name);
        same_list(x->members, x->member_count, y->members, y->member_count, sizeof *x->members);
        assert_true(x->mode == y->mode && x->share == y->share);
    }
    assert_int_equal(a->route_count, b->route_count);
    for (unsigned i = 0; i < a->route_count; i++) {
        const struct cfg_route *x = &a->routes[i], *y = &b->routes[i];
        same_list(x->from, x->from_count, y->from, y->from_count, sizeof *x->from);
        same_list(x->ppids, x->ppid_count, y->ppids, y->ppid_count, sizeof *x->ppids);
        same_list(x->streams, x->stream_count, y->streams, y->stream_count, sizeof *x->streams);
        assert_true(x->group == y->group && x->session == y->session && x->delivery == y->delivery);
        assert_true(x->set_ppid == y->set_ppid && x->set_stream.rule == y->set_stream.rule &&
                    x->set_stream.number == y->set_stream.number && x->rewrites == y->rewrites);
    }
}

static void same_config(const struct cfg_config *a, const struct cfg_config *b)
{
    for (unsigned k = 0; k < CFG_KEY_COUNT; k++)
        if (cfg_key_rows[k].section == CFG_BROKER && cfg_key_rows[k].kind == CFG_SCALAR)
            assert_int_equal(cfg_key_get(&cfg_key_rows[k], a), cfg_key_get(&cfg_key_rows[k], b));
    if (a->admin_path)
        assert_string_equal(a->admin_path, b->admin_path);
    same_list(a->metrics, a->metrics_count, b->metrics, b->metrics_count, sizeof *a->metrics);
    assert_string_equal(a->tap.file ? a->tap.file : "", b->tap.file ? b->tap.file : "");
    assert_true(a->tap.size == b->tap.size && a->tap.interval_ms == b->tap.interval_ms &&
                a->tap.files == b->tap.files && a->tap.snaplen == b->tap.snaplen);
    assert_true(cfg_filter_same(&a->tap.filter, &b->tap.filter));
    same_endpoints(a, b);
    same_routing(a, b);
}

static void round_trip(const char *file)
{
    struct cfg_config *first = load_good(file);
    char *once = print_text(first);
    struct cfg_config *second = parse_good(once);
    char *twice = print_text(second);
    assert_string_equal(once, twice);
    same_config(first, second);
    free(once);
    free(twice);
    cfg_free(first);
    cfg_free(second);
}

static void test_print(void **state)
{
    (void)state;
    round_trip(FIXTURE("rich.yaml"));
    round_trip(FIXTURE("unrouted.yaml"));
}

static void test_examples(void **state)
{
    static const char *const examples[] = {"config/examples/relay.yaml",     "config/examples/loadshare.yaml",
                                           "config/examples/pubsub.yaml",    "config/examples/override.yaml",
                                           "config/examples/low_delay.yaml", "config/examples/mapped.yaml"};
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct cfg_config *c = load_good(examples[i]);
        for (unsigned j = 0; j < c->listener_count; j++)
            assert_true(c->listeners[j].port >= 1024);
        cfg_free(c);
        round_trip(examples[i]);
    }
}

/* If only the option is given, it means the same for usrsctp as for the kernel. */
static void test_encaps_port(void **state)
{
    struct cfg_config *c = parse_good(
        "sctp: {remote_udp_encaps_port: {port: 9901}}\n"
        "listeners: [{name: a, port: 1}]\n"
        "peers:\n"
        "  - {name: p, address: 127.0.0.1, port: 2}\n"
        "  - {name: q, address: 127.0.0.1, port: 3, encaps_port: 9902}\n"
        "  - {name: r, address: 127.0.0.1, port: 4, sctp: {remote_udp_encaps_port: {port: 0}}}\n"
        "  - {name: s, address: 127.0.0.1, port: 5, sctp: {remote_udp_encaps_port: {address: 127.0.0.1}}}\n"
        "routes: [{from: a, to: p}]\n");
    (void)state;
    assert_int_equal(c->listeners[0].encaps_port, 9899);
    assert_int_equal(c->peers[0].encaps_port, 9901);
    assert_int_equal(c->peers[1].encaps_port, 9902);
    assert_int_equal(c->peers[2].encaps_port, 9899);
    assert_int_equal(c->peers[3].encaps_port, 9899);
    cfg_free(c);
}

/* The switches of peer_addr_params are one list, and still three: what a peer does not mention stays. */
static void test_path_flags(void **state)
{
    struct cfg_config *c = parse_good(
        "sctp: {peer_addr_params: {flags: [hb_disable, sackdelay_disable]}}\n"
        "profiles: {fixed: {peer_addr_params: {pathmtu: 1200, flags: [pmtud_disable]}}}\n"
        "peers:\n"
        "  - {name: p, address: 127.0.0.1, port: 2, profile: fixed}\n"
        "  - {name: q, address: 127.0.0.1, port: 3, profile: fixed, sctp: {peer_addr_params: {flags: "
        "[hb_enable]}}}\n"
        "listeners: [{name: a, port: 1}]\n"
        "routes: [{from: a, to: p}]\n");
    (void)state;
    assert_int_equal(opt_num(&c->listeners[0].sctp, OPTF_PAP_FLAGS, 0),
                     OPT_HB_DISABLE | OPT_SACKDELAY_DISABLE);
    assert_int_equal(opt_num(&c->peers[0].sctp, OPTF_PAP_FLAGS, 0),
                     OPT_HB_DISABLE | OPT_PMTUD_DISABLE | OPT_SACKDELAY_DISABLE);
    assert_int_equal(opt_num(&c->peers[1].sctp, OPTF_PAP_FLAGS, 0),
                     OPT_HB_ENABLE | OPT_PMTUD_DISABLE | OPT_SACKDELAY_DISABLE);
    cfg_free(c);
}

/* What is left to the stack is not printed, and neither is what means nothing. */
static void test_print_leaves_out(void **state)
{
    struct cfg_config *c = parse_good(BASE "groups: [{name: g, members: [p], mode: override}]\n" ROUTE);
    char *text = print_text(c);
    (void)state;
    assert_null(strstr(text, "rtoinfo"));
    assert_null(strstr(text, "share:"));
    assert_null(strstr(text, "local:"));
    assert_null(strstr(text, "profile"));
    assert_non_null(strstr(text, "nodelay: true"));
    assert_non_null(strstr(text, "ppid: any"));
    free(text);
    cfg_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),     cmocka_unit_test(test_paired_streams),
        cmocka_unit_test(test_any_address),  cmocka_unit_test(test_max_message),
        cmocka_unit_test(test_rich_broker),  cmocka_unit_test(test_rich_endpoints),
        cmocka_unit_test(test_rich_options), cmocka_unit_test(test_rich_routes),
        cmocka_unit_test(test_sessions),     cmocka_unit_test(test_one_partner),
        cmocka_unit_test(test_unrouted),     cmocka_unit_test(test_print),
        cmocka_unit_test(test_examples),     cmocka_unit_test(test_print_leaves_out),
        cmocka_unit_test(test_encaps_port),  cmocka_unit_test(test_path_flags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
