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

/* All remarks as cfg_remarks_print writes them; the caller frees it. */
static inline char *remarks_text(const char *file, const struct cfg_remarks *remarks)
{
    char *text;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    cfg_remarks_print(file, remarks, f);
    fclose(f);
    return text;
}

/* Parses `text`, which must be valid; warnings are left to test_config_errors. */
static inline struct cfg_config *parse_good(const char *text)
{
    struct cfg_remarks remarks;
    struct cfg_config *c = cfg_parse("test.yaml", text, strlen(text), &remarks);
    if (!c) {
        char *list = remarks_text("test.yaml", &remarks);
        print_error("%s\nin\n%s\n", list, text);
        free(list);
    }
    assert_non_null(c);
    cfg_remarks_free(&remarks);
    return c;
}

/* Parses `text`, which must be valid or not; returns the lines of what is said, without the file name,
 * "3:5: …\n…", and each remark of the severity that belongs to that. The caller frees it. */
static inline char *remarks_on(const char *text, bool valid)
{
    struct cfg_remarks remarks;
    struct cfg_config *c = cfg_parse("", text, strlen(text), &remarks);
    if (!!c != valid)
        print_error("this was %s:\n%s\n", c ? "taken" : "refused", text);
    assert_true(!!c == valid);
    cfg_free(c);
    for (unsigned i = 0; i < remarks.count; i++)
        assert_int_equal(remarks.list[i].severity, valid ? CFG_WARNING : CFG_ERROR);
    char *list = remarks_text("", &remarks);
    cfg_remarks_free(&remarks);

    char *out = list; /* each line begins with ":" */
    for (const char *in = list; *in; in++)
        if (!(*in == ':' && (in == list || in[-1] == '\n')))
            *out++ = *in;
    *out = '\0';
    return list;
}

/* The errors of `text`, which must be refused. The caller frees them. */
static inline char *parse_bad(const char *text)
{
    char *said = remarks_on(text, false);
    assert_true(*said != '\0');
    return said;
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
