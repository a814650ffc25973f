/* The tree: every node knows its place, aliases stay pointers, bad input gives one error and no crash. */
#include "tests/unit/config/helper.h"

#include "config/yaml_pairs_priv.h"

struct read {
    struct arena arena;
    struct err_list list;
    struct cfg_remarks remarks;
    const struct yaml_node *root;
};

static void begin(struct read *r, const char *text, size_t len)
{
    memset(r, 0, sizeof *r);
    r->root = yaml_read(&r->arena, text, len, &r->list);
}

static void end(struct read *r)
{
    struct cfg_remarks remarks;
    err_finish(&r->list, &remarks);
    cfg_remarks_free(&remarks);
    arena_free(&r->arena);
}

static void at(const struct yaml_node *n, unsigned line, unsigned column)
{
    if (n->at.line != line || n->at.column != column)
        fail_msg("'%s' is at %u:%u, not at %u:%u", n->text, n->at.line, n->at.column, line, column);
}

static void test_places(void **state)
{
    static const char text[] = "# comment\na: 1\nb:\n  - {}\n  -   x\n  -\n  - [é, y]\nc:\n  d: \"q\"\ne:\n";
    struct read r;
    (void)state;
    begin(&r, text, strlen(text));
    assert_non_null(r.root);
    assert_int_equal(r.root->kind, YAML_MAP);
    assert_int_equal(r.root->count, 4);
    at(r.root, 2, 1);
    const struct yaml_node *a = r.root->first, *one = a->next, *b = one->next, *list = b->next;
    at(a, 2, 1);
    at(one, 2, 4);
    assert_string_equal(one->text, "1");
    at(b, 3, 1);
    at(list, 4, 3);
    assert_int_equal(list->kind, YAML_LIST);
    assert_int_equal(list->count, 4);
    const struct yaml_node *map = list->first, *x = map->next, *empty = x->next, *inner = empty->next;
    at(map, 4, 5);
    assert_int_equal(map->kind, YAML_MAP);
    assert_int_equal(map->count, 0);
    at(x, 5, 7);
    assert_string_equal(empty->text, "");
    at(empty, 5, 7); /* nothing is written: the place of what stands before */
    at(inner, 7, 5);
    at(inner->first->next, 7, 9); /* columns count characters */
    const struct yaml_node *c = list->next;
    at(c->next->first->next, 9, 6);
    at(c->next->next->next, 10, 1);
    end(&r);
}

static void test_empty(void **state)
{
    static const char *const empty[] = {"",      "\n",         "# only a comment\n",
                                        "---\n", "---\n...\n", "\xef\xbb\xbf"};
    (void)state;
    for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++) {
        struct read r;
        begin(&r, empty[i], strlen(empty[i]));
        assert_non_null(r.root);
        assert_int_equal(r.root->kind, YAML_SCALAR);
        assert_string_equal(r.root->text, "");
        end(&r);
    }
}

static void test_aliases(void **state)
{
    static const char text[] = "a: &x [1, 2]\nb: *x\nc: &x 3\nd: [*x, *x]\n";
    struct read r;
    (void)state;
    begin(&r, text, strlen(text));
    assert_non_null(r.root);
    const struct yaml_node *list = r.root->first->next, *b = list->next->next;
    assert_ptr_equal(yaml_real(b), list);
    at(b, 2, 4);
    const struct yaml_node *d = b->next->next->next->next;
    assert_string_equal(yaml_real(d->first)->text, "3"); /* the name was given anew */
    assert_ptr_equal(yaml_real(d->first), yaml_real(d->last));
    end(&r);
}

/* The same pairs, wherever they come from. */
static void pairs_are(const char *text, const char *expected)
{
    struct read r;
    unsigned count;
    char found[400] = "";
    begin(&r, text, strlen(text));
    assert_non_null(r.root);
    const struct yaml_node *last = yaml_real(r.root->last);
    const struct yaml_pair *pairs = yaml_pairs(&r.arena, last, &count, &r.list);
    for (unsigned i = 0; i < count; i++) {
        size_t used = strlen(found);
        snprintf(found + used, sizeof found - used, "%s=%s ", pairs[i].key->text, pairs[i].value->text);
    }
    assert_string_equal(found, expected);
    assert_int_equal(r.list.count, 0);
    end(&r);
}

