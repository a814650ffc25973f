/* What a backend provides. Private to transport/: transport.c checks arguments and capabilities once, for all
 * backends, and calls through this table; nothing else knows which backend it talks to. */
#ifndef JUNCTOR_TRANSPORT_BACKEND_PRIV_H
#define JUNCTOR_TRANSPORT_BACKEND_PRIV_H

#include "transport/admission.h"
#include "transport/alive.h"
#include "config/sctp/options.h"
#include "transport/transport.h"

/* First member of every backend's own loop and endpoint structs. */
struct tr_loop {
    const struct tr_backend *backend;
    struct tr_loop_params params; /* defaults filled in */
    struct tr_loop_stats stats;

    /* Kept by transport.c; a backend leaves these zero. */
    struct tr_ready *ready; /* the current turn's ready list, so that tr_close can clear its entries */
    unsigned ready_count, turn;
    struct tr_stash *stashes; /* endpoints for which wait.c keeps items */
};

struct tr_stash; /* items that tr_connect read and that were not for it (wait.c) */

struct tr_endpoint {
    uint32_t magic;
    const struct tr_backend *backend;
    struct tr_loop *loop; /* NULL between tr_release and tr_adopt */
    void *cookie;
    enum tr_style style;
    bool peeled;      /* has exactly one association, like a one-to-one endpoint */
    unsigned watch;   /* enum tr_ready_flag bits */
    uint64_t was_set; /* options (bit enum opt_id) that tr_apply_options has set on it or an association */
    struct tr_alive alive;    /* kept by the backend, which clears it with the endpoint */
    struct adm_owner reading; /* tr_reading_init (patience_priv.h), by the backend */

    /* Kept by transport.c; a backend leaves these zero. */
    unsigned ready_index; /* 1 + its place in the ready list of turn ready_turn, 0: not in it */
    unsigned ready_turn;
    struct tr_stash *stash;
};

#define TR_ENDPOINT_MAGIC 0x6a756e63u

/* False for NULL, and most likely for one that was closed. */
static inline bool tr_is_endpoint(const struct tr_endpoint *ep)
{
    return ep != NULL && ep->magic == TR_ENDPOINT_MAGIC;
}

/* transport.c fills in, after a successful loop_open: backend and params; after a successful open or peeloff:
 * magic, backend, loop, cookie, style (that of params; peeled off: TR_ONE_TO_ONE), peeled, and
 * watch = TR_READABLE; after watch, release and adopt: watch and loop. A backend may set them earlier. It
 * counts in stats itself. */

/* One option of an endpoint (assoc 0) or of one of its associations, and where to say what fails (may be
 * NULL). */
struct tr_place {
    struct tr_endpoint *ep;
    uint32_t assoc;
    enum opt_id id;
    struct tr_error *error;
};

/* Sets or reads one option. `in` holds all fields that the caller gave (others keep what they have). `out`
 * comes with what chooses what is read: a path, a stream. */
typedef enum tr_code tr_option_set(const struct tr_place *at, const struct opt_set *in);
typedef enum tr_code tr_option_get(const struct tr_place *at, struct opt_set *out);

/* What setting an option of a one-to-many endpoint means for the associations that there are. */
enum tr_reach {
    TR_COMING,  /* nothing: it is for those to come */
    TR_ALL,     /* the stack sets it for them as well (SCTP_ALL_ASSOC) */
    TR_CURRENT, /* so, but one that does not take it is no error (SCTP_CURRENT_ASSOC) */
    TR_EACH     /* the stack has no such call: they are gone through, and keep what is not given */
};

struct tr_option_ops {
    tr_option_set *set; /* NULL: the backend cannot */
    tr_option_get *get;
    enum tr_reach reach;
};

/* Sets every given option in the order of options.def, without further checks: for open, which calls it
 * between socket and bind. `failed` and `error` may be NULL. */
enum tr_code tr_apply_options(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *options,
                              enum opt_id *failed, struct tr_error *error);

/* A stack's numbers for enum tr_pr_policy, and for enum opt_prinfo, which is the same; from its own headers.
 */
#define TR_PR_POLICIES                                                                                       \
    [TR_PR_NONE] = SCTP_PR_SCTP_NONE, [TR_PR_TTL] = SCTP_PR_SCTP_TTL, [TR_PR_RTX] = SCTP_PR_SCTP_RTX,        \
    [TR_PR_PRIO] = SCTP_PR_SCTP_PRIO

