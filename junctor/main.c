/* The `junctor` program: finds the subcommand. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/sctp/nearest.h"
#include "junctor/commands.h"
#include "junctor/complete.h"
#include "junctor/output.h"
#include "junctor/version.h"

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

static int unknown(const char *word)
{
    struct nearest near;
    nearest_begin(&near, word);
    for (unsigned i = 0; cmd_at(i); i++)
        nearest_try(&near, cmd_at(i)->name);
    const char *found = nearest_found(&near);
    fprintf(stderr, "junctor: there is no %s %s%s%s%s; `junctor --help` lists the commands\n",
            word[0] == '-' ? "option" : "command", word, found ? "; did you mean " : "", found ? found : "",
            found ? "?" : "");
    return 2;
}

static void usage(FILE *out)
{
    fputs("Usage: junctor COMMAND [OPTION...]\n"
          "       junctor help COMMAND\n"
          "       junctor --version [--json]\n\n"
          "Commands (each has --help):\n",
          out);
    for (unsigned i = 0; cmd_at(i); i++)
        fprintf(out, "  %-11s %s\n", cmd_at(i)->name, cmd_at(i)->what);
}

/* `junctor help COMMAND` */
static int help(const char *name)
{
    const struct cmd_command *command = cmd_find(name);
    if (!command)
        return unknown(name);
    return command->run(2, (char *[]){(char *)(uintptr_t)command->name, (char[]){"--help"}, NULL});
}

static int version(int argc, char **argv)
{
    bool json = argc == 3 && (!strcmp(argv[2], "--json") || !strcmp(argv[2], "-j"));
    if (argc == 2 || json) {
        junctor_print_version(json);
        return 0;
    }
    fprintf(stderr, "junctor: --version takes nothing but --json\n");
    return 2;
}

/* What is not a command. */
static int others(int argc, char **argv)
{
    const char *word = argv[1];
    if (!strcmp(word, "help") && argc > 2)
        return help(argv[2]);
    if (!strcmp(word, "--help") || !strcmp(word, "-h") || !strcmp(word, "help")) {
        usage(stdout);
        return 0;
    }
    if (!strcmp(word, "--version") || !strcmp(word, "-V"))
        return version(argc, argv);
    if (!strcmp(word, "--complete"))
        return complete_print(argc - 2, argv + 2);
    return unknown(word);
}

int main(int argc, char **argv)
{
    fill_standard_descriptors();
    junctor_version = junctor_built;
    if (argc < 2) {
        usage(stderr);
        return 2;
    }
    const struct cmd_command *command = cmd_find(argv[1]);
    int status = command ? command->run(argc - 1, argv + 1) : others(argc, argv);
    return output_end(command ? command->name : NULL, status);
}
