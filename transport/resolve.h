/* Host names to addresses without blocking, from wherever this host knows names (DNS, /etc/hosts, mDNS, …).
 *
 * A resolver is asked for a name and has a descriptor that polls readable when an answer is there:
 * tr_loop_add_fd puts it into a tr_loop, and any other event loop will do as well.
 *
 *     tr_resolver_open(&names, &error);
 *     tr_loop_add_fd(loop, tr_resolver_fd(names), names, &error);
 *     tr_resolver_ask(names, "stp.example", 2905, my_peer, &error);
 *     … the loop says that `names` is ready …
 *     while (tr_resolver_next(names, &answer))
 *         … answer.cookie is my_peer; answer.addresses go into a tr_target …
 *
 * A simple program calls tr_resolve, which waits.
 *
 * Threads: a resolver belongs to one thread at a time. Behind it are threads of the library's own, see
 * resolve.c; they block all signals and are in the network namespace of the thread that asks. */
#ifndef JUNCTOR_TRANSPORT_RESOLVE_H
#define JUNCTOR_TRANSPORT_RESOLVE_H

#include <stdbool.h>
#include <stdint.h>

#include "config/sctp/address.h"
#include "transport/transport.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default) /* what stands here leaves the library, all else stays inside */

#define TR_RESOLVE_MAX 16 /* addresses of an answer; more are left out */

struct tr_resolver;

struct tr_answer {
    void *cookie;                              /* as given to tr_resolver_ask */
    enum tr_code code;                         /* TR_OK: there is at least one address */
    struct net_addr addresses[TR_RESOLVE_MAX]; /* IPv4 and IPv6, each once and with the port; best first (RFC
                                                  6724) */
    unsigned count;
    struct tr_error error; /* why not: TR_NO_NAME, TR_TIMEOUT (no name server answers), TR_LIMIT, TR_SYSTEM */
};

/* Never blocks. TR_LIMIT: out of memory or descriptors. */
enum tr_code tr_resolver_open(struct tr_resolver **out, struct tr_error *error);

/* Forgets all requests and frees the resolver; at once, even while a name server keeps a request waiting. The
 * descriptor is closed: tr_loop_remove_fd comes first. NULL is fine. */
void tr_resolver_close(struct tr_resolver *r);

/* Polls readable while answers wait. Owned by the resolver. */
int tr_resolver_fd(const struct tr_resolver *r);

/* Asks for the addresses of `host`, a name or a numeric address (which needs no looking up). Never blocks;
 * `host` is copied. Each request that returns TR_OK is answered once, unless it is cancelled. TR_INVALID:
 * `host` is neither an address nor a name (RFC 1123); TR_LIMIT: no memory, or no thread. */
enum tr_code tr_resolver_ask(struct tr_resolver *r, const char *host, uint16_t port, void *cookie,
                             struct tr_error *error);

/* Takes the next answer; false when there is none (yet). Never blocks. */
bool tr_resolver_next(struct tr_resolver *r, struct tr_answer *out);

/* Forgets the requests with this cookie, under way or answered: no answer with it comes after this. */
void tr_resolver_cancel(struct tr_resolver *r, const void *cookie);

/* The same for simple programs, as gen_sctp:connect does with a host name: waits up to timeout_ms (-1: no
 * limit) for an answer. The result is out->code; out->error is filled in where that is not TR_OK. TR_TIMEOUT
 * when the time is over. */
enum tr_code tr_resolve(const char *host, uint16_t port, int timeout_ms, struct tr_answer *out);

/* Keeps of a peer's `addresses` those that an endpoint with these local addresses (none: any) can connect to:
 * IPv4 from IPv4, IPv6 from IPv6, both from "::". `attempt` says with which of them to begin: 0 at first,
 * then one more after each failure, so that all get their turn. Where the backend has no TR_CAP_MULTIHOMING
 * only that one is kept. Returns how many there are then; 0: none fits. Any thread. */
unsigned tr_choose_addresses(const struct tr_backend *b, const struct net_addr *local, unsigned local_count,
                             unsigned attempt, struct net_addr *addresses, unsigned count);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
