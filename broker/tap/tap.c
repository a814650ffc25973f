/* See tap.h. What other threads than the tap's call; that one is in thread.c. */
#include "broker/tap/tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <utlist.h>

#include "broker/log.h"
#include "broker/powerless.h"
#include "broker/tap/stream.h"
#include "broker/tap/tap_priv.h"

#define CLIENTS_MAX 16

/* ---- start and end -------------------------------------------------------------------------------- */

struct tap *tap_new(const char *version)
{
    struct tap *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    t->ready = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&t->lock, NULL);
    if (t->wake >= 0 && t->ready >= 0 && asprintf(&t->application, "junctor %s", version) > 0) {
        t->file.fd = -1;
        t->file.application = t->application;
        return t;
    }
    t->application = NULL;
    tap_free(t);
    return NULL;
}

static void wake(void *tap)
{
    struct tap *t = tap;
    eventfd_write(t->wake, 1);
}

static bool start(void *tap, struct brk_observer *o, const struct cfg_config *config)
{
    struct tap *t = tap;
    (void)config;
    t->observer = o;
    int error = brk_powerless_start(&t->thread, tap_run, t);
    if (error)
        brk_log(CFG_LOG_ERROR, "start_failed", "error=\"thread of the tap: %s\"", strerror(error));
    else
        pthread_setname_np(t->thread, "tap");
    return !error;
}

static void stop(void *tap)
{
    struct tap *t = tap;
    atomic_store(&t->stop, true);
    wake(t);
    pthread_join(t->thread, NULL);
}

void tap_service(struct tap *t, struct brk_service *s)
{
    *s = (struct brk_service){.start = start, .stop = stop, .reloaded = wake, .arg = t};
}

void tap_free(struct tap *t)
{
    struct tap_stream *s, *next;
    if (!t)
        return;
    DL_CONCAT(t->streams, t->coming);
    DL_FOREACH_SAFE(t->streams, s, next)
    tap_stream_free(s);
    tap_flows_free(&t->flows);
    tap_names_free(&t->names);
    tap_bytes_free(&t->block);
    if (t->wake >= 0)
        close(t->wake);
    if (t->ready >= 0)
        close(t->ready);
    pthread_mutex_destroy(&t->lock);
    free(t->application);
    free(t);
}

/* ---- clients, and status: other threads ----------------------------------------------------------- */

struct tap_stream *tap_open(struct tap *t, const struct cfg_filter *filter, unsigned snaplen,
                            const char *comment)
{
    struct tap_stream *s = tap_stream_new(filter, snaplen, comment);
    pthread_mutex_lock(&t->lock);
    bool room = s && t->clients < CLIENTS_MAX && !atomic_load(&t->stop);
    if (room) {
        DL_APPEND(t->coming, s);
        t->clients++;
    }
    pthread_mutex_unlock(&t->lock);
    if (!room)
        tap_stream_free(s);
    wake(t);
    return room ? s : NULL;
}

void tap_close(struct tap *t, struct tap_stream *s)
{
    pthread_mutex_lock(&s->lock);
    s->closed = true;
    pthread_mutex_unlock(&s->lock);
    wake(t);
}

ssize_t tap_read(struct tap_stream *s, void *out, size_t size)
{
    return tap_stream_read(s, out, size);
}

bool tap_has(struct tap_stream *s)
{
    return tap_stream_ready(s);
}

int tap_ready_fd(const struct tap *t)
{
    return t->ready;
}

void tap_get_status(struct tap *t, struct tap_status *out)
{
    pthread_mutex_lock(&t->lock);
    *out = t->status;
    pthread_mutex_unlock(&t->lock);
}
