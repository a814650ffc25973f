/* Options by their records (transport/record.c), over a simulated stack with one record: byte orders, numbers
 * that stacks count differently, paths and keys, which associations setting affects, and how failures are
 * reported. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "transport/record_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>

struct encaps { /* remote_udp_encaps_port */
    uint32_t assoc;
    struct sockaddr_storage address;
    uint16_t port;
};

struct path { /* peer_addr_params, most of it */
    uint32_t assoc, flags;
    uint8_t maxrxt;
    uint64_t interval;
};

TR_WORDS(schedulers, OPT_SS_RR, [OPT_SS_FCFS] = 5, [OPT_SS_RR] = 1, [OPT_SS_RR_PKT] = TR_NO_WORD);
TR_BITS(flags, 0x10, TR_NO_WORD, 0x40);

struct value {
    uint32_t assoc, value;
};

static const struct tr_record records[OPT_ID_COUNT] = {
    [OPT_REMOTE_UDP_ENCAPS_PORT] = {1, 2, sizeof(struct encaps), offsetof(struct encaps, assoc)},
    [OPT_PEER_ADDR_PARAMS] = {1, 3, sizeof(struct path), offsetof(struct path, assoc)},
    [OPT_STREAM_SCHEDULER] = {1, 4, sizeof(struct value), offsetof(struct value, assoc)},
    [OPT_STREAM_SCHEDULER_VALUE] = {1, 5, sizeof(struct value), offsetof(struct value, assoc)},
};

static const struct tr_member members[OPTF_COUNT] = {
    [OPTF_RUE_ADDRESS] = {offsetof(struct encaps, address), 0, TR_PATH, NULL},
    [OPTF_RUE_PORT] = {offsetof(struct encaps, port), 2, TR_NETWORK, NULL},
    [OPTF_PAP_FLAGS] = {offsetof(struct path, flags), 4, TR_WORD, &flags},
    [OPTF_PAP_PATHMAXRXT] = {offsetof(struct path, maxrxt), 1, TR_NUMBER, NULL},
    [OPTF_PAP_HBINTERVAL] = {offsetof(struct path, interval), 8, TR_NUMBER, NULL},
    [OPTF_STREAM_SCHEDULER] = {offsetof(struct value, value), 4, TR_WORD, &schedulers},
    [OPTF_SSV_STREAM] = {offsetof(struct value, value), 2, TR_KEY, NULL},
};

static struct {
    uint8_t record[TR_RECORD_MAX]; /* what stands there */
    uint8_t asked[TR_RECORD_MAX];  /* with what it was read last */
    uint32_t set_for[4];
    unsigned sets;
    int fails;         /* errno of every call; 0: none */
    int fails_for_all; /* the same of SCTP_ALL_ASSOC */
    int fails_for_current;
    bool exists;
} stack;

static int set(struct tr_endpoint *ep, int level, int name, const void *value, size_t size)
{
    (void)ep;
    uint32_t assoc;
    assert_int_equal(level, 1);
    assert_in_range(name, 2, 5);
    memcpy(&assoc, value, sizeof assoc); /* it stands first in each */
    stack.set_for[stack.sets++] = assoc;
    errno = assoc == 2 ? stack.fails_for_all : assoc == 1 ? stack.fails_for_current : stack.fails;
    if (errno != 0)
        return -1;
    memcpy(stack.record, value, size);
    return 0;
}

static int get(struct tr_endpoint *ep, int level, int name, void *value, size_t size)
{
    (void)ep;
    (void)level;
    (void)name;
    memcpy(stack.asked, value, size);
    errno = stack.fails;
    if (errno == 0)
        memcpy(value, stack.record, size);
    return errno == 0 ? 0 : -1;
}

static enum tr_code code_of(int error_number)
{
    return error_number == EINVAL ? TR_INVALID : error_number == ENOENT ? TR_NO_ASSOC : TR_SYSTEM;
}

static bool exists(struct tr_endpoint *ep, uint32_t assoc)
{
    (void)ep;
    (void)assoc;
    return stack.exists;
}

static enum tr_code find_path(const struct tr_place *at, const char *text, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof *out);
    out->ss_family = text ? AF_INET : AF_UNSPEC;
    return text && strcmp(text, "10.0.0.9") == 0 ? tr_refuse(at, TR_ADDR_UNKNOWN, "%s is nobody's", text)
                                                 : TR_OK;
}

static const struct tr_reason reasons[] = {
    {OPT_PEER_ADDR_PARAMS, EINVAL, TR_OK, "; this way"},
    {OPT_PEER_ADDR_PARAMS, EACCES, TR_UNSUPPORTED, "; nor that"},
};

static const struct tr_records table = {.record = records,
                                        .member = members,
                                        .reason = reasons,
                                        .reasons = sizeof reasons / sizeof reasons[0],
                                        .set = set,
                                        .get = get,
                                        .code = code_of,
                                        .exists = exists,
                                        .find_path = find_path};

static struct tr_option_ops ops[OPT_ID_COUNT];
static const struct tr_backend backend = {.name = "tiny", .options = ops, .records = &table};
static struct tr_endpoint ep;
static struct tr_error error;

