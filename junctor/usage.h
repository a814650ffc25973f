/* What commands print for a wrong command line, on standard error. */
#ifndef JUNCTOR_JUNCTOR_USAGE_H
#define JUNCTOR_JUNCTOR_USAGE_H

#include <stdbool.h>

struct option;

/* Prints what is wrong and how to get help. Returns 2, the exit status. */
int cmd_wrong(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same for a ':' or '?' from getopt_long, called with opterr 0 and short options that begin with ':'. */
int cmd_wrong_option(const char *command, int result, char *const *argv, const struct option *options);

/* Takes the value of -c. False: there was one before; the error has been printed. */
bool cmd_take_file(const char *command, const char **file, const char *name);

/* For a missing -c (`file` NULL) or an argument after the options (`argument`). Returns 2. */
int cmd_wrong_file(const char *command, const char *file, const char *argument);

#endif
