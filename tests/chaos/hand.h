/* One message or notification read from a socket, in memory that the program shares with the driver. If a
 * program is killed between reading and recording, the driver finds it here, so that the record misses
 * nothing that was read. */
#ifndef JUNCTOR_TESTS_CHAOS_HAND_H
#define JUNCTOR_TESTS_CHAOS_HAND_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <netinet/sctp.h>

#include "tests/chaos/message.h"
#include "tests/chaos/record.h"

struct hand {
    uint32_t self;          /* the program's incarnation */
    bool asks;              /* it gets answers to what it has sent, and nothing else */
    bool any_stream;        /* what it gets comes on other streams than it was sent on */
    volatile uint32_t busy; /* since before it was read, until it has been recorded */
    uint32_t pieces;        /* bytes of a message of which the kernel has delivered only a part yet */
    uint32_t length;        /* of what was read; 0: the program was killed before it knew */
    struct msghdr header;
    struct iovec part;
    _Alignas(struct cmsghdr) char control[256];
    union {
        volatile uint32_t first; /* 0: nothing has been read */
        struct chaos_message message;
        union sctp_notification event;
        char bytes[CHAOS_MESSAGE_MAX + 100];
    } data;
};

/* What goes with a message that is sent, and comes back with each piece of one that was not acknowledged. */
static inline uint32_t hand_context(const struct chaos_id *id)
{
    return id->number * CHAOS_STREAMS_MAX + id->stream;
}

/* Reads one message or notification, without waiting. False: there is none. The hand is busy until hand_done.
 */
bool hand_read(struct hand *h, int sock);
void hand_done(struct hand *h);

/* What was read is not a piece of more. */
bool hand_is_whole(const struct hand *h);

bool hand_is_event(const struct hand *h);

/* How a message came, or NULL. */
const struct sctp_rcvinfo *hand_info(const struct hand *h);

/* Whether there is something to record, and what: a message as `kind` or as strange, or one that was given
 * back. */
bool hand_tells(const struct hand *h, enum record_kind *kind, struct chaos_id *id, uint32_t *at);

#endif
