/* The backend on Linux's own SCTP: its table, and whether this host can run it. */
#include "transport/kernel/kernel_priv.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum tr_code kernel_code(int error_number)
{
    switch (error_number) {
    case EAGAIN:
    case EINPROGRESS:
        return TR_AGAIN;
    case EISCONN:
    case EALREADY:
        return TR_EXISTS;
    case EADDRINUSE:
        return TR_ADDR_IN_USE;
    case EADDRNOTAVAIL:
        return TR_ADDR_UNKNOWN;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
        return TR_UNREACHABLE;
    case ECONNREFUSED:
        return TR_REFUSED;
    case ETIMEDOUT:
        return TR_TIMEOUT;
    case EPIPE:
    case ESHUTDOWN:
    case ENOTCONN:
    case ECONNRESET:
    case EBADF: /* an aborted one-to-one endpoint that could not get a new socket */
        return TR_NO_ASSOC;
    case EPERM:
    case EACCES:
        return TR_PERMISSION;
    case EPROTONOSUPPORT:
    case ESOCKTNOSUPPORT:
        return TR_NO_SCTP;
    case ENOPROTOOPT:
    case EOPNOTSUPP:
        return TR_UNSUPPORTED;
    case EINVAL:
    case EDOM:
    case ENODEV:
        return TR_INVALID;
    case EMSGSIZE:
        return TR_TOO_LONG;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS:
    case ENOSPC: /* epoll's watches of a user */
        return TR_LIMIT;
    default:
        return TR_SYSTEM;
    }
}

static enum tr_code probe(struct tr_error *error)
{
    struct tr_error why;
    int fd = kernel_new_socket(AF_INET, SOCK_SEQPACKET, NULL, &why);
    if (fd < 0) {
        if (error != NULL)
            *error = why;
        return why.code;
    }
    close(fd);
    return TR_OK;
}

static const struct tr_backend backend = {
    .name = "kernel",
    .caps = TR_CAP_SNDBUF_LATER | TR_CAP_LOOPS | TR_CAP_SHARE_PORT | TR_CAP_MULTIHOMING | TR_CAP_NETNS |
            TR_CAP_MOVE | TR_CAP_ADDRESSES | TR_CAP_RESET_ASSOC | TR_CAP_GIVES_UP_SILENTLY,
    .options = kernel_options,
    .records = &kernel_records,
    .assocs = kernel_assocs,
    .probe = probe,
    .advise = kernel_advise,
    .loop_open = kernel_loop_open,
    .loop_close = kernel_loop_close,
    .loop_fd = kernel_loop_fd,
    .loop_add_fd = kernel_loop_add_fd,
    .loop_remove_fd = kernel_loop_remove_fd,
    .hint = kernel_hint,
    .loop_wait = kernel_loop_wait,
    .again = kernel_again,
    .stashed = kernel_stashed,
    .loop_turn = kernel_loop_turn,
    .pieces = kernel_pieces_pool,
    .open = kernel_open,
    .listen = kernel_listen,
    .close = kernel_close,
    .port = kernel_port,
    .encaps_port = kernel_encaps_port,
    .watch = kernel_watch,
    .release = kernel_release,
    .adopt = kernel_adopt,
    .addresses = kernel_addresses,
    .connect_init = kernel_connect_init,
    .peeloff = kernel_peeloff,
    .eof = kernel_eof,
    .abort = kernel_abort,
    .change_addresses = kernel_change_addresses,
    .reset_streams = kernel_reset_streams,
    .reset_assoc = kernel_reset_assoc,
    .add_streams = kernel_add_streams,
    .send_to = kernel_send_to,
    .send_capacity = kernel_send_capacity,
    .send = kernel_send,
    .recv = kernel_recv,
};

const struct tr_backend *tr_kernel(void)
{
    return &backend;
}
