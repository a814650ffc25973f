/* One value of a configuration: parsing, checking and writing its text according to its type, unit and
 * bounds.
 *
 * Used for every scalar of the configuration, SCTP options as well as other keys, and for command-line
 * arguments. Sizes are powers of 1024 (4096, 64K, 4M, 1G), times are 200ms, 3s, 1m, 1h; a bare number is in
 * the unit of the value. Nothing is rounded: a value that cannot be represented exactly is refused with the
 * nearest one that can be written instead.
 *
 * Pure functions, any thread. A `why` is one line that follows "name: " in an error message. */
#ifndef JUNCTOR_CONFIG_SCTP_VALUE_H
#define JUNCTOR_CONFIG_SCTP_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/sctp/options.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VAL_TEXT_MAX 256 /* enough for any val_format */
#define VAL_WHY_MAX  448 /* enough for any reason */

struct val_spec {
    enum opt_type type;
    enum opt_unit unit;
    int64_t min, max;
    const char
        *names; /* comma-separated. OPT_FLAGS, OPT_ENUM: see options.def. OPT_UINT: words for 0, 1, … */
};

/* The description of a field in a row of options.def. */
struct val_spec val_spec_of(enum opt_field f);

/* Parses any type whose value is a number (opt_is_number); OPT_FLAGS as "a,b" or one name. False with the
 * reason in `why`. */
bool val_parse(const struct val_spec *spec, const char *text, int64_t *out, char *why, size_t size);

/* Checks a number that was not parsed from text. */
bool val_check(const struct val_spec *spec, int64_t num, char *why, size_t size);

/* Writes it as it would be parsed, in the largest unit that represents it exactly. Returns `out`. */
const char *val_format(const struct val_spec *spec, int64_t num, char *out, size_t size);

/* "4K to 64M": the bounds as a user writes them; for OPT_ENUM and OPT_FLAGS the names. Returns `out`. */
const char *val_bounds(const struct val_spec *spec, char *out, size_t size);

/* The i-th of comma-separated names and its length, or NULL. */
const char *val_name(const char *names, unsigned i, size_t *len);

/* Parses the digits that `text` begins with (decimal, or hexadecimal after 0x); more than 64 bits give
 * UINT64_MAX. Returns what follows them, or NULL if there is no digit. */
const char *val_digits(const char *text, uint64_t *out);

#ifdef __cplusplus
}
#endif
#endif
