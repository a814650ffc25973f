/* The command line of `junctor load`: correct ones are accepted, wrong ones get a helpful error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/plan.h"
#include "transport/transport.h"

static struct bench_plan plan;
static char said[BENCH_WHY_MAX];

/* Parses "load" and the words of `line`; why it is refused is in `said`. */
static enum bench_parsed parse(const char *line)
{
    char copy[1024], name[] = "load", *argv[64] = {name}, *rest = copy, *word;
    int argc = 1;

    snprintf(copy, sizeof copy, "%s", line);
    while ((word = strsep(&rest, " ")))
        if (*word)
            argv[argc++] = word;
    argv[argc] = NULL;
    said[0] = 0;
    return bench_plan_parse(argc, argv, &plan, said, sizeof said);
}

static void good(const char *line)
{
    if (parse(line) != BENCH_PARSED_OK)
        fail_msg("refused: %s\n%s", line, said);
}

/* `line` is refused, and the reason contains `reason`. */
static void bad(const char *line, const char *reason)
{
    if (parse(line) != BENCH_PARSED_BAD)
        fail_msg("taken: %s", line);
    if (!strstr(said, reason))
        fail_msg("%s\nsays: %s\nlacks: %s", line, said, reason);
}

static void test_defaults(void **state)
{
    (void)state;
    good("--listen 127.0.0.1:2906");
    assert_int_equal(plan.role, BENCH_BOTH);
    assert_int_equal(plan.to.count, 0);
    assert_int_equal(plan.listen_count, 1);
    assert_int_equal(plan.listen[0].port, 2906);
    assert_int_equal(plan.listen[0].encaps_port, 9899);
    assert_int_equal(plan.associations, 1);
    assert_int_equal(plan.streams, 1);
    assert_int_equal(plan.size_min, 64);
    assert_int_equal(plan.size_max, 64);
    assert_int_equal(plan.duration_ms, 10000);
    assert_int_equal(plan.count, 0);
    assert_true(plan.rate == 0);
    assert_int_equal(plan.ppid_count, 1);
    assert_int_equal(plan.ppids[0], 0);
    assert_int_equal(opt_num(&plan.options, OPTF_INIT_OSTREAMS, -1), 1);
    assert_int_equal(opt_num(&plan.options, OPTF_NODELAY, -1), 1);
}

static void test_everything(void **state)
{
    (void)state;
    good("--to 127.0.0.1,127.0.0.2:2905 --listen [::1]:2906 --listen 127.0.0.3:2907 --from 127.0.0.9 "
         "--associations 50 --streams 8 --ppid m3ua,NGAP,46 --size 64-1400 --rate 12.5 --count 1000 "
         "--warmup 500ms --drain 2 --duration 1m --batch 32 --unordered --verify --json --quiet --reply "
         "--to-encaps 1000 --listen-encaps 2000 --transport usrsctp --connect-timeout 3s "
         "--option rtoinfo.min=20ms --option nodelay=false --option sctp_sndbuf=1M");
    assert_int_equal(plan.to.count, 2);
    assert_int_equal(plan.to.port, 2905);
    assert_int_equal(net_addr_port(&plan.to.addresses[1]), 2905);
    assert_int_equal(plan.listen_count, 2);
    assert_int_equal(plan.listen[0].addresses[0].sa.sa_family, AF_INET6);
    assert_int_equal(plan.listen[1].port, 2907);
    assert_int_equal(plan.from.count, 1);
    assert_int_equal(plan.associations, 50);
    assert_int_equal(plan.streams, 8);
    assert_int_equal(plan.ppid_count, 3);
    assert_int_equal(plan.ppids[0], 3);
    assert_int_equal(plan.ppids[1], 60);
    assert_int_equal(plan.ppids[2], 46);
    assert_int_equal(plan.size_min, 64);
    assert_int_equal(plan.size_max, 1400);
    assert_true(plan.rate == 12.5);
    assert_int_equal(plan.count, 1000);
    assert_int_equal(plan.warmup_ms, 500);
    assert_int_equal(plan.drain_ms, 2000);
    assert_int_equal(plan.duration_ms, 60000);
    assert_int_equal(plan.connect_ms, 3000);
    assert_int_equal(plan.batch, 32);
    assert_true(plan.unordered && plan.verify && plan.json && plan.quiet && plan.reply);
    assert_int_equal(plan.to.encaps_port, 1000);
    assert_int_equal(plan.listen[0].encaps_port, 2000);
    assert_int_equal(plan.listen[1].encaps_port, 2000);
    assert_int_equal(plan.transport, BENCH_TRANSPORT_USRSCTP);
    assert_int_equal(opt_num(&plan.options, OPTF_INIT_OSTREAMS, -1), 8);
    assert_int_equal(opt_num(&plan.options, OPTF_RTO_MIN, -1), 20);
    assert_int_equal(opt_num(&plan.options, OPTF_NODELAY, -1), 0);
    assert_int_equal(opt_num(&plan.options, OPTF_SNDBUF, -1), 1 << 20);
}

