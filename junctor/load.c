/* `junctor load`: reads the command line, has the engine in bench/ run it, and prints the result. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/engine.h"
#include "bench/page.h"
#include "bench/report.h"
#include "bench/report_csv.h"
#include "junctor/command_line.h"
#include "junctor/commands.h"
#include "junctor/stop.h"
#include "junctor/live.h"
#include "junctor/output.h"

/* Records the first error in writing a file. */
static void not_written(struct bench_outcome *outcome, const char *option, const char *why)
{
    if (!outcome->error[0])
        snprintf(outcome->error, sizeof outcome->error, "%s: %.*s", option, BENCH_WHY_MAX / 2, why);
}

/* Makes the page from the saved (JSON) form of the result, as `junctor report` does. */
static bool write_page(const struct bench_outcome *outcome, char *why, size_t size)
{
    char *text = NULL;
    size_t len = 0;
    FILE *memory = open_memstream(&text, &len), *out;

    if (!memory) {
        snprintf(why, size, "out of memory");
        return false;
    }
    bench_report_json(memory, outcome);
    fclose(memory);
    struct bench_saved *saved = bench_saved_parse(text, len, "result", why, size);
    free(text);
    if (!saved)
        return false;
    bool written = (out = fopen(outcome->plan->report, "we")) != NULL;
    if (written) {
        bench_page_write(out, &saved, 1);
        written = !ferror(out);
        written = fclose(out) == 0 && written;
    }
    if (!written)
        snprintf(why, size, "%s: %s", outcome->plan->report, strerror(errno));
    bench_saved_free(saved);
    return written;
}

static void write_files(struct bench_outcome *outcome)
{
    char why[BENCH_WHY_MAX];

    if (outcome->plan->csv[0] && !bench_report_csv(outcome->plan->csv, outcome, why, sizeof why))
        not_written(outcome, "--csv", why);
    if (outcome->plan->report[0] && !write_page(outcome, why, sizeof why))
        not_written(outcome, "--report", why);
}

/* Prints the result, even if it is incomplete. Returns the exit status. */
static int report(struct bench_outcome *outcome)
{
    write_files(outcome);
    if (outcome->plan->json)
        bench_report_json(stdout, outcome);
    else if (outcome->count > 0)
        bench_report_table(stdout, outcome);
    if (outcome->error[0])
        fprintf(stderr, "junctor load: %s\n", outcome->error);
    return bench_outcome_ok(outcome) ? 0 : 1;
}

/* It does not begin: prints the reason, also as JSON. */
static void complain(const char *why, bool json)
{
    struct bench_outcome outcome = {0};

    snprintf(outcome.error, sizeof outcome.error, "%s", why);
    if (json)
        bench_report_json(stdout, &outcome);
    fprintf(stderr, "junctor load: %s\n", why);
}

/* Wrong usage. */
static int refuse(int argc, char **argv, const char *why)
{
    bool json = false;

    for (int i = 1; i < argc; i++)
        json = json || strcmp(argv[i], "--json") == 0;
    complain(why, json);
    fputs("Try `junctor load --help`.\n", stderr);
    return 2;
}

static int run(struct bench_plan *plan, const char *command)
{
    static const struct bench_observer silent;
    struct bench_observer observer = live_observer(plan);
    char why[BENCH_WHY_MAX];

    if (!output_folder("--csv", plan->csv, why, sizeof why) ||
        !output_file("--report", plan->report, why, sizeof why)) {
        complain(why, plan->json);
        return 1;
    }
    struct bench_outcome *outcome = bench_run(plan, plan->quiet ? &silent : &observer, stop_on_signals());
    if (!outcome) {
        fputs("junctor load: out of memory\n", stderr);
        return 1;
    }
    outcome->command = command;
    int status = report(outcome);
    bench_outcome_free(outcome);
    return status;
}

const struct cmd_syntax cmd_load_syntax = {
    bench_plan_letters, bench_plan_options,
    (const char *const[]){"role=both source sink echo", "ppid=@ppid", "payload=@file", "scenario=@file",
                          "transport=auto kernel usrsctp", "option=@option", "csv=@file", "report=@file",
                          NULL}};

int cmd_load(int argc, char **argv)
{
    static struct bench_plan plan;
    char why[BENCH_WHY_MAX];

    switch (bench_plan_parse(argc, argv, &plan, why, sizeof why)) {
    case BENCH_PARSED_OK: {
        char *command = command_line(argc, argv);
        int status = run(&plan, command);
        free(command);
        return status;
    }
    case BENCH_PARSED_BAD:
        return refuse(argc, argv, why);
    case BENCH_PARSED_HELP:
        fputs(bench_load_manual, stdout);
        break;
    }
    return 0;
}
