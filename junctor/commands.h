/* The subcommands of `junctor`: each takes its own arguments (argv[0] is its name) and returns the exit
 * status: 0 done, 1 failed, 2 wrong usage. Main thread; they return when they are done.
 *
 * A new one is a row in commands.c, with its syntax beside its getopt loop: --help, the manual page and the
 * completion of shells are checked against that. */
#ifndef JUNCTOR_JUNCTOR_COMMANDS_H
#define JUNCTOR_JUNCTOR_COMMANDS_H

struct option;

/* What a command line may have: what getopt_long is given, and what shells complete (complete.h). */
struct cmd_syntax {
    const char *letters;          /* the short options */
    const struct option *options; /* ends with a name of NULL */
    /* "NAME=WORDS": what can be written as the value of an option, by its name, or as the first, second or
     * any further argument ("1", "2", "*"), with blanks between them; "@file" and the like are looked up.
     * Ends with NULL. */
    const char *const *values;
};

struct cmd_command {
    const char *name, *what;
    int (*run)(int argc, char **argv);
    const struct cmd_syntax *syntax;
};

/* All of them, in the order of --help; NULL: there are no more. */
const struct cmd_command *cmd_at(unsigned index);
const struct cmd_command *cmd_find(const char *name);

int cmd_run(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_load(int argc, char **argv);
int cmd_tune(int argc, char **argv);
int cmd_report(int argc, char **argv);

/* These ask a running broker; exit status 3: none answers. */
int cmd_status(int argc, char **argv);
int cmd_top(int argc, char **argv);
int cmd_history(int argc, char **argv);
int cmd_tap(int argc, char **argv);
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

extern const struct cmd_syntax cmd_run_syntax, cmd_check_syntax, cmd_load_syntax, cmd_tune_syntax,
    cmd_report_syntax, cmd_status_syntax, cmd_top_syntax, cmd_history_syntax, cmd_tap_syntax,
    cmd_explain_syntax, cmd_reload_syntax, cmd_stop_syntax, cmd_set_syntax, cmd_association_syntax,
    cmd_move_syntax, cmd_member_syntax;

#endif
