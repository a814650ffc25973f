/* `junctor check`: validates a configuration without touching the network. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "junctor/commands.h"
#include "junctor/reference.h"
#include "junctor/usage.h"
#include "broker/support.h"
#include "config/config.h"
#include "config/diff.h"
#include "config/ids.h"

static const char help[] =
    "Usage: junctor check -c FILE [--print]\n"
    "       junctor check --diff OLD NEW\n"
    "       junctor check --reference[=man]\n"
    "\n"
    "Reads a configuration and reports every error in it as\n"
    "`file:line:column: what is wrong, and what to write`; for a valid file it\n"
    "warns of values that do harm together.\n"
    "Opens no socket and needs no privilege. What depends on the host (whether an\n"
    "address exists, which SCTP it has, how large buffers may be) is checked by\n"
    "`junctor run`.\n"
    "\n"
    "  -c, --config FILE      the configuration (YAML; - for standard input)\n"
    "  -p, --print            write the effective configuration: every default\n"
    "                         filled in, SCTP options in full at each listener and\n"
    "                         peer; it reads back as the same configuration\n"
    "  -d, --diff OLD NEW     what a broker that runs with OLD would change when it\n"
    "                         reads NEW on SIGHUP: one line per difference, ending\n"
    "                         in when it takes effect (at once; new associations; new\n"
    "                         endpoint: a listener's sockets are reopened, a peer's\n"
    "                         association is set up again; restart: not by a reload);\n"
    "                         `transport: auto` is taken for the kernel's SCTP\n"
    "      --reference[=man]  write the reference of the configuration, every key\n"
    "                         and SCTP option, as Markdown or as a manual page\n"
    "  -h, --help             this text\n"
    "\n"
    "Exit status: 0 the file is valid (there may be warnings), 1 it is not (errors\n"
    "on standard error), 2 wrong usage, 3 --diff: something needs a restart.\n"
    "\n"
    "  junctor check -c relay.yaml\n"
    "  junctor check -c relay.yaml --print > effective.yaml\n"
    "  junctor check --diff /etc/junctor.yaml new.yaml\n"
    "  junctor check --reference=man | man -l -\n";

static const char *plural(unsigned n)
{
    return n == 1 ? "" : "s";
}

/* With --print the summary is a comment, so that the output is a configuration as it stands. */
static void print_summary(const struct cfg_config *c, const char *before)
{
    const char *name = strcmp(c->file, "-") == 0 ? "standard input" : c->file;
    unsigned routes = c->route_count - (c->unrouted == CFG_UNROUTED_SEND);
    printf("%s%s: valid: %u listener%s, %u peer%s, %u group%s, %u route%s\n", before, name, c->listener_count,
           plural(c->listener_count), c->peer_count, plural(c->peer_count), c->group_count,
           plural(c->group_count), routes, plural(routes));
}

struct complaint {
    const char *file, *severity;
};

static void complain(struct cfg_place at, const char *text, void *arg)
{
    const struct complaint *c = arg;
    fprintf(stderr, "%s:%u:%u: %s%s\n", c->file, at.line, at.column, c->severity, text);
}

/* With transport auto the host decides which one is used, so what it lacks is only a warning. Returns the
 * number of errors. */
static unsigned check_transports(const struct cfg_config *c)
{
    struct complaint error = {c->file, ""}, warning = {c->file, "warning: "};
    bool open = c->transport == CFG_TRANSPORT_AUTO;
    unsigned errors = 0;
    if (open || c->transport == CFG_TRANSPORT_KERNEL)
        errors += brk_unsupported(c, tr_kernel(), complain, open ? &warning : &error);
    if (open || c->transport == CFG_TRANSPORT_USRSCTP)
        errors += brk_unsupported(c, tr_usrsctp(), complain, open ? &warning : &error);
    return open ? 0 : errors;
}

/* NULL: not valid; the errors have been printed. */
static struct cfg_config *load(const char *file)
{
    struct cfg_remarks remarks;
    struct cfg_config *c = cfg_load(file, &remarks);
    cfg_remarks_print(file, &remarks, stderr);
    cfg_remarks_free(&remarks);
    if (!c || !check_transports(c))
        return c;
    cfg_free(c);
    return NULL;
}

static int check(const char *file, bool print)
{
    struct cfg_config *c = load(file);
    if (!c)
        return 1;
    print_summary(c, print ? "# " : "");
    if (print)
        cfg_print(c, stdout);
    cfg_free(c);
    return 0;
}

static void print_difference(const struct cfg_difference *d, void *arg)
{
    bool *restart = arg;
    cfg_difference_print(d, stdout);
    putchar('\n');
    *restart |= d->effect == CFG_RESTART;
}

static int diff(int argc, char **argv)
{
    bool restart = false;
    if (argc != 2 || (strcmp(argv[0], "-") == 0 && strcmp(argv[1], "-") == 0))
        return cmd_wrong("check", "--diff compares two files: junctor check --diff OLD NEW");
    struct cfg_config *old = load(argv[0]), *c = load(argv[1]);
    int status = 1;
    if (old && c) {
        cfg_keep_ids(c, old);
        cfg_diff(old, c, old->transport != CFG_TRANSPORT_USRSCTP, print_difference, &restart);
        status = restart ? 3 : 0;
    }
    cfg_free(old);
    cfg_free(c);
    return status;
}

static int reference(const char *form)
{
    if (!form || strcmp(form, "markdown") == 0)
        brk_reference_markdown(stdout);
    else if (strcmp(form, "man") == 0)
        brk_reference_man(stdout);
    else
        return cmd_wrong("check", "the reference is written as markdown or man");
    return 0;
}

static const struct option options[] = {
    {"config", required_argument, NULL, 'c'}, {"print", no_argument, NULL, 'p'},
    {"diff", no_argument, NULL, 'd'},         {"reference", optional_argument, NULL, 'r'},
    {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0}};
const struct cmd_syntax cmd_check_syntax = {
    "+:c:pdh", options, (const char *const[]){"config=@file", "reference=markdown man", "*=@file", NULL}};

int cmd_check(int argc, char **argv)
{
    const char *file = NULL;
    bool print = false;
    int option;

    optind = 0; /* restarts getopt, which may have read the program's own options */
    opterr = 0;
    while ((option = getopt_long(argc, argv, cmd_check_syntax.letters, options, NULL)) != -1) {
        switch (option) {
        case 'c':
            if (!cmd_take_file("check", &file, optarg))
                return 2;
            break;
        case 'p':
            print = true;
            break;
        case 'd':
            return diff(argc - optind, argv + optind);
        case 'r':
            return reference(optarg);
        case 'h':
            fputs(help, stdout);
            return 0;
        default:
            return cmd_wrong_option("check", option, argv, options);
        }
    }
    if (optind < argc || !file)
        return cmd_wrong_file("check", file, argv[optind]);
    return check(file, print);
}
