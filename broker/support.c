/* What a transport does not support, by the tables of the backends, with the place in the configuration.
 * Default values are left out: nobody asked for them. */
#include "broker/support.h"

#include <stdio.h>

#include "config/keys.h"

/* The first transport that has a capability, or can set an option; NULL: none. */
static const struct tr_backend *who_has(unsigned capability)
{
    const struct tr_backend *b;
    for (unsigned i = 0; (b = tr_backend_at(i)) != NULL; i++)
        if (tr_backend_caps(b) & capability)
            break;
    return b;
}

static const struct tr_backend *who_sets(enum opt_id id)
{
    const struct tr_backend *b;
    for (unsigned i = 0; (b = tr_backend_at(i)) != NULL; i++)
        if (tr_backend_can_set(b, id))
            break;
    return b;
}

/* The place of an option: that of the first of its fields in the file. */
static struct cfg_place place_of(enum opt_id id, const struct opt_set *options, const struct cfg_place *at)
{
    const struct opt_row *row = &opt_rows[id];
    for (unsigned f = row->first; f < row->first + row->fields; f++)
        if (opt_given(options, f) && at[f].line)
            return at[f];
    return (struct cfg_place){0};
}

struct finder {
    const struct tr_backend *backend;
    void (*tell)(struct cfg_place at, const char *text, void *arg);
    void *arg;
    struct cfg_place told[OPT_ID_COUNT]; /* the last place reported; what endpoints share is reported once */
    unsigned count;
};

/* `other`: a transport that supports it, or NULL. */
static void refuse(struct finder *f, struct cfg_place at, const char *what, const char *cannot,
                   const struct tr_backend *other)
{
    const char *name = tr_backend_name(f->backend);
    char text[200];
    if (other)
        snprintf(text, sizeof text,
                 "%s: transport %s cannot %s, %s can; leave it out, or write broker.transport: %s", what,
                 name, cannot, tr_backend_name(other), tr_backend_name(other));
    else
        snprintf(text, sizeof text, "%s: no transport can %s; leave it out", what, cannot);
    f->tell(at, text, f->arg);
    f->count++;
}

static void look_at_options(struct finder *f, const struct opt_set *options, const struct cfg_place *at)
{
    for (unsigned id = 0; id < OPT_ID_COUNT; id++) {
        struct cfg_place place = place_of(id, options, at);
        if (!place.line || tr_backend_can_set(f->backend, id) ||
            (place.line == f->told[id].line && place.column == f->told[id].column))
            continue;
        refuse(f, place, opt_rows[id].name, "set it", who_sets(id));
        f->told[id] = place;
    }
}

static const char several[] = "have several addresses";
static const char elsewhere[] = "use another network namespace";
static const char device[] = "bind to a device";

/* Checks a value that needs a capability of the transport. */
static void look_at_key(struct finder *f, const struct cfg_place *at, enum cfg_key key, bool used,
                        unsigned capability, const char *cannot)
{
    if (used && at[key].line && !(tr_backend_caps(f->backend) & capability))
        refuse(f, at[key], cfg_key_rows[key].name, cannot, who_has(capability));
}

static void look_at_listener(struct finder *f, const struct cfg_listener *l)
{
    const struct cfg_place *at = l->key_at;
    look_at_key(f, at, CFG_KEY_LISTENER_ADDRESS, l->address_count > 1, TR_CAP_MULTIHOMING, several);
    look_at_key(f, at, CFG_KEY_LISTENER_NETNS, true, TR_CAP_NETNS, elsewhere);
    look_at_key(f, at, CFG_KEY_LISTENER_DEVICE, true, TR_CAP_NETNS, device);
    look_at_options(f, &l->sctp, l->sctp_at);
}

/* A peer's own addresses are tried in turn if the transport cannot use several at once. */
static void look_at_peer(struct finder *f, const struct cfg_peer *p)
{
    const struct cfg_place *at = p->key_at;
    look_at_key(f, at, CFG_KEY_PEER_LOCAL, p->local_count > 1, TR_CAP_MULTIHOMING, several);
    look_at_key(f, at, CFG_KEY_PEER_NETNS, true, TR_CAP_NETNS, elsewhere);
    look_at_key(f, at, CFG_KEY_PEER_DEVICE, true, TR_CAP_NETNS, device);
    look_at_options(f, &p->sctp, p->sctp_at);
}

unsigned brk_unsupported(const struct cfg_config *c, const struct tr_backend *b,
                         void (*tell)(struct cfg_place at, const char *text, void *arg), void *arg)
{
    struct finder f = {.backend = b, .tell = tell, .arg = arg};
    for (unsigned i = 0; i < c->listener_count; i++)
        look_at_listener(&f, &c->listeners[i]);
    for (unsigned i = 0; i < c->peer_count; i++)
        look_at_peer(&f, &c->peers[i]);
    return f.count;
}
