/* ratios BASE < rounds: see bench/tune/ratios.h. */
#include <stdio.h>

#include "bench/tune/ratios.h"

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: ratios NAME_OF_BASE < lines of NAME MEASURE BASE THIS, tabs between\n", stderr);
        return 2;
    }
    return bench_ratios(stdin, argv[1], stdout) ? 0 : 1;
}
