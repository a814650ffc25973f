/* What a reload compares: whether a listener or peer is the same endpoint in two configurations. */
#ifndef JUNCTOR_CONFIG_SAME_H
#define JUNCTOR_CONFIG_SAME_H

#include "config/config.h"

#ifdef __cplusplus
extern "C" {
#endif

/* True if both exist and are the same endpoint: the same addresses in the same order, ports, network
 * namespace and device. If not, a listener needs a new socket, a peer a new association. */
bool cfg_same_listening(const struct cfg_listener *a, const struct cfg_listener *b);
bool cfg_same_remote(const struct cfg_peer *a, const struct cfg_peer *b);

/* Whether an option that is given needs an association: it requests something from the peer, or names one of
 * the association's paths. Others are set on the socket. */
bool cfg_needs_assoc(const struct opt_set *s, enum opt_id id);

/* True if an open socket of `a` can become that of `b` without a second socket: everything is the same except
 * the addresses, of which at least one stays, and none is the wildcard address. */
bool cfg_readdressed(const struct cfg_listener *a, const struct cfg_listener *b);

bool cfg_listens_at(const struct cfg_listener *l, const struct net_addr *a);

/* Whether a listener's socket that stays open keeps the value that `field` has in `old`, its options, where
 * that is changed or, if `removed`, no longer given. */
bool cfg_socket_keeps(const struct opt_set *old, enum opt_field field, bool removed);

/* Copies what only a restart can change from `old` to `c`, which then says what is in force, so that it is
 * told again at the next reload: CFG_RESTART in keys.def, and what the sockets keep of listeners that stay.
 * `c` has the ids of `old`. `readdresses`: as of cfg_diff; if not, a listener with other addresses gets new
 * sockets. */
void cfg_keep_restart_values(struct cfg_config *c, const struct cfg_config *old, bool readdresses);

/* The fields of `b` that have another value in `a` or are not given in `a`, with the values of `b`. False:
 * there are none. Fields given only in `a` are not included, because the stack's original value is no longer
 * known. */
bool cfg_changed_options(const struct opt_set *a, const struct opt_set *b, struct opt_set *changed);

#ifdef __cplusplus
}
#endif
#endif
