/* "Did you mean …": the candidate nearest to a mistyped word.
 *
 * Distance is Damerau-Levenshtein with adjacent transpositions (optimal string alignment), case ignored; a
 * word that is the beginning of a candidate counts as one error. Nothing is suggested if more than a third of
 * the word would have to change. Pure; any thread. */
#ifndef JUNCTOR_CONFIG_SCTP_NEAREST_H
#define JUNCTOR_CONFIG_SCTP_NEAREST_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NEAREST_MAX 64 /* longer words and candidates never match */

struct nearest {
    const char *word; /* what was written; owned by the caller */
    unsigned distance;
    char best[NEAREST_MAX];
};

void nearest_begin(struct nearest *n, const char *word);
void nearest_try(struct nearest *n, const char *candidate);
void nearest_try_len(struct nearest *n, const char *candidate, size_t len);

/* The best candidate so far, or NULL if none is near. Points into *n. */
const char *nearest_found(const struct nearest *n);

#ifdef __cplusplus
}
#endif
#endif
