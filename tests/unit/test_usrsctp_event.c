/* The stack's notifications, byte by byte, become events; whatever is too short or unknown is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "transport/usrsctp/usrsctp_priv.h"

static struct tr_notice notice;
#define event    notice.event
#define fragment notice.fragment

/* From memory of just that length, aligned as the loop's is; `event` may point into it until the next call.
 */
static bool parse(const void *data, size_t len)
{
    static void *copy;
    free(copy);
    copy = malloc(len > 0 ? len : 1);
    memcpy(copy, data, len);
    return usr_event(copy, len, &notice);
}

static void association_changes(void **state)
{
    static const enum tr_assoc_state states[] = {[SCTP_COMM_UP] = TR_COMM_UP,
                                                 [SCTP_COMM_LOST] = TR_COMM_LOST,
                                                 [SCTP_RESTART] = TR_RESTART,
                                                 [SCTP_SHUTDOWN_COMP] = TR_SHUTDOWN_COMP,
                                                 [SCTP_CANT_STR_ASSOC] = TR_CANT_ASSOC};
    (void)state;
    for (uint16_t s = SCTP_COMM_UP; s <= SCTP_CANT_STR_ASSOC; s++) {
        struct sctp_assoc_change c = {.sac_type = SCTP_ASSOC_CHANGE,
                                      .sac_state = s,
                                      .sac_error = 12,
                                      .sac_outbound_streams = 7,
                                      .sac_inbound_streams = 9,
                                      .sac_assoc_id = 33};
        assert_true(parse(&c, sizeof c));
        assert_int_equal(event.type, TR_EV_ASSOC_CHANGE);
        assert_int_equal(event.assoc, 33);
        assert_int_equal(event.change.state, states[s]);
        assert_int_equal(event.change.error, 12);
        assert_int_equal(event.change.outbound_streams, 7);
        assert_int_equal(event.change.inbound_streams, 9);
    }
    struct sctp_assoc_change odd = {.sac_type = SCTP_ASSOC_CHANGE, .sac_state = 6};
    assert_false(parse(&odd, sizeof odd));
    odd.sac_state = 0;
    assert_false(parse(&odd, sizeof odd));
}

/* The peer's ABORT stands behind the event. Its lengths may lie. */
static void reason_of_an_abort(void **state)
{
    static const uint8_t chunk[] = {
        SCTP_ABORT_ASSOCIATION, 0, 0, 16, 0, 12, 0, 12, 'e', 'n', 'o', 'u', 'g', 'h', '!', '!'};
    union {
        struct sctp_assoc_change c;
        uint8_t bytes[sizeof(struct sctp_assoc_change) + sizeof chunk];
    } e = {{.sac_type = SCTP_ASSOC_CHANGE, .sac_state = SCTP_COMM_LOST, .sac_error = 12}};
    size_t fixed = offsetof(struct sctp_assoc_change, sac_info);
    uint8_t *abort = e.bytes + fixed;
    memcpy(abort, chunk, sizeof chunk);
    (void)state;
    assert_int_equal(fixed, sizeof e.c);
    assert_true(parse(&e, sizeof e));
    assert_int_equal(event.change.reason_len, 8);
    assert_memory_equal(event.change.reason, "enough!!", 8);
    assert_int_equal(event.change.end, TR_END_PEER);
    assert_true(parse(&e, fixed)); /* no abort of the peer's */
    assert_int_equal(event.change.end, TR_END_HERE);
    for (size_t len = fixed; len < sizeof e; len++) { /* cut off */
        assert_true(parse(&e, len));
        assert_int_equal(event.change.reason_len, 0);
        assert_null(event.change.reason);
    }
    static const uint16_t lies[] = {0, 3, 4, 13, 65535};
    for (unsigned i = 0; i < sizeof lies / sizeof *lies; i++) {
        abort[6] = (uint8_t)(lies[i] >> 8);
        abort[7] = (uint8_t)lies[i];
        assert_true(parse(&e, sizeof e));
        assert_int_equal(event.change.reason_len, 0);
    }
    abort[7] = 12;
    abort[6] = 0;
    e.c.sac_state = SCTP_COMM_UP; /* what stands there is something else */
    assert_true(parse(&e, sizeof e));
    assert_int_equal(event.change.reason_len, 0);
    assert_int_equal(event.change.end, TR_END_UNTOLD);
}

