/* A worker's sockets: their memory, which ones are watched, pausing, closing.
 *
 * Closing takes two steps. brk_socket_close closes the stack's endpoint at once; the struct stays in
 * worker->closed_sockets while messages that were read from it still wait somewhere and refer to its
 * credit, and is freed by the worker at the end of a turn. */
#include "broker/socket.h"

#include <stdlib.h>

#include <utlist.h>

#include "broker/check.h"
#include "broker/history.h"
#include "broker/log.h"
#include "broker/state.h"
#include "broker/stats/counts.h"
#include "config/config.h"
#include "routing/message.h"
#include "routing/table.h"
#include "transport/transport.h"

void brk_socket_enter(struct brk_socket *s, struct brk_socket **list)
{
    if (s->list)
        abort(); /* it has one link, so it can be in one list only */
    s->list = list;
    DL_APPEND(*list, s);
}

void brk_socket_leave(struct brk_socket *s, struct brk_socket **list)
{
    if (s->list != list)
        abort();
    DL_DELETE(*list, s);
    s->list = NULL;
}

static struct brk_socket *new_socket(struct brk_worker *w, enum brk_socket_kind kind,
                                     struct cfg_member member)
{
    struct brk_socket *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->magic = BRK_SOCKET_MAGIC;
    s->worker = w;
    s->kind = kind;
    s->member = member;
    s->source = rt_source(member);
    s->traffic = brk_traffic_of(&w->counts, member.kind == CFG_MEMBER_LISTENER ? BRK_LISTENERS : BRK_PEERS,
                                member.index);
    s->credit.messages_max = w->config->queue_messages;
    s->credit.bytes_max = w->config->queue_bytes;
    s->credit.source = s;
    s->credit.memory = &w->counts.memory.value;
    return s;
}

struct brk_socket *brk_socket_new(struct brk_worker *w, enum brk_socket_kind kind, struct cfg_member member)
{
    struct brk_socket *s = new_socket(w, kind, member);
    if (s)
        brk_socket_enter(s, &w->sockets);
    return s;
}

struct brk_socket *brk_socket_new_own(struct brk_socket *shared, struct brk_assoc *sharer)
{
    struct brk_socket *s = new_socket(shared->worker, BRK_PEELED, shared->member);
    if (!s)
        return NULL;
    s->shared = shared;
    s->sharer = sharer;
    return s;
}

void brk_socket_unshare(struct brk_socket *own)
{
    struct brk_socket *shared = own->shared;
    if (own->list)
        brk_socket_leave(own, own->list);
    own->shared = NULL;
    own->sharer = NULL;
    if (!own->paused)
        return;
    shared->stopped--;
    brk_socket_update_watch(shared);
}

void brk_socket_close(struct brk_socket *s)
{
    if (!s->ep)
        return;
    tr_close(s->ep);
    s->ep = NULL;
    brk_socket_leave(s, &s->worker->sockets);
    brk_socket_enter(s, &s->worker->closed_sockets);
}

/* A source is not read while its credit is used up, with one exception. Once an association has ended, not
 * reading gains nothing: no peer slows down, and behind the data are the end, which others wait for, and
 * what was not delivered. So the socket is then read until it is empty. The additional amount is bounded
 * by its receive buffer (if several associations share it, once for each end). */
void brk_socket_update_watch(struct brk_socket *s)
{
    bool read = (!s->paused && !s->limited && !s->starved && !s->stopped) || s->to_the_end || s->has_lost ||
                s->has_undelivered;
    unsigned wanted = (read ? TR_READABLE : 0) | (s->writable_wanted ? TR_WRITABLE : 0);
    if (s->ep)
        tr_watch(s->ep, s->handing ? 0 : wanted);
}

/* Of the associations that are charged to a listener's socket nobody can say which it was. */
static void note_pause(const struct brk_socket *s, enum brk_happening_kind kind)
{
    const struct brk_assoc *a = s->shared ? s->sharer : s->kind != BRK_LISTENING ? s->assocs : NULL;
    if (a)
        brk_note_numbers(s->worker, a, kind, kind == BRK_HAPPENED_PAUSED ? s->credit.messages : 0, 0);
}

/* Its association must not be read, and shares a socket that others want to be read: it gets its own before
 * anything is read again (worker->peels). The shared one is stopped until then, and where that fails. */
static void stop_shared(struct brk_socket *own)
{
    own->shared->stopped++;
    if (!own->list)
        brk_socket_enter(own, &own->worker->peels);
}

void brk_socket_check_pause(struct brk_socket *s)
{
    if (s->paused || !rt_credit_full(&s->credit))
        return;
    s->paused = true;
    if (s->shared)
        stop_shared(s);
    note_pause(s, BRK_HAPPENED_PAUSED);
    brk_socket_update_watch(s);
    brk_log(CFG_LOG_DEBUG, "paused", "%s=%s waiting=%u", brk_member_word(s->member),
            cfg_member_name(s->worker->config, s->member), s->credit.messages);
}

void brk_socket_check_resume(struct brk_socket *s)
{
    if (!s->paused || !rt_credit_free(&s->credit))
        return;
    s->paused = false;
    note_pause(s, BRK_HAPPENED_RESUMED);
    if (s->shared && --s->shared->stopped == 0)
        brk_socket_update_watch(s->shared);
    brk_socket_update_watch(s);
}

void brk_socket_want_writable(struct brk_socket *s, bool wanted)
{
    if (s->writable_wanted == wanted)
        return;
    s->writable_wanted = wanted;
    brk_socket_update_watch(s);
}
