/* What this host's kernel settings mean for SCTP over UDP, told once at start. */
#include <stdio.h>

#include "config/sctp/value.h"
#include "transport/usrsctp/udp.h"
#include "transport/usrsctp/usrsctp_priv.h"

static void say(const char *which, const char *sysctl, unsigned granted, const char *harm,
                void (*tell)(const char *text, void *arg), void *arg)
{
    char text[300], a[VAL_TEXT_MAX], b[VAL_TEXT_MAX];
    snprintf(text, sizeof text,
             "UDP %s buffer: asked %s, granted %s; write sysctl %s=%d, or grant CAP_NET_ADMIN; %s", which,
             opt_format_num(OPTF_RECBUF, UDP_BUFFER_WANTED, a, sizeof a),
             opt_format_num(OPTF_RECBUF, granted, b, sizeof b), sysctl, UDP_BUFFER_WANTED, harm);
    tell(text, arg);
}

void usr_advise(const char *netns, unsigned topics, void (*tell)(const char *text, void *arg), void *arg)
{
    unsigned receiving, sending;
    if (netns != NULL || !(topics & TR_ADVICE_BUFFERS) || !udp_granted(&receiving, &sending))
        return;
    if (receiving < UDP_BUFFER_WANTED)
        say("receive", "net.core.rmem_max", receiving,
            "bursts that do not fit are lost, and wait for a retransmission timeout", tell, arg);
    if (sending < UDP_BUFFER_WANTED)
        say("send", "net.core.wmem_max", sending, "what does not fit waits", tell, arg);
}
