/* What a sweep leaves behind: its page, its JSON, the winner's configuration, and the file from which it goes
 * on. The responses are made up; junctor/tune_broker.c's configuration of a point is valid. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "bench/random.h"
#include "bench/tune/report.h"
#include "bench/tune/resume.h"
#include "junctor/tune_broker.h"

static struct bench_tune tune;
static struct bench_sweep sweep;
static struct bench_findings findings;
static struct bench_host host = {.transport = "usrsctp"};
static struct bench_tune_report report = {
    .sweep = &sweep, .findings = &findings, .host = &host, .command = "junctor tune <&>"};
static char why[BENCH_WHY_MAX], file[] = "/tmp/test_tune_report_XXXXXX";
static char *text;
static size_t text_size;

static double effect, clock_now;
static unsigned order[2000], runs, stop_after;
static struct bench_random noise;

static enum bench_ran run(const struct bench_sweep *s, unsigned point, struct bench_response *out, void *arg)
{
    (void)arg;
    if (stop_after && runs == stop_after)
        return BENCH_RAN_STOPPED;
    order[runs++] = point;
    clock_now += 2;
    double e = s->points[point].level[0] == 0 ? effect : 0;
    for (unsigned r = 0; r < BENCH_RESPONSES; r++)
        out->value[r] = 1e5 * exp((r == 0 ? e : -e) + 0.01 * bench_random_unit(&noise));
    if (s->tune->factors[0].value[s->points[point].level[0]] == 1 << 20) {
        out->fault = BENCH_FAULT_POINT;
        snprintf(out->why, sizeof out->why, "7 of 9 messages were <lost>");
    }
    return BENCH_RAN;
}

static double now(void *arg)
{
    (void)arg;
    return clock_now;
}

static const struct bench_sweep_ops ops = {.run = run, .now = now};

static void parse(const char *words)
{
    static char line[512];
    char *argv[40] = {(char *)(uintptr_t) "tune"};
    int argc = 1;

    snprintf(line, sizeof line, "%s --transport usrsctp --seed 3 --budget 200", words);
    for (char *save = NULL, *w = strtok_r(line, " ", &save); w; w = strtok_r(NULL, " ", &save))
        argv[argc++] = w;
    bench_tune_free(&tune);
    if (bench_tune_parse(argc, argv, &tune, why, sizeof why) != BENCH_PARSED_OK)
        fail_msg("%s: %s", words, why);
}

static void begin(const char *words)
{
    parse(words);
    assert_true(bench_sweep_init(&sweep, &tune, why, sizeof why));
    clock_now = runs = stop_after = 0;
    noise.state = 5;
}

static void go(void)
{
    bench_sweep_run(&sweep, &ops);
    assert_true(bench_decide(&sweep, &findings));
}

static int end(void **state)
{
    (void)state;
    bench_findings_free(&findings);
    bench_sweep_free(&sweep);
    bench_tune_free(&tune);
    free(text);
    text = NULL;
    unlink(file);
    return 0;
}

static void write_text(void (*write)(FILE *out))
{
    free(text);
    FILE *out = open_memstream(&text, &text_size);
    write(out);
    fclose(out);
}

static void says(const char *what)
{
    if (!strstr(text, what))
        fail_msg("lacks: %s\n%s", what, text);
}

static void page(FILE *out)
{
    bench_tune_page(out, &report);
}

static void json(FILE *out)
{
    bench_tune_json(out, &report);
}

static void table(FILE *out)
{
    bench_tune_table(out, &report);
}

static void yaml(FILE *out)
{
    bench_tune_yaml(out, &report);
}

/* ---- reports ---------------------------------------------------------------------------------------------
 */

