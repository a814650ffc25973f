/* See history.h.
 *
 * A slot is written by its worker alone and read by others without a lock. Its `version` is odd while it is
 * written; a reader copies the words and takes them only if the version before was even and is the same
 * afterwards. The words are atomics, relaxed, so that nothing is a data race: the release fence behind the
 * odd version keeps the words' stores after it, the store of the even one (release) keeps them before it;
 * the reader's acquire load and fence do the same for its loads. (H.-J. Boehm, Can seqlocks get along with
 * programming language memory models, 2012.) A reader that meets a writer tries again a few times; then the
 * event is left out: it is about to be overwritten anyway. */
#include "broker/history.h"

#include <stdio.h>
#include <string.h>

#include "broker/assoc.h"
#include "broker/session/session.h"
#include "broker/socket.h"
#include "broker/state.h"

#define WORDS         BRK_HAPPENING_WORDS
#define TRIES         4
#define REPEATED_MS   60000 /* an event that recurs within this time is counted in place */
#define REPEATED_BACK 8     /* if at most this many others came since */

const char *brk_happening_name(enum brk_happening_kind kind)
{
    static const char *const names[BRK_HAPPENED_KINDS] = {
        [BRK_HAPPENED_UP] = "up",           [BRK_HAPPENED_NOT_CONNECTED] = "not_connected",
        [BRK_HAPPENED_PATH] = "path",       [BRK_HAPPENED_PAUSED] = "paused",
        [BRK_HAPPENED_RESUMED] = "resumed", [BRK_HAPPENED_RETURNED] = "returned",
        [BRK_HAPPENED_ENDING] = "ending",   [BRK_HAPPENED_CLOSED] = "closed",
        [BRK_HAPPENED_LOST] = "lost",       [BRK_HAPPENED_LIMITED] = "limited",
        [BRK_HAPPENED_MOVED] = "moved",     [BRK_HAPPENED_STUCK] = "stuck",
        [BRK_HAPPENED_WENT_ON] = "went_on", [BRK_HAPPENED_BALANCED] = "balanced"};
    return names[kind];
}

/* ---- slots ---------------------------------------------------------------------------------------- */

static void write_slot(struct brk_history_slot *s, const struct brk_happening *e)
{
    uint64_t words[WORDS] = {0}, version = atomic_load_explicit(&s->version, memory_order_relaxed);
    memcpy(words, e, sizeof *e);
    atomic_store_explicit(&s->version, version + 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    for (unsigned i = 0; i < WORDS; i++)
        atomic_store_explicit(&s->words[i], words[i], memory_order_relaxed);
    atomic_store_explicit(&s->version, version + 2, memory_order_release);
}

static void copy_words(const struct brk_history_slot *s, struct brk_happening *e)
{
    uint64_t words[WORDS];
    for (unsigned i = 0; i < WORDS; i++)
        words[i] = atomic_load_explicit(&s->words[i], memory_order_relaxed);
    memcpy(e, words, sizeof *e);
}

bool brk_history_read(const struct brk_history *h, unsigned place, struct brk_happening *out)
{
    const struct brk_history_slot *s =
        place < BRK_HISTORY_STANDING ? &h->standing[place] : &h->others[place - BRK_HISTORY_STANDING];
    for (unsigned i = 0; i < TRIES; i++) {
        uint64_t before = atomic_load_explicit(&s->version, memory_order_acquire);
        if (!before)
            return false;
        copy_words(s, out);
        atomic_thread_fence(memory_order_acquire);
        if (!(before & 1) && atomic_load_explicit(&s->version, memory_order_relaxed) == before)
            return true;
    }
    return false;
}

/* ---- adding --------------------------------------------------------------------------------------- */

static bool same_address(const struct net_addr *a, const struct net_addr *b)
{
    return a->sa.sa_family == b->sa.sa_family && (a->sa.sa_family == AF_UNSPEC || net_addr_equal(a, b));
}

static bool is_repeated(const struct brk_happening *old, const struct brk_happening *e)
{
    return old->kind == e->kind && old->origin == e->origin && e->last_ms - old->last_ms <= REPEATED_MS &&
           cfg_same_member(old->member, e->member) && strcmp(old->text, e->text) == 0 &&
           same_address(&old->address, &e->address);
}

void brk_history_add(struct brk_history *h, bool standing, const struct brk_happening *e)
{
    struct brk_history_slot *ring = standing ? h->standing : h->others;
    unsigned size = standing ? BRK_HISTORY_STANDING : BRK_HISTORY_OTHERS;
    uint64_t *added = standing ? &h->standing_added : &h->others_added;
    struct brk_happening old;
    for (uint64_t back = 1; back <= REPEATED_BACK && back <= *added; back++) {
        struct brk_history_slot *s = &ring[(*added - back) % size];
        copy_words(s, &old);
        if (!is_repeated(&old, e))
            continue;
        old.last_ms = e->last_ms;
        old.times++;
        memcpy(old.numbers, e->numbers, sizeof old.numbers);
        write_slot(s, &old);
        return;
    }
    write_slot(&ring[(*added)++ % size], e);
}

static void add(struct brk_worker *w, const struct brk_assoc *a, struct brk_happening *e, const char *text)
{
    e->first_ms = e->last_ms = w->now_ms;
    e->times = 1;
    e->origin = a->origin;
    if (a->socket)
        e->member = a->socket->member;
    else
        e->member = (struct cfg_member){CFG_MEMBER_PEER, a->peer};
    snprintf(e->text, sizeof e->text, "%s", text ? text : "");
    brk_history_add(&w->history, a->session && !a->session->per_client, e);
}

void brk_note(struct brk_worker *w, const struct brk_assoc *a, enum brk_happening_kind kind, const char *text)
{
    struct brk_happening e = {.kind = kind};
    if (kind == BRK_HAPPENED_UP || kind == BRK_HAPPENED_LOST || kind == BRK_HAPPENED_CLOSED)
        e.address = a->remote;
    add(w, a, &e, text);
}

void brk_note_numbers(struct brk_worker *w, const struct brk_assoc *a, enum brk_happening_kind kind,
                      uint32_t one, uint32_t two)
{
    struct brk_happening e = {.kind = kind, .address = a->remote, .numbers = {one, two}};
    add(w, a, &e, NULL);
}

void brk_note_path(struct brk_worker *w, const struct brk_assoc *a, const struct net_addr *address,
                   const char *state)
{
    struct brk_happening e = {.kind = BRK_HAPPENED_PATH, .address = *address};
    add(w, a, &e, state);
}

void brk_note_peer(struct brk_worker *w, unsigned peer, enum brk_happening_kind kind, const char *text)
{
    struct brk_happening e = {.first_ms = w->now_ms,
                              .last_ms = w->now_ms,
                              .times = 1,
                              .member = {CFG_MEMBER_PEER, peer},
                              .kind = kind};
    snprintf(e.text, sizeof e.text, "%s", text);
    brk_history_add(&w->history, true, &e);
}