/* What belongs together is kept together, whatever the order of the arguments. */
static void test_order_of_arguments_does_not_matter(void **state)
{
    (void)state;
    good("--listen-encaps 2000 --to-encaps 1000 --listen 127.0.0.1:1 --to 127.0.0.1:2");
    assert_int_equal(plan.listen[0].encaps_port, 2000);
    assert_int_equal(plan.to.encaps_port, 1000);
    good("--option initmsg.num_ostreams=5 --streams 3 --listen 127.0.0.1:1");
    assert_int_equal(opt_num(&plan.options, OPTF_INIT_OSTREAMS, -1), 5);
}

static void test_roles(void **state)
{
    (void)state;
    good("--role sink --listen 127.0.0.1:1 --keep --partial");
    assert_int_equal(plan.duration_ms, 0);
    good("--role echo --listen 127.0.0.1:1");
    assert_true(plan.reply);
    good("--role source --to 127.0.0.1:1 --count 5");
    assert_int_equal(plan.duration_ms, 0);
    bad("", "--listen");
    bad("--role source", "--to");
    bad("--role source --to 127.0.0.1:1 --listen 127.0.0.1:2", "does not listen");
    bad("--role sink --listen 127.0.0.1:2 --to 127.0.0.1:1", "does not connect");
    bad("--role sink --listen 127.0.0.1:2 --reply", "--role echo");
    bad("--role echo --listen 127.0.0.1:2 --rate 5", "--rate is for a source; --role echo");
    bad("--role echo --listen 127.0.0.1:2 --reply", "--reply is for a source");
    bad("--role sink --listen 127.0.0.1:2 --associations 5", "--associations is for a source; --role sink");
    bad("--role snik --listen 127.0.0.1:2", "sink");
    bad("--listen 127.0.0.1:2 --baseline", "--to");
    bad("--listen 127.0.0.1:2 --keep", "--keep");
    bad("--listen 127.0.0.1:2 --fanout --reply", "--fanout");
}

static void test_addresses(void **state)
{
    (void)state;
    good("--listen [::1],127.0.0.1:5");
    assert_int_equal(plan.listen[0].count, 2);
    good("--listen 127.0.0.1,[::1]:5");
    assert_int_equal(plan.listen[0].count, 2);
    good("--listen ::1,[::1]:5");
    bad("--listen 127.0.0.1", "has no port");
    bad("--listen ::1:5", "[ADDRESS]:PORT");
    bad("--listen 127.0.0.1,::1:5", "[ADDRESS]:PORT");
    bad("--listen [::1]", "no port");
    bad("--listen 127.0.0.1:0", "1 to 65535");
    bad("--listen 127.0.0.1:99999", "1 to 65535");
    bad("--listen localhost:5", "localhost");
    good("--role source --to stp-a.example:5");
    assert_string_equal(plan.to.name, "stp-a.example");
    assert_int_equal(plan.to.count, 0);
    assert_int_equal(plan.to.port, 5);
    good("--role source --to stp-a.example:5 --to 127.0.0.1:6");
    assert_string_equal(plan.to.name, "");
    assert_int_equal(plan.to.port, 6);
    bad("--role source --to stp-a.example", "no port");
    bad("--role source --to stp-a.example:", "");
    bad("--role source --to stp-a.example:0", "1 to 65535");
    bad("--role source --to 127.0.0.300:5", "127.0.0.300");
    bad("--role source --to a.example,b.example:5", "a.example");
    bad("--role source --to a.example:5 --from localhost", "localhost");
    bad("--listen 127.0.0.1,:5", "not a numeric");
    bad("--listen 1.1.1.1,1.1.1.2,1.1.1.3,1.1.1.4,1.1.1.5,1.1.1.6,1.1.1.7,1.1.1.8,1.1.1.9:5", "more than 8");
}

