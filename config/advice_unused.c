/* Warnings about values that have no effect, or not the one they seem to have. */
#include "config/advice_unused_priv.h"

#include <stdio.h>

#include "config/advice_priv.h"
#include "config/origin_priv.h"
#include "config/read_sections_priv.h"

/* ---- options --------------------------------------------------------------------------------------- */

static void advise_library(struct loader *l, const struct cfg_origin *o)
{
    for (unsigned id = 0; id < OPT_ID_COUNT; id++) {
        const struct opt_row *row = &opt_rows[id];
        unsigned f = row->first, end = row->first + row->fields;
        while (f < end && !o->effective->at[f].line)
            f++;
        if (row->when & OPT_LIBRARY && f < end)
            err_add(
                &l->warnings, o->effective->at[f],
                "%s has no effect here: a broker takes stream, PPID and flags from the message and "
                "reliability from its route; it is for programs that use the transport library; leave it out",
                row->name);
    }
}

/* The field of an option that says which path it is for, or OPTF_COUNT. */
static enum opt_field path_of(enum opt_id id)
{
    const struct opt_row *row = &opt_rows[id];
    for (unsigned f = row->first; row->fields > 1 && f < row->first + row->fields; f++)
        if (opt_field_rows[f].type == OPT_ADDR)
            return f;
    return OPTF_COUNT;
}

/* An address written closer to the endpoint than other fields of its option restricts these fields to one
 * path, too: for example those of section sctp, which were meant for all paths. */
static void advise_one_path(struct loader *l, const struct cfg_origin *o)
{
    for (unsigned id = 0; id < OPT_ID_COUNT; id++) {
        const struct opt_row *row = &opt_rows[id];
        enum opt_field path = path_of(id);
        if (path == OPTF_COUNT || !opt_given(&o->effective->set, path))
            continue;
        for (unsigned f = row->first; f < row->first + row->fields; f++)
            if (origin_closeness(o, f) && origin_closeness(o, f) < origin_closeness(o, path))
                err_add(&l->warnings, o->effective->at[path],
                        "%s.address makes %s (line %u) apply only to the path to %s, and other paths get the "
                        "stack's default; leave address out, or write %s next to it if that is intended",
                        row->name, opt_field_rows[f].name, o->effective->at[f].line,
                        opt_text(&o->effective->set, path), opt_field_rows[f].name);
    }
}

/* ---- keys ------------------------------------------------------------------------------------------ */

static void advise_encaps(struct loader *l, const struct cfg_origin *o, enum cfg_key key, unsigned port,
                          const char *instead)
{
    if (l->config->transport == CFG_TRANSPORT_KERNEL && origin_has(o, key) && port != ENCAPS_PORT_DEFAULT)
        err_add(
            &l->warnings, origin_place(o, key),
            "encaps_port has no effect with broker.transport: kernel, which sends plain SCTP; leave it out, "
            "or write %s for SCTP over UDP",
            instead);
}

static void advise_listener(struct loader *l, const struct cfg_origin *o, const struct cfg_listener *listener)
{
    char instead[80];
    snprintf(instead, sizeof instead, "sysctl net.sctp.udp_port=%u", listener->encaps_port);
    advise_library(l, o);
    advise_one_path(l, o);
    advise_encaps(l, o, CFG_KEY_LISTENER_ENCAPS_PORT, listener->encaps_port, instead);
}

static void advise_peer(struct loader *l, const struct cfg_origin *o, const struct cfg_peer *peer)
{
    char instead[80];
    bool has_one_path = peer->host_count == 1 && !peer->hosts[0].name;
    snprintf(instead, sizeof instead, "sctp: {remote_udp_encaps_port: {port: %u}}", peer->encaps_port);
    advise_library(l, o);
    if (!has_one_path)
        advise_one_path(l, o);
    advise_encaps(l, o, CFG_KEY_PEER_ENCAPS_PORT, peer->encaps_port, instead);
}

/* Linux 6.1, 10,000 bytes over a cable without loss, 800 messages: rtx: 0 none arrived, rtx: 1 all. */
static void advise_rtx(struct loader *l, const struct cfg_route *r, const struct cfg_origin *o)
{
    if (r->pr_policy != OPT_PR_RTX || r->pr_value != 0 || l->config->transport == CFG_TRANSPORT_USRSCTP ||
        l->config->max_message <= SMALL_MESSAGE)
        return;
    err_add(&l->warnings, origin_place(o, CFG_KEY_ROUTE_PR_RTX),
            "partial_reliability.rtx: 0 makes Linux give up messages that are longer than a packet, even if "
            "none is lost; write rtx: 1 or a ttl, or broker.max_message: %d if all are shorter",
            SMALL_MESSAGE);
}

/* How many outbound streams are requested from a member; 0: as many as needed (a paired session's
 * partner). */
static int64_t streams_to(const struct cfg_config *c, const struct cfg_route *r, struct cfg_member m)
{
    const struct opt_set *s =
        m.kind == CFG_MEMBER_LISTENER ? &c->listeners[m.index].sctp : &c->peers[m.index].sctp;
    return r->session == CFG_PAIRED ? opt_num(s, OPTF_INIT_OSTREAMS, 0) : or_stack(s, OPTF_INIT_OSTREAMS);
}

