/* What every conformance case needs: loops and endpoints that clean up after themselves, a pump that turns
 * the loops until something is true or a deadline passes, and copies of everything that was received.
 *
 * A case owns a ct_world. Whatever is opened through it is closed by its teardown, also when an assertion
 * ends the case half way. An endpoint is wrapped into a ct_end, which is its cookie; the pump reads every
 * ct_end that is `reading` and keeps copies of its items until the case is over, so that a case may look at
 * them in any order and after the endpoint is gone.
 *
 * Both ends of an association live in one loop by default, because a backend may have only one
 * (TR_CAP_LOOPS). Everything here belongs to the main thread: an assertion in another thread cannot end a
 * case, so threads hand their findings back. Every wait is bounded, and a watchdog ends a case that hangs
 * inside a call. */
#ifndef JUNCTOR_TESTS_CONFORMANCE_SUPPORT_H
#define JUNCTOR_TESTS_CONFORMANCE_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "config/sctp/options.h"
#include "transport/transport.h"

#define CT_DEADLINE_MS 40000 /* nothing takes that long unless it is broken */
#define CT_ENDS        512   /* endpoints of one case, at most */
#define CT_LOOPS       8

extern const struct tr_backend *ct_backend; /* the one under test */

static inline bool ct_has(unsigned cap)
{
    return (tr_backend_caps(ct_backend) & cap) != 0;
}

/* Reads every option once and learns which this host's stack is too old for. False, with a complaint on
 * standard error, where it says so of one that it must have. Before the first case. */
bool ct_learn_options(void);

/* True where the backend can set (get) the option, and this host's stack is not too old for it. */
bool ct_can_set(enum opt_id id);
bool ct_can_get(enum opt_id id);

/* ---- The world of a case -------------------------------------------------------------------------- */

struct ct_item {
    struct tr_item tr; /* its data pointers lead into `data` */
    bool taken;        /* a wait has returned it already */
    _Alignas(uint16_t) unsigned char data[];
};

struct ct_world;

struct ct_end {
    struct ct_world *world;
    struct tr_endpoint *ep; /* NULL once closed */
    struct net_addr address;
    uint16_t udp;                       /* local UDP port to connect to, where the backend runs over UDP */
    bool reading;                       /* the pump drains it */
    bool no_slot;                       /* tr_recv said TR_NO_SLOT during the last turn */
    unsigned readable, writable, ended; /* wake-ups seen */
    struct ct_item **items;             /* everything received, in order */
    size_t count, size, scan;
    size_t messages, events[TR_EV_OVERSIZED + 1];
};

struct ct_world {
    const char *name; /* of the case */
    int64_t start;
    struct tr_loop *loops[CT_LOOPS];
    unsigned loop_count;
    struct ct_end *ends[CT_ENDS];
    unsigned end_count;
    int fds[16]; /* closed at the end */
    unsigned fd_count;
    unsigned fd_wakeups;       /* entries of tr_loop_add_fd seen by the pump */
    void (*end_threads)(void); /* called before anything is closed, however the case ends; may be NULL */
};

int ct_setup(void **state);    /* *state: the name of the case before, the ct_world afterwards */
int ct_teardown(void **state); /* closes and frees everything */

#define CT_CASE(f)                                                                                           \
    {                                                                                                        \
#f, f, ct_setup, ct_teardown, (void *)#f                                                             \
    }

/* A loop, closed with the case. The first one is the main loop; ct_main opens it where there is none. */
struct tr_loop *ct_loop(struct ct_world *w, const struct tr_loop_params *params);
struct tr_loop *ct_main(struct ct_world *w);
void ct_loop_close(struct ct_world *w, struct tr_loop *loop); /* its ct_ends become closed */

/* A port that no other case of this process and hardly any other process uses. */
uint16_t ct_port(void);

struct net_addr ct_addr(const char *text, uint16_t port);

/* Opens an endpoint; `loop` NULL: the main one. The cookie of `params` is replaced by the ct_end. */
struct ct_end *ct_open(struct ct_world *w, struct tr_loop *loop, const struct tr_open_params *params);
struct ct_end *ct_wrap(struct ct_world *w, struct tr_endpoint *ep); /* registers one that is open */

/* A listening one-to-many endpoint on 127.0.0.1, and one that has a port picked for it and does not listen.
 */
struct ct_end *ct_server(struct ct_world *w, const struct opt_set *options);
struct ct_end *ct_client(struct ct_world *w, const struct opt_set *options);
void ct_close(struct ct_end *e);

/* Options for cases that do not test the stack's defaults: large or small buffers, no delay, and quick
 * retransmission if a stack drops what it has no room for. */
struct opt_set ct_roomy(void);
struct opt_set ct_tight(int64_t sndbuf, int64_t recbuf);

/* Authentication on, where the backend has it: some rows mean nothing without. */
struct opt_set ct_able(void);

/* Target to reach `e`; points into `e`. */
struct tr_target ct_target(const struct ct_end *e);

/* Connects and waits for TR_COMM_UP at both ends. Returns the association's id at `from`; *far (may be NULL)
 * becomes its id at `to`. */
uint32_t ct_connect(struct ct_end *from, struct ct_end *to, uint32_t *far);

/* Client, server and an association between them. */
struct ct_pair {
    struct ct_end *client, *server;
    uint32_t near, far; /* its id at the client and at the server */
};
struct ct_pair ct_pair(struct ct_world *w, const struct opt_set *client, const struct opt_set *server);

