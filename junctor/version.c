/* Which Junctor this is. The Makefile passes version, commit and libraries to this file alone, so that a
 * commit recompiles nothing else. */
#include "junctor/version.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "transport/transport.h"

#ifndef JUNCTOR_VERSION
#define JUNCTOR_VERSION "unknown"
#endif
#ifndef JUNCTOR_LIBRARIES
#define JUNCTOR_LIBRARIES "unknown"
#endif

const char junctor_version[] = JUNCTOR_VERSION;

static void print_transport(const struct tr_backend *backend, const char *what)
{
    struct tr_error error;
    bool there = tr_backend_probe(backend, &error) == TR_OK;
    printf("transport %s: %s%s%s\n", tr_backend_name(backend), what,
           there ? "" : "; not available on this host: ", there ? "" : error.text);
}

int junctor_print_version(void)
{
    printf("junctor %s\nlibraries: %s\n", junctor_version, JUNCTOR_LIBRARIES);
    print_transport(tr_kernel(), "the SCTP of the Linux kernel");
    print_transport(tr_usrsctp(), "SCTP over UDP, in this process");
    if (fflush(stdout) == 0)
        return 0;
    fprintf(stderr, "junctor: standard output: %s\n", strerror(errno));
    return 1;
}
