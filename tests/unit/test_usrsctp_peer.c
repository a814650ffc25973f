/* What a handshake reveals about the peer's stack, from real packets and damaged ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "transport/usrsctp/usrsctp_priv.h"

/* Common header, then a chunk of `type` with the fixed part of an INIT, then these parameters. */
static size_t make(uint8_t *packet, uint8_t type, const void *parameters, size_t len)
{
    memset(packet, 0, 32);
    packet[12] = type;
    packet[15] = (uint8_t)(20 + len);
    memcpy(packet + 32, parameters, len);
    return 32 + len;
}

/* ECN or not, FORWARD TSN, supported chunks: AF_CONN. */
static const char of_conn[] = "\xc0\0\0\4\x80\x08\0\6\xc0\x82\0";
/* Supported address types (IPv4, IPv6), ECN, FORWARD TSN: Linux. */
static const char of_linux[] = "\0\x0c\0\x08\0\x05\0\x06\x80\0\0\4\xc0\0\0\4";
static const char of_bsd_cookie[] = "\0\7\0\x14KAME-BSD 1.1\0\0\0\0\xc0\0\0\4";
static const char of_linux_cookie[] = "\0\7\0\x14\x8e\x1f\0\1\2\3\4\5\6\7\x08\x09\x0a\x0b\x0c\x0d\xc0\0\0\4";

static bool judge(uint8_t type, const void *parameters, size_t len)
{
    uint8_t packet[256];
    return usr_peer_is_userland(packet, make(packet, type, parameters, len));
}

static void an_init_without_address_types_is_ours(void **state)
{
    (void)state;
    assert_true(judge(SCTP_INITIATION, of_conn, 12));
    assert_false(judge(SCTP_INITIATION, of_linux, 16));
    assert_true(judge(SCTP_INITIATION, "", 0));
}

static void a_cookie_names_its_maker(void **state)
{
    (void)state;
    assert_true(judge(SCTP_INITIATION_ACK, of_bsd_cookie, 24));
    assert_false(judge(SCTP_INITIATION_ACK, of_linux_cookie, 24));
    assert_false(judge(SCTP_INITIATION_ACK, of_conn, 12)); /* no cookie */
    assert_false(judge(SCTP_INITIATION_ACK, "\0\7\0\x0aKAME-B\0\0", 12));
}

static void other_chunks_tell_nothing(void **state)
{
    (void)state;
    for (int type = 0; type < 256; type++)
        if (type != SCTP_INITIATION && type != SCTP_INITIATION_ACK)
            assert_false(judge((uint8_t)type, of_bsd_cookie, 24));
}

/* Cut anywhere, in memory that ends there; with every byte damaged. */
static void damage_is_survived(void **state)
{
    uint8_t whole[64];
    (void)state;
    size_t len = make(whole, SCTP_INITIATION_ACK, of_bsd_cookie, 24);
    for (size_t cut = 16; cut <= len; cut++) {
        uint8_t *part = malloc(cut);
        memcpy(part, whole, cut);
        assert_int_equal(usr_peer_is_userland(part, cut), cut >= 52);
        free(part);
    }
    for (size_t at = 12; at < len; at++)
        for (int value = 0; value < 256; value++) {
            uint8_t *copy = malloc(len);
            memcpy(copy, whole, len);
            copy[at] = (uint8_t)value;
            usr_peer_is_userland(copy, len);
            free(copy);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_init_without_address_types_is_ours),
        cmocka_unit_test(a_cookie_names_its_maker),
        cmocka_unit_test(other_chunks_tell_nothing),
        cmocka_unit_test(damage_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
