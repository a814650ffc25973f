#include "config/sctp/require.h"

#include <stdio.h>
#include <stdlib.h>

void require_failed(const char *where, const char *condition)
{
    fprintf(stderr, "%s: bug in the calling program: not (%s)\n", where, condition);
    abort();
}

void require_no_memory(const char *what)
{
    fprintf(stderr, "out of memory for %s\n", what);
    abort();
}
