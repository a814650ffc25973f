/* The command line of `junctor tune`: names and values are those of the configuration; what is wrong is said
 * with its place and the nearest name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "bench/tune/tune.h"

static struct bench_tune tune;
static char why[BENCH_WHY_MAX], file[] = "/tmp/test_tune_XXXXXX";

/* Parses a command line of words, with usrsctp, which is everywhere. */
static enum bench_parsed parse(const char *words)
{
    static char text[1024];
    char *argv[40] = {(char *)(uintptr_t) "tune", (char *)(uintptr_t) "--transport",
                      (char *)(uintptr_t) "usrsctp"};
    int argc = 3;

    snprintf(text, sizeof text, "%s", words);
    for (char *save = NULL, *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save))
        argv[argc++] = word;
    bench_tune_free(&tune);
    why[0] = 0;
    return bench_tune_parse(argc, argv, &tune, why, sizeof why);
}

static void taken(const char *words)
{
    if (parse(words) != BENCH_PARSED_OK)
        fail_msg("%s\nrefused: %s", words, why);
}

static void refused(const char *words, const char *reason)
{
    if (parse(words) != BENCH_PARSED_BAD)
        fail_msg("taken: %s", words);
    if (!strstr(why, reason))
        fail_msg("%s\nsays: %s\nlacks: %s", words, why, reason);
}

