/* NULL where the contract does not allow it ends the program with the name of the call; it is never
 * dereferenced. And what must not change while the library's soname stays: the sizes of what callers
 * allocate, and the numbers of options and their fields. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/sctp/ppid.h"
#include "transport/resolve.h"
#include "transport/transport.h"

struct call {
    const char *name;
    void (*run)(void);
};

#define CALL(name, ...)                                                                                      \
    static void call_##name(void)                                                                            \
    {                                                                                                        \
        (void)name(__VA_ARGS__);                                                                             \
    }
#include "null_calls.def"
#undef CALL

static const struct call calls[] = {
#define CALL(name, ...) {#name, call_##name},
#include "null_calls.def"
#undef CALL
};

/* Makes the call in a process of its own. Returns the signal that ends it (0: none does), and what it says.
 */
static int signal_of(const struct call *c, char *words, size_t size)
{
    int status, said[2];
    assert_int_equal(pipe(said), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(said[1], STDERR_FILENO);
        signal(SIGABRT, SIG_DFL);
        c->run();
        _exit(0);
    }
    close(said[1]);
    ssize_t n = read(said[0], words, size - 1);
    words[n > 0 ? n : 0] = '\0';
    close(said[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void stops(const struct call *c)
{
    char words[200];
    if (signal_of(c, words, sizeof words) != SIGABRT || !strstr(words, c->name))
        fail_msg("%s did not stop the program in its own words: %s", c->name, words);
}

static void a_bug_names_its_call(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        stops(&calls[i]);
}

static struct opt_set *some;

static void take_from_nowhere(void)
{
    opt_take(some, NULL, OPTF_NODELAY);
}

static void take_option_from_nowhere(void)
{
    opt_take_option(some, NULL, OPT_NODELAY);
}

static void merge_nothing(void)
{
    opt_merge(some, NULL);
}

static void put_no_text(void)
{
    opt_put_text(some, OPTF_PRIMARY_ADDR, NULL);
}

static void put_beyond_the_last(void)
{
    opt_put(some, OPTF_COUNT, 1);
}

static void row_beyond_the_last(void)
{
    opt_row_of(OPT_ID_COUNT);
}

static void format_what_is_not_given(void)
{
    char text[OPT_TEXT_MAX];
    opt_format(some, OPTF_PRIMARY_ADDR, text, sizeof text);
}

/* Not the first pointer, or a number that there is not. */
static void so_do_other_bugs_with_options(void **state)
{
    static const struct call others[] = {{"opt_take", take_from_nowhere},
                                         {"opt_take_option", take_option_from_nowhere},
                                         {"opt_merge", merge_nothing},
                                         {"opt_put_text", put_no_text},
                                         {"opt_put", put_beyond_the_last},
                                         {"opt_row_of", row_beyond_the_last},
                                         {"opt_format", format_what_is_not_given}};
    (void)state;
    some = opt_set_new();
    assert_non_null(some);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        stops(&others[i]);
    opt_set_free(some);
    opt_set_free(NULL);
}

static void closing_nothing_is_nothing(void **state)
{
    (void)state;
    tr_close(NULL);
    tr_loop_close(NULL);
    tr_resolver_close(NULL);
}

static void sizes_stay(void **state)
{
    (void)state;
    if (sizeof(void *) != 8)
        skip();
    assert_int_equal(sizeof(struct net_addr), 28);
    assert_int_equal(sizeof(struct tr_error), 264);
    assert_int_equal(sizeof(struct tr_loop_params), 56);
    assert_int_equal(sizeof(struct tr_loop_stats), 136);
    assert_int_equal(sizeof(struct tr_open_params), 128);
    assert_int_equal(sizeof(struct tr_target), 16);
    assert_int_equal(sizeof(struct tr_ready), 24);
    assert_int_equal(sizeof(struct tr_msg), 40);
    assert_int_equal(sizeof(struct tr_event), 72);
    assert_int_equal(sizeof(struct tr_item), 80);
    assert_int_equal(sizeof(struct tr_answer), 728);
}

static uint32_t mixed(uint32_t hash, const char *text)
{
    for (; *text; text++)
        hash = (hash ^ (uint8_t)*text) * 16777619; /* FNV-1a */
    return hash * 31;
}

/* Programs are built with the numbers of options and fields, in the order of options.def. Where these change,
 * raise the number in SONAME (Makefile) and write the new values here. */
static void numbers_stay(void **state)
{
    uint32_t hash = 2166136261;
    (void)state;
    for (unsigned f = 0; f < OPTF_COUNT; f++) {
        const struct opt_field_row *row = opt_field_row_of(f);
        hash = mixed(mixed(hash, opt_row_of(row->option)->name), row->name);
    }
    assert_int_equal(OPT_ID_COUNT, 50);
    assert_int_equal(OPTF_COUNT, 117);
    assert_int_equal(hash, 0x984b780b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bug_names_its_call),
        cmocka_unit_test(so_do_other_bugs_with_options),
        cmocka_unit_test(closing_nothing_is_nothing),
        cmocka_unit_test(sizes_stay),
        cmocka_unit_test(numbers_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
