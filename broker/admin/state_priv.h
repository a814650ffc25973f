/* The state of the admin thread: the server, and the calls that it is answering. Everything here is for that
 * thread. */
#ifndef JUNCTOR_BROKER_ADMIN_STATE_PRIV_H
#define JUNCTOR_BROKER_ADMIN_STATE_PRIV_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <microhttpd.h>

#include "broker/admin/accept.h"
#include "broker/admin/cache.h"
#include "broker/admin/socket.h"
#include "broker/observe.h"

#define ADMIN_API         1    /* in every document; changes only if old readers cannot read the new one */
#define ADMIN_METRICS_MAX 8    /* addresses of broker.metrics */
#define ADMIN_PATIENCE_MS 5000 /* how long workers may take to answer */
#define ADMIN_FRESH_MS    100  /* how long the workers' data is reused for other calls */

struct admin;
struct admin_call;
struct admin_capture;
struct tap;

/* What a handler returns: the answer is ready (status, type, body), or what it has to wait for. */
enum admin_step {
    ADMIN_DONE,
    ADMIN_WALK,    /* everything, from the workers: admin_fresh */
    ADMIN_ONE,     /* call->origin and call->act, from a worker */
    ADMIN_REQUEST, /* call->request, from control */
    ADMIN_LATER    /* call->again_ms from now */
};

/* Called until it returns ADMIN_DONE. call->round counts from 0. */
typedef enum admin_step admin_handler(struct admin *a, struct admin_call *call);

struct admin_resource {
    const char *method; /* "GET", "POST" */
    const char *path;   /* "/v1/associations/": what follows is call->rest */
    bool local;         /* on the Unix socket only */
    admin_handler *handle;
    const char *help;
};

/* One request. */
struct admin_call {
    struct MHD_Connection *connection;
    const struct admin_resource *resource;
    const char *rest; /* of the path */
    char path[300];
    char uri[ADMIN_CACHE_URI]; /* with its query, as received; "": too long */
    bool local;                /* came by the Unix socket */
    bool taken;                /* its header has been read */

    /* Its progress. */
    unsigned round;
    enum admin_step step;
    uint64_t came_ms, deadline_ms;  /* refused then, unless it waits for control or for due_ms */
    uint64_t came_changes;          /* admin->changes when it came */
    uint64_t due_ms;                /* ADMIN_LATER */
    bool suspended;                 /* in admin->waiting */
    struct admin_call *prev, *next; /* there */

    /* For the handler. */
    uint64_t origin;
    enum brk_look_act act;
    unsigned to;     /* of BRK_LOOK_MOVE */
    unsigned missed; /* how often it was looked for in vain */
    unsigned again_ms;
    struct brk_request request;
    const struct brk_assoc_view *found; /* ADMIN_ONE; NULL: there is none */
    const struct brk_assoc_detail *detail;

    /* The answer. */
    unsigned status;
    const char *type;  /* static */
    char *body;        /* from malloc; NULL: `fixed` */
    const char *fixed; /* static */
    size_t length;
    struct admin_capture *capture; /* instead: what the tap captures (capture.h) */
};

/* Passed to libmicrohttpd: the server, and on which kind of socket requests arrive. */
struct admin_kind {
    struct admin *admin;
    bool local;
};

struct admin {
    struct brk_observer *observer;
    struct tap *tap;
    struct admin_capture *captures; /* that are being sent */
    const char *version;
    char *file;
    pthread_t thread;
    int wake; /* eventfd */
    _Atomic bool stop;
    char path[ADMIN_PATH_MAX];                 /* "": none */
    int listening[ADMIN_SOCKETS];              /* the first one: the Unix socket; -1: none */
    struct MHD_Daemon *daemons[ADMIN_SOCKETS]; /* the first one: of the Unix socket; NULL: none */
    unsigned daemon_count;
    struct admin_kind kinds[2]; /* TCP, Unix */

    struct admin_accept accept;
    struct admin_cache cache;
    unsigned calls;             /* that have arrived and are not completed */
    bool resumed;               /* a suspended one has been answered: libmicrohttpd must be run */
    struct admin_call *waiting; /* oldest first */
    struct admin_call *job;     /* the one that the walk in progress is for; NULL: for all, or it is gone */
    bool walking_all;           /* a walk for everything is under way, */
    uint64_t walk_begun_ms;     /* since then; or one for one association */
    bool walked;                /* one for everything was completed, */
    uint64_t walked_ms;         /* that had begun then */
    uint64_t changes;           /* commands that have been answered; who asks afterwards sees what they did */
    uint64_t walk_begun_changes, walked_changes; /* how many it were at those times */
};

#endif
