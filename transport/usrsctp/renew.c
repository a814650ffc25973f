/* A fresh socket for a one-to-one endpoint: one of the stack's is good for one association. */
#include "transport/usrsctp/usrsctp_priv.h"

#include <string.h>

/* All options of a socket, to be set on another one. */
static void read_options(struct usr_endpoint *ep, struct opt_set *all)
{
    memset(all, 0, sizeof *all);
    for (enum opt_id id = 0; id < OPT_ID_COUNT; id++) {
        struct tr_place at = {&ep->base, 0, id, NULL};
        if ((opt_rows[id].when & OPT_AT_OPEN) && usr_option_ops[id].get != NULL &&
            usr_option_ops[id].set != NULL)
            (void)usr_option_ops[id].get(&at, all);
    }
}

enum tr_code usr_endpoint_renew(struct usr_endpoint *ep, struct tr_error *error)
{
    struct socket *old = ep->so;
    struct opt_set options;
    read_options(ep, &options);
    enum tr_code code = usr_make_socket(ep, &options, error);
    if (code != TR_OK)
        return code;
    usrsctp_set_upcall(old, NULL, NULL);
    usrsctp_set_upcall(ep->so, usr_upcall, ep);
    usrsctp_close(old); /* gives up the port */
    ep->blocked_count = 0;
    tr_alive_clear(&ep->base.alive);
    usr_mode_forget(ep, 0);
    return usr_bind(ep, ep->port, error);
}
