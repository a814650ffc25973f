/* See stream.h. */
#include "broker/tap/stream.h"

#include <stdlib.h>
#include <string.h>

#include "config/filter.h"

struct tap_stream *tap_stream_new(const struct cfg_filter *filter, unsigned snaplen, const char *comment)
{
    struct tap_stream *s = calloc(1, sizeof *s);
    if (!s) {
        cfg_filter_free(filter);
        return NULL;
    }
    pthread_mutex_init(&s->lock, NULL);
    s->output.filter = filter;
    s->output.snaplen = snaplen;
    s->comment = strdup(comment);
    s->ring = malloc(TAP_STREAM_BYTES);
    if (s->comment && s->ring)
        return s;
    tap_stream_free(s);
    return NULL;
}

void tap_stream_free(struct tap_stream *s)
{
    if (!s)
        return;
    cfg_filter_free(s->output.filter);
    pthread_mutex_destroy(&s->lock);
    free(s->comment);
    free(s->ring);
    free(s);
}

static void put(struct tap_stream *s, const struct tap_bytes *b)
{
    size_t at = (s->first + s->used) % TAP_STREAM_BYTES, to_end = TAP_STREAM_BYTES - at;
    size_t part = b->used < to_end ? b->used : to_end;
    memcpy(s->ring + at, b->data, part);
    memcpy(s->ring, b->data + part, b->used - part);
    s->used += b->used;
}

void tap_stream_add(struct tap_stream *s, const struct tap_bytes *b, unsigned messages)
{
    pthread_mutex_lock(&s->lock);
    size_t kept = messages ? TAP_STATISTICS_ROOM : 0;
    bool room = !b->failed && s->used + b->used + kept <= TAP_STREAM_BYTES;
    if (room && b->used)
        put(s, b);
    if (room)
        s->written = s->output.written += messages;
    else
        s->missed = s->output.missed += messages;
    pthread_mutex_unlock(&s->lock);
}

void tap_stream_end(struct tap_stream *s)
{
    pthread_mutex_lock(&s->lock);
    s->over = true;
    pthread_mutex_unlock(&s->lock);
}

ssize_t tap_stream_read(struct tap_stream *s, void *out, size_t size)
{
    pthread_mutex_lock(&s->lock);
    size_t to_end = TAP_STREAM_BYTES - s->first, n = s->used < size ? s->used : size;
    if (n > to_end)
        n = to_end;
    memcpy(out, s->ring + s->first, n);
    s->first = (s->first + n) % TAP_STREAM_BYTES;
    s->used -= n;
    ssize_t result = n || !s->over ? (ssize_t)n : -1;
    pthread_mutex_unlock(&s->lock);
    return result;
}

bool tap_stream_ready(struct tap_stream *s)
{
    pthread_mutex_lock(&s->lock);
    bool ready = s->used || s->over;
    pthread_mutex_unlock(&s->lock);
    return ready;
}