static void path_changes(void **state)
{
    struct sctp_paddr_change c = {.spc_type = SCTP_PEER_ADDR_CHANGE,
                                  .spc_state = SCTP_ADDR_CONFIRMED,
                                  .spc_error = 5,
                                  .spc_assoc_id = 4};
    struct sockaddr_conn at = {.sconn_family = AF_CONN, .sconn_port = 77, .sconn_addr = (void *)0x1234};
    (void)state;
    memcpy(&c.spc_aaddr, &at, sizeof at);
    assert_true(parse(&c, sizeof c));
    assert_int_equal(event.type, TR_EV_PATH_CHANGE);
    assert_int_equal(event.path.state, TR_PATH_CONFIRMED);
    assert_int_equal(event.path.error, 5);
    assert_int_equal(event.assoc, 4);
    assert_ptr_equal(usr_event_path(&c).sconn_addr, (void *)0x1234);
    c.spc_state = SCTP_ADDR_AVAILABLE;
    assert_true(parse(&c, sizeof c));
    assert_int_equal(event.path.state, TR_PATH_AVAILABLE);
    c.spc_state = SCTP_ADDR_CONFIRMED + 1;
    assert_false(parse(&c, sizeof c));
}

static void failed_messages(void **state)
{
    static const char payload[] = "payload";
    size_t head = offsetof(struct sctp_send_failed_event, ssfe_data);
    struct sctp_send_failed_event *f = calloc(1, head + sizeof payload);
    (void)state;
    f->ssfe_type = SCTP_SEND_FAILED_EVENT;
    f->ssfe_flags = SCTP_DATA_SENT;
    f->ssfe_error = 13;
    f->ssfe_assoc_id = 8;
    f->ssfe_info = (struct sctp_sndinfo){
        .snd_sid = 3, .snd_flags = 7, .snd_ppid = htonl(46), .snd_context = 99, .snd_assoc_id = 8};
    memcpy(f->ssfe_data, payload, sizeof payload);
    assert_true(parse(f, head + sizeof payload));
    assert_int_equal(event.type, TR_EV_SEND_FAILED);
    assert_int_equal(event.assoc, 8);
    assert_true(event.failed.was_sent);
    assert_int_equal(event.failed.error, 13);
    assert_int_equal(event.failed.msg.stream, 3);
    assert_int_equal(event.failed.msg.ppid, 46);
    assert_int_equal(event.failed.msg.context, 99);
    assert_int_equal(event.failed.msg.flags, TR_UNORDERED);
    assert_int_equal(event.failed.msg.len, sizeof payload);
    assert_memory_equal(event.failed.msg.data, payload, sizeof payload);
    assert_int_equal(fragment, TR_FIRST | TR_LAST);
    f->ssfe_flags = SCTP_DATA_UNSENT;
    f->ssfe_info.snd_flags = SCTP_DATA_LAST_FRAG;
    assert_true(parse(f, head + sizeof payload));
    assert_false(event.failed.was_sent);
    assert_int_equal(event.failed.msg.flags, 0);
    assert_int_equal(fragment, TR_LAST);
    assert_false(parse(f, head - 1));
    free(f);
}

static void remote_errors(void **state)
{
    size_t head = offsetof(struct sctp_remote_error, sre_data);
    uint8_t bytes[64] = {0};
    struct sctp_remote_error *e = (void *)bytes;
    (void)state;
    e->sre_type = SCTP_REMOTE_ERROR;
    e->sre_error = 6;
    e->sre_assoc_id = 5;
    memcpy(bytes + head, "\x09\0\0\x0c\0\x06\0\x08what", 12); /* ERROR chunk, cause header, cause */
    assert_true(parse(bytes, head + 12));
    assert_int_equal(event.type, TR_EV_REMOTE_ERROR);
    assert_int_equal(event.remote_error.error, 6);
    assert_int_equal(event.remote_error.len, 4);
    assert_memory_equal(event.remote_error.data, "what", 4);
    assert_true(parse(bytes, head));
    assert_int_equal(event.remote_error.len, 0);
}

