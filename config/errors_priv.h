/* Collecting the errors of one file. Each is one line; they come out in order of their place, each once. */
#ifndef JUNCTOR_CONFIG_ERRORS_PRIV_H
#define JUNCTOR_CONFIG_ERRORS_PRIV_H

#include <stddef.h>

#include "config/config.h"

struct cfg_place {
    unsigned line, column; /* from 1; line 0: nowhere, or the file as a whole */
};

struct err_list { /* zero-initialised it is empty */
    struct cfg_error *list;
    unsigned count, room;
    unsigned dropped; /* beyond the bound of how many are kept */
};

/* Adds one error. Control characters that came in with the text of the file are blanked. */
__attribute__((format(printf, 3, 4))) void err_add(struct err_list *e, struct cfg_place at, const char *fmt,
                                                   ...);

/* Sorts, drops repetitions and hands the list over; *e is empty afterwards. */
void err_finish(struct err_list *e, struct cfg_errors *out);

#endif
