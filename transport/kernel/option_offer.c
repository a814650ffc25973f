/* What an endpoint offers to associations to come: which extensions, and how it wants to be authenticated.
 *
 * Linux keeps that with the endpoint of a socket, and has two gaps. A socket with one association
 * (one-to-one, accepted, peeled off) answers for the association as soon as there is one: what both sides
 * agreed on. And a peeled-off or accepted socket has a fresh endpoint that knows nothing of its origin's. So
 * each endpoint here remembers what it offers: read before it matters, changed when it is set, handed on when
 * an association is peeled off. Asked about an association by its number, the socket answers. */
#include "transport/kernel/option_priv.h"

#include <string.h>

/* In the order of options.def. */
static const enum opt_id offered[KERNEL_OFFERS] = {
    OPT_INTERLEAVING_SUPPORTED, OPT_PR_SUPPORTED,     OPT_AUTH_SUPPORTED,     OPT_AUTH_CHUNKS, OPT_HMAC_IDENT,
    OPT_AUTH_ACTIVE_KEY,        OPT_ASCONF_SUPPORTED, OPT_RECONFIG_SUPPORTED,
};

static unsigned place(enum opt_id id)
{
    unsigned i = 0;
    while (i < KERNEL_OFFERS && offered[i] != id)
        i++;
    return i;
}

void kernel_forget_offers(struct kernel_endpoint *ep)
{
    for (unsigned i = 0; i < KERNEL_OFFERS; i++)
        ep->offers[i] = OPT_STACK;
    ep->offers_read = false;
}

/* What cannot be read, because the kernel lacks it or because it means nothing yet, stays unknown. */
void kernel_read_offers(struct kernel_endpoint *ep)
{
    struct opt_set now = {0};
    kernel_forget_offers(ep);
    for (unsigned i = 0; i < KERNEL_OFFERS; i++) {
        struct tr_place at = {&ep->base, 0, offered[i], NULL};
        if (kernel_options[at.id].get(&at, &now) == TR_OK)
            ep->offers[i] = opt_num(&now, opt_rows[at.id].first, 0);
    }
    ep->offers_read = true;
}

/* Only dynamic addresses have to be on for the socket as well, or Linux does not tell the peer of any. */
void kernel_hand_offers_on(struct kernel_endpoint *to, struct kernel_endpoint *from)
{
    if (!from->offers_read)
        kernel_read_offers(from);
    memcpy(to->offers, from->offers, sizeof to->offers);
    to->offers_read = true;
    struct sctp_assoc_value on = {.assoc_value = 1};
    if (to->offers[place(OPT_ASCONF_SUPPORTED)] == 1)
        kernel_set_raw(&to->base, IPPROTO_SCTP, SCTP_ASCONF_SUPPORTED, &on, sizeof on);
}

void kernel_remember_offer(const struct tr_place *at, int64_t value)
{
    unsigned i = place(at->id);
    if (i < KERNEL_OFFERS)
        kernel_endpoint(at->ep)->offers[i] = value;
}

bool kernel_recall_offer(const struct tr_place *at, struct opt_set *out)
{
    const struct kernel_endpoint *ep = kernel_endpoint(at->ep);
    unsigned i = place(at->id);
    if (tr_is_shared(at) || at->assoc != 0 || i == KERNEL_OFFERS || ep->offers[i] == OPT_STACK)
        return false;
    opt_put(out, opt_rows[at->id].first, ep->offers[i]);
    return true;
}

enum tr_code kernel_set_offer(const struct tr_place *at, const struct opt_set *in)
{
    enum tr_code code = tr_set_record(at, in);
    if (code == TR_OK)
        kernel_remember_offer(at, opt_num(in, opt_rows[at->id].first, 0));
    return code;
}

enum tr_code kernel_get_offer(const struct tr_place *at, struct opt_set *out)
{
    return kernel_recall_offer(at, out) ? TR_OK : tr_get_record(at, out);
}
