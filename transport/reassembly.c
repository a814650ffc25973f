/* See reassembly.h. A fixed table of chains keyed by owner, association, stream and orderedness: mostly
 * empty, a handful of entries when large messages are under way. */
#include "transport/reassembly.h"

#include <stdlib.h>
#include <string.h>

struct reasm_partial {
    struct reasm_partial *next;
    struct adm_owner *owner;
    struct adm_holder *holder; /* of a received message; else, or for lack of memory, NULL */
    struct reasm_piece whole;  /* as the first piece was; data and len are what has been put together */
    uint8_t *bytes;
    uint64_t room;             /* of bytes */
    uint64_t length;           /* of all pieces, also of those that were not kept */
    enum reasm_result dropped; /* REASM_DROPPED, REASM_NO_ROOM, or REASM_MORE: it is kept */
};

enum { FIRST_ROOM = 64 * 1024, ASSOC_FACTOR = 16, SHORT_BATCH_BYTES = 256 * 1024 };

void reasm_init(struct reasm_pool *p, uint64_t max_message, unsigned places)
{
    memset(p, 0, sizeof *p);
    p->max_message = max_message;
    p->max_assoc = ASSOC_FACTOR * max_message;
    adm_init(&p->admission, places);
}

static unsigned bucket_of(const struct adm_owner *owner, enum reasm_kind kind, const struct tr_msg *like)
{
    uint32_t unordered = like->flags & TR_UNORDERED;
    uint64_t h = (uintptr_t)owner >> 4;
    h = h * UINT64_C(0x9e3779b97f4a7c15) + like->assoc;
    h = h * UINT64_C(0x9e3779b97f4a7c15) + ((uint32_t)like->stream << 16 | kind << 1 | unordered);
    h *= UINT64_C(0x9e3779b97f4a7c15);
    return (unsigned)(h >> 32) % REASM_BUCKETS;
}

static bool belongs(const struct reasm_partial *m, const struct adm_owner *owner, enum reasm_kind kind,
                    const struct tr_msg *like)
{
    const struct tr_msg *msg = &m->whole.msg;
    return m->owner == owner && m->whole.kind == kind && msg->assoc == like->assoc &&
           msg->stream == like->stream && !((msg->flags ^ like->flags) & TR_UNORDERED);
}

static struct reasm_partial **find(struct reasm_pool *p, const struct adm_owner *owner, enum reasm_kind kind,
                                   const struct tr_msg *like)
{
    struct reasm_partial **at = &p->bucket[bucket_of(owner, kind, like)];
    while (*at != NULL && !belongs(*at, owner, kind, like))
        at = &(*at)->next;
    return at;
}

/* ---- One message ----------------------------------------------------------------------------------- */

static void set_room(struct reasm_pool *p, struct reasm_partial *m, uint64_t room)
{
    p->bytes = p->bytes - m->room + room;
    if (m->holder != NULL)
        m->holder->bytes = m->holder->bytes - m->room + room;
    m->room = room;
}

static void drop_bytes(struct reasm_pool *p, struct reasm_partial *m)
{
    free(m->bytes);
    m->bytes = NULL;
    set_room(p, m, 0);
}

/* It takes no place any more; its memory stays counted in the pool. */
static void leave_holder(struct reasm_pool *p, struct reasm_partial *m)
{
    if (m->holder == NULL)
        return;
    m->holder->bytes -= m->room;
    adm_end(&p->admission, m->holder, m->dropped == REASM_MORE);
    m->holder = NULL;
}

static void discard(struct reasm_pool *p, struct reasm_partial *m)
{
    leave_holder(p, m);
    drop_bytes(p, m);
    free(m);
}

static struct reasm_partial *unlink_at(struct reasm_pool *p, struct reasm_partial **at)
{
    struct reasm_partial *m = *at;
    *at = m->next;
    p->under_way--;
    return m;
}

static void link_new(struct reasm_pool *p, struct reasm_partial *m)
{
    struct reasm_partial **head = &p->bucket[bucket_of(m->owner, m->whole.kind, &m->whole.msg)];
    m->next = *head;
    *head = m;
    p->under_way++;
}

static void drop(struct reasm_pool *p, struct reasm_partial *m, enum reasm_result why)
{
    m->dropped = why;
    drop_bytes(p, m);
    if (m->holder != NULL)
        adm_drop(&p->admission, m->holder);
}

