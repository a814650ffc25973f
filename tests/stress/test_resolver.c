/* Threads open resolvers, ask for many names at once, cancel some, take answers, and close with requests
 * pending, as fast as they can; the name server is simulated, with random delays. Checked: each request that
 * is not cancelled is answered once, with the address of its own name, unless the resolver is closed first,
 * and a cancelled one never. Under ThreadSanitizer (and AddressSanitizer): without a race, and nothing is
 * freed while in use; and a program that closes a resolver which another thread still uses is detected. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <netdb.h>
#include <pthread.h>

#include <cmocka.h>

#include "tests/stress/stress.h"
#include "transport/resolve.h"

enum { PROGRAMS = 3, QUESTIONS = 60 };

struct question {
    uint32_t number;
    bool cancelled;
    unsigned answered;
};

struct program {
    pthread_t thread;
    uint64_t random;
    uint64_t answered, cancelled, closed; /* questions */
    int *stop;                            /* relaxed */
};

/* ---- the name server: "n<number>.test" is 10.x.y.z ----------------------------------------------------- */

static __thread uint64_t server_random;

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **list)
{
    struct net_addr *a = calloc(1, sizeof *a);
    struct addrinfo *i = calloc(1, sizeof *i);
    uint32_t number = (uint32_t)strtoul(name + 1, NULL, 10);
    (void)service;
    (void)hints;
    check(a && i, "out of memory");
    if (!server_random)
        server_random = (uint64_t)(uintptr_t)i | 1;
    if (below(&server_random, 3))
        usleep(below(&server_random, 300));
    a->in4.sin_family = AF_INET;
    a->in4.sin_addr.s_addr = htonl(10u << 24 | number);
    i->ai_family = AF_INET;
    i->ai_addr = &a->sa;
    *list = i;
    return 0;
}

void freeaddrinfo(struct addrinfo *list)
{
    free(list->ai_addr);
    free(list);
}

/* ---- a program ------------------------------------------------------------------------------- */

static void ask(struct program *p, struct tr_resolver *r, struct question *q)
{
    char host[32];
    struct tr_error error;
    q->number = below(&p->random, 1 << 24);
    uint32_t n = q->number;
    if (below(&p->random, 8))
        snprintf(host, sizeof host, "n%u.test", n);
    else
        snprintf(host, sizeof host, "10.%u.%u.%u", n >> 16, n >> 8 & 255, n & 255);
    check(tr_resolver_ask(r, host, 7, q, &error) == TR_OK, "%s", error.text);
}

/* Takes what is there; true when there was anything. */
static bool take(struct program *p, struct tr_resolver *r)
{
    struct tr_answer a;
    bool any = false;
    while (tr_resolver_next(r, &a)) {
        struct question *q = a.cookie;
        check(a.code == TR_OK && a.count == 1, "answered with %s", tr_code_name(a.code));
        check(a.addresses[0].in4.sin_addr.s_addr == htonl(10u << 24 | q->number), "somebody else's address");
        check(!q->cancelled, "a cancelled question was answered");
        check(++q->answered == 1, "answered twice");
        p->answered++;
        any = true;
    }
    return any;
}

static void take_all(struct program *p, struct tr_resolver *r, unsigned wanted)
{
    uint64_t before = p->answered;
    while (p->answered - before < wanted) {
        struct pollfd fd = {.fd = tr_resolver_fd(r), .events = POLLIN};
        check(poll(&fd, 1, 20000) == 1, "%u answers are missing",
              (unsigned)(wanted - (p->answered - before)));
        check(take(p, r), "readable, and no answer");
    }
}

/* The life of one resolver. */
static void round_of(struct program *p)
{
    struct question questions[QUESTIONS] = {0};
    struct tr_resolver *r = NULL;
    struct tr_answer none;
    unsigned count = 1 + below(&p->random, QUESTIONS), left = 0;
    check(tr_resolver_open(&r, NULL) == TR_OK, "no resolver");
    for (unsigned i = 0; i < count; i++)
        ask(p, r, &questions[i]);
    take(p, r);
    for (unsigned i = 0; i < count; i++)
        if (!questions[i].answered && below(&p->random, 4) == 0) {
            tr_resolver_cancel(r, &questions[i]);
            questions[i].cancelled = true;
            p->cancelled++;
        }
    for (unsigned i = 0; i < count; i++)
        left += !questions[i].answered && !questions[i].cancelled;
    if (below(&p->random, 2)) {
        take_all(p, r, left);
        check(!tr_resolver_next(r, &none), "more answers than questions");
    } else {
        p->closed += left;
    }
    tr_resolver_close(r);
}

static bool enough(const struct program *p)
{
    return p->answered > 100 && p->cancelled > 10 && p->closed > 10;
}

/* Until it is told to stop, and longer where it has done too little on this machine. */
static void *run_program(void *program)
{
    struct program *p = program;
    while (!relaxed_load(p->stop) || !enough(p))
        round_of(p);
    return NULL;
}

static void test_questions(void **state)
{
    struct program programs[PROGRAMS] = {0};
    int stop = 0;
    (void)state;
    for (unsigned i = 0; i < PROGRAMS; i++) {
        programs[i].random = i + 1;
        programs[i].stop = &stop;
        check(pthread_create(&programs[i].thread, NULL, run_program, &programs[i]) == 0, "no thread");
    }
    sleep(3);
    relaxed_set(&stop, 1);
    for (unsigned i = 0; i < PROGRAMS; i++)
        pthread_join(programs[i].thread, NULL);
}

/* ---- breaking the rule ----------------------------------------------------------------------- */

static int closed; /* relaxed: it orders nothing, so the use that follows is a race */

static void *close_it(void *resolver)
{
    tr_resolver_close(resolver);
    relaxed_set(&closed, 1);
    return NULL;
}

static int close_under_use(void)
{
    struct tr_resolver *r = NULL;
    struct tr_answer a;
    pthread_t other;
    if (tr_resolver_open(&r, NULL) != TR_OK || pthread_create(&other, NULL, close_it, r) != 0)
        return 1;
    while (!relaxed_load(&closed))
        usleep(1000);
    tr_resolver_next(r, &a);
    pthread_join(other, NULL);
    return 0;
}

static void test_race_is_found(void **state)
{
    (void)state;
#ifdef RT_TSAN
    assert_true(race_is_found("close-under-use"));
#else
    skip(); /* needs SAN=thread */
#endif
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_questions),
                                       cmocka_unit_test(test_race_is_found)};
    if (argc > 1 && strcmp(argv[1], "close-under-use") == 0)
        return close_under_use();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
