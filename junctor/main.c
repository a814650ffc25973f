/* The `junctor` program: finds the subcommand. */
#include <stdio.h>
#include <string.h>

#include "junctor/commands.h"

static const struct {
    const char *name, *what;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"run", "the broker, in the foreground", cmd_run},
    {"check", "validate a configuration file", cmd_check},
    {"load", "open associations, send at a rate, measure delivery, order and latency", cmd_load},
};

static void usage(FILE *out)
{
    fputs("usage: junctor COMMAND [OPTION...]\n\nCommands (each has --help):\n", out);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].what);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        usage(stderr);
        return 2;
    }
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
        usage(stdout);
        return 0;
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (!strcmp(argv[1], commands[i].name))
            return commands[i].run(argc - 1, argv + 1);
    fprintf(stderr, "junctor: no command \"%s\"\n", argv[1]);
    usage(stderr);
    return 2;
}
