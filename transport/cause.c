/* Error causes as they stand in ABORT and ERROR chunks. They come from the peer, so their lengths are
 * checked; both backends find what the peer gives as the reason of an abort here. */
#include "transport/cause.h"

bool tr_cause_first(const void *causes, size_t len, struct tr_cause *out)
{
    enum { HEADER = 4 };
    const uint8_t *c = causes;
    if (len < HEADER)
        return false;
    size_t length = (size_t)(c[2] << 8 | c[3]);
    if (length < HEADER || length > len)
        return false;
    *out = (struct tr_cause){.code = (uint16_t)(c[0] << 8 | c[1])};
    if (length > HEADER) {
        out->info = c + HEADER;
        out->len = (uint32_t)(length - HEADER);
    }
    return true;
}
