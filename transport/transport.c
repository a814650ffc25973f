/* The entry points: what is the same for all backends is checked here, once, and the rest goes through the
 * backend's table. Arguments that only a bug can produce (a NULL or freed endpoint) stop the program;
 * everything that a user's configuration or a peer can cause is an error code with a text. */
#include "config/sctp/require.h"
#include "transport/admission.h"
#include "transport/backend_priv.h"
#include "transport/reassembly.h"
#include "transport/wait_priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_SLOTS = 256, DEFAULT_SLOT_BYTES = 16 * 1024, MIN_SLOT_BYTES = 1024 };
enum { DEFAULT_MAX_PARTIAL = 32, DEFAULT_PARTIAL_TIMEOUT_MS = 30000 };
#define DEFAULT_MAX_MESSAGE (UINT64_C(16) << 20)

enum tr_code tr_fail(struct tr_error *error, enum tr_code code, int error_number, const char *format, ...)
{
    if (error == NULL)
        return code;
    error->code = code;
    error->error_number = error_number;
    va_list args;
    va_start(args, format);
    vsnprintf(error->text, sizeof error->text, format, args);
    va_end(args);
    return code;
}

/* ---- Backends -------------------------------------------------------------------------------------- */

const struct tr_backend *tr_backend_at(unsigned index)
{
    return index == 0 ? tr_kernel() : index == 1 ? tr_usrsctp() : NULL;
}

const char *tr_backend_name(const struct tr_backend *b)
{
    REQUIRE(b != NULL);
    return b->name;
}

unsigned tr_backend_caps(const struct tr_backend *b)
{
    REQUIRE(b != NULL);
    return b->caps;
}

enum tr_code tr_backend_probe(const struct tr_backend *b, struct tr_error *error)
{
    REQUIRE(b != NULL);
    return b->probe(error);
}

void tr_backend_advise(const struct tr_backend *b, const char *netns, unsigned topics,
                       void (*tell)(const char *text, void *arg), void *arg)
{
    REQUIRE(b != NULL && tell != NULL);
    if (b->advise != NULL)
        b->advise(netns, topics, tell, arg);
}

bool tr_backend_can_set(const struct tr_backend *b, enum opt_id id)
{
    REQUIRE(b != NULL);
    return (unsigned)id < OPT_ID_COUNT && b->options[id].set != NULL;
}

bool tr_backend_can_get(const struct tr_backend *b, enum opt_id id)
{
    REQUIRE(b != NULL);
    return (unsigned)id < OPT_ID_COUNT && b->options[id].get != NULL;
}

static enum tr_code need_cap(const struct tr_backend *b, enum tr_cap cap, bool needed, const char *what,
                             struct tr_error *error)
{
    if (!needed || (b->caps & cap))
        return TR_OK;
    const struct tr_backend *other;
    for (unsigned i = 0; (other = tr_backend_at(i)) != NULL; i++)
        if (other->caps & cap)
            break;
    return tr_fail(error, TR_UNSUPPORTED, 0, "the %s transport cannot do this: %s%s%s%s", b->name, what,
                   other != NULL ? "; the " : "", other != NULL ? other->name : "",
                   other != NULL ? " transport can" : "");
}

/* ---- Loop ------------------------------------------------------------------------------------------ */

enum tr_code tr_loop_open(const struct tr_backend *b, const struct tr_loop_params *params,
                          struct tr_loop **out, struct tr_error *error)
{
    REQUIRE(b != NULL && out != NULL);
    struct tr_loop_params p = params != NULL ? *params : (struct tr_loop_params){0};
    if (p.slots == 0)
        p.slots = DEFAULT_SLOTS;
    if (p.slot_bytes == 0)
        p.slot_bytes = DEFAULT_SLOT_BYTES;
    if (p.max_message == 0)
        p.max_message = DEFAULT_MAX_MESSAGE;
    if (p.max_partial == 0)
        p.max_partial = DEFAULT_MAX_PARTIAL;
    if (p.partial_timeout_ms == 0)
        p.partial_timeout_ms = DEFAULT_PARTIAL_TIMEOUT_MS;
    if (p.slot_bytes < MIN_SLOT_BYTES || p.slot_bytes > UINT32_MAX || p.slots > SIZE_MAX / p.slot_bytes / 2)
        return tr_fail(error, TR_INVALID, 0, "receive slots: %u of %zu bytes; a slot has at least %d bytes",
                       p.slots, p.slot_bytes, MIN_SLOT_BYTES);
    if (p.max_message > UINT32_MAX)
        return tr_fail(error, TR_INVALID, 0, "max_message is %llu, at most %u",
                       (unsigned long long)p.max_message, UINT32_MAX);
    enum tr_code code = b->loop_open(&p, out, error);
    if (code == TR_OK) {
        (*out)->backend = b;
        (*out)->params = p;
    }
    return code;
}

