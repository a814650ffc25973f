/* See diff.h. Values are the same if a file would spell them the same, so that every difference shown by
 * --print is reported. */
#include "config/diff.h"

#include <stdlib.h>
#include <string.h>

#include "config/print_priv.h"
#include "config/same.h"

/* A value as a file spells it; the memory is reused for the next one. */
struct spelling {
    FILE *out;
    char *text;
    size_t size;
};

struct differ {
    const struct cfg_config *old, *new;
    cfg_diff_tell *tell;
    void *arg;
    struct spelling before, after;
    unsigned char *seen;     /* by listener, then peer: SEEN_OLD, SEEN_NEW */
    struct cfg_difference d; /* whose values are compared */
    bool readdresses;        /* the transport can do that: */
    bool reopened;           /* a listener whose sockets are reopened, */
    bool readdressed;        /* or get other addresses */
};

enum { SEEN_OLD = 1, SEEN_NEW = 2 };

/* ---- texts ---------------------------------------------------------------------------------------- */

static void spelling_open(struct spelling *s)
{
    s->out = open_memstream(&s->text, &s->size);
    if (!s->out)
        abort(); /* out of memory, which ends a comparison like the loading of a file */
}

static void spelling_close(struct spelling *s)
{
    fclose(s->out);
    free(s->text);
}

static FILE *spell(struct spelling *s)
{
    rewind(s->out);
    return s->out;
}

static void spelled(struct spelling *s)
{
    fputc('\0', s->out);
    if (fflush(s->out) != 0)
        abort();
}

/* Finishes spelling the values. True: both exist and are the same. */
static bool spelled_same(struct differ *f, bool before, bool now)
{
    if (before)
        spelled(&f->before);
    if (now)
        spelled(&f->after);
    return before && now && strcmp(f->before.text, f->after.text) == 0;
}

static const char *cut(struct spelling *s)
{
    if (strlen(s->text) > CFG_DIFF_VALUE)
        strcpy(s->text + CFG_DIFF_VALUE - 3, "...");
    return s->text;
}

/* ---- reporting -------------------------------------------------------------------------------------- */

static void tell(struct differ *f, const char *key, enum cfg_change change, enum cfg_effect effect)
{
    f->d.key = key;
    f->d.change = change;
    f->d.effect = effect;
    f->d.before = change == CFG_ADDED || !key ? NULL : cut(&f->before);
    f->d.after = change == CFG_REMOVED || !key ? NULL : cut(&f->after);
    f->tell(&f->d, f->arg);
    f->d.by_default = false;
}

/* ---- lists of names ------------------------------------------------------------------------------- */

static unsigned char *seen(const struct differ *f, struct cfg_member m)
{
    return &f->seen[m.kind == CFG_MEMBER_LISTENER ? m.index : f->new->listener_count + m.index];
}

/* Reports names that are in one list only. */
static void tell_members(struct differ *f, const struct cfg_key_row *row, enum cfg_change change,
                         const struct cfg_member *list, unsigned count)
{
    bool added = change == CFG_ADDED;
    for (unsigned i = 0; i < count; i++) {
        if (*seen(f, list[i]) != (added ? SEEN_NEW : SEEN_OLD))
            continue;
        struct spelling *s = added ? &f->after : &f->before;
        fputs(cfg_member_name(added ? f->new : f->old, list[i]), spell(s));
        spelled(s);
        tell(f, row->name, change, row->effect);
    }
}

/* Whether the names that are in both lists have the same order. */
static bool same_order(const struct differ *f, const struct cfg_member *a, unsigned a_count,
                       const struct cfg_member *b, unsigned b_count)
{
    unsigned i = 0, k = 0;
    for (;; i++, k++) {
        while (i < a_count && *seen(f, a[i]) == SEEN_OLD)
            i++;
        while (k < b_count && *seen(f, b[k]) == SEEN_NEW)
            k++;
        if (i == a_count || k == b_count)
            return i == a_count && k == b_count;
        if (a[i].kind != b[k].kind || a[i].index != b[k].index)
            return false;
    }
}

static void diff_members(struct differ *f, const struct cfg_key_row *row, const void *old, const void *new)
{
    unsigned a_count, b_count;
    const struct cfg_member *a = print_list_of(row, old, &a_count), *b = print_list_of(row, new, &b_count);
    memset(f->seen, 0, f->new->listener_count + f->new->peer_count);
    for (unsigned i = 0; i < a_count; i++)
        *seen(f, a[i]) |= SEEN_OLD;
    for (unsigned i = 0; i < b_count; i++)
        *seen(f, b[i]) |= SEEN_NEW;
    tell_members(f, row, CFG_ADDED, b, b_count);
    tell_members(f, row, CFG_REMOVED, a, a_count);
    if (same_order(f, a, a_count, b, b_count))
        return;
    print_value(f->old, row, old, spell(&f->before));
    print_value(f->new, row, new, spell(&f->after));
    spelled_same(f, true, true);
    tell(f, row->name, CFG_CHANGED, row->effect);
}

/* ---- keys ----------------------------------------------------------------------------------------- */

