/* What a reload compares: whether a listener or peer of one configuration is where that of another is. */
#ifndef JUNCTOR_CONFIG_SAME_H
#define JUNCTOR_CONFIG_SAME_H

#include "config/config.h"

#ifdef __cplusplus
extern "C" {
#endif

/* True when both are there and mean the same endpoint: the same addresses in the same order, ports, network
 * namespace and device. A listener for which this is false needs a new socket, a peer a new association. */
bool cfg_same_listening(const struct cfg_listener *a, const struct cfg_listener *b);
bool cfg_same_remote(const struct cfg_peer *a, const struct cfg_peer *b);

/* Whether an option that is given needs an association: it asks the peer for something, or names one of the
 * association's paths. Others are set on the socket. */
bool cfg_needs_assoc(const struct opt_set *s, enum opt_id id);

/* True when an open socket of `a` can become that of `b` without another one beside it: all is the same but
 * the addresses, of which at least one stays, and none means any. */
bool cfg_readdressed(const struct cfg_listener *a, const struct cfg_listener *b);

bool cfg_listens_at(const struct cfg_listener *l, const struct net_addr *a);

/* Puts into `c` what only a restart can change (CFG_RESTART in keys.def) as it is in `old`. */
void cfg_keep_restart_values(struct cfg_config *c, const struct cfg_config *old);

/* The fields that `b` gives another value than `a` does, or that `a` does not give, with the values of `b`.
 * False: there are none. What only `a` gives is not among them: what a stack began with is not known any
 * more. */
bool cfg_changed_options(const struct opt_set *a, const struct opt_set *b, struct opt_set *changed);

#ifdef __cplusplus
}
#endif
#endif