void tr_loop_close(struct tr_loop *loop)
{
    if (loop == NULL)
        return;
    tr_stash_discard_all(loop);
    loop->backend->loop_close(loop);
}

int tr_loop_fd(const struct tr_loop *loop)
{
    REQUIRE(loop != NULL);
    return loop->backend->loop_fd(loop);
}

enum tr_code tr_loop_add_fd(struct tr_loop *loop, int fd, void *cookie, struct tr_error *error)
{
    REQUIRE(loop != NULL);
    return loop->backend->loop_add_fd(loop, fd, cookie, error);
}

void tr_loop_remove_fd(struct tr_loop *loop, int fd)
{
    REQUIRE(loop != NULL);
    loop->backend->loop_remove_fd(loop, fd);
}

static void end_turn(struct tr_loop *loop)
{
    loop->ready = NULL;
    loop->ready_count = 0;
    loop->turn++;
    if (loop->stashes != NULL)
        tr_stash_turn(loop);
}

unsigned tr_loop_wait(struct tr_loop *loop, int timeout_ms, struct tr_ready *ready, unsigned max)
{
    REQUIRE(loop != NULL && (ready != NULL || max == 0));
    end_turn(loop);
    bool stashed = tr_stash_any(loop);
    unsigned count = loop->backend->loop_wait(loop, stashed ? 0 : timeout_ms, ready, max);
    for (unsigned i = 0; i < count; i++)
        if (ready[i].endpoint != NULL) {
            ready[i].endpoint->ready_index = i + 1;
            ready[i].endpoint->ready_turn = loop->turn;
        }
    loop->ready = ready;
    loop->ready_count = count;
    if (tr_stash_any(loop)) /* the backend may have put something there while it waited */
        loop->ready_count = tr_stash_ready(loop, max);
    return loop->ready_count;
}

void tr_loop_turn(struct tr_loop *loop)
{
    REQUIRE(loop != NULL);
    end_turn(loop);
    loop->backend->loop_turn(loop);
}

void tr_loop_set_partial_timeout(struct tr_loop *loop, unsigned partial_timeout_ms)
{
    REQUIRE(loop != NULL);
    loop->params.partial_timeout_ms = partial_timeout_ms ? partial_timeout_ms : DEFAULT_PARTIAL_TIMEOUT_MS;
}

void tr_loop_get_stats(const struct tr_loop *loop, struct tr_loop_stats *out)
{
    REQUIRE(loop != NULL && out != NULL);
    *out = loop->stats;
    if (!loop->backend->pieces)
        return;
    const struct reasm_pool *p = loop->backend->pieces(loop);
    out->half_received_bytes = p->bytes - p->done_bytes;
    out->half_received = adm_count(&p->admission);
}

bool tr_half_received(const struct tr_endpoint *ep)
{
    REQUIRE(tr_is_endpoint(ep));
    return ep->loop && ep->backend->pieces &&
           adm_has_begun(&ep->backend->pieces(ep->loop)->admission, &ep->reading);
}

unsigned tr_half_receiving(const struct tr_endpoint *ep, uint32_t *assocs, unsigned max)
{
    REQUIRE(tr_is_endpoint(ep) && (assocs != NULL || max == 0));
    return ep->loop && ep->backend->pieces
               ? adm_begun(&ep->backend->pieces(ep->loop)->admission, &ep->reading, assocs, max)
               : 0;
}

/* ---- Endpoints ------------------------------------------------------------------------------------- */

static void adopt_fields(struct tr_endpoint *ep, struct tr_loop *loop, void *cookie, enum tr_style style,
                         bool peeled)
{
    ep->magic = TR_ENDPOINT_MAGIC;
    ep->backend = loop->backend;
    ep->loop = loop;
    ep->cookie = cookie;
    ep->style = style;
    ep->peeled = peeled;
    ep->watch = TR_READABLE;
}

