/* Authenticated chunks (RFC 4895): what arrives with equal keys, what does not with different ones, changing
 * keys. */
#include "tests/conformance/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST  "1 0102030405060708090a0b0c0d0e0f10\n"
#define SECOND "2 a0a1a2a3a4a5a6a7a8a9aaabacadaeaf\n"
#define LAST   "65535 b0b1b2b3\n"
#define THIRD  "3 00ff00ff\n"

enum { DATA = 1 }; /* of auth_chunks */

static bool missing(void)
{
    return !ct_can_set(OPT_AUTH_SUPPORTED) || !ct_can_set(OPT_AUTH_KEYS);
}

/* A file of keys, deleted when the case has opened its endpoints. */
struct key_file {
    char name[32];
};

static struct key_file key_file(const char *keys)
{
    struct key_file f = {"/tmp/junctor-keys-XXXXXX"};
    int fd = mkstemp(f.name); /* its owner's alone */
    assert_true(fd >= 0);
    assert_int_equal(write(fd, keys, strlen(keys)), (ssize_t)strlen(keys));
    close(fd);
    return f;
}

static struct opt_set with_key(const struct key_file *f, int64_t active)
{
    struct opt_set s = CT_OPTIONS({OPTF_AUTH_SUPPORTED, 1}, {OPTF_AUTH_CHUNKS, DATA},
                                  {OPTF_AUTH_ACTIVE_KEY, active}, {OPTF_EV_AUTHENTICATION, 1});
    opt_put_file(&s, OPTF_AUTH_KEYS, f->name);
    return s;
}

/* An association of two that have these keys and send with these. */
static struct ct_pair pair_with(struct ct_world *w, const char *near_keys, int64_t near_active,
                                const char *far_keys, int64_t far_active)
{
    struct key_file near = key_file(near_keys), far = key_file(far_keys);
    struct opt_set client = with_key(&near, near_active), server = with_key(&far, far_active);
    struct ct_pair p = ct_pair(w, &client, &server);
    unlink(near.name);
    unlink(far.name);
    return p;
}

static void both_ways(struct ct_end *client, uint32_t near, struct ct_end *server, uint32_t far)
{
    struct ct_flow there = {.from = client, .assoc = near, .streams = 3, .size = 700},
                   back = {.from = server, .assoc = far, .streams = 3, .size = 5000};
    ct_flow_send(&there, 30);
    ct_flow_send(&back, 30);
    ct_flow_finish(&there, server, far);
    ct_flow_finish(&back, client, near);
}

static int64_t number(struct ct_end *e, uint32_t assoc, enum opt_id id)
{
    struct opt_set got = {0};
    struct tr_error error = {0};
    ct_ok(tr_get_option(e->ep, assoc, id, &got, &error), &error);
    return opt_num(&got, opt_rows[id].first, -1);
}

static void set(struct ct_end *e, uint32_t assoc, enum opt_field f, int64_t value)
{
    struct opt_set s = CT_OPTIONS({f, value});
    struct tr_error error = {0};
    ct_ok(tr_set_options(e->ep, assoc, &s, NULL, &error), &error);
}

static void equal_keys_carry_data(void **state)
{
    if (missing())
        skip();
    struct ct_pair p = pair_with(*state, FIRST, 1, FIRST, 1);
    both_ways(p.client, p.near, p.server, p.far);
    assert_int_equal(number(p.client, p.near, OPT_PEER_AUTH_CHUNKS) & DATA, DATA);
    assert_int_equal(number(p.server, p.far, OPT_AUTH_ACTIVE_KEY), 1);
    assert_int_equal(number(p.server, 0, OPT_AUTH_CHUNKS) & DATA, DATA);
}

/* Each side says with which key it sends. */
static void each_side_has_its_active_key(void **state)
{
    if (missing())
        skip();
    struct ct_pair p = pair_with(*state, FIRST LAST, 1, LAST FIRST, 65535);
    both_ways(p.client, p.near, p.server, p.far);
}

static void other_keys_carry_nothing(void **state)
{
    if (missing())
        skip();
    struct ct_pair p = pair_with(*state, "1 0102030405060708\n", 1, "1 0102030405060709\n", 1);
    ct_send(p.client, p.near, 0, 1, "forged", 6);
    ct_send(p.server, p.far, 0, 1, "forged", 6);
    ct_spend(*state, 300);
    assert_int_equal(p.server->messages + p.client->messages, 0);
}

