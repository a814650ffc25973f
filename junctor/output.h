/* Where results go: files that are written when the work is done, looked at before it begins, so that a long
 * run does not end with nowhere to put its result; and standard output. */
#ifndef JUNCTOR_JUNCTOR_OUTPUT_H
#define JUNCTOR_JUNCTOR_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

/* Whether a file can be written; "" is none. What is in it stays, and one that was not there is not there
 * afterwards. False with the reason, which begins with the option and the file. */
bool output_file(const char *option, const char *file, char *why, size_t size);

/* The same for a folder, which is made if it is not there. */
bool output_folder(const char *option, const char *folder, char *why, size_t size);

/* The end of every command: what it has printed is written out. Returns its exit status `status`; 1, and says
 * why, if standard output has not taken all of it (a full disk, a reader that has gone). `command`: its name,
 * or NULL. */
int output_end(const char *command, int status);

/* Forgets what standard output has not taken: its reader has gone, and that is no error. */
void output_abandon(void);

#endif
