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

#define TOPIC(name) extern const struct ct_topic ct_topic_##name;
#include "tests/conformance/topics.def"

#endif