static void test_a_winner(void **state)
{
    struct cfg_remarks remarks;

    (void)state;
    effect = 0.3;
    begin("--vary sndbuf=64K,1M --vary rtoinfo.min=20ms");
    go();
    write_text(table);
    says("disqualified: 7 of 9 messages were <lost>");
    says("* ");
    says("no difference");
    says("(knee)");
    says("smaller values than 64K of sndbuf");
    write_text(page);
    says("junctor tune &lt;&amp;&gt;");
    says("<figure id=\"front\">");
    says("<figure id=\"effects-rate\">");
    says("<figure id=\"heat\">");
    says("disqualified: 7 of 9 messages were &lt;lost&gt;");
    says("data-curve=\"knee\"");
    says("<td>no difference [");
    assert_null(strstr(text, "http"));
    write_text(json);
    says("\"kind\": \"tune\", \"version\": 1");
    says("\"change\": true");
    says("\"disqualified\": \"7 of 9 messages were <lost>\"");

    /* Only what differs and matters, with the reason; and it can be read as a base. */
    write_text(yaml);
    says("sctp:\n  sndbuf: 64K  # rate +3");
    says("instead of 4M");
    assert_null(strstr(text, "rtoinfo:"));
    FILE *out = fopen(file, "w");
    fputs(text, out);
    fclose(out);
    struct cfg_config *c = cfg_load_common(file, &remarks);
    assert_non_null(c);
    assert_int_equal(opt_num(&c->sctp, OPTF_SNDBUF, 0), 65536);
    cfg_free(c);
    cfg_remarks_free(&remarks);
}

static void test_no_difference(void **state)
{
    (void)state;
    effect = 0;
    begin("--vary sndbuf=64K");
    go();
    write_text(yaml);
    says("# junctor tune: no difference: nothing that was tried is better than the base.");
    says("# Nothing is worth changing.");
    assert_null(strstr(text, "\nsctp:"));
    write_text(json);
    says("\"change\": false");
    says("\"winner\": 0");
    write_text(page);
    assert_null(strstr(text, "<figure id=\"heat\">")); /* there is one factor only */
}

/* ---- --resume --------------------------------------------------------------------------------------------
 */

static void reload(const char *words)
{
    bench_findings_free(&findings);
    bench_sweep_free(&sweep);
    parse(words);
    assert_true(bench_sweep_init(&sweep, &tune, why, sizeof why));
    if (!bench_tune_resume(file, &tune, false, &sweep, &host, why, sizeof why))
        fail_msg("%s", why);
}

/* Interrupted after each number of runs, kept in a file and read again, it goes on as if nothing had been. */
static void test_goes_on(void **state)
{
    const char words[] = "--vary sndbuf=64K,1M,2M --vary nodelay=false";
    unsigned whole[2000], count, winner, blocks;

    (void)state;
    effect = 0.3;
    begin(words);
    go();
    count = runs;
    memcpy(whole, order, sizeof whole);
    winner = sweep.winner;
    blocks = sweep.blocks[BENCH_GRID];
    for (unsigned stop = 1; stop < count; stop += 13) {
        bench_findings_free(&findings);
        bench_sweep_free(&sweep);
        begin(words);
        stop_after = stop;
        go();
        assert_true(bench_tune_keep(file, &report, why, sizeof why));
        assert_int_equal(sweep.ended, BENCH_END_STOPPED);
        unsigned kept = sweep.trial_count;
        reload(words);
        assert_int_equal(sweep.trial_count, kept);
        stop_after = 0;
        runs = 1 + kept + (kept ? 2 : 0); /* the rehearsal, and two that were disqualified */
        bench_sweep_run(&sweep, &ops);
        assert_true(bench_decide(&sweep, &findings));
        assert_int_equal(sweep.winner, winner);
        assert_true(sweep.blocks[BENCH_GRID] + 1 >= blocks);
        unsigned same = 1 + 9 + (BENCH_RACE_BLOCKS - 1) * 7; /* until the first are dropped */
        assert_memory_equal(order, whole, same * sizeof whole[0]);
    }
    stop_after = 0;
}

