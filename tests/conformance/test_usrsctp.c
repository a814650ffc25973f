/* The conformance suite on the userland stack over UDP. */
#include "tests/conformance/conformance.h"

int main(int argc, char **argv)
{
    return conformance_run(tr_usrsctp(), argc, argv);
}