static void unknown_keys_carry_nothing(void **state)
{
    if (missing())
        skip();
    struct ct_pair p = pair_with(*state, FIRST SECOND, 2, FIRST, 1);
    ct_send(p.client, p.near, 0, 1, "whose key?", 10);
    ct_spend(*state, 300);
    assert_int_equal(p.server->messages, 0);
    ct_send(p.server, p.far, 0, 2, "known", 5);
    assert_int_equal(ct_message(p.client)->ppid, 2);
}

static const struct tr_event *key_event(struct ct_end *e, enum tr_auth_indication indication)
{
    const struct tr_event *event;
    do
        event = ct_event(e, TR_EV_AUTHENTICATION);
    while (event->authentication.indication != indication);
    return event;
}

/* A third key comes, is used, and an old one goes, while data flows. */
static void keys_change_while_data_flows(void **state)
{
    if (missing())
        skip();
    struct ct_pair p = pair_with(*state, FIRST, 1, FIRST, 1);
    struct key_file more = key_file(THIRD);
    struct opt_set keys = {0};
    struct tr_error error = {0};
    opt_put_file(&keys, OPTF_AUTH_KEYS, more.name);
    both_ways(p.client, p.near, p.server, p.far);
    ct_ok(tr_set_options(p.server->ep, p.far, &keys, NULL, &error), &error);
    ct_ok(tr_set_options(p.client->ep, p.near, &keys, NULL, &error), &error);
    unlink(more.name);
    set(p.client, p.near, OPTF_AUTH_ACTIVE_KEY, 3);
    both_ways(p.client, p.near, p.server, p.far);
    assert_int_equal(key_event(p.server, TR_AUTH_NEW_KEY)->assoc, p.far);
    set(p.client, p.near, OPTF_AUTH_DEACTIVATE_KEY, 1);
    assert_int_equal(key_event(p.client, TR_AUTH_FREE_KEY)->authentication.key, 1);
    set(p.server, p.far, OPTF_AUTH_ACTIVE_KEY, 3);
    both_ways(p.client, p.near, p.server, p.far);
    set(p.server, p.far, OPTF_AUTH_DELETE_KEY, 1);
    struct opt_set gone = CT_OPTIONS({OPTF_AUTH_ACTIVE_KEY, 1});
    ct_failed_as(tr_set_options(p.server->ep, p.far, &gone, NULL, &error), TR_INVALID, &error);
    both_ways(p.client, p.near, p.server, p.far);
}

/* Keys given to a one-to-many endpoint later are known to associations that are up. */
static void keys_given_later_count_at_once(void **state)
{
    if (missing())
        skip();
    struct ct_pair p = pair_with(*state, FIRST, 1, FIRST, 1);
    struct key_file more = key_file(THIRD);
    struct opt_set keys = CT_OPTIONS({OPTF_AUTH_ACTIVE_KEY, 3});
    struct tr_error error = {0};
    opt_put_file(&keys, OPTF_AUTH_KEYS, more.name);
    ct_ok(tr_set_options(p.server->ep, 0, &keys, NULL, &error), &error);
    ct_ok(tr_set_options(p.client->ep, 0, &keys, NULL, &error), &error);
    unlink(more.name);
    assert_int_equal(number(p.server, p.far, OPT_AUTH_ACTIVE_KEY), 3);
    both_ways(p.client, p.near, p.server, p.far);
}

static void peer_without_authentication_is_told(void **state)
{
    if (missing())
        skip();
    struct opt_set able = CT_OPTIONS({OPTF_AUTH_SUPPORTED, 1}, {OPTF_EV_AUTHENTICATION, 1}),
                   unable = CT_OPTIONS({OPTF_AUTH_SUPPORTED, 0});
    struct ct_pair p = ct_pair(*state, &able, &unable);
    assert_int_equal(key_event(p.client, TR_AUTH_NO_AUTH)->assoc, p.near);
    assert_int_equal(number(p.client, p.near, OPT_PEER_AUTH_CHUNKS), 0);
    both_ways(p.client, p.near, p.server, p.far);
}

static void a_peeled_off_association_stays_authenticated(void **state)
{
    if (missing())
        skip();
    struct ct_pair p = pair_with(*state, FIRST, 1, FIRST, 1);
    uint32_t assoc = p.far;
    struct ct_end *peeled = ct_peel(p.server, &assoc);
    both_ways(p.client, p.near, peeled, assoc);
    assert_int_equal(number(peeled, assoc, OPT_AUTH_ACTIVE_KEY), 1);
    assert_int_equal(number(peeled, 0, OPT_AUTH_SUPPORTED), 1);
}

