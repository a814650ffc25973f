/* What the parts of the loader share while a file is loaded.
 *
 * The order is fixed, independent of the order in the file: broker, sctp, profiles, listeners, peers, groups,
 * routes. So a name is always known when something refers to it, and one pass over the tree is enough. For
 * every struct of the result a cfg_origin records where each of its values was written, for the checks that
 * need several values. Such checks skip values already known to be wrong, so that one mistake is reported as
 * one error. */
#ifndef JUNCTOR_CONFIG_LOADER_PRIV_H
#define JUNCTOR_CONFIG_LOADER_PRIV_H

#include <stdbool.h>
#include "config/arena_priv.h"
#include "config/config.h"
#include "config/errors_priv.h"
#include "config/keys.h"
#include "config/names_priv.h"
#include "config/yaml_priv.h"

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
    struct cfg_place key[CFG_KEY_COUNT]; /* each value that is written; line 0 for the others */
    bool bad;                            /* an error has already been reported for it */
    bool any_source;                     /* a route without `from` */
    const struct profile *profile;       /* listeners and peers: the profile they name, */
    struct placed_options *own;          /* their own options, */
    struct placed_options *effective;    /* and the options that result */
};

struct loader {
    struct arena *keep;   /* what the result points to */
    struct arena scratch; /* freed after loading */
    struct err_list errors, warnings;
    struct cfg_config *config;
    bool common_only;                /* the sections broker and sctp are enough */
    struct names names, route_names; /* routes have a name space of their own: nothing refers to them */
    struct placed_options common;    /* defaults and the section `sctp` */
    struct profile *profiles;
    unsigned profile_count;
    const struct yaml_node *unrouted; /* the name that broker.unrouted gives; NULL: none */
    struct cfg_origin broker, tap, *listeners, *peers, *groups, *routes;
    struct cfg_member *everybody; /* listeners, then peers; NULL until a route has `from: any` */
    unsigned *alone; /* by listener, then peer: 1 + its group of one member, made when a route's `to` names
                        it; 0: none */
    unsigned group_count; /* as written; followed by the groups of one member made for routes */
};

/* Parses the value of one key into `object`; `value` is not an alias. There is one for every cfg_kind. */
typedef void cfg_reader(struct loader *l, const struct cfg_key_row *row, const struct yaml_node *value,
                        void *object, struct cfg_origin *origin);

#endif