static struct tr_place at(enum opt_id id, uint32_t assoc)
{
    ops[id].set = tr_set_record;
    ops[id].get = tr_get_record;
    return (struct tr_place){&ep, assoc, id, &error};
}

static int set_up(void **state)
{
    (void)state;
    memset(&stack, 0, sizeof stack);
    memset(ops, 0, sizeof ops);
    memset(&error, 0, sizeof error);
    ep = (struct tr_endpoint){.backend = &backend, .style = TR_ONE_TO_MANY};
    stack.exists = true;
    return 0;
}

static void fields_stand_where_the_table_says(void **state)
{
    (void)state;
    struct tr_place p = at(OPT_PEER_ADDR_PARAMS, 7);
    struct opt_set in = {0}, out = {0};
    struct path r;
    opt_put(&in, OPTF_PAP_FLAGS, 5);
    opt_put(&in, OPTF_PAP_PATHMAXRXT, 200);
    opt_put(&in, OPTF_PAP_HBINTERVAL, INT64_C(1) << 40);
    opt_put(&in, OPTF_PAP_PATHMTU, 1400); /* the stack has none */
    assert_int_equal(tr_set_record(&p, &in), TR_OK);
    memcpy(&r, stack.record, sizeof r);
    assert_int_equal(r.assoc, 7);
    assert_int_equal(r.flags, 0x50);
    assert_int_equal(r.maxrxt, 200);
    assert_true(r.interval == UINT64_C(1) << 40);
    assert_int_equal(tr_get_record(&p, &out), TR_OK);
    assert_int_equal(opt_num(&out, OPTF_PAP_FLAGS, 0), 5);
    assert_int_equal(opt_num(&out, OPTF_PAP_PATHMAXRXT, 0), 200);
    assert_true(opt_num(&out, OPTF_PAP_HBINTERVAL, 0) == INT64_C(1) << 40);
    assert_false(opt_given(&out, OPTF_PAP_PATHMTU));
}

static void what_is_not_given_is_0_or_stays(void **state)
{
    (void)state;
    struct tr_place p = at(OPT_PEER_ADDR_PARAMS, 7);
    struct path r = {.flags = 0x10, .maxrxt = 3, .interval = 4};
    struct opt_set in = {0}, all;
    opt_put(&in, OPTF_PAP_PATHMAXRXT, 9);
    memcpy(stack.record, &r, sizeof r);
    assert_int_equal(tr_merge(&p, &in, &all), TR_OK);
    assert_int_equal(opt_num(&all, OPTF_PAP_PATHMAXRXT, 0), 9);
    assert_int_equal(opt_num(&all, OPTF_PAP_HBINTERVAL, 0), 4);
    assert_int_equal(tr_ask(&p, OPTF_PAP_HBINTERVAL, -1), 4);
    assert_int_equal(tr_set_merged(&p, &in), TR_OK);
    memcpy(&r, stack.record, sizeof r);
    assert_int_equal(r.maxrxt, 9);
    assert_int_equal(r.flags, 0x10);
    assert_int_equal(tr_set_record(&p, &in), TR_OK);
    memcpy(&r, stack.record, sizeof r);
    assert_int_equal(r.maxrxt, 9);
    assert_int_equal(r.flags, 0);
    stack.fails = EINVAL;
    assert_int_equal(tr_ask(&p, OPTF_PAP_HBINTERVAL, -1), -1);
}

static void values_that_a_stack_lacks_are_named(void **state)
{
    (void)state;
    struct tr_place p = at(OPT_STREAM_SCHEDULER, 0), path = at(OPT_PEER_ADDR_PARAMS, 0);
    struct opt_set in = {0}, out = {0};
    struct value r = {0, 77};
    opt_put(&in, OPTF_STREAM_SCHEDULER, OPT_SS_FCFS);
    assert_int_equal(tr_set_record(&p, &in), TR_OK);
    assert_int_equal(((struct value *)(void *)stack.record)->value, 5);
    opt_put(&in, OPTF_STREAM_SCHEDULER, OPT_SS_RR_PKT); /* a hole of the list */
    assert_int_equal(tr_set_record(&p, &in), TR_UNSUPPORTED);
    assert_string_equal(error.text, "stream_scheduler: the tiny transport does not have rr_pkt");
    opt_put(&in, OPTF_STREAM_SCHEDULER, OPT_SS_WFQ); /* beyond its end */
    assert_int_equal(tr_set_record(&p, &in), TR_UNSUPPORTED);
    opt_put(&in, OPTF_PAP_FLAGS, 2);
    assert_int_equal(tr_set_record(&path, &in), TR_UNSUPPORTED);
    opt_put(&in, OPTF_PAP_FLAGS, 8);
    assert_int_equal(tr_set_record(&path, &in), TR_UNSUPPORTED);
    assert_int_equal(stack.sets, 1);
    memcpy(stack.record, &r, sizeof r); /* a number of the stack's that is none of the list's */
    assert_int_equal(tr_get_record(&p, &out), TR_OK);
    assert_int_equal(opt_num(&out, OPTF_STREAM_SCHEDULER, 0), OPT_SS_RR);
}

