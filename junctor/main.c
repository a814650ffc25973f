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
    {"run", "the broker, in the foreground", cmd_run},
    {"check", "validate a configuration file", cmd_check},
    {"load", "send over associations; measure delivery, order and latency", cmd_load},
    {"report", "saved results of load as a page", cmd_report},
    {"status", "what a running broker does", cmd_status},
    {"explain", "which route takes a message, and why", cmd_explain},
    {"reload", "make it read its configuration again", cmd_reload},
    {"stop", "end it when everything is delivered", cmd_stop},
    {"set", "change a setting of it", cmd_set},
    {"disconnect", "shut one of its associations down", cmd_disconnect},
    {"abort", "abort one", cmd_abort},
};

/* A descriptor 0, 1 or 2 that was closed would become the next socket, and what is printed would be sent
 * there. Input and output get the wrong end of /dev/null, so that who needs them is told; standard error may
 * be lost. */
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
    fprintf(stderr, "junctor: there is no %s %s; `junctor --help` names the commands\n",
            argv[1][0] == '-' ? "option" : "command", argv[1]);
    return 2;
}
