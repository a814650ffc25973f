/* SCTP options of the configuration, put on sockets and associations.
 *
 * Most are set when a socket is opened, before it is bound, and its associations begin with them. Some only
 * an association can have: they ask the peer for something, or name one of its paths, which a socket without
 * an association does not know. Those are set when it is up, each by itself, so that one that is refused
 * takes no other along. What came out is read back and compared: of sockets once an endpoint, of associations
 * each time. */
#include "broker/broker_priv.h"

#include <stdio.h>

/* "listener=access" */
static void name(const struct brk_worker *w, struct cfg_member m, char *out, size_t size)
{
    snprintf(out, size, "%s=%s", brk_member_word(m), cfg_member_name(w->config, m));
}

static void log_difference(enum opt_id id, const char *text, void *arg)
{
    char quoted[512];
    (void)id;
    brk_log(CFG_LOG_WARNING, "option_differs", "%s text=%s", (const char *)arg,
            brk_quote(text, quoted, sizeof quoted));
}

void brk_options_compare(const struct brk_socket *s, const struct opt_set *wanted)
{
    char who[160];
    name(s->worker, s->member, who, sizeof who);
    tr_compare_options(s->ep, 0, wanted, log_difference, who);
}

static const struct opt_set *options_of(const struct cfg_config *c, struct cfg_member m)
{
    return m.kind == CFG_MEMBER_LISTENER ? &c->listeners[m.index].sctp : &c->peers[m.index].sctp;
}

/* Whether an option that is given needs an association. */
static bool needs_assoc(const struct opt_set *s, enum opt_id id)
{
    const struct opt_row *row = &opt_rows[id];
    if (!(row->when & OPT_AT_OPEN))
        return true;
    for (unsigned f = row->first; f < row->first + row->fields; f++)
        if (opt_field_rows[f].type == OPT_ADDR && opt_given(s, f))
            return true;
    return false;
}

/* Adds the given fields of one option to `out`. */
static void take(const struct opt_set *from, enum opt_id id, struct opt_set *out)
{
    const struct opt_row *row = &opt_rows[id];
    for (unsigned f = row->first; f < row->first + row->fields; f++)
        if (opt_given(from, f)) {
            out->given[f / 64] |= UINT64_C(1) << (f % 64);
            out->value[f] = from->value[f];
        }
}

struct opt_set brk_options_at_open(const struct cfg_config *c, struct cfg_member m)
{
    const struct opt_set *all = options_of(c, m);
    struct opt_set some = {0};
    for (unsigned id = 0; id < OPT_ID_COUNT; id++)
        if (opt_any(all, id) && !needs_assoc(all, id))
            take(all, id, &some);
    if (!opt_given(&some, OPTF_EV_ADDRESS)) /* a failover is something that operators want to see */
        opt_put(&some, OPTF_EV_ADDRESS, true);
    return some;
}

void brk_assoc_options(struct brk_assoc *a)
{
    struct cfg_member m = a->socket->member;
    const struct opt_set *all = options_of(a->worker->config, m);
    struct tr_error error;
    char who[160], quoted[300];
    name(a->worker, m, who, sizeof who);
    for (unsigned id = 0; id < OPT_ID_COUNT; id++) {
        struct opt_set one = {0};
        if (!opt_any(all, id) || !needs_assoc(all, id))
            continue;
        take(all, id, &one);
        if (tr_set_options(a->socket->ep, a->id, &one, NULL, &error) == TR_OK)
            tr_compare_options(a->socket->ep, a->id, &one, log_difference, who);
        else
            brk_log(CFG_LOG_WARNING, "option_differs", "%s text=%s", who,
                    brk_quote(error.text, quoted, sizeof quoted));
    }
}

/* ---- before the first connection ------------------------------------------------------------------ */

/* Which of the options the stack does not take; OPT_ID_COUNT where setting them one by one does not tell. */
static enum opt_id find_culprit(struct brk_worker *w, const struct opt_set *options)
{
    struct tr_open_params params = {.style = TR_ONE_TO_MANY};
    struct tr_endpoint *ep = NULL;
    struct tr_error error;
    enum opt_id culprit = OPT_ID_COUNT;
    if (tr_open(w->loop, &params, &ep, &error) != TR_OK)
        return OPT_ID_COUNT;
    for (unsigned id = 0; id < OPT_ID_COUNT && culprit == OPT_ID_COUNT; id++) {
        struct opt_set one = {0};
        if (!opt_any(options, id) || !(opt_rows[id].when & OPT_LATER))
            continue;
        take(options, id, &one);
        if (tr_set_options(ep, 0, &one, NULL, &error) != TR_OK)
            culprit = id;
    }
    tr_close(ep);
    return culprit;
}

static struct cfg_place place_of(const struct opt_set *options, const struct cfg_place *at, enum opt_id id)
{
    for (unsigned f = 0; f < OPTF_COUNT; f++)
        if (opt_field_rows[f].option == id && opt_given(options, f) && at[f].line)
            return at[f];
    return (struct cfg_place){0};
}

/* Says whose options they are, and where the one stands that is not taken. */
static void say_where(struct brk_worker *w, struct cfg_member m, const struct opt_set *options,
                      struct tr_error *error)
{
    const struct cfg_config *c = w->config;
    const struct cfg_place *at =
        m.kind == CFG_MEMBER_LISTENER ? c->listeners[m.index].sctp_at : c->peers[m.index].sctp_at;
    struct cfg_place place = place_of(options, at, find_culprit(w, options));
    struct tr_error plain = *error;
    char where[48] = "";
    if (place.line)
        snprintf(where, sizeof where, " (line %u, column %u)", place.line, place.column);
    snprintf(error->text, sizeof error->text, "%s %.40s%s: %.160s", brk_member_word(m), cfg_member_name(c, m),
             where, plain.text);
}

enum tr_code brk_try_options(struct brk_worker *w, struct tr_error *error)
{
    const struct cfg_config *c = w->config;
    for (unsigned i = 0; i < c->listener_count + c->peer_count; i++) {
        struct cfg_member m = i < c->listener_count
                                  ? (struct cfg_member){CFG_MEMBER_LISTENER, i}
                                  : (struct cfg_member){CFG_MEMBER_PEER, i - c->listener_count};
        struct opt_set options = brk_options_at_open(c, m);
        struct tr_open_params params = {.style = TR_ONE_TO_MANY, .options = &options};
        struct tr_endpoint *ep = NULL;
        enum tr_code code = tr_open(w->loop, &params, &ep, error);
        tr_close(ep);
        if (code == TR_UNSUPPORTED || code == TR_INVALID) {
            say_where(w, m, &options, error);
            return code;
        }
    }
    return TR_OK;
}
