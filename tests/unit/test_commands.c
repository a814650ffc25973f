/* The table of commands: what shells complete fits what getopt is given. */
#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "junctor/commands.h"

static const struct option *find(const struct cmd_syntax *s, const char *name, size_t len)
{
    for (const struct option *o = s->options; o->name; o++)
        if (strlen(o->name) == len && strncmp(o->name, name, len) == 0)
            return o;
    return NULL;
}

/* A row of values is of an option that takes one, or of an argument. */
static void check_values(const struct cmd_command *c)
{
    for (const char *const *row = c->syntax->values; *row; row++) {
        size_t len = strcspn(*row, "=");
        if ((*row)[len] != '=' || !(*row)[len + 1])
            fail_msg("%s: %s", c->name, *row);
        if (strchr("123456789*", **row))
            continue;
        const struct option *o = find(c->syntax, *row, len);
        if (!o || o->has_arg == no_argument)
            fail_msg("%s takes no value of %s", c->name, *row);
    }
}

/* A short option is one of the long ones, and takes a value where that does. */
static void check_letters(const struct cmd_command *c)
{
    for (const char *l = c->syntax->letters; *l; l++) {
        const struct option *o = c->syntax->options;
        if (*l == ':' || *l == '+')
            continue;
        while (o->name && o->val != *l)
            o++;
        if (!o->name || (o->has_arg == required_argument) != (l[1] == ':'))
            fail_msg("%s: -%c", c->name, *l);
    }
}

static void test_table(void **state)
{
    (void)state;
    unsigned count = 0;
    for (; cmd_at(count); count++) {
        const struct cmd_command *c = cmd_at(count);
        assert_ptr_equal(cmd_find(c->name), c);
        assert_non_null(c->syntax);
        assert_non_null(find(c->syntax, "help", 4));
        check_values(c);
        check_letters(c);
    }
    assert_true(count > 15);
    assert_null(cmd_find("nothing"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_table)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
