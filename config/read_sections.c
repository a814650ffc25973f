/* From the root of the tree to the finished structs, section by section. */
#include "config/read_sections_priv.h"

#include <string.h>

#include "config/check_endpoints_priv.h"
#include "config/check_ports_priv.h"
#include "config/check_reach_priv.h"
#include "config/check_routes_priv.h"
#include "config/origin_priv.h"
#include "config/read_items_priv.h"
#include "config/read_keys_priv.h"
#include "config/read_sctp_priv.h"
#include "config/route_identity_priv.h"
#include "config/settle_streams_priv.h"
#include "config/unrouted_priv.h"
#include "config/sctp/nearest.h"
#include "config/yaml_pairs_priv.h"

/* The maximum numbers in a configuration: a faulty generator must not make a broker that cannot start. */
#define LISTENERS_MAX 1024
#define PEERS_MAX     4096
#define GROUPS_MAX    4096
#define ROUTES_MAX    65536

/* The number of entries of a section that is a list. */
static unsigned list_length(struct loader *l, enum cfg_section s, const struct yaml_node *list, unsigned most)
{
    const char *name = cfg_section_rows[s].name;
    if (!list || yaml_is_empty(list))
        return 0;
    if (list->kind != YAML_LIST) {
        err_add(&l->errors, list->at, "%s: this must be a list; begin each entry with `- `", name);
        return 0;
    }
    if (list->count > most) {
        err_add(&l->errors, list->at, "%s: %u are too many; at most %u are allowed", name, list->count, most);
        return 0;
    }
    return list->count;
}

static void register_name(struct loader *l, enum name_kind kind, unsigned index, enum cfg_key key,
                          const char *name, struct cfg_origin *o)
{
    if (!name)
        return;
    const struct name_entry *holder = names_add(kind == NAME_ROUTE ? &l->route_names : &l->names, &l->scratch,
                                                name, kind, index, origin_place(o, key));
    if (!holder)
        return;
    err_add(&l->errors, origin_place(o, key), "name '%s' is taken by the %s in line %u; write another", name,
            name_kind_text(holder->kind), holder->at.line);
    o->bad = true;
}

/* ---- sections ------------------------------------------------------------------------------------- */

static void read_profiles(struct loader *l, const struct yaml_node *map)
{
    unsigned count;
    if (!map || yaml_is_empty(map))
        return;
    if (map->kind != YAML_MAP) {
        err_add(&l->errors, map->at, "profiles: write each as `name: {options}`");
        return;
    }
    const struct yaml_pair *pairs = yaml_pairs(&l->scratch, map, &count, &l->errors);
    l->profiles = arena_array(&l->scratch, count, sizeof *l->profiles);
    for (unsigned i = 0; i < count; i++) {
        struct profile *p = &l->profiles[l->profile_count];
        if (!valid_name(l, "profiles", pairs[i].key->at, pairs[i].key->text))
            continue;
        p->name = pairs[i].key->text;
        l->profile_count++;
        read_options(l, pairs[i].value, &p->options);
    }
}

/* The options of one endpoint: the common ones, overridden by its profile, then by its own. */
static const struct cfg_place *settle_options(struct loader *l, struct cfg_origin *o, struct opt_set *out)
{
    o->effective = arena_alloc(&l->scratch, sizeof *o->effective);
    *o->effective = l->common;
    if (o->profile)
        merge_options(o->effective, &o->profile->options);
    if (o->own)
        merge_options(o->effective, o->own);
    *out = o->effective->set;
    struct cfg_place *at = arena_array(l->keep, OPTF_COUNT, sizeof *at);
    memcpy(at, o->effective->at, sizeof o->effective->at);
    return at;
}

static const struct net_addr *with_port(const struct net_addr *list, unsigned count, uint16_t port)
{
    struct net_addr *ours = (struct net_addr *)list; /* still ours to write */
    for (unsigned i = 0; i < count; i++)
        net_addr_set_port(&ours[i], port);
    return list;
}

/* The places where its keys are written, with the lifetime of the configuration. */
static const struct cfg_place *kept_places(struct loader *l, const struct cfg_origin *o)
{
    return memcpy(arena_alloc(l->keep, sizeof o->key), o->key, sizeof o->key);
}

