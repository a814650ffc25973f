/* The resolver, with a simulated getaddrinfo for what a name server can do, and the real one for localhost
 * and a name that does not exist. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "transport/resolve.h"

/* ---- the name server of paper ------------------------------------------------------------------------ */

enum { PAPER = 0x4a4a }; /* in ai_flags: an entry made here */

static sem_t released; /* each name "slow…" takes one */
static atomic_uint lookups, slow_ones;
static atomic_bool signals_open;

static struct addrinfo *entry(const char *address, struct addrinfo *next)
{
    struct addrinfo *i = calloc(1, sizeof *i);
    struct net_addr *a = calloc(1, sizeof *a);
    assert_true(i && a && net_addr_parse(address, 0, a));
    i->ai_flags = PAPER;
    i->ai_family = a->sa.sa_family;
    i->ai_addr = &a->sa;
    i->ai_addrlen = net_addr_len(a);
    i->ai_next = next;
    return i;
}

static struct addrinfo *many(void)
{
    struct addrinfo *list = NULL;
    char text[32];
    for (int i = 40; i > 0; i--) {
        snprintf(text, sizeof text, "192.0.2.%d", i);
        list = entry(text, list);
    }
    return list;
}

static int answer(const char *name, struct addrinfo **list)
{
    if (strncmp(name, "fail", 4) == 0) {
        errno = EMFILE;
        return -atoi(name + 4);
    }
    if (strcmp(name, "both.test") == 0)
        *list = entry("2001:db8::1", entry("192.0.2.1", entry("2001:db8::1", entry("192.0.2.2", NULL))));
    else if (strcmp(name, "blocked.test") == 0)
        *list = entry("0.0.0.0", entry("::", entry("224.0.0.1", entry("ff02::1", NULL))));
    else if (strcmp(name, "many.test") == 0)
        *list = many();
    else
        *list = entry("192.0.2.1", NULL);
    return 0;
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **list)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    sigset_t blocked;
    atomic_fetch_add(&lookups, 1);
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    if (!sigismember(&blocked, SIGTERM) || !sigismember(&blocked, SIGUSR1))
        atomic_store(&signals_open, true);
    if (strcmp(name, "localhost") == 0 || strcmp(name, "no-such-name.invalid") == 0) {
        *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
        return real(name, service, hints, list);
    }
    if (strncmp(name, "slow", 4) == 0) {
        atomic_fetch_add(&slow_ones, 1);
        while (sem_wait(&released) != 0)
            ;
    }
    return answer(name, list);
}

void freeaddrinfo(struct addrinfo *list)
{
    void (*real)(struct addrinfo *);
    if (list->ai_flags != PAPER) {
        *(void **)&real = dlsym(RTLD_NEXT, "freeaddrinfo");
        real(list);
        return;
    }
    for (struct addrinfo *next; list != NULL; list = next) {
        next = list->ai_next;
        free(list->ai_addr);
        free(list);
    }
}

/* ---- helpers ------------------------------------------------------------------------------------------ */

static struct tr_resolver *open_resolver(void)
{
    struct tr_resolver *r = NULL;
    assert_int_equal(tr_resolver_open(&r, NULL), TR_OK);
    return r;
}

static bool is_readable(const struct tr_resolver *r, int timeout_ms)
{
    struct pollfd fd = {.fd = tr_resolver_fd(r), .events = POLLIN};
    return poll(&fd, 1, timeout_ms) == 1;
}

static void ask(struct tr_resolver *r, const char *host, void *cookie)
{
    struct tr_error error = {.text = ""};
    if (tr_resolver_ask(r, host, 2905, cookie, &error) != TR_OK)
        fail_msg("%s: %s", host, error.text);
}

static void take(struct tr_resolver *r, void *cookie, struct tr_answer *out)
{
    assert_true(is_readable(r, 20000));
    assert_true(tr_resolver_next(r, out));
    assert_ptr_equal(out->cookie, cookie);
}

static unsigned count_threads(void)
{
    DIR *tasks = opendir("/proc/self/task");
    unsigned count = 0;
    for (struct dirent *d; (d = readdir(tasks)) != NULL;)
        count += d->d_name[0] != '.';
    closedir(tasks);
    return count;
}

static unsigned threads_before;

static void *nothing(void *arg)
{
    return arg;
}

/* A sanitizer adds a thread of its own when the first one is created. */
static int begin_all(void **state)
{
    pthread_t first;
    (void)state;
    if (pthread_create(&first, NULL, nothing, NULL) != 0 || pthread_join(first, NULL) != 0)
        return 1;
    threads_before = count_threads();
    return 0;
}

