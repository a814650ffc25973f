/* `junctor report`: makes one page of saved results of `junctor load --json`. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/page.h"
#include "bench/plan.h"
#include "junctor/commands.h"
#include "junctor/usage.h"

#define RESULTS_MAX 16

static const char help[] =
    "Usage: junctor report [-o FILE] RESULT...\n"
    "\n"
    "Makes a page of results written by `junctor load --json`: tables, and plots over\n"
    "time in which up to 16 results are overlaid. The page is one self-contained HTML\n"
    "file. A RESULT of - is standard input.\n"
    "\n"
    "  -o, --output FILE  where to write the page (default: standard output)\n"
    "  -h, --help         this text\n"
    "\n"
    "Exit status: 0 the page is written, 1 it is not, 2 wrong usage.\n";

/* "folder/before.json" is called "before" on the page. */
static void name_of(const char *file, char *name, size_t size)
{
    const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file;
    const char *dot = strrchr(base, '.');

    snprintf(name, size, "%.*s", (int)(dot && dot > base ? (size_t)(dot - base) : strlen(base)), base);
}

static bool write_page(const char *file, struct bench_saved *const *saved, unsigned count)
{
    FILE *out = file ? fopen(file, "we") : stdout;
    bool written = out != NULL;

    if (out)
        bench_page_write(out, saved, count);
    if (out && file) {
        written = !ferror(out);
        written = fclose(out) == 0 && written;
    }
    if (!written)
        fprintf(stderr, "junctor report: %s: %s\n", file, strerror(errno));
    return written;
}

static int report(const char *output, char **files, unsigned count)
{
    struct bench_saved *saved[RESULTS_MAX] = {NULL};
    char name[64], why[BENCH_WHY_MAX];
    bool good = true;

    for (unsigned i = 0; i < count; i++) {
        name_of(files[i], name, sizeof name);
        saved[i] = bench_saved_read(files[i], name, why, sizeof why);
        if (!saved[i]) {
            fprintf(stderr, "junctor report: %s\n", why);
            good = false;
        }
    }
    good = good && write_page(output, saved, count);
    for (unsigned i = 0; i < count; i++)
        bench_saved_free(saved[i]);
    return good ? 0 : 1;
}

static const struct option options[] = {
    {"output", required_argument, NULL, 'o'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
const struct cmd_syntax cmd_report_syntax = {":o:h", options,
                                             (const char *const[]){"output=@file", "*=@file", NULL}};

int cmd_report(int argc, char **argv)
{
    const char *output = NULL;
    int option;

    optind = opterr = 0;
    while ((option = getopt_long(argc, argv, cmd_report_syntax.letters, options, NULL)) != -1) {
        switch (option) {
        case 'o':
            if (output)
                return cmd_wrong("report", "--output is given twice");
            output = optarg;
            break;
        case 'h':
            fputs(help, stdout);
            return 0;
        default:
            return cmd_wrong_option("report", option, argv, options);
        }
    }
    if (optind == argc)
        return cmd_wrong("report", "name a result written by `junctor load --json`");
    if (argc - optind > RESULTS_MAX)
        return cmd_wrong("report", "%d results are given; at most %d can be shown", argc - optind,
                         RESULTS_MAX);
    return report(output, argv + optind, (unsigned)(argc - optind));
}
