/* Any bytes as a notification of either stack: what an event points to lies inside them, its numbers are in
 * range, and it can be written as a line of the log. The first byte chooses the stack. */
#include "tests/fuzz/bytes.h"
#include "transport/notice_priv.h"

/* kernel_priv.h and usrsctp_priv.h do not go together. */
bool kernel_event(const void *bytes, size_t len, struct tr_notice *out);
bool usr_event(const void *bytes, size_t len, struct tr_notice *out);

static uint64_t sum; /* so that what is read is used */

static void inside(const void *copy, size_t len, const void *part, size_t size)
{
    const uint8_t *from = copy, *at = part;

    if (size == 0)
        return;
    must(at >= from && at + size <= from + len);
    for (size_t i = 0; i < size; i++)
        sum += at[i];
}

static void check_event(const void *copy, size_t len, const struct tr_event *e)
{
    char line[300];

    must(e->type <= TR_EV_OVERSIZED);
    switch (e->type) {
    case TR_EV_SEND_FAILED:
        inside(copy, len, e->failed.msg.data, e->failed.msg.len);
        must((e->failed.msg.flags & ~TR_UNORDERED) == 0);
        break;
    case TR_EV_REMOTE_ERROR:
        inside(copy, len, e->remote_error.data, e->remote_error.len);
        break;
    case TR_EV_STREAM_RESET:
        inside(copy, len, e->stream_reset.streams, e->stream_reset.count * sizeof *e->stream_reset.streams);
        break;
    case TR_EV_ASSOC_CHANGE:
        inside(copy, len, e->change.reason, e->change.reason_len);
        must(e->change.state <= TR_CANT_ASSOC && e->change.end <= TR_END_TIMEOUT);
        break;
    case TR_EV_PATH_CHANGE:
        must(e->path.state <= TR_PATH_POTENTIALLY_FAILED);
        break;
    default:
        break;
    }
    for (size_t size = 1; size <= sizeof line; size += size < 8 ? 1 : 73) {
        tr_event_format(e, line, size);
        must(memchr(line, 0, size) != NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes all = {data, size};
    struct tr_notice notice;
    bool kernel = take8(&all) % 2;
    void *copy = exact_copy(all);

    if (kernel ? kernel_event(copy, all.left, &notice) : usr_event(copy, all.left, &notice)) {
        inside(copy, all.left, notice.payload, notice.payload_len);
        check_event(copy, all.left, &notice.event);
    }
    free(copy);
    return 0;
}
