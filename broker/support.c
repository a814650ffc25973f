/* Options that a transport lacks. The tables of the backends say so, the configuration knows the place. What
 * is no more than a default of ours is left out: nobody asked for it. */
#include "broker/support.h"

#include <stdio.h>

static const struct tr_backend *other_than(const struct tr_backend *b)
{
    return b == tr_kernel() ? tr_usrsctp() : tr_kernel();
}

/* Where an option is written: at the first of its fields that is. */
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
    struct cfg_place told[OPT_ID_COUNT]; /* the last one: what endpoints share is told once */
    unsigned count;
};

static void look(struct finder *f, const struct opt_set *options, const struct cfg_place *at)
{
    char text[200];
    for (unsigned id = 0; id < OPT_ID_COUNT; id++) {
        struct cfg_place place = place_of(id, options, at);
        if (!place.line || tr_backend_can_set(f->backend, id) ||
            (place.line == f->told[id].line && place.column == f->told[id].column))
            continue;
        const struct tr_backend *other = other_than(f->backend);
        if (tr_backend_can_set(other, id))
            snprintf(text, sizeof text,
                     "%s: transport %s cannot set it, %s can; leave it out, or write broker.transport: %s",
                     opt_rows[id].name, tr_backend_name(f->backend), tr_backend_name(other),
                     tr_backend_name(other));
        else
            snprintf(text, sizeof text, "%s: no transport can set it; leave it out", opt_rows[id].name);
        f->tell(place, text, f->arg);
        f->told[id] = place;
        f->count++;
    }
}

unsigned brk_unsupported(const struct cfg_config *c, const struct tr_backend *b,
                         void (*tell)(struct cfg_place at, const char *text, void *arg), void *arg)
{
    struct finder f = {.backend = b, .tell = tell, .arg = arg};
    for (unsigned i = 0; i < c->listener_count; i++)
        look(&f, &c->listeners[i].sctp, c->listeners[i].sctp_at);
    for (unsigned i = 0; i < c->peer_count; i++)
        look(&f, &c->peers[i].sctp, c->peers[i].sctp_at);
    return f.count;
}