/* Makes room for `length` bytes: doubles, so that copying stays linear. REASM_MORE, or why there is none. */
static enum reasm_result make_room(struct reasm_pool *p, struct reasm_partial *m, uint64_t length)
{
    const struct adm_holder *h = m->holder;
    uint64_t most = h != NULL ? p->max_message : UINT32_MAX;
    if (length <= m->room)
        return REASM_MORE;
    if (length > most)
        return REASM_DROPPED;
    uint64_t room = m->room != 0 ? m->room : FIRST_ROOM;
    while (room < length)
        room *= 2;
    if (room > most)
        room = most;
    if (h != NULL && h->bytes - m->room + room > p->max_assoc)
        return REASM_NO_ROOM;
    uint8_t *bytes = realloc(m->bytes, room);
    if (bytes == NULL)
        return REASM_NO_ROOM;
    m->bytes = bytes;
    set_room(p, m, room);
    return REASM_MORE;
}

static struct reasm_partial *begin(struct reasm_pool *p, struct adm_owner *owner,
                                   const struct reasm_piece *piece)
{
    struct reasm_partial *m = calloc(1, sizeof *m);
    if (m == NULL)
        return NULL;
    m->owner = owner;
    m->whole = *piece;
    m->whole.msg.data = NULL;
    m->whole.msg.len = 0;
    if (piece->kind == REASM_RECEIVED) {
        m->holder = adm_begin(&p->admission, owner, piece->msg.assoc);
        if (m->holder == NULL)
            m->dropped = REASM_NO_ROOM;
    }
    link_new(p, m);
    return m;
}

static void append(struct reasm_pool *p, struct reasm_partial *m, const struct tr_msg *piece)
{
    if (m->dropped == REASM_MORE) {
        enum reasm_result room = make_room(p, m, m->length + piece->len);
        if (room != REASM_MORE)
            drop(p, m, room);
        else if (piece->len > 0)
            memcpy(m->bytes + m->length, piece->data, piece->len);
    }
    m->length += piece->len;
    if (m->holder != NULL)
        m->holder->grown += piece->len;
}

enum reasm_result reasm_add(struct reasm_pool *p, struct adm_owner *owner, const struct reasm_piece *piece,
                            bool last, struct reasm_piece *out, uint64_t *bytes)
{
    struct reasm_partial *m = *find(p, owner, piece->kind, &piece->msg);
    if (m == NULL)
        m = begin(p, owner, piece);
    if (m == NULL) { /* no memory even for the note */
        *out = *piece;
        out->msg.len = 0;
        *bytes = piece->msg.len;
        return last ? REASM_NO_ROOM : REASM_MORE;
    }
    m->whole.was_sent |= piece->was_sent;
    append(p, m, &piece->msg);
    if (!last)
        return REASM_MORE;

    unlink_at(p, find(p, owner, piece->kind, &piece->msg));
    leave_holder(p, m);
    enum reasm_result dropped = m->dropped;
    *out = m->whole;
    out->msg.data = m->bytes;
    out->msg.len = dropped == REASM_MORE ? (uint32_t)m->length : 0;
    *bytes = m->length;
    if (dropped != REASM_MORE) {
        free(m);
        return dropped;
    }
    p->done_bytes += m->room;
    m->next = p->done;
    p->done = m;
    return REASM_WHOLE;
}

unsigned reasm_batch_limit(const struct reasm_pool *p, const struct adm_owner *owner, unsigned slots,
                           size_t slot_bytes)
{
    if (owner->shared || !adm_crowded(&p->admission, owner))
        return slots;
    uint64_t few = SHORT_BATCH_BYTES / slot_bytes;
    return few < 1 ? 1 : few < slots ? (unsigned)few : slots;
}

/* ---- Many messages --------------------------------------------------------------------------------- */

void reasm_turn(struct reasm_pool *p)
{
    while (p->done != NULL) {
        struct reasm_partial *m = p->done;
        p->done = m->next;
        discard(p, m);
    }
    p->done_bytes = 0;
}

bool reasm_has(const struct reasm_pool *p, const struct adm_owner *owner, enum reasm_kind kind,
               const struct tr_msg *like)
{
    return *find((struct reasm_pool *)p, owner, kind, like) != NULL;
}

static unsigned abort_one(struct reasm_pool *p, struct reasm_partial **at)
{
    if (*at == NULL)
        return 0;
    discard(p, unlink_at(p, at));
    return 1;
}

void reasm_abort_one(struct reasm_pool *p, const struct adm_owner *owner, enum reasm_kind kind,
                     const struct tr_msg *like)
{
    abort_one(p, find(p, owner, kind, like));
}