/* A key with a default that is not written has no effect, such as `share` of a group that is not
 * loadshare. */
static bool is_meant(const struct cfg_key_row *row, bool written_before, bool written_now)
{
    return row->dflt == CFG_OPTIONAL ? written_before || written_now : written_before && written_now;
}

static void diff_key(struct differ *f, const struct cfg_key_row *row, const void *old, const void *new,
                     const struct cfg_place *at)
{
    bool before = print_has(row, old), now = print_has(row, new);
    if (!is_meant(row, before, now))
        return;
    if (row->kind == CFG_MEMBERS || row->kind == CFG_SOURCES) {
        diff_members(f, row, old, new);
        return;
    }
    if (before)
        print_value(f->old, row, old, spell(&f->before));
    if (now)
        print_value(f->new, row, new, spell(&f->after));
    if (spelled_same(f, before, now))
        return;
    f->d.by_default = now && at && at[row - cfg_key_rows].line == 0;
    bool at_once = f->readdressed && row == &cfg_key_rows[CFG_KEY_LISTENER_ADDRESS];
    tell(f, row->name,
         !before ? CFG_ADDED
         : !now  ? CFG_REMOVED
                 : CFG_CHANGED,
         at_once ? CFG_NOW : row->effect);
}

/* `at`: where the new values are written, or NULL. */
static void diff_keys(struct differ *f, const void *old, const void *new, const struct cfg_place *at)
{
    for (unsigned k = 0; k < CFG_KEY_COUNT; k++) {
        const struct cfg_key_row *row = &cfg_key_rows[k];
        if (row->section == f->d.section && row->kind != CFG_NAME)
            diff_key(f, row, old, new, at);
    }
}

/* ---- SCTP options --------------------------------------------------------------------------------- */

/* When the change of a field takes effect: for an existing socket, as its option's row says. A peer's socket
 * is opened for each association, a listener's when the broker starts or the listener moves. A value that is
 * removed from the file stays where it was set. */
static enum cfg_effect effect_of(const struct differ *f, enum opt_field field, const struct opt_set *old,
                                 bool removed)
{
    enum opt_effect effect = opt_rows[opt_field_rows[field].option].effect;
    if (effect != OPT_RESTART && !removed)
        return effect == OPT_NOW ? CFG_NOW : CFG_NEW_ASSOC;
    if (f->d.section == CFG_PEERS || !cfg_socket_keeps(old, field, removed))
        return CFG_NEW_ASSOC;
    return f->reopened ? CFG_NEW_ENDPOINT : CFG_RESTART;
}

static void diff_field(struct differ *f, enum opt_field field, const struct opt_set *old,
                       const struct opt_set *new, const struct cfg_place *at)
{
    const struct opt_field_row *row = &opt_field_rows[field];
    const char *option = opt_rows[row->option].name;
    bool before = opt_given(old, field), now = opt_given(new, field);
    char key[80];
    if (before)
        print_field(old, field, spell(&f->before));
    if (now)
        print_field(new, field, spell(&f->after));
    if (spelled_same(f, before, now))
        return;
    snprintf(key, sizeof key, "%s%s%s", option, *row->name ? "." : "", row->name);
    f->d.by_default = now && at[field].line == 0;
    tell(f, key,
         !before ? CFG_ADDED
         : !now  ? CFG_REMOVED
                 : CFG_CHANGED,
         effect_of(f, field, old, before && !now));
}

static void diff_options(struct differ *f, const struct opt_set *old, const struct opt_set *new,
                         const struct cfg_place *at)
{
    for (unsigned i = 0; i < OPTF_COUNT; i++)
        if (opt_given(old, i) || opt_given(new, i))
            diff_field(f, i, old, new, at);
}

/* ---- sections ------------------------------------------------------------------------------------- */

/* The entry with id `i`, or NULL if none is written. */
static const void *entry(const struct cfg_config *c, enum cfg_section section, unsigned i)
{
    switch (section) {
    case CFG_LISTENERS:
        return i < c->listener_count && !c->listeners[i].gone ? &c->listeners[i] : NULL;
    case CFG_PEERS:
        return i < c->peer_count && !c->peers[i].gone ? &c->peers[i] : NULL;
    case CFG_GROUPS:
        return i < c->group_count && !c->groups[i].gone && !print_is_implicit(c, &c->groups[i])
                   ? &c->groups[i]
                   : NULL;
    default:
        return i < c->route_count && !c->routes[i].gone && !c->routes[i].otherwise ? &c->routes[i] : NULL;
    }
}

static const char *name_of(enum cfg_section section, const void *entry)
{
    const struct cfg_route *r = entry;
    return section == CFG_LISTENERS ? ((const struct cfg_listener *)entry)->name
           : section == CFG_PEERS   ? ((const struct cfg_peer *)entry)->name
           : section == CFG_GROUPS  ? ((const struct cfg_group *)entry)->name
           : r->name                ? r->name
                                    : r->identity;
}

