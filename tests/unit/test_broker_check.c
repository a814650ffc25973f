/* Bugs in Junctor that end the process before it uses the wrong memory: a pointer to something else than
 * expected, and one list link in two lists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "broker/assoc.h"
#include "broker/check.h"
#include "broker/dest.h"
#include "broker/socket.h"
#include "broker/state.h"

static struct brk_worker worker = {.magic = BRK_WORKER_MAGIC};
static struct brk_assoc assoc = {.magic = BRK_ASSOC_MAGIC, .worker = &worker};
static struct brk_socket one_socket = {.magic = BRK_SOCKET_MAGIC, .worker = &worker};
static struct brk_dest dest = {.magic = BRK_DEST_MAGIC};

static bool aborts(void (*what)(void))
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        struct rlimit no_core = {0};
        setrlimit(RLIMIT_CORE, &no_core);
        signal(SIGABRT, SIG_DFL); /* cmocka's would go on */
        what();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void assoc_of_socket(void)
{
    brk_assoc_of(&one_socket);
}
static void socket_of_assoc(void)
{
    brk_socket_of(&assoc);
}
static void dest_of_worker(void)
{
    brk_dest_of(&worker);
}
static void worker_of_dest(void)
{
    brk_worker_of(&dest);
}

static void host_of_worker(void)
{
    brk_checked(&worker, BRK_HOST_MAGIC);
}

static void pointers_are_what_they_are_taken_for(void **state)
{
    (void)state;
    assert_ptr_equal(brk_assoc_of(&assoc), &assoc);
    assert_ptr_equal(brk_socket_of(&one_socket), &one_socket);
    assert_ptr_equal(brk_dest_of(&dest), &dest);
    assert_ptr_equal(brk_worker_of(&worker), &worker);
    assert_true(aborts(assoc_of_socket));
    assert_true(aborts(socket_of_assoc));
    assert_true(aborts(dest_of_worker));
    assert_true(aborts(worker_of_dest));
    assert_true(aborts(host_of_worker));
}

static void enter_two_lists(void)
{
    brk_assoc_enter(&assoc, &worker.resolving);
    brk_assoc_enter(&assoc, &worker.connecting);
}
static void leave_another_list(void)
{
    brk_assoc_enter(&assoc, &worker.resolving);
    brk_assoc_leave(&assoc, &worker.connecting);
}
static void leave_no_list(void)
{
    brk_socket_leave(&one_socket, &worker.sockets);
}

static void a_link_stands_in_one_list(void **state)
{
    (void)state;
    brk_assoc_enter(&assoc, &worker.resolving);
    brk_assoc_leave(&assoc, &worker.resolving);
    brk_assoc_enter(&assoc, &worker.connecting);
    assert_ptr_equal(worker.connecting, &assoc);
    brk_assoc_leave(&assoc, &worker.connecting);
    assert_null(worker.connecting);
    assert_true(aborts(enter_two_lists));
    assert_true(aborts(leave_another_list));
    assert_true(aborts(leave_no_list));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pointers_are_what_they_are_taken_for),
        cmocka_unit_test(a_link_stands_in_one_list),
    };
    return cmocka_run_group_tests_name("broker check", tests, NULL, NULL);
}
