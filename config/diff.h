/* Compares two configurations: every difference, and when it takes effect if one replaces the other in a
 * running broker. `junctor check --diff` prints them, a reload logs them.
 *
 * What a file leaves out has its default and is compared like written values, so a default that depends on
 * another, changed value is a difference, too. SCTP options are compared as they are in effect at each
 * listener and peer, not where they are written (section `sctp`, profiles). The order of listeners, peers and
 * groups, which has no meaning, is not compared; that of routes and of the members of a group is. */
#ifndef JUNCTOR_CONFIG_DIFF_H
#define JUNCTOR_CONFIG_DIFF_H

#include <stdbool.h>
#include <stdio.h>

#include "config/config.h"
#include "config/keys.h"

#ifdef __cplusplus
extern "C" {
#endif

#define CFG_DIFF_VALUE 160 /* longest value that is reported; longer ones are cut, and end in "..." */

enum cfg_change { CFG_ADDED, CFG_REMOVED, CFG_CHANGED };

struct cfg_difference {
    enum cfg_section section; /* CFG_BROKER, CFG_LISTENERS, CFG_PEERS, CFG_GROUPS, CFG_ROUTES or CFG_TAP */
    const char *name; /* of the listener, peer, …; for a route without a name its keys; NULL: broker, tap,
                         and the order of routes */
    const char *key;  /* "port", "rtoinfo.min", "order"; NULL: all of it */
    enum cfg_change change;
    const char *before, *after; /* as a file spells them; NULL if there is none. For a list of members or
                                   sources the one that was added or removed */
    bool by_default;            /* `after` is not written */
    enum cfg_effect effect;     /* CFG_NOW, CFG_NEW_ASSOC, CFG_NEW_ENDPOINT or CFG_RESTART. A value that is
                                   removed from a listener and has no default but the stack's stays until its
                                   sockets are opened again: CFG_RESTART */
};

/* The texts are valid during the call. */
typedef void cfg_diff_tell(const struct cfg_difference *d, void *arg);

/* Calls `to` for each difference. `c` must have the ids of `old` (cfg_keep_ids). `readdresses`: the transport
 * in use can change the addresses of an open socket, so that they change at once where some stay. */
void cfg_diff(const struct cfg_config *old, const struct cfg_config *c, bool readdresses, cfg_diff_tell *to,
              void *arg);

/* "listeners", "peers", … in the singular. */
const char *cfg_section_word(enum cfg_section section);
const char *cfg_change_word(enum cfg_change change);

/* One line, without its end: "listener access: port: 2905 -> 2906 (new endpoint)". */
void cfg_difference_print(const struct cfg_difference *d, FILE *out);

#ifdef __cplusplus
}
#endif
#endif
