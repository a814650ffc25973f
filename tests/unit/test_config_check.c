/* `junctor check`: its output, and its exit status. */
#include "tests/unit/config/helper.h"

#include <unistd.h>

#include "junctor/commands.h"

struct run {
    int status;
    char out[80000], err[20000];
};

static void catch (FILE *stream, FILE *file, int *saved)
{
    fflush(stream);
    *saved = dup(fileno(stream));
    dup2(fileno(file), fileno(stream));
}

static void give_back(FILE *stream, FILE *file, int saved, char *text, size_t size)
{
    fflush(stream);
    dup2(saved, fileno(stream));
    close(saved);
    rewind(file);
    text[fread(text, 1, size - 1, file)] = '\0';
    fclose(file);
}

/* Runs "check" with the words of `line`. */
static void check(struct run *r, const char *line)
{
    char copy[1000], name[] = "check", *argv[16] = {name}, *rest = copy, *word;
    int argc = 1, saved_out, saved_err;
    FILE *out = tmpfile(), *err = tmpfile();
    snprintf(copy, sizeof copy, "%s", line);
    while ((word = strsep(&rest, " ")))
        if (*word)
            argv[argc++] = word;
    argv[argc] = NULL;
    catch (stdout, out, &saved_out);
    catch (stderr, err, &saved_err);
    r->status = cmd_check(argc, argv);
    give_back(stdout, out, saved_out, r->out, sizeof r->out);
    give_back(stderr, err, saved_err, r->err, sizeof r->err);
}

static void test_valid(void **state)
{
    static const char *const forms[] = {"-c config/examples/relay.yaml",
                                        "--config config/examples/relay.yaml",
                                        "--config=config/examples/relay.yaml"};
    struct run r;
    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        check(&r, forms[i]);
        assert_int_equal(r.status, 0);
        assert_string_equal(r.out,
                            "config/examples/relay.yaml: valid: 1 listener, 1 peer, 1 group, 1 route\n");
        assert_string_equal(r.err, "");
    }
}

static void test_print(void **state)
{
    struct run r;
    struct cfg_remarks remarks;
    (void)state;
    check(&r, "-c " FIXTURE("rich.yaml") " --print");
    assert_int_equal(r.status, 0);
    assert_non_null(strstr(r.err, FIXTURE("rich.yaml") ":21:34: warning: rtoinfo.min: 100ms is not above "));
    assert_ptr_equal(strstr(r.out, "# " FIXTURE("rich.yaml") ": valid"), r.out);
    struct cfg_config *c = cfg_parse("printed", r.out, strlen(r.out), &remarks);
    assert_non_null(c);
    assert_int_equal(c->listener_count, 4);
    cfg_remarks_free(&remarks);
    cfg_free(c);
}

static void test_faulty(void **state)
{
    struct run r;
    (void)state;
    check(&r, "-c " FIXTURE("bad/buffer.yaml"));
    assert_int_equal(r.status, 1);
    assert_string_equal(r.out, "");
    assert_string_equal(
        r.err, FIXTURE("bad/buffer.yaml") ":1:23: sndbuf: 4M of listener 'a' cannot hold a message of "
                                          "broker.max_message, 8M; write sndbuf: 8M or max_message: 4M\n");
    check(&r, "-c no/such/file -p");
    assert_int_equal(r.status, 1);
    assert_string_equal(r.out, "");
    assert_string_equal(r.err, "no/such/file: there is no such file; check the name\n");
}

static void test_usage(void **state)
{
    static const char *const wrong[] = {"",
                                        "-c",
                                        "--print",
                                        "config/examples/relay.yaml",
                                        "-c a b",
                                        "-x",
                                        "--printt -c a",
                                        "-c config/examples/relay.yaml --config",
                                        "--reference=html"};
    struct run r;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        check(&r, wrong[i]);
        assert_int_equal(r.status, 2);
        assert_string_equal(r.out, "");
        assert_non_null(strstr(r.err, "junctor check --help"));
    }
}

static void test_help(void **state)
{
    struct run r;
    (void)state;
    check(&r, "--help");
    assert_int_equal(r.status, 0);
    assert_string_equal(r.err, "");
    assert_ptr_equal(strstr(r.out, "Usage: junctor check -c FILE"), r.out);
    assert_non_null(strstr(r.out, "--print"));
}

/* Whether the committed pages are current is tests/check_reference's business. */
static void test_reference(void **state)
{
    static const char *const forms[][2] = {{"--reference", "\n### `rtoinfo`\n"},
                                           {"--reference=markdown", "| `reconnect.initial` | time | ms |"},
                                           {"--reference=man", "\n.It Cm ngap\n60: "}};
    struct run r;
    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        check(&r, forms[i][0]);
        assert_int_equal(r.status, 0);
        assert_string_equal(r.err, "");
        assert_non_null(strstr(r.out, forms[i][1]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_valid), cmocka_unit_test(test_print), cmocka_unit_test(test_faulty),
        cmocka_unit_test(test_usage), cmocka_unit_test(test_help),  cmocka_unit_test(test_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