static int begin(void **state)
{
    (void)state;
    atomic_store(&slow_ones, 0);
    return sem_init(&released, 0, 0);
}

/* No test leaves a thread running. */
static int end(void **state)
{
    (void)state;
    for (int i = 0; i < 2000 && count_threads() > threads_before; i++)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    return count_threads() > threads_before || atomic_load(&signals_open);
}

static void await_slow(unsigned count)
{
    for (int i = 0; i < 2000 && atomic_load(&slow_ones) < count; i++)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    assert_int_equal(atomic_load(&slow_ones), count);
}

static void release(unsigned count)
{
    while (count-- > 0)
        sem_post(&released);
}

static void same_addresses(const struct tr_answer *a, const char *const *expected, unsigned count)
{
    char text[NET_ADDR_TEXT];
    assert_int_equal(a->code, TR_OK);
    assert_int_equal(a->count, count);
    for (unsigned i = 0; i < count; i++)
        assert_string_equal(net_addr_format(&a->addresses[i], text, sizeof text), expected[i]);
}

/* ---- what is asked ------------------------------------------------------------------------------------ */

static void test_numeric(void **state)
{
    struct tr_resolver *r = open_resolver();
    struct tr_answer a;
    unsigned before = atomic_load(&lookups);
    int one, two;
    (void)state;
    assert_false(is_readable(r, 0));
    ask(r, "127.0.0.1", &one);
    ask(r, "fe80::1%lo", &two);
    assert_true(is_readable(r, 0));
    take(r, &one, &a);
    same_addresses(&a, (const char *const[]){"127.0.0.1:2905"}, 1);
    take(r, &two, &a);
    same_addresses(&a, (const char *const[]){"[fe80::1%lo]:2905"}, 1);
    assert_false(is_readable(r, 0));
    assert_false(tr_resolver_next(r, &a));
    assert_int_equal(atomic_load(&lookups), before);
    tr_resolver_close(r);
}

static void test_bad_names(void **state)
{
    static const char *const bad[] = {"", "127.0.0.300", "10.1.2", "fe80::zz", "a b", "-a", "a..b"};
    char longest[300];
    struct tr_resolver *r = open_resolver();
    struct tr_error error;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(tr_resolver_ask(r, bad[i], 1, NULL, &error), TR_INVALID);
        assert_non_null(strstr(error.text, "neither an address nor a host name"));
    }
    memset(longest, 'a', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(tr_resolver_ask(r, longest, 1, NULL, &error), TR_INVALID);
    assert_int_equal(tr_resolver_ask(r, longest, 1, NULL, NULL), TR_INVALID);
    assert_false(is_readable(r, 0));
    tr_resolver_close(r);
}

/* ---- what is answered --------------------------------------------------------------------------------- */

static void test_both_families(void **state)
{
    struct tr_resolver *r = open_resolver();
    struct tr_answer a;
    (void)state;
    ask(r, "both.test", r);
    take(r, r, &a);
    same_addresses(&a, (const char *const[]){"[2001:db8::1]:2905", "192.0.2.1:2905", "192.0.2.2:2905"}, 3);
    ask(r, "many.test", r);
    take(r, r, &a);
    assert_int_equal(a.count, TR_RESOLVE_MAX);
    tr_resolver_close(r);
}

static void test_errors(void **state)
{
    static const struct {
        int eai;
        enum tr_code code;
        const char *says;
    } rows[] = {{-EAI_NONAME, TR_NO_NAME, "spelled"},     {-EAI_NODATA, TR_NO_NAME, "no address"},
                {-EAI_ADDRFAMILY, TR_NO_NAME, ".test"},   {-EAI_AGAIN, TR_TIMEOUT, "resolv.conf"},
                {-EAI_MEMORY, TR_LIMIT, "out of memory"}, {-EAI_SYSTEM, TR_SYSTEM, "open files"},
                {-EAI_FAIL, TR_SYSTEM, "getent"}};
    struct tr_resolver *r = open_resolver();
    struct tr_answer a;
    char name[32];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(name, sizeof name, "fail%d.test", rows[i].eai);
        ask(r, name, r);
        take(r, r, &a);
        assert_int_equal(a.code, rows[i].code);
        assert_int_equal(a.error.code, rows[i].code);
        assert_int_equal(a.count, 0);
        assert_non_null(strstr(a.error.text, name));
        assert_non_null(strstr(a.error.text, rows[i].says));
    }
    ask(r, "blocked.test", r);
    take(r, r, &a);
    assert_int_equal(a.code, TR_NO_NAME);
    tr_resolver_close(r);
}

