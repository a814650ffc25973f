/* See file.h.
 *
 * A file consists of whole blocks at any time: what is written in part, because the disk is full, is cut off
 * again. A failure is logged once, not each time it is tried again; meanwhile what should have been written
 * counts as missed. */
#include "broker/tap/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker/clock.h"
#include "broker/log.h"
#include "config/filter.h"

#define BUFFER_MAX (8u << 20) /* bytes that wait for the disk between two flushes */

/* "DIR/tap.3.pcapng" for "DIR/tap.pcapng". */
void tap_file_name(const char *path, unsigned number, char *out, size_t size)
{
    const char *name = strrchr(path, '/'), *dot = strrchr(path, '.');
    name = name ? name + 1 : path;
    if (!dot || dot <= name)
        dot = path + strlen(path);
    if (number)
        snprintf(out, size, "%.*s.%u%s", (int)(dot - path), path, number, dot);
    else
        snprintf(out, size, "%s", path);
}

/* ---- failures ------------------------------------------------------------------------------------- */

static void fail(struct tap_file *f, const char *what, int error)
{
    char file[300], why[2 * TAP_WHY_MAX], text[TAP_WHY_MAX];
    snprintf(text, sizeof text, "%s: %s", what, strerror(error));
    if (strcmp(text, f->why) != 0)
        brk_log(CFG_LOG_ERROR, "tap_failed", "file=%s error=%s retry_ms=%u",
                brk_quote(f->path, file, sizeof file), brk_quote(text, why, sizeof why), TAP_RETRY_MS);
    snprintf(f->why, sizeof f->why, "%s", text);
    f->retry_ms = brk_now_ms() + TAP_RETRY_MS;
}

static void works(struct tap_file *f)
{
    char file[300];
    if (f->retry_ms)
        brk_log(CFG_LOG_INFO, "tap_resumed", "file=%s missed=%llu", brk_quote(f->path, file, sizeof file),
                (unsigned long long)f->output.missed);
    f->retry_ms = 0;
    f->why[0] = '\0';
}

static void discard(struct tap_file *f)
{
    f->output.missed += f->messages;
    f->messages = 0;
    f->bytes.used = 0;
    f->bytes.failed = false;
}

/* ---- one file ------------------------------------------------------------------------------------- */

static void close_fd(struct tap_file *f)
{
    if (f->fd >= 0)
        close(f->fd);
    f->fd = -1;
}

/* What has been written in part goes; a file that cannot be cut off, such as a pipe, is closed. */
static void cut_off(struct tap_file *f)
{
    if (ftruncate(f->fd, (off_t)f->written) != 0 || lseek(f->fd, (off_t)f->written, SEEK_SET) < 0)
        close_fd(f);
}

/* All of it, or nothing. Returns 0 or an errno. */
static int write_whole(struct tap_file *f, const struct tap_bytes *b)
{
    for (size_t done = 0; done < b->used;) {
        ssize_t n = write(f->fd, b->data + done, b->used - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            int error = n ? errno : ENOSPC;
            cut_off(f);
            return error;
        }
        done += (size_t)n;
    }
    f->written += b->used;
    return 0;
}

static void close_file(struct tap_file *f, uint64_t missed)
{
    struct tap_bytes last = {0};
    if (f->fd < 0)
        return;
    tap_output_statistics(&f->output, missed, &last);
    write_whole(f, &last);
    tap_bytes_free(&last);
    close_fd(f);
}

/* The older files move on by one, the oldest is removed. Returns 0, or an errno: the newest one is still in
 * its place. */
static int rotate(const struct tap_file *f)
{
    size_t size = strlen(f->path) + 16;
    char from[size], to[size];
    struct stat s;
    int error = 0;
    if (stat(f->path, &s) != 0 || s.st_size == 0)
        return 0;
    for (unsigned n = f->files; n > 0; n--) {
        tap_file_name(f->path, n - 1, from, size);
        tap_file_name(f->path, n, to, size);
        error =
            (n == f->files ? unlink(from) : rename(from, to)) == 0 ? 0 : errno; /* of the last: the newest */
    }
    return error;
}

