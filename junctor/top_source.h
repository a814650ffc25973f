/* Where `junctor top` reads: the admin interface of a broker, which may end and come again. */
#ifndef JUNCTOR_JUNCTOR_TOP_SOURCE_H
#define JUNCTOR_JUNCTOR_TOP_SOURCE_H

#include "junctor/client.h"
#include "junctor/top_table.h"

#define TOP_NAME 100 /* bytes of a name or a number */

/* What is shown: a list, a part of one, or one association. */
struct top_place {
    const struct top_view *view; /* top_members: of the group `of`; top_one: the association `of` */
    char key[16];                /* associations of "peer" or "listener"; "": all */
    char of[TOP_NAME];
};

struct top_source {
    const char *given; /* the socket's path; NULL: the only broker of this host */
    int give_up;       /* as in struct client_patience */
};

/* One reading; zero-initialised it is empty. */
struct top_reading {
    json_t *status;              /* /v1/status */
    json_t *rows;                /* of the place */
    json_t *history;             /* of an association; else NULL */
    uint64_t status_ms, rows_ms; /* the broker's uptime then */
    long long total;             /* rows that there are; more than were read: top_read stops at 20,000 */
};

/* Reads. Returns as client_request, `why` is the reason; with CLIENT_REFUSED (the association has gone) there
 * may still be a status and a history. Blocks until the broker has answered, for a few seconds at most. */
int top_read(const struct top_source *source, const struct top_place *place, struct top_reading *reading,
             char *why, size_t size);

void top_reading_free(struct top_reading *reading);

#endif