static enum tr_code check_open(const struct tr_backend *b, const struct tr_open_params *p,
                               struct tr_error *error)
{
    if (p->style != TR_ONE_TO_MANY && p->style != TR_ONE_TO_ONE)
        return tr_fail(error, TR_INVALID, 0, "style is neither one-to-many nor one-to-one");
    if (p->address_count > 0 && p->addresses == NULL)
        return tr_fail(error, TR_INVALID, 0, "no addresses given");
    for (unsigned i = 0; i < p->address_count; i++)
        if (p->addresses[i].sa.sa_family != AF_INET && p->addresses[i].sa.sa_family != AF_INET6)
            return tr_fail(error, TR_INVALID, 0, "address %u is neither IPv4 nor IPv6", i + 1);
    enum tr_code code = need_cap(b, TR_CAP_MULTIHOMING, p->address_count > 1, "several addresses", error);
    if (code == TR_OK)
        code = need_cap(b, TR_CAP_SHARE_PORT, p->share_port, "several listeners on one port", error);
    if (code == TR_OK)
        code = need_cap(b, TR_CAP_NETNS, p->netns != NULL, "a network namespace", error);
    if (code == TR_OK)
        code = need_cap(b, TR_CAP_NETNS, p->device != NULL, "binding to a device", error);
    if (code == TR_OK && p->options != NULL)
        code = tr_check_options(b, p->options, OPT_AT_OPEN, NULL, error);
    return code;
}

enum tr_code tr_open(struct tr_loop *loop, const struct tr_open_params *params, struct tr_endpoint **out,
                     struct tr_error *error)
{
    REQUIRE(loop != NULL && params != NULL && out != NULL);
    enum tr_code code = check_open(loop->backend, params, error);
    if (code == TR_OK)
        code = loop->backend->open(loop, params, out, error);
    if (code == TR_OK)
        adopt_fields(*out, loop, params->cookie, params->style, false);
    return code;
}

enum tr_code tr_listen(struct tr_endpoint *ep, int backlog, struct tr_error *error)
{
    REQUIRE(tr_is_endpoint(ep));
    if (ep->peeled)
        return tr_fail(error, TR_INVALID, 0, "listen: this endpoint has an association already");
    if (backlog < 0)
        return tr_fail(error, TR_INVALID, 0, "listen: backlog %d is negative", backlog);
    return ep->backend->listen(ep, backlog, error);
}

static void forget_ready(struct tr_endpoint *ep)
{
    struct tr_loop *loop = ep->loop;
    if (loop != NULL && loop->ready != NULL && ep->ready_index != 0 && ep->ready_turn == loop->turn &&
        ep->ready_index <= loop->ready_count)
        loop->ready[ep->ready_index - 1] = (struct tr_ready){0};
    ep->ready_index = 0;
}

void tr_close(struct tr_endpoint *ep)
{
    if (ep == NULL)
        return;
    REQUIRE(tr_is_endpoint(ep));
    forget_ready(ep);
    tr_stash_discard(ep);
    const struct tr_backend *b = ep->backend;
    ep->magic = 0;
    b->close(ep);
}

struct tr_loop *tr_endpoint_loop(const struct tr_endpoint *ep)
{
    REQUIRE(tr_is_endpoint(ep));
    return ep->loop;
}

void *tr_endpoint_cookie(const struct tr_endpoint *ep)
{
    REQUIRE(tr_is_endpoint(ep));
    return ep->cookie;
}

void tr_endpoint_set_cookie(struct tr_endpoint *ep, void *cookie)
{
    REQUIRE(tr_is_endpoint(ep));
    ep->cookie = cookie;
}

uint16_t tr_endpoint_port(const struct tr_endpoint *ep)
{
    REQUIRE(tr_is_endpoint(ep));
    return ep->backend->port(ep);
}

uint16_t tr_endpoint_encaps_port(const struct tr_endpoint *ep)
{
    REQUIRE(tr_is_endpoint(ep));
    return ep->backend->encaps_port(ep);
}

enum tr_code tr_watch(struct tr_endpoint *ep, unsigned flags)
{
    REQUIRE(tr_is_endpoint(ep) && ep->loop != NULL);
    flags &= TR_READABLE | TR_WRITABLE;
    if (flags == ep->watch)
        return TR_OK;
    enum tr_code code = ep->backend->watch(ep, flags);
    if (code == TR_OK)
        ep->watch = flags;
    if (ep->stash != NULL)
        tr_stash_tell(ep);
    return code;
}

