/* An emulated link: two network namespaces of this process, joined by a veth pair with netem at both ends.
 *
 * The namespaces have no names: they exist as long as this process has their descriptors, so nothing is left
 * behind however it ends. Needs root, and the programs ip and tc (iproute2). Main thread. */
#ifndef JUNCTOR_BENCH_TUNE_NETWORK_H
#define JUNCTOR_BENCH_TUNE_NETWORK_H

#include "bench/tune/tune.h"

struct bench_network {
    int near, far; /* the source's namespace and the sink's; -1: none */
};

/* Makes the link, and has the source and the sink of tune->load use it. False with the reason in `why`; then
 * nothing is left. */
bool bench_network_open(struct bench_network *n, struct bench_tune *tune, char *why, size_t size);

void bench_network_close(struct bench_network *n);

#endif
