/* Streams that share an association: large messages and small ones (RFC 8260), fragments of many messages at
 * once, and stream schedulers. */
#include "tests/conformance/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LARGE = 1000000, SMALL = 100, SMALLS = 20 };

/* Both sides interleave, or not; streams take turns. Skips the case where this stack or host cannot. */
static struct ct_pair pair_with(struct ct_world *w, bool interleaving, int64_t recbuf)
{
    struct opt_set s = ct_tight(4000000, recbuf);
    struct tr_error error = {0};
    if (!ct_can_set(OPT_INTERLEAVING_SUPPORTED))
        skip();
    opt_put(&s, OPTF_MAXSEG, 1200);
    opt_put(&s, OPTF_INIT_OSTREAMS, 10);
    opt_put(&s, OPTF_STREAM_SCHEDULER, OPT_SS_RR);
    opt_put(&s, OPTF_FRAGMENT_INTERLEAVE, 2);
    opt_put(&s, OPTF_INTERLEAVING_SUPPORTED, interleaving);
    struct ct_end *probe = ct_client(w, NULL);
    if (tr_set_options(probe->ep, 0, &s, NULL, &error) == TR_PERMISSION) {
        fprintf(stderr, "  skipped: %s\n", error.text);
        skip();
    }
    return ct_pair(w, &s, &s);
}

/* Sends a message of a seed of its own, waiting for room. */
struct parcel {
    const struct ct_pair *pair;
    struct tr_msg msg;
};

static bool taken(void *arg)
{
    struct parcel *p = arg;
    unsigned sent;
    enum tr_code code = tr_send(p->pair->client->ep, &p->msg, 1, &sent);
    if (code != TR_OK && code != TR_AGAIN)
        fail_msg("sending %u bytes: %s", p->msg.len, tr_code_name(code));
    return code == TR_OK;
}

static void post(const struct ct_pair *pair, uint16_t stream, uint16_t flags, uint32_t len, uint32_t seed)
{
    uint8_t *data = malloc(len);
    ct_pattern(data, len, seed);
    struct parcel p = {pair,
                       {.data = data,
                        .len = len,
                        .assoc = pair->near,
                        .stream = stream,
                        .flags = flags,
                        .ppid = seed,
                        .context = seed}};
    bool ok = ct_pump(pair->client->world, taken, &p, CT_DEADLINE_MS);
    free(data);
    assert_true(ok);
}

/* How many small messages came before the large one of seed 1, which must come whole. */
static unsigned smalls_before_the_large_one(const struct ct_pair *p)
{
    unsigned before = 0;
    for (;;) {
        const struct tr_msg *m = ct_message(p->server);
        assert_true(ct_is_pattern(m->data, m->len, m->ppid));
        if (m->ppid == 1) {
            assert_int_equal(m->len, LARGE);
            assert_int_equal(m->stream, 1);
            return before;
        }
        assert_int_equal(m->stream, 2);
        assert_int_equal(m->ppid, 100 + before);
        before++;
    }
}

static unsigned overtaking(struct ct_world *w, bool interleaving)
{
    struct ct_pair p = pair_with(w, interleaving, 300000);
    ct_pause(p.server); /* the window takes a part of the large one before the small ones come */
    post(&p, 1, 0, LARGE, 1);
    for (uint32_t i = 0; i < SMALLS; i++)
        post(&p, 2, 0, SMALL, 100 + i);
    ct_resume(p.server);
    unsigned before = smalls_before_the_large_one(&p);
    ct_messages(p.server, SMALLS + 1);
    return before;
}

static void small_messages_pass_a_large_one(void **state)
{
    assert_int_equal(overtaking(*state, true), SMALLS);
}

static void without_interleaving_they_wait(void **state)
{
    assert_int_equal(overtaking(*state, false), 0);
}

/* Ordered and unordered messages on several streams, which together nearly fill the receiver's buffer, so
 * that a stack hands up pieces of several at once. Not many: in usrsctp 0.9.5 each large unordered one takes
 * receive window along for good. */