/* The library's record is four bytes shorter than its header says. */
static void partial_delivery_in_both_layouts(void **state)
{
    struct sctp_pdapi_event by_header = {.pdapi_type = SCTP_PARTIAL_DELIVERY_EVENT,
                                         .pdapi_indication = SCTP_PARTIAL_DELIVERY_ABORTED,
                                         .pdapi_stream = 2,
                                         .pdapi_seq = 300,
                                         .pdapi_assoc_id = 6};
    struct {
        uint16_t type, flags;
        uint32_t length, indication;
        uint16_t stream, seq;
        uint32_t assoc;
    } by_library = {SCTP_PARTIAL_DELIVERY_EVENT, 0, 20, SCTP_PARTIAL_DELIVERY_ABORTED, 2, 300, 6};
    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_true(i == 0 ? parse(&by_header, sizeof by_header) : parse(&by_library, sizeof by_library));
        assert_int_equal(event.type, TR_EV_PARTIAL_DELIVERY);
        assert_int_equal(event.assoc, 6);
        assert_int_equal(event.partial.stream, 2);
        assert_int_equal(event.partial.seq, 300);
    }
    assert_false(parse(&by_library, sizeof by_library - 1));
}

static void the_small_ones(void **state)
{
    struct sctp_shutdown_event shutdown = {.sse_type = SCTP_SHUTDOWN_EVENT, .sse_assoc_id = 3};
    struct sctp_adaptation_event adaptation = {
        .sai_type = SCTP_ADAPTATION_INDICATION, .sai_adaptation_ind = 1234, .sai_assoc_id = 4};
    struct sctp_sender_dry_event dry = {.sender_dry_type = SCTP_SENDER_DRY_EVENT, .sender_dry_assoc_id = 5};
    struct sctp_authkey_event key = {.auth_type = SCTP_AUTHENTICATION_EVENT,
                                     .auth_keynumber = 2,
                                     .auth_indication = SCTP_AUTH_FREE_KEY,
                                     .auth_assoc_id = 6};
    (void)state;
    assert_true(parse(&shutdown, sizeof shutdown));
    assert_int_equal(event.type, TR_EV_SHUTDOWN);
    assert_int_equal(event.assoc, 3);
    assert_true(parse(&adaptation, sizeof adaptation));
    assert_int_equal(event.type, TR_EV_ADAPTATION);
    assert_int_equal(event.adaptation.indication, 1234);
    assert_true(parse(&dry, sizeof dry));
    assert_int_equal(event.type, TR_EV_SENDER_DRY);
    assert_int_equal(event.assoc, 5);
    assert_true(parse(&key, sizeof key));
    assert_int_equal(event.type, TR_EV_AUTHENTICATION);
    assert_int_equal(event.authentication.indication, 1); /* RFC 6458 6.1.8: SCTP_AUTH_FREE_KEY */
    assert_int_equal(event.authentication.key, 2);
}

static void stream_resets(void **state)
{
    size_t head = offsetof(struct sctp_stream_reset_event, strreset_stream_list);
    struct sctp_stream_reset_event *r = calloc(1, head + 3 * sizeof(uint16_t));
    (void)state;
    r->strreset_type = SCTP_STREAM_RESET_EVENT;
    r->strreset_flags = SCTP_STREAM_RESET_OUTGOING_SSN;
    r->strreset_assoc_id = 7;
    r->strreset_stream_list[0] = 4;
    r->strreset_stream_list[1] = 65534;
    assert_true(parse(r, head + 2 * sizeof(uint16_t)));
    assert_int_equal(event.type, TR_EV_STREAM_RESET);
    assert_int_equal(event.assoc, 7);
    assert_int_equal(event.stream_reset.outcome, TR_RECONFIG_DONE);
    assert_int_equal(event.stream_reset.directions, TR_OUTBOUND);
    assert_int_equal(event.stream_reset.count, 2);
    assert_int_equal(event.stream_reset.streams[0], 4);
    assert_int_equal(event.stream_reset.streams[1], 65534);
    r->strreset_flags = SCTP_STREAM_RESET_INCOMING_SSN | SCTP_STREAM_RESET_DENIED;
    assert_true(parse(r, head)); /* all streams */
    assert_int_equal(event.stream_reset.outcome, TR_RECONFIG_DENIED);
    assert_int_equal(event.stream_reset.directions, TR_INBOUND);
    assert_int_equal(event.stream_reset.count, 0);
    assert_null(event.stream_reset.streams);
    r->strreset_flags = SCTP_STREAM_RESET_OUTGOING_SSN | SCTP_STREAM_RESET_FAILED;
    assert_true(parse(r, head + 2 * sizeof(uint16_t) + 1)); /* half a number is none */
    assert_int_equal(event.stream_reset.outcome, TR_RECONFIG_FAILED);
    assert_int_equal(event.stream_reset.count, 2);
    r->strreset_flags = 0;
    assert_false(parse(r, head)); /* of no direction */
    free(r);
}

