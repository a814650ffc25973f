/* What every command prints for a wrong command line: "junctor COMMAND: what", and how to get help. */
#include "junctor/usage.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config/sctp/nearest.h"

int cmd_wrong(const char *command, const char *format, ...)
{
    va_list args;
    fprintf(stderr, "junctor %s: ", command);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\nTry `junctor %s --help`.\n", command);
    return 2;
}

static const char *name_of(const struct option *options, int value)
{
    for (; options->name; options++)
        if (options->val == value)
            return options->name;
    return NULL;
}

int cmd_wrong_option(const char *command, int result, char *const *argv, const struct option *options)
{
    const char *name = name_of(options, optopt), *word = argv[optind - 1];
    struct nearest near;
    if (name && result == ':')
        return cmd_wrong(command, "--%s: the value is missing", name);
    if (name)
        return cmd_wrong(command, "--%s takes no value", name);
    nearest_begin(&near, word + strspn(word, "-"));
    for (; options->name; options++)
        nearest_try(&near, options->name);
    const char *found = nearest_found(&near);
    return cmd_wrong(command, "unknown option \"%s\"%s%s%s", word, found ? "; did you mean --" : "",
                     found ? found : "", found ? "?" : "");
}

bool cmd_take_file(const char *command, const char **file, const char *name)
{
    if (*file) {
        cmd_wrong(command, "-c is given twice (%s, %s); a configuration is one file", *file, name);
        return false;
    }
    *file = name;
    return true;
}

int cmd_wrong_file(const char *command, const char *file, const char *argument)
{
    if (!argument)
        return cmd_wrong(command, "give the configuration with -c FILE");
    if (!file)
        return cmd_wrong(command, "give the configuration with -c: junctor %s -c %s", command, argument);
    return cmd_wrong(command, "unexpected argument \"%s\"", argument);
}
