/* The configuration: from YAML text to one typed, validated, immutable struct.
 *
 * Indices are ids. A program that replaces its configuration at run time gives the new one the numbers of the
 * old (ids.h): the index of a listener, peer, group or route then means the same as before, and removed ones
 * keep their place as entries marked `gone`. As read from a file nothing is gone and the order is that of the
 * file.
 *
 * cfg_load returns either a struct in which every reference is resolved to an index and every value is within
 * its bounds, or a list of all errors of the file, each with its place. For a valid file it also lists values
 * that do harm together.
 *
 * Ownership: everything a cfg_config points to belongs to it and is freed by cfg_free. Thread safety: not
 * needed after loading; it is never written. Knows no sockets. */
#ifndef JUNCTOR_CONFIG_CONFIG_H
#define JUNCTOR_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "config/sctp/address.h"
#include "config/sctp/host.h"
#include "config/sctp/options.h"
#include "config/sctp/prefix.h"

#ifdef __cplusplus
extern "C" {
#endif

enum cfg_transport { CFG_TRANSPORT_AUTO, CFG_TRANSPORT_KERNEL, CFG_TRANSPORT_USRSCTP };
enum cfg_peeloff { CFG_PEELOFF_NEVER, CFG_PEELOFF_ALWAYS, CFG_PEELOFF_BUSY };
enum cfg_mode { CFG_LOADSHARE, CFG_OVERRIDE, CFG_BROADCAST }; /* RFC 4666 traffic modes */
enum cfg_share {
    CFG_ROUND_ROBIN,
    CFG_STREAM_HASH,
    CFG_SOURCE_HASH,
    CFG_LEAST_WAITING
};                                                  /* how loadshare picks */
enum cfg_state { CFG_READY, CFG_DRAIN, CFG_MAINT }; /* of members of groups */
#define CFG_NEVER 1                                 /* for a time: it does not come */
enum cfg_sandbox { CFG_SANDBOX_AUTO, CFG_SANDBOX_ON, CFG_SANDBOX_OFF };
enum cfg_admin_mode { CFG_ADMIN_OWNER, CFG_ADMIN_GROUP, CFG_ADMIN_ALL };
enum cfg_unrouted { CFG_UNROUTED_DROP, CFG_UNROUTED_ABORT, CFG_UNROUTED_SEND };
enum cfg_when_full { CFG_BLOCK, CFG_DROP_NEWEST, CFG_DROP_OLDEST, CFG_REROUTE };
enum cfg_session { CFG_PAIRED, CFG_SHARED, CFG_MAPPED, CFG_SESSIONS };
enum cfg_streams_full { CFG_STREAMS_ADD, CFG_STREAMS_REFUSE }; /* what mapped sessions do without a stream */
enum cfg_delivery { CFG_EITHER, CFG_ORDERED, CFG_UNORDERED };  /* the U bit of RFC 9260 3.3.1 */
enum cfg_stream_rule { CFG_SAME_STREAM, CFG_FIXED_STREAM, CFG_HASHED_STREAM, CFG_SPREAD_STREAM };
enum cfg_log_level { CFG_LOG_ERROR, CFG_LOG_WARNING, CFG_LOG_INFO, CFG_LOG_DEBUG };
enum cfg_log_format { CFG_LOGFMT, CFG_LOG_JSON };

/* The subjects of log lines; broker/log_events.def has the subject of each event. */
enum cfg_log_subject {
    CFG_LOG_BROKER,
    CFG_LOG_CONFIG,
    CFG_LOG_ENDPOINT,
    CFG_LOG_PEER,
    CFG_LOG_ASSOCIATION,
    CFG_LOG_PATH,
    CFG_LOG_MESSAGE,
    CFG_LOG_SUBJECTS
};

/* How much of a receive buffer that belongs to one association the broker offers as receive window, so that
 * messages that cost several times their size do not overflow it (broker/window.c): a quarter, but at least
 * 80 KiB, which is above the loopback's MTU, because Linux announces a reopened window only from that size
 * on. Buffers of less than four times that can overflow: advice_buffers.c. */
#define CFG_WINDOW_SHARE 4
#define CFG_WINDOW_LEAST ((int64_t)80 * 1024)

static inline int64_t cfg_window(int64_t recbuf)
{
    int64_t share = recbuf / CFG_WINDOW_SHARE;
    int64_t window = share > CFG_WINDOW_LEAST ? share : CFG_WINDOW_LEAST;
    return window < recbuf ? window : recbuf;
}

struct cfg_place {
    unsigned line, column; /* from 1; line 0: no place, or the file as a whole */
};

/* What is done about an association whose peer makes no progress. */
enum cfg_stall_action { CFG_STALL_AUTO, CFG_STALL_LOG, CFG_STALL_ABORT };

struct cfg_stall {
    unsigned after_ms; /* without progress; 0: nothing is done, and nobody watched */
    enum cfg_stall_action action;
};

/* How fast each association of a listener or peer is read. */
struct cfg_rate {
    uint64_t messages, bytes; /* a second; 0: as they come */
    unsigned burst_ms;        /* what was not brought for so long may come at once */
};

/* How much may wait for one association; 0: as much as the broker's queue_messages, queue_bytes. */
struct cfg_queue {
    unsigned messages;
    uint64_t bytes;
};

/* From where, how many and how fast a listener accepts associations. */
struct cfg_access {
    const struct net_prefix *allow, *deny;
    unsigned allow_count, deny_count;                           /* 0: all are allowed, none denied */
    unsigned max_associations, max_per_address, new_per_second; /* 0: any number */
};

struct cfg_listener {
    const char *name;
    bool gone;                        /* was in an earlier configuration: nothing but its name is left */
    const struct net_addr *addresses; /* all with `port`; at least one */
    unsigned address_count;
    uint16_t port;
    uint16_t encaps_port; /* local UDP port with usrsctp, default 9899 */
    const char *netns;    /* network namespace, name or path; NULL: the process's own */
    const char *device;   /* network interface; NULL: any */
    enum cfg_peeloff peeloff;
    struct cfg_stall stall;
    unsigned weight; /* of each association in loadshare groups */
    enum cfg_state state;
    struct cfg_rate rate_limit;
    struct cfg_queue queue;
    struct cfg_access access;
    const struct cfg_place *key_at;  /* by enum cfg_key: where it is written; nowhere: a default */
    struct opt_set sctp;             /* effective: defaults, then sctp:, then the profile, then its own */
    const struct cfg_place *sctp_at; /* by enum opt_field: where it is written; nowhere: a default */
};

struct cfg_peer {
    const char *name;
    bool gone;                    /* was in an earlier configuration: nothing but its name is left */
    const struct net_host *hosts; /* the remote end, addresses with `port`; at least one */
    unsigned host_count;
    uint16_t port;
    const struct net_addr *local; /* local addresses to bind before connecting; may be none */
    unsigned local_count;
    int64_t local_port;            /* the local port; CFG_ABSENT: the stack chooses one */
    const char *netns, *device;    /* as a listener's */
    uint16_t encaps_port;          /* remote UDP port with usrsctp */
    unsigned connect_timeout_ms;   /* until an attempt counts as failed */
    unsigned reconnect_initial_ms; /* first pause after a failure; doubles, with jitter */
    unsigned reconnect_max_ms;     /* its bound */
    unsigned weight;               /* in loadshare groups */
    enum cfg_state state;
    struct cfg_stall stall;
    struct cfg_rate rate_limit;
    struct cfg_queue queue;
    enum cfg_streams_full streams_full; /* as a member of mapped sessions, likewise: */
    unsigned reuse_after_ms; /* how long nothing must have passed on a stream before another client gets it */
    const struct cfg_place *key_at;
    struct opt_set sctp;
    const struct cfg_place *sctp_at; /* both as a listener's */
};

enum cfg_member_kind { CFG_MEMBER_PEER, CFG_MEMBER_LISTENER };

struct cfg_member {
    enum cfg_member_kind kind;
    unsigned index; /* into peers or listeners */
};

/* When a peer is taken out of a group because it fails. */
struct cfg_eject {
    unsigned failures;  /* so many, 0: never, */
    unsigned within_ms; /* in this time; */
    unsigned for_ms;    /* for so long; */
    unsigned most;      /* as long as no more than so many of a hundred of the group's members are */
};

#define CFG_EJECT_FAILURES_MAX 64

/* How much may wait for a group with nobody in it; beyond that it is dropped. 0: no limit but its sources'.
 */
struct cfg_hold {
    unsigned messages;
    uint64_t bytes;
    unsigned time_ms;
};

struct cfg_group {
    const char *name;
    bool gone;                        /* was in an earlier configuration: nothing but its name is left */
    const struct cfg_member *members; /* at least one; in order of preference for override */
    unsigned member_count;
    enum cfg_mode mode;
    enum cfg_share share;   /* loadshare only */
    unsigned slow_start_ms; /* loadshare only; 0: none */
    struct cfg_eject eject;
    struct cfg_hold hold;
    const uint32_t *adaptations;      /* of a listener's associations only those that announce one of these */
    unsigned adaptation_count;        /* 0: any */
    const struct net_prefix *remotes; /* and whose peer's first address is in one of these */
    unsigned remote_count;            /* 0: any */
    bool authenticated;               /* and who has authenticated chunks; */
    unsigned return_after_ms;         /* override only; 0: at once; or CFG_NEVER */
    bool shared, mapped;              /* has routes of that kind of session; not both */
};

struct cfg_range {
    uint16_t first, last; /* stream numbers, both included */
};

#define CFG_ABSENT (INT64_MIN + 1) /* an optional number that is not written */

/* When a route's messages may be given up; at most one of the three is written. */
struct cfg_partial {
    int64_t ttl_ms, rtx, prio; /* or CFG_ABSENT */
};

/* The stream on which a route's messages are sent. */
struct cfg_set_stream {
    enum cfg_stream_rule rule;
    uint16_t number; /* CFG_FIXED_STREAM */
};

struct cfg_route {
    const char *name;     /* NULL: none */
    const char *identity; /* its name, or else all its keys: what distinguishes it from others (ids.h) */
    bool gone; /* as above: what remains is name, identity, what its messages in flight need (group, session,
                  when_full, partial reliability, PPID and stream), and in `from` the sources that are gone,
                  too: see route_order */
    const struct cfg_member *from; /* listeners and peers whose messages it takes; at least one */
    unsigned from_count;
    const uint32_t *ppids; /* host byte order */
    unsigned ppid_count;   /* 0: any */
    const struct cfg_range *streams;
    unsigned stream_count;      /* 0: any */
    enum cfg_delivery delivery; /* of the messages that it takes */
    unsigned group;             /* index; a route `to` a peer or listener name gets a group of its own */
    enum cfg_session session;
    enum cfg_when_full when_full; /* what becomes of its messages when their outbox is full */
    struct cfg_partial partial;
    enum opt_prinfo pr_policy; /* the policy of `partial`: OPT_PR_NONE if none is written */
    uint32_t pr_value;
    int64_t set_ppid; /* the PPID with which its messages are sent, or CFG_ABSENT */
    struct cfg_set_stream set_stream;
    bool rewrites;  /* set_ppid or set_stream changes something */
    bool otherwise; /* made from broker.unrouted, for what no other route takes */
    unsigned line;  /* its place in the file */
};

/* When an association is handed over to an idler worker. */
struct cfg_balance {
    unsigned threshold; /* per cent of a processor that its worker takes; 0: never */
    unsigned interval_ms, pause_ms;
};

/* What became of a message. */
enum cfg_verdict { CFG_ANY_VERDICT, CFG_RECEIVED, CFG_FORWARDED, CFG_DROPPED, CFG_RETURNED };

/* Which messages the tap captures: those that fit everything that is written. */
struct cfg_filter {
    const struct cfg_member *from, *to; /* where they came from, and the member that they are sent to */
    unsigned from_count, to_count;      /* 0: any */
    const unsigned *routes;             /* indices */
    unsigned route_count;               /* 0: any */
    const uint32_t *ppids;              /* host byte order */
    unsigned ppid_count;                /* 0: any */
    const struct cfg_range *streams;
    unsigned stream_count; /* 0: any */
    enum cfg_verdict verdict;
};

/* The files that the tap writes. */
struct cfg_tap {
    const char *file;     /* NULL: none */
    uint64_t size;        /* bytes; a file is full when it has reached it */
    unsigned interval_ms; /* or when it is so old; 0: at no age */
    unsigned files;       /* kept, the current one included */
    unsigned snaplen;     /* bytes of a message that are kept */
    struct cfg_filter filter;
};

struct cfg_config {
    const char *file;
    /* broker: */
    enum cfg_transport transport;
    unsigned workers; /* 0: one per CPU */
    bool pin;         /* pin worker n to CPU n */
    struct cfg_balance balance;
    unsigned drain_timeout_ms;
    uint64_t max_message; /* bytes; a longer one is refused and counted */
    unsigned max_partial; /* associations of a listener with a partly received message, on each worker */
    unsigned partial_timeout_ms;
    unsigned queue_messages;    /* per source socket: how many of its messages may wait before it is paused */
    uint64_t queue_bytes;       /* and how many bytes */
    uint64_t memory_limit;      /* bytes of all that waits; 0: none */
    unsigned max_associations;  /* that listeners have accepted; 0: any number */
    enum cfg_unrouted unrouted; /* CFG_UNROUTED_SEND: the last route in order is `otherwise` */
    enum cfg_log_level log_level;
    int64_t log_levels[CFG_LOG_SUBJECTS]; /* enum cfg_log_level, or CFG_ABSENT: as log_level */
    enum cfg_log_format log_format;
    const char *log_file;     /* NULL: standard error */
    const char *user, *group; /* whom a broker becomes that root has started; NULL: it stays who it is */
    enum cfg_sandbox sandbox;
    bool core_dumps;
    const char *admin_path; /* "off": none; NULL: the default */
    enum cfg_admin_mode admin_mode;
    const char *admin_group;        /* NULL: the process's own */
    const struct net_addr *metrics; /* where read-only HTTP is served; may be empty */
    unsigned metrics_count;
    const struct cfg_place *key_at; /* of `broker` and `tap`; as a listener's */
    struct cfg_tap tap;

    struct opt_set sctp;             /* what the section `sctp` says, over the defaults */
    const struct cfg_place *sctp_at; /* as a listener's */

    const struct cfg_listener *listeners;
    unsigned listener_count;
    const struct cfg_peer *peers;
    unsigned peer_count;
    const struct cfg_group *groups;
    unsigned group_count;
    const struct cfg_route *routes;
    unsigned route_count;
    /* Indices of the routes that are not gone, in file order: the first that matches takes the message. NULL:
     * all of them, in the order of `routes`. They are followed by `leaving_count` routes that are gone, for
     * the last messages of listeners and peers that are gone, too. */
    const unsigned *route_order;
    unsigned route_order_count, leaving_count;
};

/* Remarks about a file, one line each in `junctor check`. A file with errors is refused. A warning is about
 * values that are each allowed but do harm together; the file is accepted. */
enum cfg_severity { CFG_ERROR, CFG_WARNING };

struct cfg_remark {
    enum cfg_severity severity;
    unsigned line, column; /* from 1; 0 for the file as a whole */
    const char *text;      /* what is wrong and what to write instead; one line */
};

struct cfg_remarks {
    struct cfg_remark *list; /* in order of line */
    unsigned count;
};

/* Reads `file` ("-": standard input). Returns the config, with only warnings in *remarks; or NULL, with at
 * least one error. May block on the file. *remarks is filled in either case; free it with
 * cfg_remarks_free. */
struct cfg_config *cfg_load(const char *file, struct cfg_remarks *remarks);

/* The same for a file that may have the sections `broker` and `sctp` alone, for programs that use these two
 * only. If there is any other section the file is loaded, and checked, as a whole. */
struct cfg_config *cfg_load_common(const char *file, struct cfg_remarks *remarks);

/* The same as cfg_load from memory; `name` is the file's name in messages. `text` is not kept. */
struct cfg_config *cfg_parse(const char *name, const char *text, size_t len, struct cfg_remarks *remarks);

void cfg_free(struct cfg_config *c);
void cfg_remarks_free(struct cfg_remarks *remarks);

/* Writes "file:line:column: text" lines, with "warning: " before the text of warnings. */
void cfg_remarks_print(const char *file, const struct cfg_remarks *remarks, FILE *out);

/* Writes the effective configuration with its defaults as YAML that reads back as the same configuration. */
void cfg_print(const struct cfg_config *c, FILE *out);

/* Writes a section `sctp` with the options of `s`, each line after `indent`. */
void cfg_print_options(const struct opt_set *s, const char *indent, FILE *out);

/* The routes in file order: their number, and the index of each. */
static inline unsigned cfg_ordered_routes(const struct cfg_config *c)
{
    return c->route_order ? c->route_order_count : c->route_count;
}
static inline unsigned cfg_route_at(const struct cfg_config *c, unsigned place)
{
    return c->route_order ? c->route_order[place] : place;
}

/* The group to which messages go that no route in the file takes, or NULL. */
static inline const struct cfg_group *cfg_unrouted_group(const struct cfg_config *c)
{
    return c->unrouted == CFG_UNROUTED_SEND
               ? &c->groups[c->routes[cfg_route_at(c, cfg_ordered_routes(c) - 1)].group]
               : NULL;
}

bool cfg_is_wildcard(const struct net_addr *a); /* 0.0.0.0 or :: */

/* Whether a peer connects to a listener of this configuration: certainly at address `a`, or possibly (port
 * and network namespace are the same, but the addresses of this host are not examined). `over_udp`: the
 * transport also distinguishes UDP ports. */
bool cfg_is_own(const struct cfg_listener *l, const struct cfg_peer *p, const struct net_addr *a,
                bool over_udp);
bool cfg_may_be_own(const struct cfg_listener *l, const struct cfg_peer *p, bool over_udp);

/* The name of a member of a group or source of a route; and the one of this name. False: there is none, or it
 * is gone. */
const char *cfg_member_name(const struct cfg_config *c, struct cfg_member m);
bool cfg_member_find(const struct cfg_config *c, const char *name, struct cfg_member *out);
static inline bool cfg_same_member(struct cfg_member a, struct cfg_member b)
{
    return a.kind == b.kind && a.index == b.index;
}
const char *cfg_session_name(enum cfg_session s); /* as the file writes it */
/* Whether messages of such sessions go to whoever is in the group, and wait while nobody is. */
static inline bool cfg_uses_group(enum cfg_session s)
{
    return s != CFG_PAIRED;
}

#ifdef __cplusplus
}
#endif
#endif