static void test_localhost(void **state)
{
    struct tr_answer a;
    char text[NET_ADDR_TEXT];
    (void)state;
    assert_int_equal(tr_resolve("localhost", 7, 20000, &a), TR_OK);
    assert_true(a.count >= 1);
    for (unsigned i = 0; i < a.count; i++) {
        net_addr_format(&a.addresses[i], text, sizeof text);
        if (strncmp(text, "127.", 4) != 0)
            assert_string_equal(text, "[::1]:7");
        assert_int_equal(net_addr_port(&a.addresses[i]), 7);
        for (unsigned j = 0; j < i; j++)
            assert_false(net_addr_equal(&a.addresses[i], &a.addresses[j]));
    }
}

/* RFC 6761 6.4: nobody has this name. A host without a name server says that it cannot know. */
static void test_no_such_name(void **state)
{
    struct tr_answer a;
    (void)state;
    assert_int_not_equal(tr_resolve("no-such-name.invalid", 7, 100000, &a), TR_OK);
    assert_true(a.code == TR_NO_NAME || a.code == TR_TIMEOUT);
    assert_non_null(strstr(a.error.text, "no-such-name.invalid"));
    assert_int_equal(a.count, 0);
}

/* ---- name servers that take their time ------------------------------------------------------ */

static void test_slow_name_holds_up_nobody(void **state)
{
    struct tr_resolver *r = open_resolver();
    struct tr_answer a;
    int slow, quick;
    (void)state;
    ask(r, "slow.test", &slow);
    await_slow(1);
    ask(r, "quick.test", &quick);
    take(r, &quick, &a);
    assert_int_equal(a.code, TR_OK);
    assert_false(is_readable(r, 20));
    release(1);
    take(r, &slow, &a);
    assert_int_equal(a.code, TR_OK);
    tr_resolver_close(r);
}

/* More than there are threads: the rest wait for one, and all are answered, each with its cookie. */
static void test_many(void **state)
{
    enum { COUNT = 100 };
    struct tr_resolver *r = open_resolver();
    struct tr_answer a;
    char name[32];
    int cookies[COUNT] = {0};
    (void)state;
    for (int i = 0; i < COUNT; i++) {
        snprintf(name, sizeof name, "slow-%d.test", i);
        ask(r, name, &cookies[i]);
    }
    await_slow(32);
    release(COUNT);
    for (int i = 0; i < COUNT; i++) {
        assert_true(is_readable(r, 20000));
        assert_true(tr_resolver_next(r, &a));
        assert_int_equal(++*(int *)a.cookie, 1);
    }
    assert_false(tr_resolver_next(r, &a));
    tr_resolver_close(r);
}

/* Waiting, under way, and answered. */
static void test_cancel(void **state)
{
    struct tr_resolver *r = open_resolver();
    struct tr_answer a;
    char name[32];
    int dropped, kept;
    (void)state;
    for (int i = 0; i < 32; i++) {
        snprintf(name, sizeof name, "slow-%d.test", i);
        ask(r, name, &dropped);
    }
    await_slow(32);
    ask(r, "waiting.test", &dropped);
    ask(r, "kept.test", &kept);
    ask(r, "192.0.2.7", &dropped);
    tr_resolver_cancel(r, &dropped);
    assert_false(is_readable(r, 0)); /* asked first: tr_resolver_next may change it */
    assert_false(tr_resolver_next(r, &a));
    release(32);
    take(r, &kept, &a);
    assert_int_equal(a.code, TR_OK);
    assert_false(is_readable(r, 50));
    tr_resolver_close(r);
}

/* Closing does not wait, and the threads that end later touch nothing that is gone (the address sanitizer's
 * part of this test). */
static void test_close_under_way(void **state)
{
    struct tr_resolver *r = open_resolver();
    char name[32];
    (void)state;
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "slow-%d.test", i);
        ask(r, name, r);
    }
    await_slow(32);
    ask(r, "127.0.0.1", r);
    tr_resolver_close(r);
    release(32);
    tr_resolver_close(NULL);
}

static void test_time_limit(void **state)
{
    struct tr_answer a;
    (void)state;
    assert_int_equal(tr_resolve("slow.test", 1, 30, &a), TR_TIMEOUT);
    assert_int_equal(a.error.code, TR_TIMEOUT);
    assert_non_null(strstr(a.error.text, "slow.test"));
    assert_non_null(strstr(a.error.text, "30 ms"));
    release(1);
    assert_int_equal(tr_resolve("quick.test", 1, -1, &a), TR_OK);
    assert_int_equal(tr_resolve("10.1.2", 1, -1, &a), TR_INVALID);
    assert_int_equal(a.code, TR_INVALID);
}

