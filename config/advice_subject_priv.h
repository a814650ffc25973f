/* Whom advice is about. */
#ifndef JUNCTOR_CONFIG_ADVICE_SUBJECT_PRIV_H
#define JUNCTOR_CONFIG_ADVICE_SUBJECT_PRIV_H

#include "config/loader_priv.h"
#include "config/sctp/options.h"
#include "config/sctp/value.h"

/* One listener or peer, and what the routes make of it. */
struct subject {
    const struct cfg_origin *origin;
    const struct opt_set *options;
    const char *name;
    unsigned paths;                  /* to a peer; 0: not known */
    bool shares_socket;              /* its associations have one socket */
    bool standing;                   /* a peer that the broker keeps an association to */
    const struct cfg_group *standby; /* the first group where others come before it, or NULL */
    const struct cfg_route *signals; /* the first route whose signalling it sends, or NULL */
    uint32_t ppid;                   /* of that signalling */
};

struct shown {
    char text[VAL_TEXT_MAX];
};

static inline const char *show(enum opt_field f, int64_t num, struct shown *out)
{
    return opt_format_num(f, num, out->text, sizeof out->text);
}

#endif
