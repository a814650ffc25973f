/* Several loops: side by side in one thread, in threads of their own sharing a port, and endpoints that move
 * from one to another. Threads assert nothing themselves: they note what they saw, and the case judges. */
#include "tests/conformance/suite.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

static void two_loops_talk(void **state)
{
    struct opt_set roomy = ct_roomy();
    struct ct_world *w = *state;
    struct net_addr local = ct_addr("127.0.0.1", 0);
    struct tr_open_params p = {.addresses = &local, .address_count = 1, .options = &roomy};
    if (!ct_has(TR_CAP_LOOPS))
        skip();
    struct ct_end *server = ct_server(w, &roomy), *client = ct_open(w, ct_loop(w, NULL), &p);
    assert_ptr_not_equal(tr_endpoint_loop(server->ep), tr_endpoint_loop(client->ep));
    uint32_t far, near = ct_connect(client, server, &far);
    struct ct_flow f = {.from = client, .assoc = near, .size = 800};
    ct_flow_send(&f, 500);
    ct_flow_finish(&f, server, far);
    ct_loop_close(w, w->loops[1]); /* aborts what is left in it */
    ct_change(server, TR_COMM_LOST);
}

static void release_needs_the_capability(void **state)
{
    struct ct_pair p = ct_pair(*state, NULL, NULL);
    struct tr_error error = {0};
    enum tr_code code = tr_release(p.server->ep, &error);
    if (ct_has(TR_CAP_MOVE)) {
        ct_ok(code, &error);
        ct_ok(tr_adopt(ct_main(*state), p.server->ep, &error), &error); /* the same loop will do */
    } else {
        ct_failed_as(code, TR_UNSUPPORTED, &error);
    }
    assert_ptr_equal(tr_endpoint_loop(p.server->ep), ct_main(*state));
    ct_send(p.client, p.near, 0, 1, "still here", 10);
    assert_int_equal(ct_message(p.server)->len, 10);
}

/* Back and forth between two loops with messages queued, half read and on their way each time. */
static void move_about(struct ct_world *w, bool peeled, uint32_t size)
{
    struct opt_set roomy = ct_roomy();
    struct tr_error error = {0};
    struct ct_pair p = ct_pair(w, &roomy, &roomy);
    struct tr_loop *loops[2] = {ct_main(w), w->loop_count > 1 ? w->loops[1] : ct_loop(w, NULL)};
    struct ct_flow f = {.from = p.client, .assoc = p.near, .streams = 3, .size = size};
    uint32_t assoc = p.far;
    struct ct_end *e = peeled ? ct_peel(p.server, &assoc) : p.server;
    for (unsigned i = 1; i <= 20; i++) {
        ct_flow_offer(&f, 6, NULL);
        ct_turn(w, 0);
        ct_flow_offer(&f, 2, NULL);
        const struct tr_item *items;
        unsigned count;
        ct_flow_scan(&f, e, assoc);
        if (tr_recv(e->ep, 1, &items, &count) == TR_OK)
            ct_flow_take(&f, &items->msg);
        ct_ok(tr_release(e->ep, &error), &error);
        ct_turn(w, 1);
        ct_flow_offer(&f, 2, NULL);
        ct_ok(tr_adopt(loops[i % 2], e->ep, &error), &error);
        assert_ptr_equal(tr_endpoint_loop(e->ep), loops[i % 2]);
        assert_ptr_equal(tr_endpoint_cookie(e->ep), e);
    }
    ct_flow_finish(&f, e, assoc);
    struct ct_flow back = {.from = e, .assoc = assoc, .size = 100};
    ct_flow_send(&back, 50);
    ct_flow_finish(&back, p.client, p.near);
}

static void endpoint_moves_with_its_queue(void **state)
{
    if (!ct_has(TR_CAP_MOVE) || !ct_has(TR_CAP_LOOPS))
        skip();
    move_about(*state, false, 700);
    move_about(*state, true, 700);
}

static void endpoint_moves_with_half_a_message(void **state)
{
    if (!ct_has(TR_CAP_MOVE) || !ct_has(TR_CAP_LOOPS))
        skip();
    move_about(*state, false, 150000);
    move_about(*state, true, 150000);
}

/* ---- A wait that is woken for nothing --------------------------------------------------------------- */

enum { TRICKLE = 1500 }; /* for far longer than the wait, and well within the window */

struct trickle {
    struct tr_endpoint *from;
    uint32_t assoc;
    atomic_uint sent;
    atomic_bool stop, over;
};

static struct trickle trickle; /* outlives a case that fails */

