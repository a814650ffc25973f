/* option.h for code inside the library: sets by value, and the rows as tables. */
#ifndef JUNCTOR_CONFIG_SCTP_OPTIONS_H
#define JUNCTOR_CONFIG_SCTP_OPTIONS_H

#include "config/sctp/option.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const struct opt_row opt_rows[OPT_ID_COUNT];
extern const struct opt_field_row opt_field_rows[OPTF_COUNT];

#define OPT_TEXTS 8 /* how many fields are addresses; options.c asserts that */

/* Zero-initialised it is empty. Can be copied by assignment; it has about 1.5 KB, so pass it by reference.
 * Its members are for the functions of option.h only. */
struct opt_set {
    uint64_t given[(OPTF_COUNT + 63) / 64];
    union {
        int64_t num;      /* for an address, its index in text */
        const char *file; /* OPT_FILE */
    } value[OPTF_COUNT];
    unsigned texts;
    char text[OPT_TEXTS][OPT_TEXT_MAX];
};

#ifdef __cplusplus
}
#endif
#endif
