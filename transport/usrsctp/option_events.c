/* Which events an endpoint reports (RFC 6458 6.2.2). The contract's messages always have data_io.
 *
 * An association that has nothing to send says so at once where it is asked to (sender_dry). For all of an
 * endpoint in one call the stack refuses that, so each is asked (option_rows.def). */
#include "transport/usrsctp/option_priv.h"

enum tr_code usr_set_events(const struct tr_place *at, const struct opt_set *in)
{
    usr_keep(at, in);
    enum tr_code code = tr_set_events(at, in);
    usr_ready_mark(usr_ep(at->ep));
    return code;
}

enum tr_code usr_get_events(const struct tr_place *at, struct opt_set *out)
{
    usr_get_kept(at, out);
    return tr_get_events(at, out);
}

enum tr_code usr_first_events(const struct tr_place *at)
{
    struct opt_set begin = {0};
    int control = 1;
    opt_put(&begin, OPTF_EV_DATA_IO, 1);
    for (unsigned i = 0; i < usr_notices.rows; i++)
        if (usr_notices.row[i].begins)
            opt_put(&begin, usr_notices.row[i].field, 1);
    enum tr_code code = usr_set_events(at, &begin);
    if (code == TR_OK && usr_set_raw(at->ep, SCTP_RECVRCVINFO, &control, sizeof control) != 0)
        code = tr_option_failed(at);
    return code;
}
