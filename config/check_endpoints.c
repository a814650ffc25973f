/* Listeners and peers: addresses that conflict, and buffers too small for the messages. */
#include "config/check_endpoints_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "config/check_sctp_priv.h"
#include "config/origin_priv.h"

static const char *plain(const struct net_addr *a, char out[NET_ADDR_TEXT])
{
    struct net_addr copy = *a;
    net_addr_set_port(&copy, 0);
    return net_addr_format(&copy, out, NET_ADDR_TEXT);
}

static bool has_address(const struct net_addr *list, unsigned count, const struct net_addr *wanted)
{
    for (unsigned i = 0; i < count; i++) {
        struct net_addr a = list[i];
        net_addr_set_port(&a, 0);
        if (net_addr_equal(&a, wanted))
            return true;
    }
    return false;
}

/* ---- one listener --------------------------------------------------------------------------------- */

static void check_wildcard(struct loader *l, const struct cfg_listener *listener, struct cfg_place at)
{
    char text[NET_ADDR_TEXT];
    for (unsigned i = 0; i < listener->address_count && listener->address_count > 1; i++)
        if (cfg_is_wildcard(&listener->addresses[i])) {
            err_add(&l->errors, at,
                    "address: %s already includes every address; write it alone (\"::\" takes IPv4 as well)",
                    plain(&listener->addresses[i], text));
            return;
        }
}

/* An address in an option must be one that the endpoint can have: one of those under `key`. */
static void check_option_address(struct loader *l, const struct cfg_origin *o, enum opt_field f,
                                 const struct net_addr *list, unsigned count, const char *key, const char *of)
{
    const struct opt_field_row *row = &opt_field_rows[f];
    const char *text = opt_text(&o->effective->set, f);
    struct net_addr wanted;
    if (text && net_addr_parse(text, 0, &wanted) && !has_address(list, count, &wanted))
        err_add(&l->errors, o->effective->at[f],
                "%s%s%s: %s is not listed under `%s` of %s; write one that is", opt_rows[row->option].name,
                *row->name ? "." : "", row->name, text, key, of);
}

/* An endpoint that may use any address announces new addresses of the host to its peers; of a device it uses
 * those that are present at the start. */
static void check_auto_asconf(struct loader *l, const struct cfg_origin *o, bool any, const char *device,
                              const char *who, const char *key)
{
    const struct opt_set *s = &o->effective->set;
    if (!opt_num(s, OPTF_AUTO_ASCONF, 0))
        return;
    if (!any || device)
        err_add(&l->errors, option_place(o, OPTF_AUTO_ASCONF),
                "auto_asconf is for endpoints that use every address of the host, and %s has `%s`; leave one "
                "of them out",
                who, any ? "bind_to_device" : key);
    else if (!opt_given(s, OPTF_ASCONF_SUPPORTED))
        err_add(&l->errors, option_place(o, OPTF_AUTO_ASCONF),
                "auto_asconf needs asconf_supported; write `asconf_supported: true` with it");
}