unsigned reasm_abort_stream(struct reasm_pool *p, const struct adm_owner *owner, uint32_t assoc,
                            uint16_t stream)
{
    struct tr_msg ordered = {.assoc = assoc, .stream = stream}, unordered = ordered;
    unordered.flags = TR_UNORDERED;
    return abort_one(p, find(p, owner, REASM_RECEIVED, &ordered)) +
           abort_one(p, find(p, owner, REASM_RECEIVED, &unordered));
}

/* Takes every message out of the table that belongs to `owner` and, unless `whole_owner`, to `assoc`; as a
 * list. Notifications belong to the owner only. */
static struct reasm_partial *take_all(struct reasm_pool *p, const struct adm_owner *owner, uint32_t assoc,
                                      bool whole_owner)
{
    struct reasm_partial *list = NULL;
    for (unsigned i = 0; i < REASM_BUCKETS && p->under_way > 0; i++) {
        struct reasm_partial **at = &p->bucket[i];
        while (*at != NULL) {
            const struct reasm_piece *whole = &(*at)->whole;
            bool ours = (*at)->owner == owner &&
                        (whole_owner || (whole->msg.assoc == assoc && whole->kind != REASM_NOTIFICATION));
            if (!ours) {
                at = &(*at)->next;
                continue;
            }
            struct reasm_partial *m = unlink_at(p, at);
            m->next = list;
            list = m;
        }
    }
    return list;
}

static unsigned discard_list(struct reasm_pool *p, struct reasm_partial *list)
{
    unsigned count = 0;
    for (struct reasm_partial *next; list != NULL; list = next, count++) {
        next = list->next;
        discard(p, list);
    }
    return count;
}

unsigned reasm_abort_assoc(struct reasm_pool *p, const struct adm_owner *owner, uint32_t assoc)
{
    return discard_list(p, take_all(p, owner, assoc, false));
}

unsigned reasm_abort_owner(struct reasm_pool *p, struct adm_owner *owner)
{
    unsigned count = discard_list(p, take_all(p, owner, 0, true));
    adm_forget(&p->admission, owner);
    return count;
}

/* A message enters under its new owner, as late as it was before. */
static void enter(struct reasm_pool *p, struct reasm_partial *m, unsigned idle)
{
    if (m->whole.kind == REASM_RECEIVED) {
        m->holder = adm_begin(&p->admission, m->owner, m->whole.msg.assoc);
        if (m->holder == NULL) {
            free(m->bytes);
            m->bytes = NULL;
            m->room = 0;
            m->dropped = REASM_NO_ROOM;
        } else {
            m->holder->bytes += m->room;
            m->holder->idle = idle;
            if (m->dropped != REASM_MORE)
                adm_drop(&p->admission, m->holder);
        }
    }
    p->bytes += m->room;
    link_new(p, m);
}

void reasm_move(struct reasm_pool *p, struct adm_owner *from, uint32_t assoc, struct adm_owner *to,
                uint32_t new_assoc)
{
    struct reasm_partial *list = take_all(p, from, assoc, false);
    for (struct reasm_partial *m = list, *next; m != NULL; m = next) {
        unsigned idle = m->holder != NULL ? m->holder->idle : 0;
        next = m->next;
        leave_holder(p, m);
        p->bytes -= m->room;
        m->owner = to;
        m->whole.msg.assoc = new_assoc;
        enter(p, m, idle);
    }
}

struct reasm_partial *reasm_take(struct reasm_pool *p, struct adm_owner *owner)
{
    struct reasm_partial *list = take_all(p, owner, 0, true);
    for (struct reasm_partial *m = list; m != NULL; m = m->next) {
        leave_holder(p, m);
        p->bytes -= m->room;
    }
    adm_forget(&p->admission, owner);
    return list;
}

void reasm_put(struct reasm_pool *p, struct reasm_partial *list)
{
    for (struct reasm_partial *next; list != NULL; list = next) {
        next = list->next;
        enter(p, list, 0);
    }
}

void reasm_discard(struct reasm_partial *list)
{
    for (struct reasm_partial *next; list != NULL; list = next) {
        next = list->next;
        free(list->bytes);
        free(list);
    }
}

void reasm_fini(struct reasm_pool *p)
{
    reasm_turn(p);
    for (unsigned i = 0; i < REASM_BUCKETS; i++) {
        discard_list(p, p->bucket[i]);
        p->bucket[i] = NULL;
    }
    p->under_way = 0;
}
