#include "config/errors_priv.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define KEPT     100 /* a file with more errors than this is probably not a configuration at all */
#define TEXT_MAX 600

static void one_line(char *text)
{
    for (char *p = text; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = ' ';
}

/* A "%.40s" may have cut a multi-byte character; the remaining bytes are removed. */
static void whole_characters(char *text)
{
    char *out = text;
    for (const unsigned char *p = (unsigned char *)text; *p;) {
        size_t len = *p < 0x80 ? 1 : *p >= 0xf0 ? 4 : *p >= 0xe0 ? 3 : *p >= 0xc0 ? 2 : 0;
        size_t have = 1;
        while (have < len && (p[have] & 0xc0) == 0x80)
            have++;
        if (have == len) {
            memmove(out, p, len);
            out += len;
        }
        p += have;
    }
    *out = '\0';
}

static bool is_said(const struct err_list *e, struct cfg_place at)
{
    for (unsigned i = 0; i < e->count; i++)
        if (e->list[i].line == at.line && e->list[i].column == at.column)
            return true;
    return false;
}

bool err_is_full(const struct err_list *e)
{
    return e->dropped > 0;
}

void err_add(struct err_list *e, struct cfg_place at, const char *fmt, ...)
{
    char text[TEXT_MAX];
    va_list ap;

    if (e->severity == CFG_WARNING && is_said(e, at))
        return;
    if (e->count == KEPT) {
        e->dropped++;
        return;
    }
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    one_line(text);
    whole_characters(text);
    if (e->count == e->room) {
        e->room = e->room ? e->room * 2 : 16;
        e->list = realloc(e->list, e->room * sizeof *e->list);
        if (!e->list)
            abort();
    }
    char *copy = strdup(text);
    if (!copy)
        abort();
    e->list[e->count++] = (struct cfg_remark){e->severity, at.line, at.column, copy};
}

static int by_place(const void *a, const void *b)
{
    const struct cfg_remark *x = a, *y = b;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    if (x->column != y->column)
        return x->column < y->column ? -1 : 1;
    return strcmp(x->text, y->text);
}

void err_finish(struct err_list *e, struct cfg_remarks *out)
{
    if (e->count)
        qsort(e->list, e->count, sizeof *e->list, by_place);
    unsigned kept = 0;
    for (unsigned i = 0; i < e->count; i++) {
        if (kept && by_place(&e->list[kept - 1], &e->list[i]) == 0)
            free((char *)e->list[i].text);
        else
            e->list[kept++] = e->list[i];
    }
    if (e->dropped) {
        struct cfg_remark *last = &e->list[kept - 1];
        free((char *)last->text);
        last->text = strdup("there are more errors than shown; is this the right file?");
        if (!last->text)
            abort();
    }
    *out = (struct cfg_remarks){e->list, kept};
    *e = (struct err_list){0};
}

void cfg_remarks_free(struct cfg_remarks *remarks)
{
    for (unsigned i = 0; i < remarks->count; i++)
        free((char *)remarks->list[i].text);
    free(remarks->list);
    *remarks = (struct cfg_remarks){0};
}

void cfg_remarks_print(const char *file, const struct cfg_remarks *remarks, FILE *out)
{
    const char *name = strcmp(file, "-") == 0 ? "standard input" : file;
    for (unsigned i = 0; i < remarks->count; i++) {
        const struct cfg_remark *r = &remarks->list[i];
        const char *severity = r->severity == CFG_WARNING ? "warning: " : "";
        if (r->line)
            fprintf(out, "%s:%u:%u: %s%s\n", name, r->line, r->column, severity, r->text);
        else
            fprintf(out, "%s: %s%s\n", name, severity, r->text);
    }
}
