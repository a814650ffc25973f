/* Writes a configuration as YAML that reads back as the same configuration.
 *
 * Everything that has a value is written, including defaults, by the rows of keys.def and options.def; SCTP
 * options are written in full at each listener and peer, so that profiles and the common section are not
 * needed. Groups of one member that represent a peer or listener are left out, and routes name that peer or
 * listener. */
#include <string.h>

#include "config/print_priv.h"

struct printer {
    const struct cfg_config *config;
    FILE *out;
};

static void print_address(FILE *out, const struct net_addr *a)
{
    char text[NET_ADDR_TEXT];
    struct net_addr copy = *a;
    net_addr_set_port(&copy, 0);
    net_addr_format(&copy, text, sizeof text);
    fprintf(out, strchr(text, ':') ? "\"%s\"" : "%s", text);
}

static void print_endpoint(FILE *out, const struct net_addr *a)
{
    char text[NET_ADDR_TEXT];
    fprintf(out, "\"%s\"", net_addr_format(a, text, sizeof text));
}

/* In single quotes YAML takes everything literally except the quote itself. */
static void print_text(FILE *out, const char *text)
{
    fputc('\'', out);
    for (; *text; text++)
        fprintf(out, *text == '\'' ? "''" : "%c", *text);
    fputc('\'', out);
}

static void print_host(FILE *out, const struct net_host *h)
{
    if (h->name)
        fputs(h->name, out);
    else
        print_address(out, &h->address);
}

/* ---- SCTP options --------------------------------------------------------------------------------- */

void print_field(const struct opt_set *s, enum opt_field f, FILE *out)
{
    char text[VAL_TEXT_MAX];
    if (opt_is_number(opt_field_rows[f].type))
        fputs(opt_format(s, f, text, sizeof text), out);
    else
        print_text(out, opt_text(s, f));
}

static void print_record(FILE *out, const struct opt_set *s, const struct opt_row *row)
{
    const char *comma = "";
    fputc('{', out);
    for (unsigned f = row->first; f < row->first + row->fields; f++)
        if (opt_given(s, f)) {
            fprintf(out, "%s%s: ", comma, opt_field_rows[f].name);
            print_field(s, f, out);
            comma = ", ";
        }
    fputs("}\n", out);
}

void cfg_print_options(const struct opt_set *s, const char *indent, FILE *out)
{
    fprintf(out, "%ssctp:\n", indent);
    for (unsigned id = 0; id < OPT_ID_COUNT; id++) {
        const struct opt_row *row = &opt_rows[id];
        if (!opt_any(s, id))
            continue;
        fprintf(out, "%s  %s: ", indent, row->name);
        if (*opt_field_rows[row->first].name) {
            print_record(out, s, row);
        } else {
            print_field(s, row->first, out);
            fputc('\n', out);
        }
    }
}

/* ---- lists ---------------------------------------------------------------------------------------- */

static void print_item(const struct cfg_config *c, FILE *out, enum cfg_kind kind, const void *list,
                       unsigned i)
{
    static const struct val_spec ppid = {OPT_PPID, OPT_NO_UNIT, 0, UINT32_MAX, NULL};
    const struct cfg_range *range;
    char text[VAL_TEXT_MAX], prefix[NET_PREFIX_TEXT];
    switch (kind) {
    case CFG_ADDRESSES:
        print_address(out, (const struct net_addr *)list + i);
        break;
    case CFG_ENDPOINTS:
        print_endpoint(out, (const struct net_addr *)list + i);
        break;
    case CFG_HOSTS:
        print_host(out, (const struct net_host *)list + i);
        break;
    case CFG_NUMBERS:
        fprintf(out, "%u", ((const uint32_t *)list)[i]);
        break;
    case CFG_PREFIXES:
    case CFG_DENIED:
        fprintf(out, "\"%s\"", net_prefix_format((const struct net_prefix *)list + i, prefix, sizeof prefix));
        break;
    case CFG_PPIDS:
        fputs(val_format(&ppid, ((const uint32_t *)list)[i], text, sizeof text), out);
        break;
    case CFG_ROUTE_NAMES:
        fputs(c->routes[((const unsigned *)list)[i]].name, out);
        break;
    case CFG_STREAMS:
        range = (const struct cfg_range *)list + i;
        fprintf(out, range->first == range->last ? "%u" : "%u-%u", range->first, range->last);
        break;
    default:
        fputs(cfg_member_name(c, ((const struct cfg_member *)list)[i]), out);
    }
}

