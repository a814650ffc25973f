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

static void advise_buffers(void (*tell)(const char *text, void *arg), void *arg)
{
    if (sysctl_number("/proc/sys/net/sctp/rcvbuf_policy") == 0)
        tell(
            "net.sctp.rcvbuf_policy is 0: all associations of a one-to-many socket share its receive buffer, "
            "and fast senders can starve the rest; write sysctl net.sctp.rcvbuf_policy=1, or peel "
            "associations off",
            arg);
    if (sysctl_number("/proc/sys/net/sctp/sndbuf_policy") == 0)
        tell("net.sctp.sndbuf_policy is 0: all associations of a one-to-many socket share its send buffer, "
             "and one stalled peer holds up the rest; write sysctl net.sctp.sndbuf_policy=1, or peel "
             "associations off",
             arg);
}

/* Guides to tuning hosts for signalling lower the one and forget the other. */
static void advise_timers(void (*tell)(const char *text, void *arg), void *arg)
{
    int min = sysctl_number("/proc/sys/net/sctp/rto_min");
    int delay = sysctl_number("/proc/sys/net/sctp/sack_timeout");
    char text[320];
    if (min < 0 || min > delay)
        return;
    snprintf(
        text, sizeof text,
        "net.sctp.rto_min is %d ms, not above net.sctp.sack_timeout, %d ms: between hosts set like this a "
        "message that travels alone is sent again before its SACK is due; write sysctl "
        "net.sctp.sack_timeout=%d on both",
        min, delay, min > 1 ? min / 2 : 1);
    tell(text, arg);
}

void kernel_advise(unsigned topics, void (*tell)(const char *text, void *arg), void *arg)
{
    if (topics & TR_ADVICE_SHARED)
        advise_buffers(tell, arg);
    if (topics & TR_ADVICE_TIMERS)
        advise_timers(tell, arg);
}