enum tr_code tr_release(struct tr_endpoint *ep, struct tr_error *error)
{
    REQUIRE(tr_is_endpoint(ep) && ep->loop != NULL);
    enum tr_code code = need_cap(ep->backend, TR_CAP_MOVE, true, "moving an endpoint to another loop", error);
    if (code != TR_OK)
        return code;
    struct tr_loop *loop =
        ep->loop; /* what it has with the loop is undone after the backend agreed, which forgets it */
    code = ep->backend->release(ep, error);
    ep->loop = loop;
    if (code == TR_OK) {
        forget_ready(ep);
        tr_stash_unlink(ep);
        ep->loop = NULL;
    }
    return code;
}

enum tr_code tr_adopt(struct tr_loop *loop, struct tr_endpoint *ep, struct tr_error *error)
{
    REQUIRE(tr_is_endpoint(ep) && ep->loop == NULL && loop != NULL && loop->backend == ep->backend);
    enum tr_code code = ep->backend->adopt(loop, ep, error);
    if (code == TR_OK) {
        ep->loop = loop;
        tr_stash_link(ep);
    }
    return code;
}

unsigned tr_addresses(struct tr_endpoint *ep, uint32_t assoc, bool remote, struct net_addr *out, unsigned max)
{
    REQUIRE(tr_is_endpoint(ep) && (out != NULL || max == 0));
    return ep->backend->addresses(ep, assoc, remote, out, max);
}

/* ---- Associations ---------------------------------------------------------------------------------- */

static enum tr_code check_target(const struct tr_endpoint *ep, const struct tr_target *to,
                                 struct tr_error *error)
{
    if (ep->peeled)
        return tr_fail(error, TR_INVALID, 0, "connect: this endpoint has an association already");
    if (to->address_count == 0 || to->addresses == NULL)
        return tr_fail(error, TR_INVALID, 0, "connect: no address given");
    uint16_t port = net_addr_port(&to->addresses[0]);
    if (port == 0)
        return tr_fail(error, TR_INVALID, 0, "connect: the peer's port is 0");
    for (unsigned i = 0; i < to->address_count; i++) {
        sa_family_t family = to->addresses[i].sa.sa_family;
        if (family != AF_INET && family != AF_INET6)
            return tr_fail(error, TR_INVALID, 0, "connect: address %u is neither IPv4 nor IPv6", i + 1);
        if (net_addr_port(&to->addresses[i]) != port)
            return tr_fail(error, TR_INVALID, 0,
                           "connect: all addresses of a peer have the same port, address %u has %u, not %u",
                           i + 1, net_addr_port(&to->addresses[i]), port);
    }
    return need_cap(ep->backend, TR_CAP_MULTIHOMING, to->address_count > 1, "several addresses of a peer",
                    error);
}

enum tr_code tr_connect_init(struct tr_endpoint *ep, const struct tr_target *to, uint32_t *assoc,
                             struct tr_error *error)
{
    REQUIRE(tr_is_endpoint(ep) && ep->loop != NULL && to != NULL && assoc != NULL);
    enum tr_code code = check_target(ep, to, error);
    return code == TR_OK ? ep->backend->connect_init(ep, to, assoc, error) : code;
}

enum tr_code tr_peeloff(struct tr_endpoint *ep, uint32_t *assoc, void *cookie, struct tr_endpoint **out,
                        struct tr_error *error)
{
    REQUIRE(tr_is_endpoint(ep) && ep->loop != NULL && assoc != NULL && out != NULL);
    if (ep->peeled)
        return tr_fail(error, TR_INVALID, 0, "peel off: this endpoint has one association only");
    uint32_t old = *assoc;
    enum tr_code code = ep->backend->peeloff(ep, assoc, cookie, out, error);
    if (code == TR_OK) {
        adopt_fields(*out, ep->loop, cookie, TR_ONE_TO_ONE, true);
        tr_stash_move(ep, old, *out, *assoc);
    }
    return code;
}

enum tr_code tr_eof(struct tr_endpoint *ep, uint32_t assoc, struct tr_error *error)
{
    REQUIRE(tr_is_endpoint(ep));
    return ep->backend->eof(ep, assoc, error);
}

enum tr_code tr_abort(struct tr_endpoint *ep, uint32_t assoc, struct tr_error *error)
{
    REQUIRE(tr_is_endpoint(ep));
    return ep->backend->abort(ep, assoc, NULL, 0, error);
}