static void test_in_a_loop(void **state)
{
    struct tr_resolver *r = open_resolver();
    struct tr_loop *loop = NULL;
    struct tr_ready ready[4];
    struct tr_answer a;
    (void)state;
    assert_int_equal(tr_loop_open(tr_usrsctp(), NULL, &loop, NULL), TR_OK);
    assert_int_equal(tr_loop_add_fd(loop, tr_resolver_fd(r), r, NULL), TR_OK);
    assert_int_equal(tr_loop_wait(loop, 0, ready, 4), 0);
    ask(r, "slow.test", NULL);
    release(1);
    unsigned count = 0;
    for (int i = 0; i < 100 && count == 0; i++)
        count = tr_loop_wait(loop, 1000, ready, 4);
    assert_int_equal(count, 1);
    assert_ptr_equal(ready[0].cookie, r);
    assert_true(tr_resolver_next(r, &a));
    tr_loop_remove_fd(loop, tr_resolver_fd(r));
    tr_resolver_close(r);
    tr_loop_close(loop);
}

/* ---- choosing ------------------------------------------------------------------------------------------ */

static unsigned parse_list(const char *text, struct net_addr *out)
{
    char copy[200], *rest = copy, *item;
    unsigned count = 0;
    snprintf(copy, sizeof copy, "%s", text);
    while (*text && (item = strsep(&rest, " ")))
        assert_true(net_addr_parse(item, 0, &out[count++]));
    return count;
}

static void test_choose_addresses(void **state)
{
    static const struct {
        const char *local, *answer, *all, *one; /* with and without multi-homing */
        unsigned attempt;
    } rows[] = {
        {"", "192.0.2.1 2001:db8::1", "192.0.2.1 2001:db8::1", "192.0.2.1", 0},
        {"127.0.0.1", "2001:db8::1 192.0.2.1 192.0.2.2", "192.0.2.1 192.0.2.2", "192.0.2.1", 0},
        {"127.0.0.1", "2001:db8::1", "", "", 0},
        {"::1", "192.0.2.1 2001:db8::1", "2001:db8::1", "2001:db8::1", 0},
        {"::1 127.0.0.1", "192.0.2.1 2001:db8::1", "192.0.2.1 2001:db8::1", "192.0.2.1", 0},
        {"::", "192.0.2.1 2001:db8::1", "192.0.2.1 2001:db8::1", "192.0.2.1", 0},
        {"0.0.0.0", "2001:db8::1 192.0.2.1", "192.0.2.1", "192.0.2.1", 0},
        {"", "", "", "", 0},
        {"", "192.0.2.1 192.0.2.2 ::1", "192.0.2.2 ::1 192.0.2.1", "192.0.2.2", 1},
        {"", "192.0.2.1 192.0.2.2 ::1", "::1 192.0.2.1 192.0.2.2", "::1", 5},
        {"127.0.0.1", "::1 192.0.2.1 192.0.2.2", "192.0.2.2 192.0.2.1", "192.0.2.2", 3},
        {"127.0.0.1", "::1", "", "", 1},
    };
    (void)state;
    for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
        const struct tr_backend *b = i % 2 ? tr_usrsctp() : tr_kernel();
        struct net_addr local[4], list[4], expected[4];
        unsigned locals = parse_list(rows[i / 2].local, local), n = parse_list(rows[i / 2].answer, list);
        unsigned wanted = parse_list(i % 2 ? rows[i / 2].one : rows[i / 2].all, expected);
        assert_int_equal(tr_choose_addresses(b, local, locals, rows[i / 2].attempt, list, n), wanted);
        for (unsigned k = 0; k < wanted; k++)
            assert_true(net_addr_equal(&list[k], &expected[k]));
    }
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        CASE(test_numeric),
        CASE(test_bad_names),
        CASE(test_both_families),
        CASE(test_errors),
        CASE(test_localhost),
        CASE(test_no_such_name),
        CASE(test_slow_name_holds_up_nobody),
        CASE(test_many),
        CASE(test_cancel),
        CASE(test_close_under_way),
        CASE(test_time_limit),
        CASE(test_in_a_loop),
        CASE(test_choose_addresses),
    };
    return cmocka_run_group_tests(tests, begin_all, NULL);
}
