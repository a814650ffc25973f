/* Batches: any length, partial acceptance, and no delay for the last messages. */
#include "tests/conformance/suite.h"

#include <string.h>

static void batch_of(struct ct_flow *f, unsigned count)
{
    for (unsigned taken; count; count -= taken) {
        enum tr_code code = ct_flow_offer(f, count, &taken);
        assert_true(code == TR_OK || code == TR_AGAIN);
        ct_turn(f->from->world, code == TR_AGAIN ? 1 : 0);
    }
}

static void batches_of_every_length_arrive(void **state)
{
    struct opt_set roomy = ct_roomy();
    struct ct_pair p = ct_pair(*state, &roomy, &roomy);
    struct ct_flow f = {.from = p.client, .assoc = p.near, .streams = 3, .size = 64};
    for (unsigned count = 1; count <= 500; count += count < 70 ? 1 : 43)
        batch_of(&f, count);
    batch_of(&f, 500);
    ct_flow_finish(&f, p.server, p.far);
}

/* Each batch alone on the wire: whatever was held back for bundling has to leave with its end, with Nagle's
 * algorithm off and on. */
static void no_tail_waits(void **state)
{
    for (int nodelay = 0; nodelay < 2; nodelay++) {
        struct opt_set o = CT_OPTIONS({OPTF_NODELAY, nodelay});
        struct ct_pair p = ct_pair(*state, &o, NULL);
        struct ct_flow f = {.from = p.client, .assoc = p.near, .size = 64};
        for (unsigned count = 1; count <= 12; count += nodelay ? 1 : 5) {
            batch_of(&f, count);
            ct_flow_finish(&f, p.server, p.far);
        }
    }
}

/* A burst of small messages costs few system calls and, where that can be seen, few packets. */
static void burst_is_bundled(void **state)
{
    struct opt_set roomy = ct_roomy();
    struct ct_pair p = ct_pair(*state, &roomy, &roomy);
    struct ct_flow f = {.from = p.client, .assoc = p.near, .size = 64};
    struct tr_loop_stats before, after;
    for (unsigned i = 0; i < 20; i++) { /* opens the congestion window */
        batch_of(&f, 100);
        ct_flow_finish(&f, p.server, p.far);
    }
    tr_loop_get_stats(ct_main(*state), &before);
    assert_int_equal(ct_flow_offer(&f, 100, NULL), TR_OK);
    tr_loop_turn(ct_main(*state));
    tr_loop_get_stats(ct_main(*state), &after);
    assert_in_range(after.syscalls - before.syscalls, 1, 20);
    assert_in_range(after.packets_out - before.packets_out, ct_has(TR_CAP_ENCAPS) ? 1 : 0, 25);
    ct_flow_finish(&f, p.server, p.far);
}

static void full_stack_takes_part_of_a_batch(void **state)
{
    struct opt_set small = ct_tight(40000, 40000);
    struct ct_pair p = ct_pair(*state, &small, &small);
    struct ct_flow f = {.from = p.client, .assoc = p.near, .streams = 2, .size = 1000};
    unsigned taken = 0;
    ct_pause(p.server);
    enum tr_code code = ct_flow_offer(&f, 500, &taken);
    assert_int_equal(code, TR_AGAIN);
    assert_in_range(taken, 1, 499);
    ct_flow_fill(&f, 4000000);
    ct_resume(p.server);
    ct_flow_send(&f, 500);
    ct_flow_finish(&f, p.server, p.far);
}

static void batch_of_none_is_fine(void **state)
{
    struct ct_pair p = ct_pair(*state, NULL, NULL);
    struct tr_msg none = {0};
    unsigned sent = 9;
    assert_int_equal(tr_send(p.client->ep, &none, 0, &sent), TR_OK);
    assert_int_equal(sent, 0);
}

/* Sends on what the slots hold, straight from there. Returns how many messages that were. */
static unsigned relay(struct ct_end *from, struct ct_end *to, uint32_t assoc)
{
    const struct tr_item *items;
    unsigned count = 0, sent = 0;
    if (tr_recv(from->ep, 0, &items, &count) != TR_OK)
        return 0;
    struct tr_msg burst[count];
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(items[i].kind, TR_MESSAGE);
        burst[i] = items[i].msg;
        burst[i].assoc = assoc;
    }
    assert_int_equal(tr_send(to->ep, burst, count, &sent), TR_OK);
    assert_int_equal(sent, count);
    return count;
}

/* What was received goes out again from the very slots it came in, before the turn ends. */
static void batches_are_relayed_from_their_slots(void **state)
{
    struct opt_set now = CT_OPTIONS({OPTF_NODELAY, 1});
    struct ct_world *w = *state;
    struct ct_pair in = ct_pair(w, &now, NULL), out = ct_pair(w, &now, NULL);
    struct ct_flow f = {.from = in.client, .assoc = in.near, .streams = 2, .size = 900};
    in.server->reading = false;
    for (unsigned round = 1; round <= 50; round++) {
        struct tr_ready ready[8];
        int64_t end = ct_now_ms() + CT_DEADLINE_MS;
        assert_int_equal(ct_flow_offer(&f, 30, NULL), TR_OK);
        for (unsigned relayed = 0; relayed < 30 && ct_now_ms() < end;) {
            unsigned n = tr_loop_wait(ct_main(w), 10, ready, 8);
            for (unsigned i = 0; i < n; i++)
                if (ready[i].endpoint == in.server->ep)
                    relayed += relay(in.server, out.client, out.near);
            tr_loop_turn(ct_main(w));
        }
        ct_flow_finish(&f, out.server, out.far);
    }
}

CT_TOPIC(batches, CT_CASE(batches_of_every_length_arrive), CT_CASE(no_tail_waits), CT_CASE(burst_is_bundled),
         CT_CASE(full_stack_takes_part_of_a_batch), CT_CASE(batch_of_none_is_fine),
         CT_CASE(batches_are_relayed_from_their_slots));
