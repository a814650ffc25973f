#include "tests/chaos/message.h"

static uint8_t filler_byte(const struct chaos_id *id, size_t i)
{
    return (uint8_t)(id->sender * 31 + id->assoc * 17 + id->stream * 7 + id->number * 3 + i);
}

static size_t filler_size(size_t size)
{
    return size - offsetof(struct chaos_message, filler);
}

void chaos_message_make(struct chaos_message *m, const struct chaos_id *id, size_t size)
{
    m->magic = CHAOS_MAGIC;
    m->id = *id;
    m->size = (uint32_t)size;
    m->to = m->to_stream = 0;
    for (size_t i = 0; i < filler_size(size); i++)
        m->filler[i] = filler_byte(id, i);
}

bool chaos_message_whole(const struct chaos_message *m, size_t size)
{
    if (size < offsetof(struct chaos_message, filler) || size > sizeof *m || m->magic != CHAOS_MAGIC ||
        m->size != size)
        return false;
    for (size_t i = 0; i < filler_size(size); i++)
        if (m->filler[i] != filler_byte(&m->id, i))
            return false;
    return true;
}
