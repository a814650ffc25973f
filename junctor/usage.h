/* What commands say of a command line that is wrong. They print to standard error. */
#ifndef JUNCTOR_JUNCTOR_USAGE_H
#define JUNCTOR_JUNCTOR_USAGE_H

#include <stdbool.h>

struct option;

/* Says what is wrong and where help is. Returns 2, the exit status. */
int cmd_wrong(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same for a ':' or '?' from getopt_long, called with opterr 0 and ':' in front of its short options. */
int cmd_wrong_option(const char *command, int result, char *const *argv, const struct option *options);

/* Takes the value of -c; false when there has been one before, which has been said. */
bool cmd_take_file(const char *command, const char **file, const char *name);

/* Where -c is missing (`file` NULL) or something stands behind the options (`argument`). Returns 2. */
int cmd_wrong_file(const char *command, const char *file, const char *argument);

#endif
