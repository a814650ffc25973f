/* See reassembly.h. A fixed table of chains keyed by owner, association, stream and orderedness: mostly
 * empty, a handful of entries when large messages are under way. */
#include "transport/reassembly.h"

#include <stdlib.h>
#include <string.h>

struct reasm_partial {
    struct reasm_partial *next;
    const void *owner;
    struct tr_msg msg; /* of the first piece; data and len are what has been put together */
    uint8_t *bytes;
    uint64_t room;   /* of bytes */
    uint64_t length; /* of all pieces, also of those that were not kept */
    bool dropped;
};

enum { FIRST_ROOM = 64 * 1024, TOTAL_FACTOR = 16 };

#define KEY_FLAGS (TR_UNORDERED | REASM_NOTIFICATION | REASM_FAILED)

void reasm_init(struct reasm_pool *p, uint64_t max_message, uint64_t max_total)
{
    memset(p, 0, sizeof *p);
    p->max_message = max_message;
    p->max_total = max_total != 0 ? max_total : TOTAL_FACTOR * max_message;
}

static unsigned bucket_of(const void *owner, uint32_t assoc, uint16_t stream, uint16_t flags)
{
    uint64_t h = (uintptr_t)owner >> 4;
    h = h * UINT64_C(0x9e3779b97f4a7c15) + assoc;
    h = h * UINT64_C(0x9e3779b97f4a7c15) + ((uint32_t)stream << 16 | (flags & KEY_FLAGS));
    h *= UINT64_C(0x9e3779b97f4a7c15);
    return (unsigned)(h >> 32) % REASM_BUCKETS;
}

static struct reasm_partial **find(struct reasm_pool *p, const void *owner, uint32_t assoc, uint16_t stream,
                                   uint16_t flags)
{
    struct reasm_partial **at = &p->bucket[bucket_of(owner, assoc, stream, flags)];
    while (*at != NULL &&
           ((*at)->owner != owner || (*at)->msg.assoc != assoc || (*at)->msg.stream != stream ||
            ((*at)->msg.flags & KEY_FLAGS) != (flags & KEY_FLAGS)))
        at = &(*at)->next;
    return at;
}

static void drop_bytes(struct reasm_pool *p, struct reasm_partial *m)
{
    p->bytes -= m->room;
    free(m->bytes);
    m->bytes = NULL;
    m->room = 0;
}

static void discard(struct reasm_pool *p, struct reasm_partial *m)
{
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
    struct reasm_partial **head = &p->bucket[bucket_of(m->owner, m->msg.assoc, m->msg.stream, m->msg.flags)];
    m->next = *head;
    *head = m;
    p->under_way++;
}

/* Room for `length` bytes: doubles, so that copying stays linear. False: a limit, or out of memory. */
static bool make_room(struct reasm_pool *p, struct reasm_partial *m, uint64_t length)
{
    if (length <= m->room)
        return true;
    if (length > p->max_message)
        return false;
    uint64_t room = m->room != 0 ? m->room : FIRST_ROOM;
    while (room < length)
        room *= 2;
    if (room > p->max_message)
        room = p->max_message;
    if (p->bytes - m->room + room > p->max_total)
        return false;
    uint8_t *bytes = realloc(m->bytes, room);
    if (bytes == NULL)
        return false;
    p->bytes += room - m->room;
    m->bytes = bytes;
    m->room = room;
    return true;
}

static struct reasm_partial *begin(struct reasm_pool *p, const void *owner, const struct tr_msg *piece)
{
    struct reasm_partial *m = calloc(1, sizeof *m);
    if (m == NULL)
        return NULL;
    m->owner = owner;
    m->msg = *piece;
    m->msg.data = NULL;
    m->msg.len = 0;
    link_new(p, m);
    return m;
}

static void append(struct reasm_pool *p, struct reasm_partial *m, const struct tr_msg *piece)
{
    if (!m->dropped && !make_room(p, m, m->length + piece->len)) {
        m->dropped = true;
        drop_bytes(p, m);
    }
    if (!m->dropped && piece->len > 0)
        memcpy(m->bytes + m->length, piece->data, piece->len);
    m->length += piece->len;
}

