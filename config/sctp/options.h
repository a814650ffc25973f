/* option.h for what has the library's inside at hand: sets by value, and the rows as tables. */
#ifndef JUNCTOR_CONFIG_SCTP_OPTIONS_H
#define JUNCTOR_CONFIG_SCTP_OPTIONS_H

#include "config/sctp/option.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const struct opt_row opt_rows[OPT_ID_COUNT];
extern const struct opt_field_row opt_field_rows[OPTF_COUNT];

#define OPT_TEXTS 8 /* how many fields are addresses; options.c holds the two together */

/* Zero-initialised it is empty. Copies by assignment; about 1.5 KB, so rather by reference. What stands in it
 * is for the functions of option.h. */
struct opt_set {
    uint64_t given[(OPTF_COUNT + 63) / 64];
    union {
        int64_t num;      /* of an address its place in text */
        const char *file; /* OPT_FILE */
    } value[OPTF_COUNT];
    unsigned texts;
    char text[OPT_TEXTS][OPT_TEXT_MAX];
};

#ifdef __cplusplus
}
#endif
#endif