/* Peels *assoc off `e` into a ct_end of its own. */
struct ct_end *ct_peel(struct ct_end *e, uint32_t *assoc);

/* Stops reading, by tr_watch and in the pump; and goes on. */
void ct_pause(struct ct_end *e);
void ct_resume(struct ct_end *e);

/* ---- Pump ----------------------------------------------------------------------------------------- */

typedef bool ct_until(void *arg);

/* One turn of every loop, waiting up to timeout_ms in all. */
void ct_turn(struct ct_world *w, int timeout_ms);

/* Turns until `until` is true; false where the deadline passed first. */
bool ct_pump(struct ct_world *w, ct_until *until, void *arg, int deadline_ms);

/* Turns for so long, for showing that something does not happen or for letting the wire settle. */
void ct_spend(struct ct_world *w, int ms);

int64_t ct_now_ms(void);

/* ---- Waits; each fails the case when the deadline passes ------------------------------------------ */

/* The next event of `type` (and state) that no wait has returned. */
const struct tr_event *ct_event(struct ct_end *e, enum tr_event_type type);
const struct tr_event *ct_change(struct ct_end *e, enum tr_assoc_state state);

/* The next message that no wait has returned. */
const struct tr_msg *ct_message(struct ct_end *e);

/* Until `n` messages have been received in all. */
void ct_messages(struct ct_end *e, size_t n);

/* Until the peer has acknowledged all that was sent; what the stack tells of it has been received then. */
void ct_acknowledged(struct ct_end *e, uint32_t assoc);

/* The association changes of this kind seen so far, returned or not; assoc 0: any. */
unsigned ct_changes(const struct ct_end *e, enum tr_assoc_state state, uint32_t assoc);

/* Where in the order of arrival an event stands that a wait returned. */
size_t ct_place(const struct ct_end *e, const struct tr_event *event);

/* ---- Messages ------------------------------------------------------------------------------------- */

/* Recognisable contents that differ with `seed` and position. */
void ct_pattern(void *data, size_t len, uint32_t seed);
bool ct_is_pattern(const void *data, size_t len, uint32_t seed);

/* A numbered sequence of messages: number n goes out on stream n % streams, with n as PPID, context and seed
 * of its contents, so that the receiver can tell loss, duplication, reordering and damage. */
#define CT_FLOW_STREAMS  64
#define CT_UNORDERED_MAX 8192 /* messages of an unordered flow */
struct ct_flow {
    struct ct_end *from;
    uint32_t assoc;
    unsigned streams; /* 0 counts as 1 */
    uint32_t size;
    uint16_t flags;
    uint32_t lifetime_ms;
    uint32_t next;    /* how many the stack has taken */
    uint32_t arrived; /* how many ct_flow_scan has seen */
    uint32_t seen[CT_FLOW_STREAMS];
    uint8_t came[CT_UNORDERED_MAX / 8];
};

/* One tr_send of up to `count` messages. Returns what it said; `taken` (may be NULL) how many it took. */
enum tr_code ct_flow_offer(struct ct_flow *f, unsigned count, unsigned *taken);

/* Sends `count`, waiting for TR_WRITABLE whenever the stack is full. */
void ct_flow_send(struct ct_flow *f, unsigned count);

/* Sends until the stack is full and stays so while the wire settles; fails when `limit` bytes do not fill it.
 */
void ct_flow_fill(struct ct_flow *f, uint64_t limit);

/* Takes one message of the flow that the case has received by itself, checking it. */
void ct_flow_take(struct ct_flow *f, const struct tr_msg *m);

/* Takes what `to` has received of the flow, checking every message. `assoc`: its id at `to`, 0: any. */
void ct_flow_scan(struct ct_flow *f, struct ct_end *to, uint32_t assoc);

/* Waits until all that the stack took has arrived at `to` (counting what ct_flow_scan saw), checked. */
void ct_flow_finish(struct ct_flow *f, struct ct_end *to, uint32_t assoc);

/* What has become of an ordered flow: counts of its messages that ct_flow_scan has seen, that came back to
 * the sender (whole and once, which this checks), that did both, because the acknowledgement was lost, and
 * neither. */
struct ct_fate {
    uint32_t delivered, returned, both, neither;
};
struct ct_fate ct_flow_fate(const struct ct_flow *f);

/* One message to the association, all of it taken at once. */
void ct_send(struct ct_end *e, uint32_t assoc, uint16_t stream, uint32_t ppid, const void *data,
             uint32_t len);

/* ---- Odds and ends -------------------------------------------------------------------------------- */

/* Asserts that a call failed as it should, and that the error says so in words. */
void ct_failed_as(enum tr_code got, enum tr_code wanted, const struct tr_error *error);
void ct_ok(enum tr_code got, const struct tr_error *error);

/* A peer at 127.0.0.1 that never answers: discards everything sent to this SCTP port or, if the backend runs
 * over UDP, to this UDP port. Returns a descriptor; ends when it is closed. Belongs to the case. */
int ct_black_hole(struct ct_world *w, uint16_t port, uint16_t udp);
void ct_close_fd(struct ct_world *w, int fd);

/* Open descriptors of this process. */
unsigned ct_descriptors(void);

/* True where ::1 can be bound on this host. */
bool ct_ipv6(void);

/* An opt_set with one or more fields given. */
#define CT_OPTIONS(...) ct_options((const struct ct_option[]){__VA_ARGS__, {OPTF_COUNT, 0}})
struct ct_option {
    enum opt_field field;
    int64_t num;
};
struct opt_set ct_options(const struct ct_option *list);

#endif
