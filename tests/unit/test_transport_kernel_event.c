/* Notifications of the Linux SCTP stack as bytes: every type, and every length that is too short. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "transport/kernel/kernel_priv.h"

#include <arpa/inet.h>

static struct tr_notice notice;
#define out notice.event

/* On the heap and exactly as long as given, so that a sanitizer or valgrind sees a read behind its end. */
static bool parse(const void *bytes, size_t len)
{
    void *copy = malloc(len > 0 ? len : 1);
    if (len > 0)
        memcpy(copy, bytes, len);
    bool known = kernel_event(copy, len, &notice);
    free(copy); /* payload pointers are only compared by cases that keep their own bytes */
    return known;
}

/* Whole it is known, one byte shorter than `needs` it is not. */
static void assert_needs(const void *bytes, size_t len, size_t needs)
{
    for (size_t n = 0; n < needs; n++)
        assert_false(parse(bytes, n));
    for (size_t n = needs; n <= len; n++)
        assert_true(parse(bytes, n));
}

static void association_change(void **state)
{
    (void)state;
    static const enum tr_assoc_state states[] = {TR_COMM_UP, TR_COMM_LOST, TR_RESTART, TR_SHUTDOWN_COMP,
                                                 TR_CANT_ASSOC};
    struct sctp_assoc_change n = {.sac_type = SCTP_ASSOC_CHANGE,
                                  .sac_length = sizeof n,
                                  .sac_error = htons(12),
                                  .sac_outbound_streams = 10,
                                  .sac_inbound_streams = 2048,
                                  .sac_assoc_id = 77};
    for (uint16_t i = 0; i < 5; i++) {
        n.sac_state = i;
        assert_needs(&n, sizeof n, sizeof n);
        assert_int_equal(out.type, TR_EV_ASSOC_CHANGE);
        assert_int_equal(out.change.state, states[i]);
        assert_int_equal(out.assoc, 77);
        assert_int_equal(out.change.error, 12);
        assert_int_equal(out.change.outbound_streams, 10);
        assert_int_equal(out.change.inbound_streams, 2048);
    }
    n.sac_state = 5;
    assert_false(parse(&n, sizeof n));
}

/* The causes of the peer's ABORT stand behind the event. Their lengths may lie. */
static void reason_of_an_abort(void **state)
{
    static const uint8_t cause[] = {0, 12, 0, 12, 'e', 'n', 'o', 'u', 'g', 'h', '!', '!'};
    union {
        struct sctp_assoc_change n;
        uint8_t bytes[sizeof(struct sctp_assoc_change) + sizeof cause];
    } e = {{.sac_type = SCTP_ASSOC_CHANGE,
            .sac_length = sizeof e,
            .sac_state = SCTP_COMM_LOST,
            .sac_error = htons(12)}};
    uint8_t *causes = e.bytes + sizeof e.n;
    memcpy(causes, cause, sizeof cause);
    (void)state;
    assert_true(parse(&e, sizeof e));
    assert_int_equal(out.change.end, TR_END_PEER);
    assert_true(parse(&e, sizeof e.n)); /* no abort of the peer's */
    assert_int_equal(out.change.end, TR_END_HERE);
    e.n.sac_error = 0; /* nor one of ours */
    assert_true(parse(&e, sizeof e.n));
    assert_int_equal(out.change.end, TR_END_UNTOLD);
    e.n.sac_error = htons(12);
    assert_true(kernel_event(&e, sizeof e, &notice));
    assert_int_equal(out.change.reason_len, 8);
    assert_ptr_equal(out.change.reason, causes + 4);
    assert_needs(&e, sizeof e, sizeof e.n);
    assert_true(parse(&e, sizeof e - 1)); /* cut off */
    assert_int_equal(out.change.reason_len, 0);
    static const uint16_t lies[] = {0, 3, 4, 13, 65535};
    for (unsigned i = 0; i < sizeof lies / sizeof *lies; i++) {
        causes[2] = (uint8_t)(lies[i] >> 8);
        causes[3] = (uint8_t)lies[i];
        assert_true(parse(&e, sizeof e));
        assert_int_equal(out.change.reason_len, 0);
        assert_null(out.change.reason);
    }
}

