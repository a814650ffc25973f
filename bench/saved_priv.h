/* A saved result as a tree of values; private to the page. */
#ifndef JUNCTOR_BENCH_SAVED_PRIV_H
#define JUNCTOR_BENCH_SAVED_PRIV_H

#include "config/document.h"

struct bench_saved {
    char name[64];
    struct cfg_document *document;
    const struct cfg_node *root;
};

/* The member of an object; NULL: it has none, or is not an object. */
const struct cfg_node *bench_saved_get(const struct bench_saved *s, const struct cfg_node *object,
                                       const char *key);

/* A member's text, "" if there is none; its number, NAN if it is not a number. */
const char *bench_saved_text(const struct bench_saved *s, const struct cfg_node *object, const char *key);
double bench_saved_number(const struct bench_saved *s, const struct cfg_node *object, const char *key);

/* A member that is a list of numbers, as an array that the caller frees; *count 0 and NULL if there is
 * none. */
double *bench_saved_numbers(const struct bench_saved *s, const struct cfg_node *object, const char *key,
                            unsigned *count);

/* The first item of a member that is a list. */
const struct cfg_node *bench_saved_items(const struct bench_saved *s, const struct cfg_node *object,
                                         const char *key);

#endif
