/* Puts the topics together and runs them on one backend. */
#include "tests/conformance/conformance.h"

#include <stdio.h>

#include "tests/conformance/suite.h"
#include "tests/conformance/support.h"

static const struct ct_topic *const topics[] = {
#define TOPIC(name) &ct_topic_##name,
#include "tests/conformance/topics.def"
};

int conformance_run(const struct tr_backend *b, int argc, char **argv)
{
    struct tr_error error = {0};
    int failed = 0;
    ct_backend = b;
    if (tr_backend_probe(b, &error) != TR_OK) {
        fprintf(stderr, "SKIP: the %s backend cannot run here: %s\n", tr_backend_name(b), error.text);
        return error.code == TR_NO_SCTP && error.text[0] ? 77 : 1; /* the one good reason, and in words */
    }
    if (!ct_learn_options())
        return 1;
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    for (size_t i = 0; i < sizeof topics / sizeof *topics; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s: %s", tr_backend_name(b), topics[i]->name);
        failed += _cmocka_run_group_tests(name, topics[i]->cases, topics[i]->count, NULL, NULL);
    }
    fprintf(stderr, "%s: %s\n", tr_backend_name(b), failed ? "NOT CONFORMANT" : "conformant");
    return failed != 0;
}