/* The same through a screening, of which the first factor is kept. */
static void test_goes_on_after_screening(void **state)
{
    const char words[] =
        "--vary sndbuf=64K --vary nodelay=false --vary recbuf=64K --vary tos=16 --vary maxseg=1200 "
        "--vary rtoinfo.min=20ms";
    unsigned count, stops = 0;

    (void)state;
    effect = 0.3;
    begin(words);
    go();
    count = runs;
    assert_true(sweep.kept[0]);
    for (unsigned stop = 10; stop < count; stop += 29, stops++) {
        bench_findings_free(&findings);
        bench_sweep_free(&sweep);
        begin(words);
        stop_after = stop;
        go();
        enum bench_stage stage = sweep.stage;
        unsigned points = sweep.point_count;
        assert_true(bench_tune_keep(file, &report, why, sizeof why));
        reload(words);
        assert_int_equal(sweep.stage, stage);
        assert_int_equal(sweep.point_count, points);
        stop_after = 0;
        go();
        assert_true(sweep.kept[0]);
        assert_int_equal(findings.estimates[findings.winner].point == 0, false);
        assert_int_equal(sweep.points[sweep.winner].level[0], 0);
    }
    assert_true(stops > 2);
}

static void test_finished(void **state)
{
    (void)state;
    effect = 0.3;
    begin("--vary sndbuf=64K");
    go();
    assert_int_equal(sweep.stage, BENCH_SWEEP_OVER);
    double confirmed = findings.confirmed[BENCH_RATE].estimate;
    assert_true(bench_tune_keep(file, &report, why, sizeof why));
    reload("--vary sndbuf=64K");
    runs = 0;
    go();
    assert_int_equal(runs, 0);
    assert_true(fabs(findings.confirmed[BENCH_RATE].estimate - confirmed) < 1e-4);
    assert_true(findings.is_confirmed);
}

static void put(const char *name, const char *content)
{
    FILE *out = fopen(name, "w");

    fputs(content, out);
    fclose(out);
}

/* It goes on with the same load and base, or not at all. */
static void test_changed_inputs(void **state)
{
    char scenario[] = "/tmp/test_tune_scenario_XXXXXX", words[256];
    static const char *const contents[] = {"size: 200\n", "size: 201\n"};

    (void)state;
    close(mkstemp(scenario));
    put(scenario, contents[0]);
    snprintf(words, sizeof words, "--vary sndbuf=64K --scenario %s --resume %s", scenario, file);
    begin(words);
    stop_after = 5;
    go();
    assert_true(bench_tune_keep(file, &report, why, sizeof why));
    reload(words);
    assert_int_equal(sweep.blocks[BENCH_GRID], 1);
    put(scenario, contents[1]);
    bench_sweep_free(&sweep);
    begin(words);
    assert_false(bench_tune_resume(file, &tune, false, &sweep, &host, why, sizeof why));
    assert_non_null(strstr(why, scenario));
    assert_non_null(strstr(why, " has changed since the sweep was begun"));
    unlink(scenario);
}

static struct bench_host named(const char *name, const char *kernel)
{
    struct bench_host h = {0};

    snprintf(h.name, sizeof h.name, "%s", name);
    snprintf(h.kernel, sizeof h.kernel, "%s", kernel);
    return h;
}

