/* The tap: captures relayed messages, for Wireshark, into the files that the configuration names (`tap:`) and
 * for clients of the admin socket.
 *
 * One thread takes what the workers capture (broker/tapping.h), gives it headers (frame.h), and writes it as
 * pcapng (pcapng.h) to those outputs whose filters accept it. thread.c has the argument about threads. */
#ifndef JUNCTOR_BROKER_TAP_TAP_H
#define JUNCTOR_BROKER_TAP_TAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "broker/broker.h"

#define TAP_SNAPLEN_MAX 262144 /* bytes of a message */

struct tap;
struct tap_stream;
struct cfg_filter;

/* For brk_run (tap_service). `version` is not copied. NULL: out of memory. */
struct tap *tap_new(const char *version);
void tap_free(struct tap *t); /* when brk_run has returned; NULL is allowed */

/* Fills *s; its `arg` is `t`. What is wrong with a file does not prevent the start. */
void tap_service(struct tap *t, struct brk_service *s);

/* ---- clients: any one thread, until it has called tap_close for all of them -------------------------- */

/* What is captured from now on, as pcapng. Takes over the filter (config/filter.h); `comment` is for the
 * section header. NULL: there are too many, or no memory. */
struct tap_stream *tap_open(struct tap *t, const struct cfg_filter *filter, unsigned snaplen,
                            const char *comment);

/* Takes up to `size` bytes, whole blocks or parts of them. 0: there are none now; -1: nor will there be,
 * because the broker has ended. Never blocks. */
ssize_t tap_read(struct tap_stream *s, void *out, size_t size);
bool tap_has(struct tap_stream *s); /* tap_read would not return 0 */
void tap_close(struct tap *t, struct tap_stream *s);

/* An eventfd: readable when tap_has may have become true for one of them. */
int tap_ready_fd(const struct tap *t);

/* ---- for whoever shows it: any thread ---------------------------------------------------------------- */

struct tap_status {
    char file[4100]; /* "": none is configured */
    char error[300]; /* why it is not written; "" if it is */
    uint64_t file_messages, file_missed;
    unsigned clients;
    uint64_t client_messages, client_missed; /* of those that are there */
};
void tap_get_status(struct tap *t, struct tap_status *out);

#endif
