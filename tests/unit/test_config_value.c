/* Values with units: every form that is accepted, every form that is refused and what the error suggests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "config/sctp/nearest.h"
#include "config/sctp/value.h"

static const struct val_spec size = {OPT_UINT, OPT_BYTES, 0, INT64_C(1) << 40, NULL};
static const struct val_spec msec = {OPT_UINT, OPT_MSEC, 0, 86400000, NULL};
static const struct val_spec seconds = {OPT_UINT, OPT_SECONDS, 0, 65535, NULL};
static const struct val_spec count = {OPT_UINT, OPT_COUNT, 1, 255, NULL};
static const struct val_spec workers = {OPT_UINT, OPT_COUNT, 0, 256, "auto"};
static const struct val_spec plain = {OPT_UINT, OPT_NO_UNIT, 0, UINT32_MAX, NULL};
static const struct val_spec yes_no = {OPT_BOOL, OPT_NO_UNIT, 0, 1, NULL};
static const struct val_spec mode = {OPT_ENUM, OPT_NO_UNIT, 0, 2, "loadshare,override,broadcast"};
static const struct val_spec flags = {OPT_FLAGS, OPT_NO_UNIT, 0, 7, "red,green,blue"};
static const struct val_spec ppid = {OPT_PPID, OPT_NO_UNIT, 0, UINT32_MAX, NULL};

static void taken(const struct val_spec *spec, const char *text, int64_t expected)
{
    char why[VAL_WHY_MAX] = "";
    int64_t n = -1;
    if (!val_parse(spec, text, &n, why, sizeof why))
        fail_msg("'%s' was refused: %s", text, why);
    if (n != expected)
        fail_msg("'%s' was read as %lld", text, (long long)n);
}

/* Refused, with this in the reason. */
static void refused(const struct val_spec *spec, const char *text, const char *reason)
{
    char why[VAL_WHY_MAX] = "";
    int64_t n = -1;
    if (val_parse(spec, text, &n, why, sizeof why))
        fail_msg("'%s' was read as %lld", text, (long long)n);
    if (!strstr(why, reason))
        fail_msg("'%s': '%s' does not say '%s'", text, why, reason);
}

static void test_sizes(void **state)
{
    (void)state;
    taken(&size, "0", 0);
    taken(&size, "4096", 4096);
    taken(&size, "64K", 65536);
    taken(&size, "64k", 65536);
    taken(&size, "4M", 4194304);
    taken(&size, "1G", 1073741824);
    taken(&size, "0x1000", 4096);
    refused(&size, "4MB", "write 4M");
    refused(&size, "4MiB", "write 4M");
    refused(&size, "4 M", "write 4M");
    refused(&size, "4X", "unknown unit; write a number with K, M or G");
    refused(&size, "4ms", "write 4M");
    refused(&size, "1.5M", "write 1536K");
    refused(&size, "0.5K", "write 512");
    refused(&size, "1.3K", "write 1331 or so");
    refused(&size, "1.5", "write 2 or so");
    refused(&size, "1.5X", "fractions are not accepted");
    refused(&size, "1.0000000000001M", "fractions are not accepted");
    refused(&size, "4294967296.5G", "fractions are not accepted");
    refused(&size, "2048G", "too large; write 0 to 1024G");
    refused(&size, "18446744073709551615", "too large");
    refused(&size, "99999999999999999999999999G", "too large");
    refused(&size, "17179869185G", "too large");
    refused(&size, "-1", "from 0 upwards");
    refused(&size, "+1", "not a number");
    refused(&size, "K", "not a number");
    refused(&size, "", "a value is missing");
    refused(&size, " 1", "not a number");
}

static void test_times(void **state)
{
    (void)state;
    taken(&msec, "200", 200);
    taken(&msec, "200ms", 200);
    taken(&msec, "3s", 3000);
    taken(&msec, "1m", 60000);
    taken(&msec, "1h", 3600000);
    refused(&msec, "1.5s", "write 1500ms");
    refused(&msec, "0.5h", "write 30m");
    refused(&msec, "3sec", "write 3s");
    refused(&msec, "3 min", "write 3m");
    refused(&msec, "200msec", "write 200ms");
    refused(&msec, "3d", "unknown unit; write a number with ms, s, m or h");
    refused(&msec, "25h", "25h is too large; write 0 to 24h");

    taken(&seconds, "5", 5);
    taken(&seconds, "5s", 5);
    taken(&seconds, "2m", 120);
    taken(&seconds, "3000ms", 3);
    refused(&seconds, "1500ms", "not a whole number of seconds; write 2s");
    refused(&seconds, "0.5m", "write 30s");
    refused(&seconds, "0.5s", "write 1s or so");
    refused(&seconds, "19h", "19h is too large; write 0 to 65535s");
}

static void test_numbers(void **state)
{
    (void)state;
    taken(&count, "1", 1);
    taken(&count, "0xff", 255);
    refused(&count, "0", "0 is too small; write 1 to 255");
    refused(&count, "256", "256 is too large; write 1 to 255");
    refused(&count, "4K", "not a plain number");
    refused(&count, "1.5", "write 2 or so");
    refused(&count, "ten", "'ten' is not a number; write 1 to 255");
    taken(&plain, "4294967295", UINT32_MAX);
    refused(&plain, "4294967296", "too large");
    refused(&plain, "0x", "not a plain number");

    taken(&workers, "auto", 0);
    taken(&workers, "0", 0);
    taken(&workers, "8", 8);
    refused(&workers, "many", "write auto or 1 to 256");
}

