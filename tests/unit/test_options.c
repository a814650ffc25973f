/* The option table itself, row by row, and sets of option values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "config/sctp/options.h"
#include "config/sctp/value.h"

static bool is_settable(enum opt_field f)
{
    return !(opt_rows[opt_field_rows[f].option].when & OPT_NO_SET) && opt_field_rows[f].type != OPT_UINT_RO;
}

static void test_rows(void **state)
{
    unsigned next = 0;
    (void)state;
    for (unsigned id = 0; id < OPT_ID_COUNT; id++) {
        const struct opt_row *row = &opt_rows[id];
        assert_non_null(row->name);
        assert_true(strlen(row->help) > 10);
        assert_true(strlen(row->source) > 3);
        assert_true(row->when != 0);
        assert_int_equal(opt_find(row->name), id);
        assert_int_equal(row->first, next);
        assert_true(row->fields > 0);
        for (unsigned f = row->first; f < row->first + row->fields; f++) {
            assert_int_equal(opt_field_rows[f].option, id);
            assert_int_equal(opt_find_field(id, opt_field_rows[f].name), f);
            assert_true(*opt_field_rows[f].name || row->fields == 1);
        }
        next += row->fields;
    }
    assert_int_equal(next, OPTF_COUNT);
}

static void test_field_rows(void **state)
{
    size_t len;
    (void)state;
    for (unsigned f = 0; f < OPTF_COUNT; f++) {
        const struct opt_field_row *row = &opt_field_rows[f];
        unsigned names = 0;
        while (val_name(row->names, names, &len))
            names++;
        if (row->type == OPT_FLAGS)
            assert_int_equal(row->max, (INT64_C(1) << names) - 1);
        if (!opt_is_number(row->type) || row->type == OPT_FLAGS)
            continue;
        assert_true(row->min < row->max);
        if (row->type == OPT_ENUM)
            assert_true(names == row->max + 1 || names == row->max + 2);
        if (row->dflt != OPT_STACK)
            assert_true(row->dflt >= row->min && row->dflt <= row->max);
    }
}

/* Both bounds are taken, what lies beyond is not, and both read back from their text. */
static void test_bounds(void **state)
{
    char why[VAL_WHY_MAX], text[VAL_TEXT_MAX];
    (void)state;
    for (unsigned f = 0; f < OPTF_COUNT; f++) {
        const struct opt_field_row *row = &opt_field_rows[f];
        const struct val_spec spec = val_spec_of(f);
        if (!opt_is_number(row->type) || !is_settable(f))
            continue;
        for (int beyond = 0; beyond < 2; beyond++)
            for (int upper = 0; upper < 2; upper++) {
                struct opt_set s = {0};
                int64_t edge = upper ? row->max + beyond : row->min - beyond;
                opt_put(&s, f, edge);
                enum opt_field bad = opt_check(&s, why, sizeof why);
                if (bad != (beyond ? f : OPTF_COUNT))
                    fail_msg("%s.%s: %lld: %s", opt_rows[row->option].name, row->name, (long long)edge,
                             beyond ? "taken" : why);
                if (beyond || row->type == OPT_FLAGS)
                    continue;
                int64_t back;
                opt_format(&s, f, text, sizeof text);
                assert_true(val_parse(&spec, text, &back, why, sizeof why));
                assert_int_equal(back, edge);
            }
    }
}

static void test_flags(void **state)
{
    struct opt_set s = {0};
    char text[VAL_TEXT_MAX], why[VAL_WHY_MAX];
    const struct val_spec spec = val_spec_of(OPTF_PAP_FLAGS);
    int64_t bits;
    (void)state;
    opt_put(&s, OPTF_PAP_FLAGS, OPT_HB_ENABLE | OPT_PMTUD_DISABLE | OPT_SACKDELAY_ENABLE);
    assert_string_equal(opt_format(&s, OPTF_PAP_FLAGS, text, sizeof text),
                        "[hb_enable, pmtud_disable, sackdelay_enable]");
    assert_true(val_parse(&spec, "hb_enable,pmtud_disable,sackdelay_enable", &bits, why, sizeof why));
    assert_int_equal(bits, opt_num(&s, OPTF_PAP_FLAGS, -1));
    assert_true(
        val_parse(&spec, "hb_disable,hb_demand,pmtud_enable,sackdelay_disable", &bits, why, sizeof why));
    assert_int_equal(bits, OPT_HB_DISABLE | OPT_HB_DEMAND | OPT_PMTUD_ENABLE | OPT_SACKDELAY_DISABLE);
    opt_put(&s, OPTF_DSP_FLAGS, OPT_SEND_UNORDERED | OPT_SEND_ADDR_OVER | OPT_SEND_ABORT | OPT_SEND_EOF);
    assert_string_equal(opt_format(&s, OPTF_DSP_FLAGS, text, sizeof text),
                        "[unordered, addr_over, abort, eof]");
}

