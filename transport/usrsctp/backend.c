/* The usrsctp backend: its table, and what the stack's error numbers mean. What it is made of stands in
 * usrsctp_priv.h. */
#include "transport/usrsctp/usrsctp_priv.h"

#include <errno.h>

enum tr_code usr_code(int error_number)
{
    switch (error_number) {
    case 0:
        return TR_OK;
    case EAGAIN:
    case EBUSY:
    case ENOBUFS:
    case ENOMEM:
        return TR_AGAIN;
    case EMSGSIZE:
        return TR_TOO_LONG;
    case ENOENT:
    case ENOTCONN:
    case ECONNRESET:
    case ECONNABORTED:
    case EPIPE:
    case EFAULT: /* the socket has no endpoint any more */
        return TR_NO_ASSOC;
    case EALREADY:
    case EISCONN:
        return TR_EXISTS;
    case EADDRINUSE:
        return TR_ADDR_IN_USE;
    case EINVAL:
        return TR_INVALID;
    case EOPNOTSUPP:
        return TR_UNSUPPORTED;
    default:
        return TR_SYSTEM;
    }
}

static enum tr_code probe(struct tr_error *error)
{
    (void)error;
    return TR_OK; /* it needs nothing of the host but UDP */
}

static enum tr_code release(struct tr_endpoint *ep, struct tr_error *error)
{
    (void)ep;
    return tr_fail(error, TR_UNSUPPORTED, 0, "usrsctp has one loop, an endpoint cannot move to another");
}

static enum tr_code adopt(struct tr_loop *loop, struct tr_endpoint *ep, struct tr_error *error)
{
    (void)loop;
    return release(ep, error);
}

const struct tr_backend *tr_usrsctp(void)
{
    static const struct tr_backend backend = {
        .name = "usrsctp",
        .caps = TR_CAP_ENCAPS,
        .options = usr_option_ops,
        .records = &usr_records,
        .assocs = usr_assocs,
        .probe = probe,
        .advise = usr_advise,
        .loop_open = usr_loop_open,
        .loop_close = usr_loop_close,
        .loop_fd = usr_loop_fd,
        .loop_add_fd = usr_loop_add_fd,
        .loop_remove_fd = usr_loop_remove_fd,
        .loop_wait = usr_loop_wait,
        .again = usr_again,
        .stashed = usr_stashed,
        .loop_turn = usr_loop_turn,
        .pieces = usr_pieces_pool,
        .open = usr_open,
        .listen = usr_listen,
        .close = usr_close,
        .port = usr_port,
        .encaps_port = usr_encaps_port,
        .watch = usr_watch,
        .release = release,
        .adopt = adopt,
        .addresses = usr_addresses,
        .connect_init = usr_connect_init,
        .peeloff = usr_peeloff,
        .eof = usr_eof,
        .abort = usr_abort,
        .send_to = usr_send_to,
        .send_capacity = usr_send_capacity,
        .reset_streams = usr_reset_streams,
        .add_streams = usr_add_streams,
        .send = usr_send,
        .recv = usr_recv,
    };
    return &backend;
}
