/* What this host's kernel settings mean for SCTP, told once at start. A network namespace has its own, which
 * show below /proc/sys to whoever is inside. */
#include <stdio.h>

#include "transport/kernel/kernel_priv.h"

void kernel_hint(enum opt_field f, int64_t wanted, int64_t granted, char *out, size_t size)
{
    static const struct {
        enum opt_field field;
        const char *sysctl, *otherwise;
    } limits[] = {{OPTF_SNDBUF, "net.core.wmem_max", ", or grant CAP_NET_ADMIN"},
                  {OPTF_RECBUF, "net.core.rmem_max", ", or grant CAP_NET_ADMIN"},
                  {OPTF_AUTOCLOSE, "net.sctp.max_autoclose", ""}};
    for (unsigned i = 0; i < sizeof limits / sizeof limits[0]; i++)
        if (limits[i].field == f && granted < wanted)
            snprintf(out, size, "; write sysctl %s=%lld%s", limits[i].sysctl, (long long)wanted,
                     limits[i].otherwise);
    if (f == OPTF_FRAGMENT_INTERLEAVE && granted == 1 && wanted == 2)
        snprintf(out, size, "; Linux has no 2, write 1");
}

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

struct settings {
    int rcvbuf_policy, sndbuf_policy, rto_min, sack_timeout; /* -1: there is no such setting */
};

static int read_settings(void *arg)
{
    *(struct settings *)arg = (struct settings){
        sysctl_number("/proc/sys/net/sctp/rcvbuf_policy"), sysctl_number("/proc/sys/net/sctp/sndbuf_policy"),
        sysctl_number("/proc/sys/net/sctp/rto_min"), sysctl_number("/proc/sys/net/sctp/sack_timeout")};
    return 0;
}

/* To whom it is told, and where it is. */
struct listener {
    void (*tell)(const char *text, void *arg);
    void *arg;
    const char *netns;
};

static void say(const struct listener *to, const char *text)
{
    char whole[400];
    snprintf(whole, sizeof whole, "%s%s%s%s", to->netns ? "in network namespace " : "",
             to->netns ? to->netns : "", to->netns ? ": " : "", text);
    to->tell(whole, to->arg);
}

static void advise_buffers(const struct settings *s, const struct listener *to)
{
    if (s->rcvbuf_policy == 0)
        say(to,
            "net.sctp.rcvbuf_policy is 0: all associations of a one-to-many socket share its receive buffer, "
            "and fast senders can starve the rest; write sysctl net.sctp.rcvbuf_policy=1, or peel "
            "associations off");
    if (s->sndbuf_policy == 0)
        say(to,
            "net.sctp.sndbuf_policy is 0: all associations of a one-to-many socket share its send buffer, "
            "and one stalled peer holds up the rest; write sysctl net.sctp.sndbuf_policy=1, or peel "
            "associations off");
}

/* Guides to tuning hosts for signalling lower the one and forget the other. */
static void advise_timers(const struct settings *s, const struct listener *to)
{
    char text[320];
    if (s->rto_min < 0 || s->rto_min > s->sack_timeout)
        return;
    snprintf(
        text, sizeof text,
        "net.sctp.rto_min is %d ms, not above net.sctp.sack_timeout, %d ms: between hosts set like this a "
        "message that travels alone is sent again before its SACK is due; write sysctl "
        "net.sctp.sack_timeout=%d on both",
        s->rto_min, s->sack_timeout, s->rto_min > 1 ? s->rto_min / 2 : 1);
    say(to, text);
}

void kernel_advise(const char *netns, unsigned topics, void (*tell)(const char *text, void *arg), void *arg)
{
    const struct listener to = {tell, arg, netns};
    struct settings s;
    int result;
    if (!(topics & (TR_ADVICE_SHARED | TR_ADVICE_TIMERS)))
        return;
    if (!kernel_run_in(netns, read_settings, &s, &result, NULL) || result != 0)
        return;
    if (topics & TR_ADVICE_SHARED)
        advise_buffers(&s, &to);
    if (topics & TR_ADVICE_TIMERS)
        advise_timers(&s, &to);
}
