/* Parses the digits that a text begins with, for PPIDs, values and ports. */
#include <ctype.h>
#include <stdint.h>

#include "config/sctp/value.h"

const char *val_digits(const char *text, uint64_t *out)
{
    unsigned base = 10;
    uint64_t n = 0;
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X') && isxdigit((unsigned char)text[2])) {
        base = 16;
        text += 2;
    }
    const char *p = text;
    for (; base == 16 ? isxdigit((unsigned char)*p) : isdigit((unsigned char)*p); p++) {
        unsigned digit = isdigit((unsigned char)*p) ? (unsigned)(*p - '0')
                                                    : (unsigned)(tolower((unsigned char)*p) - 'a' + 10);
        if (__builtin_mul_overflow(n, base, &n) || __builtin_add_overflow(n, digit, &n))
            n = UINT64_MAX;
    }
    *out = n;
    return p == text ? NULL : p;
}
