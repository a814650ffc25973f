/* The resolver: getaddrinfo in threads of its own.
 *
 * Why getaddrinfo: it alone asks what the administrator wrote into /etc/nsswitch.conf (files, DNS, mDNS,
 * LDAP, systemd-resolved, a container's names) and sorts the answer by RFC 6724. A resolver library such as
 * c-ares speaks DNS and reads /etc/hosts, and no more: `getent hosts stp` would know a name that Junctor does
 * not.
 *
 * Why not getaddrinfo_a, glibc's own way to have it in the background: a request that is under way cannot be
 * cancelled (gai_cancel says EAI_NOTCANCELED), so closing would have to wait for a dead name server, or leak;
 * it has 20 threads for the whole process, so names that hang hold up others; and it tells the end by a
 * signal or yet another thread, not by a descriptor.
 *
 * getaddrinfo itself cannot be cancelled either: pthread_cancel leaves locks and descriptors of NSS modules
 * behind. So a request that nobody wants any more is left to run out (with glibc's defaults 10 seconds for
 * each name server that is dead, times the search domains) in a thread that owns everything it touches:
 *
 *   - `struct tr_resolver` is counted: the program has it, and each thread. The last one frees it.
 *   - A request that waits or is ready is guarded by the lock. One that runs is in the hands of one thread,
 * which reads what nobody writes (host, port) and writes `answer`, until it takes the lock again; meanwhile
 * the lock guards its place in the list and `unwanted`, and others read its cookie, which nobody writes.
 *   - `unwanted` and `closed` are set under the lock by the program, and seen by the thread under the lock
 *     before it would put the answer into a list or write the descriptor, which closing has closed.
 *
 * Threads are made when requests wait, up to THREADS_MAX, and end when none does. So 31 names that hang hold
 * up nobody, and more of them hold up others for as long as glibc tries, not for ever. A thread blocks all
 * signals: those are the program's. */
#include "config/sctp/require.h"
#include "transport/resolve.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <time.h>
#include <unistd.h>

#include "config/sctp/host.h"
#include "transport/backend_priv.h"
#include "transport/clock_priv.h"

#define THREADS_MAX 32

struct request {
    TAILQ_ENTRY(request) next; /* in one of the resolver's three lists */
    bool unwanted;             /* cancelled while a thread had it */
    uint16_t port;
    struct tr_answer answer;
    char host[];
};

TAILQ_HEAD(requests, request);

struct tr_resolver {
    pthread_mutex_t lock; /* guards what follows */
    unsigned threads;
    bool closed;             /* by the program; the threads end */
    struct requests waiting; /* for a thread */
    struct requests running; /* each in the hands of a thread */
    struct requests ready;   /* for the program */
    int fd;                  /* an eventfd; readable while there are ready ones */
};

/* ---- answers --------------------------------------------------------------------------------------- */

/* What getaddrinfo's number means for whoever reads the log. */
static void no_answer(struct tr_answer *a, const char *host, int why, int error_number)
{
    switch (why) {
    case EAI_NONAME:
    case EAI_NODATA:
    case EAI_ADDRFAMILY:
        a->code = tr_fail(&a->error, TR_NO_NAME, 0,
                          "%.100s has no address (%s); is it spelled as in the DNS or /etc/hosts?", host,
                          gai_strerror(why));
        break;
    case EAI_AGAIN:
        a->code = tr_fail(&a->error, TR_TIMEOUT, 0,
                          "looking up %.100s: %s; do the name servers in /etc/resolv.conf answer?", host,
                          gai_strerror(why));
        break;
    case EAI_MEMORY:
        a->code = tr_fail(&a->error, TR_LIMIT, ENOMEM, "looking up %.100s: out of memory", host);
        break;
    case EAI_SYSTEM:
        a->code = tr_fail(&a->error, TR_SYSTEM, error_number, "looking up %.100s: %s", host,
                          strerror(error_number));
        break;
    default:
        a->code = tr_fail(&a->error, TR_SYSTEM, 0,
                          "looking up %.100s: %s; does `getent ahosts` find it on this host?", host,
                          gai_strerror(why));
    }
}

/* Names that are blocked resolve to 0.0.0.0 here and there; a packet would go to this host. */
static bool is_unicast(const struct net_addr *a)
{
    if (a->sa.sa_family == AF_INET6)
        return !IN6_IS_ADDR_UNSPECIFIED(&a->in6.sin6_addr) && !IN6_IS_ADDR_MULTICAST(&a->in6.sin6_addr);
    uint32_t v4 = ntohl(a->in4.sin_addr.s_addr);
    return v4 != INADDR_ANY && v4 != INADDR_BROADCAST && !IN_MULTICAST(v4);
}

static void add_address(struct tr_answer *a, const struct sockaddr *sa, uint16_t port)
{
    struct net_addr address;
    memset(&address, 0, sizeof address);
    if (sa->sa_family == AF_INET)
        memcpy(&address.in4, sa, sizeof address.in4);
    else if (sa->sa_family == AF_INET6)
        memcpy(&address.in6, sa, sizeof address.in6);
    else
        return;
    net_addr_set_port(&address, port);
    for (unsigned i = 0; i < a->count; i++)
        if (net_addr_equal(&a->addresses[i], &address))
            return;
    if (is_unicast(&address) && a->count < TR_RESOLVE_MAX)
        a->addresses[a->count++] = address;
}