/* Measurements of two kernels are not put together; what is over can be looked at anywhere, as it was. */
static void test_another_host(void **state)
{
    const char words[] = "--vary sndbuf=64K";
    struct bench_host before = host, first = named("one", "Linux 6.1 x86_64"),
                      renamed = named("two", "Linux 6.1 x86_64"), other = named("two", "Linux 6.12 x86_64");

    (void)state;
    snprintf(first.transport, sizeof first.transport, "kernel");
    first.busy = 0.97;
    first.runs = 7;
    effect = 0;
    for (unsigned over = 0; over < 2; over++) {
        begin(words);
        stop_after = over ? 0 : 5;
        go();
        host = first;
        assert_true(bench_tune_keep(file, &report, why, sizeof why));
        host = renamed;
        reload(words);
        assert_true(host.busy == 0.97 && host.runs == 7 && strcmp(host.transport, "kernel") == 0);
        assert_string_equal(host.name, over ? "one" : "two");
        assert_int_equal(strstr(why, "Linux 6.1 x86_64 on two: is that the same machine?") != NULL, !over);
        bench_sweep_free(&sweep);
        begin(words);
        host = other;
        assert_int_equal(bench_tune_resume(file, &tune, false, &sweep, &host, why, sizeof why), over);
        assert_int_equal(
            strstr(why, "it was measured with Linux 6.1 x86_64 on one, this is Linux 6.12") != NULL, !over);
        bench_sweep_free(&sweep);
    }
    host = before;
    unlink(file);
}

/* What is known after a few blocks is said with their number; without one it is nothing. */
static void test_conclusions(void **state)
{
    char conclusion[BENCH_CONCLUSION_MAX];

    (void)state;
    begin("--vary sndbuf=64K");
    effect = 0;
    stop_after = 3;
    go();
    assert_string_equal(bench_tune_conclusion(&report, conclusion, sizeof conclusion),
                        "nothing is known yet: no block is complete");
    bench_findings_free(&findings);
    bench_sweep_free(&sweep);
    begin("--vary sndbuf=64K");
    stop_after = 8;
    go();
    assert_non_null(strstr(bench_tune_conclusion(&report, conclusion, sizeof conclusion),
                           "better than the base, as far as 2 blocks can tell"));
    bench_findings_free(&findings);
    bench_sweep_free(&sweep);
    begin("--vary sndbuf=64K --budget 20s");
    tune.budget = 7;
    go();
    assert_non_null(strstr(bench_tune_conclusion(&report, conclusion, sizeof conclusion),
                           "no block is complete; its 3 runs take about "));
}

static void refused(const char *content, const char *reason)
{
    put(file, content);
    if (bench_tune_resume(file, &tune, false, &sweep, &host, why, sizeof why))
        fail_msg("taken: %s", content);
    if (!strstr(why, reason))
        fail_msg("%s\nsays: %s\nlacks: %s", content, why, reason);
}

static void test_bad_files(void **state)
{
    char content[4096];

    (void)state;
    begin("--vary sndbuf=64K");
    refused("", ":1:1: this is not a sweep of `junctor tune`");
    refused("{\"version\": 1, \"runs\": []}", ":1:1: this is not a sweep");
    refused("{\"kind\": \"tune\", \"version\": 2}", "\"version\" is not 1");
    refused("{\"kind\": \"tune\",\n \"version\": 1,\n \"experiment\": \"--vary maxseg=0,9\"}",
            ":3:16: it is of another experiment: junctor tune --vary maxseg=0,9");
    refused("{\"kind\": [", ":1:");
    const char *head =
        "{\"kind\": \"tune\", \"version\": 1, \"experiment\": \"--vary sndbuf=64K --transport usrsctp\"";
    snprintf(content, sizeof content, "%s}", head);
    refused(content, "it lacks factors");
    snprintf(content, sizeof content,
             "%s,\n\"factors\": [{\"name\": \"sndbuf\", \"base\": \"1M\", \"values\": [\"64K\"]}]}", head);
    refused(content, ":2:13: the base configuration has changed since");
    const char *factors = "\"factors\": [{\"name\": \"sndbuf\", \"base\": \"4M\", \"values\": [\"64K\", "
                          "\"4M\"], \"kept\": true}]";
    snprintf(content, sizeof content, "%s, %s, \"seed\": 3, \"stage\": \"nowhere\"}", head, factors);
    refused(content, "\"stage\" or \"racing_ended\" is wrong");
    const char *rest = "\"seed\": 3, \"stage\": \"grid\", \"racing_ended\": \"\", \"spent_seconds\": 1, "
                       "\"latency_rate\": 5, \"budget_seconds\": 9";
    snprintf(content, sizeof content, "%s, %s, %s,\n \"points\": [{\"levels\": [7]}]}", head, factors, rest);
    refused(content, ":2:13: \"levels\" of this point are wrong");
    snprintf(content, sizeof content,
             "%s, %s, %s, \"trials\": {\"screening\": {\"blocks\": 0}, \"grid\": {\"blocks\": 1, \"block\": "
             "[0]}}}",
             head, factors, rest);
    refused(content, "the measurements (\"trials\") are not complete");
    unlink(file);
    assert_true(bench_tune_resume(file, &tune, false, &sweep, &host, why, sizeof why)); /* a new one */
    assert_false(bench_tune_keep("/nonexistent/x", &report, why, sizeof why));
    assert_non_null(strstr(why, "/nonexistent/x: "));
}

