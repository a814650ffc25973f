/* The files that a sweep is made of, and what was in them: --resume goes on only if that is still the same.
 * One thread. */
#ifndef JUNCTOR_BENCH_TUNE_INPUTS_H
#define JUNCTOR_BENCH_TUNE_INPUTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BENCH_INPUTS_MAX 3

struct bench_input {
    const char *option, *file; /* not owned */
    char digest[17]; /* of its content: FNV-1a, 64 bits, hexadecimal. It finds changes, not forgery */
};

struct bench_inputs {
    struct bench_input list[BENCH_INPUTS_MAX];
    unsigned count;
};

/* Reads a file and adds it; NULL and "" are none. Standard input ("-") is refused: it cannot be read again.
 * False with the reason in `why`. */
bool bench_inputs_add(struct bench_inputs *inputs, const char *option, const char *file, char *why,
                      size_t size);

#endif
