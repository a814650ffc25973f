/* Values on the command line of `junctor load`: numbers, times, sizes, words, addresses. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/arguments_priv.h"
#include "bench/payload.h"
#include "config/sctp/value.h"

bool bench_say(char *why, size_t size, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    vsnprintf(why, size, format, list);
    va_end(list);
    return false;
}

/* ---- values -------------------------------------------------------------------------------------- */

static bool parse_number(const char *text, int64_t min, int64_t max, int64_t *out, char *why, size_t size)
{
    struct val_spec spec = {.type = OPT_UINT, .unit = OPT_NO_UNIT, .min = min, .max = max};

    return val_parse(&spec, text, out, why, size);
}

bool bench_parse_unsigned(const char *text, int64_t min, int64_t max, unsigned *out, char *why, size_t size)
{
    int64_t number;

    if (!parse_number(text, min, max, &number, why, size))
        return false;
    *out = (unsigned)number;
    return true;
}

/* Removes a "k" or "M" from the end of a plain number; returns the factor it stands for. */
static unsigned take_multiplier(const char *text, char *plain, size_t size)
{
    size_t len = strlen(text);

    snprintf(plain, size, "%s", text);
    if (len < 2 || len >= size || !strchr("kKM", text[len - 1]))
        return 1;
    plain[len - 1] = 0;
    return text[len - 1] == 'M' ? 1000000 : 1000;
}

bool bench_parse_count(const char *text, uint64_t *out, char *why, size_t size)
{
    char plain[32];
    unsigned times = take_multiplier(text, plain, sizeof plain);
    int64_t number;

    if (!parse_number(plain, 1, INT64_MAX / 2000000, &number, why, size))
        return bench_say(why, size,
                         "\"%s\" is not a number of messages; write a whole number such as 500, 10k or 2M",
                         text);
    *out = (uint64_t)number * times;
    return true;
}

bool bench_parse_port(const char *text, uint16_t *out, char *why, size_t size)
{
    int64_t number;

    if (!parse_number(text, 1, UINT16_MAX, &number, why, size))
        return false;
    *out = (uint16_t)number;
    return true;
}

bool bench_parse_time(const char *text, uint32_t *ms, char *why, size_t size)
{
    struct val_spec spec = {.type = OPT_UINT, .unit = OPT_MSEC, .min = 0, .max = INT32_MAX};
    char seconds[32];
    int64_t number;

    if (text[0] && strlen(text) < sizeof seconds - 1 && strspn(text, "0123456789") == strlen(text)) {
        snprintf(seconds, sizeof seconds, "%ss", text);
        text = seconds;
    }
    if (!val_parse(&spec, text, &number, why, size))
        return false;
    *ms = (uint32_t)number;
    return true;
}

bool bench_parse_rate(const char *text, double *out, char *why, size_t size)
{
    char plain[32], *end;
    unsigned times = take_multiplier(text, plain, sizeof plain);

    *out = strtod(plain, &end) * times;
    if (end == plain || *end || !(*out >= 0.001 && *out <= BENCH_RATE_MAX))
        return bench_say(
            why, size,
            "\"%s\" is not a rate; write a number a second from 0.001 to 1000M, such as 500 or 10k", text);
    return true;
}

bool bench_parse_bytes(const char *text, uint32_t *out, char *why, size_t size)
{
    struct val_spec spec = {
        .type = OPT_UINT, .unit = OPT_BYTES, .min = BENCH_PAYLOAD_MIN, .max = BENCH_SIZE_MAX};
    int64_t number;

    if (!val_parse(&spec, text, &number, why, size))
        return false;
    *out = (uint32_t)number;
    return true;
}

bool bench_parse_word(const char *text, const char *names, unsigned *out, char *why, size_t size)
{
    struct val_spec spec = {.type = OPT_ENUM, .unit = OPT_NO_UNIT, .min = 0, .names = names};
    int64_t number;
    size_t len;

    while (val_name(names, (unsigned)spec.max + 1, &len))
        spec.max++;
    if (!val_parse(&spec, text, &number, why, size))
        return false;
    *out = (unsigned)number;
    return true;
}

/* ---- addresses ----------------------------------------------------------------------------------- */

/* Parses "ADDRESS" or "[ADDRESS]". */
static bool add_address(const char *text, struct bench_end *end, char *why, size_t size)
{
    char plain[INET6_ADDRSTRLEN + 32];
    size_t len = strlen(text);

    if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    }
    if (end->count == BENCH_ADDRESSES_MAX)
        return bench_say(why, size, "more than %d addresses", BENCH_ADDRESSES_MAX);
    if (len < sizeof plain) {
        memcpy(plain, text, len);
        plain[len] = 0;
        if (net_addr_parse(plain, end->port, &end->addresses[end->count])) {
            end->count++;
            return true;
        }
    }
    return bench_say(why, size, "\"%.*s\" is not a numeric IPv4 or IPv6 address", (int)len, text);
}

bool bench_end_parse(const char *text, bool with_port, struct bench_end *end, char *why, size_t size)
{
    char list[BENCH_ADDRESSES_MAX * 64], *rest = list, *item;

    if (strlen(text) >= sizeof list)
        return bench_say(why, size, "\"%.40s...\" is too long", text);
    strcpy(list, text);
    end->count = 0;
    end->port = 0;
    if (with_port) {
        char *colon = strrchr(list, ':');
        char *last = strrchr(list, ',') ? strrchr(list, ',') : list;
        bool several = colon > last && memchr(last, ':', (size_t)(colon - last));
        if (!colon || colon < last || (several && colon[-1] != ']'))
            return bench_say(why, size, "\"%s\" has no port; write %s", text,
                             several ? "[ADDRESS]:PORT" : "ADDRESS:PORT, such as 127.0.0.1:2905");
        *colon = 0;
        if (!bench_parse_port(colon + 1, &end->port, why, size))
            return false;
    }
    while ((item = strsep(&rest, ",")))
        if (!add_address(item, end, why, size))
            return false;
    return true;
}

bool bench_parse_target(const char *text, struct bench_end *end, char *why, size_t size)
{
    const char *colon = strrchr(text, ':');

    end->count = 0;
    snprintf(end->name, sizeof end->name, "%.*s", colon ? (int)(colon - text) : 0, text);
    if (net_host_name_valid(end->name))
        return bench_parse_port(colon + 1, &end->port, why, size);
    end->name[0] = 0;
    return bench_end_parse(text, true, end, why, size);
}
