/* `junctor load`: reads the command line, lets the engine of bench/ run it, and prints what it came to. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "bench/engine.h"
#include "bench/report.h"
#include "junctor/commands.h"

static struct bench_stop stop;

static void on_signal(int number)
{
    (void)number;
    bench_stop_ask(&stop);
}

static void handle_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGUSR1, SIG_IGN); /* meant for a broker, which has the same program name */
}

static void tell_note(const char *text, void *arg)
{
    (void)arg;
    fprintf(stderr, "junctor load: %s\n", text);
}

static void tell_begin(const char *run, const char *transport, const struct bench_end *where, void *arg)
{
    const struct bench_plan *plan = arg;
    bool sends = plan->role == BENCH_BOTH || plan->role == BENCH_SOURCE;
    char text[NET_ADDR_TEXT];

    net_addr_format(&where->addresses[0], text, sizeof text);
    if (sends)
        fprintf(stderr, "junctor load: %s, to %s over %s SCTP\n", run, text, transport);
    else
        fprintf(stderr, "junctor load: listening on %s over %s SCTP\n", text, transport);
}

static void tell_progress(const struct bench_progress *p, void *arg)
{
    static const char *const names[] = {"set-up", "warm-up", "", "drain", ""};
    const struct bench_plan *plan = arg;
    double seconds = (double)p->elapsed_ns / 1e9;
    char text[32];

    if (p->phase == BENCH_SETTING_UP) {
        fprintf(stderr, "%5.0f s  %-8s %12u associations up\n", seconds, names[p->phase], p->up);
        return;
    }
    bench_format_count((uint64_t)p->rate, text, sizeof text);
    fprintf(stderr, "%5.0f s  %-8s %12s msg/s", seconds, names[p->phase], text);
    if (plan->role == BENCH_BOTH && !plan->fanout)
        fprintf(stderr, "  %12s in flight", bench_format_count(p->sent - p->delivered, text, sizeof text));
    fputc('\n', stderr);
}

/* Prints what there is, also where it is not all. Returns the exit status. */
static int report(struct bench_outcome *outcome)
{
    if (outcome->plan->json)
        bench_report_json(stdout, outcome);
    else if (outcome->count > 0)
        bench_report_table(stdout, outcome);
    if (fflush(stdout) != 0 && !outcome->error[0])
        snprintf(outcome->error, sizeof outcome->error, "standard output: %s", strerror(errno));
    if (outcome->error[0])
        fprintf(stderr, "junctor load: %s\n", outcome->error);
    return bench_outcome_ok(outcome) ? 0 : 1;
}

/* Wrong usage: the reason is told, as JSON too where that is asked for. */
static int refuse(int argc, char **argv, const char *why)
{
    struct bench_outcome outcome = {0};

    snprintf(outcome.error, sizeof outcome.error, "%s", why);
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--json") == 0)
            bench_report_json(stdout, &outcome);
    fprintf(stderr, "junctor load: %s\nTry `junctor load --help`.\n", why);
    return 2;
}

static int run(struct bench_plan *plan)
{
    struct bench_observer observer = {.begin = tell_begin, .progress = tell_progress, .note = tell_note};
    static const struct bench_observer silent;

    observer.arg = plan;
    handle_signals();
    struct bench_outcome *outcome = bench_run(plan, plan->quiet ? &silent : &observer, &stop);
    if (!outcome) {
        fputs("junctor load: out of memory\n", stderr);
        return 1;
    }
    int status = report(outcome);
    bench_outcome_free(outcome);
    return status;
}

int cmd_load(int argc, char **argv)
{
    static struct bench_plan plan;
    char why[BENCH_WHY_MAX];

    switch (bench_plan_parse(argc, argv, &plan, why, sizeof why)) {
    case BENCH_PARSED_OK:
        return run(&plan);
    case BENCH_PARSED_BAD:
        return refuse(argc, argv, why);
    case BENCH_PARSED_HELP:
        fputs(bench_load_manual, stdout);
        break;
    }
    return 0;
}