static void test_words(void **state)
{
    (void)state;
    taken(&yes_no, "true", 1);
    taken(&yes_no, "False", 0);
    taken(&yes_no, "on", 1);
    taken(&yes_no, "no", 0);
    refused(&yes_no, "1", "write true or false");
    refused(&yes_no, "tru", "write true or false");
    taken(&mode, "loadshare", 0);
    taken(&mode, "Broadcast", 2);
    refused(&mode, "loadshre", "did you mean loadshare?");
    refused(&mode, "round", "write one of loadshare, override, broadcast");
    refused(&mode, "load", "did you mean loadshare?");
    taken(&flags, "red", 1);
    taken(&flags, "red,blue", 5);
    taken(&flags, "", 0);
    refused(&flags, "red,gren", "did you mean green?");
    refused(&flags, ",", "'' is unknown");
    taken(&ppid, "m3ua", 3);
    taken(&ppid, "4294967295", UINT32_MAX);
    refused(&ppid, "m3u", "did you mean m3ua?");
    refused(&ppid, "zzz", "write its number");
    refused(&ppid, "4294967296", "write its number");
}

static void test_long_text(void **state)
{
    char text[2000];
    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    refused(&yes_no, text, "write true or false");
    refused(&mode, text, "write one of");
    refused(&flags, text, "is unknown");
    refused(&ppid, text, "not a registered PPID");
    refused(&size, text, "not a number");
    memset(text, '9', sizeof text - 1);
    refused(&size, text, "too large");
    text[1] = '.';
    refused(&size, text, "fractions");
}

static void formatted(const struct val_spec *spec, int64_t n, const char *expected)
{
    char text[VAL_TEXT_MAX];
    assert_string_equal(val_format(spec, n, text, sizeof text), expected);
}

static void test_format(void **state)
{
    char text[VAL_TEXT_MAX];
    (void)state;
    formatted(&size, 0, "0");
    formatted(&size, 1023, "1023");
    formatted(&size, 65536, "64K");
    formatted(&size, 1536 * 1024, "1536K");
    formatted(&size, 4194304, "4M");
    formatted(&msec, 0, "0");
    formatted(&msec, 200, "200ms");
    formatted(&msec, 1500, "1500ms");
    formatted(&msec, 90000, "90s");
    formatted(&msec, 3600000, "1h");
    formatted(&seconds, 90, "90s");
    formatted(&seconds, 60, "1m");
    formatted(&workers, 0, "auto");
    formatted(&workers, 1, "1");
    formatted(&yes_no, 1, "true");
    formatted(&mode, 1, "override");
    formatted(&mode, 9, "9");
    formatted(&flags, 0, "[]");
    formatted(&flags, 6, "[green, blue]");
    formatted(&ppid, 60, "ngap");
    formatted(&ppid, 26, "26");
    assert_string_equal(val_bounds(&msec, text, sizeof text), "0 to 24h");
    assert_string_equal(val_bounds(&workers, text, sizeof text), "auto or 1 to 256");
    assert_string_equal(val_bounds(&mode, text, sizeof text), "loadshare, override, broadcast");
}

/* What is written is what is read, for any number. */
static void test_inverse(void **state)
{
    char text[VAL_TEXT_MAX], why[VAL_WHY_MAX];
    const struct val_spec *specs[] = {&size, &msec, &seconds, &workers, &plain, &ppid};
    uint64_t seed = 12345;
    (void)state;
    for (unsigned i = 0; i < 60000; i++) {
        const struct val_spec *spec = specs[i % 6];
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        int64_t n = (int64_t)((seed >> 20) % (uint64_t)(spec->max + 1)), back;
        if (i % 3 == 0)
            n = n / 60000 * 60000; /* round numbers take larger units */
        val_format(spec, n, text, sizeof text);
        assert_true(val_parse(spec, text, &back, why, sizeof why));
        assert_int_equal(back, n);
    }
}

static void near(const char *word, const char *candidates, const char *expected)
{
    struct nearest n;
    const char *name;
    size_t len;
    nearest_begin(&n, word);
    for (unsigned i = 0; (name = val_name(candidates, i, &len)); i++)
        nearest_try_len(&n, name, len);
    const char *found = nearest_found(&n);
    if (!expected ? found != NULL : !found || strcmp(found, expected) != 0)
        fail_msg("%s: %s", word, found ? found : "nothing");
}

static void test_nearest(void **state)
{
    static const char keys[] = "name,address,port,encaps_port,peeloff,profile,sctp";
    char longest[200];
    (void)state;
    near("prot", keys, "port");
    near("adress", keys, "address");
    near("addr", keys, "address");
    near("Port", keys, "port");
    near("profil", keys, "profile");
    near("encapsport", keys, "encaps_port");
    near("xyz", keys, NULL);
    near("p", keys, NULL);
    near("", keys, NULL);
    near("port", "", NULL);
    near("lisener", "listener,listeners", "listener");
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    near(longest, keys, NULL);
    near("port", longest, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),   cmocka_unit_test(test_times),     cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_words),   cmocka_unit_test(test_long_text), cmocka_unit_test(test_format),
        cmocka_unit_test(test_inverse), cmocka_unit_test(test_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
