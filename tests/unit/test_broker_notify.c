/* Notifications to a service manager, as they arrive at its socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "broker/notify.h"
#include "broker/state.h"

static int manager; /* its end */

static int set_up(void **state)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    char name[sizeof at.sun_path];
    (void)state;
    int n = snprintf(name, sizeof name, "@junctor-test-%d", (int)getpid());
    memcpy(at.sun_path + 1, name + 1, (size_t)n - 1);
    manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(manager, (struct sockaddr *)&at,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)n)),
                     0);
    setenv("NOTIFY_SOCKET", name, 1);
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return close(manager);
}

/* What came, or "" where nothing did. */
static const char *told(void)
{
    static char text[300];
    ssize_t n = recv(manager, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    return text;
}

static void test_life(void **state)
{
    (void)state;
    brk_notify_ready(2, "kernel");
    assert_string_equal(told(), "READY=1\nSTATUS=2 workers, kernel SCTP");
    brk_notify_reloading();
    const char *text = told();
    assert_memory_equal(text, "RELOADING=1\nMONOTONIC_USEC=", 27);
    assert_true(strtoull(text + 27, NULL, 10) > 0);
    brk_notify_reloaded(true);
    assert_memory_equal(told(), "READY=1\nSTATUS=the configuration has been read again", 52);
    brk_notify_reloaded(false);
    assert_non_null(strstr(told(), "refused"));
    brk_notify_stopping(5000);
    assert_string_equal(told(), "STOPPING=1\nSTATUS=draining\nEXTEND_TIMEOUT_USEC=20000000");
    assert_string_equal(told(), "");
}

static void test_nobody_watches(void **state)
{
    struct brk_watchdog dog = {0};
    struct brk_broker b = {0};
    (void)state;
    brk_watchdog_start(&dog, 1000);
    assert_int_equal(brk_watchdog_sleep(&dog, -1, 1000), -1);
    assert_int_equal(brk_watchdog_sleep(&dog, 50, 1000), 50);
    assert_true(brk_watchdog_tick(&dog, &b, 100000));
    assert_string_equal(told(), "");
}

static void test_watchdog(void **state)
{
    struct brk_worker one = {.inbox.eventfd = eventfd(0, EFD_NONBLOCK)},
                      two = {.inbox.eventfd = eventfd(0, EFD_NONBLOCK)}, *workers[] = {&one, &two};
    struct brk_broker b = {.workers = workers, .worker_count = 2};
    struct brk_watchdog dog = {0};
    (void)state;
    setenv("WATCHDOG_USEC", "2000000", 1);
    brk_watchdog_start(&dog, 1000);
    assert_int_equal(brk_watchdog_sleep(&dog, -1, 1000), 0);
    assert_true(brk_watchdog_tick(&dog, &b, 1000));
    assert_string_equal(told(), "WATCHDOG=1");
    assert_int_equal(atomic_load(&one.commands), BRK_CMD_ALIVE);
    assert_int_equal(atomic_load(&two.commands), BRK_CMD_ALIVE);

    /* Not yet; and until then control may sleep. */
    assert_int_equal(brk_watchdog_sleep(&dog, -1, 1400), 600);
    assert_int_equal(brk_watchdog_sleep(&dog, 50, 1400), 50);
    assert_true(brk_watchdog_tick(&dog, &b, 1999));
    assert_string_equal(told(), "");

    /* One of them has not taken what it was asked. */
    atomic_store(&one.commands, 0);
    assert_false(brk_watchdog_tick(&dog, &b, 2000));
    assert_string_equal(told(), "");

    atomic_store(&one.commands, 0);
    atomic_store(&two.commands, BRK_CMD_ACCOUNT); /* another command than that */
    assert_true(brk_watchdog_tick(&dog, &b, 3000));
    assert_string_equal(told(), "WATCHDOG=1");
    close(one.inbox.eventfd);
    close(two.inbox.eventfd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_life, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nobody_watches, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_watchdog, set_up, tear_down)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