/* A small message every millisecond, until told, or TRICKLE of them. */
static void *send_now_and_then(void *arg)
{
    struct tr_msg m = {.data = "x", .len = 1, .assoc = trickle.assoc};
    unsigned taken;
    (void)arg;
    while (!atomic_load(&trickle.stop) && atomic_load(&trickle.sent) < TRICKLE &&
           tr_send(trickle.from, &m, 1, &taken) == TR_OK) {
        atomic_fetch_add(&trickle.sent, 1);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    atomic_store(&trickle.over, true);
    return NULL;
}

/* What arrives for an endpoint that is not read is none of the program's business, and a wait with a time
 * ends in time however much that is. */
static void wait_ends_while_a_paused_endpoint_is_sent_to(void **state)
{
    struct opt_set some = ct_tight(65536, 1 << 20);
    struct ct_world *w = *state;
    struct net_addr local = ct_addr("127.0.0.1", 0);
    struct tr_open_params p = {.addresses = &local, .address_count = 1, .options = &some};
    struct tr_ready ready[4];
    pthread_t thread;
    if (!ct_has(TR_CAP_LOOPS))
        skip();
    struct ct_end *server = ct_server(w, &some), *client = ct_open(w, ct_loop(w, NULL), &p);
    trickle = (struct trickle){.from = client->ep, .assoc = ct_connect(client, server, NULL)};
    ct_pause(server);
    assert_int_equal(pthread_create(&thread, NULL, send_now_and_then, NULL), 0);
    while (atomic_load(&trickle.sent) == 0 && !atomic_load(&trickle.over))
        sched_yield();
    unsigned count = tr_loop_wait(ct_main(w), 30, ready, 4);
    bool in_time = !atomic_load(&trickle.over);
    atomic_store(&trickle.stop, true);
    pthread_join(thread, NULL);
    assert_int_equal(count, 0);
    assert_true(in_time);
}

/* ---- Moving under traffic to another thread and back ---------------------------------------------- */

enum { MOVED = 4000, AWAY = 1500 };

struct mover {
    pthread_t thread;
    bool running;
    int wake;
    _Atomic(struct tr_endpoint *) there, back;
    atomic_bool stop, done;
    uint32_t seen[MOVED];
    unsigned count;
    char problem[300];
};

static struct mover mover; /* outlives a case that fails */

static void note(char *problem, size_t size, const char *what, const char *why)
{
    if (!problem[0])
        snprintf(problem, size, "%s: %s", what, why);
}

static void read_away(struct mover *m, struct tr_endpoint *ep)
{
    const struct tr_item *items;
    unsigned count;
    while (m->count + 16 <= MOVED && tr_recv(ep, 16, &items, &count) == TR_OK)
        for (unsigned i = 0; i < count; i++)
            if (items[i].kind == TR_MESSAGE)
                m->seen[m->count++] = items[i].msg.ppid;
}

static void adopt_and_read(struct mover *m, struct tr_loop *loop)
{
    struct tr_error error = {0};
    struct tr_endpoint *ep = NULL;
    uint64_t calls;
    while (m->count < AWAY && !atomic_load(&m->stop)) {
        struct tr_ready ready[4];
        unsigned n = tr_loop_wait(loop, 50, ready, 4);
        for (unsigned i = 0; i < n; i++)
            if (ready[i].endpoint)
                read_away(m, ready[i].endpoint);
            else if (read(m->wake, &calls, sizeof calls) != sizeof calls)
                note(m->problem, sizeof m->problem, "the descriptor", "woke the loop for nothing");
        if (!ep && (ep = atomic_load(&m->there)) && tr_adopt(loop, ep, &error) != TR_OK)
            note(m->problem, sizeof m->problem, "tr_adopt", error.text);
        tr_loop_turn(loop);
    }
    if (ep && tr_release(ep, &error) != TR_OK)
        note(m->problem, sizeof m->problem, "tr_release", error.text);
    atomic_store(&m->back, ep);
}

static void *other_thread(void *arg)
{
    static const struct tr_loop_params plain;
    struct mover *m = arg;
    struct tr_error error = {0};
    struct tr_loop *loop = NULL;
    if (tr_loop_open(ct_backend, &plain, &loop, &error) != TR_OK) {
        note(m->problem, sizeof m->problem, "tr_loop_open", error.text);
    } else {
        if (tr_loop_add_fd(loop, m->wake, m, &error) != TR_OK)
            note(m->problem, sizeof m->problem, "tr_loop_add_fd", error.text);
        adopt_and_read(m, loop);
        tr_loop_close(loop);
    }
    atomic_store(&m->done, true);
    return NULL;
}

static void end_mover(void)
{
    atomic_store(&mover.stop, true);
    if (mover.running)
        pthread_join(mover.thread, NULL);
    mover.running = false;
}

static void pump_flow(struct ct_world *w, struct ct_flow *f)
{
    if (f->next < MOVED)
        ct_flow_offer(f, f->next + 20 > MOVED ? MOVED - f->next : 20, NULL);
    ct_turn(w, 1);
}

/* Everything that was seen, in order: here before the move, then in the thread, then here again. */
static void check_moved(struct ct_flow *f, struct ct_pair *p)
{
    ct_flow_scan(f, p->server, p->far);
    for (unsigned i = 0; i < mover.count; i++, f->seen[0]++, f->arrived++)
        if (mover.seen[i] != f->arrived)
            fail_msg("message %u came where %u was due", mover.seen[i], f->arrived);
    assert_in_range(mover.count, AWAY, MOVED);
}

static void endpoint_moves_under_traffic(void **state)
{
    struct ct_world *w = *state;
    struct opt_set roomy = ct_roomy();
    struct tr_error error = {0};
    uint64_t one = 1;
    if (!ct_has(TR_CAP_MOVE) || !ct_has(TR_CAP_LOOPS))
        skip();
    memset(&mover, 0, sizeof mover);
    mover.wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    w->fds[w->fd_count++] = mover.wake;
    w->end_threads = end_mover;
    struct ct_pair p = ct_pair(w, &roomy, &roomy);
    struct ct_flow f = {.from = p.client, .assoc = p.near, .size = 200};
    mover.running = pthread_create(&mover.thread, NULL, other_thread, &mover) == 0;
    while (p.server->messages < 500)
        pump_flow(w, &f);
    struct tr_endpoint *ep = p.server->ep;
    ct_ok(tr_release(ep, &error), &error);
    p.server->ep = NULL; /* not ours any more */
    atomic_store(&mover.there, ep);
    assert_int_equal(write(mover.wake, &one, sizeof one), sizeof one);
    for (int64_t end = ct_now_ms() + CT_DEADLINE_MS; !atomic_load(&mover.done) && ct_now_ms() < end;)
        pump_flow(w, &f);
    end_mover();
    ep = atomic_load(&mover.back);
    if (mover.problem[0])
        fail_msg("the other thread: %s", mover.problem);
    assert_ptr_not_equal(ep, NULL);
    ct_ok(tr_adopt(ct_main(w), ep, &error), &error);
    p.server->ep = ep;
    check_moved(&f, &p);
    while (f.next < MOVED)
        pump_flow(w, &f);
    ct_flow_finish(&f, p.server, p.far);
}

/* ---- Listeners in several threads on one port ----------------------------------------------------- */

enum { THREADS = 3, CLIENTS = 48 };

struct listener {
    pthread_t thread;
    bool running;
    uint16_t port;
    unsigned up, echoed;
    char problem[300];
};

static struct listener listeners[THREADS]; /* outlive a case that fails */
static atomic_uint listening;
static atomic_bool stop_listening;

static void end_listeners(void)
{
    atomic_store(&stop_listening, true);
    for (unsigned i = 0; i < THREADS; i++) {
        if (listeners[i].running)
            pthread_join(listeners[i].thread, NULL);
        listeners[i].running = false;
    }
}

static void echo(struct listener *l, struct tr_endpoint *ep)
{
    const struct tr_item *items;
    unsigned count, sent;
    while (tr_recv(ep, 0, &items, &count) == TR_OK)
        for (unsigned i = 0; i < count; i++) {
            if (items[i].kind == TR_MESSAGE) {
                enum tr_code code = tr_send(ep, &items[i].msg, 1, &sent);
                if (code != TR_OK)
                    note(l->problem, sizeof l->problem, "the echo", tr_code_name(code));
                l->echoed++;
            } else if (items[i].event.type == TR_EV_ASSOC_CHANGE) {
                l->up += items[i].event.change.state == TR_COMM_UP;
            }
        }
}

static void *listen_and_echo(void *arg)
{
    static const struct tr_loop_params plain;
    struct listener *l = arg;
    struct opt_set roomy = ct_roomy();
    struct net_addr local;
    struct tr_open_params p = {
        .addresses = &local, .address_count = 1, .port = l->port, .share_port = true, .options = &roomy};
    struct tr_error error = {0};
    struct tr_loop *loop = NULL;
    struct tr_endpoint *ep = NULL;
    net_addr_parse("127.0.0.1", 0, &local);
    enum tr_code code = tr_loop_open(ct_backend, &plain, &loop, &error);
    if (code == TR_OK)
        code = tr_open(loop, &p, &ep, &error);
    if (code == TR_OK)
        code = tr_listen(ep, 128, &error);
    if (code != TR_OK)
        note(l->problem, sizeof l->problem, "listening", error.text);
    atomic_fetch_add(&listening, 1);
    while (code == TR_OK && !atomic_load(&stop_listening)) {
        struct tr_ready ready[4];
        if (tr_loop_wait(loop, 20, ready, 4))
            echo(l, ep);
        tr_loop_turn(loop);
    }
    if (loop)
        tr_loop_close(loop);
    return NULL;
}

static void echo_with_everybody(struct ct_world *w, uint16_t port)
{
    struct ct_end *clients[CLIENTS];
    struct ct_flow flows[CLIENTS];
    struct opt_set roomy = ct_roomy();
    struct net_addr there = ct_addr("127.0.0.1", port);
    struct tr_target to = {&there, 1, 0};
    struct tr_error error = {0};
    for (unsigned i = 0; i < CLIENTS; i++) {
        clients[i] = ct_client(w, &roomy);
        flows[i] = (struct ct_flow){.from = clients[i], .size = 100 + i};
        ct_ok(tr_connect_init(clients[i]->ep, &to, &flows[i].assoc, &error), &error);
    }
    for (unsigned i = 0; i < CLIENTS; i++)
        ct_change(clients[i], TR_COMM_UP);
    for (unsigned round = 0; round < 4; round++)
        for (unsigned i = 0; i < CLIENTS; i++)
            ct_flow_send(&flows[i], 5);
    for (unsigned i = 0; i < CLIENTS; i++)
        ct_flow_finish(&flows[i], clients[i], 0);
}

static bool all_listen(void *arg)
{
    (void)arg;
    return atomic_load(&listening) == THREADS;
}

static void threads_share_a_port(void **state)
{
    struct ct_world *w = *state;
    unsigned up = 0, echoed = 0;
    uint16_t port = ct_port();
    if (!ct_has(TR_CAP_LOOPS) || !ct_has(TR_CAP_SHARE_PORT))
        skip();
    w->end_threads = end_listeners;
    atomic_store(&listening, 0);
    atomic_store(&stop_listening, false);
    ct_main(w);
    for (unsigned i = 0; i < THREADS; i++) {
        struct listener *l = &listeners[i];
        *l = (struct listener){.port = port};
        l->running = pthread_create(&l->thread, NULL, listen_and_echo, l) == 0;
    }
    assert_true(ct_pump(w, all_listen, NULL, CT_DEADLINE_MS));
    echo_with_everybody(w, port);
    end_listeners();
    for (unsigned i = 0; i < THREADS; i++) {
        if (listeners[i].problem[0])
            fail_msg("listener %u: %s", i, listeners[i].problem);
        assert_in_range(listeners[i].up, 1, CLIENTS); /* 48 over 3: the stack spreads them */
        up += listeners[i].up;
        echoed += listeners[i].echoed;
    }
    assert_int_equal(up, CLIENTS);
    assert_int_equal(echoed, CLIENTS * 20);
}

static void one_loop_shares_a_port_too(void **state)
{
    enum { CALLS = 72 }; /* that one of three gets none of so many is a matter of 10^-12 */
    struct ct_world *w = *state;
    struct net_addr local = ct_addr("127.0.0.1", 0);
    struct tr_open_params p = {
        .addresses = &local, .address_count = 1, .port = ct_port(), .share_port = true};
    struct ct_end *ends[3];
    struct tr_error error = {0};
    if (!ct_has(TR_CAP_SHARE_PORT))
        skip();
    for (unsigned i = 0; i < 3; i++) {
        ends[i] = ct_open(w, NULL, &p);
        ct_ok(tr_listen(ends[i]->ep, 50, &error), &error);
    }
    struct tr_target to = ct_target(ends[0]);
    size_t got = 0;
    for (unsigned i = 0; i < CALLS; i++) {
        struct tr_event change;
        struct ct_end *c = ct_client(w, NULL);
        ct_ok(tr_connect(c->ep, &to, CT_DEADLINE_MS, &change, &error), &error);
        ct_send(c, change.assoc, 0, i, "hello", 5);
    }
    for (int64_t end = ct_now_ms() + CT_DEADLINE_MS; got < CALLS && ct_now_ms() < end;) {
        ct_turn(w, 10);
        got = ends[0]->messages + ends[1]->messages + ends[2]->messages;
    }
    assert_int_equal(got, CALLS);
    for (unsigned i = 0; i < 3; i++)
        assert_in_range(ends[i]->messages, 1, CALLS - 1);
}

CT_TOPIC(threads, CT_CASE(two_loops_talk), CT_CASE(release_needs_the_capability),
         CT_CASE(wait_ends_while_a_paused_endpoint_is_sent_to), CT_CASE(endpoint_moves_with_its_queue),
         CT_CASE(endpoint_moves_with_half_a_message), CT_CASE(endpoint_moves_under_traffic),
         CT_CASE(one_loop_shares_a_port_too), CT_CASE(threads_share_a_port));
