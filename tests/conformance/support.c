/* Loops, endpoints and the pump of a conformance case; see support.h. */
#include "tests/conformance/support.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WATCHDOG_S 150  /* a case that takes longer hangs inside a call */
#define SLOW_MS    1000 /* worth a line, so that the suite stays quick */
#define PORTS      340

const struct tr_backend *ct_backend;

static const char *running = "";

int64_t ct_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- The world of a case -------------------------------------------------------------------------- */

static void hangs(int signal)
{
    static const char text[] = ": hangs inside a call; giving up\n";
    (void)signal;
    if (write(STDERR_FILENO, running, strlen(running)) < 0 || write(STDERR_FILENO, text, sizeof text - 1) < 0)
        _exit(98);
    _exit(99);
}

int ct_setup(void **state)
{
    struct ct_world *w = calloc(1, sizeof *w);
    if (!w)
        return -1;
    w->name = running = *state;
    w->start = ct_now_ms();
    *state = w;
    signal(SIGALRM, hangs);
    alarm(WATCHDOG_S);
    return 0;
}

static void free_end(struct ct_end *e)
{
    for (size_t i = 0; i < e->count; i++)
        free(e->items[i]);
    free(e->items);
    free(e);
}

int ct_teardown(void **state)
{
    struct ct_world *w = *state;
    if (w->end_threads)
        w->end_threads();
    for (unsigned i = 0; i < w->loop_count; i++)
        if (w->loops[i])
            tr_loop_close(w->loops[i]);
    for (unsigned i = 0; i < w->end_count; i++)
        free_end(w->ends[i]);
    for (unsigned i = 0; i < w->fd_count; i++)
        if (w->fds[i] >= 0)
            close(w->fds[i]);
    int64_t took = ct_now_ms() - w->start;
    if (took > SLOW_MS)
        fprintf(stderr, "  %s took %lld ms\n", w->name, (long long)took);
    free(w);
    alarm(0);
    return 0;
}

struct tr_loop *ct_loop(struct ct_world *w, const struct tr_loop_params *params)
{
    static const struct tr_loop_params plain;
    struct tr_error error = {0};
    struct tr_loop *loop = NULL;
    assert_in_range(w->loop_count, 0, CT_LOOPS - 1);
    ct_ok(tr_loop_open(ct_backend, params ? params : &plain, &loop, &error), &error);
    assert_non_null(loop);
    return w->loops[w->loop_count++] = loop;
}

struct tr_loop *ct_main(struct ct_world *w)
{
    return w->loop_count ? w->loops[0] : ct_loop(w, NULL);
}

void ct_loop_close(struct ct_world *w, struct tr_loop *loop)
{
    for (unsigned i = 0; i < w->end_count; i++)
        if (w->ends[i]->ep && tr_endpoint_loop(w->ends[i]->ep) == loop)
            w->ends[i]->ep = NULL;
    for (unsigned i = 0; i < w->loop_count; i++)
        if (w->loops[i] == loop)
            w->loops[i] = NULL;
    tr_loop_close(loop);
    while (w->loop_count && !w->loops[w->loop_count - 1])
        w->loop_count--;
}

uint16_t ct_port(void)
{
    static unsigned used;
    return (uint16_t)(10240 + (unsigned)getpid() % 64 * PORTS + used++ % PORTS);
}

struct net_addr ct_addr(const char *text, uint16_t port)
{
    struct net_addr a;
    assert_true(net_addr_parse(text, port, &a));
    return a;
}

struct ct_end *ct_wrap(struct ct_world *w, struct tr_endpoint *ep)
{
    struct ct_end *e = calloc(1, sizeof *e);
    assert_non_null(e);
    assert_in_range(w->end_count, 0, CT_ENDS - 1);
    w->ends[w->end_count++] = e;
    e->world = w;
    e->ep = ep;
    e->reading = true;
    e->address = ct_addr("127.0.0.1", tr_endpoint_port(ep));
    e->udp = tr_endpoint_encaps_port(ep);
    tr_endpoint_set_cookie(ep, e);
    return e;
}

struct ct_end *ct_open(struct ct_world *w, struct tr_loop *loop, const struct tr_open_params *params)
{
    struct tr_error error = {0};
    struct tr_endpoint *ep = NULL;
    ct_ok(tr_open(loop ? loop : ct_main(w), params, &ep, &error), &error);
    assert_non_null(ep);
    struct ct_end *e = ct_wrap(w, ep);
    if (params->address_count) {
        e->address = params->addresses[0];
        net_addr_set_port(&e->address, tr_endpoint_port(ep));
    }
    return e;
}

