/* Any requests to the admin interface of a broker with associations: each is answered, with a status that
 * fits and a document that can be read, or waits until it is given up; nothing is lost when a client goes
 * away meanwhile.
 *
 * libmicrohttpd is not in it: the functions of it that the interface uses stand here, and call it as
 * libmicrohttpd does. The broker is one of tests/middle, whose workers and control take their turns in this
 * thread, on a simulated clock.
 *
 * Input: a byte that chooses the broker, then lines:
 *     [@]METHOD URI [BYTES]   a request with so many bytes of body, at the Unix socket; with @, at the
 * address for metrics .                       workers and control take some turns !                       the
 * client of a request that waits goes away
 */
#include <ctype.h>
#include <stdarg.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <jansson.h>

#include "broker/admin/admin.h"
#include "broker/admin/serve.h"
#include "broker/admin/wait.h"
#include "broker/request.h"
#include "routing/snapshot.h"
#include "tests/fuzz/bytes.h"
#include "tests/middle/world.h"

enum { CONNECTIONS = 16, ARGUMENTS = 32, LINE = 4000, TURNS = 20 };

static struct admin *admin;
static struct brk_requests requests;

/* ---- libmicrohttpd ---------------------------------------------------------------------------------- */

struct MHD_Daemon {
    MHD_AccessHandlerCallback take;
    void *take_arg;
    MHD_RequestCompletedCallback completed;
    void *completed_arg;
    MHD_NotifyConnectionCallback notify;
    void *notify_arg;
    void *(*begin)(void *arg, const char *uri, struct MHD_Connection *c);
    void *begin_arg;
} daemons[2];

struct MHD_Response {
    unsigned references;
    char *body;
    size_t size;
    enum MHD_ResponseMemoryMode mode;
    const char *type;
    void (*end)(void *); /* of a stream, which nobody reads: its client goes at once */
    void *end_arg;
};

struct MHD_Connection {
    const struct MHD_Daemon *daemon;
    char uri[LINE], path[LINE], query[LINE], method[32];
    const char *key[ARGUMENTS], *value[ARGUMENTS];
    unsigned arguments;
    void *state, *client;
    size_t body; /* not given yet */
    bool open, suspended, answered;
    bool gone; /* its client; noticed when it is no more suspended */
    union MHD_ConnectionInfo info;
} connections[CONNECTIONS];

struct MHD_Daemon *MHD_start_daemon(unsigned flags, uint16_t port, MHD_AcceptPolicyCallback accept,
                                    void *accept_arg, MHD_AccessHandlerCallback take, void *take_arg, ...)
{
    struct MHD_Daemon *d = &daemons[((const struct admin_kind *)take_arg)->local];
    va_list args;
    int option;

    (void)flags, (void)port, (void)accept, (void)accept_arg;
    *d = (struct MHD_Daemon){.take = take, .take_arg = take_arg};
    va_start(args, take_arg);
    while ((option = va_arg(args, int)) != MHD_OPTION_END) {
        switch (option) {
        case MHD_OPTION_NOTIFY_COMPLETED:
            d->completed = va_arg(args, MHD_RequestCompletedCallback);
            d->completed_arg = va_arg(args, void *);
            break;
        case MHD_OPTION_NOTIFY_CONNECTION:
            d->notify = va_arg(args, MHD_NotifyConnectionCallback);
            d->notify_arg = va_arg(args, void *);
            break;
        case MHD_OPTION_URI_LOG_CALLBACK:
            d->begin = va_arg(args, void *(*)(void *, const char *, struct MHD_Connection *));
            d->begin_arg = va_arg(args, void *);
            break;
        case MHD_OPTION_CONNECTION_MEMORY_LIMIT:
            (void)va_arg(args, size_t);
            break;
        case MHD_OPTION_CONNECTION_LIMIT:
        case MHD_OPTION_CONNECTION_TIMEOUT:
            (void)va_arg(args, unsigned);
            break;
        default:
            must(!"an option that is known here");
        }
    }
    va_end(args);
    return d;
}

struct MHD_Response *MHD_create_response_from_buffer(size_t size, void *buffer,
                                                     enum MHD_ResponseMemoryMode mode)
{
    struct MHD_Response *r = calloc(1, sizeof *r);

    must(r && (buffer || size == 0));
    *r = (struct MHD_Response){.references = 1, .body = buffer, .size = size, .mode = mode};
    return r;
}

struct MHD_Response *MHD_create_response_from_callback(uint64_t size, size_t block,
                                                       MHD_ContentReaderCallback read, void *arg,
                                                       MHD_ContentReaderFreeCallback end)
{
    struct MHD_Response *r = calloc(1, sizeof *r);

    must(r && size == MHD_SIZE_UNKNOWN && block && read);
    *r = (struct MHD_Response){.references = 1, .mode = MHD_RESPMEM_PERSISTENT, .end = end, .end_arg = arg};
    return r;
}

