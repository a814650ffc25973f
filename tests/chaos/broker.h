/* The broker under test: a process of its own, with its configuration and its log in the run's directory. */
#ifndef JUNCTOR_TESTS_CHAOS_BROKER_H
#define JUNCTOR_TESTS_CHAOS_BROKER_H

#include <stdbool.h>
#include <sys/types.h>

#include "tests/chaos/kinds.h"

/* Starts it and waits until it is ready; 0: it is not, and why is in the log. */
pid_t broker_start(const char *program, const char *folder, const struct broker_setting *s);

/* The last line of the log with this event (event=NAME), in `out`; false: there is none. */
bool broker_logged(const char *folder, const char *event, char *out, size_t size);

/* The log has a line with `second` after one with `first`. */
bool broker_logged_after(const char *folder, const char *first, const char *second);

/* Writes the configuration anew, and asks for a reload. */
void broker_reload(pid_t broker, const char *folder, const struct broker_setting *s);

/* SIGTERM; its exit status, or -1 where it does not end within the time. */
int broker_stop(pid_t broker, unsigned seconds);

#endif
