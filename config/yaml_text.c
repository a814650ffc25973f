/* Checks of a text before libfyaml parses it.
 *
 * libfyaml reads a list or mapping in brackets to its end, with some hundred bytes for each bracket and
 * comma, before it reports that one has begun; and it searches for every %TAG in all earlier ones. So a text
 * of 15 MB of "[" took more memory than most hosts have, and one of %TAG an hour. Therefore what can be
 * counted without parsing YAML is counted here: brackets, and the punctuation between them, outside of quotes
 * and comments. The count may be too low (a quote in a block of text hides what follows); then only the
 * file's size is bounded. */
#include <string.h>

#include "config/yaml_text_priv.h"
#include "config/yaml_priv.h"

#define MARKS_MAX (2 * YAML_VALUES_MAX) /* {"a": 1, "b": 2} has two per value */

/* Control characters, surrogates and noncharacters (YAML 1.2, 5.1). */
static bool is_printable(uint32_t c)
{
    if (c < 0x20 || (c >= 0x7f && c < 0xa0))
        return c == '\t' || c == '\n' || c == '\r';
    return c < 0xd800 || (c > 0xdfff && c <= 0x10ffff && (c & 0xfffe) != 0xfffe);
}

/* Length of the character at p, or 0 if there is none in its shortest form. */
static size_t utf8_length(const unsigned char *p, size_t left)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = *p < 0x80 ? 1 : *p < 0xc0 ? 0 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : *p < 0xf8 ? 4 : 0;
    if (len == 0 || len > left)
        return 0;
    uint32_t c = len == 1 ? *p : *p & (0x7fU >> len);
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (p[i] & 0x3f);
    }
    return c >= least[len] && is_printable(c) ? len : 0;
}

/* The state of the scan. */
struct scan {
    struct err_list *errors;
    struct cfg_place at;
    unsigned char before; /* the character before; a line feed at the start */
    unsigned char quote;  /* the quote that ends the current quoted text, or 0 */
    bool escaped;         /* the preceding backslash escapes this character */
    bool comment;
    unsigned depth, marks;
};

void yaml_too_deep(struct err_list *errors, struct cfg_place at)
{
    err_add(errors, at, "nested more than %d levels deep; a configuration needs six", YAML_DEPTH_MAX);
}

/* Whether a value, a key or a comment can begin after this character. */
static bool ends_word(unsigned char before)
{
    return strchr(" \t\r\n[{,:", before) != NULL;
}

static void in_quotes(struct scan *s, unsigned char c)
{
    if (s->escaped)
        s->escaped = false;
    else if (c == '\\' && s->quote == '"')
        s->escaped = true;
    else if (c == s->quote)
        s->quote = 0;
}

static bool is_bracket(unsigned char c)
{
    return c == '[' || c == ']' || c == '{' || c == '}';
}

static void take_bracket(struct scan *s, unsigned char c)
{
    bool opens = c == '[' || c == '{';
    if (opens && (ends_word(s->before) || strchr("]}\"'", s->before)))
        s->depth++;
    else if (!opens && s->depth > 0)
        s->depth--;
}

/* The character, or the first byte of one. */
static void take_character(struct scan *s, unsigned char c)
{
    if (s->comment) {
        s->comment = c != '\n';
        return;
    }
    if (s->quote) {
        in_quotes(s, c);
        return;
    }
    s->marks += is_bracket(c) || (s->depth && strchr(",:?&*!\"'", c));
    if (is_bracket(c))
        take_bracket(s, c);
    else if (c == '#' && strchr(" \t\r\n", s->before))
        s->comment = true;
    else if ((c == '"' || c == '\'') && ends_word(s->before))
        s->quote = c;
}

/* False, and reported, if there are too many. */
static bool within_bounds(const struct scan *s)
{
    if (s->depth > YAML_DEPTH_MAX)
        yaml_too_deep(s->errors, s->at);
    else if (s->marks > MARKS_MAX)
        err_add(s->errors, s->at,
                "more than %d brackets, and quotes and punctuation between them; a configuration this large "
                "is not accepted",
                MARKS_MAX);
    else
        return true;
    return false;
}

static bool is_tag_directive(const struct scan *s, const unsigned char *p, size_t left)
{
    static const char tag[] = "%TAG";
    return s->before == '\n' && left >= sizeof tag - 1 && memcmp(p, tag, sizeof tag - 1) == 0;
}

/* libfyaml silently stops at a byte it cannot read, as if the file ended there. */
bool yaml_text_check(const char *text, size_t len, struct err_list *errors)
{
    struct scan s = {.errors = errors, .at = {1, 1}, .before = '\n'};
    for (size_t i = 0; i < len;) {
        const unsigned char *p = (const unsigned char *)text + i;
        size_t bytes = utf8_length(p, len - i);
        if (bytes == 0) {
            err_add(errors, s.at, "byte 0x%02x is not valid UTF-8; is this a text file (YAML or JSON)?", *p);
            return false;
        }
        if (is_tag_directive(&s, p, len - i)) {
            err_add(errors, s.at, "%%TAG: a configuration has no tags; remove this line");
            return false;
        }
        take_character(&s, *p);
        if (!within_bounds(&s))
            return false;
        s.before = *p;
        if (*p == '\n') {
            s.at.line++;
            s.at.column = 0;
        }
        s.at.column++;
        i += bytes;
    }
    return true;
}