/* ---- Re-configuring ---------------------------------------------------------------------------------- */

static enum tr_code change_addresses(struct tr_endpoint *ep, bool add, const struct net_addr *addresses,
                                     unsigned count, struct tr_error *error)
{
    if (count == 0)
        return tr_fail(error, TR_INVALID, 0, "no address given");
    for (unsigned i = 0; i < count; i++)
        if (addresses[i].sa.sa_family != AF_INET && addresses[i].sa.sa_family != AF_INET6)
            return tr_fail(error, TR_INVALID, 0, "address %u is neither IPv4 nor IPv6", i + 1);
    enum tr_code code = need_cap(ep->backend, TR_CAP_ADDRESSES, true, "addresses that come and go", error);
    return code == TR_OK ? ep->backend->change_addresses(ep, add, addresses, count, error) : code;
}

enum tr_code tr_add_addresses(struct tr_endpoint *ep, const struct net_addr *addresses, unsigned count,
                              struct tr_error *error)
{
    REQUIRE(tr_is_endpoint(ep) && (addresses != NULL || count == 0));
    return change_addresses(ep, true, addresses, count, error);
}

enum tr_code tr_remove_addresses(struct tr_endpoint *ep, const struct net_addr *addresses, unsigned count,
                                 struct tr_error *error)
{
    REQUIRE(tr_is_endpoint(ep) && (addresses != NULL || count == 0));
    return change_addresses(ep, false, addresses, count, error);
}

enum tr_code tr_reset_streams(struct tr_endpoint *ep, uint32_t assoc, unsigned directions,
                              const uint16_t *streams, unsigned count, struct tr_error *error)
{
    REQUIRE(tr_is_endpoint(ep) && (streams != NULL || count == 0));
    if (directions == 0 || (directions & ~(unsigned)(TR_INBOUND | TR_OUTBOUND)))
        return tr_fail(error, TR_INVALID, 0, "reset streams: say inbound, outbound or both");
    if (count > TR_RESET_STREAMS_MAX)
        return tr_fail(error, TR_INVALID, 0, "reset streams: at most %u at once; give none for all",
                       TR_RESET_STREAMS_MAX);
    return ep->backend->reset_streams(ep, assoc, directions, streams, count, error);
}

enum tr_code tr_reset_assoc(struct tr_endpoint *ep, uint32_t assoc, struct tr_error *error)
{
    REQUIRE(tr_is_endpoint(ep));
    enum tr_code code =
        need_cap(ep->backend, TR_CAP_RESET_ASSOC, true, "asking to reset an association", error);
    return code == TR_OK ? ep->backend->reset_assoc(ep, assoc, error) : code;
}

enum tr_code tr_add_streams(struct tr_endpoint *ep, uint32_t assoc, uint16_t outbound, uint16_t inbound,
                            struct tr_error *error)
{
    REQUIRE(tr_is_endpoint(ep));
    if (outbound == 0 && inbound == 0)
        return tr_fail(error, TR_INVALID, 0, "add streams: say how many");
    return ep->backend->add_streams(ep, assoc, outbound, inbound, error);
}

/* ---- Messages -------------------------------------------------------------------------------------- */

/* A message that is data and nothing else. */
static bool is_plain(const struct tr_msg *m)
{
    return m->len != 0 && m->data != NULL && !(m->flags & ~TR_UNORDERED) && m->pr_policy <= TR_PR_PRIO;
}

/* How many of `msgs` may go to the backend in one burst; less than count: the next one is not plain. */
static unsigned plain_run(const struct tr_msg *msgs, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (!is_plain(&msgs[i]) || msgs[i].assoc != msgs[0].assoc)
            return i;
    return count;
}

/* The one that ends its association; TR_INVALID for one that does not. */
static enum tr_code send_end(struct tr_endpoint *ep, const struct tr_msg *msg, unsigned *sent)
{
    struct tr_msg data = *msg;
    unsigned taken = 0;
    data.flags &= (uint16_t)~TR_EOF;
    if (msg->len != 0 && msg->data == NULL)
        return TR_INVALID;
    if (msg->flags == TR_ABORT) {
        enum tr_code code = ep->backend->abort(ep, msg->assoc, msg->data, msg->len, NULL);
        *sent += code == TR_OK;
        return code;
    }
    if (!(msg->flags & TR_EOF) || (msg->len != 0 && !is_plain(&data)))
        return TR_INVALID;
    enum tr_code code = msg->len != 0 ? ep->backend->send(ep, &data, 1, &taken) : TR_OK;
    if (code != TR_OK)
        return code;
    code = ep->backend->eof(ep, msg->assoc, NULL);
    *sent += taken != 0 || code == TR_OK;
    return code;
}

