/* See capture.h. libmicrohttpd asks for more whenever the client's socket takes something. While there is
 * nothing the connection is suspended, in which state it does not notice that the client has gone; the tap
 * sends statistics once a second, so that it does then. */
#include "broker/admin/capture.h"

#include <stdlib.h>
#include <sys/eventfd.h>

#include <utlist.h>

#include "broker/admin/call.h"
#include "broker/tap/tap.h"
#include "config/filter.h"

#define BLOCK_BYTES (16 * 1024)

struct admin_capture {
    struct admin *admin;
    struct MHD_Connection *connection;
    struct tap_stream *stream;
    bool suspended;
    struct admin_capture *prev, *next; /* admin->captures */
};

static enum admin_step open_capture(struct admin *a, struct admin_call *call, const struct cfg_filter *filter,
                                    unsigned snaplen, const char *words)
{
    struct admin_capture *c = calloc(1, sizeof *c);
    if (!c) {
        cfg_filter_free(filter);
        return admin_answer(call, 500, NULL);
    }
    if (!a->tap)
        cfg_filter_free(filter);
    c->stream = !a->tap ? NULL : tap_open(a->tap, filter, snaplen, words);
    if (!c->stream) {
        free(c);
        return admin_refuse(call, 503, "too many clients tap already, or the broker ends");
    }
    c->admin = a;
    c->connection = call->connection;
    DL_APPEND(a->captures, c);
    call->capture = c;
    call->status = 200;
    call->type = "application/x-pcapng";
    return ADMIN_DONE;
}

enum admin_step admin_post_tap(struct admin *a, struct admin_call *call)
{
    const char *words = admin_query(call, "filter");
    struct brk_sight s;
    char why[300];
    unsigned snaplen;
    if (!admin_query_number(call, "snaplen", TAP_SNAPLEN_MAX, TAP_SNAPLEN_MAX, &snaplen))
        return ADMIN_DONE;
    if (!snaplen)
        return admin_refuse(call, 400, "snaplen: at least 1 byte of a message");
    words = words ? words : "";
    brk_sight_open(a->observer, &s);
    const struct cfg_filter *filter = cfg_filter_parse(s.config, words, why, sizeof why);
    brk_sight_close(a->observer);
    if (!filter)
        return admin_refuse(call, 400, "%s", why);
    return open_capture(a, call, filter, snaplen, words);
}

static ssize_t read_capture(void *capture, uint64_t position, char *out, size_t size)
{
    struct admin_capture *c = capture;
    (void)position;
    ssize_t n = tap_read(c->stream, out, size);
    if (n < 0)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (n == 0) {
        MHD_suspend_connection(c->connection);
        c->suspended = true;
    }
    return n;
}

static void free_capture(void *capture)
{
    struct admin_capture *c = capture;
    DL_DELETE(c->admin->captures, c);
    tap_close(c->admin->tap, c->stream);
    free(c);
}

struct MHD_Response *admin_capture_response(struct admin_call *call)
{
    struct MHD_Response *r = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_capture,
                                                               call->capture, free_capture);
    if (!r)
        free_capture(call->capture);
    /* A client that does not read for a while is not disconnected: it only misses something. */
    MHD_set_connection_option(call->connection, MHD_CONNECTION_OPTION_TIMEOUT, 0u);
    return r;
}

static void resume(struct admin_capture *c)
{
    c->suspended = false;
    c->admin->resumed = true;
    MHD_resume_connection(c->connection);
}

void admin_captures_go_on(struct admin *a)
{
    struct admin_capture *c;
    eventfd_t value;
    eventfd_read(tap_ready_fd(a->tap), &value);
    DL_FOREACH(a->captures, c)
    if (c->suspended && tap_has(c->stream))
        resume(c);
}

void admin_captures_give_up(struct admin *a)
{
    struct admin_capture *c;
    DL_FOREACH(a->captures, c)
    if (c->suspended)
        resume(c);
}
