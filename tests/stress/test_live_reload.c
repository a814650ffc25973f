/* Live reload of a whole broker: the real control thread, real workers, over a simulated backend (paper.c)
 * whose clients and servers come and go at random. The configuration file is replaced and SIGHUP sent as fast
 * as the broker handles it; sometimes the account is requested, and another thread observes the broker all
 * the time, ends associations and requests reloads itself (watcher.c). Some of the configurations have a tap,
 * and a client of it comes and goes. At the end the broker drains, its account must balance, and every
 * message that was read has been delivered once or is counted as dropped; those of shared sessions have all
 * been delivered.
 *
 * Sessions are shared, paired and mapped; servers of mapped ones answer, and what comes back may find its
 * client gone.
 *
 * Order is not checked here, because members come back while others have older messages of a stream;
 * tests/middle checks it. */
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/signalfd.h>

#include <cmocka.h>

#include "broker/broker.h"
#include "broker/control.h"
#include "broker/drop.h"
#include "broker/log.h"
#include "broker/state.h"
#include "broker/stats/counts.h"
#include "broker/tap/tap.h"
#include "config/filter.h"
#include "tests/stress/paper.h"
#include "tests/stress/stress.h"
#include "tests/stress/watcher.h"

#define BROKER(more) "broker: {workers: 3, log_level: error, drain_timeout: 2m" more "}\n"
#define PEER(name, port)                                                                                     \
    "  - {name: " name ", address: 127.0.0.1, port: " #port                                                  \
    ", reconnect: {initial: 10ms, max: 20ms}, connect_timeout: 1s}\n"
#define PAIRED                                                                                               \
    "  - {name: pairs, address: 127.0.0.1, port: 2903, peeloff: never}\n"                                    \
    "  - {name: maps, address: 127.0.0.1, port: 2904}\n"                                                     \
    "peers:\n" PEER("p0", 3000) PEER("m0", 3008) PEER("m1", 3009)
#define MAPPED(members, share) "  - {name: mapped, members: [" members "], " share "}\n"
#define MAPS(session)          "  - {name: maps, from: maps, to: mapped, session: " session "}\n"
#define LISTENERS(port, peeloff)                                                                             \
    "listeners:\n  - {name: access, address: 127.0.0.1, port: " #port ", peeloff: " peeloff "}\n" PAIRED
#define TAP_FILE  "/tmp/live_reload.tap.pcapng"
#define TAP(more) "tap: {file: " TAP_FILE ", rotate: {size: 64K, files: 1}, " more "}\n"
#define PAIRS     "  - {name: pairs, from: pairs, to: p0, session: paired}\n"

static const char *const files[] = {
    BROKER("") LISTENERS(2900, "always") PEER("p1", 3001) PEER("p2", 3002) "groups:\n" MAPPED(
        "m0, m1",
        "share: stream-hash") "  - {name: core, members: [p0, p1, p2], mode: loadshare, share: stream-hash}\n"
                              "routes:\n" MAPS("mapped") "  - {name: all, from: access, to: core, session: "
                                                         "shared}\n" PAIRS,
    BROKER(", queue_messages: 7") LISTENERS(2900, "always") PEER("p2", 3002) PEER("p1", 3001)
        PEER("p3", 3003) "groups:\n" MAPPED(
            "m1, m0", "mode: override") "  - {name: core, members: [p3, p1], mode: override}\n"
                                        "routes:\n" MAPS("mapped") PAIRS
    "  - {from: access, ppid: 1, to: core, session: shared}\n"
    "  - {name: all, from: access, to: core, session: shared}\n" TAP("snaplen: 40"),
    BROKER("") LISTENERS(2901, "never") PEER("p3", 3003) "groups:\n" MAPPED(
        "m1",
        "mode: override") "  - {name: other, members: [p3, p0], mode: loadshare, share: round-robin}\n"
                          "routes:\n" MAPS(
                              "mapped") "  - {name: most, from: access, to: other, session: shared}\n" PAIRS,
    BROKER(", queue_messages: 50") LISTENERS(2900, "always") PEER("p1", 3005) PEER(
        "p3", 3003) "sctp: {rtoinfo: {min: 100ms}}\n"
                    "groups:\n" MAPPED(
                        "m0, m1", "share: stream-hash") "  - {name: core, members: [p1]}\n  - {name: other, "
                                                        "members: [p3, p1], mode: override}\n"
                                                        "routes:\n" MAPS(
                                                            "shared") "  - {name: all, from: access, stream: "
                                                                      "0-1, to: other, session: shared}\n"
                                                                      "  - {name: rest, from: access, to: "
                                                                      "core, session: shared}\n"
                                                                      "  - {name: pairs, from: pairs, to: "
                                                                      "other, session: paired}\n" TAP(
                                                                          "filter: {from: access, to: p3}"),
};

enum { FILES = sizeof files / sizeof files[0] };

static char path[64];

static void put_file(unsigned which)
{
    char next[80];
    snprintf(next, sizeof next, "%s.new", path);
    FILE *f = fopen(next, "w");
    check(f, "%s", next);
    fputs(files[which], f);
    fclose(f);
    check(rename(next, path) == 0, "%s", path);
}

static struct cfg_config *first_config(void)
{
    struct cfg_remarks remarks;
    snprintf(path, sizeof path, "/tmp/live_reload.%d.yaml", (int)getpid());
    put_file(0);
    struct cfg_config *c = cfg_load(path, &remarks);
    cfg_remarks_print(path, &remarks, stderr);
    cfg_remarks_free(&remarks);
    check(c, "%s", path);
    return c;
}

