/* The PPID registry: names to numbers and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config/sctp/ppid.h"

/* Those that a signalling engineer knows by heart, from their specifications. */
static void test_well_known(void **state)
{
    static const struct {
        const char *name;
        uint32_t ppid;
    } known[] = {{"iua", 1},           {"m2ua", 2},       {"m3ua", 3},
                 {"sua", 4},           {"m2pa", 5},       {"h248", 7},
                 {"s1ap", 18},         {"rua", 19},       {"hnbap", 20},
                 {"x2ap", 27},         {"ngap", 60},      {"xnap", 61},
                 {"f1ap", 62},         {"e1ap", 64},      {"diameter", 46},
                 {"sbc-ap", 24},       {"m2ap", 43},      {"m3ap", 44},
                 {"w1ap", 73},         {"ngap-dtls", 66}, {"diameter-dtls", 47},
                 {"webrtc-binary", 53}};
    uint32_t ppid;
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        assert_true(ppid_parse(known[i].name, &ppid));
        assert_int_equal(ppid, known[i].ppid);
        assert_string_equal(ppid_name(known[i].ppid), known[i].name);
    }
}

static void test_numbers(void **state)
{
    uint32_t ppid;
    (void)state;
    assert_true(ppid_parse("3", &ppid) && ppid == 3);
    assert_true(ppid_parse("0x3C", &ppid) && ppid == 60);
    assert_true(ppid_parse("0", &ppid) && ppid == 0);
    assert_true(ppid_parse("010", &ppid) && ppid == 10);
    assert_true(ppid_parse("4294967295", &ppid) && ppid == UINT32_MAX);
    assert_true(ppid_parse("M3UA", &ppid) && ppid == 3);
    assert_null(ppid_name(0));
    assert_null(ppid_name(26));
    assert_null(ppid_name(UINT32_MAX));
}

static void test_neither(void **state)
{
    static const char *const bad[] = {"",   " ",  "m3u", "m3uaa", "-1",         "+3",
                                      "3 ", " 3", "3.0", "0x",    "4294967296", "99999999999999999999999"};
    uint32_t ppid = 77;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (ppid_parse(bad[i], &ppid))
            fail_msg("'%s' was read as a PPID", bad[i]);
    assert_int_equal(ppid, 77);
}

struct walk {
    unsigned count;
    uint32_t last;
};

static void each(const char *name, uint32_t ppid, const char *what, void *arg)
{
    struct walk *w = arg;
    uint32_t found;
    assert_true(ppid > w->last); /* in order, and so each number once */
    assert_true(strlen(what) > 3);
    assert_true(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name));
    assert_true(ppid_parse(name, &found)); /* and each name once */
    assert_int_equal(found, ppid);
    w->last = ppid;
    w->count++;
}

static void test_registry(void **state)
{
    struct walk w = {0};
    (void)state;
    ppid_each(each, &w);
    assert_int_equal(w.count, 71);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_well_known),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_neither),
        cmocka_unit_test(test_registry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