static void diff_entry(struct differ *f, const void *old, const void *new)
{
    if (f->d.section == CFG_LISTENERS) {
        const struct cfg_listener *a = old, *b = new;
        f->readdressed = f->readdresses && cfg_readdressed(a, b);
        f->reopened = !f->readdressed && !cfg_same_listening(a, b);
        diff_keys(f, a, b, b->key_at);
        diff_options(f, &a->sctp, &b->sctp, b->sctp_at);
    } else if (f->d.section == CFG_PEERS) {
        const struct cfg_peer *a = old, *b = new;
        diff_keys(f, a, b, b->key_at);
        diff_options(f, &a->sctp, &b->sctp, b->sctp_at);
    } else {
        diff_keys(f, old, new, NULL);
    }
}

static void diff_section(struct differ *f, enum cfg_section section, unsigned count)
{
    f->d.section = section;
    for (unsigned i = 0; i < count; i++) {
        const void *old = entry(f->old, section, i), *new = entry(f->new, section, i);
        if (!old && !new)
            continue;
        f->d.name = name_of(section, new ? new : old);
        if (old && new)
            diff_entry(f, old, new);
        else
            tell(f, NULL, new ? CFG_ADDED : CFG_REMOVED, CFG_NOW);
    }
}

/* ---- the order of routes -------------------------------------------------------------------------- */

/* The first route at or after `place`, in the order of `c`, that both have; or NULL. */
static const struct cfg_route *common_route(const struct differ *f, const struct cfg_config *c,
                                            unsigned *place)
{
    for (; *place < cfg_ordered_routes(c); ++*place) {
        unsigned id = cfg_route_at(c, *place);
        if (entry(f->old, CFG_ROUTES, id) && entry(f->new, CFG_ROUTES, id))
            return &c->routes[id];
    }
    return NULL;
}

static void spell_routes(const struct differ *f, const struct cfg_config *c, unsigned place,
                         struct spelling *s)
{
    const struct cfg_route *r;
    FILE *out = spell(s);
    for (unsigned n = 0; n < CFG_DIFF_VALUE && (r = common_route(f, c, &place)) != NULL; n++, place++)
        fprintf(out, "%s%s", n ? "; " : "", name_of(CFG_ROUTES, r));
    spelled(s);
}

static void diff_order(struct differ *f)
{
    unsigned a = 0, b = 0;
    const struct cfg_route *old, *new;
    for (;; a++, b++) {
        old = common_route(f, f->old, &a);
        new = common_route(f, f->new, &b);
        if (!old || !new)
            return;
        if (old - f->old->routes != new - f->new->routes)
            break;
    }
    spell_routes(f, f->old, a, &f->before);
    spell_routes(f, f->new, b, &f->after);
    f->d.name = NULL;
    tell(f, "order", CFG_CHANGED, CFG_NOW);
}

void cfg_diff(const struct cfg_config *old, const struct cfg_config *c, bool readdresses, cfg_diff_tell *to,
              void *arg)
{
    struct differ f = {
        .old = old, .new = c, .tell = to, .arg = arg, .readdresses = readdresses, .d.section = CFG_BROKER};
    f.seen = malloc((size_t)c->listener_count + c->peer_count + 1);
    if (!f.seen)
        abort();
    spelling_open(&f.before);
    spelling_open(&f.after);
    diff_keys(&f, old, c, c->key_at);
    diff_section(&f, CFG_LISTENERS, c->listener_count);
    diff_section(&f, CFG_PEERS, c->peer_count);
    diff_section(&f, CFG_GROUPS, c->group_count);
    diff_section(&f, CFG_ROUTES, c->route_count);
    diff_order(&f);
    f.d.section = CFG_TAP;
    f.d.name = NULL;
    diff_keys(&f, old, c, c->key_at);
    spelling_close(&f.before);
    spelling_close(&f.after);
    free(f.seen);
}

/* ---- as text -------------------------------------------------------------------------------------- */

const char *cfg_section_word(enum cfg_section section)
{
    return section == CFG_LISTENERS ? "listener"
           : section == CFG_PEERS   ? "peer"
           : section == CFG_GROUPS  ? "group"
           : section == CFG_ROUTES  ? "route"
           : section == CFG_TAP     ? "tap"
                                    : "broker";
}

const char *cfg_change_word(enum cfg_change change)
{
    static const char *const words[] = {
        [CFG_ADDED] = "added", [CFG_REMOVED] = "removed", [CFG_CHANGED] = "changed"};
    return words[change];
}

void cfg_difference_print(const struct cfg_difference *d, FILE *out)
{
    const char *value = d->change == CFG_ADDED ? d->after : d->before;
    fputs(cfg_section_word(d->section), out);
    if (d->name)
        fprintf(out, " %s", d->name);
    fputs(": ", out);
    if (!d->key)
        fputs(cfg_change_word(d->change), out);
    else if (d->change == CFG_CHANGED)
        fprintf(out, "%s: %s -> %s", d->key, d->before, d->after);
    else
        fprintf(out, "%s: %s %s", d->key, cfg_change_word(d->change), value);
    fprintf(out, "%s (%s)", d->by_default ? ", the default" : "", cfg_effect_text(d->effect));
}
