/* The addresses of peers: what a worker has for looking them up when a plan could not be prepared. */
#include "tests/unit/paper_backend.h"

#include "broker/names.h"
#include "broker/state.h"

static struct net_host number = {0}, name = {.name = "stp.example"};
static const struct cfg_peer by_number[] = {{.name = "stp", .hosts = &number, .host_count = 1}};
static const struct cfg_peer by_name[] = {{.name = "stp", .hosts = &name, .host_count = 1}};
static const struct cfg_config before = {.peers = by_number, .peer_count = 1},
                               after = {.peers = by_name, .peer_count = 1};

static struct brk_broker broker;
static struct brk_worker worker;
static enum tr_code add_code;
static unsigned added, removed;

static enum tr_code add_fd(struct tr_loop *l, int fd, void *cookie, struct tr_error *e)
{
    (void)l, (void)fd, (void)cookie, (void)e;
    added += add_code == TR_OK;
    return add_code;
}

static void remove_fd(struct tr_loop *l, int fd)
{
    (void)l, (void)fd;
    removed++;
}

static int begin(void **state)
{
    if (set_up(state) != 0)
        return -1;
    backend.loop_add_fd = add_fd;
    backend.loop_remove_fd = remove_fd;
    number.address = address("127.0.0.1", 2905);
    broker = (struct brk_broker){.backend = &backend, .worker_count = 1};
    memset(&worker, 0, sizeof worker);
    worker.broker = &broker;
    worker.config = &before;
    worker.loop = loop;
    added = removed = 0;
    return brk_names_open(&worker, &error) == TR_OK ? 0 : -1;
}

static int end(void **state)
{
    brk_names_close(&worker);
    return tear_down(state);
}

/* A resolver that the loop did not take would never be heard. */
static void after_a_failure_the_next_plan_has_a_resolver(void **state)
{
    (void)state;
    add_code = TR_LIMIT;
    assert_false(brk_names_prepare(&worker, &after, &error));
    brk_names_abandon(&worker);
    assert_null(worker.resolver);
    add_code = TR_OK;
    assert_true(brk_names_prepare(&worker, &after, &error));
    assert_non_null(worker.resolver);
    assert_int_equal(added, 1);
    brk_names_abandon(&worker); /* it stays for the plan after that */
    assert_true(brk_names_prepare(&worker, &after, &error));
    assert_int_equal(added, 1);
    assert_int_equal(removed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(after_a_failure_the_next_plan_has_a_resolver, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
