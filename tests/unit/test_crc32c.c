/* CRC32c compared with published values, and its two implementations with each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "transport/crc32c.h"

/* RFC 3720 appendix B.4 */
static void published_values(void **state)
{
    uint8_t data[32];
    (void)state;
    memset(data, 0, sizeof data);
    assert_int_equal(crc32c(0, data, sizeof data), 0x8a9136aa);
    memset(data, 0xff, sizeof data);
    assert_int_equal(crc32c(0, data, sizeof data), 0x62a8ab43);
    for (int i = 0; i < 32; i++)
        data[i] = (uint8_t)i;
    assert_int_equal(crc32c(0, data, sizeof data), 0x46dd794e);
    assert_int_equal(crc32c_portable(0, data, sizeof data), 0x46dd794e);
    assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283);
    assert_int_equal(crc32c_portable(0, "123456789", 9), 0xe3069283);
    assert_int_equal(crc32c(0, NULL, 0), 0);
}

static void both_ways_agree_for_every_length_and_alignment(void **state)
{
    static uint8_t data[3000];
    (void)state;
    srand(1);
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)rand();
    for (size_t len = 0; len < 1600; len++)
        for (size_t at = 0; at < 9; at += 1 + len % 3)
            assert_int_equal(crc32c(0, data + at, len), crc32c_portable(0, data + at, len));
    assert_int_equal(crc32c(0, data, sizeof data), crc32c_portable(0, data, sizeof data));
}

static void a_sum_can_be_continued(void **state)
{
    static uint8_t data[1500];
    (void)state;
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 31);
    uint32_t whole = crc32c(0, data, sizeof data);
    for (size_t cut = 0; cut <= sizeof data; cut += 37) {
        assert_int_equal(crc32c(crc32c(0, data, cut), data + cut, sizeof data - cut), whole);
        assert_int_equal(crc32c_portable(crc32c(0, data, cut), data + cut, sizeof data - cut), whole);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_values),
        cmocka_unit_test(both_ways_agree_for_every_length_and_alignment),
        cmocka_unit_test(a_sum_can_be_continued),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
