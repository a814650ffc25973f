/* The filter of system calls, each try in a process of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "broker/sandbox.h"

enum { WORKED = 10, FAILED, REFUSED, NO_FILTER, KILLED };

static int outcome(long result)
{
    return result >= 0 ? WORKED : errno == ENOSYS ? REFUSED : FAILED;
}

/* What `act` comes to behind the filter. */
static int inside(int (*act)(void))
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int e = brk_sandbox_enter();
        _exit(e == ENOSYS ? NO_FILTER : e ? FAILED : act());
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status))
        return WTERMSIG(status) == SIGSYS ? KILLED : FAILED;
    return WEXITSTATUS(status);
}

static int nothing(void)
{
    return WORKED;
}

static void need_filter(void)
{
    if (!brk_sandbox_fits() || inside(nothing) == NO_FILTER)
        skip();
}

/* ---- what a broker does --------------------------------------------------------------------------- */

static void *end_at_once(void *arg)
{
    return arg;
}

static int work(void)
{
    char byte = 0;
    pthread_t thread;
    int pipes[2], file = open("/dev/null", O_RDWR | O_CLOEXEC);
    int udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), local = socket(AF_UNIX, SOCK_STREAM, 0);
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (file < 0 || udp < 0 || local < 0 || memory == MAP_FAILED || pipe(pipes) != 0)
        return FAILED;
    if (mprotect(memory, 4096, PROT_READ | PROT_EXEC) != 0) /* as a shared library is loaded */
        return FAILED;
    if (write(pipes[1], &byte, 1) != 1 || read(pipes[0], &byte, 1) != 1)
        return FAILED;
    return pthread_create(&thread, NULL, end_at_once, NULL) == 0 && pthread_join(thread, NULL) == 0 ? WORKED
                                                                                                    : FAILED;
}

static void a_broker_works(void **state)
{
    (void)state;
    need_filter();
    assert_int_equal(inside(work), WORKED);
}

/* ---- what it does not ----------------------------------------------------------------------------- */

static int run_program(void)
{
    char name[] = "/bin/true";
    char *const words[] = {name, NULL};
    return outcome(execve(name, words, words + 1));
}

static int look_into(void)
{
    return outcome(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int unshare_all(void)
{
    return outcome(syscall(SYS_unshare, 0));
}

static int new_process(void)
{
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    return outcome(child);
}

static int raw_packets(void)
{
    return outcome(socket(AF_PACKET, SOCK_RAW, 0));
}

static int writable_code(void)
{
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return outcome(memory == MAP_FAILED ? -1 : 0);
}

static int code_writable(void)
{
    void *memory = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return outcome(mprotect(memory, 4096, PROT_WRITE | PROT_EXEC));
}

static int type_for_others(void)
{
    return outcome(syscall(SYS_ioctl, 0, 0x5412 /* TIOCSTI */, ""));
}

static int another_user(void)
{
    return outcome(syscall(SYS_setuid, 0));
}

static int unknown_call(void)
{
    return outcome(syscall(100000));
}

static void others_do_not(void **state)
{
    (void)state;
    need_filter();
    assert_int_equal(inside(run_program), KILLED);
    assert_int_equal(inside(look_into), KILLED);
    assert_int_equal(inside(unshare_all), KILLED);
    assert_int_equal(inside(new_process), REFUSED);
    assert_int_equal(inside(raw_packets), REFUSED);
    assert_int_equal(inside(writable_code), REFUSED);
    assert_int_equal(inside(code_writable), REFUSED);
    assert_int_equal(inside(type_for_others), REFUSED);
    assert_int_equal(inside(another_user), REFUSED);
    assert_int_equal(inside(unknown_call), REFUSED);
}

/* ---- threads -------------------------------------------------------------------------------------- */

static sem_t go;

static void *try_later(void *arg)
{
    sem_wait(&go);
    *(int *)arg = raw_packets();
    return NULL;
}

/* One that has begun before is behind the filter, too. */
static void of_all_threads(void **state)
{
    int status;
    (void)state;
    need_filter();
    pid_t child = fork();
    if (child == 0) {
        pthread_t thread;
        int result = FAILED;
        sem_init(&go, 0, 0);
        if (pthread_create(&thread, NULL, try_later, &result) != 0 || brk_sandbox_enter() != 0)
            _exit(FAILED);
        sem_post(&go);
        pthread_join(thread, NULL);
        _exit(result);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_broker_works),
        cmocka_unit_test(others_do_not),
        cmocka_unit_test(of_all_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