static void paths_and_keys_are_said_before_reading(void **state)
{
    (void)state;
    struct tr_place p = at(OPT_REMOTE_UDP_ENCAPS_PORT, 3), key = at(OPT_STREAM_SCHEDULER_VALUE, 3);
    struct opt_set out = {0}, in = {0};
    struct encaps *asked = (void *)stack.asked, r = {.port = htons(9899)};
    memcpy(stack.record, &r, sizeof r);
    opt_put_text(&out, OPTF_RUE_ADDRESS, "10.0.0.1");
    assert_int_equal(tr_get_record(&p, &out), TR_OK);
    assert_int_equal(asked->assoc, 3);
    assert_int_equal(asked->address.ss_family, AF_INET);
    assert_int_equal(opt_num(&out, OPTF_RUE_PORT, 0), 9899);
    opt_put_text(&in, OPTF_RUE_ADDRESS, "10.0.0.9");
    assert_int_equal(tr_set_record(&p, &in), TR_ADDR_UNKNOWN);
    assert_int_equal(stack.sets, 0);
    opt_put(&out, OPTF_SSV_STREAM, 12);
    assert_int_equal(tr_get_record(&key, &out), TR_OK);
    assert_int_equal(((struct value *)(void *)stack.asked)->value, 12);
}

static void setting_reaches_whom_the_row_says(void **state)
{
    (void)state;
    struct tr_place p = at(OPT_PEER_ADDR_PARAMS, 0), one = at(OPT_PEER_ADDR_PARAMS, 8);
    struct opt_set in = {0};
    opt_put(&in, OPTF_PAP_PATHMAXRXT, 1);
    ops[p.id].reach = TR_ALL;
    assert_int_equal(tr_set_record(&p, &in), TR_OK);
    assert_int_equal(stack.sets, 1);
    assert_int_equal(stack.set_for[0], 2);
    stack.sets = 0;
    stack.fails_for_all = EINVAL; /* an old kernel: then for those to come */
    assert_int_equal(tr_set_record(&p, &in), TR_OK);
    assert_int_equal(stack.sets, 2);
    assert_int_equal(stack.set_for[1], 0);
    stack.sets = 0;
    stack.fails_for_all = EPERM; /* a refusal */
    assert_int_equal(tr_set_record(&p, &in), TR_SYSTEM);
    assert_int_equal(stack.sets, 1);
    stack.sets = 0;
    ops[p.id].reach = TR_CURRENT;
    stack.fails_for_current = EACCES; /* no error */
    assert_int_equal(tr_set_record(&p, &in), TR_OK);
    assert_int_equal(stack.sets, 2);
    assert_int_equal(stack.set_for[0], 0);
    assert_int_equal(stack.set_for[1], 1);
    stack.sets = 0;
    assert_int_equal(tr_set_record(&one, &in), TR_OK); /* one association is one */
    ep.style = TR_ONE_TO_ONE;
    assert_int_equal(tr_set_record(&p, &in), TR_OK);
    assert_int_equal(stack.sets, 2);
    assert_int_equal(stack.set_for[0], 8);
    assert_int_equal(stack.set_for[1], 0);
}

static void failures_say_what_they_are(void **state)
{
    (void)state;
    struct tr_place p = at(OPT_PEER_ADDR_PARAMS, 7), key = at(OPT_STREAM_SCHEDULER_VALUE, 0);
    struct opt_set in = {0}, out = {0};
    stack.fails = EINVAL;
    assert_int_equal(tr_set_record(&p, &in), TR_INVALID);
    assert_string_equal(error.text, "peer_addr_params: the stack does not take this; this way");
    stack.fails = EACCES;
    assert_int_equal(tr_get_record(&p, &out), TR_UNSUPPORTED);
    assert_non_null(strstr(error.text, "; nor that"));
    stack.fails = ENOENT;
    assert_int_equal(tr_get_record(&p, &out), TR_NO_ASSOC);
    stack.fails = EINVAL;
    stack.exists = false;
    assert_int_equal(tr_set_record(&p, &in), TR_NO_ASSOC);
    assert_string_equal(error.text, "peer_addr_params: there is no association 7");
    assert_int_equal(tr_get_record(&key, &out), TR_NO_ASSOC);
    assert_string_equal(error.text, "stream_scheduler_value: needs an association");
    p.assoc = 0; /* an endpoint has it: then it is the value */
    assert_int_equal(tr_set_record(&p, &in), TR_INVALID);
    p.error = NULL;
    assert_int_equal(tr_set_record(&p, &in), TR_INVALID);
}

#define CASE(f) cmocka_unit_test_setup(f, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(fields_stand_where_the_table_says),   CASE(what_is_not_given_is_0_or_stays),
        CASE(values_that_a_stack_lacks_are_named), CASE(paths_and_keys_are_said_before_reading),
        CASE(setting_reaches_whom_the_row_says),   CASE(failures_say_what_they_are),
    };
    return cmocka_run_group_tests_name("transport/record", tests, NULL, NULL);
}
