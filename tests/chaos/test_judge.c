/* The judge of the chaos test detects what is not explained: the records of a small run are written, and then
 * damaged in one way at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/chaos/judge.h"
#include "tests/chaos/record.h"

enum { CLIENT = 1, SERVER = 2, OTHER = 3, ASSOC = 7, AT = 9, ELSEWHERE = 8 };

static char folder[] = "/tmp/junctor-judge.XXXXXX";
static char *report;
static size_t report_size;

/* Ten messages of stream 0 that the client sent; the last one was given back, and of the others `server` has
 * read those whose characters in `read` are 'r', and left unread those that are 'u'. */
static void write_run(const char *read)
{
    int client = record_open(folder, "client-0", CLIENT), server = record_open(folder, "server-0", SERVER);
    close(record_open(folder, "server-1", OTHER));
    for (uint32_t n = 0; n < 10; n++) {
        struct chaos_id id = {CLIENT, ASSOC, 0, n};
        record_add(client, RECORD_TRY, &id, 0);
        record_add(client, RECORD_ACCEPTED, &id, 0);
        if (n == 9)
            record_add(client, RECORD_FAILED, &id, 0);
        if (read[n] != '-')
            record_add(server, (enum record_kind)read[n], &id, AT);
    }
    close(client);
    close(server);
}

static void add(const char *program, uint32_t incarnation, enum record_kind kind, uint32_t number,
                uint32_t at)
{
    char path[100];
    struct chaos_id id = {CLIENT, ASSOC, 0, number};
    snprintf(path, sizeof path, "%s/%s.%u.record", folder, program, incarnation);
    FILE *f = fopen(path, "a");
    assert_non_null(f);
    record_add(fileno(f), kind, &id, at);
    fclose(f);
}

static void write_account(const char *text)
{
    char path[100];
    snprintf(path, sizeof path, "%s/broker.log", folder);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f, "ts=now level=info event=account %s\n", text);
    fclose(f);
}

static bool explained(const char *kind)
{
    free(report);
    FILE *f = open_memstream(&report, &report_size);
    bool fine = judge(folder, kind_of(kind), f);
    fclose(f);
    return fine;
}

/* Says that exactly this was found. */
static void finds(const char *kind, const char *what)
{
    assert_false(explained(kind));
    const char *first = strstr(report, "unexplained: ");
    assert_non_null(first);
    if (strstr(first, what) == NULL)
        fail_msg("\"%s\" is not in:\n%s", what, report);
}

#define ALL_OF_NINE "received=9 copies=0 delivered=9 dropped=0 waiting=0 returned=0"

static void a_clean_run_is_explained(void **state)
{
    (void)state;
    write_run("rrrrrrrrr-");
    write_account(ALL_OF_NINE);
    assert_true(explained("paired"));
    assert_true(explained("override"));
    /* What a killed program had unread was delivered. */
    write_run("rrrrrruuu-");
    assert_true(explained("override"));
    /* What was given back may have arrived. */
    write_run("rrrrrrrrrr");
    write_account("received=10 copies=0 delivered=10 dropped=0 waiting=0 returned=0");
    assert_true(explained("override"));
}

static void a_lost_message_is_found(void **state)
{
    (void)state;
    write_run("rrrr-rrrr-");
    write_account(ALL_OF_NINE);
    finds("override", "1 messages that the broker calls delivered did not arrive");
    finds("paired", "message 5 of stream 0 of association 7 of sender 1 came right after 3");
    /* The broker's kernel had acknowledged it, and the broker says nothing of it. */
    write_account("received=8 copies=0 delivered=8 dropped=0 waiting=0 returned=0");
    finds("override", "acknowledged 1 messages that it did not receive");
    /* It has been dropped, and that is counted, but must not happen. */
    write_account("received=9 copies=0 delivered=8 dropped=1 waiting=0 returned=0 dropped_peer_lost=1");
    finds("override", "1 messages were dropped as peer_lost, which override does not allow");
    write_run("rrrrrrrr--");
    assert_true(explained("paired"));
    /* A kind may drop answers, but not what clients send. */
    write_account("received=9 copies=0 delivered=8 dropped=1 waiting=0 returned=0 dropped_peer_lost=1");
    finds("mapped",
          "message 8 of stream 0 of association 7 of sender 1 was acknowledged and arrived nowhere");
}

static void what_the_stack_gave_up_without_a_word_may_be_missing(void **state)
{
    (void)state;
    write_run("rrrr-r-rr-");
    write_account(ALL_OF_NINE " abandoned_unseen=1 abandoned_unknown=1");
    assert_true(explained("ttl"));
    write_account(ALL_OF_NINE " abandoned_unknown=1");
    finds("ttl", "1 messages that the broker calls delivered did not arrive");
    write_run("rrrrrrrrr-");
    finds("override", "1 messages were given up by the stack, which override does not allow");
}