struct ct_end *ct_server(struct ct_world *w, const struct opt_set *options)
{
    struct net_addr local = ct_addr("127.0.0.1", 0);
    struct tr_open_params p = {.addresses = &local,
                               .address_count = 1,
                               .port = ct_port(),
                               .encaps_port = ct_port(),
                               .options = options};
    struct tr_error error = {0};
    struct ct_end *e = ct_open(w, NULL, &p);
    ct_ok(tr_listen(e->ep, 128, &error), &error);
    return e;
}

struct ct_end *ct_client(struct ct_world *w, const struct opt_set *options)
{
    struct net_addr local = ct_addr("127.0.0.1", 0);
    struct tr_open_params p = {.addresses = &local, .address_count = 1, .options = options};
    return ct_open(w, NULL, &p);
}

void ct_close(struct ct_end *e)
{
    tr_close(e->ep);
    e->ep = NULL;
}

struct tr_target ct_target(const struct ct_end *e)
{
    return (struct tr_target){.addresses = &e->address, .address_count = 1, .encaps_port = e->udp};
}

void ct_pause(struct ct_end *e)
{
    e->reading = false;
    assert_int_equal(tr_watch(e->ep, 0), TR_OK);
}

void ct_resume(struct ct_end *e)
{
    e->reading = true;
    assert_int_equal(tr_watch(e->ep, TR_READABLE), TR_OK);
}

/* ---- Keeping what arrives ------------------------------------------------------------------------- */

/* An item's payload, if it has one. */
static const void *payload(const struct tr_item *i, size_t *len)
{
    const struct tr_event *e = &i->event;
    *len = 0;
    if (i->kind == TR_MESSAGE) {
        *len = i->msg.len;
        return i->msg.data;
    }
    switch (e->type) {
    case TR_EV_SEND_FAILED:
        *len = e->failed.msg.len;
        return e->failed.msg.data;
    case TR_EV_REMOTE_ERROR:
        *len = e->remote_error.len;
        return e->remote_error.data;
    case TR_EV_ASSOC_CHANGE:
        *len = e->change.reason_len;
        return e->change.reason;
    case TR_EV_STREAM_RESET:
        *len = e->stream_reset.count * sizeof *e->stream_reset.streams;
        return e->stream_reset.streams;
    default:
        return NULL;
    }
}

static void point_to(struct tr_item *i, const void *data)
{
    if (i->kind == TR_MESSAGE)
        i->msg.data = data;
    else if (i->event.type == TR_EV_SEND_FAILED)
        i->event.failed.msg.data = data;
    else if (i->event.type == TR_EV_REMOTE_ERROR)
        i->event.remote_error.data = data;
    else if (i->event.type == TR_EV_ASSOC_CHANGE)
        i->event.change.reason = data;
    else
        i->event.stream_reset.streams = data;
}

static void keep(struct ct_end *e, const struct tr_item *item)
{
    struct tr_item copy = *item;
    size_t len;
    const void *data = payload(item, &len);
    struct ct_item *kept = malloc(sizeof *kept + len);
    assert_non_null(kept);
    if (len) {
        assert_non_null(data);
        memcpy(kept->data, data, len);
        point_to(&copy, kept->data);
    }
    kept->tr = copy;
    kept->taken = false;
    if (e->count == e->size) {
        e->size = e->size ? e->size * 2 : 64;
        e->items = realloc(e->items, e->size * sizeof *e->items);
        assert_non_null(e->items);
    }
    e->items[e->count++] = kept;
    if (copy.kind == TR_MESSAGE) {
        e->messages++;
    } else {
        assert_in_range(copy.event.type, 0, TR_EV_OVERSIZED);
        e->events[copy.event.type]++;
    }
}

static void drain(struct ct_end *e)
{
    const struct tr_item *items;
    unsigned count;
    enum tr_code code;
    while ((code = tr_recv(e->ep, 0, &items, &count)) == TR_OK) {
        assert_in_range(count, 1, UINT32_MAX);
        for (unsigned i = 0; i < count; i++)
            keep(e, &items[i]);
    }
    e->no_slot = code == TR_NO_SLOT;
    if (code != TR_AGAIN && code != TR_NO_SLOT)
        fail_msg("tr_recv: %s", tr_code_name(code));
}

