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

struct brk_socket *brk_socket_new(struct brk_worker *w, enum brk_socket_kind kind, struct cfg_member member)
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
    brk_socket_enter(s, &w->sockets);
    return s;
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
    bool read =
        (!s->paused && !s->limited && !s->starved) || s->to_the_end || s->has_lost || s->has_undelivered;
    unsigned wanted = (read ? TR_READABLE : 0) | (s->writable_wanted ? TR_WRITABLE : 0);
    if (s->ep)
        tr_watch(s->ep, s->handing ? 0 : wanted);
}

/* Of the associations on a listener's own socket nobody can say which it was. */
static void note_pause(const struct brk_socket *s, enum brk_happening_kind kind)
{
    if (s->kind != BRK_LISTENING && s->assocs)
        brk_note_numbers(s->worker, s->assocs, kind, kind == BRK_HAPPENED_PAUSED ? s->credit.messages : 0, 0);
}

void brk_socket_check_pause(struct brk_socket *s)
{
    if (s->paused || !rt_credit_full(&s->credit))
        return;
    s->paused = true;
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
    brk_socket_update_watch(s);
}

void brk_socket_want_writable(struct brk_socket *s, bool wanted)
{
    if (s->writable_wanted == wanted)
        return;
    s->writable_wanted = wanted;
    brk_socket_update_watch(s);
}