static void open_file(struct tap_file *f, uint64_t missed)
{
    struct tap_bytes head = {0};
    char file[300];
    int error = rotate(f);
    if (error) {
        fail(f, "rename", error);
        return;
    }
    f->fd = open(f->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (f->fd < 0) {
        fail(f, "open", errno);
        return;
    }
    f->written = 0;
    f->opened_ms = brk_now_ms();
    pcapng_begin(&head, f->application, NULL);
    error = head.failed ? ENOMEM : write_whole(f, &head);
    tap_bytes_free(&head);
    if (error) {
        fail(f, "write", error);
        close_fd(f);
        return;
    }
    uint64_t missed_here = f->retry_ms ? f->output.missed : 0;
    works(f);
    tap_output_begin(&f->output, missed);
    f->output.missed = missed_here;
    brk_log(CFG_LOG_INFO, "tap_file", "file=%s", brk_quote(f->path, file, sizeof file));
}

static bool is_full(const struct tap_file *f)
{
    return f->written >= f->size || (f->interval_ms && brk_now_ms() - f->opened_ms >= f->interval_ms);
}

/* ---- messages ------------------------------------------------------------------------------------- */

void tap_file_take(struct tap_file *f, const struct tap_message *m)
{
    if (!f->path || !tap_output_wants(&f->output, m->captured))
        return;
    if (f->retry_ms && brk_now_ms() < f->retry_ms) {
        f->output.missed++;
        return;
    }
    f->messages++;
    tap_output_packets(&f->output, m, &f->bytes);
}

bool tap_file_is_due(const struct tap_file *f)
{
    return f->bytes.used &&
           (f->bytes.used >= BUFFER_MAX || (f->fd >= 0 && f->written + f->bytes.used >= f->size));
}

void tap_file_flush(struct tap_file *f, uint64_t missed)
{
    if (!f->path || (f->retry_ms && brk_now_ms() < f->retry_ms))
        return;
    if (f->fd >= 0 && f->messages && is_full(f))
        close_file(f, missed);
    if (f->fd < 0)
        open_file(f, missed);
    if (f->fd < 0 || !f->messages) {
        discard(f);
        return;
    }
    int error = f->bytes.failed ? ENOMEM : write_whole(f, &f->bytes);
    if (error) {
        fail(f, "write", error);
        discard(f);
        return;
    }
    works(f);
    f->output.written += f->messages;
    f->messages = 0;
    f->bytes.used = 0;
}

/* ---- what is configured --------------------------------------------------------------------------- */

static bool same_content(const struct tap_file *f, const struct cfg_tap *tap)
{
    return f->path && tap->file && strcmp(f->path, tap->file) == 0 && f->output.snaplen == tap->snaplen &&
           cfg_filter_same(f->output.filter, &tap->filter);
}

void tap_file_configure(struct tap_file *f, const struct cfg_tap *tap, uint64_t missed)
{
    if (!same_content(f, tap)) {
        tap_file_end(f, missed);
        f->path = tap->file ? strdup(tap->file) : NULL;
        f->output = (struct tap_output){.filter = cfg_filter_copy(&tap->filter), .snaplen = tap->snaplen};
        tap_output_begin(&f->output, missed);
    }
    f->size = tap->size;
    f->interval_ms = tap->interval_ms;
    f->files = tap->files;
}

void tap_file_end(struct tap_file *f, uint64_t missed)
{
    if (f->messages)
        tap_file_flush(f, missed);
    if (f->path && f->fd >= 0)
        close_file(f, missed);
    free(f->path);
    cfg_filter_free(f->output.filter);
    tap_bytes_free(&f->bytes);
    char *application = f->application;
    *f = (struct tap_file){.fd = -1, .application = application};
}