static void write_file(const char *text)
{
    FILE *f = fopen(file, "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void assert_values(unsigned factor, const char *values, unsigned base)
{
    const struct bench_factor *f = &tune.factors[factor];
    char text[256] = "", value[VAL_TEXT_MAX];

    for (unsigned i = 0; i < f->count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? " " : "",
                 bench_factor_text(f, i, value, sizeof value));
    assert_string_equal(text, values);
    assert_int_equal(f->base, base);
}

/* The values are sorted, and the base's is one of them. */
static void test_values(void **state)
{
    (void)state;
    taken("--vary sndbuf=1M,64K --vary nodelay=false,true --vary maxseg=1200");
    assert_int_equal(tune.factor_count, 3);
    assert_values(0, "64K 1M 4M", 2);
    assert_values(1, "false true", 1);
    assert_values(2, "0 1200", 0); /* the stack's own default */
    taken("--vary rtoinfo.min=20ms,1s");
    assert_string_equal(tune.factors[0].name, "rtoinfo.min");
    taken("--option sndbuf=128K --vary sndbuf=64K");
    assert_values(0, "64K 128K", 1);
    taken("--vary peer_addr_params.flags=hb_disable+sackdelay_disable,hb_disable");
    assert_int_equal(tune.factors[0].count, 3);
}

static void test_base_file(void **state)
{
    char line[200];

    (void)state;
    snprintf(line, sizeof line, "-c %s --vary sndbuf=1M", file);
    write_file("sctp: {sndbuf: 256K, nodelay: false}\n");
    taken(line);
    assert_values(0, "256K 1M", 0);
    assert_int_equal(opt_num(&tune.base, OPTF_NODELAY, -1), 0);
    write_file("sctp: {sndbuf: 256K}\n"
               "listeners: [{name: a, port: 2905, sctp: {sndbuf: 1M}}]\n"
               "peers: [{name: b, address: 127.0.0.1, port: 2906}]\n"
               "routes: [{from: a, to: b}]\n");
    taken(line);
    assert_values(0, "256K 1M", 0);
    write_file("sctp:\n  sndbuff: 1M\n");
    refused(line, ":2:3: unknown SCTP option 'sndbuff', did you mean 'sndbuf'?");
    write_file("sctp: {sndbuf: 1M}\nlisteners: []\n");
    refused(line, "there is no listener and no peer");
    refused("-c /nonexistent.yaml --vary sndbuf=1M", "/nonexistent.yaml: there is no such file");
}

static void test_bad_factors(void **state)
{
    (void)state;
    refused("", "nothing to vary: give --vary KEY=VALUE,VALUE");
    refused("--vary sndbuf", "--vary: \"sndbuf\" is not KEY=VALUE,VALUE");
    refused("--vary =1", "is not KEY=VALUE");
    refused("--vary sndbuff=1M", "did you mean \"sndbuf\"?");
    refused("--vary nodelya=true", "did you mean \"nodelay\"?");
    refused("--vary sndbuf=", "sndbuf: a value is missing");
    refused("--vary sndbuf=1M,,2M", "sndbuf: a value is missing");
    refused("--vary sndbuf=1M,1024K", "sndbuf: the value 1024K is given twice");
    refused("--vary sndbuf=1Q", "--vary: sndbuf: ");
    refused("--vary sndbuf=1", "--vary: sndbuf: ");
    refused("--vary nodelay=maybe", "--vary: nodelay: ");
    refused("--vary sndbuf=4M", "sndbuf: the only value is that of the base configuration");
    refused("--vary rtoinfo=1s",
            "rtoinfo is a record; write rtoinfo.FIELD=VALUE,VALUE with one of: initial, max, min");
    refused("--vary rtoinfo.mim=1s", "with one of: initial, max, min");
    refused("--vary nodelay.x=1", "nodelay is a single value");
    refused("--vary status.state=1", "cannot be varied");
    refused("--vary sndbuf=1M --vary sndbuf=2M", "sndbuf is given twice");
    refused("--vary sndbuf=5K,6K,7K,8K,9K,10K,11K,12K,13K,14K,15K,16K,17K,18K,19K,20K",
            "more than 15 values");
}

static void test_bad_options(void **state)
{
    (void)state;
    refused("--vary sndbuf=1M --budgit 3s", "unknown option \"--budgit\"; did you mean --budget?");
    refused("--vary sndbuf=1M --duration 3s", "--duration is for `junctor load`");
    refused("--vary sndbuf=1M --role=sink", "is for `junctor load`");
    refused("--vary sndbuf=1M --budget", "--budget: the value is missing");
    refused("--vary sndbuf=1M --budget 1ms", "--budget: at least 1000 ms");
    refused("--vary sndbuf=1M --budget 5s", "one block of 3 runs takes at least 20 s, more than 5 s");
    refused("--vary sndbuf=1M --window 1ms", "--window: at least 20 ms");
    refused("--vary sndbuf=1M --goal speed", "--goal: ");
    refused("--vary sndbuf=1M --goal latency --no-latency", "--goal latency needs the runs");
    refused("--vary sndbuf=1M --goal latency --to 192.0.2.1:1", "takes an echo there, and --reply");
    refused("--vary sndbuf=1M --seed x", "--seed: ");
    refused("--vary sndbuf=1M --no-latency=1", "--no-latency takes no value");
    refused("--vary sndbuf=1M --flow count=3", "a count is not for `junctor tune`");
    refused("--vary sndbuf=1M --flow rate=100,ramp=10%:100%:3s",
            "a ramp or steps are not for `junctor tune`");
    refused("--vary sndbuf=1M --size 3", "--size: ");
    refused("--vary sndbuf=1M --to 192.0.2.1:1 --listen 127.0.0.1:3", "leave --listen out");
    refused("--vary sndbuf=1M --listen 127.0.0.1:3 --listen 127.0.0.1:4", "one endpoint is enough");
    refused("--vary sndbuf=1M x", "unexpected argument \"x\"");
}

static void bad_link(const char *link, const char *reason)
{
    if (bench_link_parse(link, &tune.link, why, sizeof why))
        fail_msg("taken: %s", link);
    if (!strstr(why, reason))
        fail_msg("%s\nsays: %s\nlacks: %s", link, why, reason);
}

static void test_link(void **state)
{
    struct bench_link l;

    (void)state;
    assert_true(bench_link_parse("delay=1.5ms,jitter=200us,loss=0.5%,rate=100mbit", &l, why, sizeof why));
    assert_int_equal(l.delay_us, 1500);
    assert_int_equal(l.jitter_us, 200);
    assert_true(l.loss > 0.00499 && l.loss < 0.00501);
    assert_int_equal(l.rate, 100000000);
    assert_int_equal(l.limit, 1000);
    assert_true(bench_link_parse("limit=7", &l, why, sizeof why));
    assert_int_equal(l.delay_us, 0);
    assert_int_equal(l.limit, 7);
    bad_link("", "is not KEY=VALUE");
    bad_link("delay", "is not KEY=VALUE");
    bad_link("delay=20ms,", "is not KEY=VALUE");
    bad_link("dealy=20ms", "did you mean \"delay\"?");
    bad_link("delay=20", "delay: \"20\" is not a time");
    bad_link("delay=-1ms", "is not a time");
    bad_link("loss=0.5", "loss: \"0.5\" is not a share");
    bad_link("loss=100%", "is not a share");
    bad_link("rate=100mb", "rate: \"100mb\" is not a rate");
    bad_link("limit=0", "limit: ");
    bad_link("delay=1ms,jitter=2ms", "jitter: it is more than the delay");
    refused("--vary sndbuf=1M --link delay=1ms", "--link needs the kernel's SCTP");
    refused("--vary sndbuf=1M --link delay=1", "--link: delay: ");
    refused("--vary sndbuf=1M --link delay=1ms --listen 127.0.0.1:1", "leave --to, --from and --listen out");
}

static void test_through(void **state)
{
    (void)state;
    taken("--through broker --vary queue_bytes=64K");
    assert_string_equal(tune.factors[0].name, "broker.queue_bytes");
    assert_values(0, "64K 256K", 1);
    refused("--vary broker.queue_bytes=64K", "a key of the broker needs --through broker");
    refused("--through relay --vary sndbuf=1M", "--through: ");
    refused("--through broker --vary broker.queue_byte=64K", "did you mean \"broker.queue_bytes\"?");
    refused("--through broker --vary broker.log_file=x", "cannot be varied");
    refused("--through broker --vary sndbuf=1M --to 127.0.0.1:1", "leave --to out");
}

static void test_load(void **state)
{
    (void)state;
    taken("--vary sndbuf=1M --associations 5 --size 300 --flow rate=100,on=1s,off=1s --flow size=9000 --rate "
          "50");
    assert_int_equal(tune.load.flow_count, 2);
    assert_int_equal(tune.load.listen_count, 1);
    assert_int_equal(tune.load.role, BENCH_BOTH);
    assert_int_equal(tune.load.warmup_ms, 5000);
    taken("--vary sndbuf=1M --to 192.0.2.1:2905 --reply --window 100ms");
    assert_int_equal(tune.load.role, BENCH_SOURCE);
    assert_int_equal(tune.load.warmup_ms, 1000);
    assert_int_equal(parse("--help"), BENCH_PARSED_HELP);
    char line[200];
    snprintf(line, sizeof line, "--vary sndbuf=1M --scenario %s", file);
    write_file("associations: 3\nsize: 700\n");
    taken(line);
    assert_int_equal(tune.load.associations, 3);
    write_file("associations: 3\nraw: true\npayload: x\n");
    refused(line, "the scenario has keys that `junctor tune` does not take");
    write_file("asociations: 3\n");
    refused(line, ":1:1: ");
}

static int begin(void **state)
{
    (void)state;
    int fd = mkstemp(file);

    return fd < 0 || close(fd) != 0;
}

static int end(void **state)
{
    (void)state;
    bench_tune_free(&tune);
    return unlink(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),      cmocka_unit_test(test_base_file),
        cmocka_unit_test(test_bad_factors), cmocka_unit_test(test_bad_options),
        cmocka_unit_test(test_load),        cmocka_unit_test(test_link),
        cmocka_unit_test(test_through),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