static void test_sizes_and_numbers(void **state)
{
    (void)state;
    good("--listen 127.0.0.1:5 --size 52");
    good("--listen 127.0.0.1:5 --size 64-64");
    good("--listen 127.0.0.1:5 --size 64K");
    assert_int_equal(plan.size_max, 65536);
    bad("--listen 127.0.0.1:5 --size 51", "52");
    bad("--listen 127.0.0.1:5 --size 100-60", "ascending order");
    bad("--listen 127.0.0.1:5 --size 17M", "16M");
    bad("--listen 127.0.0.1:5 --size many", "many");
    bad("--listen 127.0.0.1:5 --size 64,128,1400", "MIN-MAX");
    bad("--listen 127.0.0.1:5 --associations 0", "associations");
    bad("--listen 127.0.0.1:5 --streams 65536", "streams");
    bad("--listen 127.0.0.1:5 --streams 65535 --associations 60000", "exceed 4194304");
    bad("--listen 127.0.0.1:5 --rate 0", "is not a rate");
    bad("--listen 127.0.0.1:5 --rate fast", "is not a rate");
    bad("--listen 127.0.0.1:5 --rate 5x", "is not a rate");
    bad("--listen 127.0.0.1:5 --rate nan", "is not a rate");
    bad("--listen 127.0.0.1:5 --rate k", "is not a rate");
    good("--listen 127.0.0.1:5 --rate 10k --count 2M");
    assert_true(plan.rate == 10000);
    assert_int_equal(plan.count, 2000000);
    good("--listen 127.0.0.1:5 --rate 1.5M --count 3K");
    assert_true(plan.rate == 1.5e6);
    assert_int_equal(plan.count, 3000);
    bad("--listen 127.0.0.1:5 --count 0", "count");
    bad("--listen 127.0.0.1:5 --count 5G", "count");
    bad("--listen 127.0.0.1:5 --duration 10parsecs", "duration");
    bad("--listen 127.0.0.1:5 --duration 0", "0 is not a run time");
    bad("--role sink --listen 127.0.0.1:5 --duration 0s", "0 is not a run time");
    bad("--listen 127.0.0.1:5 --batch 1025", "1024");
    bad("--listen 127.0.0.1:5 --ppid m3ux", "m3ua");
    bad("--listen 127.0.0.1:5 extra", "extra");
    bad("--listen 127.0.0.1:5 --nonsense", "unknown option");
    bad("--listen 127.0.0.1:5 --assocations 5", "did you mean --associations?");
    bad("--listen 127.0.0.1:5 --json=yes", "--json takes no value");
    bad("--listen 127.0.0.1:5 --rate", "--rate: the value is missing");
}

static void test_sctp_options(void **state)
{
    (void)state;
    good("--listen 127.0.0.1:5 --option peer_addr_params.flags=hb_disable,sackdelay_disable");
    bad("--listen 127.0.0.1:5 --option nodelay", "NAME=VALUE");
    bad("--listen 127.0.0.1:5 --option nodlay=true", "nodelay");
    bad("--listen 127.0.0.1:5 --option rtoinfo=5", "initial, max, min");
    bad("--listen 127.0.0.1:5 --option rtoinfo.mon=5", "initial, max, min");
    bad("--listen 127.0.0.1:5 --option nodelay.x=true", "single value");
    bad("--listen 127.0.0.1:5 --option rtoinfo.min=0", "rtoinfo.min: 0 is too small");
    bad("--listen 127.0.0.1:5 --option status.rwnd=5", "cannot be set");
    bad("--listen 127.0.0.1:5 --option peer_addr_params.address=nowhere", "address");
}

/* Many associations share what the stack has; a message must fit all the same. */
static void test_buffers(void **state)
{
    (void)state;
    good("--listen 127.0.0.1:5");
    assert_int_equal(opt_num(&plan.options, OPTF_SNDBUF, -1), 4 << 20);
    good("--listen 127.0.0.1:5 --associations 64");
    assert_int_equal(opt_num(&plan.options, OPTF_SNDBUF, -1), 256 << 10);
    good("--listen 127.0.0.1:5 --associations 1000");
    assert_int_equal(opt_num(&plan.options, OPTF_SNDBUF, -1), 128 << 10);
    good("--listen 127.0.0.1:5 --associations 1000 --size 64-300000");
    assert_int_equal(opt_num(&plan.options, OPTF_SNDBUF, -1), 600000);
    assert_int_equal(opt_num(&plan.options, OPTF_RECBUF, -1), 4 << 20);
    good("--listen 127.0.0.1:5 --size 4M");
    assert_int_equal(opt_num(&plan.options, OPTF_RECBUF, -1), 8 << 20);
    good("--listen 127.0.0.1:5 --size 4M --option sndbuf=5M --option recbuf=6M");
    assert_int_equal(opt_num(&plan.options, OPTF_SNDBUF, -1), 5 << 20);
    assert_int_equal(opt_num(&plan.options, OPTF_RECBUF, -1), 6 << 20);
}

