/* Names and texts: codes, error causes, events, and what a backend says about itself. */
#include "tests/conformance/suite.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static void every_code_has_a_name_and_a_text(void **state)
{
    (void)state;
    for (int i = 0; i < TR_CODE_COUNT; i++) {
        const char *name = tr_code_name((enum tr_code)i);
        assert_memory_equal(name, "TR_", 3);
        assert_in_range(strlen(tr_code_text((enum tr_code)i)), 1, 100);
        for (int k = 0; k < i; k++) {
            assert_string_not_equal(name, tr_code_name((enum tr_code)k));
            assert_string_not_equal(tr_code_text((enum tr_code)i), tr_code_text((enum tr_code)k));
        }
    }
    assert_string_equal(tr_code_name(TR_AGAIN), "TR_AGAIN");
    assert_string_equal(tr_code_name(TR_SYSTEM), "TR_SYSTEM");
}

static bool mentions(const char *text, const char *word)
{
    return strcasestr(text, word) != NULL;
}

/* RFC 9260 3.3.10: the causes, and a word that the text of each must contain. */
static void error_causes_have_texts(void **state)
{
    static const char *words[] = {NULL,     "stream",  "parameter", "cookie",    "resource",
                                  "addr",   "chunk",   "parameter", "parameter", "data",
                                  "cookie", "address", "abort",     "violation"};
    (void)state;
    for (int i = 1; i < 14; i++) {
        assert_true(mentions(tr_error_string(i), words[i]));
        for (int k = 1; k < i; k++)
            assert_string_not_equal(tr_error_string(i), tr_error_string(k));
    }
    assert_string_equal(tr_error_string(ETIMEDOUT), strerror(ETIMEDOUT));
    assert_string_equal(tr_error_string(ECONNREFUSED), strerror(ECONNREFUSED));
}

static void line_of(const struct tr_event *e, const char *word)
{
    char line[200], cut[8];
    memset(line, '#', sizeof line);
    assert_ptr_equal(tr_event_format(e, line, sizeof line), line);
    assert_in_range(strnlen(line, sizeof line), 1, sizeof line - 1);
    assert_null(strchr(line, '\n'));
    if (!mentions(line, word))
        fail_msg("'%s' does not say %s", line, word);
    memset(cut, '#', sizeof cut);
    tr_event_format(e, cut, sizeof cut);
    assert_in_range(strnlen(cut, sizeof cut), 1, sizeof cut - 1);
    assert_memory_equal(cut, line, strlen(cut));
}

static void every_event_has_a_line_of_text(void **state)
{
    static const char *changes[] = {[TR_COMM_UP] = "comm_up",
                                    [TR_COMM_LOST] = "comm_lost",
                                    [TR_RESTART] = "restart",
                                    [TR_SHUTDOWN_COMP] = "shutdown_comp",
                                    [TR_CANT_ASSOC] = "cant_assoc"};
    static const char *paths[] = {[TR_PATH_AVAILABLE] = "available",
                                  [TR_PATH_UNREACHABLE] = "unreachable",
                                  [TR_PATH_REMOVED] = "removed",
                                  [TR_PATH_ADDED] = "added",
                                  [TR_PATH_MADE_PRIM] = "made_prim",
                                  [TR_PATH_CONFIRMED] = "confirmed",
                                  [TR_PATH_POTENTIALLY_FAILED] = "potentially_failed"};
    static const char *others[] = {
        [TR_EV_ASSOC_CHANGE] = "comm_up",    [TR_EV_PATH_CHANGE] = "127.0.0.1",
        [TR_EV_SEND_FAILED] = "fail",        [TR_EV_REMOTE_ERROR] = "error",
        [TR_EV_SHUTDOWN] = "shutdown",       [TR_EV_PARTIAL_DELIVERY] = "partial",
        [TR_EV_ADAPTATION] = "adaptation",   [TR_EV_AUTHENTICATION] = "auth",
        [TR_EV_SENDER_DRY] = "dry",          [TR_EV_STREAM_RESET] = "stream_reset",
        [TR_EV_ASSOC_RESET] = "assoc_reset", [TR_EV_STREAM_CHANGE] = "stream_change",
        [TR_EV_STALLED] = "stalled",         [TR_EV_NO_ROOM] = "no_room",
        [TR_EV_OVERSIZED] = "oversized"};
    (void)state;
    for (int i = 0; i <= TR_CANT_ASSOC; i++)
        line_of(&(struct tr_event){.type = TR_EV_ASSOC_CHANGE, .change = {.state = (enum tr_assoc_state)i}},
                changes[i]);
    for (int i = 0; i <= TR_PATH_POTENTIALLY_FAILED; i++)
        line_of(&(struct tr_event){.type = TR_EV_PATH_CHANGE,
                                   .path = {ct_addr("127.0.0.1", 5), (enum tr_path_state)i, 0}},
                paths[i]);
    for (int i = 0; i <= TR_EV_OVERSIZED; i++) {
        struct tr_event e = {.type = (enum tr_event_type)i};
        if (i == TR_EV_PATH_CHANGE)
            e.path.address = ct_addr("127.0.0.1", 5);
        line_of(&e, others[i]);
    }
}

static void event_text_is_as_documented(void **state)
{
    struct tr_event up = {.type = TR_EV_ASSOC_CHANGE,
                          .assoc = 3,
                          .change = {.state = TR_COMM_UP, .outbound_streams = 10, .inbound_streams = 10}};
    char line[200];
    (void)state;
    assert_string_equal(tr_event_format(&up, line, sizeof line),
                        "comm_up assoc=3 outbound_streams=10 inbound_streams=10");
}

static void backend_describes_itself(void **state)
{
    struct tr_error error = {0};
    (void)state;
    assert_in_range(strlen(tr_backend_name(ct_backend)), 1, 20);
    assert_int_equal(tr_backend_caps(ct_backend) & ~(unsigned)(TR_CAP_GIVES_UP_SILENTLY * 2 - 1), 0);
    ct_ok(tr_backend_probe(ct_backend, &error), &error);
}

/* No backend may claim more than a row allows (read-only, write-only), and all support what every program
 * needs. */
static void backend_claims_fit_the_table(void **state)
{
    (void)state;
    for (int i = 0; i < OPT_ID_COUNT; i++) {
        if (opt_rows[i].when & OPT_NO_SET)
            assert_false(tr_backend_can_set(ct_backend, (enum opt_id)i));
        if (opt_rows[i].when & OPT_NO_GET)
            assert_false(tr_backend_can_get(ct_backend, (enum opt_id)i));
    }
    static const enum opt_id needed[] = {OPT_SNDBUF,  OPT_RECBUF, OPT_NODELAY,          OPT_RTOINFO,
                                         OPT_INITMSG, OPT_MAXSEG, OPT_PEER_ADDR_PARAMS, OPT_EVENTS};
    for (unsigned i = 0; i < sizeof needed / sizeof *needed; i++) {
        assert_true(tr_backend_can_set(ct_backend, needed[i]));
        assert_true(tr_backend_can_get(ct_backend, needed[i]));
    }
    assert_true(tr_backend_can_get(ct_backend, OPT_STATUS));
}

CT_TOPIC(errors, CT_CASE(every_code_has_a_name_and_a_text), CT_CASE(error_causes_have_texts),
         CT_CASE(every_event_has_a_line_of_text), CT_CASE(event_text_is_as_documented),
         CT_CASE(backend_describes_itself), CT_CASE(backend_claims_fit_the_table));
