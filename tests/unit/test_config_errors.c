/* Configurations and everything that is reported about them: each file of config/bad ends with the errors
 * that it must give, each of config/advice with its warnings, all of them and no others, as comments that
 * begin with "#! ". */
#include <glob.h>

#include "tests/unit/config/helper.h"

#define BAD_AT_LEAST    17
#define ADVICE_AT_LEAST 12

static char *read_file(const char *name)
{
    static char text[65536];
    FILE *f = fopen(name, "r");
    assert_non_null(f);
    size_t len = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    assert_true(len < sizeof text - 1);
    text[len] = '\0';
    return text;
}

/* The lines behind "#! " of the file; the caller frees it. */
static char *expected_remarks(const char *text)
{
    char *expected = strdup("");
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, "#! ", 3) != 0)
            continue;
        size_t len = strcspn(line, "\n") - 3, used = strlen(expected);
        expected = realloc(expected, used + len + 2);
        memcpy(expected + used, line + 3, len);
        strcpy(expected + used + len, "\n");
    }
    return expected;
}

static void say_as_expected(const char *files, size_t at_least, bool valid)
{
    glob_t found;
    assert_int_equal(glob(files, 0, NULL, &found), 0);
    assert_true(found.gl_pathc >= at_least);
    unsigned different = 0;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        const char *text = read_file(found.gl_pathv[i]);
        char *expected = expected_remarks(text), *said = remarks_on(text, valid);
        if (strcmp(expected, said) != 0) {
            print_error("%s says\n%sbut should say\n%s", found.gl_pathv[i], said, expected);
            different++;
        }
        free(expected);
        free(said);
    }
    globfree(&found);
    assert_int_equal(different, 0);
}

static void test_bad(void **state)
{
    (void)state;
    say_as_expected(FIXTURE("bad/*.yaml"), BAD_AT_LEAST, false);
}

static void test_advice(void **state)
{
    (void)state;
    say_as_expected(FIXTURE("advice/*.yaml"), ADVICE_AT_LEAST, true);
}

/* There are no warnings about the examples that people copy, nor about the stacks' defaults. */
static void test_no_advice(void **state)
{
    (void)state;
    say_as_expected("config/examples/*.yaml", 5, true);
    char *said =
        remarks_on("listeners: [{name: a, port: 1}]\npeers: [{name: p, address: 127.0.0.1, port: 2}]\n"
                   "routes: [{from: a, ppid: m3ua, to: p}]\n",
                   true);
    assert_string_equal(said, "");
    free(said);
}

/* A value that five thousand endpoints share is warned of once, and nothing is lost behind it. */
static void test_shared_advice(void **state)
{
    size_t size = 400000, used;
    char *text = malloc(size);
    (void)state;
    used = (size_t)snprintf(text, size, "sctp: {tos: 46}\npeers:\n");
    for (int i = 0; i < 4000; i++)
        used +=
            (size_t)snprintf(text + used, size - used, "  - {name: p%d, address: 127.0.0.1, port: 1}\n", i);
    used += (size_t)snprintf(text + used, size - used,
                             "listeners: [{name: a, port: 2, sctp: {tos: 185}}]\n"
                             "routes: [{from: a, to: p1}]\n");
    char *said = remarks_on(text, true);
    assert_string_equal(
        said, "1:13: warning: tos: 46 has the lowest two bits set, which do not belong to the DSCP "
              "but to ECN (RFC 3168); write tos: 184 for DSCP 46\n"
              "4003:44: warning: tos: 185 has the lowest two bits set, which do not belong to the DSCP "
              "but to ECN (RFC 3168); write tos: 184\n");
    free(said);
    free(text);
}

/* More faults than are kept: the list stays bounded and says so. */
static void test_many(void **state)
{
    size_t size = 200000;
    char *text = malloc(size);
    struct cfg_remarks remarks;
    (void)state;
    strcpy(text, "broker:\n");
    size_t used = strlen(text);
    for (int i = 0; i < 5000; i++)
        used += (size_t)snprintf(text + used, size - used, "  unknown%d: %d\n", i, i);
    assert_null(cfg_parse("x", text, used, &remarks));
    assert_int_equal(remarks.count, 100);
    assert_non_null(strstr(remarks.list[99].text, "there are more"));
    for (unsigned i = 1; i < remarks.count; i++)
        assert_true(remarks.list[i - 1].line <= remarks.list[i].line);
    cfg_remarks_free(&remarks);
    assert_int_equal(remarks.count, 0);
    free(text);
}

/* Text of the file that comes back in a message is one line, whole characters, no control codes. */
static void test_foreign_text(void **state)
{
    (void)state;
    char *said = parse_bad(
        "listeners: [{name: \"a\\nb\\e[1m\", port: 1}, {name: b, port: 2}]\nroutes: [{from: b, to: b}]\n");
    assert_string_equal(
        said, "1:20: name: 'a b [1m' is not a name; write 1 to 63 letters, digits, '-', '_' or '.'\n");
    free(said);
    said = parse_bad("broker: {aééééééééééééééééééééééééééééééé: 1}\nlisteners: [{name: b, port: "
                     "1}]\nroutes: [{from: b, to: b}]\n");
    assert_non_null(strstr(said, "'aééééééééééééééééééé' in broker"));
    free(said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad),       cmocka_unit_test(test_advice),
        cmocka_unit_test(test_no_advice), cmocka_unit_test(test_shared_advice),
        cmocka_unit_test(test_many),      cmocka_unit_test(test_foreign_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