static void path_change(void **state)
{
    (void)state;
    struct sctp_paddr_change n;
    memset(&n, 0, sizeof n);
    n.spc_type = SCTP_PEER_ADDR_CHANGE;
    n.spc_length = sizeof n;
    n.spc_assoc_id = 5;
    n.spc_error = 2;
    for (int i = 0; i <= SCTP_ADDR_POTENTIALLY_FAILED; i++) {
        struct net_addr wanted;
        assert_true(net_addr_parse(i % 2 ? "fe80::1%1" : "10.1.2.3", 2905, &wanted));
        struct sockaddr_storage address = {0};
        memcpy(&address, &wanted, sizeof wanted);
        n.spc_aaddr = address;
        n.spc_state = i;
        assert_needs(&n, sizeof n, sizeof n);
        assert_int_equal(out.type, TR_EV_PATH_CHANGE);
        assert_int_equal(out.path.state, i); /* Linux counts them as RFC 6458 lists them */
        assert_int_equal(out.path.error, 2);
        assert_true(net_addr_equal(&out.path.address, &wanted));
    }
    n.spc_state = SCTP_ADDR_POTENTIALLY_FAILED + 1;
    assert_false(parse(&n, sizeof n));
    n.spc_state = -1;
    assert_false(parse(&n, sizeof n));
}

static void scope_stays_with_link_local_addresses_only(void **state)
{
    (void)state;
    struct sctp_paddr_change n;
    memset(&n, 0, sizeof n);
    n.spc_type = SCTP_PEER_ADDR_CHANGE;
    n.spc_length = sizeof n;
    struct sockaddr_storage address = {0};
    struct sockaddr_in6 *a6 = (struct sockaddr_in6 *)&address;
    a6->sin6_family = AF_INET6;
    a6->sin6_addr = in6addr_loopback;
    a6->sin6_scope_id = 1;
    n.spc_aaddr = address;
    assert_true(parse(&n, sizeof n));
    assert_int_equal(out.path.address.in6.sin6_scope_id, 0);
}

static void send_failed(void **state)
{
    (void)state;
    union {
        struct sctp_send_failed_event n;
        char bytes[sizeof(struct sctp_send_failed_event) + 6];
    } e;
    char *payload = e.bytes + sizeof e.n;
    memset(&e, 0, sizeof e);
    e.n.ssf_type = SCTP_SEND_FAILED_EVENT;
    e.n.ssf_flags = SCTP_DATA_SENT;
    e.n.ssf_length = sizeof e.n + 6;
    e.n.ssf_error = htons(12);
    e.n.ssfe_info =
        (struct sctp_sndinfo){.snd_sid = 3, .snd_flags = 7, .snd_ppid = htonl(46), .snd_context = 1000};
    e.n.ssf_assoc_id = 8;
    memcpy(payload, "failed", 6);
    size_t len = e.n.ssf_length;
    assert_true(kernel_event(&e, len, &notice));
    assert_int_equal(out.type, TR_EV_SEND_FAILED);
    assert_true(out.failed.was_sent);
    assert_int_equal(out.failed.error, 12);
    assert_int_equal(out.failed.msg.stream, 3);
    assert_int_equal(out.failed.msg.ppid, 46);
    assert_int_equal(out.failed.msg.context, 1000);
    assert_int_equal(out.failed.msg.assoc, 8);
    assert_int_equal(out.failed.msg.len, 6);
    assert_ptr_equal(out.failed.msg.data, payload);
    assert_int_equal(out.failed.msg.flags, TR_UNORDERED);
    assert_int_equal(notice.fragment, TR_FIRST | TR_LAST);
    assert_needs(&e, len, sizeof e.n);

    e.n.ssfe_info.snd_flags = 2; /* the first fragment of an ordered message */
    e.n.ssf_flags = SCTP_DATA_UNSENT;
    assert_true(parse(&e, len));
    assert_false(out.failed.was_sent);
    assert_int_equal(out.failed.msg.flags, 0);
    assert_int_equal(notice.fragment, TR_FIRST);
    e.n.ssf_length = (uint32_t)len + 1000; /* claims more than there is */
    assert_true(parse(&e, len));
    assert_int_equal(out.failed.msg.len, 6);
    e.n.ssf_length = (uint32_t)len - 2; /* and less */
    assert_true(parse(&e, len));
    assert_int_equal(out.failed.msg.len, 4);
    e.n.ssf_length = 3;
    assert_false(parse(&e, len));
}

static void remote_error(void **state)
{
    (void)state;
    union {
        struct sctp_remote_error n;
        char bytes[sizeof(struct sctp_remote_error) + 4];
    } e;
    memset(&e, 0, sizeof e);
    e.n.sre_type = SCTP_REMOTE_ERROR;
    e.n.sre_length = sizeof e.n + 4;
    e.n.sre_error = htons(6);
    e.n.sre_assoc_id = 4;
    assert_true(kernel_event(&e, sizeof e.n + 4, &notice));
    assert_int_equal(out.type, TR_EV_REMOTE_ERROR);
    assert_int_equal(out.remote_error.error, 6);
    assert_int_equal(out.remote_error.len, 4);
    assert_ptr_equal(out.remote_error.data, e.bytes + sizeof e.n);
    assert_needs(&e, sizeof e.n + 4, sizeof e.n);
}