static void a_swapped_pair_is_found(void **state)
{
    (void)state;
    write_run("rrr-------");
    add("server-0", SERVER, RECORD_READ, 4, AT);
    add("server-0", SERVER, RECORD_READ, 3, AT);
    for (uint32_t n = 5; n < 9; n++)
        add("server-0", SERVER, RECORD_READ, n, AT);
    write_account(ALL_OF_NINE);
    finds("override", "message 3 of stream 0 of association 7 of sender 1 came after 4");
    assert_true(explained("round-robin"));
}

static void an_invented_message_is_found(void **state)
{
    (void)state;
    write_run("rrrrrrrrr-");
    add("server-0", SERVER, RECORD_READ, 10, AT);
    write_account("received=10 copies=0 delivered=10 dropped=0 waiting=0 returned=0");
    finds("override", "message 10 of stream 0 of association 7 of sender 1 was never sent");
    write_run("rrrrrrrrr-");
    add("server-0", SERVER, RECORD_STRANGE, 3, AT);
    write_account(ALL_OF_NINE);
    finds("override", "read something that nobody sent so");
    /* One that nobody has seen, but for the broker. */
    write_run("rrrrrrrrr-");
    write_account("received=11 copies=0 delivered=9 dropped=2 waiting=0 returned=0 dropped_peer_lost=2");
    finds("paired", "the broker received 1 messages more than can have been sent");
}

static void a_message_may_come_again_elsewhere_only(void **state)
{
    (void)state;
    write_run("rrrrrrrrr-");
    write_account(ALL_OF_NINE);
    add("server-1", OTHER, RECORD_READ, 8, ELSEWHERE);
    assert_true(explained("override"));
    add("server-0", SERVER, RECORD_READ, 8, AT);
    finds("round-robin", "message 8 of stream 0 of association 7 of sender 1 came twice");
}

static void arrivals_that_nobody_counted_are_found(void **state)
{
    (void)state;
    write_run("rrrrrrrrr-");
    write_account("received=9 copies=0 delivered=7 dropped=2 waiting=0 returned=0 dropped_peer_lost=2");
    finds("paired", "2 messages arrived that the broker calls neither delivered nor unacknowledged");
    write_account("received=9 copies=0 delivered=7 dropped=2 waiting=0 returned=2 dropped_unacknowledged=2");
    assert_true(explained("paired"));
}

static void an_account_that_does_not_balance_is_found(void **state)
{
    (void)state;
    write_run("rrrrrrrrr-");
    write_account("received=9 copies=0 delivered=8 dropped=0 waiting=0 returned=0");
    finds("override", "does not balance");
    write_account("received=9 copies=0 delivered=8 dropped=0 waiting=1 returned=0");
    finds("override", "1 messages still wait");
}

static void each_receiver_of_a_broadcast_counts(void **state)
{
    (void)state;
    write_run("rrrrrrrrr-");
    for (uint32_t n = 3; n < 9; n++)
        add("server-1", OTHER, RECORD_READ, n, ELSEWHERE);
    write_account("received=9 copies=6 delivered=15 dropped=0 waiting=0 returned=0");
    assert_true(explained("broadcast"));
    add("server-1", OTHER, RECORD_READ, 2, ELSEWHERE);
    finds("broadcast", "came after 8");
}

static void half_a_line_is_mended(void **state)
{
    (void)state;
    struct chaos_id id = {CLIENT, ASSOC, 0, 3};
    char path[100], text[200] = "";
    int file = record_open(folder, "server-0", SERVER);
    record_add(file, RECORD_READ, &id, AT);
    assert_int_equal(write(file, "r 1 7 0", 7), 7);
    record_repair(file, RECORD_READ, &id, AT); /* it was recorded */
    id.number = 4;
    assert_int_equal(write(file, "r 1 7 0 4", 9), 9);
    record_repair(file, RECORD_READ, &id, AT); /* it was not */
    close(file);
    snprintf(path, sizeof path, "%s/server-0.%d.record", folder, SERVER);
    FILE *f = fopen(path, "r");
    assert_int_not_equal(fread(text, 1, sizeof text - 1, f), 0);
    fclose(f);
    assert_string_equal(text, "r 1 7 0 3 9\nr 1 7 0 4 9\n");
}

static int end(void **state)
{
    static const char *const files[] = {"client-0.1.record", "server-0.2.record", "server-1.3.record",
                                        "broker.log"};
    char path[100];
    (void)state;
    free(report);
    for (unsigned i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        unlink(path);
    }
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clean_run_is_explained),
        cmocka_unit_test(a_lost_message_is_found),
        cmocka_unit_test(what_the_stack_gave_up_without_a_word_may_be_missing),
        cmocka_unit_test(a_swapped_pair_is_found),
        cmocka_unit_test(an_invented_message_is_found),
        cmocka_unit_test(a_message_may_come_again_elsewhere_only),
        cmocka_unit_test(arrivals_that_nobody_counted_are_found),
        cmocka_unit_test(an_account_that_does_not_balance_is_found),
        cmocka_unit_test(each_receiver_of_a_broadcast_counts),
        cmocka_unit_test(half_a_line_is_mended),
    };
    return mkdtemp(folder) ? cmocka_run_group_tests(tests, NULL, end) : 1;
}
