/* NULL where the contract does not allow it stops the program with the name of the call; nowhere is it
 * followed. And the sizes of what callers allocate, which stay while the library's soname stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/sctp/ppid.h"
#include "transport/resolve.h"
#include "transport/transport.h"

struct call {
    const char *name;
    void (*run)(void);
};

#define CALL(name, ...)                                                                                      \
    static void call_##name(void)                                                                            \
    {                                                                                                        \
        (void)name(__VA_ARGS__);                                                                             \
    }
#include "null_calls.def"
#undef CALL

static const struct call calls[] = {
#define CALL(name, ...) {#name, call_##name},
#include "null_calls.def"
#undef CALL
};

/* The signal that ends a process which makes this call; 0: none does. */
static int signal_of(const struct call *c)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        int nowhere = open("/dev/null", O_WRONLY);
        dup2(nowhere, STDERR_FILENO);
        signal(SIGABRT, SIG_DFL);
        c->run();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void a_bug_names_its_call(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        if (signal_of(&calls[i]) != SIGABRT)
            fail_msg("%s(NULL) did not stop the program in its own words", calls[i].name);
}

static void closing_nothing_is_nothing(void **state)
{
    (void)state;
    tr_close(NULL);
    tr_loop_close(NULL);
    tr_resolver_close(NULL);
}

static void sizes_stay(void **state)
{
    (void)state;
    if (sizeof(void *) != 8)
        skip();
    assert_int_equal(sizeof(struct net_addr), 28);
    assert_int_equal(sizeof(struct tr_error), 264);
    assert_int_equal(sizeof(struct tr_loop_params), 56);
    assert_int_equal(sizeof(struct tr_loop_stats), 136);
    assert_int_equal(sizeof(struct tr_open_params), 128);
    assert_int_equal(sizeof(struct tr_target), 16);
    assert_int_equal(sizeof(struct tr_ready), 24);
    assert_int_equal(sizeof(struct tr_msg), 40);
    assert_int_equal(sizeof(struct tr_event), 72);
    assert_int_equal(sizeof(struct tr_item), 80);
    assert_int_equal(sizeof(struct tr_answer), 728);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bug_names_its_call),
        cmocka_unit_test(closing_nothing_is_nothing),
        cmocka_unit_test(sizes_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
