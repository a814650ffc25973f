/* What the parts of the loader share while one file is read.
 *
 * The order is fixed, whatever the order in the file: broker, sctp, profiles, listeners, peers, groups,
 * routes. So a name is always known when something refers to it, and one pass over the tree is enough. Beside
 * every struct of the result stands a cfg_origin that remembers where each of its values was written, for the
 * checks that need several values at once. Such checks leave out what is already known to be wrong, so that
 * one mistake is one error. */
#ifndef JUNCTOR_CONFIG_LOAD_PRIV_H
#define JUNCTOR_CONFIG_LOAD_PRIV_H

#include "config/arena_priv.h"
#include "config/config.h"
#include "config/errors_priv.h"
#include "config/keys.h"
#include "config/names_priv.h"
#include "config/yaml_priv.h"

/* The number of an option that the file may leave to the stack; for those that are the same in both. */
static inline int64_t or_stack(const struct opt_set *s, enum opt_field f)
{
    return opt_num(s, f, opt_stack(f, OPT_KERNEL));
}

#define ENCAPS_PORT_DEFAULT 9899 /* the port that IANA has registered for SCTP over UDP (RFC 6951) */

/* SCTP options with the place of each. */
struct placed_options {
    struct opt_set set;
    struct cfg_place at[OPTF_COUNT];
};

struct profile {
    const char *name;
    struct placed_options options;
};

/* Where the values of one listener, peer, group, route or of `broker` come from. */
struct cfg_origin {
    struct cfg_place at;                 /* the mapping */
    struct cfg_place key[CFG_KEY_COUNT]; /* each value that is written; line 0 for others */
    bool bad;                            /* has an error of its own already */
    bool any_source;                     /* a route without `from` */
    const struct profile *profile;       /* listeners and peers: what they name, */
    struct placed_options *own;          /* what they say themselves, */
    struct placed_options *effective;    /* and what comes out of it */
};

struct loader {
    struct arena *keep;   /* what the result points to */
    struct arena scratch; /* gone after loading */
    struct err_list errors, warnings;
    struct cfg_config *config;
    struct names names, route_names; /* routes have a name space of their own: nothing refers to them */
    struct placed_options common;    /* defaults and the section `sctp` */
    struct profile *profiles;
    unsigned profile_count;
    struct cfg_origin broker, *listeners, *peers, *groups, *routes;
    struct cfg_member *everybody; /* listeners, then peers; NULL until a route takes from any */
    unsigned *alone;      /* of listeners, then peers: the group of one that routes name, plus 1; 0: none */
    unsigned group_count; /* as written; those of one member that routes name come behind them */
};

/* How close to the endpoint an SCTP option stands: its own 3, in its profile 2, in section sctp 1; 0: it is
 * not written. (origin.c) */
int origin_closeness(const struct cfg_origin *o, enum opt_field f);

/* config.c: an empty configuration read from the file `name`, and what everything that it points to is kept
 * in. */
struct cfg_config *cfg_new(const char *name);
struct arena *cfg_arena(struct cfg_config *c);

/* The value at `key`, or else the whole mapping. */
struct cfg_place origin_place(const struct cfg_origin *o, enum cfg_key key);
static inline bool origin_has(const struct cfg_origin *o, enum cfg_key key)
{
    return o->key[key].line != 0;
}

/* Where a value that is in effect is written; the whole mapping where it is a default. */
struct cfg_place option_place(const struct cfg_origin *o, enum opt_field f);

/* read_keys.c: reads a mapping by the rows of its section into `object`; what is not written gets its
 * default. */
void read_mapping(struct loader *l, enum cfg_section section, const struct yaml_node *map, void *object,
                  struct cfg_origin *origin);

/* Reads the value of one key into `object`; `value` is no alias. One for every cfg_kind. */
typedef void cfg_reader(struct loader *l, const struct cfg_key_row *row, const struct yaml_node *value,
                        void *object, struct cfg_origin *origin);
cfg_reader read_name, read_text, read_addresses, read_hosts, read_endpoints, read_ppids,
    read_streams;                                                 /* read_items.c */
cfg_reader read_profile, read_members, read_sources, read_target; /* read_refs.c */
cfg_reader read_own_options;                                      /* read_sctp.c */

/* read_items.c. The text of a scalar, or NULL where it is something else (then reported). */
const char *read_scalar(struct loader *l, const char *key, const struct yaml_node *value);

/* One item or a list of them, each a scalar: an array of *count nodes; NULL where it is none or too long
 * (then reported). */
const struct yaml_node **read_list(struct loader *l, const struct cfg_key_row *row,
                                   const struct yaml_node *value, unsigned *count);

/* True for the one item `any` or `*`. */
bool is_any(const struct yaml_node **items, unsigned count);

/* True where `name` can name something; else reported. */
bool valid_name(struct loader *l, const char *key, struct cfg_place at, const char *name);

/* Puts an array and its length where the row of a list says. */
void put_list(const struct cfg_key_row *row, void *object, const void *list, unsigned count);

/* read_sctp.c: a mapping of SCTP options; and base overridden by `over`. */
void read_options(struct loader *l, const struct yaml_node *value, struct placed_options *out);
void merge_options(struct placed_options *base, const struct placed_options *over);

/* read_sections.c: everything from the root down, in the order above. */
void read_sections(struct loader *l, const struct yaml_node *root);

/* check_sctp.c: options that do not go together, in the effective set of a listener or peer; it calls
 * check_features.c, which is about extensions. */
void check_options(struct loader *l, const struct cfg_origin *o);
void check_features(struct loader *l, const struct cfg_origin *o);

/* check_endpoints.c: listeners and peers, each alone and beside the others. Works out broker.max_message
 * where it is not written: this, or less where a send buffer is smaller. */
#define MAX_MESSAGE_DEFAULT (1 << 20)
void check_endpoints(struct loader *l);

/* settle_streams.c: how many streams listeners with paired sessions offer and accept where nothing is
 * written. */
void settle_streams(struct loader *l);

/* check_ports.c: local ports of peers that cannot be had; when groups and routes are known. */
void check_local_ports(struct loader *l);

/* check_routes.c: one group, one route. Works out what of a route is not written: `session`, and who `any`
 * is. */
void check_group(struct loader *l, unsigned index);
void check_route(struct loader *l, unsigned index);

/* route_identity.c: of a route without errors; kept in `keep`. Named routes: the name. A space stands in
 * those of all others, and in no name. */
const char *route_identity(struct arena *keep, const struct cfg_config *c, const struct cfg_route *r,
                           bool any_source);

/* check_reach.c: all routes together: those that can never take a message, and clients with two partners. */
void check_reach(struct loader *l);

/* A message up to this size leaves room in a packet. */
#define SMALL_MESSAGE 1200

/* advice.c: what is allowed and still a mistake, as warnings; only of a configuration that has no error. */
void advise(struct loader *l);
/* advice_unused.c: what is written and does nothing, or not what it seems to; likewise. */
void advise_unused(struct loader *l);
/* advice_circle.c: routes that can hold each other up for good; likewise. */
void advise_circles(struct loader *l);

#endif
