/* Collects the remarks about one file: a list of its errors, and one of its warnings. Each remark is one
 * line; they are sorted by place, without repetitions. */
#ifndef JUNCTOR_CONFIG_ERRORS_PRIV_H
#define JUNCTOR_CONFIG_ERRORS_PRIV_H

#include <stddef.h>

#include "config/config.h"

struct err_list { /* zero-initialised it is empty, and for errors */
    enum cfg_severity severity;
    struct cfg_remark *list;
    unsigned count, room;
    unsigned dropped; /* beyond the number that is kept */
};

/* Adds one remark with the list's severity. Control characters from the file's text are replaced by blanks.
 * There is at most one warning for a place: what is written there may be shared by many endpoints. */
__attribute__((format(printf, 3, 4))) void err_add(struct err_list *e, struct cfg_place at, const char *fmt,
                                                   ...);

/* There were more than are kept: the search for more can end. */
bool err_is_full(const struct err_list *e);

/* Sorts, drops repetitions and moves the list to the caller; *e is empty afterwards. */
void err_finish(struct err_list *e, struct cfg_remarks *out);

#endif
