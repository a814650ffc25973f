/* `junctor load`: the load generator of bench/. */
#include "bench/load.h"
#include "junctor/commands.h"

int cmd_load(int argc, char **argv)
{
    return bench_load(argc, argv);
}