/* Blocks. AI_ADDRCONFIG asks for IPv6 only where this host has IPv6, which spares it the name servers that do
 * not answer such questions. The type of socket only keeps each address from coming three times. */
static void look_up(struct request *q)
{
    static const struct addrinfo hints = {.ai_flags = AI_ADDRCONFIG, .ai_socktype = SOCK_STREAM};
    struct tr_answer *a = &q->answer;
    struct addrinfo *list = NULL;
    int why = getaddrinfo(q->host, NULL, &hints, &list), error_number = errno;
    if (why != 0) {
        no_answer(a, q->host, why, error_number);
        return;
    }
    for (const struct addrinfo *i = list; i != NULL; i = i->ai_next)
        add_address(a, i->ai_addr, q->port);
    freeaddrinfo(list);
    if (a->count == 0)
        no_answer(a, q->host, EAI_NODATA, 0);
}

/* ---- threads --------------------------------------------------------------------------------------- */

/* Ends the use of the resolver by the program or a thread, which holds the lock; gives it back. */
static void leave(struct tr_resolver *r)
{
    bool last = r->closed && r->threads == 0;
    pthread_mutex_unlock(&r->lock);
    if (!last)
        return;
    pthread_mutex_destroy(&r->lock);
    free(r);
}

/* With the lock held. */
static void hand_over(struct tr_resolver *r, struct request *q)
{
    TAILQ_INSERT_TAIL(&r->ready, q, next);
    eventfd_write(r->fd, 1);
}

static void *resolve_waiting(void *resolver)
{
    struct tr_resolver *r = resolver;
    struct request *q;
    pthread_mutex_lock(&r->lock);
    while (!r->closed && (q = TAILQ_FIRST(&r->waiting)) != NULL) {
        TAILQ_REMOVE(&r->waiting, q, next);
        TAILQ_INSERT_TAIL(&r->running, q, next);
        pthread_mutex_unlock(&r->lock);
        look_up(q);
        pthread_mutex_lock(&r->lock);
        TAILQ_REMOVE(&r->running, q, next);
        if (q->unwanted || r->closed)
            free(q);
        else
            hand_over(r, q);
    }
    r->threads--;
    leave(r);
    return NULL;
}

/* With the lock held. 0 or an errno. */
static int start_thread(struct tr_resolver *r)
{
    pthread_attr_t how;
    pthread_t thread;
    sigset_t all;
    sigfillset(&all);
    if (pthread_attr_init(&how) != 0)
        return ENOMEM;
    pthread_attr_setdetachstate(&how, PTHREAD_CREATE_DETACHED);
    pthread_attr_setsigmask_np(&how, &all);
    int error = pthread_create(&thread, &how, resolve_waiting, r);
    pthread_attr_destroy(&how);
    if (error == 0)
        r->threads++;
    return error;
}

/* ---- the program's side ------------------------------------------------------------------------------ */

enum tr_code tr_resolver_open(struct tr_resolver **out, struct tr_error *error)
{
    REQUIRE(out != NULL);
    struct tr_resolver *r = calloc(1, sizeof *r);
    if (r == NULL)
        return tr_fail(error, TR_LIMIT, ENOMEM, "opening a resolver: out of memory");
    r->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (r->fd < 0) {
        int e = errno;
        free(r);
        return tr_fail(error, TR_LIMIT, e, "opening a resolver: %s", strerror(e));
    }
    pthread_mutex_init(&r->lock, NULL);
    TAILQ_INIT(&r->waiting);
    TAILQ_INIT(&r->ready);
    TAILQ_INIT(&r->running);
    *out = r;
    return TR_OK;
}

int tr_resolver_fd(const struct tr_resolver *r)
{
    REQUIRE(r != NULL);
    return r->fd;
}

enum tr_code tr_resolver_ask(struct tr_resolver *r, const char *host, uint16_t port, void *cookie,
                             struct tr_error *error)
{
    REQUIRE(r != NULL && host != NULL);
    struct net_addr numeric;
    bool is_numeric = net_addr_parse(host, port, &numeric);
    if (!is_numeric && !net_host_name_valid(host))
        return tr_fail(error, TR_INVALID, 0,
                       "'%.60s' is neither an address nor a host name; write one such as 127.0.0.1, ::1 or "
                       "stp.example",
                       host);
    struct request *q = calloc(1, sizeof *q + strlen(host) + 1);
    if (q == NULL)
        return tr_fail(error, TR_LIMIT, ENOMEM, "looking up %.100s: out of memory", host);
    strcpy(q->host, host);
    q->port = port;
    q->answer.cookie = cookie;