static void association_resets_and_stream_changes(void **state)
{
    struct sctp_assoc_reset_event reset = {.assocreset_type = SCTP_ASSOC_RESET_EVENT,
                                           .assocreset_assoc_id = 8,
                                           .assocreset_local_tsn = 1000,
                                           .assocreset_remote_tsn = 0};
    struct sctp_stream_change_event change = {.strchange_type = SCTP_STREAM_CHANGE_EVENT,
                                              .strchange_assoc_id = 9,
                                              .strchange_instrms = 12,
                                              .strchange_outstrms = 34};
    (void)state;
    assert_true(parse(&reset, sizeof reset));
    assert_int_equal(event.type, TR_EV_ASSOC_RESET);
    assert_int_equal(event.assoc, 8);
    assert_int_equal(event.assoc_reset.outcome, TR_RECONFIG_DONE);
    assert_int_equal(event.assoc_reset.local_tsn, 1000);
    assert_int_equal(event.assoc_reset.remote_tsn, UINT32_MAX); /* the stack tells one too many */
    reset.assocreset_flags = SCTP_ASSOC_RESET_DENIED;
    assert_true(parse(&reset, sizeof reset));
    assert_int_equal(event.assoc_reset.outcome, TR_RECONFIG_DENIED);
    assert_false(parse(&reset, sizeof reset - 1));

    assert_true(parse(&change, sizeof change));
    assert_int_equal(event.type, TR_EV_STREAM_CHANGE);
    assert_int_equal(event.assoc, 9);
    assert_int_equal(event.stream_change.outcome, TR_RECONFIG_DONE);
    assert_int_equal(event.stream_change.outbound_streams, 34);
    assert_int_equal(event.stream_change.inbound_streams, 12);
    change.strchange_flags = SCTP_STREAM_CHANGE_FAILED;
    assert_true(parse(&change, sizeof change));
    assert_int_equal(event.stream_change.outcome, TR_RECONFIG_FAILED);
    assert_false(parse(&change, sizeof change - 1));
}

/* Every type, cut anywhere, from memory that ends there: for the address sanitizer. */
static void no_length_is_too_short_to_survive(void **state)
{
    (void)state;
    for (uint16_t type = 0; type < 32; type++)
        for (size_t len = 0; len < 200; len++) {
            uint8_t bytes[200];
            memset(bytes, 1, sizeof bytes);
            if (len >= sizeof type)
                memcpy(bytes, &type, sizeof type);
            bool known = parse(bytes, len);
            if (known)
                assert_in_range(len, 12, 200);
            for (unsigned i = 0; known && type == SCTP_STREAM_RESET_EVENT && i < event.stream_reset.count;
                 i++)
                assert_int_equal(event.stream_reset.streams[i], 0x0101);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(association_changes),
        cmocka_unit_test(reason_of_an_abort),
        cmocka_unit_test(path_changes),
        cmocka_unit_test(failed_messages),
        cmocka_unit_test(remote_errors),
        cmocka_unit_test(partial_delivery_in_both_layouts),
        cmocka_unit_test(the_small_ones),
        cmocka_unit_test(stream_resets),
        cmocka_unit_test(association_resets_and_stream_changes),
        cmocka_unit_test(no_length_is_too_short_to_survive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
