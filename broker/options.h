/* The SCTP options of the configuration. */
#ifndef JUNCTOR_BROKER_OPTIONS_H
#define JUNCTOR_BROKER_OPTIONS_H

#include "config/config.h"
#include "transport/transport.h"

struct brk_worker;
struct brk_assoc;
struct brk_socket;

/* The configured options of a listener or peer that can be set on a socket. */
void brk_options_at_open(const struct cfg_config *c, struct cfg_member m, struct opt_set *out);

/* Sets the options that only an association can have (primary_addr, those of a path, …). */
void brk_assoc_options(struct brk_assoc *a);

/* Logs where the stack granted other values than configured (buffers above the sysctl limit, …). To be called
 * before the broker makes the buffers smaller. `c`: has the name of the listener or peer. */
void brk_options_compare(const struct brk_socket *s, const struct cfg_config *c,
                         const struct opt_set *wanted);

/* Sets the options of each listener and peer on a socket, which is then closed: so options that the stack
 * refuses (TR_UNSUPPORTED, TR_INVALID) are reported with their place when the broker starts, not with the
 * first association. */
enum tr_code brk_try_options(struct brk_worker *w, const struct cfg_config *c, struct tr_error *error);

/* Sets the options that differ from those of `old` on a socket and its associations where their rows allow
 * it at once (OPT_NOW), and on a listening socket for its future associations. */
void brk_options_adopt(struct brk_socket *s, const struct cfg_config *old);

#endif
