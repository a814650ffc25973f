/* What another thread asks of the control thread: to reload, to end, to give a member another state. Each
 * request is answered when it is done, with the lines of the log that are about it. */
#ifndef JUNCTOR_BROKER_REQUEST_H
#define JUNCTOR_BROKER_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "routing/inbox.h"

struct brk_broker;
struct brk_control;

enum brk_request_kind { BRK_ASK_RELOAD, BRK_ASK_STOP, BRK_ASK_STATE };

#define BRK_NAME_TEXT 64 /* a name with its end */

/* Whoever asks fills the first part; until it comes back all is the control thread's. */
struct brk_request {
    uint32_t magic; /* BRK_REQUEST_MAGIC */
    struct rt_parcel parcel;
    struct rt_inbox *answer; /* where it goes back to */
    enum brk_request_kind kind;
    unsigned drain_ms;          /* of BRK_ASK_STOP; BRK_DRAIN_AS_CONFIGURED */
    char member[BRK_NAME_TEXT]; /* of BRK_ASK_STATE: a listener or peer, */
    enum cfg_state state; /* and its state; done when what that moves or ends has moved and left the groups */

    bool done;           /* else refused, or cut short */
    unsigned generation; /* of the plan in force afterwards */
    char *lines;         /* "event=… …\n", as logged; from malloc, the asker's; NULL: none */
    size_t length;
    struct brk_request *next; /* control's */
};

/* Fills what control needs beside the first part. */
void brk_request_init(struct brk_request *r, enum brk_request_kind kind);

/* ---- the control thread's side ---- */

/* Zero-initialised there are none. Not moved. */
struct brk_requests {
    struct brk_request *first; /* all that are not answered, oldest first */
    struct brk_request *reloading;
    struct brk_request *setting; /* whose state is being set */
};

/* Takes what came (`woken`: the descriptor polled readable) and moves all on. */
void brk_requests_turn(struct brk_requests *q, struct brk_broker *b, struct brk_control *c, bool woken);

/* The broker has ended, `good` with an account that balances: answers what is left. */
void brk_requests_end(struct brk_requests *q, struct brk_broker *b, bool good);

#endif
