/* Which Junctor this is. */
#ifndef JUNCTOR_JUNCTOR_VERSION_H
#define JUNCTOR_JUNCTOR_VERSION_H

/* "0.1", or "0.1-abc1234" with the commit if it was built from a git clone, then "-dirty" for uncommitted
 * changes. */
extern const char junctor_version[];

/* What --version prints: the version, the libraries it was built with, and the transports of this host.
 * Returns the exit status. */
int junctor_print_version(void);

#endif