static void print_list(const struct cfg_config *c, FILE *out, enum cfg_kind kind, const void *list,
                       unsigned count)
{
    if (count == 0) {
        fputs(kind == CFG_DENIED ? "none" : "any", out);
        return;
    }
    fputc('[', out);
    for (unsigned i = 0; i < count; i++) {
        if (i)
            fputs(", ", out);
        print_item(c, out, kind, list, i);
    }
    fputs("]", out);
}

static void print_out_stream(FILE *out, const struct cfg_set_stream *s)
{
    static const char *const words[] = {
        [CFG_SAME_STREAM] = "same", [CFG_HASHED_STREAM] = "hash", [CFG_SPREAD_STREAM] = "spread"};
    if (s->rule == CFG_FIXED_STREAM)
        fprintf(out, "%u", s->number);
    else
        fputs(words[s->rule], out);
}

static void print_otherwise(FILE *out, const struct cfg_config *c)
{
    const struct cfg_group *g = cfg_unrouted_group(c);
    fputs(g ? g->name : c->unrouted == CFG_UNROUTED_ABORT ? "abort" : "drop", out);
}

/* ---- rows ----------------------------------------------------------------------------------------- */

static const void *pointer_at(const void *object, size_t offset)
{
    const void *p;
    memcpy(&p, (const char *)object + offset, sizeof p);
    return p;
}

static unsigned count_at(const void *object, size_t offset)
{
    unsigned n;
    memcpy(&n, (const char *)object + offset, sizeof n);
    return n;
}

const void *print_list_of(const struct cfg_key_row *row, const void *object, unsigned *count)
{
    *count = count_at(object, row->count_offset);
    return pointer_at(object, row->offset);
}

/* Without a file there is no such section; conditions that are not written are no conditions. */
static bool has_tap(const struct cfg_key_row *row, const struct cfg_config *c)
{
    bool list = row->kind != CFG_TEXT && row->kind != CFG_SCALAR;
    return c->tap.file && (!list || count_at(c, row->count_offset));
}

bool print_has(const struct cfg_key_row *row, const void *object)
{
    if (row == &cfg_key_rows[CFG_KEY_GROUP_SHARE] || row == &cfg_key_rows[CFG_KEY_GROUP_SLOW_START])
        return ((const struct cfg_group *)object)->mode == CFG_LOADSHARE;
    if (row == &cfg_key_rows[CFG_KEY_GROUP_RETURN_AFTER])
        return ((const struct cfg_group *)object)->mode == CFG_OVERRIDE;
    if (row >= &cfg_key_rows[CFG_KEY_GROUP_HOLD_MESSAGES] && row <= &cfg_key_rows[CFG_KEY_GROUP_HOLD_TIME])
        return ((const struct cfg_group *)object)->mode != CFG_BROADCAST;
    if (row->section == CFG_TAP)
        return has_tap(row, object);
    if (row->kind == CFG_TEXT || row->kind == CFG_NAME)
        return pointer_at(object, row->offset) != NULL;
    if (row->kind == CFG_SCALAR && row->dflt == CFG_OPTIONAL)
        return cfg_key_get(row, object) != CFG_ABSENT;
    if (row->kind == CFG_ADDRESSES || row->kind == CFG_ENDPOINTS)
        return count_at(object, row->count_offset) != 0;
    return row->kind != CFG_PROFILE && row->kind != CFG_OPTIONS;
}

