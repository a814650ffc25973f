/* See json_text.h. */
#include "broker/json_text.h"

json_t *brk_json_text(const char *text, size_t length)
{
    json_t *s = json_stringn(text, length);
    if (s || length == 0)
        return s;
    char clean[length];
    for (size_t i = 0; i < length; i++)
        clean[i] = (unsigned char)text[i] < 0x80 ? text[i] : '?';
    return json_stringn(clean, length);
}
