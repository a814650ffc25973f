/* One value of a configuration: how its text is read, checked and written, told by its type, unit and bounds.
 *
 * Every scalar of the configuration goes through here, SCTP options and structural keys alike, and so do the
 * arguments of the command line. Sizes are powers of 1024 (4096, 64K, 4M, 1G), times are 200ms, 3s, 1m, 1h; a
 * bare number counts in the unit of the value. Nothing is rounded: what cannot be held exactly is refused
 * with the nearest thing that can be written instead.
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

/* What a row of options.def says about one field. */
struct val_spec val_spec_of(enum opt_field f);

/* Reads any type whose value is a number (opt_is_number); OPT_FLAGS as "a,b" or one name. False with the
 * reason in `why`. */
bool val_parse(const struct val_spec *spec, const char *text, int64_t *out, char *why, size_t size);

/* Checks a number that did not come from text. */
bool val_check(const struct val_spec *spec, int64_t num, char *why, size_t size);

/* Writes it the way it is read, in the largest unit that holds it exactly. Returns `out`. */
const char *val_format(const struct val_spec *spec, int64_t num, char *out, size_t size);

/* "4K to 64M": the bounds as a person writes them; for OPT_ENUM and OPT_FLAGS the names. Returns `out`. */
const char *val_bounds(const struct val_spec *spec, char *out, size_t size);

/* The i-th of comma-separated names and its length, or NULL. */
const char *val_name(const char *names, unsigned i, size_t *len);

/* Reads the digits that `text` begins with (decimal, or hexadecimal after 0x); more than 64 bits read as
 * UINT64_MAX. Returns what follows them, or NULL where there is no digit. */
const char *val_digits(const char *text, uint64_t *out);

#ifdef __cplusplus
}
#endif
#endif