static void pieces_of_many_messages_are_sorted(void **state)
{
    enum { STREAMS = 4, ROUNDS = 1, SIZE = 130000 };
    struct tr_loop_params params = {.slot_bytes = 2048};
    bool came[STREAMS * ROUNDS * 2 + 1] = {false};
    ct_loop(*state, &params);
    struct ct_pair p = pair_with(*state, true, 600000);
    uint32_t seed = 0;
    for (unsigned r = 0; r < ROUNDS; r++)
        for (uint16_t s = 0; s < STREAMS; s++)
            for (uint16_t flags = 0; flags <= TR_UNORDERED; flags++) {
                seed++;
                post(&p, s, flags, SIZE + seed, seed);
            }
    uint32_t last[STREAMS] = {0};
    for (unsigned i = 0; i < seed; i++) {
        const struct tr_msg *m = ct_message(p.server);
        assert_in_range(m->ppid, 1, seed);
        assert_false(came[m->ppid]);
        came[m->ppid] = true;
        assert_int_equal(m->len, SIZE + m->ppid);
        assert_true(ct_is_pattern(m->data, m->len, m->ppid));
        assert_int_equal(m->stream, (m->ppid - 1) / 2 % STREAMS);
        assert_int_equal(m->flags & TR_UNORDERED, m->ppid % 2 == 0);
        if (m->flags & TR_UNORDERED)
            continue;
        assert_true(m->ppid > last[m->stream]);
        last[m->stream] = m->ppid;
    }
}

/* An association that ends half way leaves nothing behind that could be taken for the next one's. */
static void half_messages_end_with_their_association(void **state)
{
    struct ct_pair p = pair_with(*state, true, 600000);
    struct tr_error error = {0};
    for (uint16_t s = 0; s < 4; s++)
        post(&p, s, s & 1, 400000, 50u + s);
    ct_spend(*state, 30);
    ct_ok(tr_abort(p.client->ep, p.near, &error), &error);
    ct_change(p.server, TR_COMM_LOST);
    ct_change(p.client, TR_COMM_LOST);
    size_t whole = p.server->messages;
    p.near = ct_connect(p.client, p.server, &p.far);
    for (uint16_t s = 0; s < 4; s++)
        post(&p, s, s & 1, 300000, 60u + s);
    ct_messages(p.server, whole + 4);
    for (size_t i = 0; i < whole + 4; i++) {
        const struct tr_msg *m = ct_message(p.server);
        assert_int_equal(m->len, m->ppid < 60 ? 400000 : 300000);
        assert_true(ct_is_pattern(m->data, m->len, m->ppid));
    }
}

/* ---- Schedulers ----------------------------------------------------------------------------------- */

static enum tr_code set_priority(struct ct_end *e, uint32_t assoc, int64_t stream, int64_t value,
                                 struct tr_error *error)
{
    struct opt_set s = CT_OPTIONS({OPTF_SSV_STREAM, stream}, {OPTF_SSV_VALUE, value});
    return tr_set_options(e->ep, assoc, &s, NULL, error);
}

static int64_t priority_of(struct ct_end *e, uint32_t assoc, int64_t stream)
{
    struct opt_set s = CT_OPTIONS({OPTF_SSV_STREAM, stream});
    struct tr_error error = {0};
    ct_ok(tr_get_option(e->ep, assoc, OPT_STREAM_SCHEDULER_VALUE, &s, &error), &error);
    assert_int_equal(opt_num(&s, OPTF_SSV_STREAM, -1), stream);
    return opt_num(&s, OPTF_SSV_VALUE, -1);
}

static struct ct_pair prioritised(struct ct_world *w)
{
    struct opt_set sends = ct_tight(1000000, 1000000), takes = ct_tight(1000000, 30000);
    if (!ct_can_set(OPT_STREAM_SCHEDULER_VALUE))
        skip();
    opt_put(&sends, OPTF_STREAM_SCHEDULER, OPT_SS_PRIO);
    return ct_pair(w, &sends, &takes);
}

