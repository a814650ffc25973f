/* See segments.h. */
#include "broker/stats/segments.h"

#include <stdlib.h>
#include <string.h>

void brk_segments_init(struct brk_segments *s, size_t item)
{
    memset(s, 0, sizeof *s);
    s->item = item;
}

bool brk_segments_fit(struct brk_segments *s, unsigned count)
{
    size_t room = 0;
    for (unsigned k = 0; k < BRK_SEGMENTS_MAX && room < count; k++) {
        size_t items = (size_t)BRK_SEGMENT_FIRST << k;
        if (!s->segment[k] && !(s->segment[k] = calloc(items, s->item)))
            return false;
        room += items;
    }
    return room >= count;
}

void brk_segments_free(struct brk_segments *s)
{
    for (unsigned k = 0; k < BRK_SEGMENTS_MAX; k++)
        free(s->segment[k]);
    memset(s->segment, 0, sizeof s->segment);
}
