#include "config/advice_buffers_priv.h"

#include <stdio.h>

#include "config/check_endpoints_priv.h"
#include "config/origin_priv.h"

/* If broker.max_message is written, a send buffer that cannot hold it is an error (check_endpoints.c).
 */
static void advise_refused(struct loader *l, const struct subject *u)
{
    int64_t sndbuf = opt_num(u->options, OPTF_SNDBUF, MAX_MESSAGE_DEFAULT);
    struct shown a, b;
    if (origin_has(&l->broker, CFG_KEY_MAX_MESSAGE) || sndbuf >= MAX_MESSAGE_DEFAULT ||
        (uint64_t)sndbuf != l->config->max_message)
        return;
    show(OPTF_SNDBUF, sndbuf, &a);
    err_add(&l->warnings, u->origin->effective->at[OPTF_SNDBUF],
            "sndbuf: %s makes the broker refuse messages longer than %s for any destination, since they "
            "would not fit; write broker.max_message: %s if none is longer, or sndbuf: %s",
            a.text, a.text, a.text, show(OPTF_SNDBUF, MAX_MESSAGE_DEFAULT, &b));
}

/* An incomplete message cannot be read: the window closes within a longer message, and reopens after
 * timeouts; a message after which there is no room for a second one waits for a delayed SACK each time. Linux
 * 6.1, messages of 1,000,000 bytes: window 64K 2 Mbit/s, 1M 6 to 80, 2M 4,000. No warning about the defaults
 * of both values, which --print writes. Returns whether it warned. */
static bool advise_long(struct loader *l, const struct subject *u)
{
    const struct opt_field_row *row = &opt_field_rows[OPTF_RECBUF];
    int64_t most = (int64_t)l->config->max_message, recbuf = opt_num(u->options, OPTF_RECBUF, row->dflt);
    int64_t window = u->shares_socket ? recbuf : cfg_window(recbuf);
    int64_t needed = u->shares_socket ? 2 * most : 8 * most; /* for a quarter of it see cfg_window */
    struct cfg_place at = u->origin->effective->at[OPTF_RECBUF];
    struct shown a, b, c, d;
    char larger[VAL_TEXT_MAX + 20] = "";
    if (!origin_has(&l->broker, CFG_KEY_MAX_MESSAGE) || window >= 2 * most ||
        (recbuf >= row->dflt && most <= MAX_MESSAGE_DEFAULT))
        return false;
    if (needed <= row->max)
        snprintf(larger, sizeof larger, "recbuf: %s or ", show(OPTF_RECBUF, needed, &d));
    err_add(&l->warnings, at.line ? at : origin_place(&l->broker, CFG_KEY_MAX_MESSAGE),
            "recbuf: %s makes a receive window of %s, less than two messages of broker.max_message, %s; it "
            "closes within such messages, and the rest waits for delayed SACKs and retransmission timeouts; "
            "write "
            "%smax_message: %s",
            show(OPTF_RECBUF, recbuf, &a), show(OPTF_RECBUF, window, &b), show(OPTF_RECBUF, most, &c), larger,
            show(OPTF_RECBUF, window / 2, &d));
    return true;
}

/* Linux charges the receive buffer, which is twice as large as `recbuf`, CHARGE bytes for each message in
 * addition to its length (6.1, struct sk_buff), but the window only its length. If messages are so short that
 * the buffer is full before the window closes, arriving messages are dropped, including the next one in
 * order; with later ones in the buffer there is never room for more than this one, so that only one message
 * arrives per retransmission timeout, permanently. With 64-byte messages sent as fast as possible: one
 * message a second with 64K and 128K, end to end as well as through a broker, whatever the path's MTU. With
 * its own socket and 128K to 256K 100 to 3,000 a second, with 1M and more 50,000. */
static void advise_short(struct loader *l, const struct subject *u)
{
    enum { CHARGE = 232 };
    int64_t recbuf = opt_num(u->options, OPTF_RECBUF, opt_field_rows[OPTF_RECBUF].dflt);
    int64_t window = u->shares_socket ? recbuf : cfg_window(recbuf);
    int64_t least = CFG_WINDOW_SHARE * CFG_WINDOW_LEAST;
    struct shown a, b, c;
    if (recbuf >= least || l->config->transport == CFG_TRANSPORT_USRSCTP)
        return;
    err_add(&l->warnings, u->origin->effective->at[OPTF_RECBUF],
            "recbuf: %s is full before its receive window of %s closes if messages have fewer than %d bytes, "
            "since Linux's SCTP charges %d bytes for each in addition; messages arriving then are dropped, "
            "and only one arrives per retransmission timeout; write recbuf: %s%s",
            show(OPTF_RECBUF, recbuf, &a), show(OPTF_RECBUF, window, &b),
            (int)(CHARGE * window / (2 * recbuf - window)), CHARGE, show(OPTF_RECBUF, least, &c),
            u->shares_socket ? " and peeloff: always" : "");
}

void advise_buffers(struct loader *l, const struct subject *u)
{
    advise_refused(l, u);
    if (!advise_long(l, u))
        advise_short(l, u);
}
