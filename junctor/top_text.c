/* See top_text.h. */
#include "junctor/top_text.h"

#include "junctor/show.h"

static const char help[] = "Tab  Shift-Tab     associations, groups, peers, listeners, workers\n"
                           "Up  Down           choose a row (also k, j, Page Up, Page Down, Home, End)\n"
                           "Enter              an association: its paths and history; of a group its\n"
                           "                   members; of a peer or listener its associations\n"
                           "Esc  Backspace     back\n"
                           "<  >               sort by the column to the left, to the right\n"
                           "r                  reverse the order\n"
                           "/                  show only rows with a text; Enter takes it, Esc clears it\n"
                           "?                  this text\n"
                           "q                  quit\n"
                           "\n"
                           "IN/S and OUT/S are messages a second: the difference of the last two readings.\n";

void top_text_help(FILE *out)
{
    fputs(help, out);
}

static const char *cell(const json_t *row, const char *path, enum table_kind kind, char out[static 200])
{
    const struct table_column column = {"", path, kind};
    return table_value(row, &column, out, 200);
}

static void put_broker(FILE *out, const json_t *d)
{
    char version[200], pid[200], state[200], age[200], transport[200];
    fprintf(out, "junctor %s, pid %s, %s for %s, transport %s\n", cell(d, "version", TABLE_TEXT, version),
            cell(d, "pid", TABLE_NUMBER, pid), cell(d, "state", TABLE_TEXT, state),
            cell(d, "uptime_ms", TABLE_TIME, age), cell(d, "transport", TABLE_TEXT, transport));
}

static void put_rates(FILE *out, const json_t *d)
{
    char in[200], delivered[200], dropped[200], waiting[200], up[200];
    fprintf(out, "%s messages in/s, %s out/s, %s dropped/s; %s waiting; %s associations up\n",
            cell(d, "rate.received", TABLE_NUMBER, in), cell(d, "rate.delivered", TABLE_NUMBER, delivered),
            cell(d, "rate.dropped", TABLE_NUMBER, dropped), cell(d, "waiting", TABLE_NUMBER, waiting),
            cell(d, "associations", TABLE_NUMBER, up));
}

static void put_place(FILE *out, const struct top_shown *s, size_t chosen)
{
    const struct top_table *t = &s->table;
    const struct table_column *by = &t->view->columns[t->sort];
    size_t read = json_array_size(t->rows);
    fputs(t->view->name, out);
    if (t->view == &top_one || t->view == &top_members)
        fprintf(out, "%s %s", t->view == &top_members ? " of group" : "", s->place.of);
    else if (*s->place.key)
        fprintf(out, " of %s %s", s->place.key, s->place.of);
    if (t->view != &top_one)
        fprintf(out, ", by %s%s", by->title, t->reverse ? ", reversed" : "");
    if (*s->match && t->view != &top_one)
        fprintf(out, ", with \"%s\": %zu of %zu", s->match, chosen, read);
    if (s->total > (long long)read)
        fprintf(out, "; only %zu of %lld were read", read, s->total);
    fputc('\n', out);
}

void top_text_head(FILE *out, const struct top_shown *s, size_t chosen)
{
    const json_t *whole = json_array_get(s->whole.rows, 0);
    put_broker(out, whole);
    put_rates(out, whole);
    put_place(out, s, chosen);
}

static void put_one(FILE *out, const struct top_shown *s, const json_t *a, unsigned width)
{
    static const struct table_column rates[] = {{"in/s", "rate.received", TABLE_NUMBER},
                                                {"out/s", "rate.delivered", TABLE_NUMBER},
                                                {"in bytes/s", "rate.received_bytes", TABLE_NUMBER},
                                                {"out bytes/s", "rate.delivered_bytes", TABLE_NUMBER}};
    char value[200];
    if (a) {
        for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++)
            fprintf(out, "%-16s%s\n", rates[i].title, table_value(a, &rates[i], value, sizeof value));
        show_association(out, a, width);
        fputc('\n', out);
    }
    show_history(out, s->history, width);
}

void top_text_body(FILE *out, const struct top_shown *s, const json_t *rows, unsigned width)
{
    if (s->table.view == &top_one)
        put_one(out, s, json_array_get(rows, 0), width);
    else
        table_print(out, rows, s->table.view->columns, s->table.view->column_count, width);
}