static void advise_set_stream(struct loader *l, const struct cfg_route *r, const struct cfg_origin *o)
{
    const struct cfg_config *c = l->config;
    const struct cfg_group *g = &c->groups[r->group];
    unsigned number = r->set_stream.number;
    for (unsigned i = 0; r->set_stream.rule == CFG_FIXED_STREAM && i < g->member_count; i++) {
        int64_t asked = streams_to(c, r, g->members[i]);
        if (!asked || number < asked)
            continue;
        err_add(&l->warnings, origin_place(o, CFG_KEY_ROUTE_SET_STREAM),
                "set_stream: %u is not among the %d streams requested from '%s' in '%s'; messages are sent "
                "on stream %d instead; write initmsg: {num_ostreams: %u} there, or a stream below %d",
                number, (int)asked, cfg_member_name(c, g->members[i]), g->name, (int)(number % asked),
                number + 1, (int)asked);
        return;
    }
}

/* What a group does for sessions that share its members. Each client of a paired one has a partner instead.
 */
static void advise_paired(struct loader *l, unsigned index)
{
    static const enum cfg_key keys[] = {CFG_KEY_GROUP_RETURN_AFTER, CFG_KEY_GROUP_HOLD_MESSAGES,
                                        CFG_KEY_GROUP_HOLD_BYTES, CFG_KEY_GROUP_HOLD_TIME};
    const struct cfg_config *c = l->config;
    const struct cfg_route *paired = NULL;
    for (unsigned i = 0; i < c->route_count; i++) {
        if (c->routes[i].group != index)
            continue;
        if (cfg_uses_group(c->routes[i].session))
            return;
        paired = paired ? paired : &c->routes[i];
    }
    for (unsigned i = 0; paired && i < sizeof keys / sizeof keys[0]; i++) {
        if (!origin_has(&l->groups[index], keys[i]))
            continue;
        err_add(&l->warnings, origin_place(&l->groups[index], keys[i]),
                "%s has no effect: '%s' serves session paired only (the route in line %u), where each client "
                "has one member to itself; write session: shared there, or leave it out",
                cfg_key_rows[keys[i]].name, c->groups[index].name, paired->line);
        return;
    }
}

/* Streams of a member of mapped sessions that cannot be added. Linux asks its peer only for what it grants
 * itself, and offers nothing unless told to; usrsctp does both. */
static void advise_adding(struct loader *l, unsigned index)
{
    enum { CHANGE_ASSOC = 4 }; /* of enable_stream_reset */
    const struct cfg_peer *p = &l->config->peers[index];
    const struct cfg_origin *o = &l->peers[index];
    const struct opt_set *s = &p->sctp;
    bool usrsctp = l->config->transport == CFG_TRANSPORT_USRSCTP;
    bool off = !opt_num(s, OPTF_RECONFIG_SUPPORTED, true);
    bool denied = !usrsctp && opt_given(s, OPTF_ENABLE_STREAM_RESET) &&
                  !(opt_num(s, OPTF_ENABLE_STREAM_RESET, 0) & CHANGE_ASSOC);
    bool unsaid = !usrsctp && origin_has(o, CFG_KEY_PEER_STREAMS_FULL) &&
                  (!opt_given(s, OPTF_RECONFIG_SUPPORTED) || !opt_given(s, OPTF_ENABLE_STREAM_RESET));
    if (p->streams_full != CFG_STREAMS_ADD || !(off || denied || unsaid))
        return;
    struct cfg_place at = unsaid ? origin_place(o, CFG_KEY_PEER_STREAMS_FULL)
                          : off  ? option_place(o, OPTF_RECONFIG_SUPPORTED)
                                 : option_place(o, OPTF_ENABLE_STREAM_RESET);
    err_add(&l->warnings, at,
            "streams_full: add asks '%s' for more streams for mapped sessions, %s; write reconfig_supported: "
            "true "
            "and enable_stream_reset: [change_assoc], or mapped: {streams_full: refuse}",
            p->name,
            off      ? "which reconfig_supported: false prevents"
            : denied ? "which enable_stream_reset without change_assoc prevents"
                     : "which Linux does only where it may re-configure associations");
}

static void find_mapped(const struct cfg_config *c, const struct cfg_route *r, bool *mapped)
{
    const struct cfg_group *g = &c->groups[r->group];
    for (unsigned i = 0; r->session == CFG_MAPPED && i < g->member_count; i++)
        if (g->members[i].kind == CFG_MEMBER_PEER)
            mapped[g->members[i].index] = true;
}

void advise_unused(struct loader *l)
{
    const struct cfg_config *c = l->config;
    for (unsigned i = 0; i < c->listener_count; i++)
        advise_listener(l, &l->listeners[i], &c->listeners[i]);
    bool *mapped = arena_array(&l->scratch, c->peer_count, sizeof *mapped);
    for (unsigned i = 0; i < c->route_count; i++)
        find_mapped(c, &c->routes[i], mapped);
    for (unsigned i = 0; i < c->peer_count; i++) {
        advise_peer(l, &l->peers[i], &c->peers[i]);
        if (mapped[i])
            advise_adding(l, i);
    }
    for (unsigned i = 0; i < l->group_count; i++)
        advise_paired(l, i);
    for (unsigned i = 0; i < c->route_count; i++) {
        advise_rtx(l, &c->routes[i], &l->routes[i]);
        advise_set_stream(l, &c->routes[i], &l->routes[i]);
    }
}