static void test_merge(void **state)
{
    (void)state;
    pairs_are("m: {a: 1, b: 2}", "a=1 b=2 ");
    pairs_are("x: &x {a: 1, b: 2}\nm: {<<: *x, a: 3, c: 4}", "a=3 c=4 b=2 ");
    pairs_are("x: &x {a: 1}\ny: &y {a: 2, b: 3}\nm: {<<: [*x, *y]}", "a=1 b=3 ");
    pairs_are("x: &x {a: 1}\ny: &y {<<: *x, b: 3}\nm: {c: 4, <<: *y}", "c=4 b=3 a=1 ");
    pairs_are("x: &x v\nk: &k key\nm: {*k : *x}", "key=v ");
    pairs_are("m: {}", "");
}

/* The one error of a text that cannot be read. */
static void fault(const char *text, size_t len, unsigned line, unsigned column, const char *says)
{
    struct read r;
    begin(&r, text, len);
    assert_null(r.root);
    assert_int_equal(r.list.count, 1);
    const struct cfg_remark *e = &r.list.list[0];
    if (e->line != line || e->column != column || !strstr(e->text, says))
        fail_msg("%s\n%u:%u: %s\nexpected %u:%u: … %s …", text, e->line, e->column, e->text, line, column,
                 says);
    end(&r);
}

#define FAULT(text, line, column, says) fault(text, sizeof(text) - 1, line, column, says)

/* "Billion laughs": a few lines that expand to 10^12 values are refused where they become too many. */
static void test_laughter(void **state)
{
    char text[4000] = "l0: &l0 {}\n";
    (void)state;
    for (int level = 1; level <= 12; level++) {
        size_t used = strlen(text);
        used += (size_t)snprintf(text + used, sizeof text - used, "l%d: &l%d {<<: [", level, level);
        for (int i = 0; i < 10; i++)
            used += (size_t)snprintf(text + used, sizeof text - used, "*l%d, ", level - 1);
        snprintf(text + used, sizeof text - used, "]}\n");
    }
    fault(text, strlen(text), 7, 25, "more than 1000000 values, with all that aliases stand for");
    FAULT("a: &a {<<: *a, k: v}\n", 1, 12, "alias *a is inside the value it refers to");
    FAULT("a: &a [*a]\n", 1, 8, "alias *a is inside the value it refers to");
}

/* Merges of merges go as deep as a person writes them. */
static void test_merge_depth(void **state)
{
    char text[400] = "l0: &l0 {a: b}\n";
    struct read r;
    unsigned count;
    (void)state;
    for (int level = 1; level <= 9; level++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "l%d: &l%d {<<: *l%d}\n", level, level,
                 level - 1);
    begin(&r, text, strlen(text));
    assert_non_null(r.root);
    yaml_pairs(&r.arena, r.root->last, &count, &r.list);
    assert_int_equal(r.list.count, 1);
    assert_non_null(strstr(r.list.list[0].text, "merge keys more than 8 deep"));
    end(&r);
}

static void test_faults(void **state)
{
    (void)state;
    FAULT("a: [1, 2\nb: 3\n", 3, 1, "bracket, brace or quote not closed");
    FAULT("a: \"x\n", 1, 5, "this is not YAML");
    FAULT("a: b: c\n", 1, 5, "this is not YAML");
    FAULT("from: *\n", 1, 8, "this is not YAML");
    FAULT("from: [*]\n", 1, 9, "this is not YAML");
    FAULT("a: @x\n", 1, 4, "put the value in quotes");
    FAULT("a:\n\t- b\n", 2, 1, "indent with spaces");
    FAULT("%YAML 3.0\n---\na: 1\n", 0, 0, "version");
    FAULT("a: *x\n", 1, 4, "alias *x refers to nothing");
    FAULT("a: 1\n---\nb: 2\n", 2, 1, "a second document");
    FAULT("a: 1\n--- [\n", 2, 1, "a second document");
    FAULT("a: \"x\\0y\"\n", 1, 4, "zero byte");
}

static void test_not_text(void **state)
{
    (void)state;
    FAULT("a: 1\nb: \0\n", 2, 4, "byte 0x00");
    FAULT("a: \xff\n", 1, 4, "byte 0xff");
    FAULT("a: \xc3", 1, 4, "byte 0xc3");
    FAULT("a: é \xc0\x80\n", 1, 6, "byte 0xc0");
    FAULT("\x7f"
          "ELF",
          1, 1, "byte 0x7f");
    FAULT("a: \xe0\x80\x80", 1, 4, "byte 0xe0");
    FAULT("a: \xed\xa0\x80", 1, 4, "byte 0xed");
    FAULT("a: \xf4\x90\x80\x80", 1, 4, "byte 0xf4");
    FAULT("a: \xc2\x80", 1, 4, "byte 0xc2");
    FAULT("a: \x1b[31m\n", 1, 4, "byte 0x1b");
    FAULT("\xff\xfe"
          "a\0",
          1, 1, "byte 0xff");
}