enum tr_code tr_send(struct tr_endpoint *ep, const struct tr_msg *msgs, unsigned count, unsigned *sent)
{
    REQUIRE(tr_is_endpoint(ep) && ep->loop != NULL && (msgs != NULL || count == 0) && sent != NULL);
    *sent = 0;
    unsigned plain = plain_run(msgs, count);
    enum tr_code code = plain > 0 ? ep->backend->send(ep, msgs, plain, sent) : TR_OK;
    if (code != TR_OK || plain == count)
        return code;
    if (msgs[plain].assoc != msgs[0].assoc)
        return TR_INVALID;
    code = send_end(ep, &msgs[plain], sent);
    return code == TR_OK && plain + 1 < count ? TR_NO_ASSOC : code;
}

enum tr_code tr_send_to(struct tr_endpoint *ep, const struct tr_msg *msg, const struct net_addr *path)
{
    REQUIRE(tr_is_endpoint(ep) && ep->loop != NULL && msg != NULL && path != NULL);
    return is_plain(msg) ? ep->backend->send_to(ep, msg, path) : TR_INVALID;
}

uint32_t tr_send_capacity(struct tr_endpoint *ep)
{
    REQUIRE(tr_is_endpoint(ep) && ep->loop != NULL);
    return ep->backend->send_capacity(ep);
}

/* The default policy. A time to live stands in another option; on backends that have both, in both. */
static void default_reliability(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *send_param,
                                struct tr_msg *msg)
{
    static const uint8_t policies[] = {[OPT_PR_NONE] = TR_PR_NONE,
                                       [OPT_PR_TTL] = TR_PR_TTL,
                                       [OPT_PR_RTX] = TR_PR_RTX,
                                       [OPT_PR_PRIO] = TR_PR_PRIO};
    struct opt_set d = {0};
    int64_t time = opt_num(send_param, OPTF_DSP_TIMETOLIVE, 0);
    tr_get_option(ep, assoc, OPT_DEFAULT_PRINFO, &d, NULL);
    msg->pr_policy = policies[opt_num(&d, OPTF_PRINFO_POLICY, OPT_PR_NONE)];
    msg->pr_value = (uint32_t)opt_num(&d, OPTF_PRINFO_VALUE, 0);
    if (msg->pr_policy == TR_PR_NONE && time != 0) {
        msg->pr_policy = TR_PR_TTL;
        msg->pr_value = (uint32_t)time;
    }
}

enum tr_code tr_send_simple(struct tr_endpoint *ep, uint32_t assoc, uint16_t stream, const void *data,
                            uint32_t len)
{
    REQUIRE(tr_is_endpoint(ep) && (data != NULL || len == 0));
    struct opt_set d = {0};
    enum tr_code code = tr_get_option(ep, assoc, OPT_DEFAULT_SEND_PARAM, &d, NULL);
    if (code != TR_OK)
        return code;
    int64_t flags = opt_num(&d, OPTF_DSP_FLAGS, 0);
    struct tr_msg msg = {.data = data,
                         .len = len,
                         .assoc = assoc,
                         .stream = stream,
                         .flags = flags & OPT_SEND_ABORT ? TR_ABORT
                                                         : (flags & OPT_SEND_UNORDERED ? TR_UNORDERED : 0) |
                                                               (flags & OPT_SEND_EOF ? TR_EOF : 0),
                         .ppid = (uint32_t)opt_num(&d, OPTF_DSP_PPID, 0),
                         .context = (uint32_t)opt_num(&d, OPTF_DSP_CONTEXT, 0)};
    unsigned sent;
    default_reliability(ep, assoc, &d, &msg);
    return tr_send(ep, &msg, 1, &sent);
}

enum tr_code tr_recv(struct tr_endpoint *ep, unsigned max, const struct tr_item **items, unsigned *count)
{
    REQUIRE(tr_is_endpoint(ep) && ep->loop != NULL && items != NULL && count != NULL);
    *count = 0;
    if (__builtin_expect(ep->stash != NULL, 0) && tr_stash_recv(ep, max, items, count))
        return TR_OK;
    return ep->backend->recv(ep, max, items, count);
}
