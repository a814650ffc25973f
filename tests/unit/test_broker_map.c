/* When a stream of a mapped session, whose client has gone, is free for another one (broker/session/map.c).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "broker/assoc.h"
#include "broker/check.h"
#include "broker/session/map.h"
#include "broker/socket.h"
#include "broker/state.h"
#include "config/config.h"
#include "routing/stream_map.h"

enum { CLIENT = 7, QUIET = 1000, STREAMS = 4 };

static struct cfg_peer peers[1];
static const struct cfg_config config = {.peers = peers, .peer_count = 1};
static struct brk_socket out_socket = {.magic = BRK_SOCKET_MAGIC, .member = {CFG_MEMBER_PEER, 0}};
static struct brk_worker worker;
static struct brk_assoc assoc;

/* A client has sent a message, which has been acknowledged, and has gone. */
static int begin(void **state)
{
    (void)state;
    peers[0] = (struct cfg_peer){.name = "core", .reuse_after_ms = QUIET};
    worker = (struct brk_worker){.config = &config, .now_ms = 5000};
    assoc = (struct brk_assoc){.magic = BRK_ASSOC_MAGIC,
                               .worker = &worker,
                               .state = BRK_UP,
                               .socket = &out_socket,
                               .in_streams = STREAMS,
                               .out_streams = STREAMS};
    if (!brk_map_begin(&worker, &assoc))
        return -1;
    uint16_t stream = rt_stream_map_take(assoc.map.streams, CLIENT, 3, STREAMS, STREAMS);
    rt_stream_map_sent(assoc.map.streams, stream, 1, worker.now_ms);
    assoc.map.numbered = assoc.map.acknowledged = 1;
    brk_map_left(&worker, CLIENT, STREAMS);
    return 0;
}

static int end(void **state)
{
    (void)state;
    brk_map_end(&worker, &assoc);
    return 0;
}

static bool is_known(void)
{
    struct rt_stream_user user;
    return brk_map_answer(&worker, &assoc, 0, &user) && user.origin == CLIENT && user.left;
}

static void after_a_time_of_quiet(void **state)
{
    (void)state;
    worker.now_ms += QUIET - 1;
    brk_map_tick(&worker);
    assert_true(is_known()); /* an answer, which counts as well */
    worker.now_ms += QUIET - 1;
    brk_map_tick(&worker);
    assert_true(is_known());
    worker.now_ms += QUIET + 1;
    brk_map_tick(&worker);
    assert_false(is_known());
}

static void never_where_the_peer_has_been_removed(void **state)
{
    (void)state;
    peers[0] = (struct cfg_peer){.name = "core", .gone = true}; /* nothing but its name is left */
    worker.now_ms += 10 * QUIET;
    brk_map_tick(&worker);
    assert_true(is_known());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(after_a_time_of_quiet, begin, end),
        cmocka_unit_test_setup_teardown(never_where_the_peer_has_been_removed, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
