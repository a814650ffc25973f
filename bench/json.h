/* Writes one JSON value (RFC 8259) piece by piece; it takes care of commas and escapes. `key` is NULL inside
 * a list. Pure but for writing to its stream. */
#ifndef JUNCTOR_BENCH_JSON_H
#define JUNCTOR_BENCH_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct bench_json {
    FILE *out;
    bool comma; /* something stands before, on this level */
};

void bench_json_open(struct bench_json *j, const char *key, char bracket); /* '{' or '[' */
void bench_json_close(struct bench_json *j, char bracket);                 /* '}' or ']' */
void bench_json_text(struct bench_json *j, const char *key, const char *text);
void bench_json_bool(struct bench_json *j, const char *key, bool value);
void bench_json_uint(struct bench_json *j, const char *key, uint64_t value);

/* With six digits; null where the value is no finite number. */
void bench_json_real(struct bench_json *j, const char *key, double value);

#endif
