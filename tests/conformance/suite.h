/* The topics of the conformance suite, one .c file each. */
#ifndef JUNCTOR_TESTS_CONFORMANCE_SUITE_H
#define JUNCTOR_TESTS_CONFORMANCE_SUITE_H

#include "tests/conformance/support.h"

struct ct_topic {
    const char *name;
    const struct CMUnitTest *cases;
    size_t count;
};

/* Ends a topic's file: CT_TOPIC(open, CT_CASE(...), CT_CASE(...)); */
#define CT_TOPIC(topic, ...)                                                                                 \
    static const struct CMUnitTest cases[] = {__VA_ARGS__};                                                  \
    const struct ct_topic ct_topic_##topic = {#topic, cases, sizeof cases / sizeof *cases}

extern const struct ct_topic ct_topic_errors, ct_topic_loops, ct_topic_open, ct_topic_connect,
    ct_topic_addresses, ct_topic_messages, ct_topic_batches, ct_topic_slots, ct_topic_backpressure,
    ct_topic_partial, ct_topic_events, ct_topic_peeloff, ct_topic_closing, ct_topic_options,
    ct_topic_option_walk, ct_topic_threads, ct_topic_limits, ct_topic_stash, ct_topic_reconfig, ct_topic_auth,
    ct_topic_send_record;

#endif
