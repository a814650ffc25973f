/* See log_json.h. */
#include "broker/log_json.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "broker/json_text.h"

/* Whole numbers that a reader of JSON keeps exact (RFC 8259, 6: up to 2^53). */
static bool is_number(const char *text, size_t length)
{
    size_t digits = strspn(text + (text[0] == '-'), "0123456789"), at = text[0] == '-';
    return digits >= 1 && digits <= 15 && at + digits == length && (text[at] != '0' || digits == 1);
}

/* The value at *at, which is moved to its end. */
static json_t *take_value(const char **at, const char *end)
{
    char value[(size_t)(end - *at) + 1];
    size_t n = 0;
    bool quoted = *at < end && **at == '"';
    const char *p = *at + quoted;
    for (; p < end && *p != (quoted ? '"' : ' '); p++) {
        if (quoted && *p == '\\' && p + 1 < end)
            p++;
        value[n++] = *p;
    }
    *at = p < end && quoted ? p + 1 : p;
    value[n] = '\0';
    return !quoted && is_number(value, n) ? json_integer(strtoll(value, NULL, 10)) : brk_json_text(value, n);
}

static void take_pairs(json_t *object, const char *at, const char *end)
{
    while (at < end) {
        const char *key = at;
        while (at < end && *at != '=' && *at != ' ')
            at++;
        size_t length = (size_t)(at - key);
        if (at < end && *at == '=') {
            at++;
            json_object_setn_new(object, key, length, take_value(&at, end));
        }
        while (at < end && *at == ' ')
            at++;
    }
}

static size_t dump(const json_t *object, char *out, size_t size)
{
    return json_dumpb(object, out, size, JSON_COMPACT | JSON_ENSURE_ASCII);
}

size_t brk_log_json(const char *text, size_t length, const char *ts, char *out, size_t size)
{
    json_t *object = json_object();
    if (ts)
        json_object_set_new(object, "ts", json_string(ts));
    take_pairs(object, text, text + length);
    size_t n = dump(object, out, size);
    if (n > size) {
        json_t *less =
            json_pack("{s:O*, s:O*, s:O*, s:b}", "ts", json_object_get(object, "ts"), "level",
                      json_object_get(object, "level"), "event", json_object_get(object, "event"), "cut", 1);
        n = dump(less, out, size);
        json_decref(less);
    }
    json_decref(object);
    return n > size ? 0 : n;
}
