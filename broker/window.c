/* The receive window that an association offers, in relation to its receive buffer. */
#include "broker/window.h"

#include "broker/health.h"
#include "broker/socket.h"
#include "broker/state.h"
#include "config/config.h"
#include "config/sctp/options.h"
#include "transport/transport.h"

/* A quarter, because Linux offers the whole buffer in bytes of user data, but charges 232 bytes more for
 * every message. A sender of small messages fills the buffer long before the window is used up, its data
 * is dropped, and each drop costs a retransmission timeout. With a quarter, messages of 33 bytes and more
 * fit. */
int64_t brk_shrink_window(struct tr_endpoint *ep)
{
    struct opt_set buffer = {0};
    struct tr_error error;
    if (tr_get_option(ep, 0, OPT_RECBUF, &buffer, &error) != TR_OK)
        return 0;
    int64_t granted = opt_num(&buffer, OPTF_RECBUF, 0);
    int64_t window = cfg_window(granted);
    if (window == granted)
        return 0;
    opt_put(&buffer, OPTF_RECBUF, window);
    return tr_set_options(ep, 0, &buffer, NULL, &error) == TR_OK ? granted : 0;
}

void brk_grow_buffer(struct tr_endpoint *ep, int64_t granted)
{
    struct opt_set buffer = {0};
    struct tr_error error;
    opt_put(&buffer, OPTF_RECBUF, granted);
    if (granted)
        tr_set_options(ep, 0, &buffer, NULL, &error);
}

/* In one word, because several workers use it: the size asked for plus 1, and the result. */
void brk_remember_buffer(struct brk_peer_health *h, int64_t asked, int64_t granted)
{
    uint64_t word = (uint64_t)(asked + 1) << 32 | (uint32_t)granted;
    atomic_store_explicit(&h->recbuf, word, memory_order_relaxed);
}

bool brk_recall_buffer(const struct brk_peer_health *h, int64_t asked, int64_t *granted)
{
    uint64_t word = atomic_load_explicit(&h->recbuf, memory_order_relaxed);
    *granted = (int64_t)(word & UINT32_MAX);
    return word >> 32 == (uint64_t)(asked + 1);
}

void brk_socket_shrink_window(struct brk_socket *s)
{
    if (s->peeloff != CFG_PEELOFF_NEVER)
        s->full_buffer = brk_shrink_window(s->ep);
}
