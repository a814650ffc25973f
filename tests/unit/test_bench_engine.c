/* The load engine as a library: several runs in one process, nothing printed, progress reported, a run
 * cancelled. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "bench/engine.h"

static struct bench_plan plan;
static char why[BENCH_TROUBLE_MAX];

static uint16_t free_udp_port(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&a, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
    close(fd);
    return ntohs(a.sin_port);
}

/* Source and sink over the userland stack of this process. */
static int setup(void **state)
{
    (void)state;
    bench_plan_defaults(&plan);
    plan.transport = BENCH_TRANSPORT_USRSCTP;
    assert_true(bench_end_parse("127.0.0.1:5001", true, &plan.listen[0], why, sizeof why));
    plan.listen[0].encaps_port = free_udp_port();
    plan.listen_count = 1;
    return 0;
}

static void settle(void)
{
    if (!bench_plan_settle(&plan, why, sizeof why))
        fail_msg("%s", why);
}

static void test_runs_follow_each_other(void **state)
{
    (void)state;
    plan.count = 2000;
    plan.associations = 3;
    settle();
    for (unsigned i = 0; i < 3; i++) {
        struct bench_outcome *o = bench_run(&plan, NULL, NULL);
        assert_non_null(o);
        if (!bench_outcome_ok(o))
            fail_msg("run %u: %s%s", i, o->error, o->count ? o->results[0].trouble : "");
        assert_string_equal(o->transport, "usrsctp");
        assert_int_equal(o->count, 1);
        assert_int_equal(o->results[0].source.sent, 2000);
        assert_int_equal(o->results[0].delivery.counts.messages, 2000);
        assert_int_equal(o->results[0].delivery.latency.total, 2000);
        assert_int_equal(o->results[0].set_up.total, 3);
        assert_true(o->results[0].cpu_user + o->results[0].cpu_system > 0);
        bench_outcome_free(o);
    }
}

struct heard {
    struct bench_stop stop;
    unsigned begun, sending;
};

static void on_begin(const char *run, const char *transport, const struct bench_end *where, void *arg)
{
    struct heard *h = arg;

    assert_string_equal(run, "direct");
    assert_string_equal(transport, "usrsctp");
    assert_int_equal(where->port, 5001);
    h->begun++;
}

static void on_progress(const struct bench_progress *p, void *arg)
{
    struct heard *h = arg;

    if (p->phase != BENCH_SENDING || p->delivered == 0)
        return;
    assert_true(p->delivery_known && p->sent >= p->delivered && p->rate >= 0);
    h->sending++;
    bench_stop_ask(&h->stop);
}

/* Asked once, it ends the sending, and the result is that of a whole run. */
static void test_a_run_is_cancelled(void **state)
{
    struct heard heard = {0};
    struct bench_observer observer = {
        .begin = on_begin, .progress = on_progress, .every_ms = 20, .arg = &heard};

    (void)state;
    plan.duration_ms = 60000;
    plan.rate = 1000;
    settle();
    struct bench_outcome *o = bench_run(&plan, &observer, &heard.stop);
    assert_non_null(o);
    assert_int_equal(heard.begun, 1);
    assert_true(heard.sending > 0);
    assert_int_equal(o->count, 1);
    assert_true(o->results[0].source.sent > 0 && o->results[0].source.sent < 60000);
    assert_int_equal(o->results[0].delivery.counts.messages, o->results[0].source.sent);
    assert_true(o->results[0].generator.lag.total > 0);
    bench_outcome_free(o);
}

/* Associations are opened at a rate, and some of them closed and opened again while the others go on. */
static void test_churn(void **state)
{
    (void)state;
    plan.duration_ms = 400;
    plan.associations = 6;
    plan.rate = 1000;
    plan.open_rate = 100;
    plan.churn = (struct bench_churn){.rate = 40, .first = 1, .count = 3};
    settle();
    for (unsigned i = 0; i < 2; i++) {
        struct bench_outcome *o = bench_run(&plan, NULL, NULL);
        assert_non_null(o);
        const struct bench_result *r = &o->results[0];
        assert_string_equal(o->error, "");
        assert_int_equal(r->source.up, 6);
        assert_int_equal(r->source.set_up_failed + r->source.lost, 0);
        assert_true(r->source.closed > 0 && r->source.reopened <= r->source.closed);
        assert_int_equal(r->set_up.total, 6 + r->source.reopened);
        assert_int_equal(r->delivery.lost + r->delivery.counts.misordered + r->delivery.counts.duplicated, 0);
        assert_int_equal(r->delivery.counts.messages + r->delivery.given_up, r->source.sent);
        if (!plan.churn.abort) {
            assert_int_equal(r->delivery.given_up, 0);
            assert_true(r->shut_down.total >= r->source.reopened);
        }
        plan.churn.abort = true;
        bench_outcome_free(o);
    }
}

