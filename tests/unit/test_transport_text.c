/* Events, codes and causes as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "transport/transport.h"

static void assert_event(struct tr_event e, const char *wanted)
{
    char text[300];
    assert_ptr_equal(tr_event_format(&e, text, sizeof text), text);
    assert_string_equal(text, wanted);
}
#define EVENT(...) ((struct tr_event){__VA_ARGS__})

static void association_changes(void **state)
{
    (void)state;
    assert_event(EVENT(.type = TR_EV_ASSOC_CHANGE, .assoc = 3,
                       .change = {.state = TR_COMM_UP, .outbound_streams = 10, .inbound_streams = 5}),
                 "comm_up assoc=3 outbound_streams=10 inbound_streams=5");
    assert_event(EVENT(.type = TR_EV_ASSOC_CHANGE, .assoc = 3,
                       .change = {.state = TR_RESTART, .outbound_streams = 1, .inbound_streams = 2}),
                 "restart assoc=3 outbound_streams=1 inbound_streams=2");
    assert_event(
        EVENT(.type = TR_EV_ASSOC_CHANGE, .assoc = 4, .change = {.state = TR_COMM_LOST, .error = 12}),
        "comm_lost assoc=4 error=12 cause=\"User-Initiated Abort\"");
    assert_event(
        EVENT(.type = TR_EV_ASSOC_CHANGE, .assoc = 4,
              .change = {.state = TR_COMM_LOST, .error = 12, .reason = "say \"no\"\n\\", .reason_len = 10}),
        "comm_lost assoc=4 error=12 cause=\"User-Initiated Abort\" reason=\"say \\\"no\\\" \\\\\"");
    assert_event(EVENT(.type = TR_EV_ASSOC_CHANGE, .assoc = 4, .change = {.state = TR_SHUTDOWN_COMP}),
                 "shutdown_comp assoc=4");
    assert_event(EVENT(.type = TR_EV_ASSOC_CHANGE, .assoc = 5, .change = {.state = TR_CANT_ASSOC}),
                 "cant_assoc assoc=5");
    assert_event(EVENT(.type = TR_EV_ASSOC_CHANGE, .assoc = 5, .change = {.state = (enum tr_assoc_state)77}),
                 "unknown assoc=5");
}

static void path_changes(void **state)
{
    (void)state;
    static const char *const names[] = {"path_available", "path_unreachable", "path_removed",
                                        "path_added",     "path_made_prim",   "path_confirmed"};
    for (unsigned i = 0; i < 6; i++) {
        struct tr_event e = {.type = TR_EV_PATH_CHANGE, .assoc = 9, .path = {.state = (enum tr_path_state)i}};
        char wanted[120];
        assert_true(net_addr_parse(i % 2 ? "::1" : "127.0.0.1", 2905, &e.path.address));
        snprintf(wanted, sizeof wanted, "%s assoc=9 address=%s error=0", names[i],
                 i % 2 ? "[::1]:2905" : "127.0.0.1:2905");
        assert_event(e, wanted);
        e.path.error = 2;
        snprintf(strstr(wanted, "error="), 40, "error=2 reason=heartbeat_success");
        assert_event(e, wanted);
        e.path.error = 500;
        snprintf(strstr(wanted, "error="), 40, "error=500 reason=unknown");
        assert_event(e, wanted);
    }
}

static void other_events(void **state)
{
    (void)state;
    struct tr_msg m = {.stream = 2, .ppid = 3, .context = 77, .len = 1000};
    assert_event(EVENT(.type = TR_EV_SEND_FAILED, .assoc = 1, .failed = {true, 0, m}),
                 "send_failed assoc=1 stream=2 ppid=3 context=77 bytes=1000 sent=yes");
    assert_event(EVENT(.type = TR_EV_SEND_FAILED, .assoc = 1, .failed = {false, 13, m}),
                 "send_failed assoc=1 stream=2 ppid=3 context=77 bytes=1000 sent=no error=13 "
                 "cause=\"Protocol Violation\"");
    m.flags = TR_UNORDERED;
    assert_event(EVENT(.type = TR_EV_SEND_FAILED, .assoc = 1, .failed = {true, 0, m}),
                 "send_failed assoc=1 stream=2 ppid=3 context=77 bytes=1000 sent=yes unordered=yes");
    assert_event(EVENT(.type = TR_EV_REMOTE_ERROR, .assoc = 1, .remote_error = {6, NULL, 8}),
                 "remote_error assoc=1 bytes=8 error=6 cause=\"Unrecognized Chunk Type\"");
    assert_event(EVENT(.type = TR_EV_SHUTDOWN, .assoc = 1), "shutdown assoc=1");
    assert_event(EVENT(.type = TR_EV_PARTIAL_DELIVERY, .assoc = 1, .partial = {0, 4, 5}),
                 "partial_delivery_aborted assoc=1 stream=4 seq=5");
    assert_event(EVENT(.type = TR_EV_ADAPTATION, .assoc = 1, .adaptation = {99}),
                 "adaptation assoc=1 indication=99");
    assert_event(EVENT(.type = TR_EV_AUTHENTICATION, .assoc = 1, .authentication = {1, 7}),
                 "authentication assoc=1 indication=free_key key=7");
    assert_event(EVENT(.type = TR_EV_SENDER_DRY, .assoc = 1), "sender_dry assoc=1");
    assert_event(EVENT(.type = TR_EV_OVERSIZED, .assoc = 1, .oversized = {3, UINT64_C(5000000000)}),
                 "oversized assoc=1 stream=3 bytes=5000000000");
    assert_event(EVENT(.type = TR_EV_NO_ROOM, .assoc = 1, .oversized = {3, 70000}),
                 "no_room assoc=1 stream=3 bytes=70000");
    assert_event(EVENT(.type = TR_EV_STALLED, .assoc = 1, .stalled = {2, true}),
                 "stalled assoc=1 messages=2 crowded=yes");
    assert_event(EVENT(.type = (enum tr_event_type)500, .assoc = 1), "unknown_event type=500 assoc=1");
}

static void text_is_cut_not_overrun(void **state)
{
    (void)state;
    struct tr_event e = {.type = TR_EV_ASSOC_CHANGE, .assoc = 3, .change = {.error = 12}};
    char whole[200];
    tr_event_format(&e, whole, sizeof whole);
    for (size_t size = 1; size < sizeof whole; size++) {
        char text[202];
        memset(text, '#', sizeof text);
        tr_event_format(&e, text, size);
        assert_int_equal(text[size], '#');
        assert_memory_equal(text, whole, strlen(text));
        assert_int_equal(strlen(text), strlen(whole) < size - 1 ? strlen(whole) : size - 1);
    }
    char none = '#';
    tr_event_format(&e, &none, 0);
    assert_int_equal(none, '#');
}

static void every_code_has_name_and_text(void **state)
{
    (void)state;
    for (int i = 0; i < TR_CODE_COUNT; i++) {
        assert_memory_equal(tr_code_name((enum tr_code)i), "TR_", 3);
        assert_true(strlen(tr_code_text((enum tr_code)i)) > 3);
        for (int k = 0; k < i; k++)
            assert_string_not_equal(tr_code_name((enum tr_code)i), tr_code_name((enum tr_code)k));
    }
    assert_string_equal(tr_code_name(TR_OK), "TR_OK");
    assert_string_equal(tr_code_name(TR_SYSTEM), "TR_SYSTEM");
    assert_non_null(tr_code_text(TR_CODE_COUNT));
    assert_non_null(tr_code_name((enum tr_code) - 1));
}

static void causes(void **state)
{
    (void)state;
    assert_string_equal(tr_error_string(1), "Invalid Stream Identifier");
    assert_string_equal(tr_error_string(3), "Stale Cookie");
    assert_string_equal(tr_error_string(13), "Protocol Violation");
    assert_string_equal(tr_error_string(160), "Request to Delete Last Remaining IP Address");
    assert_string_equal(tr_error_string(164), "Request Refused - No Authorization");
    assert_string_equal(tr_error_string(261), "Unsupported HMAC Identifier");
    for (int i = 1; i <= 14; i++) /* all of RFC 9260 3.3.10, and none is errno's text */
        assert_string_not_equal(tr_error_string(i), strerror(i));
    assert_string_equal(tr_error_string(ECONNREFUSED), strerror(ECONNREFUSED));
    assert_string_equal(tr_error_string(123456), "Unknown error cause");
    assert_string_equal(tr_error_string(-1), "Unknown error cause");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(association_changes),
        cmocka_unit_test(path_changes),
        cmocka_unit_test(other_events),
        cmocka_unit_test(text_is_cut_not_overrun),
        cmocka_unit_test(every_code_has_name_and_text),
        cmocka_unit_test(causes),
    };
    return cmocka_run_group_tests_name("transport/text", tests, NULL, NULL);
}