static void test_read_only(void **state)
{
    char why[VAL_WHY_MAX];
    unsigned refused = 0;
    (void)state;
    for (unsigned f = 0; f < OPTF_COUNT; f++) {
        struct opt_set s = {0};
        if (is_settable(f))
            continue;
        opt_put(&s, f, opt_field_rows[f].min);
        assert_int_equal(opt_check(&s, why, sizeof why), f);
        assert_non_null(strstr(why, "only be read"));
        refused++;
    }
    assert_true(refused >= 10);
}

static void test_addresses(void **state)
{
    struct opt_set s = {0};
    char why[VAL_WHY_MAX], text[VAL_TEXT_MAX];
    (void)state;
    opt_put_text(&s, OPTF_PRIMARY_ADDR, "127.0.0.1");
    assert_int_equal(opt_check(&s, why, sizeof why), OPTF_COUNT);
    assert_string_equal(opt_text(&s, OPTF_PRIMARY_ADDR), "127.0.0.1");
    assert_string_equal(opt_format(&s, OPTF_PRIMARY_ADDR, text, sizeof text), "127.0.0.1");
    assert_null(opt_text(&s, OPTF_PAP_ADDRESS));

    opt_put_text(&s, OPTF_PRIMARY_ADDR, "localhost");
    assert_int_equal(opt_check(&s, why, sizeof why), OPTF_PRIMARY_ADDR);
    assert_non_null(strstr(why, "localhost"));

    opt_put_text(&s, OPTF_PRIMARY_ADDR,
                 "fe80::1%11111111111111111111111111111111111111111111111111111111111111111111111111111");
    assert_int_equal(strlen(opt_text(&s, OPTF_PRIMARY_ADDR)), OPT_TEXT_MAX - 1);
    assert_int_equal(opt_check(&s, why, sizeof why), OPTF_PRIMARY_ADDR);
}

/* A set is copied and zeroed wherever options are set, some of them for each association: it has been 7 KB.
 */
static void test_a_set_is_small(void **state)
{
    (void)state;
    assert_in_range(sizeof(struct opt_set), 1, 1536);
}

/* Each address keeps its own text, in whatever order they are given, given again, copied and merged. */
static void test_every_address_at_once(void **state)
{
    struct opt_set s = {0}, other = {0}, copy;
    char text[OPT_TEXT_MAX];
    (void)state;
    for (int round = 0; round < 3; round++)
        for (int f = OPTF_COUNT - 1; f >= 0; f--) {
            if (opt_field_rows[f].type != OPT_ADDR)
                continue;
            snprintf(text, sizeof text, "10.0.%d.%d", round, f);
            opt_put_text(&s, (enum opt_field)f, text);
        }
    opt_put_text(&other, OPTF_PRIMARY_ADDR, "::1");
    opt_merge(&other, &s);
    opt_put_text(&s, OPTF_PRIMARY_ADDR, "::2");
    copy = other;
    memset(&other, 0xff, sizeof other);
    for (unsigned f = 0; f < OPTF_COUNT; f++) {
        assert_int_equal(opt_given(&copy, f), opt_field_rows[f].type == OPT_ADDR);
        if (!opt_given(&copy, f))
            continue;
        snprintf(text, sizeof text, "10.0.2.%u", f);
        assert_string_equal(opt_text(&copy, f), text);
    }
}

