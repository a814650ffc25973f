#include "config/sctp/value.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "config/sctp/nearest.h"
#include "config/sctp/ppid.h"

struct suffix {
    const char *text;
    uint64_t factor;
};

/* Largest last. */
static const struct suffix sizes[] = {{"K", 1 << 10}, {"M", 1 << 20}, {"G", 1 << 30}, {NULL, 0}};
static const struct suffix times[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {NULL, 0}};
static const struct suffix none[] = {{NULL, 0}};

static const struct suffix *suffixes(enum opt_unit unit)
{
    if (unit == OPT_BYTES)
        return sizes;
    return unit == OPT_MSEC || unit == OPT_SECONDS ? times : none;
}

static const char *suffix_words(enum opt_unit unit)
{
    if (unit == OPT_BYTES)
        return "K, M or G";
    return "ms, s, m or h";
}

/* How many base units of the suffix table (bytes, milliseconds) the value's own unit has. */
static uint64_t base_factor(enum opt_unit unit)
{
    return unit == OPT_SECONDS ? 1000 : 1;
}

__attribute__((format(printf, 3, 4))) static bool refuse(char *why, size_t size, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(why, size, fmt, ap);
    va_end(ap);
    return false;
}

const char *val_name(const char *names, unsigned i, size_t *len)
{
    if (!names)
        return NULL;
    while (i-- > 0) {
        names = strchr(names, ',');
        if (!names)
            return NULL;
        names++;
    }
    *len = strcspn(names, ",");
    return names;
}

/* Index of a name, or -1. */
static int find_name(const char *names, const char *text, size_t text_len)
{
    const char *name;
    size_t len;
    for (unsigned i = 0; (name = val_name(names, i, &len)); i++)
        if (len == text_len && strncasecmp(name, text, len) == 0)
            return (int)i;
    return -1;
}

/* ---- writing -------------------------------------------------------------------------------------- */

static void format_uint(const struct val_spec *spec, int64_t num, char *out, size_t size)
{
    size_t len;
    const char *name = num >= 0 && num < 8 ? val_name(spec->names, (unsigned)num, &len) : NULL;
    if (name) {
        snprintf(out, size, "%.*s", (int)len, name);
        return;
    }
    uint64_t base = (uint64_t)num * base_factor(spec->unit);
    const struct suffix *best = NULL;
    for (const struct suffix *s = suffixes(spec->unit); s->text; s++)
        if (num > 0 && base % s->factor == 0)
            best = s;
    if (best)
        snprintf(out, size, "%" PRIu64 "%s", base / best->factor, best->text);
    else
        snprintf(out, size, "%" PRId64, num);
}

static void format_flags(const struct val_spec *spec, int64_t num, char *out, size_t size)
{
    FILE *f = fmemopen(out, size, "w");
    if (!f)
        return;
    const char *name, *comma = "";
    size_t len;
    fputc('[', f);
    for (unsigned i = 0; (name = val_name(spec->names, i, &len)); i++)
        if (num >> i & 1) {
            fprintf(f, "%s%.*s", comma, (int)len, name);
            comma = ", ";
        }
    fputc(']', f);
    fclose(f);
}

const char *val_format(const struct val_spec *spec, int64_t num, char *out, size_t size)
{
    const char *name;
    size_t len;
    switch (spec->type) {
    case OPT_BOOL:
        snprintf(out, size, "%s", num ? "true" : "false");
        break;
    case OPT_ENUM:
        name = num >= 0 && num <= spec->max ? val_name(spec->names, (unsigned)num, &len) : NULL;
        if (name)
            snprintf(out, size, "%.*s", (int)len, name);
        else
            snprintf(out, size, "%" PRId64, num);
        break;
    case OPT_FLAGS:
        format_flags(spec, num, out, size);
        break;
    case OPT_PPID:
        name = num >= 0 && num <= UINT32_MAX ? ppid_name((uint32_t)num) : NULL;
        if (name)
            snprintf(out, size, "%s", name);
        else
            snprintf(out, size, "%" PRId64, num);
        break;
    case OPT_UINT:
    case OPT_UINT_RO:
    case OPT_ADDR:
    case OPT_FILE:
        format_uint(spec, num, out, size);
        break;
    }
    return out;
}

