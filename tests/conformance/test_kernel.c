/* The conformance suite on Linux's own SCTP. */
#include "tests/conformance/conformance.h"

int main(int argc, char **argv)
{
    return conformance_run(tr_kernel(), argc, argv);
}
