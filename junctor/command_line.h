/* The command line as it was typed, for reports. */
#ifndef JUNCTOR_JUNCTOR_COMMAND_LINE_H
#define JUNCTOR_JUNCTOR_COMMAND_LINE_H

/* "junctor" and the arguments (argv[0] is the subcommand), quoted so that they can be used again. The caller
 * frees it; NULL: out of memory. */
char *command_line(int argc, char **argv);

#endif