/* Replies are awaited before an association is closed; those that an abort cuts off are given up. */
static void test_churn_with_replies(void **state)
{
    (void)state;
    plan.duration_ms = 300;
    plan.associations = 4;
    plan.reply = true;
    plan.churn = (struct bench_churn){.rate = 60, .first = 0, .count = 4};
    settle();
    for (unsigned i = 0; i < 2; i++) {
        struct bench_outcome *o = bench_run(&plan, NULL, NULL);
        assert_non_null(o);
        const struct bench_result *r = &o->results[0];
        assert_true(r->source.closed > 0);
        assert_int_equal(r->source.lost + r->source.not_closed + r->not_echoed, 0);
        assert_int_equal(r->replies.lost, 0);
        assert_int_equal(r->replies.counts.messages + r->replies.given_up, r->source.sent);
        assert_true(plan.churn.abort || r->replies.given_up == 0);
        assert_true(bench_result_ok(r));
        plan.churn.abort = true;
        bench_outcome_free(o);
    }
}

/* A flow from the sink goes on where an association that has ended was opened again. */
static void test_churn_with_flows_down(void **state)
{
    (void)state;
    plan.associations = 2;
    plan.churn = (struct bench_churn){.rate = 50, .first = 0, .count = 2};
    plan.flow_count = 2;
    for (unsigned i = 0; i < 2; i++) {
        plan.flows[i] = bench_plan_flow(&plan);
        assert_true(bench_flow_parse(
            &plan.flows[i], i ? "direction=down,rate=500,count=200" : "rate=500,count=200", why, sizeof why));
    }
    settle();
    struct bench_outcome *o = bench_run(&plan, NULL, NULL);
    assert_non_null(o);
    const struct bench_result *r = &o->results[0];
    assert_true(r->source.reopened > 2);
    assert_int_equal(r->sent_down.messages, 200);
    assert_int_equal(r->down.counts.messages, 200);
    assert_int_equal(r->down.counts.misordered + r->down.lost + r->source.lost, 0);
    bench_outcome_free(o);
}

/* The content of a file is sent and arrives whole, both ways, also where bursts are cut short. */
static void test_payload_of_a_file(void **state)
{
    (void)state;
    strcpy(plan.payload, "/tmp/junctor-payload-XXXXXX");
    int fd = mkstemp(plan.payload);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "some content", 12), 12);
    close(fd);
    plan.count = 3000;
    plan.size_min = 52;
    plan.size_max = 5000;
    plan.verify = plan.reply = true;
    settle();
    struct bench_outcome *o = bench_run(&plan, NULL, NULL);
    assert_non_null(o);
    if (!bench_outcome_ok(o))
        fail_msg("%s%s", o->error, o->count ? o->results[0].trouble : "");
    assert_int_equal(o->results[0].delivery.counts.messages, 3000);
    assert_int_equal(o->results[0].replies.counts.messages, 3000);
    bench_outcome_free(o);
    assert_int_equal(truncate(plan.payload, 0), 0);
    o = bench_run(&plan, NULL, NULL);
    assert_non_null(strstr(o->error, ": the file is empty"));
    bench_outcome_free(o);
    unlink(plan.payload);
    o = bench_run(&plan, NULL, NULL);
    assert_non_null(strstr(o->error, "No such file"));
    bench_outcome_free(o);
}

/* A file, as it is, is every message; both ends know it, and a reply is compared and timed. */
static void test_raw_content(void **state)
{
    (void)state;
    strcpy(plan.payload, "/tmp/junctor-raw-XXXXXX");
    int fd = mkstemp(plan.payload);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "PING", 4), 4);
    close(fd);
    plan.raw = plan.reply = true;
    plan.count = 500;
    plan.associations = 2;
    plan.streams = 3;
    settle();
    assert_int_equal(plan.size_max, 4);
    settle(); /* again: nothing changes */
    struct bench_outcome *o = bench_run(&plan, NULL, NULL);
    assert_non_null(o);
    if (!bench_outcome_ok(o))
        fail_msg("%s%s", o->error, o->count ? o->results[0].trouble : "");
    assert_int_equal(o->results[0].source.bytes, 2000);
    assert_int_equal(o->results[0].delivery.counts.messages, 500);
    assert_int_equal(o->results[0].delivery.latency.total, 0); /* nothing in it tells when it was sent */
    assert_int_equal(o->results[0].replies.counts.messages, 500);
    assert_int_equal(o->results[0].replies.latency.total, 500);
    assert_true(o->results[0].replies.latency.max > 0);
    bench_outcome_free(o);
    unlink(plan.payload);
    assert_false(bench_plan_settle(&plan, why, sizeof why));
    assert_non_null(strstr(why, "--payload: /tmp/junctor-raw-"));
    assert_non_null(strstr(why, "No such file"));
}

