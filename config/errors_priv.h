/* Collecting what is to be said about one file: a list of its errors, and one of its warnings. Each remark is
 * one line; they come out in order of their place, each once. */
#ifndef JUNCTOR_CONFIG_ERRORS_PRIV_H
#define JUNCTOR_CONFIG_ERRORS_PRIV_H

#include <stddef.h>

#include "config/config.h"

struct err_list { /* zero-initialised it is empty, and for errors */
    enum cfg_severity severity;
    struct cfg_remark *list;
    unsigned count, room;
    unsigned dropped; /* beyond the bound of how many are kept */
};

/* Adds one remark of the list's severity. Control characters that came in with the text of the file are
 * blanked. A place is warned of once: what is written there may be shared by many endpoints. */
__attribute__((format(printf, 3, 4))) void err_add(struct err_list *e, struct cfg_place at, const char *fmt,
                                                   ...);

/* There were more than are kept: nobody reads the rest, so that the search for more can end. */
bool err_is_full(const struct err_list *e);

/* Sorts, drops repetitions and hands the list over; *e is empty afterwards. */
void err_finish(struct err_list *e, struct cfg_remarks *out);

#endif
