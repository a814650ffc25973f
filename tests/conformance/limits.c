/* What a host may lack: descriptors, routes; and other network namespaces. */
#include "tests/conformance/suite.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Prevents opening further descriptors; returns the previous limit. */
static struct rlimit no_more_descriptors(void)
{
    struct rlimit before, now;
    int next = dup(0);
    assert_int_not_equal(next, -1);
    close(next);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    now = before;
    now.rlim_cur = (rlim_t)next;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
    return before;
}

static void running_out_of_descriptors_is_a_limit(void **state)
{
    struct ct_world *w = *state;
    struct ct_pair p = ct_pair(w, NULL, NULL);
    struct net_addr local = ct_addr("127.0.0.1", 0);
    struct tr_open_params params = {
        .addresses = &local, .address_count = 1, .port = ct_port(), .encaps_port = ct_port()};
    struct tr_endpoint *ep = NULL, *peeled = NULL;
    struct tr_error opening = {0}, peeling = {0};
    uint32_t assoc = p.far;
    struct rlimit before = no_more_descriptors();
    enum tr_code open_code = tr_open(ct_main(w), &params, &ep, &opening);
    enum tr_code peel_code = tr_peeloff(p.server->ep, &assoc, NULL, &peeled, &peeling);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    ct_failed_as(open_code, TR_LIMIT, &opening);
    if (peel_code == TR_OK) { /* needed none */
        ct_wrap(w, peeled);
        return;
    }
    ct_failed_as(peel_code, TR_LIMIT, &peeling);
    ct_send(p.client, p.near, 0, 1, "where I was", 11); /* the association stays where it was */
    assert_int_equal(ct_message(p.server)->assoc, p.far);
    assoc = p.far;
    ct_peel(p.server, &assoc);
}

static void loop_without_descriptors_is_a_limit(void **state)
{
    static const struct tr_loop_params plain;
    struct tr_error error = {0};
    struct tr_loop *loop = NULL;
    unsigned held = ct_descriptors();
    struct rlimit before = no_more_descriptors();
    enum tr_code code = tr_loop_open(ct_backend, &plain, &loop, &error);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    ct_failed_as(code, TR_LIMIT, &error);
    assert_int_equal(ct_descriptors(), held);
    ct_main(*state); /* and afterwards it works */
}

static bool no_more_watches;

/* In the place of the C library's: a user may have only so many watches, all processes together. */
int epoll_ctl(int epoll, int op, int fd, struct epoll_event *event)
{
    if (no_more_watches && op == EPOLL_CTL_ADD) {
        errno = ENOSPC;
        return -1;
    }
    return (int)syscall(SYS_epoll_ctl, epoll, op, fd, event);
}

/* A stack that cannot take back what it has split off tells that it is lost. */
static void running_out_of_watches_is_a_limit(void **state)
{
    struct ct_pair p = ct_pair(*state, NULL, NULL);
    struct tr_endpoint *peeled = NULL;
    struct tr_error error = {0};
    uint32_t assoc = p.far;
    no_more_watches = true;
    enum tr_code code = tr_peeloff(p.server->ep, &assoc, NULL, &peeled, &error);
    no_more_watches = false;
    if (code == TR_OK) { /* needed none */
        ct_wrap(*state, peeled);
        return;
    }
    ct_failed_as(code, TR_LIMIT, &error);
    assert_int_equal(ct_change(p.server, TR_COMM_LOST)->assoc, p.far);
    ct_change(p.client, TR_COMM_LOST);
    ct_connect(p.client, p.server, NULL); /* and afterwards it works */
}

/* ---- A network namespace of our own with nothing but loopback ------------------------------------- */

static bool own_network(void)
{
    struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    if (unshare(CLONE_NEWNET) != 0)
        return false;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool up = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &lo) == 0;
    if (fd >= 0)
        close(fd);
    return up;
}

enum { CANNOT = 100, WRONG };