static void refused(const char *reason)
{
    assert_false(bench_plan_settle(&plan, why, sizeof why));
    if (strcmp(why, reason) != 0)
        fail_msg("%s", why);
}

static void test_replays_that_are_refused(void **state)
{
    (void)state;
    strcpy(plan.replay, "/tmp/junctor-no-such-capture");
    refused("--replay: /tmp/junctor-no-such-capture: No such file or directory");
    strcpy(plan.payload, "/tmp/x");
    refused("--replay and --payload are two different contents: leave one out");
    plan.payload[0] = 0;
    plan.warmup_ms = 1;
    refused("--churn and --warmup are not for --replay and --raw");
    plan.warmup_ms = 0;
    plan.flows[0] = bench_plan_flow(&plan);
    plan.flow_count = 1;
    plan.implicit_flow = false;
    refused("--replay and --raw are the only flow: leave --flow out");
    plan.replay[0] = 0;
    plan.loop = true;
    refused("--replay-from, --speed and --loop are for --replay FILE");
    plan.loop = false;
    plan.raw = true;
    refused("--raw sends the content of a file as it is: give --payload FILE");
}

/* What the userland stack cannot do is refused. */
static void test_one_worker_on_usrsctp(void **state)
{
    (void)state;
    plan.workers = 2;
    settle();
    struct bench_outcome *o = bench_run(&plan, NULL, NULL);
    assert_non_null(o);
    assert_int_equal(o->count, 0);
    assert_string_equal(o->error,
                        "--workers 2: usrsctp SCTP runs in one thread only; use --transport kernel");
    bench_outcome_free(o);
}

static void test_what_cannot_begin_says_why(void **state)
{
    (void)state;
    plan.role = BENCH_SOURCE;
    plan.listen_count = 0;
    assert_false(bench_plan_settle(&plan, why, sizeof why));
    assert_non_null(strstr(why, "--to ADDR:PORT is missing"));
    assert_true(bench_end_parse("127.0.0.1:5001", true, &plan.to, why, sizeof why));
    plan.to.encaps_port = free_udp_port();
    plan.connect_ms = 100;
    settle();
    struct bench_outcome *o = bench_run(&plan, NULL, NULL);
    assert_non_null(o);
    assert_false(bench_outcome_ok(o));
    assert_int_equal(o->count, 0);
    assert_non_null(strstr(o->error, "no association with 127.0.0.1:5001"));
    bench_outcome_free(o);
}

/* What the generator is told of itself: lateness counts from a share on. */
static void test_a_generator_is_judged(void **state)
{
    struct bench_generator g = {.late = 3, .not_offered = 2, .busy = 0.99};

    (void)state;
    bench_generator_judge(&g, 100);
    assert_string_equal(g.why, "");
    g.late = 4;
    bench_generator_judge(&g, 100);
    assert_non_null(strstr(g.why, "6 % of the messages were offered more than 250 ms late or not at all"));
    assert_non_null(strstr(g.why, "99 % of a processor"));
    bench_generator_judge(&g, 0);
    assert_string_equal(g.why, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_runs_follow_each_other, setup),
        cmocka_unit_test_setup(test_a_run_is_cancelled, setup),
        cmocka_unit_test_setup(test_churn, setup),
        cmocka_unit_test_setup(test_churn_with_replies, setup),
        cmocka_unit_test_setup(test_churn_with_flows_down, setup),
        cmocka_unit_test_setup(test_payload_of_a_file, setup),
        cmocka_unit_test_setup(test_raw_content, setup),
        cmocka_unit_test_setup(test_replays_that_are_refused, setup),
        cmocka_unit_test_setup(test_one_worker_on_usrsctp, setup),
        cmocka_unit_test_setup(test_what_cannot_begin_says_why, setup),
        cmocka_unit_test(test_a_generator_is_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