static void short_ones(void **state)
{
    (void)state;
    struct sctp_shutdown_event s = {
        .sse_type = SCTP_SHUTDOWN_EVENT, .sse_length = sizeof s, .sse_assoc_id = 3};
    assert_needs(&s, sizeof s, sizeof s);
    assert_int_equal(out.type, TR_EV_SHUTDOWN);
    assert_int_equal(out.assoc, 3);

    struct sctp_adaptation_event a = {.sai_type = SCTP_ADAPTATION_INDICATION,
                                      .sai_length = sizeof a,
                                      .sai_adaptation_ind = 99,
                                      .sai_assoc_id = 3};
    assert_needs(&a, sizeof a, sizeof a);
    assert_int_equal(out.type, TR_EV_ADAPTATION);
    assert_int_equal(out.adaptation.indication, 99);

    struct sctp_authkey_event k = {.auth_type = SCTP_AUTHENTICATION_EVENT,
                                   .auth_length = sizeof k,
                                   .auth_keynumber = 7,
                                   .auth_indication = SCTP_AUTH_FREE_KEY,
                                   .auth_assoc_id = 3};
    assert_needs(&k, sizeof k, sizeof k);
    assert_int_equal(out.type, TR_EV_AUTHENTICATION);
    assert_int_equal(out.authentication.key, 7);
    assert_int_equal(out.authentication.indication, SCTP_AUTH_FREE_KEY);

    struct sctp_sender_dry_event d = {
        .sender_dry_type = SCTP_SENDER_DRY_EVENT, .sender_dry_length = sizeof d, .sender_dry_assoc_id = 3};
    assert_needs(&d, sizeof d, sizeof d);
    assert_int_equal(out.type, TR_EV_SENDER_DRY);
}

static void stream_reset(void **state)
{
    (void)state;
    union {
        struct sctp_stream_reset_event n;
        uint16_t words[sizeof(struct sctp_stream_reset_event) / 2 + 3];
    } e;
    const uint16_t *list = e.words + sizeof e.n / 2;
    const size_t len = sizeof e.n + 3 * sizeof *list;
    memset(&e, 0, sizeof e);
    e.n.strreset_type = SCTP_STREAM_RESET_EVENT;
    e.n.strreset_flags = SCTP_STREAM_RESET_INCOMING_SSN | SCTP_STREAM_RESET_OUTGOING_SSN;
    e.n.strreset_length = (uint32_t)len;
    e.n.strreset_assoc_id = 9;
    assert_true(kernel_event(&e, len, &notice));
    assert_int_equal(out.type, TR_EV_STREAM_RESET);
    assert_int_equal(out.assoc, 9);
    assert_int_equal(out.stream_reset.outcome, TR_RECONFIG_DONE);
    assert_int_equal(out.stream_reset.directions, TR_INBOUND | TR_OUTBOUND);
    assert_int_equal(out.stream_reset.count, 3);
    assert_ptr_equal(out.stream_reset.streams, list);
    assert_needs(&e, len, sizeof e.n);

    e.n.strreset_flags = SCTP_STREAM_RESET_OUTGOING_SSN | SCTP_STREAM_RESET_DENIED;
    assert_true(parse(&e, len - 1)); /* half a stream is none */
    assert_int_equal(out.stream_reset.count, 2);
    assert_int_equal(out.stream_reset.directions, TR_OUTBOUND);
    assert_int_equal(out.stream_reset.outcome, TR_RECONFIG_DENIED);
    e.n.strreset_flags = SCTP_STREAM_RESET_INCOMING_SSN | SCTP_STREAM_RESET_FAILED;
    e.n.strreset_length = sizeof e.n; /* says that no stream follows */
    assert_true(parse(&e, len));
    assert_int_equal(out.stream_reset.count, 0);
    assert_int_equal(out.stream_reset.directions, TR_INBOUND);
    assert_int_equal(out.stream_reset.outcome, TR_RECONFIG_FAILED);
    e.n.strreset_length = UINT32_MAX; /* claims more than there is */
    assert_true(parse(&e, len));
    assert_int_equal(out.stream_reset.count, 3);
}

