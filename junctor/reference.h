/* The reference of the configuration, written from the tables that also read and check it (config/keys.def,
 * options.def, ppid.def) and from what the transport backends say that they can do.
 *
 * config/REFERENCE.md and config/junctor.yaml.5 are its output; `make reference` writes them anew and
 * tests/check_reference fails while they are not. */
#ifndef JUNCTOR_JUNCTOR_REFERENCE_H
#define JUNCTOR_JUNCTOR_REFERENCE_H

#include <stdio.h>

void brk_reference_markdown(FILE *out); /* GitHub's Markdown */
void brk_reference_man(FILE *out);      /* mdoc(7): junctor.yaml(5) */

#endif
