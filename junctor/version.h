/* Which Junctor this is. */
#ifndef JUNCTOR_JUNCTOR_VERSION_H
#define JUNCTOR_JUNCTOR_VERSION_H

#include <stdbool.h>

/* "0.1", or "0.1-abc1234" with the commit if it was built from a git clone, then "-dirty" for uncommitted
 * changes. */
extern const char junctor_built[];

/* The same for those who tell it; main() sets it, so that a commit does not make other programs anew. */
extern const char *junctor_version;

/* What --version prints, as text or as a JSON object: the version, the libraries it was built with, the
 * transports and what this host's kernel can. */
void junctor_print_version(bool json);

#endif