static void the_first_stream_goes_first(void **state)
{
    enum { EACH = 60, SIZE = 1000 };
    struct ct_pair p = prioritised(*state);
    struct tr_error error = {0};
    ct_ok(set_priority(p.client, p.near, 0, 9, &error), &error);
    ct_ok(set_priority(p.client, p.near, 1, 5, &error), &error);
    ct_ok(set_priority(p.client, p.near, 2, 0, &error), &error);
    ct_pause(p.server);
    for (uint16_t s = 0; s < 3; s++) /* more than the window takes, the last ones first */
        for (uint32_t i = 0; i < EACH; i++)
            post(&p, s, 0, SIZE, s * 1000u + i);
    ct_resume(p.server);
    ct_messages(p.server, 3 * EACH);
    size_t place[3] = {0, 0, 0};
    for (size_t i = 0; i < 3 * EACH; i++)
        place[ct_message(p.server)->stream] = i; /* of its last one */
    assert_true(place[2] < place[1] && place[1] < place[0]);
}

static void priorities_are_one_streams_own(void **state)
{
    struct ct_pair p = prioritised(*state);
    struct tr_error error = {0};
    ct_ok(set_priority(p.client, p.near, 1, 65535, &error), &error);
    ct_ok(set_priority(p.client, p.near, 2, 0, &error), &error);
    ct_ok(set_priority(p.client, p.near, 9, 7, &error), &error);
    assert_int_equal(priority_of(p.client, p.near, 1), 65535);
    assert_int_equal(priority_of(p.client, p.near, 2), 0);
    assert_int_equal(priority_of(p.client, p.near, 9), 7);
    assert_int_equal(priority_of(p.client, p.near, 0), 0);
    ct_failed_as(set_priority(p.client, p.near, 1, 65536, &error), TR_INVALID, &error);
    ct_failed_as(set_priority(p.client, p.near, 65535, 1, &error), TR_INVALID, &error);
    ct_failed_as(set_priority(p.client, p.near, -1, 1, &error), TR_INVALID, &error);
    ct_failed_as(set_priority(p.client, p.near, 10, 1, &error), TR_INVALID, &error);
    ct_failed_as(set_priority(p.client, p.near + 500, 1, 1, &error), TR_NO_ASSOC, &error);
    assert_int_equal(priority_of(p.client, p.near, 1), 65535);
}

/* A value that a scheduler does not use is not silently accepted. */
static void priorities_need_a_scheduler_for_them(void **state)
{
    struct opt_set fcfs = CT_OPTIONS({OPTF_STREAM_SCHEDULER, OPT_SS_FCFS});
    struct tr_error error = {0};
    if (!ct_can_set(OPT_STREAM_SCHEDULER_VALUE))
        skip();
    struct ct_pair p = ct_pair(*state, &fcfs, NULL);
    ct_failed_as(set_priority(p.client, p.near, 1, 3, &error), TR_INVALID, &error);
    ct_failed_as(set_priority(ct_client(*state, NULL), 0, 1, 3, &error), TR_NO_ASSOC, &error);
}

/* Two streams with a scheduler; skips the case if this stack does not have it. */
static struct ct_pair scheduled(struct ct_world *w, int scheduler)
{
    struct opt_set sends = ct_tight(1000000, 1000000), takes = ct_tight(1000000, 30000);
    struct opt_set s = CT_OPTIONS({OPTF_STREAM_SCHEDULER, scheduler});
    struct ct_pair p = ct_pair(w, &sends, &takes);
    struct tr_error error = {0};
    enum tr_code code = tr_set_options(p.client->ep, p.near, &s, NULL, &error);
    if (code == TR_UNSUPPORTED) {
        fprintf(stderr, "  skipped: %s\n", error.text);
        skip();
    }
    ct_ok(code, &error);
    return p;
}

