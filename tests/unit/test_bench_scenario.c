/* Scenario files of `junctor load`: they mean the same as its options, and errors are reported with their
 * place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "bench/plan.h"

static struct bench_plan plan;
static char file[64], said[BENCH_WHY_MAX];

/* Parses a command line of `--scenario FILE` and the words of `line`, with `text` in the file. */
static enum bench_parsed parse(const char *text, const char *line)
{
    char copy[512], name[] = "load", option[] = "--scenario", *argv[32] = {name, option, file}, *rest = copy,
                    *word;
    int argc = 3;

    strcpy(file, "/tmp/junctor-scenario-XXXXXX");
    int fd = mkstemp(file);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    snprintf(copy, sizeof copy, "%s", line);
    while ((word = strsep(&rest, " ")))
        if (*word)
            argv[argc++] = word;
    said[0] = 0;
    enum bench_parsed parsed = bench_plan_parse(argc, argv, &plan, said, sizeof said);
    unlink(file);
    return parsed;
}

static const char whole[] = "to: 127.0.0.1:2905\n"
                            "listen: [127.0.0.1:2906, 127.0.0.1:2907]\n"
                            "associations: 10\n"
                            "duration: 3s\n"
                            "verify: true\n"
                            "quiet: false\n"
                            "size: 100\n"
                            "option:\n"
                            "  nodelay: false\n"
                            "  rtoinfo: {min: 20ms}\n"
                            "flows:\n"
                            "  - name: signalling\n"
                            "    streams: 4\n"
                            "    rate: exponential:1000\n"
                            "    ppid: [m3ua, ngap]\n"
                            "  - {direction: down, unordered: 25%}\n";

static void test_all_there_is(void **state)
{
    (void)state;
    if (parse(whole, "") != BENCH_PARSED_OK)
        fail_msg("%s", said);
    assert_int_equal(plan.to.port, 2905);
    assert_int_equal(plan.listen_count, 2);
    assert_int_equal(plan.associations, 10);
    assert_int_equal(plan.duration_ms, 3000);
    assert_true(plan.verify && !plan.quiet);
    assert_int_equal(opt_num(&plan.options, OPTF_NODELAY, -1), 0);
    assert_int_equal(opt_num(&plan.options, OPTF_RTO_MIN, -1), 20);
    assert_int_equal(plan.flow_count, 2);
    assert_string_equal(plan.flows[0].name, "signalling");
    assert_int_equal(plan.flows[0].ppid_count, 2);
    assert_int_equal(plan.flows[0].streams, 4);
    assert_true(plan.flows[1].down && plan.flows[1].size.min == 100);
}

/* Options override the file, wherever they are on the command line; their flows are added. */
static void test_the_command_line_goes_first(void **state)
{
    (void)state;
    if (parse(whole, "--associations 3 --listen 127.0.0.1:9 --size 200 --flow name=more") != BENCH_PARSED_OK)
        fail_msg("%s", said);
    assert_int_equal(plan.associations, 3);
    assert_int_equal(plan.listen_count, 1);
    assert_int_equal(plan.listen[0].port, 9);
    assert_true(plan.flows[1].size.min == 200);
    assert_int_equal(plan.flow_count, 3);
    assert_string_equal(plan.flows[2].name, "more");
}

static void bad(const char *text, const char *reason)
{
    char want[512];

    if (parse(text, "--listen 127.0.0.1:5") != BENCH_PARSED_BAD)
        fail_msg("taken: %s", text);
    snprintf(want, sizeof want, "%s%s", file, reason);
    if (!strstr(said, want))
        fail_msg("%s\nsays: %s\nlacks: %s", text, said, want);
}

static void test_what_is_wrong_has_a_place(void **state)
{
    (void)state;
    bad("duration: 1s\nasociations: 5\n", ":2:1: no key \"asociations\"; did you mean \"associations\"?");
    bad("scenario: x\n", ":1:1: no key \"scenario\"");
    bad("verify: yes\n", ":1:9: verify: \"yes\" is neither true nor false");
    bad("batch: [1, 2]\n", ":1:8: batch: must be a single value");
    bad("rate: 12q\n", ":1:7: rate: \"12q\" is not a rate");
    bad("option: 5\n", ":1:9: option: must be NAME: VALUE pairs");
    bad("option: {nodelai: true}\n", ":1:10: option: no SCTP option \"nodelai\"; did you mean \"nodelay\"?");
    bad("option: {rtoinfo: {mim: 3}}\n", ":1:20: option: rtoinfo is a record; write rtoinfo.FIELD=VALUE");
    bad("flows: 3\n", ":1:8: flows: must be a list");
    bad("flows: [3]\n", ":1:9: flows: must be KEY: VALUE pairs");
    bad("flows:\n  - {rat: 5}\n", ":2:6: a flow has no key \"rat\"; did you mean \"rate\"?");
    bad("flows:\n  - rate: 5\n    size: 9\n", ":3:5: size: 9 is too small");
    bad("- 3\n", ":1:1: a scenario must be KEY: VALUE pairs");
    bad("a: [\n", ":");
    /* All at once. */
    bad("rate: x\nsize: y\n", ":1:7: rate: ");
    assert_non_null(strstr(said, ":2:7: size: "));
}

static void test_no_such_file(void **state)
{
    char name[] = "load", option[] = "--scenario", missing[] = "/nonexistent/x.yaml",
         *argv[] = {name, option, missing, NULL};

    (void)state;
    assert_int_equal(bench_plan_parse(3, argv, &plan, said, sizeof said), BENCH_PARSED_BAD);
    assert_string_equal(said, "/nonexistent/x.yaml: there is no such file; check the name");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_there_is),
        cmocka_unit_test(test_the_command_line_goes_first),
        cmocka_unit_test(test_what_is_wrong_has_a_place),
        cmocka_unit_test(test_no_such_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
