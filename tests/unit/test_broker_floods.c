/* What many clients can cause at once is logged for the first of them only: the rest are counted. */
#include "tests/unit/paper_backend.h"

#include "broker/assoc.h"
#include "broker/events.h"
#include "broker/log.h"
#include "broker/options.h"
#include "broker/socket.h"
#include "broker/state.h"
#include "broker/stats/counts.h"
#include "broker/timeouts.h"

enum { CLIENTS = 3 * BRK_LOG_BURST };

static struct cfg_listener listener = {.name = "access"};
static const struct cfg_config config = {.listeners = &listener, .listener_count = 1};
static struct brk_broker broker;
static struct brk_worker worker;
static struct brk_socket *sock;
static struct brk_assoc clients[CLIENTS];
static unsigned lines;

static void logged(const char *event, const char *text, void *arg)
{
    (void)text;
    lines += strcmp(event, arg) == 0;
}

static void count_lines_of(const char *event)
{
    lines = 0;
    brk_log_also(logged, (void *)(uintptr_t)event);
}

/* As the paper backend's, which has no room for so many events. */
static enum tr_code count_abort(struct tr_endpoint *ep, uint32_t assoc, const void *reason, uint32_t len,
                                struct tr_error *e)
{
    (void)ep, (void)assoc, (void)reason, (void)len, (void)e;
    paper.aborts++;
    return TR_OK;
}

static int begin(void **state)
{
    if (set_up(state) != 0)
        return -1;
    backend.abort = count_abort;
    broker = (struct brk_broker){.backend = &backend, .worker_count = 1};
    worker = (struct brk_worker){.broker = &broker, .config = &config, .loop = loop, .now_ms = 1000000};
    if (!brk_counts_init(&worker.counts, &config))
        return -1;
    sock = brk_socket_new(&worker, BRK_LISTENING, (struct cfg_member){CFG_MEMBER_LISTENER, 0});
    sock->ep = open_one();
    for (unsigned i = 0; i < CLIENTS; i++) {
        clients[i] = (struct brk_assoc){.worker = &worker, .state = BRK_UP};
        brk_assoc_attach(&clients[i], sock, i + 1);
    }
    return 0;
}

static int end(void **state)
{
    brk_log_also(NULL, NULL);
    for (unsigned i = 0; i < CLIENTS; i++)
        brk_assoc_detach(&clients[i]);
    brk_socket_close(sock);
    free(sock);
    brk_counts_free(&worker.counts);
    return tear_down(state);
}

static void half_received_messages_that_stop(void **state)
{
    (void)state;
    count_lines_of("stalled");
    for (unsigned i = 0; i < CLIENTS; i++) {
        struct tr_event e = {.type = TR_EV_STALLED, .assoc = i + 1, .stalled = {.messages = 1}};
        brk_handle_event(&worker, sock, &e);
    }
    assert_int_equal(lines, BRK_LOG_BURST);
    assert_int_equal(brk_counted(&worker.counts.stalled), CLIENTS);
}

static void options_that_are_not_granted(void **state)
{
    (void)state;
    opt_put_text(&listener.sctp, OPTF_PRIMARY_ADDR, "127.0.0.1");
    paper.refuses = OPT_PRIMARY_ADDR;
    count_lines_of("option_differs");
    for (unsigned i = 0; i < CLIENTS; i++)
        brk_assoc_options(&clients[i]);
    assert_int_equal(lines, BRK_LOG_BURST);
    listener.sctp = (struct opt_set){0};
}

static void ends_that_take_too_long(void **state)
{
    (void)state;
    count_lines_of("drain_timeout");
    worker.ending = true;
    for (unsigned i = 0; i < CLIENTS; i++)
        clients[i].end_by_ms = 1;
    brk_ending_tick(&worker);
    assert_int_equal(lines, BRK_LOG_BURST);
    assert_int_equal(paper.aborts, CLIENTS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(half_received_messages_that_stop, begin, end),
        cmocka_unit_test_setup_teardown(options_that_are_not_granted, begin, end),
        cmocka_unit_test_setup_teardown(ends_that_take_too_long, begin, end),
    };
    brk_log_open(CFG_LOG_WARNING);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
