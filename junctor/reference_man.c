/* The reference as a manual page, junctor.yaml(5), in mdoc(7). */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "junctor/reference.h"
#include "junctor/reference_priv.h"

#define LINE_LENGTH 78

/* Where the text may continue on a new line: at the end of a sentence, as mdoc requires, and at the last
 * space that fits on the line. `text` points to a space. */
static bool breaks_here(const char *begin, const char *text, size_t column)
{
    bool sentence = text > begin && text[-1] == '.' && (isupper((unsigned char)text[1]) || text[1] == '`');
    size_t word = strcspn(text + 1, " ");
    return text[1] != '.' && text[1] != '\'' && (sentence || column + 1 + word > LINE_LENGTH);
}

/* Writes a character of a text line so that roff takes it neither for a request nor for a hyphen. */
static size_t write_character(FILE *out, char c, bool code)
{
    if (c == '\\')
        return fprintf(out, "\\e");
    if (c == '-' && code)
        return fprintf(out, "\\-");
    return fprintf(out, "%c", c);
}

/* Text that begins on a line of its own, `code` in bold. Without `may_break` it stays on that line. */
static void write_text(FILE *out, const char *text, bool may_break)
{
    const char *begin = text;
    bool code = false;
    size_t column = 0;
    if (*text == '.' || *text == '\'')
        fputs("\\&", out);
    for (; *text; text++) {
        if (*text == '`') {
            code = !code;
            column += fprintf(out, code ? "\\fB" : "\\fR");
        } else if (*text == ' ' && may_break && breaks_here(begin, text, column)) {
            column = 0;
            fputc('\n', out);
        } else {
            column += write_character(out, *text, code);
        }
    }
}

static void write_line(FILE *out, const char *text)
{
    write_text(out, text, true);
    fputc('\n', out);
}

static void begin(FILE *out)
{
    fputs(".\\\" Written by `make reference` from the tables in config/; change those.\n"
          ".Dd November 22, 2026\n"
          ".Dt JUNCTOR.YAML 5\n"
          ".Os Junctor\n"
          ".Sh NAME\n"
          ".Nm junctor.yaml\n"
          ".Nd configuration of the SCTP message broker junctor\n"
          ".Sh DESCRIPTION\n"
          "A YAML file that defines where\n"
          ".Xr junctor 1\n"
          "listens, which peers it connects to, and which messages go where.\n"
          "It has no fixed location:\n"
          ".Ql junctor run -c FILE\n"
          "names it.\n",
          out);
}

static void end(FILE *out)
{
    fputs(".Sh EXAMPLES\n"
          "A transparent relay in front of one server, with up to 64 streams each way:\n"
          ".Bd -literal -offset indent\n"
          "sctp:\n"
          "  initmsg: {num_ostreams: 64, max_instreams: 64}\n"
          "listeners:\n"
          "  - {name: access, address: 192.0.2.1, port: 2905}\n"
          "peers:\n"
          "  - {name: server, address: 192.0.2.7, port: 2905}\n"
          "routes:\n"
          "  - {from: access, to: server, session: paired}\n"
          ".Ed\n"
          ".Pp\n"
          "M3UA to the first of two signalling gateways that is up; failures are detected soon:\n"
          ".Bd -literal -offset indent\n"
          "profiles:\n"
          "  fast-failover:\n"
          "    rtoinfo: {initial: 200ms, min: 100ms, max: 1s}\n"
          "    delayed_ack_time: 20ms\n"
          "    associnfo: {asocmaxrxt: 2}\n"
          "    peer_addr_params: {hbinterval: 1s, pathmaxrxt: 2}\n"
          "listeners:\n"
          "  - {name: access, address: 192.0.2.1, port: 2905}\n"
          "peers:\n"
          "  - {name: a, address: 192.0.2.7, port: 2905, profile: fast-failover}\n"
          "  - {name: b, address: 192.0.2.8, port: 2905, profile: fast-failover}\n"
          "groups:\n"
          "  - {name: gateways, members: [a, b], mode: override}\n"
          "routes:\n"
          "  - {from: access, ppid: m3ua, to: gateways}\n"
          ".Ed\n"
          ".Sh SEE ALSO\n"
          ".Xr junctor 1 ,\n"
          ".Xr sctp 7\n"
          ".Sh STANDARDS\n"
          "RFC 9260 (SCTP), RFC 6458 (its sockets API), RFC 6951 (SCTP over UDP), RFC 4666\n"
          "(traffic modes of groups).\n"
          "Option names are those of gen_sctp in Erlang/OTP.\n",
          out);
}

