/* Writes one JSON value (RFC 8259) piece by piece, with commas and escapes. `key` is NULL inside a list. No
 * state other than its own and the stream. */
#ifndef JUNCTOR_BENCH_JSON_H
#define JUNCTOR_BENCH_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct bench_json {
    FILE *out;
    bool comma; /* this level already has an item */
};

void bench_json_open(struct bench_json *j, const char *key, char bracket); /* '{' or '[' */
void bench_json_close(struct bench_json *j, char bracket);                 /* '}' or ']' */
void bench_json_text(struct bench_json *j, const char *key, const char *text);
void bench_json_bool(struct bench_json *j, const char *key, bool value);
void bench_json_uint(struct bench_json *j, const char *key, uint64_t value);

/* With six digits; null if the value is not a finite number. */
void bench_json_real(struct bench_json *j, const char *key, double value);

#endif