/* In a host without any route: tells the code of a connect to somewhere. */
static int connect_nowhere(void)
{
    static const struct tr_loop_params plain;
    struct tr_open_params params = {0};
    struct net_addr there;
    struct tr_target to = {&there, 1, 9899};
    struct tr_error error = {0};
    struct tr_event change;
    struct tr_loop *loop = NULL;
    struct tr_endpoint *ep = NULL;
    if (!own_network() || !net_addr_parse("198.51.100.1", 2905, &there))
        return CANNOT;
    if (tr_loop_open(ct_backend, &plain, &loop, &error) != TR_OK ||
        tr_open(loop, &params, &ep, &error) != TR_OK) {
        fprintf(stderr, "  %s\n", error.text);
        return WRONG;
    }
    enum tr_code code = tr_connect(ep, &to, 3000, &change, &error);
    tr_loop_close(loop);
    return (int)code;
}

static void no_route_is_unreachable(void **state)
{
    int status = 0;
    (void)state;
    pid_t child = fork();
    if (child == 0)
        _exit(connect_nowhere());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == CANNOT)
        skip(); /* not allowed to make a namespace */
    if (WEXITSTATUS(status) != TR_UNREACHABLE)
        fail_msg("got %s, wanted TR_UNREACHABLE", tr_code_name((enum tr_code)WEXITSTATUS(status)));
}

/* A child that holds a namespace open. Returns 0 where none may be made. */
static pid_t hold_namespace(char path[64])
{
    int pipe_fds[2];
    char ok = 0;
    assert_int_equal(pipe(pipe_fds), 0);
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        ok = own_network() ? 'y' : 'n';
        if (write(pipe_fds[1], &ok, 1) == 1)
            pause();
        _exit(0);
    }
    assert_int_equal(read(pipe_fds[0], &ok, 1), 1);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    snprintf(path, 64, "/proc/%d/ns/net", (int)child);
    if (ok == 'y')
        return child;
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    return 0;
}

static void endpoints_live_in_their_namespace(void **state)
{
    struct ct_world *w = *state;
    struct net_addr local = ct_addr("127.0.0.1", 0);
    struct tr_open_params listens = {.addresses = &local, .address_count = 1, .port = ct_port()},
                          calls = {.addresses = &local, .address_count = 1};
    struct tr_error error = {0};
    struct tr_event change;
    char path[64];
    if (!ct_has(TR_CAP_NETNS))
        skip();
    pid_t holder = hold_namespace(path);
    if (!holder)
        skip(); /* not allowed to make a namespace */
    listens.netns = calls.netns = path;
    struct ct_end *there = ct_open(w, NULL, &listens), *caller = ct_open(w, NULL, &calls);
    listens.netns = NULL; /* the same port is free at home */
    struct ct_end *here = ct_open(w, NULL, &listens), *stranger = ct_client(w, NULL);
    kill(holder, SIGKILL); /* the endpoints keep the namespace alive */
    waitpid(holder, NULL, 0);
    ct_ok(tr_listen(there->ep, 5, &error), &error);
    struct tr_target to = ct_target(there);
    ct_failed_as(tr_connect(stranger->ep, &to, 5000, &change, &error), TR_REFUSED, &error);
    uint32_t far, near = ct_connect(caller, there, &far);
    ct_send(caller, near, 0, 1, "inside", 6);
    assert_int_equal(ct_message(there)->ppid, 1);
    struct ct_end *peeled = ct_peel(there, &far);
    ct_send(peeled, far, 0, 2, "as well", 7);
    assert_int_equal(ct_message(caller)->ppid, 2);
    assert_int_equal(here->count, 0);
}

CT_TOPIC(limits, CT_CASE(running_out_of_descriptors_is_a_limit), CT_CASE(running_out_of_watches_is_a_limit),
         CT_CASE(loop_without_descriptors_is_a_limit), CT_CASE(no_route_is_unreachable),
         CT_CASE(endpoints_live_in_their_namespace));