enum reasm_result reasm_add(struct reasm_pool *p, const void *owner, const struct tr_msg *piece, bool last,
                            struct tr_msg *out, uint64_t *bytes)
{
    struct reasm_partial **at = find(p, owner, piece->assoc, piece->stream, piece->flags);
    struct reasm_partial *m = *at;
    if (m == NULL)
        m = begin(p, owner, piece);
    if (m == NULL) { /* no memory even for the note: the message's remains count as one that is too long */
        *out = *piece;
        out->len = 0;
        *bytes = piece->len;
        return last ? REASM_DROPPED : REASM_MORE;
    }
    append(p, m, piece);
    if (!last)
        return REASM_MORE;

    unlink_at(p, find(p, owner, piece->assoc, piece->stream, piece->flags));
    *out = m->msg;
    out->data = m->bytes;
    out->len = m->dropped ? 0 : (uint32_t)m->length;
    *bytes = m->length;
    if (m->dropped) {
        free(m);
        return REASM_DROPPED;
    }
    m->next = p->done;
    p->done = m;
    return REASM_WHOLE;
}

void reasm_turn(struct reasm_pool *p)
{
    while (p->done != NULL) {
        struct reasm_partial *m = p->done;
        p->done = m->next;
        discard(p, m);
    }
}

bool reasm_under_way(const struct reasm_pool *p, const void *owner, uint32_t assoc, uint16_t stream,
                     uint16_t flags)
{
    return p->under_way > 0 && *find((struct reasm_pool *)p, owner, assoc, stream, flags) != NULL;
}

void reasm_abort_one(struct reasm_pool *p, const void *owner, uint32_t assoc, uint16_t stream, uint16_t flags)
{
    struct reasm_partial **at = find(p, owner, assoc, stream, flags);
    if (*at != NULL)
        discard(p, unlink_at(p, at));
}

unsigned reasm_abort_stream(struct reasm_pool *p, const void *owner, uint32_t assoc, uint16_t stream)
{
    unsigned count = 0;
    for (unsigned flags = 0; flags <= TR_UNORDERED; flags += TR_UNORDERED) {
        struct reasm_partial **at = find(p, owner, assoc, stream, (uint16_t)flags);
        if (*at == NULL)
            continue;
        discard(p, unlink_at(p, at));
        count++;
    }
    return count;
}

/* Takes every message out of the table that belongs to `owner` and, unless `whole_owner`, to `assoc`; as a
 * list. Notifications belong to the owner only. */
static struct reasm_partial *take_all(struct reasm_pool *p, const void *owner, uint32_t assoc,
                                      bool whole_owner)
{
    struct reasm_partial *list = NULL;
    for (unsigned i = 0; i < REASM_BUCKETS && p->under_way > 0; i++) {
        struct reasm_partial **at = &p->bucket[i];
        while (*at != NULL) {
            bool ours =
                (*at)->owner == owner &&
                (whole_owner || ((*at)->msg.assoc == assoc && !((*at)->msg.flags & REASM_NOTIFICATION)));
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

unsigned reasm_abort_assoc(struct reasm_pool *p, const void *owner, uint32_t assoc)
{
    return discard_list(p, take_all(p, owner, assoc, false));
}

unsigned reasm_abort_owner(struct reasm_pool *p, const void *owner)
{
    return discard_list(p, take_all(p, owner, 0, true));
}

void reasm_move(struct reasm_pool *p, const void *from, uint32_t assoc, const void *to, uint32_t new_assoc)
{
    struct reasm_partial *list = take_all(p, from, assoc, false);
    for (struct reasm_partial *next; list != NULL; list = next) {
        next = list->next;
        list->owner = to;
        list->msg.assoc = new_assoc;
        link_new(p, list);
    }
}

struct reasm_partial *reasm_take(struct reasm_pool *p, const void *owner)
{
    struct reasm_partial *list = take_all(p, owner, 0, true);
    for (const struct reasm_partial *m = list; m != NULL; m = m->next)
        p->bytes -= m->room;
    return list;
}

void reasm_put(struct reasm_pool *p, struct reasm_partial *list)
{
    for (struct reasm_partial *next; list != NULL; list = next) {
        next = list->next;
        p->bytes += list->room;
        link_new(p, list);
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
