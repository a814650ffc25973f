/* See table.h. */
#include "junctor/table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define COLUMNS_MAX 24
#define CELL        200 /* bytes */
#define LEAST       16  /* columns are left out rather than texts cut below this */
#define GAP         2

unsigned table_width(void)
{
    struct winsize w;
    const char *columns = getenv("COLUMNS");
    if (!isatty(STDOUT_FILENO))
        return 0;
    if (columns && atoi(columns) > 0)
        return (unsigned)atoi(columns);
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col ? w.ws_col : 80;
}

/* ---- values --------------------------------------------------------------------------------------- */

const json_t *table_find(const json_t *row, const char *path)
{
    char key[64];
    while (row && *path) {
        size_t len = strcspn(path, ".");
        snprintf(key, sizeof key, "%.*s", (int)len, path);
        row = json_object_get(row, key);
        path += len + (path[len] == '.');
    }
    return row;
}

static void put_number(json_int_t n, char *out, size_t size)
{
    static const char units[] = "kMGT";
    double scaled = (double)n;
    int unit = -1;
    if (n < 10000000) {
        snprintf(out, size, "%" JSON_INTEGER_FORMAT, n);
        return;
    }
    for (; scaled >= 999.5 && unit < 3; unit++)
        scaled /= 1000;
    snprintf(out, size, scaled < 99.95 ? "%.1f%c" : "%.0f%c", scaled, units[unit]);
}

static void put_time(json_int_t ms, char *out, size_t size)
{
    json_int_t s = ms / 1000;
    if (ms < 1000)
        snprintf(out, size, "%dms", (int)ms);
    else if (s < 60)
        snprintf(out, size, "%.1fs", (double)ms / 1000);
    else if (s < 3600)
        snprintf(out, size, "%dm%02ds", (int)(s / 60), (int)(s % 60));
    else if (s < 86400)
        snprintf(out, size, "%dh%02dm", (int)(s / 3600), (int)(s / 60 % 60));
    else
        snprintf(out, size, "%dd%02dh", (int)(s / 86400), (int)(s / 3600 % 24));
}

static void append(char *out, size_t size, const char *text)
{
    size_t n = strlen(out);
    if (n < size)
        snprintf(out + n, size - n, "%s%s", n ? "," : "", text);
}

/* What its operator says of a member is told before whether it is up; a slow start only where it matters. */
static void put_member(const json_t *member, char *out, size_t size)
{
    const char *name = json_string_value(json_object_get(member, "name")),
               *set = json_string_value(json_object_get(member, "set")),
               *state = json_string_value(json_object_get(member, "state"));
    bool ready = !set || !strcmp(set, "ready"), ejected = json_is_true(json_object_get(member, "ejected"));
    json_int_t share = json_integer_value(json_object_get(member, "slow_start"));
    snprintf(out, size, "%s:%s", name, !ready ? set : ejected ? "ejected" : state);
    size_t n = strlen(out);
    if (ready && !ejected && state && !strcmp(state, "up") && share < 100 && n < size)
        snprintf(out + n, size - n, ":%" JSON_INTEGER_FORMAT "%%", share);
}

static void put_list(const json_t *list, bool members, char *out, size_t size)
{
    char one[CELL];
    size_t i;
    const json_t *item;
    out[0] = '\0';
    json_array_foreach(list, i, item)
    {
        if (members)
            put_member(item, one, sizeof one);
        else if (json_is_integer(item))
            snprintf(one, sizeof one, "%" JSON_INTEGER_FORMAT, json_integer_value(item));
        else
            snprintf(one, sizeof one, "%s", json_string_value(item) ? json_string_value(item) : "?");
        append(out, size, one);
    }
    if (!*out)
        snprintf(out, size, "any");
}

const char *table_value(const json_t *row, const struct table_column *column, char *out, size_t size)
{
    const json_t *value = table_find(row, column->path);
    out[0] = '\0';
    if (json_is_array(value))
        put_list(value, column->kind == TABLE_MEMBERS, out, size);
    else if (json_is_string(value))
        snprintf(out, size, "%s", json_string_value(value));
    else if (json_is_integer(value) && column->kind == TABLE_TIME)
        put_time(json_integer_value(value), out, size);
    else if (json_is_integer(value))
        put_number(json_integer_value(value), out, size);
    else if (json_is_boolean(value))
        snprintf(out, size, "%s", json_is_true(value) ? "yes" : "no");
    else
        snprintf(out, size, "-");
    return out;
}

/* ---- layout --------------------------------------------------------------------------------------- */

static unsigned total(const unsigned *widths, unsigned count)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < count; i++)
        sum += widths[i] + (i ? GAP : 0);
    return sum;
}

/* Fits the columns' widths to the line; returns how many columns are shown. */
static unsigned fit(const struct table_column *columns, unsigned *widths, unsigned count, unsigned width)
{
    while (width && total(widths, count) > width) {
        unsigned widest = 0;
        for (unsigned i = 0; i < count; i++)
            if (columns[i].kind != TABLE_NUMBER && columns[i].kind != TABLE_TIME &&
                widths[i] > widths[widest])
                widest = i;
        if (widths[widest] > LEAST && columns[widest].kind != TABLE_NUMBER &&
            columns[widest].kind != TABLE_TIME)
            widths[widest]--;
        else if (count > 1)
            count--;
        else
            break;
    }
    return count;
}

static bool is_right(enum table_kind kind)
{
    return kind == TABLE_NUMBER || kind == TABLE_TIME;
}

static void put_cell(FILE *out, const char *text, const struct table_column *column, unsigned width,
                     bool last)
{
    char cut[CELL];
    snprintf(cut, sizeof cut, "%s", text);
    if (strlen(cut) > width && width > 0) {
        cut[width - 1] = '~'; /* there is more */
        cut[width] = '\0';
    }
    if (is_right(column->kind))
        fprintf(out, "%*s", (int)width, cut);
    else if (last)
        fputs(cut, out);
    else
        fprintf(out, "%-*s", (int)width, cut);
}

void table_print(FILE *out, const json_t *rows, const struct table_column *columns, unsigned count,
                 unsigned width)
{
    unsigned widths[COLUMNS_MAX];
    char cell[CELL];
    size_t r;
    const json_t *row;
    for (unsigned i = 0; i < count; i++)
        widths[i] = (unsigned)strlen(columns[i].title);
    json_array_foreach(rows, r, row) for (unsigned i = 0; i < count; i++)
    {
        unsigned n = (unsigned)strlen(table_value(row, &columns[i], cell, sizeof cell));
        if (n > widths[i])
            widths[i] = n;
    }
    count = fit(columns, widths, count, width);
    for (unsigned i = 0; i < count; i++) {
        fprintf(out, "%*s", i ? GAP : 0, "");
        put_cell(out, columns[i].title, &columns[i], widths[i], i + 1 == count);
    }
    fputc('\n', out);
    json_array_foreach(rows, r, row)
    {
        for (unsigned i = 0; i < count; i++) {
            fprintf(out, "%*s", i ? GAP : 0, "");
            put_cell(out, table_value(row, &columns[i], cell, sizeof cell), &columns[i], widths[i],
                     i + 1 == count);
        }
        fputc('\n', out);
    }
}
