/* The messages that the programs of the chaos test send each other; each contains its sender, stream and
 * number. */
#ifndef JUNCTOR_TESTS_CHAOS_MESSAGE_H
#define JUNCTOR_TESTS_CHAOS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CHAOS_STREAMS = 4, /* of a client */
    CHAOS_STREAMS_MAX = 1024,
    CHAOS_PPID = 1000 /* and the stream's number */
};
enum { CHAOS_MESSAGE_MIN = 32, CHAOS_MESSAGE_MAX = 20000 };

#define CHAOS_MAGIC 0x4a554e43u

/* Names a message. `sender` is an incarnation: a program's that was started again is another one. Numbers
 * begin with 0 in each association and stream. */
struct chaos_id {
    uint32_t sender;
    uint32_t assoc; /* as the sender's kernel calls it */
    uint32_t stream;
    uint32_t number;
};

struct chaos_message {
    uint32_t magic;
    struct chaos_id id;
    uint32_t size;          /* with this header */
    uint32_t to, to_stream; /* an answer: the incarnation and stream that asked; else 0 */
    uint8_t filler[CHAOS_MESSAGE_MAX - CHAOS_MESSAGE_MIN];
};

/* Makes a message of `size` bytes, at least CHAOS_MESSAGE_MIN. */
void chaos_message_make(struct chaos_message *m, const struct chaos_id *id, size_t size);

/* It is as chaos_message_make wrote it, and has that size. */
bool chaos_message_whole(const struct chaos_message *m, size_t size);

#endif