enum MHD_Result MHD_set_connection_option(struct MHD_Connection *c, enum MHD_CONNECTION_OPTION option, ...)
{
    must(c->open && option == MHD_CONNECTION_OPTION_TIMEOUT);
    return MHD_YES;
}

enum MHD_Result MHD_add_response_header(struct MHD_Response *r, const char *header, const char *content)
{
    must(*content && !strpbrk(content, "\r\n"));
    if (strcmp(header, "Content-Type") == 0)
        r->type = content;
    return MHD_YES;
}

void MHD_destroy_response(struct MHD_Response *r)
{
    must(r->references > 0);
    if (--r->references > 0)
        return;
    if (r->end)
        r->end(r->end_arg);
    if (r->mode == MHD_RESPMEM_MUST_FREE)
        free(r->body);
    free(r);
}

/* Whether the body is what its type says. */
static void check_body(const struct MHD_Response *r)
{
    json_error_t error;

    must(r->type);
    if (strcmp(r->type, "application/json") != 0)
        return;
    json_t *document = json_loadb(r->body, r->size, JSON_REJECT_DUPLICATES, &error);
    must(document && json_object_get(document, "api"));
    const json_t *history = json_object_get(document, "history");
    for (size_t i = 0; i < json_array_size(history); i++)
        must(json_object_get(json_array_get(history, i), "event"));
    json_decref(document);
}

enum MHD_Result MHD_queue_response(struct MHD_Connection *c, unsigned status, struct MHD_Response *r)
{
    must(c->open && !c->suspended && !c->answered);
    must(status >= 200 && status < 600 && status != 500); /* 500: out of memory, which it is not */
    check_body(r);
    c->answered = true;
    return MHD_YES;
}

const union MHD_ConnectionInfo *MHD_get_connection_info(struct MHD_Connection *c,
                                                        enum MHD_ConnectionInfoType what, ...)
{
    static int pair[2];

    if (what == MHD_CONNECTION_INFO_SOCKET_CONTEXT) {
        c->info.socket_context = c->client;
        return &c->info;
    }
    must(what == MHD_CONNECTION_INFO_CONNECTION_FD);
    if (!pair[0])
        must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    c->info.connect_fd = pair[0]; /* at its other end is this process: trusted */
    return &c->info;
}

const char *MHD_lookup_connection_value(struct MHD_Connection *c, enum MHD_ValueKind kind, const char *key)
{
    must(kind == MHD_GET_ARGUMENT_KIND);
    for (unsigned i = 0; i < c->arguments; i++)
        if (strcasecmp(c->key[i], key) == 0)
            return c->value[i];
    return NULL;
}

void MHD_suspend_connection(struct MHD_Connection *c)
{
    must(!c->suspended);
    c->suspended = true;
}

void MHD_resume_connection(struct MHD_Connection *c)
{
    must(c->suspended);
    c->suspended = false;
}

