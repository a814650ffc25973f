/* What this host's kernel settings mean for SCTP, told once at start. */
#include <stdio.h>

#include "transport/kernel_priv.h"

/* The value of a number below /proc/sys, or -1. */
static int sysctl_number(const char *path)
{
    int value = -1;
    FILE *file = fopen(path, "re");
    if (file) {
        if (fscanf(file, "%d", &value) != 1)
            value = -1;
        fclose(file);
    }
    return value;
}

void kernel_advise(void (*tell)(const char *text, void *arg), void *arg)
{
    if (sysctl_number("/proc/sys/net/sctp/rcvbuf_policy") == 0)
        tell("net.sctp.rcvbuf_policy is 0: all associations of a one-to-many socket share its receive "
             "buffer, and fast "
             "senders can starve the rest; write sysctl net.sctp.rcvbuf_policy=1, or peel associations off",
             arg);
    if (sysctl_number("/proc/sys/net/sctp/sndbuf_policy") == 0)
        tell("net.sctp.sndbuf_policy is 0: all associations of a one-to-many socket share its send buffer, "
             "and one stalled "
             "peer holds up the rest; write sysctl net.sctp.sndbuf_policy=1, or peel associations off",
             arg);
}