/* Fills in *error (may be NULL) and returns `code`. */
enum tr_code tr_fail(struct tr_error *error, enum tr_code code, int error_number, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

struct reasm_pool;

struct tr_backend {
    const char *name;
    unsigned caps;                       /* enum tr_cap bits */
    const struct tr_option_ops *options; /* OPT_ID_COUNT entries, one line per options.def row */
    const struct tr_records *records;    /* for record.c; NULL: options are not records */

    /* Each as its namesake in transport.h; arguments are checked already. */
    enum tr_code (*probe)(struct tr_error *);
    void (*advise)(const char *netns, unsigned topics, void (*tell)(const char *text, void *arg),
                   void *arg); /* NULL: nothing to tell */
    /* What to do where less was granted of an option than wanted ("; write …"); leaves `out` as it is, an
     * empty string, where it does not know. NULL: it never does. */
    void (*hint)(enum opt_field f, int64_t wanted, int64_t granted, char *out, size_t size);
    /* The associations of a one-to-many endpoint, for TR_EACH. Returns how many; *ids is the caller's to
     * free. NULL without that. */
    unsigned (*assocs)(struct tr_endpoint *, uint32_t **ids);
    enum tr_code (*loop_open)(const struct tr_loop_params *, struct tr_loop **, struct tr_error *);
    void (*loop_close)(struct tr_loop *);
    int (*loop_fd)(const struct tr_loop *);
    enum tr_code (*loop_add_fd)(struct tr_loop *, int fd, void *cookie, struct tr_error *);
    void (*loop_remove_fd)(struct tr_loop *, int fd);
    unsigned (*loop_wait)(struct tr_loop *, int timeout_ms, struct tr_ready *, unsigned max);
    /* What loop_wait said of the endpoint was not passed on: the next one says it again. NULL: it does so
     * anyway. */
    void (*again)(struct tr_endpoint *, unsigned flags);
    /* Items have come into a stash of this loop (wait_priv.h), of an endpoint that is read: until they are
     * out again (tr_stash_any), tr_loop_fd polls readable now and then. May be NULL. */
    void (*stashed)(struct tr_loop *);
    void (*loop_turn)(struct tr_loop *);
    const struct reasm_pool *(*pieces)(const struct tr_loop *); /* NULL: messages are never half received */
    enum tr_code (*open)(struct tr_loop *, const struct tr_open_params *, struct tr_endpoint **,
                         struct tr_error *);
    enum tr_code (*listen)(struct tr_endpoint *, int backlog, struct tr_error *);
    void (*close)(struct tr_endpoint *);
    uint16_t (*port)(const struct tr_endpoint *);
    uint16_t (*encaps_port)(const struct tr_endpoint *);
    enum tr_code (*watch)(struct tr_endpoint *, unsigned flags);
    enum tr_code (*release)(struct tr_endpoint *, struct tr_error *);
    enum tr_code (*adopt)(struct tr_loop *, struct tr_endpoint *, struct tr_error *);
    unsigned (*addresses)(struct tr_endpoint *, uint32_t assoc, bool remote, struct net_addr *, unsigned max);
    enum tr_code (*connect_init)(struct tr_endpoint *, const struct tr_target *, uint32_t *assoc,
                                 struct tr_error *);
    enum tr_code (*peeloff)(struct tr_endpoint *, uint32_t *assoc, void *cookie, struct tr_endpoint **,
                            struct tr_error *);
    enum tr_code (*eof)(struct tr_endpoint *, uint32_t assoc, struct tr_error *);
    enum tr_code (*abort)(struct tr_endpoint *, uint32_t assoc, const void *reason, uint32_t len,
                          struct tr_error *);
    enum tr_code (*change_addresses)(struct tr_endpoint *, bool add, const struct net_addr *, unsigned count,
                                     struct tr_error *); /* NULL without TR_CAP_ADDRESSES */
    enum tr_code (*reset_streams)(struct tr_endpoint *, uint32_t assoc, unsigned directions,
                                  const uint16_t *streams, unsigned count, struct tr_error *);
    enum tr_code (*reset_assoc)(struct tr_endpoint *, uint32_t assoc,
                                struct tr_error *); /* NULL without TR_CAP_RESET_ASSOC */
    enum tr_code (*add_streams)(struct tr_endpoint *, uint32_t assoc, uint16_t outbound, uint16_t inbound,
                                struct tr_error *);
    enum tr_code (*send)(struct tr_endpoint *, const struct tr_msg *, unsigned count, unsigned *sent);
    enum tr_code (*send_to)(struct tr_endpoint *, const struct tr_msg *, const struct net_addr *path);
    uint32_t (*send_capacity)(struct tr_endpoint *);
    enum tr_code (*recv)(struct tr_endpoint *, unsigned max, const struct tr_item **, unsigned *count);
};

#endif