/* ---- Pump ----------------------------------------------------------------------------------------- */

static void turn_loop(struct ct_world *w, struct tr_loop *loop, int timeout_ms)
{
    struct tr_ready ready[64];
    unsigned n = tr_loop_wait(loop, timeout_ms, ready, 64);
    assert_in_range(n, 0, 64);
    for (unsigned i = 0; i < n; i++) {
        if (!ready[i].endpoint) {
            w->fd_wakeups += ready[i].flags != 0;
            continue;
        }
        struct ct_end *e = ready[i].cookie;
        assert_ptr_equal(e->ep, ready[i].endpoint);
        e->readable += (ready[i].flags & TR_READABLE) != 0;
        e->writable += (ready[i].flags & TR_WRITABLE) != 0;
        e->ended += (ready[i].flags & TR_ENDED) != 0;
        if (e->reading && (ready[i].flags & TR_READABLE))
            drain(e);
    }
    tr_loop_turn(loop);
}

void ct_turn(struct ct_world *w, int timeout_ms)
{
    unsigned live = 0;
    for (unsigned i = 0; i < w->loop_count; i++)
        live += w->loops[i] != NULL;
    for (unsigned i = 0; i < w->loop_count; i++)
        if (w->loops[i])
            turn_loop(w, w->loops[i], live > 1 ? timeout_ms > 0 : timeout_ms);
}

bool ct_pump(struct ct_world *w, ct_until *until, void *arg, int deadline_ms)
{
    int64_t end = ct_now_ms() + deadline_ms;
    while (!until(arg)) {
        if (ct_now_ms() >= end)
            return false;
        ct_turn(w, 20);
    }
    return true;
}

void ct_spend(struct ct_world *w, int ms)
{
    int64_t end = ct_now_ms() + ms;
    for (int64_t left = ms; left > 0; left = end - ct_now_ms())
        ct_turn(w, (int)(left < 20 ? left : 20));
}

/* ---- Waits ---------------------------------------------------------------------------------------- */

static void what_came(const struct ct_end *e)
{
    char line[200];
    fprintf(stderr, "  received so far: %zu items\n", e->count);
    for (size_t i = e->count > 12 ? e->count - 12 : 0; i < e->count; i++) {
        const struct tr_item *t = &e->items[i]->tr;
        if (t->kind == TR_MESSAGE)
            fprintf(stderr, "  [%zu] message assoc=%u stream=%u ppid=%u len=%u\n", i, t->msg.assoc,
                    t->msg.stream, t->msg.ppid, t->msg.len);
        else
            fprintf(stderr, "  [%zu] %s\n", i, tr_event_format(&t->event, line, sizeof line));
    }
}

/* What a wait looks for. */
struct wanted {
    struct ct_end *end;
    enum tr_item_kind kind;
    int type, state; /* -1: any */
    uint32_t assoc;  /* 0: any */
    struct ct_item *found;
    size_t from;
};

static bool fits(const struct wanted *w, const struct tr_item *t)
{
    if (t->kind != w->kind)
        return false;
    if (t->kind == TR_MESSAGE)
        return w->assoc == 0 || t->msg.assoc == w->assoc;
    return (int)t->event.type == w->type && (w->assoc == 0 || t->event.assoc == w->assoc) &&
           (w->state < 0 || (int)t->event.change.state == w->state);
}

static bool find(void *arg)
{
    struct wanted *w = arg;
    for (; w->from < w->end->count; w->from++) {
        struct ct_item *i = w->end->items[w->from];
        if (!i->taken && fits(w, &i->tr)) {
            i->taken = true;
            w->found = i;
            return true;
        }
    }
    return false;
}

static const struct tr_item *take(struct wanted *w, const char *what)
{
    if (!ct_pump(w->end->world, find, w, CT_DEADLINE_MS)) {
        what_came(w->end);
        fail_msg("waited for %s in vain", what);
    }
    return &w->found->tr;
}

