/* Text of any origin as a JSON string: names of files, what a peer gives as its reason, what a client asks
 * for. */
#ifndef JUNCTOR_BROKER_JSON_TEXT_H
#define JUNCTOR_BROKER_JSON_TEXT_H

#include <stddef.h>

#include <jansson.h>

/* JSON strings are UTF-8 (RFC 8259, 8.1), and jansson refuses others. If `text` is none, every byte of it
 * that is not ASCII becomes '?'. NULL: out of memory. Any thread. */
json_t *brk_json_text(const char *text, size_t length);

#endif
