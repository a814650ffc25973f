/* Parts of the broker's documents as text, for several commands. */
#ifndef JUNCTOR_JUNCTOR_SHOW_H
#define JUNCTOR_JUNCTOR_SHOW_H

#include <stdio.h>

#include <jansson.h>

/* `association` of /v1/associations/ID: a line for each value, and a table of its paths, in lines of `width`
 * columns (0: no limit). */
void show_association(FILE *out, const json_t *association, unsigned width);

/* `history` of /v1/history, as a table. */
void show_history(FILE *out, const json_t *history, unsigned width);

#endif