/* "a, b, c" */
static const char *name_list(const char *names, char *out, size_t size)
{
    const char *name;
    size_t len, used = 0;
    out[0] = '\0';
    for (unsigned i = 0; (name = val_name(names, i, &len)) && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%.*s", i ? ", " : "", (int)len, name);
    return out;
}

static void uint_bounds(const struct val_spec *spec, char *out, size_t size)
{
    char low[VAL_TEXT_MAX], high[VAL_TEXT_MAX], words[VAL_TEXT_MAX];
    struct val_spec numbers = *spec;
    size_t len;
    while (spec->names && val_name(spec->names, (unsigned)numbers.min, &len))
        numbers.min++; /* the smallest value without a word */
    numbers.names = NULL;
    if (spec->names)
        name_list(spec->names, words, sizeof words);
    snprintf(out, size, "%s%s%s to %s", spec->names ? words : "", spec->names ? " or " : "",
             val_format(&numbers, numbers.min, low, sizeof low),
             val_format(&numbers, numbers.max, high, sizeof high));
}

const char *val_bounds(const struct val_spec *spec, char *out, size_t size)
{
    switch (spec->type) {
    case OPT_BOOL:
        snprintf(out, size, "true or false");
        break;
    case OPT_ENUM:
    case OPT_FLAGS:
        name_list(spec->names, out, size);
        break;
    case OPT_PPID:
        snprintf(out, size, "a name such as m3ua or a number up to 4294967295");
        break;
    case OPT_ADDR:
        snprintf(out, size, "an IPv4 or IPv6 address");
        break;
    case OPT_FILE:
        snprintf(out, size, "the path of a file");
        break;
    case OPT_UINT:
    case OPT_UINT_RO:
        uint_bounds(spec, out, size);
        break;
    }
    return out;
}

/* ---- checking ------------------------------------------------------------------------------------- */

bool val_check(const struct val_spec *spec, int64_t num, char *why, size_t size)
{
    char value[VAL_TEXT_MAX], bounds[VAL_TEXT_MAX];
    if (!opt_is_number(spec->type))
        return true;
    if (spec->type == OPT_FLAGS) {
        if (num & ~spec->max)
            return refuse(why, size, "0x%" PRIx64 " has undefined bits; the flags are %s", (uint64_t)num,
                          val_bounds(spec, bounds, sizeof bounds));
        return true;
    }
    if (num >= spec->min && num <= spec->max)
        return true;
    val_format(spec, num, value, sizeof value);
    return refuse(why, size, "%s is too %s; write %s", value, num < spec->min ? "small" : "large",
                  val_bounds(spec, bounds, sizeof bounds));
}

/* ---- reading -------------------------------------------------------------------------------------- */

/* The error for a word that is not in `names`: with the nearest one, and all of them. */
static bool refuse_word(const char *names, const char *word, char *why, size_t size)
{
    struct nearest n;
    const char *name;
    size_t len;
    char all[VAL_TEXT_MAX];
    name_list(names, all, sizeof all);
    nearest_begin(&n, word);
    for (unsigned i = 0; (name = val_name(names, i, &len)); i++)
        nearest_try_len(&n, name, len);
    if (nearest_found(&n))
        return refuse(why, size, "'%.40s' is unknown, did you mean %s? (there are %s)", word,
                      nearest_found(&n), all);
    return refuse(why, size, "'%.40s' is unknown; write one of %s", word, all);
}

static bool parse_bool(const char *text, int64_t *out, char *why, size_t size)
{
    static const char yes[] = "true,yes,on", no[] = "false,no,off";
    size_t len = strlen(text);
    if (find_name(yes, text, len) >= 0) {
        *out = 1;
        return true;
    }
    if (find_name(no, text, len) >= 0) {
        *out = 0;
        return true;
    }
    return refuse(why, size, "'%.40s' is neither; write true or false", text);
}

static bool parse_enum(const struct val_spec *spec, const char *text, int64_t *out, char *why, size_t size)
{
    int i = find_name(spec->names, text, strlen(text));
    if (i < 0 || i > spec->max)
        return refuse_word(spec->names, text, why, size);
    *out = i;
    return true;
}

static bool parse_flags(const struct val_spec *spec, const char *text, int64_t *out, char *why, size_t size)
{
    int64_t bits = 0;
    while (*text) {
        char word[NEAREST_MAX];
        size_t len = strcspn(text, ",");
        int i = find_name(spec->names, text, len);
        if (i < 0) {
            snprintf(word, sizeof word, "%.*s", (int)(len < sizeof word ? len : sizeof word - 1), text);
            return refuse_word(spec->names, word, why, size);
        }
        bits |= INT64_C(1) << i;
        text += len;
        text += *text == ',';
    }
    *out = bits;
    return true;
}

static void try_ppid(const char *name, uint32_t ppid, const char *what, void *arg)
{
    (void)ppid;
    (void)what;
    nearest_try(arg, name);
}

static bool parse_ppid(const char *text, int64_t *out, char *why, size_t size)
{
    uint32_t ppid;
    struct nearest n;
    if (ppid_parse(text, &ppid)) {
        *out = ppid;
        return true;
    }
    nearest_begin(&n, text);
    ppid_each(try_ppid, &n);
    if (nearest_found(&n))
        return refuse(why, size, "'%.40s' is not a registered PPID; did you mean %s?", text,
                      nearest_found(&n));
    return refuse(why, size, "'%.40s' is not a registered PPID; write its number, 0 to 4294967295", text);
}

/* The factor of a suffix in base units (1 for none, given in the value's own unit), or 0 with the reason. */
static uint64_t suffix_factor(const struct val_spec *spec, const char *text, const char *suffix, char *why,
                              size_t size)
{
    const struct suffix *s = suffixes(spec->unit);
    if (*suffix == '\0')
        return base_factor(spec->unit);
    if (!s->text) {
        refuse(why, size, "'%.40s' is not a plain number; write it without a unit", text);
        return 0;
    }
    for (; s->text; s++)
        if (strcasecmp(s->text, suffix) == 0)
            return s->factor;

    /* "4MB", "4 M", "3sec": the unit that was meant, if its first letter shows it. */
    const char *unit = suffix + strspn(suffix, " ");
    const char *guess = NULL;
    for (s = suffixes(spec->unit); s->text; s++)
        if (strncasecmp(s->text, unit, strlen(s->text)) == 0 && (!guess || strlen(guess) < strlen(s->text)))
            guess = s->text;
    int number = (int)(suffix - text);
    if (guess && number < 40)
        refuse(why, size, "'%.40s' has an unknown unit; write %.*s%s", text, number, text, guess);
    else
        refuse(why, size, "'%.40s' has an unknown unit; write a number with %s", text,
               suffix_words(spec->unit));
    return 0;
}

/* "1.5M": never accepted, but the error has the equivalent whole number. */
static bool refuse_fraction(const struct val_spec *spec, const char *text, uint64_t whole, const char *dot,
                            char *why, size_t size)
{
    char value[VAL_TEXT_MAX], scrap[VAL_WHY_MAX];
    uint64_t numerator = whole, denominator = 1;
    const char *p = dot + 1;
    for (; isdigit((unsigned char)*p) && denominator < 1000000; p++) {
        numerator = numerator * 10 + (uint64_t)(*p - '0');
        denominator *= 10;
    }
    uint64_t factor = isdigit((unsigned char)*p) ? 0 : suffix_factor(spec, text, p, scrap, sizeof scrap);
    if (factor == 0 || whole > UINT32_MAX)
        return refuse(why, size, "'%.40s': fractions are not accepted; write a whole number", text);

    uint64_t unit = base_factor(spec->unit) * denominator;
    uint64_t product =
        numerator * factor; /* below 2^32 * 10^6 * 2^30, and computed only if it fits 64 bits */
    if (__builtin_mul_overflow(numerator, factor, &product))
        return refuse(why, size, "'%.40s': fractions are not accepted; write a whole number", text);
    val_format(spec, (int64_t)((product + unit / 2) / unit), value, sizeof value);
    return refuse(why, size, "'%.40s': fractions are not accepted; write %s%s", text, value,
                  product % unit ? " or so" : "");
}

static bool parse_uint(const struct val_spec *spec, const char *text, int64_t *out, char *why, size_t size)
{
    char bounds[VAL_TEXT_MAX];
    uint64_t n, factor, base = base_factor(spec->unit);
    int word = find_name(spec->names, text, strlen(text));
    if (word >= 0) {
        *out = word;
        return true;
    }
    const char *rest = val_digits(text, &n);
    if (!rest)
        return refuse(why, size, "'%.40s' is not a number%s; write %s", text,
                      *text == '-' ? " from 0 upwards" : "", val_bounds(spec, bounds, sizeof bounds));
    if (*rest == '.' && isdigit((unsigned char)rest[1]))
        return refuse_fraction(spec, text, n, rest, why, size);
    factor = suffix_factor(spec, text, rest, why, size);
    if (factor == 0)
        return false;
    if (n == UINT64_MAX || __builtin_mul_overflow(n, factor, &n) || n / base > INT64_MAX)
        return refuse(why, size, "'%.40s' is too large; write %s", text,
                      val_bounds(spec, bounds, sizeof bounds));
    if (n % base)
        return refuse(why, size, "'%.40s' is not a whole number of seconds; write %" PRIu64 "s", text,
                      n / base + 1);
    *out = (int64_t)(n / base);
    return val_check(spec, *out, why, size);
}

bool val_parse(const struct val_spec *spec, const char *text, int64_t *out, char *why, size_t size)
{
    if (*text == '\0' && spec->type != OPT_FLAGS) {
        char bounds[VAL_TEXT_MAX];
        return refuse(why, size, "a value is missing; write %s", val_bounds(spec, bounds, sizeof bounds));
    }
    switch (spec->type) {
    case OPT_BOOL:
        return parse_bool(text, out, why, size);
    case OPT_ENUM:
        return parse_enum(spec, text, out, why, size);
    case OPT_FLAGS:
        return parse_flags(spec, text, out, why, size);
    case OPT_PPID:
        return parse_ppid(text, out, why, size);
    case OPT_UINT:
    case OPT_UINT_RO:
        return parse_uint(spec, text, out, why, size);
    case OPT_ADDR:
    case OPT_FILE:
        break;
    }
    return refuse(why, size, "'%.40s' is not a number", text);
}