static void test_find(void **state)
{
    (void)state;
    assert_int_equal(opt_find("nodelay"), OPT_NODELAY);
    assert_int_equal(opt_find("sctp_nodelay"), OPT_NODELAY);
    assert_int_equal(opt_find("sctp_sctp_nodelay"), OPT_ID_COUNT);
    assert_int_equal(opt_find("NODELAY"), OPT_ID_COUNT);
    assert_int_equal(opt_find(""), OPT_ID_COUNT);
    assert_int_equal(opt_find_field(OPT_RTOINFO, "max"), OPTF_RTO_MAX);
    assert_int_equal(opt_find_field(OPT_RTOINFO, "hbinterval"), OPTF_COUNT);
    assert_int_equal(opt_find_field(OPT_NODELAY, ""), OPTF_NODELAY);
}

static void test_sets(void **state)
{
    struct opt_set base = {0}, over = {0};
    (void)state;
    assert_false(opt_any(&base, OPT_RTOINFO));
    assert_int_equal(opt_num(&base, OPTF_RTO_MIN, -7), -7);
    opt_put(&base, OPTF_RTO_MIN, 100);
    opt_put(&base, OPTF_RTO_MAX, 1000);
    opt_put(&over, OPTF_RTO_MAX, 2000);
    opt_put(&over, OPTF_NODELAY, 0);
    opt_put_text(&over, OPTF_PAP_ADDRESS, "::1");
    opt_merge(&base, &over);
    assert_true(opt_any(&base, OPT_RTOINFO));
    assert_int_equal(opt_num(&base, OPTF_RTO_MIN, 0), 100);
    assert_int_equal(opt_num(&base, OPTF_RTO_MAX, 0), 2000);
    assert_true(opt_given(&base, OPTF_NODELAY));
    assert_int_equal(opt_num(&base, OPTF_NODELAY, 1), 0);
    assert_string_equal(opt_text(&base, OPTF_PAP_ADDRESS), "::1");
    assert_false(opt_given(&base, OPTF_RTO_INITIAL));
    assert_false(opt_given(&over, OPTF_RTO_MIN));
}

static void test_defaults(void **state)
{
    struct opt_set s = {0};
    char why[VAL_WHY_MAX];
    (void)state;
    opt_defaults(&s);
    assert_int_equal(opt_check(&s, why, sizeof why), OPTF_COUNT);
    for (unsigned f = 0; f < OPTF_COUNT; f++) {
        assert_int_equal(opt_given(&s, f), opt_field_rows[f].dflt != OPT_STACK);
        if (opt_given(&s, f))
            assert_int_equal(opt_num(&s, f, -1), opt_field_rows[f].dflt);
    }
    assert_int_equal(opt_num(&s, OPTF_NODELAY, 0), 1);
}

/* Whoever leaves a number to the stack can look up what that is; it keeps its own bounds, or reads as one
 * that cannot be written (0, a path MTU that is discovered). */
static void test_stack(void **state)
{
    (void)state;
    for (unsigned f = 0; f < OPTF_COUNT; f++) {
        const struct opt_field_row *row = &opt_field_rows[f];
        int64_t kernel = opt_stack(f, OPT_KERNEL);
        bool told = opt_is_number(row->type) && is_settable(f) && row->dflt == OPT_STACK &&
                    row->option != OPT_STREAM_SCHEDULER_VALUE && !(opt_rows[row->option].when & OPT_NO_GET);
        if (told != (kernel != OPT_STACK))
            fail_msg("stack.def %s a row for %s.%s", told ? "lacks" : "has", opt_rows[row->option].name,
                     row->name);
        assert_true(told || opt_stack(f, OPT_USRSCTP) == OPT_STACK);
        assert_true(!told || kernel == 0 || (kernel >= row->min && kernel <= row->max));
    }
    assert_int_equal(opt_stack(OPTF_PAT_PATHPFTHLD, OPT_KERNEL), 0);
    assert_int_equal(opt_stack(OPTF_PAT_PATHPFTHLD, OPT_USRSCTP), 65535);
    assert_int_equal(opt_stack(OPTF_PRIORITY, OPT_USRSCTP), OPT_STACK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),           cmocka_unit_test(test_field_rows),
        cmocka_unit_test(test_bounds),         cmocka_unit_test(test_flags),
        cmocka_unit_test(test_read_only),      cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_a_set_is_small), cmocka_unit_test(test_every_address_at_once),
        cmocka_unit_test(test_find),           cmocka_unit_test(test_sets),
        cmocka_unit_test(test_defaults),       cmocka_unit_test(test_stack),
        cmocka_unit_test(test_stack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
