/* Writes JSON; see json.h. */
#include "bench/json.h"

#include <inttypes.h>
#include <math.h>

static void write_text(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            fprintf(out, "\\u%04x", c);
        else
            fputc(c, out);
    }
    fputc('"', out);
}

static void begin(struct bench_json *j, const char *key)
{
    if (j->comma)
        fputs(", ", j->out);
    j->comma = true;
    if (key) {
        write_text(j->out, key);
        fputs(": ", j->out);
    }
}

void bench_json_open(struct bench_json *j, const char *key, char bracket)
{
    begin(j, key);
    fputc(bracket, j->out);
    j->comma = false;
}

void bench_json_close(struct bench_json *j, char bracket)
{
    fputc(bracket, j->out);
    j->comma = true;
}

void bench_json_text(struct bench_json *j, const char *key, const char *text)
{
    begin(j, key);
    write_text(j->out, text);
}

void bench_json_bool(struct bench_json *j, const char *key, bool value)
{
    begin(j, key);
    fputs(value ? "true" : "false", j->out);
}

void bench_json_uint(struct bench_json *j, const char *key, uint64_t value)
{
    begin(j, key);
    fprintf(j->out, "%" PRIu64, value);
}

void bench_json_real(struct bench_json *j, const char *key, double value)
{
    begin(j, key);
    if (isfinite(value))
        fprintf(j->out, "%.6g", value);
    else
        fputs("null", j->out);
}