static void heading(FILE *out, enum ref_level level, const char *text)
{
    fputs(level == REF_CHAPTER ? ".Sh " : ".Ss ", out);
    for (; *text; text++)
        fputc(level == REF_CHAPTER ? toupper((unsigned char)*text) : *text, out);
    fputc('\n', out);
}

static void paragraph(FILE *out, const char *text)
{
    write_line(out, text);
}

static void items(FILE *out, const char *const *texts, unsigned count)
{
    fputs(".Bl -bullet\n", out);
    for (unsigned i = 0; i < count; i++) {
        fputs(".It\n", out);
        write_line(out, texts[i]);
    }
    fputs(".El\n", out);
}

static void facts(FILE *out, const struct ref_fact *list, unsigned count)
{
    fputs(".Pp\n.Bl -tag -width Transports -compact\n", out);
    for (unsigned i = 0; i < count; i++) {
        fprintf(out, ".It %s\n", list[i].label);
        write_line(out, list[i].text);
    }
    fputs(".El\n", out);
}

static void rows_begin(FILE *out, bool keys)
{
    (void)keys;
    fputs(".Bl -tag -width Ds\n", out);
}

/* The help, then in parentheses the values that can be written. */
static void row(FILE *out, const struct ref_row *r)
{
    char text[1200];
    fprintf(out, ".It Cm %s\n", r->name);
    snprintf(text, sizeof text, "%s.", r->help);
    write_line(out, text);
    snprintf(text, sizeof text, "(%s%s%s: %s%s%s%s%s)", r->type, *r->unit ? " in " : "", r->unit, r->values,
             *r->dflt ? "; default: " : "", r->dflt, r->effect ? "; a change: " : "",
             r->effect ? r->effect : "");
    write_line(out, text);
}

static void list_end(FILE *out)
{
    fputs(".El\n", out);
}

/* roff looks for macros in the .It line of a column list; all of them are short words with a capital. */
static void write_cell(FILE *out, const char *text)
{
    char word[80];
    for (; *text; text += strspn(text, " ")) {
        size_t len = strcspn(text, " ");
        snprintf(word, sizeof word, "%.*s", (int)len, text);
        if (isupper((unsigned char)*word))
            fputs("\\&", out);
        write_text(out, word, false);
        text += len;
        if (*text)
            fputc(' ', out);
    }
}

static void table_line(FILE *out, const char *const cells[REF_COLUMNS])
{
    for (unsigned i = 0; i < REF_COLUMNS; i++) {
        fputs(i == 0 ? ".It " : " Ta ", out);
        write_cell(out, cells[i]);
        if (!*cells[i])
            fputs("\\&", out);
    }
    fputc('\n', out);
}

static void table_begin(FILE *out, const char *const titles[REF_COLUMNS])
{
    fputs(".Bl -column \"endpoints that change threads\" \"set, read\" \"set, read\"\n", out);
    table_line(out, titles);
}

static void numbers_begin(FILE *out)
{
    fputs(".Bl -tag -width webrtc-binary-partial -compact\n", out);
}

static void number(FILE *out, const char *name, const char *value, const char *what)
{
    fprintf(out, ".It Cm %s\n%s: ", name, value);
    write_line(out, what);
}

void brk_reference_man(FILE *out)
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
        .rows_end = list_end,
        .table_begin = table_begin,
        .table_line = table_line,
        .table_end = list_end,
        .numbers_begin = numbers_begin,
        .number = number,
        .numbers_end = list_end,
    };
    ref_write(out, &writer);
}
