/* Parsing --link; see link.h. */
#include "bench/tune/link.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/arguments_priv.h"
#include "config/sctp/nearest.h"
#include "config/sctp/value.h"

#define DELAY_MAX_MS 60000
#define LIMIT        1000 /* netem's default */

/* "20ms", "1.5ms", "200us", "1s": microseconds. */
static bool parse_delay(const char *text, uint32_t *us, char *why, size_t size)
{
    char *end;
    double value = strtod(text, &end);
    double unit = strcmp(end, "us") == 0 ? 1 : strcmp(end, "ms") == 0 ? 1e3 : strcmp(end, "s") == 0 ? 1e6 : 0;

    if (end == text || unit == 0 || !isdigit((unsigned char)*text) || value * unit > DELAY_MAX_MS * 1e3)
        return bench_say(why, size, "\"%s\" is not a time such as 20ms, 500us or 1s (at most 60s)", text);
    *us = (uint32_t)lround(value * unit);
    return true;
}

static bool parse_loss(const char *text, double *share, char *why, size_t size)
{
    char *end;
    double value = strtod(text, &end);

    if (end == text || strcmp(end, "%") != 0 || !isdigit((unsigned char)*text) || !(value < 100))
        return bench_say(why, size, "\"%s\" is not a share such as 0.5%%", text);
    *share = value / 100;
    return true;
}

static bool parse_rate(const char *text, uint64_t *rate, char *why, size_t size)
{
    char *end;
    double value = strtod(text, &end);
    double unit = strcmp(end, "kbit") == 0   ? 1e3
                  : strcmp(end, "mbit") == 0 ? 1e6
                  : strcmp(end, "gbit") == 0 ? 1e9
                                             : 0;

    if (end == text || unit == 0 || !isdigit((unsigned char)*text) || !(value * unit >= 1e3) ||
        value * unit > 1e12)
        return bench_say(why, size, "\"%s\" is not a rate such as 100mbit, 512kbit or 1gbit", text);
    *rate = (uint64_t)llround(value * unit);
    return true;
}

static bool set(struct bench_link *l, const char *key, const char *value, char *why, size_t size)
{
    static const char *const keys[] = {"delay", "jitter", "loss", "rate", "limit"};
    struct nearest near;

    if (strcmp(key, "delay") == 0)
        return parse_delay(value, &l->delay_us, why, size);
    if (strcmp(key, "jitter") == 0)
        return parse_delay(value, &l->jitter_us, why, size);
    if (strcmp(key, "loss") == 0)
        return parse_loss(value, &l->loss, why, size);
    if (strcmp(key, "rate") == 0)
        return parse_rate(value, &l->rate, why, size);
    if (strcmp(key, "limit") == 0)
        return bench_parse_unsigned(value, 1, 10000000, &l->limit, why, size);
    nearest_begin(&near, key);
    for (unsigned i = 0; i < sizeof keys / sizeof keys[0]; i++)
        nearest_try(&near, keys[i]);
    const char *found = nearest_found(&near);
    return bench_say(why, size, "no such key%s%s%s",
                     found ? "; did you mean \"" : "; known are delay, jitter, loss, rate, limit",
                     found ? found : "", found ? "\"?" : "");
}

bool bench_link_parse(const char *text, struct bench_link *out, char *why, size_t size)
{
    char part[64], reason[VAL_WHY_MAX], *value;

    *out = (struct bench_link){.used = true, .limit = LIMIT};
    for (const char *at = text;; at++) {
        size_t len = strcspn(at, ",");
        snprintf(part, sizeof part, "%.*s", (int)(len < sizeof part ? len : sizeof part - 1), at);
        if (len == 0 || !(value = strchr(part, '=')))
            return bench_say(why, size,
                             "\"%s\" is not KEY=VALUE,…, such as delay=20ms,loss=0.5%%,rate=100mbit", text);
        *value++ = 0;
        if (!set(out, part, value, reason, sizeof reason))
            return bench_say(why, size, "%s: %s", part, reason);
        at += len;
        if (!*at)
            return out->jitter_us <= out->delay_us ||
                   bench_say(why, size, "jitter: it is more than the delay");
    }
}