void print_value(const struct cfg_config *c, const struct cfg_key_row *row, const void *object, FILE *out)
{
    char text[VAL_TEXT_MAX];
    switch (row->kind) {
    case CFG_SCALAR:
        fputs(val_format(&row->spec, cfg_key_get(row, object), text, sizeof text), out);
        break;
    case CFG_NAME:
        fputs(pointer_at(object, row->offset), out);
        break;
    case CFG_TEXT:
        print_text(out, pointer_at(object, row->offset));
        break;
    case CFG_OUT_STREAM:
        print_out_stream(out, &((const struct cfg_route *)object)->set_stream);
        break;
    case CFG_OTHERWISE:
        print_otherwise(out, c);
        break;
    case CFG_TARGET:
        fputs(c->groups[((const struct cfg_route *)object)->group].name, out);
        break;
    default:
        print_list(c, out, row->kind, pointer_at(object, row->offset), count_at(object, row->count_offset));
    }
}

/* Rows "a.b" and "a.c" follow each other and become `a: {b: …, c: …}` in block form. */
static void print_rows(const struct printer *p, enum cfg_section section, const void *object,
                       const char *indent, const char *first)
{
    char outer[32] = "";
    for (unsigned k = 0; k < CFG_KEY_COUNT; k++) {
        const struct cfg_key_row *row = &cfg_key_rows[k];
        if (row->section != section || !print_has(row, object))
            continue;
        size_t len = strcspn(row->name, ".");
        const char *lead = first;
        first = indent;
        if (row->name[len] == '.') {
            if (strncmp(outer, row->name, len) != 0 || outer[len] != '\0') {
                snprintf(outer, sizeof outer, "%.*s", (int)len, row->name);
                fprintf(p->out, "%s%s:\n", lead, outer);
            }
            fprintf(p->out, "%s  %s: ", indent, row->name + len + 1);
        } else {
            fprintf(p->out, "%s%s: ", lead, row->name);
        }
        print_value(p->config, row, object, p->out);
        fputc('\n', p->out);
    }
}

/* ---- sections ------------------------------------------------------------------------------------- */

/* Only such a group has the name of its member. */
bool print_is_implicit(const struct cfg_config *c, const struct cfg_group *g)
{
    return g->member_count == 1 && strcmp(g->name, cfg_member_name(c, g->members[0])) == 0;
}

static void begin_section(const struct printer *p, enum cfg_section section)
{
    fprintf(p->out, "%s:\n", cfg_section_rows[section].name);
}

static void print_endpoints(const struct printer *p)
{
    const struct cfg_config *c = p->config;
    if (c->listener_count)
        begin_section(p, CFG_LISTENERS);
    for (unsigned i = 0; i < c->listener_count; i++) {
        if (c->listeners[i].gone)
            continue;
        print_rows(p, CFG_LISTENERS, &c->listeners[i], "    ", "  - ");
        cfg_print_options(&c->listeners[i].sctp, "    ", p->out);
    }
    if (c->peer_count)
        begin_section(p, CFG_PEERS);
    for (unsigned i = 0; i < c->peer_count; i++) {
        if (c->peers[i].gone)
            continue;
        print_rows(p, CFG_PEERS, &c->peers[i], "    ", "  - ");
        cfg_print_options(&c->peers[i].sctp, "    ", p->out);
    }
}

static void print_routing(const struct printer *p)
{
    const struct cfg_config *c = p->config;
    bool begun = false;
    for (unsigned i = 0; i < c->group_count; i++) {
        if (c->groups[i].gone || print_is_implicit(c, &c->groups[i]))
            continue;
        if (!begun)
            begin_section(p, CFG_GROUPS);
        begun = true;
        print_rows(p, CFG_GROUPS, &c->groups[i], "    ", "  - ");
    }
    if (cfg_ordered_routes(c) > (c->unrouted == CFG_UNROUTED_SEND))
        begin_section(p, CFG_ROUTES);
    for (unsigned i = 0; i < cfg_ordered_routes(c) && !c->routes[cfg_route_at(c, i)].otherwise; i++)
        print_rows(p, CFG_ROUTES, &c->routes[cfg_route_at(c, i)], "    ", "  - ");
}

void cfg_print(const struct cfg_config *c, FILE *out)
{
    const struct printer p = {c, out};
    begin_section(&p, CFG_BROKER);
    print_rows(&p, CFG_BROKER, c, "  ", "  ");
    print_endpoints(&p);
    print_routing(&p);
    if (c->tap.file) {
        begin_section(&p, CFG_TAP);
        print_rows(&p, CFG_TAP, c, "  ", "  ");
    }
}
