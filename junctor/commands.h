/* The subcommands of `junctor`: each takes its own arguments (argv[0] is its name) and returns the exit
 * status: 0 done, 1 failed, 2 wrong usage. Main thread; they block until they are done. */
#ifndef JUNCTOR_JUNCTOR_COMMANDS_H
#define JUNCTOR_JUNCTOR_COMMANDS_H

int cmd_run(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_load(int argc, char **argv);

#endif
