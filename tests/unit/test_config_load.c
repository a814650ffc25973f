/* Files that are not configurations, and input of hostile sizes. */
#include "tests/unit/config/helper.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/junctor-config-XXXXXX";
static char path[sizeof folder + 20];

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static const char *write_file(const char *text, size_t len)
{
    snprintf(path, sizeof path, "%s/file.yaml", folder);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, len, f), len);
    fclose(f);
    return path;
}

/* `file` is refused with this one error. */
static void refused(const char *file, const char *expected)
{
    struct cfg_remarks remarks;
    assert_null(cfg_load(file, &remarks));
    char *said = remarks_text(file, &remarks);
    if (remarks.count != 1 || !strstr(said, expected))
        fail_msg("%s\ndoes not say '%s'", said, expected);
    assert_true(strncmp(said, file, strlen(file)) == 0 || strncmp(said, "standard input", 14) == 0);
    free(said);
    cfg_remarks_free(&remarks);
}

static const char good[] = "listeners: [{name: a, port: 2905}]\nroutes: [{from: a, to: a}]\n";

static void test_good(void **state)
{
    struct cfg_remarks remarks;
    (void)state;
    struct cfg_config *c = cfg_load(write_file(good, strlen(good)), &remarks);
    assert_non_null(c);
    assert_int_equal(remarks.count, 0);
    assert_string_equal(c->file, path);
    cfg_remarks_free(&remarks);
    cfg_free(c);
    cfg_free(NULL);
    unlink(path);
}

static void test_not_there(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "%s/none.yaml", folder);
    refused(path, "no such file; check the name");
    refused(folder, "is a directory; name the file in it");
    refused("/dev/null", "empty; write at least");
}

static void test_not_allowed(void **state)
{
    bool root = geteuid() == 0; /* who may read everything, and so becomes somebody else for a while */
    (void)state;
    write_file(good, strlen(good));
    chmod(path, 0);
    if (root)
        assert_int_equal(seteuid(65534), 0);
    refused(path, "may not be read; check the permissions");
    if (root)
        assert_int_equal(seteuid(0), 0);
    unlink(path);
}

static void test_empty(void **state)
{
    (void)state;
    refused(write_file("", 0), "empty; write at least `listeners` and `routes`");
    refused(write_file("# nothing\n", 10), "empty; write at least");
    unlink(path);
}

static void test_garbage(void **state)
{
    char bytes[5000];
    unsigned seed = 1;
    (void)state;
    for (int round = 0; round < 50; round++) {
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (char)(rand_r(&seed) >> 7);
        refused(write_file(bytes, sizeof bytes), "is not valid UTF-8");
    }
    unlink(path);
}

static void test_endless(void **state)
{
    (void)state;
    refused("/dev/zero", "larger than 8 MiB");
}

static void test_huge(void **state)
{
    size_t size = 8 * 1024 * 1024;
    char *text = malloc(size + 1);
    struct cfg_remarks remarks;
    (void)state;
    memset(text, '#', size + 1);
    memcpy(text, good, strlen(good));
    struct cfg_config *c = cfg_load(write_file(text, size), &remarks);
    assert_non_null(c);
    cfg_free(c);
    cfg_remarks_free(&remarks);
    refused(write_file(text, size + 1), "larger than 8 MiB");
    unlink(path);
    free(text);
}

static void test_standard_input(void **state)
{
    struct cfg_remarks remarks;
    int saved = dup(0);
    (void)state;
    for (int round = 0; round < 2; round++) {
        int fd = open(write_file(round ? "" : good, round ? 0 : strlen(good)), O_RDONLY);
        dup2(fd, 0);
        close(fd);
        if (round) {
            refused("-", "standard input: this file is empty");
        } else {
            struct cfg_config *c = cfg_load("-", &remarks);
            assert_non_null(c);
            cfg_free(c);
            cfg_remarks_free(&remarks);
        }
    }
    dup2(saved, 0);
    close(saved);
    unlink(path);
}

/* Many of everything, up to the bounds, in reasonable time. */
static void test_large(void **state)
{
    char *text;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    (void)state;
    fputs("listeners:\n", f);
    for (int i = 0; i < 1024; i++)
        fprintf(f, "  - {name: l%d, address: [127.0.0.1, 127.0.0.2, \"::1\"], port: %d}\n", i, 1000 + i);
    fputs("peers:\n", f);
    for (int i = 0; i < 1000; i++)
        fprintf(f, "  - {name: p%d, address: 192.0.2.1, port: %d}\n", i, 1000 + i);
    fputs("groups:\n", f);
    for (int i = 0; i < 1000; i++)
        fprintf(f, "  - {name: g%d, members: [p%d, p%d]}\n", i, i, (i + 1) % 1000);
    fputs("routes:\n", f);
    for (int i = 0; i < 10000; i++)
        fprintf(f, "  - {from: l%d, ppid: %d, to: g%d, session: shared}\n", i % 1024, i, i % 1000);
    fclose(f);
    struct cfg_config *c = parse_good(text);
    assert_int_equal(c->route_count, 10000);
    assert_int_equal(c->group_count, 1000);
    cfg_free(c);
    free(text);
}

/* What would unfold into millions of rules is refused, not tried. */
static void test_unfolded(void **state)
{
    char *text;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    (void)state;
    fputs("listeners:\n", f);
    for (int i = 0; i < 1000; i++)
        fprintf(f, "  - {name: l%d, port: %d}\n", i, 1000 + i);
    fputs("routes:\n", f);
    for (int i = 0; i < 10; i++) {
        fputs("  - {to: l1, session: shared, ppid: [", f);
        for (int j = 0; j < 250; j++)
            fprintf(f, "%d, ", i * 250 + j);
        fputs("]}\n", f);
    }
    fclose(f);
    struct cfg_remarks remarks;
    assert_null(cfg_parse("x", text, strlen(text), &remarks));
    assert_int_equal(remarks.count, 1);
    assert_non_null(strstr(remarks.list[0].text, "expand to more than 1000000"));
    cfg_remarks_free(&remarks);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),        cmocka_unit_test(test_not_there),
        cmocka_unit_test(test_not_allowed), cmocka_unit_test(test_empty),
        cmocka_unit_test(test_garbage),     cmocka_unit_test(test_endless),
        cmocka_unit_test(test_huge),        cmocka_unit_test(test_standard_input),
        cmocka_unit_test(test_large),       cmocka_unit_test(test_unfolded),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