/* In place. What is no escape stays as it is. */
static char *unescape(char *text)
{
    char *to = text;

    for (const char *from = text; *from; from++) {
        unsigned value;
        if (*from == '%' && isxdigit((unsigned char)from[1]) && isxdigit((unsigned char)from[2]) &&
            sscanf(from + 1, "%2x", &value) == 1) {
            *to++ = (char)value;
            from += 2;
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
    return text;
}

static void split_query(struct MHD_Connection *c)
{
    char *rest = c->query, *part;

    while ((part = strsep(&rest, "&")) && c->arguments < ARGUMENTS) {
        for (char *p = part; *p; p++)
            *p = *p == '+' ? ' ' : *p;
        char *equals = strchr(part, '=');
        if (equals)
            *equals = '\0';
        c->value[c->arguments] = equals ? unescape(equals + 1) : NULL;
        c->key[c->arguments++] = unescape(part);
    }
}

static void end(struct MHD_Connection *c, enum MHD_RequestTerminationCode why)
{
    c->daemon->completed(c->daemon->completed_arg, c, &c->state, why);
    must(!c->state);
    c->daemon->notify(c->daemon->notify_arg, c, &c->client, MHD_CONNECTION_NOTIFY_CLOSED);
    must(!c->client);
    c->open = false;
}

/* Calls it until it has answered, waits, or has had enough. */
static void pump(struct MHD_Connection *c)
{
    if (c->gone && !c->suspended)
        end(c, MHD_REQUEST_TERMINATED_CLIENT_ABORT);
    while (c->open && !c->suspended && !c->answered) {
        size_t size = c->body < 8000 ? c->body : 8000, given = size;
        enum MHD_Result r = c->daemon->take(c->daemon->take_arg, c, c->path, c->method, "HTTP/1.1",
                                            size ? c->uri : NULL, &size, &c->state);
        if (r == MHD_NO) {
            end(c, MHD_REQUEST_TERMINATED_WITH_ERROR);
            return;
        }
        c->body -= given - size;
    }
    if (c->answered)
        end(c, MHD_REQUEST_TERMINATED_COMPLETED_OK);
}

/* ---- the broker ------------------------------------------------------------------------------------- */

static bool control_runs;

static void pump_all(void)
{
    for (unsigned i = 0; i < CONNECTIONS; i++)
        if (connections[i].open)
            pump(&connections[i]);
}

static void turns(unsigned count)
{
    for (; count > 0; count--) {
        for (unsigned i = 0; i < world.broker.worker_count; i++)
            if (!world.broker.workers[i]->stop)
                brk_worker_turn(world.broker.workers[i]);
        control_runs = control_runs && brk_control_turn(world.control, true);
        if (control_runs)
            brk_requests_turn(&requests, &world.broker, world.control, true);
        remotes_calm_step();
        world.now_ms += 20;
        admin_accept_turn(admin, true);
        admin_go_on(admin);
        rt_reader_online(); /* as the world's thread is; a sight that closes takes it offline */
        pump_all();
        rt_reader_online();
    }
}

static void begin(uint8_t which)
{
    world_begin(&scenarios[which % scenario_count], 1 + which / scenario_count);
    for (unsigned i = 0; i < 40; i++)
        world_step();
    world_settle();
    world.calm = true;
    control_runs = true;
    for (unsigned i = 0; i < world.broker.worker_count; i++) {
        struct brk_worker *w = world.broker.workers[i];
        w->thread = pthread_self(); /* whose processor time is asked for */
        if (w->assocs)              /* what a peer says is any bytes */
            brk_note(w, w->assocs, BRK_HAPPENED_LOST, "by peer: user_initiated_abort reason=\"\xff\xe4\"");
    }
    requests = (struct brk_requests){0};
    must((admin = admin_new("fuzz", NULL)) && (admin->file = strdup("fuzz.yaml")));
    must((admin->observer = brk_observer_new(&world.broker)));
    must(admin_serve(admin, false) && admin_serve(admin, true));
    must((admin->wake = eventfd(0, EFD_CLOEXEC)) >= 0);
    admin_accept_turn(admin, true); /* fills its reserve of descriptors */
}

/* As the program ends: what waits is answered; then the broker's own end. */
static void finish(void)
{
    turns(TURNS);
    brk_requests_end(&requests, &world.broker, true);
    admin_give_up(admin);
    rt_reader_online();
    pump_all();
    for (unsigned i = 0; i < CONNECTIONS; i++)
        must(!connections[i].open);
    must(admin->calls == 0 && !admin->waiting);
    turns(2); /* looks come back */
    admin_cache_clear(&admin->cache);
    brk_observer_free(admin->observer);
    admin_free(admin);
    rt_reader_online();
    world_end(false);
}

/* ---- requests --------------------------------------------------------------------------------------- */

static void request(char *line)
{
    bool local = *line != '@';
    char *rest = line + !local, *method = strsep(&rest, " "), *uri = strsep(&rest, " ");
    unsigned i = 0;

    while (i < CONNECTIONS && connections[i].open)
        i++;
    if (!uri || !*method || i == CONNECTIONS)
        return;
    struct MHD_Connection *c = &connections[i];
    *c = (struct MHD_Connection){.daemon = &daemons[local], .open = true};
    snprintf(c->method, sizeof c->method, "%s", method);
    strcpy(c->uri, uri);
    strcpy(c->path, uri);
    char *query = strchr(c->path, '?');
    if (query) {
        *query = '\0';
        strcpy(c->query, query + 1);
    }
    unescape(c->path);
    split_query(c);
    c->body = rest ? strtoul(rest, NULL, 10) % 200000 : 0;
    c->daemon->notify(c->daemon->notify_arg, c, &c->client, MHD_CONNECTION_NOTIFY_STARTED);
    c->state = c->daemon->begin(c->daemon->begin_arg, c->uri, c);
    pump(c);
    rt_reader_online();
}

static void leave(void)
{
    for (unsigned i = 0; i < CONNECTIONS; i++)
        if (connections[i].open && !connections[i].gone) {
            connections[i].gone = true;
            return;
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool registered;
    struct bytes all = {data, size};

    if (!registered)
        rt_reader_register();
    registered = true;
    begin(take8(&all));
    while (all.left > 0) {
        const uint8_t *newline = memchr(all.at, '\n', all.left);
        struct bytes line = take_some(&all, newline ? (size_t)(newline - all.at) : all.left);
        take8(&all);
        if (line.left == 1 && *line.at == '.') {
            turns(TURNS);
        } else if (line.left == 1 && *line.at == '!') {
            leave();
        } else if (line.left > 0 && line.left < LINE && !memchr(line.at, 0, line.left)) {
            char text[LINE] = "";
            memcpy(text, line.at, line.left);
            request(text);
        }
    }
    finish();
    return 0;
}