static void read_listeners(struct loader *l, const struct yaml_node *list)
{
    unsigned count = list_length(l, CFG_LISTENERS, list, LISTENERS_MAX);
    struct cfg_listener *all = arena_array(l->keep, count, sizeof *all);
    l->listeners = arena_array(&l->scratch, count, sizeof *l->listeners);
    const struct yaml_node *item = count ? list->first : NULL;
    for (unsigned i = 0; i < count; i++, item = item->next) {
        struct cfg_listener *listener = &all[i];
        struct cfg_origin *o = &l->listeners[i];
        read_mapping(l, CFG_LISTENERS, yaml_real(item), listener, o);
        if (!listener->addresses && !origin_has(o, CFG_KEY_LISTENER_ADDRESS)) {
            struct net_addr *any = arena_alloc(l->keep, sizeof *any);
            net_addr_parse("0.0.0.0", 0, any);
            listener->addresses = any;
            listener->address_count = 1;
        }
        with_port(listener->addresses, listener->address_count, listener->port);
        listener->key_at = kept_places(l, o);
        listener->sctp_at = settle_options(l, o, &listener->sctp);
        register_name(l, NAME_LISTENER, i, CFG_KEY_LISTENER_NAME, listener->name, o);
    }
    l->config->listeners = all;
    l->config->listener_count = count;
}

/* With SCTP over UDP an option sets the same as the key: for all paths or, with an address, for one. */
static uint16_t usual_encaps_port(const struct opt_set *s)
{
    int64_t port = opt_text(s, OPTF_RUE_ADDRESS) ? 0 : opt_num(s, OPTF_RUE_PORT, 0);
    return port ? (uint16_t)port : ENCAPS_PORT_DEFAULT;
}

static void read_peers(struct loader *l, const struct yaml_node *list)
{
    unsigned count = list_length(l, CFG_PEERS, list, PEERS_MAX);
    struct cfg_peer *all = arena_array(l->keep, count, sizeof *all);
    l->peers = arena_array(&l->scratch, count, sizeof *l->peers);
    const struct yaml_node *item = count ? list->first : NULL;
    for (unsigned i = 0; i < count; i++, item = item->next) {
        struct cfg_peer *peer = &all[i];
        struct cfg_origin *o = &l->peers[i];
        read_mapping(l, CFG_PEERS, yaml_real(item), peer, o);
        struct net_host *hosts = (struct net_host *)peer->hosts; /* still ours to write */
        for (unsigned h = 0; h < peer->host_count; h++)
            net_addr_set_port(&hosts[h].address, peer->port);
        peer->key_at = kept_places(l, o);
        peer->sctp_at = settle_options(l, o, &peer->sctp);
        if (!origin_has(o, CFG_KEY_PEER_ENCAPS_PORT))
            peer->encaps_port = usual_encaps_port(&peer->sctp);
        register_name(l, NAME_PEER, i, CFG_KEY_PEER_NAME, peer->name, o);
    }
    l->config->peers = all;
    l->config->peer_count = count;
}

/* With room for one more group per listener and peer, for those that routes name directly. */
static void read_groups(struct loader *l, const struct yaml_node *list)
{
    struct cfg_config *c = l->config;
    unsigned count = list_length(l, CFG_GROUPS, list, GROUPS_MAX);
    struct cfg_group *all =
        arena_array(l->keep, (size_t)count + c->listener_count + c->peer_count, sizeof *all);
    l->groups = arena_array(&l->scratch, count, sizeof *l->groups);
    l->alone = arena_array(&l->scratch, (size_t)c->listener_count + c->peer_count, sizeof *l->alone);
    const struct yaml_node *item = count ? list->first : NULL;
    c->groups = all;
    c->group_count = l->group_count = count;
    for (unsigned i = 0; i < count; i++, item = item->next) {
        read_mapping(l, CFG_GROUPS, yaml_real(item), &all[i], &l->groups[i]);
        check_group(l, i);
        register_name(l, NAME_GROUP, i, CFG_KEY_GROUP_NAME, all[i].name, &l->groups[i]);
    }
}

static void read_routes(struct loader *l, const struct yaml_node *list)
{
    unsigned count = list_length(l, CFG_ROUTES, list, ROUTES_MAX);
    struct cfg_route *all = arena_array(l->keep, (size_t)count + 1, sizeof *all); /* one for `unrouted` */
    l->routes = arena_array(&l->scratch, (size_t)count + 1, sizeof *l->routes);
    const struct yaml_node *item = count ? list->first : NULL;
    l->config->routes = all;
    l->config->route_count = count;
    for (unsigned i = 0; i < count; i++, item = item->next) {
        all[i].line = item->at.line;
        read_mapping(l, CFG_ROUTES, yaml_real(item), &all[i], &l->routes[i]);
        check_route(l, i);
        register_name(l, NAME_ROUTE, i, CFG_KEY_ROUTE_NAME, all[i].name, &l->routes[i]);
        if (!l->routes[i].bad)
            all[i].identity = route_identity(l->keep, l->config, &all[i], l->routes[i].any_source);
    }
    if (l->unrouted)
        add_unrouted(l);
}