static void test_help(void **state)
{
    (void)state;
    assert_int_equal(parse("--help"), BENCH_PARSED_HELP);
    static const char *const sections[] = {"SYNOPSIS", "ROLES",       "LOAD",    "OUTPUT",
                                           "JSON",     "EXIT STATUS", "EXAMPLES"};
    for (unsigned i = 0; i < sizeof sections / sizeof sections[0]; i++)
        assert_non_null(strstr(bench_load_manual, sections[i]));
}

#define L "--listen 127.0.0.1:5 "

/* What a flow does not set, the options set for all; streams are distributed. */
static void test_flows(void **state)
{
    (void)state;
    good(L "--flow name=a,streams=4,size=100-200,rate=exponential:100,count=7,ppid=m3ua+46 --size 80 "
           "--flow streams=2,associations=3-5,unordered=30%,pr=ttl:2s --associations 5 --rate 20 "
           "--flow direction=down,on=1s,off=500ms,rate=max --flow streams=10-11,ramp=0:100%:10,pr=rtx:3");
    assert_int_equal(plan.flow_count, 4);
    const struct bench_flow *f = plan.flows;
    assert_string_equal(f[0].name, "a");
    assert_int_equal(f[0].streams, 4);
    assert_true(f[0].size.min == 100 && f[0].size.max == 200 && f[0].size.shape == BENCH_UNIFORM);
    assert_true(f[0].rate > 99.99 && f[0].rate < 100.01 && f[0].arrivals.shape == BENCH_EXPONENTIAL);
    assert_int_equal(f[0].count, 7);
    assert_int_equal(f[0].ppid_count, 2);
    assert_int_equal(f[0].ppids[1], 46);
    assert_int_equal(f[0].associations, 6);
    assert_string_equal(f[1].name, "2");
    assert_int_equal(f[1].first_stream, 4); /* behind those of the first */
    assert_int_equal(f[1].first_association, 3);
    assert_int_equal(f[1].associations, 3);
    assert_true(f[1].size.min == 80 && f[1].rate == 20 && f[1].arrivals.shape == BENCH_CONSTANT);
    assert_true(f[1].unordered > 0.29 && f[1].unordered < 0.31);
    assert_int_equal(f[1].pr_policy, TR_PR_TTL);
    assert_int_equal(f[1].pr_value, 2000);
    assert_true(f[2].down && f[2].first_stream == 0 && f[2].rate == 0);
    assert_int_equal(f[2].pace.on_ns, 1000000000);
    assert_int_equal(f[3].first_stream, 10);
    assert_int_equal(f[3].pace.legs[0].ns, UINT64_C(10000000000));
    assert_int_equal(plan.associations, 6); /* a flow uses number 5 */
    assert_int_equal(plan.streams, 12);
    assert_int_equal(opt_num(&plan.options, OPTF_INIT_OSTREAMS, -1), 12);
    assert_int_equal(plan.size_min, 80);
    assert_int_equal(plan.size_max, 200);
    bench_plan_set_rate(&plan, 280);
    assert_true(plan.flows[0].rate > 199 && plan.flows[0].rate < 201 && plan.flows[2].rate == 0);

    good(L
         "--flow associations=0-1,size=list:64@1:128@2,steps=50%@1s:1@500ms --rate 10 --flow associations=2");
    assert_int_equal(plan.flows[0].size.count, 2);
    assert_int_equal(plan.flows[0].pace.count, 2);
    assert_int_equal(plan.flows[1].first_stream, 1);
    good(L "--flow associations=0-1 --flow associations=2-3");
    assert_int_equal(plan.flows[1].first_stream, 0); /* other associations */
    good(L "--size exponential:300 --rate normal:100:10");
    assert_int_equal(plan.size_min, 52);
    assert_true(plan.flows[0].rate > 99.99 && plan.flows[0].rate < 100.01);
    assert_int_equal(plan.flows[0].arrivals.shape, BENCH_NORMAL);
}

