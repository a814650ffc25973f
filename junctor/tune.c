/* `junctor tune`: reads the command line, has the sweep in bench/tune/ run, and prints what it found. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/tune/network.h"
#include "bench/tune/report.h"
#include "bench/tune/resume.h"
#include "bench/tune/text.h"
#include "junctor/command_line.h"
#include "junctor/commands.h"
#include "junctor/output.h"
#include "junctor/stop.h"
#include "junctor/tune_broker.h"

/* ---- a sweep and what belongs to it ------------------------------------------------------------------- */

struct tuning {
    struct bench_tune tune;
    struct bench_sweep sweep;
    struct bench_measure measure;
    const char *command;
    time_t begun;
    char unkept[512];    /* why the sweep could not be kept in a file; "" */
    bool terminal, line; /* standard error is one; it has an unfinished line */
};

static double seconds_now(void *arg)
{
    struct timespec t;

    (void)arg;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static enum bench_ran measure(const struct bench_sweep *s, unsigned point, struct bench_response *out,
                              void *arg)
{
    return bench_measure_run(s, point, out, &((struct tuning *)arg)->measure);
}

/* On a terminal one line that is written again; elsewhere a line for each run. */
static void progress(const struct bench_sweep *s, const struct bench_sweep_progress *p, void *arg)
{
    static const char *const stages[] = {"screening", "grid", "confirmation", ""};
    struct tuning *t = arg;
    char left[48], point[BENCH_POINT_TEXT / 4], text[400];

    bench_text_seconds(p->left, left, sizeof left);
    if (p->rehearsal)
        snprintf(text, sizeof text, "rehearsal: the base as fast as possible; at most %s left", left);
    else
        snprintf(text, sizeof text, "%s, block %u, run %u of %u; at most %s left: %s", stages[p->stage],
                 p->block + 1, p->place + 1, p->places, left,
                 bench_text_point(s, p->point, point, sizeof point));
    fprintf(stderr, t->terminal ? "\r\033[K%.*s" : "%.*s\n", t->terminal ? 100 : 399, text);
    t->line = t->terminal;
}

static struct bench_tune_report report_of(const struct tuning *t, const struct bench_findings *f)
{
    return (struct bench_tune_report){.sweep = &t->sweep,
                                      .findings = f,
                                      .host = &t->measure.host,
                                      .command = t->command,
                                      .begun = t->begun};
}

/* --resume: a block is complete. */
static void keep(const struct bench_sweep *s, void *arg)
{
    struct tuning *t = arg;
    struct bench_findings findings;
    char why[BENCH_WHY_MAX];

    if (!t->tune.resume[0] || t->unkept[0] || !bench_decide(s, &findings))
        return;
    struct bench_tune_report r = report_of(t, &findings);
    if (!bench_tune_keep(t->tune.resume, &r, why, sizeof why))
        snprintf(t->unkept, sizeof t->unkept, "%.500s", why);
    bench_findings_free(&findings);
}

static void end_line(struct tuning *t)
{
    if (t->line)
        fputc('\n', stderr);
    t->line = false;
}

/* ---- results ------------------------------------------------------------------------------------------- */

static void write_yaml(FILE *out, const struct bench_tune_report *r)
{
    bench_tune_yaml(out, r);
}

static bool write_file(const char *option, const char *file,
                       void (*write)(FILE *, const struct bench_tune_report *),
                       const struct bench_tune_report *r)
{
    FILE *out = fopen(file, "we");
    bool written = out != NULL;

    if (out) {
        write(out, r);
        written = !ferror(out);
        written = fclose(out) == 0 && written;
    }
    if (!written)
        fprintf(stderr, "junctor tune: %s: %s: %s\n", option, file, strerror(errno));
    return written;
}

/* Returns the exit status. */
static int report(struct tuning *t)
{
    struct bench_findings findings;
    struct bench_tune_report r = report_of(t, &findings);
    bool known = t->sweep.blocks[BENCH_GRID] + t->sweep.blocks[BENCH_SCREENING] > 0;
    bool good = known && t->sweep.ended != BENCH_END_FAILED;
    char text[BENCH_CONCLUSION_MAX];

    if (t->sweep.why[0])
        fprintf(stderr, "junctor tune: %s\n", t->sweep.why);
    if (!bench_decide(&t->sweep, &findings)) {
        fputs("junctor tune: out of memory\n", stderr);
        return 1;
    }
    if (t->unkept[0])
        fprintf(stderr, "junctor tune: --resume: %s\n", t->unkept);
    good = good && !t->unkept[0];
    if (t->tune.load.json)
        bench_tune_json(stdout, &r);
    else if (known)
        bench_tune_table(stdout, &r);
    if (!known && !t->sweep.why[0])
        fprintf(stderr, "junctor tune: %s\n", bench_tune_conclusion(&r, text, sizeof text));
    if (known && t->tune.write[0]) {
        good = write_file("--write", t->tune.write, write_yaml, &r) && good;
    } else if (known && !t->tune.load.json) {
        putchar('\n');
        bench_tune_yaml(stdout, &r);
    }
    if (known && t->tune.load.report[0])
        good = write_file("--report", t->tune.load.report, bench_tune_page, &r) && good;
    bench_findings_free(&findings);
    return good ? 0 : 1;
}

/* It could not begin. Returns the exit status. */
static int fail(const struct tuning *t, const char *option, const char *why)
{
    fprintf(stderr, "junctor tune: %s%s\n", option, why);
    if (t->tune.load.json)
        bench_tune_json_error(stdout, why);
    return 1;
}

static int sweep(struct tuning *t)
{
    struct bench_sweep_ops ops = {.run = measure, .now = seconds_now, .save = keep, .arg = t};
    struct tune_broker broker;
    struct bench_middle middle = tune_broker_middle(&broker);

    t->measure.stop = stop_on_signals();
    t->measure.middle = t->tune.through_broker ? &middle : NULL;
    ops.progress = t->tune.load.quiet ? NULL : progress;
    bench_sweep_run(&t->sweep, &ops);
    end_line(t);
    return report(t);
}

/* What will be written can be. */
static bool check_outputs(const struct bench_tune *t, char *why, size_t size)
{
    char fresh[BENCH_FILE_MAX + 8] = "";

    if (t->resume[0]) /* each time it is written anew beside itself */
        snprintf(fresh, sizeof fresh, "%s.new", t->resume);
    return output_file("--report", t->load.report, why, size) &&
           output_file("--write", t->write, why, size) && output_file("--resume", fresh, why, size);
}

/* Goes on with what is in the file. */
static bool resume(struct tuning *t, char *why, size_t size)
{
    if (!bench_tune_resume(t->tune.resume, &t->tune, t->tune.given_seed, &t->sweep, &t->measure.host, why,
                           size))
        return false;
    if (*why)
        fprintf(stderr, "junctor tune: --resume: %s\n", why);
    return true;
}

static int run(struct tuning *t)
{
    struct bench_network network = {-1, -1};
    char why[BENCH_WHY_MAX];
    int status;

    if (!check_outputs(&t->tune, why, sizeof why) || !bench_sweep_init(&t->sweep, &t->tune, why, sizeof why))
        return fail(t, "", why);
    bench_host_name(&t->measure.host);
    if (t->tune.resume[0] && !resume(t, why, sizeof why))
        status = fail(t, "--resume: ", why);
    else if (t->tune.link.used && !bench_network_open(&network, &t->tune, why, sizeof why))
        status = fail(t, "", why);
    else
        status = sweep(t);
    bench_network_close(&network);
    bench_sweep_free(&t->sweep);
    return status;
}

const struct cmd_syntax cmd_tune_syntax = {
    bench_tune_letters, bench_tune_options,
    (const char *const[]){"config=@file", "goal=rate latency cpu", "through=broker", "vary=@option",
                          "ppid=@ppid", "payload=@file", "scenario=@file", "transport=auto kernel usrsctp",
                          "option=@option", "write=@file", "resume=@file", "report=@file", NULL}};

int cmd_tune(int argc, char **argv)
{
    struct tuning *t = calloc(1, sizeof *t);
    char why[BENCH_WHY_MAX], *command;
    int status = 0;

    if (!t) {
        fputs("junctor tune: out of memory\n", stderr);
        return 1;
    }
    t->begun = time(NULL);
    t->terminal = isatty(STDERR_FILENO);
    switch (bench_tune_parse(argc, argv, &t->tune, why, sizeof why)) {
    case BENCH_PARSED_OK:
        t->command = command = command_line(argc, argv);
        status = run(t);
        free(command);
        break;
    case BENCH_PARSED_BAD:
        for (int i = 1; i < argc; i++)
            if (strcmp(argv[i], "--json") == 0)
                bench_tune_json_error(stdout, why);
        fprintf(stderr, "junctor tune: %s\nTry `junctor tune --help`.\n", why);
        status = 2;
        break;
    case BENCH_PARSED_HELP:
        fputs(bench_tune_manual, stdout);
        break;
    }
    bench_tune_free(&t->tune);
    free(t);
    return status;
}
