/* Tables of `junctor top`: rates of two readings, order, filter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "junctor/top_table.h"

/* An association that has carried so much. */
static json_t *row(const char *id, int received, int waiting)
{
    return json_pack("{s:s, s:s, s:s, s:i, s:i, s:i}", "id", id, "name", "access", "state", "up", "received",
                     received, "delivered", received / 2, "waiting", waiting);
}

static json_t *rows(json_t *a, json_t *b, json_t *c)
{
    json_t *array = json_array();
    json_array_append_new(array, a);
    json_array_append_new(array, b);
    if (c)
        json_array_append_new(array, c);
    return array;
}

/* The ids of the chosen rows, like "0-1 0-2". */
static const char *order(const struct top_table *t, const char *match)
{
    static char text[200];
    char id[50];
    size_t i;
    const json_t *one;
    json_t *chosen = top_table_choose(t, match);
    *text = '\0';
    json_array_foreach(chosen, i, one)
    {
        strcat(text, i ? " " : "");
        strcat(text, top_row_id(t->view, one, id, sizeof id));
    }
    json_decref(chosen);
    return text;
}

static json_int_t rate(const struct top_table *t, unsigned i, const char *name)
{
    const json_t *n = json_object_get(json_object_get(json_array_get(t->rows, i), "rate"), name);
    return n ? json_integer_value(n) : -1;
}

static unsigned column(const struct top_view *view, const char *title)
{
    for (unsigned i = 0; i < view->column_count; i++)
        if (strcmp(view->columns[i].title, title) == 0)
            return i;
    fail_msg("no column %s", title);
    return 0;
}

static void test_rates(void **state)
{
    struct top_table t;
    (void)state;
    top_table_begin(&t, top_view_find("associations"));
    top_table_take(&t, rows(row("0-1", 1000, 0), row("0-2", 50, 7), NULL), 10000);
    assert_int_equal(rate(&t, 0, "received"), -1);
    top_table_take(&t, rows(row("0-2", 550, 7), row("0-1", 1200, 0), row("0-3", 9, 0)), 12000);
    assert_int_equal(rate(&t, 0, "received"), 250);
    assert_int_equal(rate(&t, 0, "delivered"), 125);
    assert_int_equal(rate(&t, 1, "received"), 100);
    assert_int_equal(rate(&t, 2, "received"), -1); /* has just come */
    assert_string_equal(order(&t, ""), "0-2 0-1 0-3");
    /* A broker that was started again: no rates of the two together, and then its own. */
    top_table_take(&t, rows(row("0-1", 5, 0), row("0-2", 6, 0), NULL), 300);
    assert_int_equal(rate(&t, 0, "received"), -1);
    top_table_take(&t, rows(row("0-1", 15, 0), row("0-2", 6, 0), NULL), 1300);
    assert_int_equal(rate(&t, 0, "received"), 10);
    assert_int_equal(rate(&t, 1, "received"), 0);
    top_table_end(&t);
}

static void test_order(void **state)
{
    struct top_table t;
    (void)state;
    top_table_begin(&t, top_view_find("associations"));
    top_table_take(&t, rows(row("0-1", 100, 3), row("0-2", 50, 7), row("1-9", 70, 3)), 10000);
    assert_string_equal(order(&t, ""), "0-1 0-2 1-9"); /* no rates yet: as in the document */
    t.sort = column(t.view, "WAITING");
    assert_string_equal(order(&t, ""), "0-2 0-1 1-9");
    t.reverse = true;
    assert_string_equal(order(&t, ""), "0-1 1-9 0-2");
    t.reverse = false;
    t.sort = column(t.view, "RECEIVED");
    assert_string_equal(order(&t, ""), "0-1 1-9 0-2");
    t.sort = column(t.view, "ID");
    t.reverse = true;
    assert_string_equal(order(&t, ""), "1-9 0-2 0-1");
    assert_string_equal(order(&t, "0-"), "0-2 0-1");
    assert_string_equal(order(&t, "ACCESS"), "1-9 0-2 0-1");
    assert_string_equal(order(&t, "nobody"), "");
    /* Values that are not known come last, also in reverse. */
    json_object_del(json_array_get(t.rows, 2), "received");
    t.sort = column(t.view, "RECEIVED");
    assert_string_equal(order(&t, ""), "0-2 0-1 1-9");
    t.reverse = false;
    assert_string_equal(order(&t, ""), "0-1 0-2 1-9");
    top_table_end(&t);
}

/* The column that a view is sorted by at first is one of its numbers, and shows one of its rates. */
static void test_views(void **state)
{
    (void)state;
    for (unsigned i = 0; top_view_at(i); i++) {
        const struct top_view *v = top_view_at(i);
        assert_ptr_equal(top_view_find(v->name), v);
        assert_true(v->sort < v->column_count);
        assert_int_equal(v->columns[v->sort].kind, TABLE_NUMBER);
        for (unsigned c = 0; c < v->column_count; c++) {
            bool found = strncmp(v->columns[c].path, "rate.", 5) != 0;
            for (unsigned r = 0; r < v->rate_count; r++)
                found |= strcmp(v->columns[c].path + (found ? 0 : 5), v->rates[r].name) == 0;
            if (!found)
                fail_msg("%s: nothing works out %s", v->name, v->columns[c].path);
        }
    }
    assert_null(top_view_find("weather"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rates),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_views),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