/* The places of its keys are kept with those of `broker`. */
static void read_tap(struct loader *l, const struct yaml_node *section)
{
    read_defaults(CFG_TAP, l->config);
    if (section) {
        read_mapping(l, CFG_TAP, section, l->config, &l->tap);
        for (unsigned k = 0; k < CFG_KEY_COUNT; k++)
            if (cfg_key_rows[k].section == CFG_TAP)
                l->broker.key[k] = l->tap.key[k];
        if (!l->tap.bad && !l->config->tap.file)
            err_add(&l->errors, section->at, "file is missing here; write `file: …` (%s)",
                    "the pcapng file that is written");
    }
    l->config->key_at = kept_places(l, &l->broker);
}

/* ---- the root ------------------------------------------------------------------------------------- */

static void unknown_section(struct loader *l, const struct yaml_node *key)
{
    struct nearest n;
    nearest_begin(&n, key->text);
    for (unsigned s = 0; s < CFG_SECTION_COUNT; s++)
        nearest_try(&n, cfg_section_rows[s].name);
    if (nearest_found(&n))
        err_add(&l->errors, key->at, "unknown section '%.40s', did you mean '%s'?", key->text,
                nearest_found(&n));
    else
        err_add(&l->errors, key->at,
                "unknown section '%.40s'; known are broker, sctp, profiles, listeners, peers, groups, "
                "routes, tap",
                key->text);
}

static bool find_sections(struct loader *l, const struct yaml_node *root, const struct yaml_node **found)
{
    unsigned count;
    if (root->kind != YAML_MAP) {
        err_add(&l->errors, yaml_is_empty(root) ? (struct cfg_place){0} : root->at,
                yaml_is_empty(root)
                    ? "this file is empty; write at least `listeners` and `routes`"
                    : "a configuration is a mapping; begin with a section such as `listeners:`");
        return false;
    }
    const struct yaml_pair *pairs = yaml_pairs(&l->scratch, root, &count, &l->errors);
    for (unsigned i = 0; i < count; i++) {
        unsigned s = 0;
        while (s < CFG_SECTION_COUNT && strcmp(cfg_section_rows[s].name, pairs[i].key->text) != 0)
            s++;
        if (s == CFG_SECTION_COUNT)
            unknown_section(l, pairs[i].key);
        else
            found[s] = pairs[i].value;
    }
    return true;
}

static bool is_missing(const struct yaml_node *section)
{
    return !section || yaml_is_empty(section) || (section->kind == YAML_LIST && section->count == 0);
}

/* A configuration with which a broker has nothing to do is an error. */
static void check_complete(struct loader *l, const struct yaml_node **section)
{
    const struct cfg_place nowhere = {0};
    bool common_only = l->common_only;
    for (unsigned s = 0; s < CFG_SECTION_COUNT; s++)
        common_only = common_only && (s == CFG_BROKER || s == CFG_SCTP || !section[s]);
    if (common_only)
        return;
    if (is_missing(section[CFG_LISTENERS]) && is_missing(section[CFG_PEERS]))
        err_add(&l->errors, nowhere,
                "there is no listener and no peer; write at least one under `listeners` or `peers`");
    else if (is_missing(section[CFG_ROUTES]) && !l->unrouted)
        err_add(&l->errors, nowhere,
                "there is no route, so that every message would be dropped; write `routes`");
}

void read_sections(struct loader *l, const struct yaml_node *root)
{
    const struct yaml_node *section[CFG_SECTION_COUNT] = {NULL};
    const struct yaml_node nothing = {.kind = YAML_SCALAR, .text = ""};
    if (!find_sections(l, root, section))
        return;
    read_mapping(l, CFG_BROKER, section[CFG_BROKER] ? section[CFG_BROKER] : &nothing, l->config, &l->broker);
    check_complete(l, section);
    l->config->key_at = kept_places(l, &l->broker);
    opt_defaults(&l->common.set);
    if (section[CFG_SCTP]) {
        struct placed_options *own = arena_alloc(&l->scratch, sizeof *own);
        read_options(l, section[CFG_SCTP], own);
        merge_options(&l->common, own);
    }
    l->config->sctp = l->common.set;
    l->config->sctp_at =
        memcpy(arena_array(l->keep, OPTF_COUNT, sizeof *l->common.at), l->common.at, sizeof l->common.at);
    read_profiles(l, section[CFG_PROFILES]);
    read_listeners(l, section[CFG_LISTENERS]);
    read_peers(l, section[CFG_PEERS]);
    check_endpoints(l);
    read_groups(l, section[CFG_GROUPS]);
    read_routes(l, section[CFG_ROUTES]);
    read_tap(l, section[CFG_TAP]);
    settle_streams(l);
    check_local_ports(l);
    check_reach(l);
}