/* ---- who reloads ----------------------------------------------------------------------------------- */

struct reloader {
    double seconds;
    unsigned asked;
};

static void *reload_on(void *arg)
{
    struct reloader *r = arg;
    uint64_t random = 4711;
    for (double end = seconds_now() + r->seconds; seconds_now() < end || r->asked < 200; r->asked++) {
        put_file(below(&random, FILES));
        kill(getpid(), SIGHUP);
        if (below(&random, 20) == 0)
            kill(getpid(), SIGUSR1);
        usleep(below(&random, 3000));
    }
    put_file(0); /* it has routes for everything */
    kill(getpid(), SIGHUP);
    usleep(200000);
    paper_calm();
    kill(getpid(), SIGTERM);
    return NULL;
}

/* ---- who taps ------------------------------------------------------------------------------------- */

struct tapper {
    struct tap *tap;
    unsigned over; /* atomic */
    uint64_t bytes;
};

static void *tap_on(void *arg)
{
    static const struct cfg_filter everything;
    struct tapper *t = arg;
    char bytes[5000];
    uint64_t random = 815;
    while (!relaxed_load(&t->over)) {
        struct tap_stream *s = tap_open(t->tap, cfg_filter_copy(&everything), 1 + below(&random, 100), "");
        for (unsigned i = below(&random, 100); s && i; i--) {
            ssize_t n = tap_read(s, bytes, sizeof bytes);
            t->bytes += n > 0 ? (uint64_t)n : 0;
            usleep(below(&random, 1000));
        }
        if (s)
            tap_close(t->tap, s);
        usleep(below(&random, 20000));
    }
    return NULL;
}

static int block_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

/* ---- the account ----------------------------------------------------------------------------------- */

static void compare(const struct brk_broker *b, const struct reloader *r)
{
    struct paper_sum seen = paper_add_up();
    uint64_t received = 0, delivered = 0, dropped = 0, waiting = 0;
    for (unsigned i = 0; i < b->worker_count; i++) {
        const struct brk_counts *c = &b->workers[i]->counts;
        received += brk_counted(&c->received);
        delivered += brk_counted(&c->delivered) - brk_counted(&c->returned);
        waiting += brk_counted(&c->waiting);
        for (unsigned d = 0; d < BRK_DROP_COUNT; d++)
            dropped += brk_counted(&c->dropped[d]);
    }
    print_message("%" PRIu64 " messages, %" PRIu64 " dropped, %u reloads of %u asked for, %" PRIu64
                  " associations, %" PRIu64 " lost, %" PRIu64 " answers\n",
                  received, dropped, b->plan->generation - 1, r->asked, seen.associations, seen.lost,
                  seen.answers);
    check(received == seen.read, "%" PRIu64 " received, %" PRIu64 " read", received, seen.read);
    check(received == delivered + dropped, "%" PRIu64 " received, %" PRIu64 " delivered, %" PRIu64 " dropped",
          received, delivered, dropped);
    check(waiting == 0, "%" PRIu64 " wait", waiting);
    check(seen.twice == 0, "%" PRIu64 " arrived twice", seen.twice);
    check(seen.missing == dropped, "%" PRIu64 " did not arrive, %" PRIu64 " were dropped", seen.missing,
          dropped);
    check(seen.missing_shared == 0, "%" PRIu64 " of shared sessions did not arrive", seen.missing_shared);
    check(b->plan->generation > 3 && seen.read && seen.lost && seen.answers > 100, "too little has happened");
}

static void run(double seconds, bool plant)
{
    struct reloader r = {.seconds = seconds};
    struct brk_broker b = {.control.eventfd = -1, .requests.eventfd = -1, .backend = &paper};
    struct brk_service services[2];
    struct tapper tapper = {.tap = tap_new("stress")};
    pthread_t thread, tapping;
    int signals = block_signals();
    check(tapper.tap, "memory");
    tap_service(tapper.tap, &services[0]);
    watcher_service(&services[1]);
    brk_log_open(CFG_LOG_ERROR);
    b.plan = rt_plan_new(first_config(), 1);
    paper_begin(plant ? &b : NULL);
    check(b.plan && brk_broker_open(&b), "the broker does not start");
    check(!pthread_create(&thread, NULL, reload_on, &r), "thread");
    check(!pthread_create(&tapping, NULL, tap_on, &tapper), "thread");
    int status = brk_control_main(&b, signals, services, 2);
    pthread_join(thread, NULL);
    relaxed_set(&tapper.over, 1);
    pthread_join(tapping, NULL);
    tap_free(tapper.tap);
    close(signals);
    unlink(path);
    check(unlink(TAP_FILE) == 0, "the tap has written no file");
    check(tapper.bytes > 10000, "the tap's client got %" PRIu64 " bytes", tapper.bytes);
    check(status == 0, "the broker ends with status %d", status);
    compare(&b, &r);
    watcher_check();
    brk_broker_close(&b);
    paper_end();
}

static void test_reloads_with_real_workers(void **state)
{
    (void)state;
    run(8, false);
}

static void test_a_race_would_be_found(void **state)
{
    (void)state;
#ifdef RT_TSAN
    assert_true(race_is_found("other-worker"));
#else
    skip(); /* needs SAN=thread */
#endif
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "other-worker")) {
        run(RACE_SECONDS, true);
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reloads_with_real_workers),
        cmocka_unit_test(test_a_race_would_be_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