static void test_churn(void **state)
{
    (void)state;
    good(L "--associations 10 --churn 2.5,associations=3-5,by=abort --open-rate 1k");
    assert_true(plan.churn.rate == 2.5 && plan.churn.abort && plan.open_rate == 1000);
    assert_int_equal(plan.churn.first, 3);
    assert_int_equal(plan.churn.count, 3);
    good(L "--associations 10 --churn 5");
    assert_int_equal(plan.churn.count, 10);
    assert_false(plan.churn.abort);
    bad(L "--churn x", "--churn: \"x\" is not a rate");
    bad(L "--churn 5,by=kill", "--churn: ");
    bad(L "--churn 5,how=close", "--churn: no \"how\"; write RATE");
    bad(L "--churn 5,abort", "\"abort\" is not KEY=VALUE");
    bad(L "--associations 3 --churn 5,associations=1-3", "there is no association 3; the last one is 2");
    bad("--role sink --listen 127.0.0.1:5 --churn 5", "--churn is for a source");
}

static void test_what_is_wrong_with_flows(void **state)
{
    (void)state;
    bad(L "--flow rat=5", "--flow: a flow has no key \"rat\"; did you mean \"rate\"?");
    bad(L "--flow rate", "\"rate\" is not KEY=VALUE");
    bad(L "--flow rate=5,rate=6", "rate is given twice");
    bad(L "--flow rate=5x", "rate: \"5x\" is not a rate");
    bad(L "--flow size=9", "size: 9 is too small");
    bad(L "--flow size=list:64@7:9@1", "size: 9 is too small");
    bad(L "--flow streams=3-1", "streams: \"3-1\" is not in ascending order");
    bad(L "--flow streams=0", "streams: ");
    bad(L "--flow streams=0-3 --flow streams=2-5", "streams 0-3 of the same associations are used by flow 2");
    bad(L "--flow direction=sideways", "direction: ");
    bad(L "--flow on=1s", "\"off\" is missing");
    bad(L "--flow on=0,off=1s", "on: \"0\" is not a time");
    bad(L "--flow ramp=0:1", "is not a ramp; write FROM:TO:TIME");
    bad(L "--flow rate=5,ramp=0:x:1s", "\"x\" is not a share of the rate");
    bad(L "--flow ramp=0:1:1s", "rate is missing");
    bad(L "--flow rate=5,ramp=0:1:1s,steps=1@1s", "one ramp, or steps");
    bad(L "--flow rate=5,steps=1", "is not a step");
    bad(L "--flow unordered=2", "is not a share of the messages");
    bad(L "--flow pr=ttl", "write ttl:TIME");
    bad(L "--flow pr=never:1", "pr: ");
    bad(L "--flow name=", "is not a name");
    bad(L "--flow direction=down --reply", "a sink that sends everything back sends no flows of its own");
}

/* Idle associations come after the others, which flows use; settled again, they are as many. */
static void test_idle_associations(void **state)
{
    char why[BENCH_WHY_MAX];

    (void)state;
    bench_plan_defaults(&plan);
    assert_true(bench_end_parse("127.0.0.1:5001", true, &plan.listen[0], why, sizeof why));
    plan.listen_count = 1;
    plan.associations = 3;
    plan.idle = 100;
    for (unsigned i = 0; i < 2; i++) {
        assert_true(bench_plan_settle(&plan, why, sizeof why));
        assert_int_equal(plan.associations, 103);
        assert_int_equal(plan.flows[0].associations, 3);
    }
    plan.idle = BENCH_ASSOCIATIONS_MAX;
    assert_false(bench_plan_settle(&plan, why, sizeof why));
    assert_non_null(strstr(why, "60003 associations, the idle ones included, are more than 60000"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_idle_associations),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_everything),
        cmocka_unit_test(test_order_of_arguments_does_not_matter),
        cmocka_unit_test(test_roles),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_sizes_and_numbers),
        cmocka_unit_test(test_sctp_options),
        cmocka_unit_test(test_buffers),
        cmocka_unit_test(test_help),
        cmocka_unit_test(test_churn),
        cmocka_unit_test(test_flows),
        cmocka_unit_test(test_what_is_wrong_with_flows),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed;
}