/* A one-to-one endpoint that connects again has its keys again. */
static void the_next_association_has_the_keys_too(void **state)
{
    if (missing())
        skip();
    struct key_file keys = key_file(FIRST);
    struct opt_set options = with_key(&keys, 1);
    struct ct_world *w = *state;
    struct net_addr local = ct_addr("127.0.0.1", 0);
    struct tr_open_params params = {
        .style = TR_ONE_TO_ONE, .addresses = &local, .address_count = 1, .options = &options};
    struct ct_end *server = ct_server(w, &options), *client = ct_open(w, NULL, &params);
    struct tr_error error = {0};
    uint32_t far, near = ct_connect(client, server, &far);
    both_ways(client, near, server, far);
    ct_ok(tr_abort(client->ep, near, &error), &error);
    ct_change(server, TR_COMM_LOST);
    ct_change(client, TR_COMM_LOST);
    near = ct_connect(client, server, &far);
    unlink(keys.name);
    both_ways(client, near, server, far);
    assert_int_equal(number(server, far, OPT_PEER_AUTH_CHUNKS) & DATA, DATA);
}

static void what_is_wrong_with_keys_is_said(void **state)
{
    if (missing())
        skip();
    struct ct_world *w = *state;
    struct opt_set able = CT_OPTIONS({OPTF_AUTH_SUPPORTED, 1}), s = {0};
    struct ct_end *e = ct_client(w, &able);
    struct key_file open_to_all = key_file(FIRST);
    struct tr_error error = {0};
    assert_int_equal(chmod(open_to_all.name, 0644), 0);
    opt_put_file(&s, OPTF_AUTH_KEYS, open_to_all.name);
    ct_failed_as(tr_set_options(e->ep, 0, &s, NULL, &error), TR_INVALID, &error);
    assert_non_null(strstr(error.text, open_to_all.name));
    unlink(open_to_all.name);
    ct_failed_as(tr_set_options(e->ep, 0, &s, NULL, &error), TR_INVALID, &error);
    s = CT_OPTIONS({OPTF_AUTH_ACTIVE_KEY, 7});
    ct_failed_as(tr_set_options(e->ep, 0, &s, NULL, &error), TR_INVALID, &error);
    for (int64_t past = -1; past <= 65536; past += 65537) {
        s = CT_OPTIONS({OPTF_AUTH_ACTIVE_KEY, past});
        ct_failed_as(tr_set_options(e->ep, 0, &s, NULL, &error), TR_INVALID, &error);
        s = CT_OPTIONS({OPTF_AUTH_DEACTIVATE_KEY, past});
        ct_failed_as(tr_set_options(e->ep, 0, &s, NULL, &error), TR_INVALID, &error);
        s = CT_OPTIONS({OPTF_AUTH_DELETE_KEY, past});
        ct_failed_as(tr_set_options(e->ep, 0, &s, NULL, &error), TR_INVALID, &error);
    }
    s = CT_OPTIONS({OPTF_AUTH_DELETE_KEY, 7});
    ct_failed_as(tr_set_options(e->ep, 0, &s, NULL, &error), TR_INVALID, &error);
    s = CT_OPTIONS({OPTF_AUTH_DEACTIVATE_KEY, 7});
    ct_failed_as(tr_set_options(e->ep, 0, &s, NULL, &error), TR_INVALID, &error);
}

static void strong_hash(void **state)
{
    if (missing() || !ct_can_set(OPT_HMAC_IDENT))
        skip();
    struct key_file keys = key_file(FIRST);
    struct opt_set options = with_key(&keys, 1), strong = CT_OPTIONS({OPTF_HMAC_IDENT, 1});
    struct tr_error error = {0};
    struct ct_end *server = ct_server(*state, &options), *client = ct_client(*state, &options);
    unlink(keys.name);
    enum tr_code code = tr_set_options(server->ep, 0, &strong, NULL, &error);
    if (code == TR_UNSUPPORTED) { /* the stack was built without it, and says so */
        assert_non_null(strstr(error.text, "hmac_ident"));
        skip();
    }
    ct_ok(code, &error);
    ct_ok(tr_set_options(client->ep, 0, &strong, NULL, &error), &error);
    uint32_t far, near = ct_connect(client, server, &far);
    both_ways(client, near, server, far);
}

CT_TOPIC(auth, CT_CASE(equal_keys_carry_data), CT_CASE(each_side_has_its_active_key),
         CT_CASE(other_keys_carry_nothing), CT_CASE(unknown_keys_carry_nothing),
         CT_CASE(keys_change_while_data_flows), CT_CASE(keys_given_later_count_at_once),
         CT_CASE(peer_without_authentication_is_told), CT_CASE(a_peeled_off_association_stays_authenticated),
         CT_CASE(the_next_association_has_the_keys_too), CT_CASE(what_is_wrong_with_keys_is_said),
         CT_CASE(strong_hash));