static void test_depth(void **state)
{
    enum { DEEP = 100000 };
    char *text = malloc(DEEP + 1);
    (void)state;
    memset(text, '[', DEEP);
    text[DEEP] = '\0';
    fault(text, DEEP, 1, YAML_DEPTH_MAX + 1, "nested more than 64 levels deep");
    for (int i = 0; i < DEEP; i++)
        text[i] = i % 2 ? ' ' : '-';
    fault(text, DEEP, 1, 2 * YAML_DEPTH_MAX + 1, "nested more than 64 levels deep");
    free(text);
}

/* Refused before libfyaml sees it, which would keep all of it in memory: the second fault is never come to.
 */
static void test_depth_ahead(void **state)
{
    char text[200] = "a: [@] # [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n";
    (void)state;
    fault(text, strlen(text), 1, 5, "put the value in quotes");
    memset(strchr(text, '['), '[', YAML_DEPTH_MAX + 1);
    fault(text, strlen(text), 1, 4 + YAML_DEPTH_MAX, "nested more than 64 levels deep");
    strcpy(text, "a: @\nb: \"");
    memset(text + strlen(text), '[', YAML_DEPTH_MAX + 1);
    strcat(text, "\\\"[\" # {{{\nc: 'it''s [[[' # 'x [\n");
    fault(text, strlen(text), 1, 4, "put the value in quotes");
}

/* 100,000 lines of %TAG do not take quadratic time. */
static void test_tags(void **state)
{
    (void)state;
    FAULT("# x\n%TAG !a! tag:x\n%TAG !a! tag:y\n---\na: 1\n", 2, 1, "remove this line");
}

static void test_long_text(void **state)
{
    char text[YAML_TEXT_MAX + 10] = "a: ";
    struct read r;
    (void)state;
    memset(text + 3, 'x', YAML_TEXT_MAX);
    begin(&r, text, strlen(text));
    assert_non_null(r.root);
    end(&r);
    strcat(text, "x");
    fault(text, strlen(text), 1, 4, "no value is longer than 4096");
}

static void test_many(void **state)
{
    size_t len = 4 * (YAML_VALUES_MAX + 10);
    char *text = malloc(len);
    (void)state;
    for (size_t i = 0; i < len; i++)
        text[i] = i % 2 ? 'x' : ',';
    text[0] = '[';
    fault(text, len, 1, 4 * YAML_VALUES_MAX + 1, "more than 2000000 brackets");
    for (size_t i = 0; i + 1 < len; i += 4)
        memcpy(text + i, "- x\n", 4);
    fault(text, len, YAML_VALUES_MAX, 3, "more than 1000000 values");
    free(text);
}

/* Random damage to a sound text ends in a tree or in an error, never in anything else (a sanitizer sees it).
 */
static void test_damage(void **state)
{
    static const char sound[] =
        "a: &x {b: [1, 2, \"q\"], c: 'd'}\ne:\n  - *x\n  - <<: *x\n    f: |\n      text\n# end\n";
    uint64_t seed = 4711;
    (void)state;
    for (int round = 0; round < 20000; round++) {
        char text[sizeof sound];
        struct read r;
        memcpy(text, sound, sizeof sound);
        for (int i = 0; i < 1 + round % 4; i++) {
            seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            text[(seed >> 33) % (sizeof sound - 1)] = "\n\t []{}:-*&'\"#|>%!,?ab\xc3\0"[(seed >> 20) % 25];
        }
        begin(&r, text, sizeof sound - 1);
        assert_true((r.root == NULL) == (r.list.count > 0));
        end(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),   cmocka_unit_test(test_empty),
        cmocka_unit_test(test_aliases),  cmocka_unit_test(test_merge),
        cmocka_unit_test(test_laughter), cmocka_unit_test(test_merge_depth),
        cmocka_unit_test(test_faults),   cmocka_unit_test(test_depth_ahead),
        cmocka_unit_test(test_tags),     cmocka_unit_test(test_long_text),
        cmocka_unit_test(test_not_text), cmocka_unit_test(test_depth),
        cmocka_unit_test(test_many),     cmocka_unit_test(test_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
