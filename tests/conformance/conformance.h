/* The conformance suite over the transport contract: one for all backends. */
#ifndef JUNCTOR_TESTS_CONFORMANCE_CONFORMANCE_H
#define JUNCTOR_TESTS_CONFORMANCE_CONFORMANCE_H

#include "transport/transport.h"

/* Runs every case on `b`; argv[1] may be a pattern of case names ("peeloff*"). Returns the exit status: 0
 * when all passed, 77 when the backend cannot run on this host (and says why on stderr). */
int conformance_run(const struct tr_backend *b, int argc, char **argv);

#endif
