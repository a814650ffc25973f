/* The load generator: source, sink or echo, or source and sink in one process. */
#ifndef JUNCTOR_BENCH_LOAD_H
#define JUNCTOR_BENCH_LOAD_H

/* Runs what the arguments of `junctor load` say (argv[0] is the command's name), prints the report, and
 * returns the exit status: 0 nothing lost, doubled, out of order or corrupt, 1 otherwise, 2 wrong usage. Main
 * thread; handles SIGINT and SIGTERM while it runs. */
int bench_load(int argc, char **argv);

#endif
