/* Faulty configurations and everything that is said about them: each file of config/bad ends with the errors
 * that it must give, all of them and no others, as comments that begin with "#! ". */
#include <glob.h>

#include "tests/unit/config/helper.h"

#define FILES_AT_LEAST 17

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
static char *expected_errors(const char *text)
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

static void test_files(void **state)
{
    glob_t found;
    (void)state;
    assert_int_equal(glob(FIXTURE("bad/*.yaml"), 0, NULL, &found), 0);
    assert_true(found.gl_pathc >= FILES_AT_LEAST);
    unsigned different = 0;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        const char *text = read_file(found.gl_pathv[i]);
        char *expected = expected_errors(text), *said = parse_bad(text);
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

/* More faults than are kept: the list stays bounded and says so. */
static void test_many(void **state)
{
    size_t size = 200000;
    char *text = malloc(size);
    struct cfg_errors errors;
    (void)state;
    strcpy(text, "broker:\n");
    size_t used = strlen(text);
    for (int i = 0; i < 5000; i++)
        used += (size_t)snprintf(text + used, size - used, "  unknown%d: %d\n", i, i);
    assert_null(cfg_parse("x", text, used, &errors));
    assert_int_equal(errors.count, 1000);
    assert_non_null(strstr(errors.list[999].text, "more errors"));
    for (unsigned i = 1; i < errors.count; i++)
        assert_true(errors.list[i - 1].line <= errors.list[i].line);
    cfg_errors_free(&errors);
    assert_int_equal(errors.count, 0);
    free(text);
}

/* Text of the file that comes back in a message is one line, whole characters, no control codes. */
static void test_foreign_text(void **state)
{
    (void)state;
    char *said = parse_bad(
        "listeners: [{name: \"a\\nb\\e[1m\", port: 1}, {name: b, port: 2}]\nroutes: [{from: b, to: b}]\n");
    assert_string_equal(said,
                        "1:20: name: 'a b [1m' is no name; write 1 to 63 letters, digits, '-', '_' or '.'\n");
    free(said);
    said = parse_bad("broker: {aééééééééééééééééééééééééééééééé: 1}\nlisteners: [{name: b, port: "
                     "1}]\nroutes: [{from: b, to: b}]\n");
    assert_non_null(strstr(said, "'aééééééééééééééééééé' in broker"));
    free(said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_foreign_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
