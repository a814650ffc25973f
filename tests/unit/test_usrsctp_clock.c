/* The host's clock is set back while the stack runs: the stack dates its cookies by it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/time.h>
#include <time.h>

#include "transport/usrsctp/usrsctp_priv.h"

enum { PORT = 5006, HOUR_MS = 3600 * 1000, STEP_S = 600 };

static time_t offset;

/* What the stack, which is a shared library, calls in this program. */
__attribute__((visibility("default"))) int gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
    struct timespec now;
    (void)tz;
    clock_gettime(CLOCK_REALTIME, &now);
    *tv = (struct timeval){now.tv_sec + offset, now.tv_nsec / 1000};
    return 0;
}

static struct tr_endpoint *open_at(struct tr_loop *loop, uint16_t port, const struct net_addr *at)
{
    struct tr_error error;
    struct tr_endpoint *ep;
    struct tr_open_params p = {.addresses = at, .address_count = 1, .port = port};
    if (tr_open(loop, &p, &ep, &error) != TR_OK)
        fail_msg("%s", error.text);
    return ep;
}

static void associations_come_up_after_the_clock_was_set_back(void **state)
{
    struct tr_loop *loop;
    struct tr_error error;
    struct tr_event change;
    struct net_addr at;
    (void)state;
    assert_int_equal(tr_loop_open(tr_usrsctp(), NULL, &loop, &error), TR_OK);
    assert_true(net_addr_parse("127.0.0.1", PORT, &at));
    struct tr_endpoint *server = open_at(loop, PORT, &at), *client = open_at(loop, 0, &at);
    struct tr_target to = {&at, 1, tr_endpoint_encaps_port(server)};
    assert_int_equal(tr_listen(server, 5, &error), TR_OK);
    usrsctp_handle_timers(HOUR_MS + 1000); /* as if an hour were over: time for another secret */
    offset = -STEP_S;
    if (tr_connect(client, &to, 5000, &change, &error) != TR_OK)
        fail_msg("%s", error.text);
    assert_int_equal(change.change.state, TR_COMM_UP);
    tr_loop_close(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(associations_come_up_after_the_clock_was_set_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
