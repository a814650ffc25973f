/* The reference as a Markdown page. RFCs and their sections become links wherever a text names them. */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "junctor/reference.h"
#include "junctor/reference_priv.h"

/* Length of "8.1.13" at `text`, or 0. */
static size_t section_length(const char *text)
{
    size_t n = 0;
    while (isdigit((unsigned char)text[n]) ||
           (n > 0 && text[n] == '.' && isdigit((unsigned char)text[n + 1])))
        n++;
    return n;
}

static void link_to(FILE *out, const char *text, size_t length, const char *rfc, size_t digits,
                    const char *section, size_t section_len)
{
    fprintf(out, "[%.*s](https://www.rfc-editor.org/rfc/rfc%.*s", (int)length, text, (int)digits, rfc);
    if (section_len)
        fprintf(out, "#section-%.*s", (int)section_len, section);
    fputc(')', out);
}

/* "RFC 6458 8.1.1, 8.1.2" at `text`: writes the links and returns the length of the text. */
static size_t write_rfc(FILE *out, const char *text)
{
    const char *rfc = text + strlen("RFC "), *p;
    size_t digits = strspn(rfc, "0123456789"), n;
    p = rfc + digits;
    n = *p == ' ' ? section_length(p + 1) : 0;
    link_to(out, text, digits + strlen("RFC ") + (n ? n + 1 : 0), rfc, digits, p + 1, n);
    if (!n)
        return (size_t)(p - text);
    p += n + 1;
    while (p[0] == ',' && p[1] == ' ' && (n = section_length(p + 2))) {
        fputs(", ", out);
        link_to(out, p + 2, n, rfc, digits, p + 2, n);
        p += n + 2;
    }
    return (size_t)(p - text);
}

static void write_text(FILE *out, const char *text)
{
    bool code = false;
    while (*text) {
        if (!code && strncmp(text, "RFC ", 4) == 0 && isdigit((unsigned char)text[4])) {
            text += write_rfc(out, text);
            continue;
        }
        if (*text == '`')
            code = !code;
        if (*text == '|' || (!code && strchr("*<", *text)))
            fputc('\\', out);
        fputc(*text++, out);
    }
}

static void begin(FILE *out)
{
    fputs("# The configuration, key by key\n\n"
          "Written by `make reference` from [keys.def](keys.def), [options.def](options.def),\n"
          "[ppid.def](ppid.def) and the transports: change those, not this page. `junctor check --reference` "
          "prints\n"
          "the reference of the installed version; as a manual page it is `man junctor.yaml`. Complete files "
          "to start from are in\n"
          "[examples/](examples/).\n",
          out);
}

/* Tables and the page need no ending. */
static void end(FILE *out)
{
    (void)out;
}

static void heading(FILE *out, enum ref_level level, const char *text)
{
    fprintf(out, level == REF_CHAPTER ? "\n## %s\n" : "\n### `%s`\n", text);
}

static void paragraph(FILE *out, const char *text)
{
    fputc('\n', out);
    write_text(out, text);
    fputc('\n', out);
}

static void items(FILE *out, const char *const *texts, unsigned count)
{
    fputc('\n', out);
    for (unsigned i = 0; i < count; i++) {
        fputs("- ", out);
        write_text(out, texts[i]);
        fputc('\n', out);
    }
}

static void facts(FILE *out, const struct ref_fact *list, unsigned count)
{
    fputc('\n', out);
    for (unsigned i = 0; i < count; i++) {
        fprintf(out, "- **%s:** ", list[i].label);
        write_text(out, list[i].text);
        fputc('\n', out);
    }
}

static void rows_begin(FILE *out, bool keys)
{
    fprintf(out, "\n| key | type | unit | values | default |%s what it does |\n", keys ? " a change |" : "");
    fprintf(out, "| --- | --- | --- | --- | --- |%s --- |\n", keys ? " --- |" : "");
}

static void row(FILE *out, const struct ref_row *r)
{
    const char *const cells[] = {r->type, r->unit, r->values, r->dflt, r->effect, r->help};
    fprintf(out, "| `%s` |", r->name);
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++) {
        if (!cells[i])
            continue;
        fputc(' ', out);
        write_text(out, cells[i]);
        fputs(" |", out);
    }
    fputc('\n', out);
}

static void table_line(FILE *out, const char *const cells[REF_COLUMNS])
{
    fputc('|', out);
    for (unsigned i = 0; i < REF_COLUMNS; i++) {
        fputc(' ', out);
        write_text(out, cells[i]);
        fputs(" |", out);
    }
    fputc('\n', out);
}

static void table_begin(FILE *out, const char *const titles[REF_COLUMNS])
{
    static const char *const ruler[REF_COLUMNS] = {"---", "---", "---"};
    fputc('\n', out);
    table_line(out, titles);
    table_line(out, ruler);
}

static void numbers_begin(FILE *out)
{
    static const char *const titles[REF_COLUMNS] = {"name", "number", "what it is"};
    table_begin(out, titles);
}

static void number(FILE *out, const char *name, const char *value, const char *what)
{
    fprintf(out, "| `%s` | %s | ", name, value);
    write_text(out, what);
    fputs(" |\n", out);
}

void brk_reference_markdown(FILE *out)
{
    static const struct ref_writer writer = {
        .begin = begin,
        .end = end,
        .heading = heading,
        .text = paragraph,
        .items = items,
        .facts = facts,
        .rows_begin = rows_begin,
        .row = row,
        .rows_end = end,
        .table_begin = table_begin,
        .table_line = table_line,
        .table_end = end,
        .numbers_begin = numbers_begin,
        .number = number,
        .numbers_end = end,
    };
    ref_write(out, &writer);
}