    int failed = 0;
    pthread_mutex_lock(&r->lock);
    if (is_numeric) {
        q->answer.addresses[q->answer.count++] = numeric;
        hand_over(r, q);
    } else {
        if (r->threads < THREADS_MAX)
            failed = start_thread(r);
        if (r->threads > 0) {
            failed = 0; /* those there are will come to it */
            TAILQ_INSERT_TAIL(&r->waiting, q, next);
        }
    }
    pthread_mutex_unlock(&r->lock);
    if (failed == 0)
        return TR_OK;
    free(q);
    return tr_fail(error, TR_LIMIT, failed, "looking up %.100s: no thread for it: %s", host,
                   strerror(failed));
}

/* With the lock held, after answers were removed: the descriptor is readable only while there are some. */
static void answers_removed(struct tr_resolver *r)
{
    eventfd_t count;
    if (TAILQ_EMPTY(&r->ready))
        eventfd_read(r->fd, &count);
}

bool tr_resolver_next(struct tr_resolver *r, struct tr_answer *out)
{
    REQUIRE(r != NULL && out != NULL);
    pthread_mutex_lock(&r->lock);
    struct request *q = TAILQ_FIRST(&r->ready);
    if (q != NULL)
        TAILQ_REMOVE(&r->ready, q, next);
    answers_removed(r);
    pthread_mutex_unlock(&r->lock);
    if (q == NULL)
        return false;
    *out = q->answer;
    free(q);
    return true;
}

/* Frees those with this cookie, or all. With the lock held. */
static void drop(struct requests *list, bool all, const void *cookie)
{
    struct request *q, *after;
    for (q = TAILQ_FIRST(list); q != NULL; q = after) {
        after = TAILQ_NEXT(q, next);
        if (!all && q->answer.cookie != cookie)
            continue;
        TAILQ_REMOVE(list, q, next);
        free(q);
    }
}

void tr_resolver_cancel(struct tr_resolver *r, const void *cookie)
{
    REQUIRE(r != NULL);
    struct request *q;
    pthread_mutex_lock(&r->lock);
    drop(&r->waiting, false, cookie);
    drop(&r->ready, false, cookie);
    answers_removed(r);
    TAILQ_FOREACH(q, &r->running, next)
    if (q->answer.cookie == cookie)
        q->unwanted = true;
    pthread_mutex_unlock(&r->lock);
}

void tr_resolver_close(struct tr_resolver *r)
{
    if (r == NULL)
        return;
    pthread_mutex_lock(&r->lock);
    r->closed = true;
    drop(&r->waiting, true, NULL);
    drop(&r->ready, true, NULL);
    close(r->fd);
    leave(r);
}

/* ---- for simple programs ----------------------------------------------------------------------------- */

/* True when the resolver has an answer in time. A signal does not end it. */
static bool wait_for_answer(const struct tr_resolver *r, int timeout_ms)
{
    int64_t deadline = tr_now_ms() + timeout_ms;
    struct pollfd fd = {.fd = r->fd, .events = POLLIN};
    while (poll(&fd, 1, timeout_ms) < 0) {
        int64_t left = deadline - tr_now_ms();
        if (timeout_ms >= 0)
            timeout_ms = left > 0 ? (int)left : 0;
    }
    return fd.revents != 0;
}

enum tr_code tr_resolve(const char *host, uint16_t port, int timeout_ms, struct tr_answer *out)
{
    REQUIRE(host != NULL && out != NULL);
    struct tr_resolver *r = NULL;
    memset(out, 0, sizeof *out);
    out->code = tr_resolver_open(&r, &out->error);
    if (out->code == TR_OK)
        out->code = tr_resolver_ask(r, host, port, NULL, &out->error);
    if (out->code == TR_OK && (!wait_for_answer(r, timeout_ms) || !tr_resolver_next(r, out)))
        out->code = tr_fail(&out->error, TR_TIMEOUT, 0,
                            "looking up %.100s: no answer within %d ms; do the name servers in "
                            "/etc/resolv.conf answer?",
                            host, timeout_ms);
    tr_resolver_close(r);
    return out->code;
}

/* ---- choosing ---------------------------------------------------------------------------------------- */

static bool fits(const struct net_addr *local, unsigned local_count, const struct net_addr *peer)
{
    for (unsigned i = 0; i < local_count; i++) {
        bool any6 = local[i].sa.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&local[i].in6.sin6_addr);
        if (any6 || local[i].sa.sa_family == peer->sa.sa_family)
            return true;
    }
    return local_count == 0;
}

unsigned tr_choose_addresses(const struct tr_backend *b, const struct net_addr *local, unsigned local_count,
                             unsigned attempt, struct net_addr *addresses, unsigned count)
{
    REQUIRE(b != NULL && (local != NULL || local_count == 0) && (addresses != NULL || count == 0));
    unsigned kept = 0;
    for (unsigned i = 0; i < count; i++)
        if (fits(local, local_count, &addresses[i]))
            addresses[kept++] = addresses[i];
    for (unsigned turns = kept ? attempt % kept : 0; turns > 0; turns--) {
        struct net_addr first = addresses[0];
        memmove(&addresses[0], &addresses[1], (kept - 1) * sizeof addresses[0]);
        addresses[kept - 1] = first;
    }
    return kept > 1 && !(tr_backend_caps(b) & TR_CAP_MULTIHOMING) ? 1 : kept;
}
