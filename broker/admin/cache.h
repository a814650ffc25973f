/* Cached answers: many clients that request the same document at the same time cost little more than one. For
 * the admin thread. */
#ifndef JUNCTOR_BROKER_ADMIN_CACHE_H
#define JUNCTOR_BROKER_ADMIN_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include <microhttpd.h>

#define ADMIN_CACHED    32  /* answers */
#define ADMIN_CACHE_URI 300 /* longer ones are not kept */

struct admin_cached {
    char uri[ADMIN_CACHE_URI];
    bool local; /* answered on the Unix socket, and only valid there */
    uint64_t at_ms;
    struct MHD_Response *response; /* NULL: none */
};

/* Zero-initialised it is empty. */
struct admin_cache {
    struct admin_cached answers[ADMIN_CACHED];
    unsigned next; /* the one that is replaced next */
};

/* The answer to this request (path and query), if not older than ADMIN_FRESH_MS; NULL: none. */
struct MHD_Response *admin_cache_find(const struct admin_cache *c, const char *uri, bool local,
                                      uint64_t now_ms);

/* Keeps an answer of status 200. True: the caller's reference is taken over. */
bool admin_cache_keep(struct admin_cache *c, const char *uri, bool local, uint64_t now_ms,
                      struct MHD_Response *response);

/* Empties it: something has been changed, or the admin thread ends. */
void admin_cache_clear(struct admin_cache *c);

#endif
