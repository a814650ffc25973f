/* How long the broker waits before it connects a peer again. */
#include "tests/unit/paper_backend.h"

#include "broker/assoc.h"
#include "broker/health.h"
#include "broker/names.h"
#include "broker/reading.h"
#include "broker/session/shared.h"
#include "broker/socket.h"
#include "broker/standing.h"
#include "broker/state.h"
#include "broker/stats/counts.h"
#include "broker/stats/segments.h"

enum { INITIAL = 500, MOST = 30000, TIMEOUT = 5000, START = 1000000 };

static struct net_host host;
static const struct cfg_peer peers[] = {{.name = "stp",
                                         .hosts = &host,
                                         .host_count = 1,
                                         .port = 2905,
                                         .connect_timeout_ms = TIMEOUT,
                                         .reconnect_initial_ms = INITIAL,
                                         .reconnect_max_ms = MOST}};
static const struct cfg_config config = {.peers = peers, .peer_count = 1, .queue_messages = 10};

static struct rt_role roles[2];
static const struct rt_plan plan = {.config = &config, .roles = roles};
static struct brk_broker broker;
static struct brk_worker worker;
static struct brk_peer_health *health;
static struct brk_standing standing;

static unsigned no_addresses(struct tr_endpoint *ep, uint32_t assoc, bool remote, struct net_addr *to,
                             unsigned max)
{
    (void)ep, (void)assoc, (void)remote, (void)to, (void)max;
    return 0;
}

static uint32_t capacity(struct tr_endpoint *ep)
{
    (void)ep;
    return 100;
}

static int begin(void **state)
{
    if (set_up(state) != 0)
        return -1;
    backend.addresses = no_addresses;
    backend.send_capacity = capacity;
    host = (struct net_host){.address = address("127.0.0.1", 2905)};
    standing = (struct brk_standing){.session = &brk_shared};
    roles[0] = roles[1] = (struct rt_role){.paired_route = RT_NO_ROUTE};
    broker = (struct brk_broker){.plan = &plan, .backend = &backend, .worker_count = 1};
    brk_segments_init(&broker.health, sizeof *health);
    if (!brk_segments_fit(&broker.health, 1))
        return -1;
    health = brk_health(&broker, 0);
    worker = (struct brk_worker){.broker = &broker,
                                 .plan = &plan,
                                 .config = &config,
                                 .loop = loop,
                                 .standing = &standing,
                                 .standing_count = 1,
                                 .now_ms = START};
    return brk_counts_init(&worker.counts, &config) && brk_names_open(&worker, &error) == TR_OK ? 0 : -1;
}

static int end(void **state)
{
    brk_assoc_free_closed(&worker);
    brk_names_close(&worker);
    for (struct brk_socket *s = worker.closed_sockets, *next; s; s = next) {
        next = s->next;
        free(s);
    }
    brk_counts_free(&worker.counts);
    brk_segments_free(&broker.health);
    return tear_down(state);
}

/* One association: comes up, brings messages or not, and ends after a while. Returns the pause that follows.
 */
static uint64_t life(unsigned messages, uint64_t lasts_ms, enum tr_assoc_state how)
{
    if (worker.now_ms < standing.next_try_ms)
        worker.now_ms = standing.next_try_ms;
    brk_standing_tick(&worker);
    struct brk_assoc *a = standing.assoc;
    assert_non_null(a);
    queue_item(a->socket->ep, change(a->id, TR_COMM_UP));
    brk_socket_read(&worker, a->socket);
    assert_int_equal(a->state, BRK_UP);
    a->brought |= messages > 0; /* reading's part */
    worker.now_ms += lasts_ms;
    queue_item(a->socket->ep, change(a->id, how));
    brk_socket_read(&worker, a->socket);
    brk_assoc_free_closed(&worker);
    assert_null(standing.assoc);
    return standing.next_try_ms - worker.now_ms;
}

/* Between half and all of it. */
static void assert_pause(uint64_t pause, uint64_t most)
{
    assert_in_range(pause, most / 2, most);
}

/* It accepts, and aborts or shuts down at once. */
static void whoever_only_accepts_is_left_alone_for_longer(void **state)
{
    static const enum tr_assoc_state ends[] = {TR_COMM_LOST, TR_SHUTDOWN_COMP};
    (void)state;
    for (unsigned e = 0; e < 2; e++) {
        assert_pause(life(1, 0, ends[e]), INITIAL);
        for (uint64_t most = 2 * INITIAL; most < MOST; most *= 2)
            assert_pause(life(0, 20, ends[e]), most);
        for (unsigned i = 0; i < 3; i++)
            assert_pause(life(0, 20, ends[e]), MOST);
    }
}

static void what_worked_is_tried_soon(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 8; i++)
        life(0, 20, TR_COMM_LOST);
    assert_pause(life(1, 20, TR_COMM_LOST), INITIAL);
    for (unsigned i = 0; i < 8; i++)
        life(0, 20, TR_COMM_LOST);
    assert_pause(life(0, MOST + TIMEOUT + 1, TR_COMM_LOST), INITIAL); /* said nothing, and stayed */
}

/* Many associations that are lost together are one failure; the first that is up again makes the peer usable.
 */
static void losses_in_company_are_one(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 50; i++)
        brk_peer_failed(&worker, 0);
    assert_false(brk_peer_usable(&broker, 0, worker.now_ms));
    assert_pause(health->down_until_ms - worker.now_ms, INITIAL);
    brk_peer_up(&broker, 0);
    assert_true(brk_peer_usable(&broker, 0, worker.now_ms));
    brk_peer_failed(&worker, 0);
    assert_pause(health->down_until_ms - worker.now_ms, 2 * INITIAL);
}

/* An attempt that times out is in a row with the one before, however long that takes. */
static void silence_is_failure_too(void **state)
{
    (void)state;
    for (uint64_t most = INITIAL; most < MOST; most *= 2) {
        uint64_t until_ms = brk_peer_failed(&worker, 0);
        assert_int_equal(until_ms, health->down_until_ms);
        assert_int_equal(brk_peer_failed(&worker, 0), until_ms); /* during the pause */
        assert_pause(until_ms - worker.now_ms, most);
        worker.now_ms = health->down_until_ms + TIMEOUT;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(whoever_only_accepts_is_left_alone_for_longer, begin, end),
        cmocka_unit_test_setup_teardown(what_worked_is_tried_soon, begin, end),
        cmocka_unit_test_setup_teardown(losses_in_company_are_one, begin, end),
        cmocka_unit_test_setup_teardown(silence_is_failure_too, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
