/* The subcommands of `junctor`: each takes its own arguments (argv[0] is its name) and returns the exit
 * status: 0 done, 1 failed, 2 wrong usage. Main thread; they return when they are done. */
#ifndef JUNCTOR_JUNCTOR_COMMANDS_H
#define JUNCTOR_JUNCTOR_COMMANDS_H

int cmd_run(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_load(int argc, char **argv);
int cmd_tune(int argc, char **argv);
int cmd_report(int argc, char **argv);

/* These ask a running broker; exit status 3: none answers. */
int cmd_status(int argc, char **argv);
int cmd_top(int argc, char **argv);
int cmd_history(int argc, char **argv);
int cmd_explain(int argc, char **argv); /* or read a file */
int cmd_reload(int argc, char **argv);
int cmd_stop(int argc, char **argv);
int cmd_set(int argc, char **argv);
int cmd_disconnect(int argc, char **argv);
int cmd_move(int argc, char **argv);
int cmd_abort(int argc, char **argv);
int cmd_drain(int argc, char **argv);
int cmd_maint(int argc, char **argv);
int cmd_ready(int argc, char **argv);

#endif