static void association_reset_and_stream_change(void **state)
{
    (void)state;
    struct sctp_assoc_reset_event a = {.assocreset_type = SCTP_ASSOC_RESET_EVENT,
                                       .assocreset_length = sizeof a,
                                       .assocreset_assoc_id = 3,
                                       .assocreset_local_tsn = 1000,
                                       .assocreset_remote_tsn = 4000000000};
    assert_needs(&a, sizeof a, sizeof a);
    assert_int_equal(out.type, TR_EV_ASSOC_RESET);
    assert_int_equal(out.assoc, 3);
    assert_int_equal(out.assoc_reset.outcome, TR_RECONFIG_DONE);
    assert_int_equal(out.assoc_reset.local_tsn, 1000);
    assert_int_equal(out.assoc_reset.remote_tsn, 4000000000);
    a.assocreset_flags = SCTP_ASSOC_RESET_DENIED;
    assert_true(parse(&a, sizeof a));
    assert_int_equal(out.assoc_reset.outcome, TR_RECONFIG_DENIED);

    struct sctp_stream_change_event s = {.strchange_type = SCTP_STREAM_CHANGE_EVENT,
                                         .strchange_length = sizeof s,
                                         .strchange_assoc_id = 4,
                                         .strchange_instrms = 11,
                                         .strchange_outstrms = 12};
    assert_needs(&s, sizeof s, sizeof s);
    assert_int_equal(out.type, TR_EV_STREAM_CHANGE);
    assert_int_equal(out.assoc, 4);
    assert_int_equal(out.stream_change.outcome, TR_RECONFIG_DONE);
    assert_int_equal(out.stream_change.inbound_streams, 11);
    assert_int_equal(out.stream_change.outbound_streams, 12);
    s.strchange_flags = SCTP_STREAM_CHANGE_FAILED;
    assert_true(parse(&s, sizeof s));
    assert_int_equal(out.stream_change.outcome, TR_RECONFIG_FAILED);
}

static void partial_delivery(void **state)
{
    (void)state;
    struct sctp_pdapi_event p = {.pdapi_type = SCTP_PARTIAL_DELIVERY_EVENT,
                                 .pdapi_length = sizeof p,
                                 .pdapi_assoc_id = 3,
                                 .pdapi_stream = 9,
                                 .pdapi_seq = 10};
    assert_true(parse(&p, sizeof p));
    assert_int_equal(out.type, TR_EV_PARTIAL_DELIVERY);
    assert_int_equal(out.partial.stream, 9);
    assert_int_equal(out.partial.seq, 10);
    assert_needs(&p, sizeof p, sizeof p);
}

static void unknown_types_are_no_events(void **state)
{
    (void)state;
    uint8_t bytes[300];
    memset(bytes, 0xff, sizeof bytes);
    assert_false(parse(bytes, sizeof bytes));
    memset(bytes, 0, sizeof bytes);
    assert_false(parse(bytes, sizeof bytes));
    assert_false(parse(bytes, 0));
}

/* Whatever the bytes, the payload lies inside them. */
static void random_bytes_stay_inside(void **state)
{
    (void)state;
    srand(1);
    for (unsigned round = 0; round < 200000; round++) {
        size_t len = (size_t)rand() % 200;
        uint8_t *bytes = malloc(len > 0 ? len : 1);
        for (size_t i = 0; i < len; i++)
            bytes[i] = (uint8_t)rand();
        uint16_t type = (uint16_t)(SCTP_SN_TYPE_BASE + rand() % 16);
        if (len >= 2)
            memcpy(bytes, &type, 2);
        if (kernel_event(bytes, len, &notice)) {
            const uint8_t *data = bytes;
            size_t n = 0;
            if (out.type == TR_EV_SEND_FAILED) {
                data = out.failed.msg.data;
                n = out.failed.msg.len;
            } else if (out.type == TR_EV_REMOTE_ERROR) {
                data = out.remote_error.data;
                n = out.remote_error.len;
            } else if (out.type == TR_EV_STREAM_RESET && out.stream_reset.count > 0) {
                data = (const uint8_t *)out.stream_reset.streams;
                n = out.stream_reset.count * sizeof *out.stream_reset.streams;
            }
            assert_true(data >= bytes && data + n <= bytes + len);
        }
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(association_change),
        cmocka_unit_test(reason_of_an_abort),
        cmocka_unit_test(path_change),
        cmocka_unit_test(scope_stays_with_link_local_addresses_only),
        cmocka_unit_test(send_failed),
        cmocka_unit_test(remote_error),
        cmocka_unit_test(short_ones),
        cmocka_unit_test(stream_reset),
        cmocka_unit_test(association_reset_and_stream_change),
        cmocka_unit_test(partial_delivery),
        cmocka_unit_test(unknown_types_are_no_events),
        cmocka_unit_test(random_bytes_stay_inside),
    };
    return cmocka_run_group_tests_name("transport/kernel_event", tests, NULL, NULL);
}
