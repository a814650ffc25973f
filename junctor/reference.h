/* The reference of the configuration, generated from the tables that also parse and check it
 * (config/keys.def, options.def, ppid.def) and from the capabilities of the transport backends.
 *
 * config/REFERENCE.md and config/junctor.yaml.5 are its output: `make reference` writes them, and
 * tests/check_reference fails while they are out of date. */
#ifndef JUNCTOR_JUNCTOR_REFERENCE_H
#define JUNCTOR_JUNCTOR_REFERENCE_H

#include <stdio.h>

void brk_reference_markdown(FILE *out); /* GitHub's Markdown */
void brk_reference_man(FILE *out);      /* mdoc(7): junctor.yaml(5) */

#endif
