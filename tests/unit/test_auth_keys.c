/* Shared keys from a file: what is read, and which errors there are. */
#include "config/sctp/auth_keys.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char file[64], why[512];
static struct auth_keys keys;

static bool read_text(const char *text, mode_t mode)
{
    FILE *f = fopen(file, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    assert_int_equal(chmod(file, mode), 0);
    memset(&keys, 0xaa, sizeof keys);
    return auth_keys_read(file, &keys, why, sizeof why);
}

static void refused(const char *text, const char *words)
{
    if (read_text(text, 0600))
        fail_msg("taken: %s", text);
    if (!strstr(why, words) || strncmp(why, file, strlen(file)) != 0)
        fail_msg("\"%s\" does not name the file or say \"%s\"", why, words);
    assert_int_equal(keys.count, 0);
}

static int set_up(void **state)
{
    (void)state;
    snprintf(file, sizeof file, "/tmp/junctor-keys-%d", (int)getpid());
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(file);
    return 0;
}

static void test_reads(void **state)
{
    (void)state;
    assert_true(read_text("# ours\n\n1 00fF\r\n\t65535   0xA1b2c3 # next month's\n0 7f", 0600));
    assert_int_equal(keys.count, 3);
    const struct auth_key *k = auth_keys_find(&keys, 1);
    assert_int_equal(k->len, 2);
    assert_memory_equal(k->bytes, "\x00\xff", 2);
    k = auth_keys_find(&keys, 65535);
    assert_int_equal(k->len, 3);
    assert_memory_equal(k->bytes, "\xa1\xb2\xc3", 3);
    assert_int_equal(auth_keys_find(&keys, 0)->bytes[0], 0x7f);
    assert_null(auth_keys_find(&keys, 2));
    auth_keys_wipe(&keys);
    assert_int_equal(keys.key[0].bytes[1], 0);
}

static void test_longest(void **state)
{
    char text[2 + 2 * AUTH_KEY_BYTES_MAX + 3] = "1 ";
    (void)state;
    memset(text + 2, 'e', 2 * AUTH_KEY_BYTES_MAX);
    assert_true(read_text(text, 0400));
    assert_int_equal(keys.key[0].len, AUTH_KEY_BYTES_MAX);
    memset(text + 2, 'e', 2 * AUTH_KEY_BYTES_MAX + 2);
    refused(text, ":1: the key is longer than 256 bytes");
}

static void test_refuses(void **state)
{
    (void)state;
    refused("", "there is no key in this file");
    refused("# nothing\n", "there is no key in this file");
    refused("1\n", ":1: write a key's number and the key");
    refused("1 00 ff\n", ":1: write a key's number and the key");
    refused("65536 00\n", "'65536' is not a key number");
    refused("-1 00\n", "'-1' is not a key number");
    refused("one 00\n", "'one' is not a key number");
    refused("1 0\n", "odd number");
    refused("1 0x\n", "not hexadecimal");
    refused("1 00zz\n", "not hexadecimal");
    refused("1 00\n2 00\n\n1 ff\n", ":4: key 1 is given twice");
}

static void test_too_many(void **state)
{
    char text[AUTH_KEYS_MAX * 16] = "";
    (void)state;
    for (int i = 0; i < AUTH_KEYS_MAX; i++)
        sprintf(text + strlen(text), "%d 00\n", i);
    assert_true(read_text(text, 0600));
    strcat(text, "64 00\n");
    refused(text, ":65: more than 64 keys");
}

static void test_file_itself(void **state)
{
    (void)state;
    assert_false(read_text("1 00\n", 0640));
    assert_non_null(strstr(why, "chmod 600"));
    assert_false(read_text("1 00\n", 0604));
    unlink(file);
    assert_false(auth_keys_read(file, &keys, why, sizeof why));
    assert_non_null(strstr(why, "No such file"));
    assert_false(auth_keys_read("/tmp", &keys, why, sizeof why));
    assert_non_null(strstr(why, "not a regular file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_reads), cmocka_unit_test(test_longest),
                                       cmocka_unit_test(test_refuses), cmocka_unit_test(test_too_many),
                                       cmocka_unit_test(test_file_itself)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