static bool overlap(const struct net_addr *a, const struct net_addr *b)
{
    if (net_addr_port(a) != net_addr_port(b))
        return false;
    if (net_addr_equal(a, b))
        return true;
    bool any_a = cfg_is_wildcard(a), any_b = cfg_is_wildcard(b);
    if (a->sa.sa_family == b->sa.sa_family)
        return any_a || any_b;
    return (any_a && a->sa.sa_family == AF_INET6) || (any_b && b->sa.sa_family == AF_INET6);
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* False if both have a network namespace or device, and these differ. */
static bool same_place(const struct cfg_listener *a, const struct cfg_listener *b)
{
    return same_text(a->netns, b->netns) && (!a->device || !b->device || same_text(a->device, b->device));
}

/* The first listener before `index` that shares an address and port with it. */
static void check_clash(struct loader *l, unsigned index)
{
    const struct cfg_listener *all = l->config->listeners, *mine = &all[index];
    char text[NET_ADDR_TEXT];
    for (unsigned other = 0; other < index; other++) {
        if (all[other].port != mine->port || l->listeners[other].bad || !same_place(&all[other], mine))
            continue;
        for (unsigned i = 0; i < mine->address_count; i++)
            for (unsigned j = 0; j < all[other].address_count; j++)
                if (overlap(&mine->addresses[i], &all[other].addresses[j])) {
                    err_add(&l->errors, origin_place(&l->listeners[index], CFG_KEY_LISTENER_PORT),
                            "port: %s is taken by listener '%s' in line %u; write another port or address",
                            net_addr_format(&mine->addresses[i], text, sizeof text), all[other].name,
                            l->listeners[other].at.line);
                    return;
                }
    }
}

static void check_listener(struct loader *l, unsigned index)
{
    const struct cfg_listener *listener = &l->config->listeners[index];
    const struct cfg_origin *o = &l->listeners[index];
    char of[96];
    check_options(l, o);
    if (o->bad)
        return;
    check_wildcard(l, listener, origin_place(o, CFG_KEY_LISTENER_ADDRESS));
    check_clash(l, index);
    snprintf(of, sizeof of, "listener '%s'", listener->name);
    bool any = cfg_is_wildcard(&listener->addresses[0]);
    check_auto_asconf(l, o, any, listener->device, of, "address");
    if (!any)
        check_option_address(l, o, OPTF_SET_PEER_PRIMARY_ADDR, listener->addresses, listener->address_count,
                             "address", of);
}

/* ---- one peer ------------------------------------------------------------------------------------- */

static bool has_family(const struct net_addr *list, unsigned count, sa_family_t family)
{
    for (unsigned i = 0; i < count; i++)
        if (list[i].sa.sa_family == family)
            return true;
    return false;
}

/* False, and reported, if one of the addresses cannot be in a packet. */
static bool no_wildcard(struct loader *l, struct cfg_place at, const char *key, const struct net_addr *list,
                        unsigned count, const char *instead)
{
    char text[NET_ADDR_TEXT];
    for (unsigned i = 0; i < count; i++)
        if (cfg_is_wildcard(&list[i])) {
            err_add(&l->errors, at, "%s: %s is the wildcard address; %s", key, plain(&list[i], text),
                    instead);
            return false;
        }
    return true;
}

static void check_families(struct loader *l, const struct cfg_peer *p, const struct net_addr *addresses,
                           unsigned count, struct cfg_place at)
{
    bool v4 = has_family(addresses, count, AF_INET) && has_family(p->local, p->local_count, AF_INET);
    bool v6 = has_family(addresses, count, AF_INET6) && has_family(p->local, p->local_count, AF_INET6);
    if (p->local_count && !v4 && !v6)
        err_add(&l->errors, at,
                "local: none of these can reach the peer's addresses; write at least one %s address",
                addresses[0].sa.sa_family == AF_INET ? "IPv4" : "IPv6");
}

/* The peer's numeric addresses, known before names are looked up. */
static const struct net_addr *known_addresses(struct loader *l, const struct cfg_peer *p, unsigned *count)
{
    struct net_addr *list = arena_array(&l->scratch, p->host_count, sizeof *list);
    *count = 0;
    for (unsigned i = 0; i < p->host_count; i++)
        if (!p->hosts[i].name)
            list[(*count)++] = p->hosts[i].address;
    return list;
}

/* Messages sent to the broker's own listener come back, and are sent again. With `auto` the transport is not
 * yet known: then only what holds for both is reported. */
static void check_not_own(struct loader *l, const struct cfg_peer *p, const struct net_addr *addresses,
                          unsigned count, struct cfg_place at)
{
    const struct cfg_config *c = l->config;
    char text[NET_ADDR_TEXT];
    for (unsigned i = 0; i < c->listener_count * count; i++) {
        const struct cfg_listener *own = &c->listeners[i / count];
        const struct net_addr *a = &addresses[i % count];
        if (!cfg_is_own(own, p, a, c->transport != CFG_TRANSPORT_KERNEL))
            continue;
        err_add(&l->errors, at,
                "address: %s is this broker's own listener '%s': messages sent there come back; write the "
                "address of another program",
                net_addr_format(a, text, sizeof text), own->name);
        return;
    }
}

static void check_peer(struct loader *l, unsigned index)
{
    const struct cfg_peer *p = &l->config->peers[index];
    const struct cfg_origin *o = &l->peers[index];
    unsigned count;
    char of[96];
    check_options(l, o);
    if (o->bad)
        return;
    const struct net_addr *addresses = known_addresses(l, p, &count);
    bool all_known = count == p->host_count;
    if (no_wildcard(l, origin_place(o, CFG_KEY_PEER_ADDRESS), "address", addresses, count,
                    "write the peer's own") &&
        no_wildcard(l, origin_place(o, CFG_KEY_PEER_LOCAL), "local", p->local, p->local_count,
                    "leave `local` out to let the stack choose") &&
        all_known)
        check_families(l, p, addresses, count, origin_place(o, CFG_KEY_PEER_LOCAL));
    check_not_own(l, p, addresses, count, origin_place(o, CFG_KEY_PEER_ADDRESS));
    if (p->reconnect_initial_ms > p->reconnect_max_ms)
        err_add(&l->errors, origin_place(o, CFG_KEY_PEER_RECONNECT_INITIAL),
                "reconnect.initial: %u ms is more than reconnect.max, %u ms; write at most that",
                p->reconnect_initial_ms, p->reconnect_max_ms);
    snprintf(of, sizeof of, "peer '%s'", p->name);
    if (all_known) {
        check_option_address(l, o, OPTF_PRIMARY_ADDR, addresses, count, "address", of);
        check_option_address(l, o, OPTF_PAP_ADDRESS, addresses, count, "address", of);
        check_option_address(l, o, OPTF_PAT_ADDRESS, addresses, count, "address", of);
        check_option_address(l, o, OPTF_RUE_ADDRESS, addresses, count, "address", of);
    }
    check_auto_asconf(l, o, p->local_count == 0, p->device, of, "local");
    if (p->local_count)
        check_option_address(l, o, OPTF_SET_PEER_PRIMARY_ADDR, p->local, p->local_count, "local", of);
}

/* ---- message size --------------------------------------------------------------------------------- */

static void check_buffer(struct loader *l, const struct cfg_origin *o, const char *kind, const char *name)
{
    uint64_t most = l->config->max_message;
    int64_t sndbuf = opt_num(&o->effective->set, OPTF_SNDBUF, 0);
    const struct val_spec spec = val_spec_of(OPTF_SNDBUF);
    char message[VAL_TEXT_MAX], buffer[VAL_TEXT_MAX];
    if (o->bad || (uint64_t)sndbuf >= most)
        return;
    struct cfg_place at = o->effective->at[OPTF_SNDBUF];
    err_add(&l->errors, at.line ? at : origin_place(&l->broker, CFG_KEY_MAX_MESSAGE),
            "sndbuf: %s of %s '%s' cannot hold a message of broker.max_message, %s; write sndbuf: %s or "
            "max_message: %s",
            val_format(&spec, sndbuf, buffer, sizeof buffer), kind, name,
            val_format(&spec, (int64_t)most, message, sizeof message), message, buffer);
}

/* The whole message must fit into the send buffer, or the stack refuses it (EMSGSIZE). */
static void check_message_size(struct loader *l)
{
    struct cfg_config *c = l->config;
    if (!origin_has(&l->broker, CFG_KEY_MAX_MESSAGE)) {
        c->max_message = MAX_MESSAGE_DEFAULT;
        for (unsigned i = 0; i < c->listener_count + c->peer_count; i++) {
            const struct opt_set *s =
                i < c->listener_count ? &c->listeners[i].sctp : &c->peers[i - c->listener_count].sctp;
            uint64_t sndbuf = (uint64_t)opt_num(s, OPTF_SNDBUF, MAX_MESSAGE_DEFAULT);
            c->max_message = sndbuf < c->max_message ? sndbuf : c->max_message;
        }
        return;
    }
    for (unsigned i = 0; i < c->listener_count; i++)
        check_buffer(l, &l->listeners[i], "listener", c->listeners[i].name);
    for (unsigned i = 0; i < c->peer_count; i++)
        check_buffer(l, &l->peers[i], "peer", c->peers[i].name);
}

void check_endpoints(struct loader *l)
{
    for (unsigned i = 0; i < l->config->listener_count; i++)
        check_listener(l, i);
    for (unsigned i = 0; i < l->config->peer_count; i++)
        check_peer(l, i);
    check_message_size(l);
}
