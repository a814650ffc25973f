/* A client of the tap: what it is sent, on the way from the tap's thread to the thread that sends it.
 *
 * A bounded buffer of whole blocks. The tap's thread adds them and never waits for the other one: a message
 * for which there is no room, because the client does not read, is left out and counted as missed. The lock
 * is held for a copy of a few kilobytes at most. */
#ifndef JUNCTOR_BROKER_TAP_STREAM_H
#define JUNCTOR_BROKER_TAP_STREAM_H

#include <pthread.h>

#include "broker/tap/output.h"

#define TAP_STREAM_BYTES    (2u << 20)
#define TAP_STATISTICS_ROOM 4096 /* of these are kept for statistics */

struct tap_stream {
    struct tap_stream *prev, *next; /* tap->streams */
    struct tap_output output;       /* the tap's thread's */
    bool begun;                     /* likewise */
    char *comment;                  /* of its section; constant */

    pthread_mutex_t lock;
    unsigned char *ring; /* TAP_STREAM_BYTES */
    size_t first, used;
    bool over;                /* the tap adds nothing any more */
    bool closed;              /* the client is gone */
    uint64_t missed, written; /* of the output, for others to read */
};

/* Takes over the filter. NULL: out of memory; then the filter is freed, too. */
struct tap_stream *tap_stream_new(const struct cfg_filter *filter, unsigned snaplen, const char *comment);
void tap_stream_free(struct tap_stream *s);

/* The tap's thread: adds blocks with so many messages, or counts these as missed. */
void tap_stream_add(struct tap_stream *s, const struct tap_bytes *b, unsigned messages);

/* The tap's thread: nothing more comes. */
void tap_stream_end(struct tap_stream *s);

/* Takes up to `size` bytes. 0: there are none now; -1: nor will there be. Any one thread. */
ssize_t tap_stream_read(struct tap_stream *s, void *out, size_t size);

/* Whether tap_stream_read would not return 0. */
bool tap_stream_ready(struct tap_stream *s);

#endif
