/* The `junctor` program: finds the subcommand. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "junctor/commands.h"
#include "junctor/version.h"

static const struct {
    const char *name, *what;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"run", "run the broker in the foreground", cmd_run},
    {"check", "validate a configuration file", cmd_check},
    {"load", "send over associations; measure delivery, order and latency", cmd_load},
    {"tune", "find the SCTP parameters for a link by experiment", cmd_tune},
    {"report", "make a page of saved results of load", cmd_report},
    {"status", "show what a running broker does", cmd_status},
    {"top", "show it from second to second, on a terminal", cmd_top},
    {"history", "show recent events of associations and peers", cmd_history},
    {"explain", "show which route takes a message, and why", cmd_explain},
    {"reload", "make the broker read its configuration again", cmd_reload},
    {"stop", "end the broker when everything is delivered", cmd_stop},
    {"set", "change a setting of the broker", cmd_set},
    {"disconnect", "shut down one of its associations", cmd_disconnect},
    {"abort", "abort one of its associations", cmd_abort},
    {"move", "hand one of its associations over to another worker", cmd_move},
    {"drain", "let groups send nothing to one of their members", cmd_drain},
    {"maint", "the same, and end its associations", cmd_maint},
    {"ready", "let it take part again", cmd_ready},
};

/* A closed descriptor 0, 1 or 2 would be reused by the next socket, and printed text would be sent there.
 * Standard input and output get /dev/null opened the wrong way round, so that using them fails; standard
 * error may be lost. */
static void fill_standard_descriptors(void)
{
    static const int modes[] = {O_WRONLY, O_RDONLY, O_WRONLY};
    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", modes[fd]) != fd)
            exit(1);
}

static void usage(FILE *out)
{
    fputs("Usage: junctor COMMAND [OPTION...]\n"
          "       junctor --version\n\n"
          "Commands (each has --help):\n",
          out);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        fprintf(out, "  %-11s %s\n", commands[i].name, commands[i].what);
}

int main(int argc, char **argv)
{
    fill_standard_descriptors();
    if (argc < 2) {
        usage(stderr);
        return 2;
    }
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
        usage(stdout);
        return 0;
    }
    if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))
        return junctor_print_version();
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (!strcmp(argv[1], commands[i].name))
            return commands[i].run(argc - 1, argv + 1);
    fprintf(stderr, "junctor: there is no %s %s; `junctor --help` lists the commands\n",
            argv[1][0] == '-' ? "option" : "command", argv[1]);
    return 2;
}
