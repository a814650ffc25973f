/* What the tests of config/ share. */
#ifndef JUNCTOR_TESTS_UNIT_CONFIG_HELPER_H
#define JUNCTOR_TESTS_UNIT_CONFIG_HELPER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/config.h"

/* All errors as cfg_errors_print writes them; the caller frees it. */
static inline char *errors_text(const char *file, const struct cfg_errors *errors)
{
    char *text;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    cfg_errors_print(file, errors, f);
    fclose(f);
    return text;
}

/* Parses `text`, which must be valid. */
static inline struct cfg_config *parse_good(const char *text)
{
    struct cfg_errors errors;
    struct cfg_config *c = cfg_parse("test.yaml", text, strlen(text), &errors);
    if (!c) {
        char *list = errors_text("test.yaml", &errors);
        print_error("%s\nin\n%s\n", list, text);
        free(list);
    }
    assert_non_null(c);
    assert_int_equal(errors.count, 0);
    cfg_errors_free(&errors);
    return c;
}

/* Parses `text`, which must be refused; returns the errors' lines without the file name, "3:5: …\n…". The
 * caller frees it. */
static inline char *parse_bad(const char *text)
{
    struct cfg_errors errors;
    struct cfg_config *c = cfg_parse("", text, strlen(text), &errors);
    if (c)
        print_error("this was taken:\n%s\n", text);
    assert_null(c);
    assert_true(errors.count > 0);
    char *list = errors_text("", &errors);
    cfg_errors_free(&errors);

    char *out = list; /* each line begins with ":" */
    for (const char *in = list; *in; in++)
        if (!(*in == ':' && (in == list || in[-1] == '\n')))
            *out++ = *in;
    *out = '\0';
    return list;
}

/* The configuration as --print writes it; the caller frees it. */
static inline char *print_text(const struct cfg_config *c)
{
    char *text;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    cfg_print(c, f);
    fclose(f);
    return text;
}

/* A file beside the tests: path from the top folder, where the tests run. */
#define FIXTURE(name) "tests/unit/config/" name

#endif
