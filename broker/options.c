/* The configured SCTP options, set on sockets and associations.
 *
 * Most are set when a socket is opened, before it is bound, and its associations start with them. Some can
 * only be set on an association: they send a request to the peer, or refer to a path, which a socket
 * without an association does not have. Those are set when it is up, one by one, so that one that is
 * refused does not affect the others. The results are read back and compared: on sockets once for each
 * endpoint, on associations each time. */
#include "broker/options.h"

#include <stdio.h>

#include "broker/assoc.h"
#include "broker/log.h"
#include "broker/sndbuf.h"
#include "broker/socket.h"
#include "broker/state.h"
#include "broker/window.h"
#include "config/config.h"
#include "config/same.h"
#include "config/sctp/hash.h"
#include "config/sctp/options.h"
#include "transport/transport.h"

/* "listener=access" */
static void name(const struct cfg_config *c, struct cfg_member m, char *out, size_t size)
{
    snprintf(out, size, "%s=%s", brk_member_word(m), cfg_member_name(c, m));
}

/* What options were set on. */
struct subject {
    char name[160];
    const struct brk_assoc *assoc; /* NULL: the endpoint */
};

/* Of associations that many clients have not every one is told. */
static void log_differs(const struct subject *s, const char *text)
{
    static struct brk_log_budget lines = {.event = "option_differs", .level = CFG_LOG_WARNING};
    char quoted[512];
    if (!s->assoc)
        brk_log(CFG_LOG_WARNING, "option_differs", "%s text=%s", s->name,
                brk_quote(text, quoted, sizeof quoted));
    else if (brk_assoc_admits(s->assoc, &lines))
        brk_log(CFG_LOG_WARNING, "option_differs", "%s assoc=%u text=%s", s->name, s->assoc->id,
                brk_quote(text, quoted, sizeof quoted));
}

static void log_difference(enum opt_id id, const char *text, void *subject)
{
    (void)id;
    log_differs(subject, text);
}

void brk_options_compare(const struct brk_socket *s, const struct cfg_config *c, const struct opt_set *wanted)
{
    struct subject subject = {0};
    name(c, s->member, subject.name, sizeof subject.name);
    tr_compare_options(s->ep, 0, wanted, log_difference, &subject);
}

static const struct opt_set *options_of(const struct cfg_config *c, struct cfg_member m)
{
    return m.kind == CFG_MEMBER_LISTENER ? &c->listeners[m.index].sctp : &c->peers[m.index].sctp;
}

void brk_options_at_open(const struct cfg_config *c, struct cfg_member m, struct opt_set *out)
{
    const struct opt_set *all = options_of(c, m);
    *out = (struct opt_set){0};
    for (unsigned id = 0; id < OPT_ID_COUNT; id++)
        if (opt_any(all, id) && !cfg_needs_assoc(all, id))
            opt_take_option(out, all, id);
    bool checked = m.kind == CFG_MEMBER_LISTENER &&
                   (c->listeners[m.index].access.allow_count || c->listeners[m.index].access.deny_count);
    /* Operators want to see a failover; and addresses that a peer adds are to be checked whatever they want.
     */
    if (!opt_given(out, OPTF_EV_ADDRESS) || checked)
        opt_put(out, OPTF_EV_ADDRESS, true);
}

void brk_assoc_options(struct brk_assoc *a)
{
    struct cfg_member m = a->socket->member;
    const struct opt_set *all = options_of(a->worker->config, m);
    struct tr_error error;
    struct subject subject = {.assoc = a};
    name(a->worker->config, m, subject.name, sizeof subject.name);
    for (unsigned id = 0; id < OPT_ID_COUNT; id++) {
        if (!opt_any(all, id) || !cfg_needs_assoc(all, id))
            continue;
        struct opt_set one = {0};
        opt_take_option(&one, all, id);
        if (tr_set_options(a->socket->ep, a->id, &one, NULL, &error) == TR_OK)
            tr_compare_options(a->socket->ep, a->id, &one, log_difference, &subject);
        else
            log_differs(&subject, error.text);
    }
}

/* Sets one option on an association, or, NULL, on the endpoint. */
static void set_changed(struct brk_socket *s, const struct brk_assoc *a, const struct opt_set *changed,
                        enum opt_id id)
{
    struct opt_set one = {0};
    struct tr_error error;
    struct subject subject = {.assoc = a};
    opt_take_option(&one, changed, id);
    if (tr_set_options(s->ep, a ? a->id : 0, &one, NULL, &error) == TR_OK || error.code == TR_NO_ASSOC)
        return;
    name(s->worker->config, s->member, subject.name, sizeof subject.name);
    log_differs(&subject, error.text);
}