enum { PER_STREAM = 60 };

/* How many bytes of stream 1 come before half of stream 0's messages have, all of them waiting at the same
 * time. */
static size_t share_of_the_other(const struct ct_pair *p, uint32_t size, uint32_t other_size)
{
    size_t bytes = 0;
    unsigned own = 0;
    ct_pause(p->server);
    for (uint32_t i = 0; i < PER_STREAM; i++) /* more than the window takes */
        post(p, 2, 0, size, i);
    for (uint32_t i = 0; i < PER_STREAM; i++)
        post(p, 0, 0, size, i);
    for (uint32_t i = 0; i < PER_STREAM * size / other_size; i++)
        post(p, 1, 0, other_size, i);
    ct_resume(p->server);
    while (own < PER_STREAM / 2) {
        const struct tr_msg *m = ct_message(p->server);
        own += m->stream == 0;
        bytes += m->stream == 1 ? m->len : 0;
    }
    return bytes;
}

/* A message counts by its size: taking turns, the stream of small ones would get a quarter as much. */
static void fair_capacity_counts_bytes(void **state)
{
    struct ct_pair p = scheduled(*state, OPT_SS_FC);
    size_t half = PER_STREAM / 2 * 1000;
    assert_in_range(share_of_the_other(&p, 1000, 250), half * 5 / 10, half * 13 / 10);
}

static void weights_share_the_association(void **state)
{
    struct ct_pair p = scheduled(*state, OPT_SS_WFQ);
    struct tr_error error = {0};
    size_t half = PER_STREAM / 2 * 1000;
    ct_ok(set_priority(p.client, p.near, 0, 3, &error), &error);
    ct_ok(set_priority(p.client, p.near, 1, 1, &error), &error);
    assert_int_equal(priority_of(p.client, p.near, 0), 3);
    ct_failed_as(set_priority(p.client, p.near, 0, 0, &error), TR_INVALID, &error);
    assert_non_null(strstr(error.text, "1 or more"));
    ct_failed_as(set_priority(p.client, p.near, 10, 1, &error), TR_INVALID, &error);
    assert_in_range(share_of_the_other(&p, 1000, 1000), half * 2 / 10, half * 6 / 10);
}

/* A stack that cannot change in the middle of a message says so; either way every message arrives whole. */
static void a_change_of_scheduler_leaves_messages_whole(void **state)
{
    struct opt_set roomy = ct_roomy();
    struct ct_pair p = ct_pair(*state, &roomy, &roomy);
    struct ct_flow f = {.from = p.client, .assoc = p.near, .streams = 3, .size = 50000};
    struct tr_error error = {0};
    for (int wanted = OPT_SS_FCFS; wanted <= OPT_SS_WFQ; wanted++) {
        struct opt_set s = CT_OPTIONS({OPTF_STREAM_SCHEDULER, wanted});
        ct_flow_send(&f, 6);
        enum tr_code code = tr_set_options(p.client->ep, wanted % 2 ? p.near : 0, &s, NULL, &error);
        if (code != TR_OK)
            ct_failed_as(code, code == TR_AGAIN ? TR_AGAIN : TR_UNSUPPORTED, &error);
        ct_flow_send(&f, 6);
        ct_flow_finish(&f, p.server, p.far);
    }
}

CT_TOPIC(interleave, CT_CASE(small_messages_pass_a_large_one), CT_CASE(without_interleaving_they_wait),
         CT_CASE(pieces_of_many_messages_are_sorted), CT_CASE(half_messages_end_with_their_association),
         CT_CASE(the_first_stream_goes_first), CT_CASE(priorities_are_one_streams_own),
         CT_CASE(priorities_need_a_scheduler_for_them), CT_CASE(fair_capacity_counts_bytes),
         CT_CASE(weights_share_the_association), CT_CASE(a_change_of_scheduler_leaves_messages_whole));
