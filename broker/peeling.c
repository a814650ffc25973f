/* Peeling off: giving an association of a listener a socket of its own. */
#include "broker/peeling.h"

#include <stdlib.h>

#include <uthash.h>
#include <utlist.h>

#include "broker/assoc.h"
#include "broker/limit.h"
#include "broker/log.h"
#include "broker/sending.h"
#include "broker/sndbuf.h"
#include "broker/socket.h"
#include "broker/state.h"
#include "config/sctp/options.h"
#include "broker/window.h"
#include "config/config.h"
#include "transport/transport.h"

/* The association stays on the socket of the listener. When descriptors have run out that goes for every one
 * that comes, so one line says it until there are some again. A client that sends and ends at once may be
 * gone before it gets a socket: that does no harm. */
static void log_failed(struct brk_socket *from, struct brk_assoc *a, const struct tr_error *error)
{
    static struct brk_log_budget failed = {.event = "peeloff_failed", .level = CFG_LOG_WARNING},
                                 gone = {.event = "peeloff_failed", .level = CFG_LOG_INFO};
    struct brk_log_budget *lines = error->code == TR_NO_ASSOC ? &gone : &failed;
    char text[300];
    if (error->code == TR_LIMIT) {
        if (!from->no_descriptors)
            brk_log(CFG_LOG_WARNING, "no_descriptors",
                    "listener=%s assoc=%u worker=%u error=%s text=\"associations stay on the shared socket; "
                    "let the broker open more files (LimitNOFILE=, ulimit -n)\"",
                    brk_assoc_name(a), a->id, from->worker->index, brk_quote(error->text, text, sizeof text));
        from->no_descriptors = true;
    } else if (brk_assoc_admits(a, lines)) {
        brk_log(lines->level, "peeloff_failed", "listener=%s assoc=%u error=%s", brk_assoc_name(a), a->id,
                brk_quote(error->text, text, sizeof text));
    }
}

/* Between batches everything of the association that has been read is forwarded, and what is queued in the
 * stack moves along, so the order is preserved. */
bool brk_peel_off(struct brk_worker *w, struct brk_assoc *a)
{
    struct brk_socket *from = a->socket;
    struct tr_error error;
    struct brk_socket *s = brk_socket_new(w, BRK_PEELED, from->member);
    if (!s)
        return false; /* it stays where it is: less isolation, but nothing is lost */
    uint32_t id = a->id;
    if (a->outbox.burst_count)
        brk_flush(w);
    if (tr_peeloff(from->ep, &id, s, &s->ep, &error) != TR_OK) {
        log_failed(from, a, &error);
        brk_socket_leave(s, &w->sockets);
        free(s);
        return false;
    }
    from->no_descriptors = false;
    brk_grow_buffer(s->ep, from->full_buffer);
    brk_sndbuf_inherit(s, from);
    brk_limit_adopt(s);
    brk_limit_move(a, s);
    brk_assoc_detach(a);
    brk_assoc_attach(a, s, id);
    if (a->outbox.blocked)
        brk_socket_want_writable(s, true);
    return true;
}

void brk_peel_wanted(struct brk_worker *w, struct brk_socket *s)
{
    struct brk_assoc *a, *tmp;
    s->has_peel = false;
    HASH_ITER(hh, s->assocs, a, tmp)
    {
        if (!a->peel_wanted)
            continue;
        a->peel_wanted = false;
        if (a->state == BRK_UP)
            brk_peel_off(w, a);
    }
}

/* With `peeloff: always` the socket's buffer is the window of its associations, a part of what each gets with
 * a socket of its own. Those that share it until then would overfill it, so they get theirs, too. */
void brk_peeling_adopt(struct brk_socket *s, const struct cfg_config *old)
{
    unsigned i = s->member.index;
    struct brk_assoc *a, *tmp;
    if (s->kind != BRK_LISTENING || s->retiring || i >= old->listener_count)
        return;
    const struct cfg_listener *before = &old->listeners[i], *now = &s->worker->config->listeners[i];
    if (before->gone || now->gone || before->peeloff == now->peeloff)
        return;
    if (now->peeloff == CFG_PEELOFF_NEVER) {
        brk_grow_buffer(s->ep, s->full_buffer);
        s->full_buffer = 0;
        brk_sndbuf_end(s);
        return;
    }
    brk_socket_shrink_window(s);
    brk_sndbuf_begin(s, opt_num(&before->sctp, OPTF_SNDBUF, 0));
    HASH_ITER(hh, s->assocs, a, tmp)
    a->peel_wanted = s->has_peel = true;
}
