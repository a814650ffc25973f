/* See serve.h. A call that cannot be answered at once is suspended and put into admin->waiting; wait.c goes
 * on with it. What a request may cost is bounded: connections and their time (accept.h), their memory, the
 * time without a byte, the length of a body (which nobody reads: what is to be said stands in the path). */
#include "broker/admin/serve.h"

#include <stdlib.h>
#include <string.h>

#include "broker/admin/call.h"
#include "broker/admin/capture.h"
#include "broker/admin/resources.h"
#include "broker/admin/wait.h"
#include "broker/clock.h"

#define CONNECTION_BYTES (16 * 1024)
#define SILENCE_S        10
#define BODY_MAX         (64 * 1024)

static const char policy[] = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
                             "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
                             "frame-ancestors 'none'";

static bool is_command(const struct admin_call *call)
{
    return call->resource && strcmp(call->resource->method, "POST") == 0;
}

static enum MHD_Result respond(struct admin *a, struct admin_call *call)
{
    bool streams = call->capture;
    struct MHD_Response *r =
        streams ? admin_capture_response(call)
        : call->body
            ? MHD_create_response_from_buffer(call->length, call->body, MHD_RESPMEM_MUST_FREE)
            : MHD_create_response_from_buffer(call->length, (void *)call->fixed, MHD_RESPMEM_PERSISTENT);
    if (!r)
        return MHD_NO;
    call->body = NULL;
    MHD_add_response_header(r, "Content-Type", call->type);
    MHD_add_response_header(r, "Cache-Control", "no-store");
    MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
    if (strncmp(call->type, "text/html", 9) == 0)
        MHD_add_response_header(r, "Content-Security-Policy", policy);
    if (call->status == 405)
        MHD_add_response_header(r, "Allow", strcmp(call->path, "/") ? "GET, HEAD, POST" : "GET, HEAD");
    if (atomic_load(&a->stop) || admin_accept_short(a))
        MHD_add_response_header(r, "Connection", "close");
    enum MHD_Result result = MHD_queue_response(call->connection, call->status, r);
    admin_accept_mark(call->connection, streams); /* it may take its time */
    if (is_command(call) && call->status != 403) {
        a->changes++;
        admin_cache_clear(&a->cache);
    }
    /* Unless it may have been made before a command that has been answered meanwhile. */
    bool again = call->status == 200 && call->resource && !is_command(call) &&
                 call->came_changes == a->changes && !atomic_load(&a->stop) && !admin_accept_short(a);
    if (!again || !admin_cache_keep(&a->cache, call->uri, call->local, brk_now_ms(), r))
        MHD_destroy_response(r);
    return result;
}

static bool is_trusted(const struct admin *a, const struct admin_call *call)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(call->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info && admin_socket_trusts(info->connect_fd, a->path);
}

/* What is wrong with the request, answered; or the resource that is asked for. */
static enum admin_step begin(struct admin *a, struct admin_call *call, const char *method)
{
    bool known;
    call->resource = admin_find(method, call->path, &call->rest, &known);
    if (!call->resource && known)
        return admin_refuse(call, 405, "%s does not take %s; see /v1/", call->path, method);
    if (!call->resource)
        return admin_refuse(call, 404, "there is no %s; /v1/ tells what there is", call->path);
    if (call->resource->local && !call->local)
        return admin_refuse(call, 403, "%s is only for the Unix socket (broker.admin)", call->path);
    if (is_command(call) && !is_trusted(a, call))
        return admin_refuse(call, 403,
                            "only root, the broker's own user and the socket's group may change something");
    return call->resource->handle(a, call);
}

static bool is_read(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

/* A request has begun: the call, which every further callback about it gets. */
static void *new_call(void *arg, const char *uri, struct MHD_Connection *c)
{
    const struct admin_kind *kind = arg;
    struct admin_call *call = calloc(1, sizeof *call);
    if (!call)
        return NULL;
    kind->admin->calls++;
    call->connection = c;
    call->local = kind->local;
    call->came_ms = brk_now_ms();
    call->came_changes = kind->admin->changes;
    call->deadline_ms = call->came_ms + ADMIN_PATIENCE_MS;
    if (strlen(uri) < sizeof call->uri)
        strcpy(call->uri, uri);
    return call;
}

static enum MHD_Result take(void *arg, struct MHD_Connection *c, const char *path, const char *method,
                            const char *version, const char *body, size_t *size, void **state)
{
    const struct admin_kind *kind = arg;
    struct admin *a = kind->admin;
    struct admin_call *call = *state;
    (void)version;
    (void)body;
    if (!call)
        return MHD_NO; /* out of memory */
    if (!call->taken) {
        call->taken = true;
        if (strlen(path) < sizeof call->path)
            strcpy(call->path, path);
        return MHD_YES;
    }
    if (*size) { /* nobody wants it */
        call->length += *size;
        *size = 0;
        return call->length <= BODY_MAX ? MHD_YES : MHD_NO;
    }
    if (call->step != ADMIN_DONE) /* it waits */
        return MHD_YES;
    if (!call->status) {
        struct MHD_Response *known = is_read(method) && !atomic_load(&a->stop) && !admin_accept_short(a)
                                         ? admin_cache_find(&a->cache, call->uri, call->local, brk_now_ms())
                                         : NULL;
        if (known) {
            admin_accept_mark(c, false);
            return MHD_queue_response(c, 200, known);
        }
        call->length = 0;
        call->step = begin(a, call, method);
        if (call->step != ADMIN_DONE) {
            admin_accept_mark(c, true);
            MHD_suspend_connection(c);
            admin_wait(a, call);
            return MHD_YES;
        }
    }
    return respond(a, call);
}

static void completed(void *arg, struct MHD_Connection *c, void **state, enum MHD_RequestTerminationCode why)
{
    const struct admin_kind *kind = arg;
    struct admin_call *call = *state;
    (void)why;
    if (!call)
        return;
    admin_accept_mark(c, false);
    admin_forget(kind->admin, call);
    free(call->body);
    free(call);
    *state = NULL;
}

struct MHD_Daemon *admin_serve(struct admin *a, bool local)
{
    struct admin_kind *kind = &a->kinds[local];
    *kind = (struct admin_kind){a, local};
    return MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME, 0, NULL,
                            NULL, take, kind, MHD_OPTION_CONNECTION_LIMIT, (unsigned)ADMIN_CLIENTS,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
                            MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SILENCE_S, MHD_OPTION_NOTIFY_COMPLETED,
                            completed, kind, MHD_OPTION_NOTIFY_CONNECTION, admin_accept_notify, kind,
                            MHD_OPTION_URI_LOG_CALLBACK, new_call, kind, MHD_OPTION_END);
}
