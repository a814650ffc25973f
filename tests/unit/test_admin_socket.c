/* The Unix socket of the admin interface: what is in its place when it is opened. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "broker/admin/socket.h"

static char folder[] = "/tmp/test_admin.XXXXXX", path[ADMIN_PATH_MAX];
static const struct cfg_config config = {.admin_path = path, .admin_mode = CFG_ADMIN_OWNER};

static int begin(void **state)
{
    (void)state;
    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/junctor.sock", folder);
    return 0;
}

static int end(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static int open_socket(char *why, size_t size)
{
    char opened[ADMIN_PATH_MAX];
    return admin_socket_open(&config, opened, why, size);
}

static void what_a_killed_broker_left_is_replaced(void **state)
{
    char why[300];
    (void)state;
    int left = open_socket(why, sizeof why);
    assert_true(left >= 0);
    close(left);
    int fd = open_socket(why, sizeof why);
    assert_true(fd >= 0);
    close(fd);
}

/* Such as one that was stopped: it listens, and takes nobody. */
static void a_broker_that_does_not_answer_is_not_waited_for(void **state)
{
    enum { CLIENTS = 1000 };
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int clients[CLIENTS], count = 0;
    char why[300];
    (void)state;
    int other = open_socket(why, sizeof why);
    assert_true(other >= 0);
    strcpy(a.sun_path, path);
    for (bool room = true; room && count < CLIENTS; count++) { /* until its queue is full */
        clients[count] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        room = connect(clients[count], (struct sockaddr *)&a, sizeof a) == 0;
    }
    assert_in_range(count, 1, CLIENTS - 1);
    assert_int_equal(open_socket(why, sizeof why), -1);
    assert_non_null(strstr(why, "Address already in use"));
    while (count > 0)
        close(clients[--count]);
    close(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_a_killed_broker_left_is_replaced, begin, end),
        cmocka_unit_test_setup_teardown(a_broker_that_does_not_answer_is_not_waited_for, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