/* ---- the broker's configuration --------------------------------------------------------------------------
 */

/* With the highest and the lowest values of options and keys of all kinds, what a point's broker gets is
 * valid, and has them. */
static void test_broker_config(void **state)
{
    struct cfg_remarks remarks;
    struct bench_plan *plan = calloc(1, sizeof *plan);

    (void)state;
    FILE *base = fopen(file, "w");
    fputs("broker: {queue_messages: 77, log_level: debug}\n"
          "sctp: {events: {address: true}, rtoinfo: {initial: 1s, max: 2s}, peer_addr_params: {flags: "
          "[hb_disable]}}\n",
          base);
    fclose(base);
    char words[256];
    snprintf(words, sizeof words,
             "-c %s --through broker --vary sndbuf=64K --vary broker.queue_bytes=1M --vary rtoinfo.min=20ms",
             file);
    begin(words);
    *plan = tune.load;
    plan->options = tune.base;
    unsigned last = sweep.point_count - 1;
    for (unsigned f = 0; f < tune.factor_count; f++)
        bench_factor_apply(&tune.factors[f], sweep.points[last].level[f], &plan->options);
    assert_true(bench_plan_settle(plan, why, sizeof why));
    FILE *out = open_memstream(&text, &text_size);
    tune_broker_config(out, &tune, &sweep.points[last], plan);
    fclose(out);
    struct cfg_config *c = cfg_parse("broker.yaml", text, text_size, &remarks);
    if (!c)
        fail_msg("%s\n%s", text, remarks.list[0].text);
    assert_int_equal(c->queue_messages, 77);
    assert_int_equal(c->queue_bytes, tune.factors[1].value[sweep.points[last].level[1]]);
    assert_int_equal(opt_num(&c->sctp, OPTF_RTO_MAX, 0), 2000);
    assert_int_equal(opt_num(&c->sctp, OPTF_SNDBUF, 0), tune.factors[0].value[sweep.points[last].level[0]]);
    assert_int_equal(c->listeners[0].port, plan->listen[0].port + 1);
    assert_int_equal(c->peers[0].port, plan->listen[0].port);
    assert_int_equal(c->log_level, CFG_LOG_INFO);
    cfg_free(c);
    cfg_remarks_free(&remarks);
    free(plan);
}

static int start(void **state)
{
    (void)state;
    int fd = mkstemp(file);

    return fd < 0 || close(fd) != 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_a_winner, end),
        cmocka_unit_test_teardown(test_no_difference, end),
        cmocka_unit_test_teardown(test_goes_on, end),
        cmocka_unit_test_teardown(test_finished, end),
        cmocka_unit_test_teardown(test_goes_on_after_screening, end),
        cmocka_unit_test_teardown(test_changed_inputs, end),
        cmocka_unit_test_teardown(test_another_host, end),
        cmocka_unit_test_teardown(test_conclusions, end),
        cmocka_unit_test_teardown(test_bad_files, end),
        cmocka_unit_test_teardown(test_broker_config, end),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