/* The options that act at once: on the associations if each can have its own value, else on their socket. */
static void set_now(struct brk_socket *s, const struct opt_set *changed, enum opt_id id)
{
    const struct opt_row *row = &opt_rows[id];
    struct brk_assoc *a, *tmp;
    if (!(row->when & OPT_PER_ASSOC)) {
        set_changed(s, NULL, changed, id);
        return;
    }
    HASH_ITER(hh, s->assocs, a, tmp)
    if (a->state == BRK_UP)
        set_changed(s, a, changed, id);
}

void brk_options_adopt(struct brk_socket *s, const struct cfg_config *old)
{
    const struct cfg_config *c = s->worker->config;
    struct opt_set changed;
    if (!s->ep || s->retiring ||
        !cfg_changed_options(options_of(old, s->member), options_of(c, s->member), &changed))
        return;
    for (unsigned id = 0; id < OPT_ID_COUNT; id++) {
        const struct opt_row *row = &opt_rows[id];
        if (!opt_any(&changed, id) || !(row->when & OPT_LATER))
            continue;
        if (s->kind == BRK_LISTENING && !cfg_needs_assoc(&changed, id))
            set_changed(s, NULL, &changed, id);
        if (row->effect == OPT_NOW && (s->kind != BRK_LISTENING || row->when & OPT_PER_ASSOC))
            set_now(s, &changed, id);
    }
    if (s->kind == BRK_LISTENING && opt_any(&changed, OPT_RECBUF))
        brk_socket_shrink_window(s);
    if (opt_any(&changed, OPT_SNDBUF) && s->sndbuf.most)
        brk_sndbuf_begin(s, opt_num(&changed, OPTF_SNDBUF, 0));
}

/* Which of the options the stack refuses; OPT_ID_COUNT if setting them one by one does not tell. */
static enum opt_id find_culprit(struct brk_worker *w, const struct opt_set *options)
{
    struct tr_open_params params = {.style = TR_ONE_TO_MANY};
    struct tr_endpoint *ep = NULL;
    struct tr_error error;
    enum opt_id culprit = OPT_ID_COUNT;
    if (tr_open(w->loop, &params, &ep, &error) != TR_OK)
        return OPT_ID_COUNT;
    for (unsigned id = 0; id < OPT_ID_COUNT && culprit == OPT_ID_COUNT; id++) {
        if (!opt_any(options, id) || !(opt_rows[id].when & OPT_LATER))
            continue;
        struct opt_set one = {0};
        opt_take_option(&one, options, id);
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

/* Adds to the error whose options they are, and where the refused one is in the file. */
static void say_where(struct brk_worker *w, const struct cfg_config *c, struct cfg_member m,
                      const struct opt_set *options, struct tr_error *error)
{
    const struct cfg_place *at =
        m.kind == CFG_MEMBER_LISTENER ? c->listeners[m.index].sctp_at : c->peers[m.index].sctp_at;
    struct cfg_place place = place_of(options, at, find_culprit(w, options));
    struct tr_error plain = *error;
    char where[48] = "";
    if (place.line)
        snprintf(where, sizeof where, " (line %u, column %u)", place.line, place.column);
    snprintf(error->text, sizeof error->text, "%s %.40s%s: %.150s", brk_member_word(m), cfg_member_name(c, m),
             where, plain.text);
}

enum tr_code brk_try_options(struct brk_worker *w, const struct cfg_config *c, struct tr_error *error)
{
    for (unsigned i = 0; i < c->listener_count + c->peer_count; i++) {
        struct cfg_member m = i < c->listener_count
                                  ? (struct cfg_member){CFG_MEMBER_LISTENER, i}
                                  : (struct cfg_member){CFG_MEMBER_PEER, i - c->listener_count};
        if (m.kind == CFG_MEMBER_LISTENER ? c->listeners[m.index].gone : c->peers[m.index].gone)
            continue;
        struct opt_set options;
        brk_options_at_open(c, m, &options);
        struct tr_open_params params = {.style = TR_ONE_TO_MANY, .options = &options};
        struct tr_endpoint *ep = NULL;
        enum tr_code code = tr_open(w->loop, &params, &ep, error);
        tr_close(ep);
        if (code == TR_UNSUPPORTED || code == TR_INVALID) {
            say_where(w, c, m, &options, error);
            return code;
        }
    }
    return TR_OK;
}
