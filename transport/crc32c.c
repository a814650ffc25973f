/* CRC32c in two ways: by the processor's instruction and by table.
 *
 * The instruction takes three cycles to give its result but starts every cycle, so one stream of it uses a
 * third of what it can do. Packets are therefore cut in three stripes of equal length, whose sums run side
 * by side and are then put together: a sum followed by n zero bytes is a linear function of the sum, which
 * four tables of 256 entries hold for the n in use (STRIPE). */
#include "transport/crc32c.h"

#include <stdbool.h>
#include <string.h>

#define POLYNOMIAL 0x82f63b78u /* reflected 0x1edc6f41 */
#define STRIPE     160         /* bytes; a packet of 1472 bytes has three rounds of three stripes */

static uint32_t byte_table[8][256];   /* [k][b]: byte b followed by k zero bytes */
static uint32_t stripe_table[4][256]; /* [k][b]: byte k of a sum followed by STRIPE zero bytes */
static bool has_instruction;

__attribute__((constructor)) static void build_tables(void)
{
    for (uint32_t b = 0; b < 256; b++) {
        uint32_t c = b;
        for (int bit = 0; bit < 8; bit++)
            c = c >> 1 ^ (c & 1 ? POLYNOMIAL : 0);
        byte_table[0][b] = c;
    }
    for (uint32_t b = 0; b < 256; b++)
        for (int k = 1; k < 8; k++)
            byte_table[k][b] = byte_table[k - 1][b] >> 8 ^ byte_table[0][byte_table[k - 1][b] & 0xff];
    for (int k = 0; k < 4; k++)
        for (uint32_t b = 0; b < 256; b++) {
            uint32_t c = b << 8 * k;
            for (int i = 0; i < STRIPE; i++)
                c = c >> 8 ^ byte_table[0][c & 0xff];
            stripe_table[k][b] = c;
        }
#ifdef __x86_64__
    has_instruction = __builtin_cpu_supports("sse4.2");
#endif
}

static uint64_t load64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

uint32_t crc32c_portable(uint32_t crc, const void *data, size_t len)
{
    const uint8_t *p = data;
    uint32_t c = ~crc;
    for (; len >= 8; len -= 8, p += 8) {
        uint32_t low =
            c ^ ((uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24);
        c = byte_table[7][low & 0xff] ^ byte_table[6][low >> 8 & 0xff] ^ byte_table[5][low >> 16 & 0xff] ^
            byte_table[4][low >> 24] ^ byte_table[3][p[4]] ^ byte_table[2][p[5]] ^ byte_table[1][p[6]] ^
            byte_table[0][p[7]];
    }
    for (; len > 0; len--, p++)
        c = c >> 8 ^ byte_table[0][(c ^ *p) & 0xff];
    return ~c;
}

#ifdef __x86_64__
static uint32_t over_stripe(uint32_t c)
{
    return stripe_table[0][c & 0xff] ^ stripe_table[1][c >> 8 & 0xff] ^ stripe_table[2][c >> 16 & 0xff] ^
           stripe_table[3][c >> 24];
}

__attribute__((target("sse4.2"))) static uint32_t by_instruction(uint32_t crc, const uint8_t *p, size_t len)
{
    uint64_t c = (uint32_t)~crc;
    for (; len >= 3 * STRIPE; len -= 3 * STRIPE, p += 3 * STRIPE) {
        uint64_t second = 0, third = 0;
        for (int i = 0; i < STRIPE; i += 8) {
            c = __builtin_ia32_crc32di(c, load64(p + i));
            second = __builtin_ia32_crc32di(second, load64(p + STRIPE + i));
            third = __builtin_ia32_crc32di(third, load64(p + 2 * STRIPE + i));
        }
        c = over_stripe((uint32_t)c) ^ second;
        c = over_stripe((uint32_t)c) ^ third;
    }
    for (; len >= 8; len -= 8, p += 8)
        c = __builtin_ia32_crc32di(c, load64(p));
    uint32_t c32 = (uint32_t)c;
    for (; len > 0; len--, p++)
        c32 = __builtin_ia32_crc32qi(c32, *p);
    return ~c32;
}
#endif

uint32_t crc32c(uint32_t crc, const void *data, size_t len)
{
#ifdef __x86_64__
    if (__builtin_expect(has_instruction, 1))
        return by_instruction(crc, data, len);
#endif
    return crc32c_portable(crc, data, len);
}