const struct tr_event *ct_event(struct ct_end *e, enum tr_event_type type)
{
    static const char *names[] = {
        [TR_EV_ASSOC_CHANGE] = "an association change",
        [TR_EV_PATH_CHANGE] = "a path change",
        [TR_EV_SEND_FAILED] = "a failed send",
        [TR_EV_REMOTE_ERROR] = "a remote error",
        [TR_EV_SHUTDOWN] = "a shutdown",
        [TR_EV_PARTIAL_DELIVERY] = "a partial delivery",
        [TR_EV_ADAPTATION] = "an adaptation indication",
        [TR_EV_AUTHENTICATION] = "an authentication event",
        [TR_EV_SENDER_DRY] = "sender dry",
        [TR_EV_STALLED] = "an association that stalled",
        [TR_EV_NO_ROOM] = "a message without room",
        [TR_EV_OVERSIZED] = "an oversized message",
    };
    struct wanted w = {.end = e, .kind = TR_EVENT, .type = (int)type, .state = -1};
    return &take(&w, names[type])->event;
}

static const struct tr_event *change_of(struct ct_end *e, enum tr_assoc_state state, uint32_t assoc)
{
    static const char *names[] = {[TR_COMM_UP] = "comm_up",
                                  [TR_COMM_LOST] = "comm_lost",
                                  [TR_RESTART] = "restart",
                                  [TR_SHUTDOWN_COMP] = "shutdown_comp",
                                  [TR_CANT_ASSOC] = "cant_assoc"};
    struct wanted w = {
        .end = e, .kind = TR_EVENT, .type = TR_EV_ASSOC_CHANGE, .state = (int)state, .assoc = assoc};
    return &take(&w, names[state])->event;
}

const struct tr_event *ct_change(struct ct_end *e, enum tr_assoc_state state)
{
    return change_of(e, state, 0);
}

const struct tr_msg *ct_message(struct ct_end *e)
{
    struct wanted w = {.end = e, .kind = TR_MESSAGE};
    return &take(&w, "a message")->msg;
}

struct messages {
    struct ct_end *end;
    size_t wanted;
};

static bool enough(void *arg)
{
    struct messages *m = arg;
    return m->end->messages >= m->wanted;
}

void ct_messages(struct ct_end *e, size_t n)
{
    struct messages m = {e, n};
    if (!ct_pump(e->world, enough, &m, CT_DEADLINE_MS)) {
        what_came(e);
        fail_msg("waited for %zu messages, %zu came", n, e->messages);
    }
}

unsigned ct_changes(const struct ct_end *e, enum tr_assoc_state state, uint32_t assoc)
{
    struct wanted w = {.kind = TR_EVENT, .type = TR_EV_ASSOC_CHANGE, .state = (int)state, .assoc = assoc};
    unsigned n = 0;
    for (size_t i = 0; i < e->count; i++)
        n += fits(&w, &e->items[i]->tr);
    return n;
}

size_t ct_place(const struct ct_end *e, const struct tr_event *event)
{
    for (size_t i = 0; i < e->count; i++)
        if (&e->items[i]->tr.event == event)
            return i;
    fail_msg("no such event");
    return 0;
}

/* ---- Associations --------------------------------------------------------------------------------- */

uint32_t ct_connect(struct ct_end *from, struct ct_end *to, uint32_t *far)
{
    struct tr_target target = ct_target(to);
    struct tr_error error = {0};
    uint32_t near = 0;
    ct_ok(tr_connect_init(from->ep, &target, &near, &error), &error);
    const struct tr_event *here = change_of(from, TR_COMM_UP, near);
    assert_int_equal(here->assoc, near);
    const struct tr_event *there = ct_change(to, TR_COMM_UP);
    assert_int_not_equal(there->assoc, 0);
    if (far)
        *far = there->assoc;
    return near;
}

struct ct_pair ct_pair(struct ct_world *w, const struct opt_set *client, const struct opt_set *server)
{
    struct ct_pair p = {0};
    p.server = ct_server(w, server);
    p.client = ct_client(w, client);
    p.near = ct_connect(p.client, p.server, &p.far);
    return p;
}

struct ct_end *ct_peel(struct ct_end *e, uint32_t *assoc)
{
    struct tr_error error = {0};
    struct tr_endpoint *ep = NULL;
    int cookie;
    ct_ok(tr_peeloff(e->ep, assoc, &cookie, &ep, &error), &error);
    assert_non_null(ep);
    assert_ptr_not_equal(ep, e->ep);
    assert_ptr_equal(tr_endpoint_cookie(ep), &cookie);
    assert_ptr_equal(tr_endpoint_loop(ep), tr_endpoint_loop(e->ep));
    struct ct_end *peeled = ct_wrap(e->world, ep);
    peeled->address = e->address;
    return peeled;
}
