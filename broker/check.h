/* Checks of pointers that come back from a `void *` (a cookie of the transport, the owner of a
 * destination, the source of a credit, the subject of a control message): a struct that is passed that way
 * begins with a number of its own. Enabled in release builds; a mismatch is a bug in the broker, and the
 * process ends. */
#ifndef JUNCTOR_BROKER_CHECK_H
#define JUNCTOR_BROKER_CHECK_H

#include <stdint.h>
#include <stdlib.h>

struct brk_assoc;
struct brk_dest;
struct brk_farewell;
struct brk_handover;
struct brk_look;
struct brk_owner;
struct brk_request;
struct brk_socket;
struct brk_worker;

enum brk_magic {
    BRK_ASSOC_MAGIC = 0x4a6e4173,
    BRK_BALANCE_MAGIC = 0x4a6e4261,
    BRK_DEST_MAGIC = 0x4a6e4465,
    BRK_FAREWELL_MAGIC = 0x4a6e4661,
    BRK_HANDOVER_MAGIC = 0x4a6e4861,
    BRK_HOST_MAGIC = 0x4a6e486f, /* of names.c */
    BRK_LOOK_MAGIC = 0x4a6e4c6f,
    BRK_OWNER_MAGIC = 0x4a6e4f77,
    BRK_REQUEST_MAGIC = 0x4a6e5265,
    BRK_SOCKET_MAGIC = 0x4a6e536f,
    BRK_WORKER_MAGIC = 0x4a6e576f
};

static inline void *brk_checked(void *p, enum brk_magic magic)
{
    const uint32_t *first = p; /* uint32_t magic is the first member of each */
    if (*first != magic)
        abort();
    return p;
}

static inline struct brk_assoc *brk_assoc_of(void *p)
{
    return brk_checked(p, BRK_ASSOC_MAGIC);
}
static inline struct brk_balance_ask *brk_balance_of(void *p)
{
    return brk_checked(p, BRK_BALANCE_MAGIC);
}
static inline struct brk_dest *brk_dest_of(void *p)
{
    return brk_checked(p, BRK_DEST_MAGIC);
}
static inline struct brk_farewell *brk_farewell_of(void *p)
{
    return brk_checked(p, BRK_FAREWELL_MAGIC);
}
static inline struct brk_handover *brk_handover_of(void *p)
{
    return brk_checked(p, BRK_HANDOVER_MAGIC);
}
static inline struct brk_look *brk_look_of(void *p)
{
    return brk_checked(p, BRK_LOOK_MAGIC);
}
static inline struct brk_owner *brk_owner_of(void *p)
{
    return brk_checked(p, BRK_OWNER_MAGIC);
}
static inline struct brk_request *brk_request_of(void *p)
{
    return brk_checked(p, BRK_REQUEST_MAGIC);
}
static inline struct brk_socket *brk_socket_of(void *p)
{
    return brk_checked(p, BRK_SOCKET_MAGIC);
}
static inline struct brk_worker *brk_worker_of(void *p)
{
    return brk_checked(p, BRK_WORKER_MAGIC);
}

#endif
