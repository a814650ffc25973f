/* SCTP options of the file. */
#ifndef JUNCTOR_BROKER_OPTIONS_H
#define JUNCTOR_BROKER_OPTIONS_H

#include "config/config.h"
#include "transport/transport.h"

struct brk_worker;
struct brk_assoc;
struct brk_socket;

/* What the file says of a listener or peer and a socket can have. */
void brk_options_at_open(const struct cfg_config *c, struct cfg_member m, struct opt_set *out);

/* Sets what only an association can have (primary_addr, what names a path, …). */
void brk_assoc_options(struct brk_assoc *a);

/* Tells where the stack granted other values than the file asks for (buffers above the sysctl limit, …). */
void brk_options_compare(const struct brk_socket *s, const struct opt_set *wanted);

/* Sets the options of each listener and peer on a socket that is then closed again: what the stack will not
 * take is told with its place when the broker starts (TR_UNSUPPORTED, TR_INVALID), not with the first
 * connection. */
enum tr_code brk_try_options(struct brk_worker *w, const struct cfg_config *c, struct tr_error *error);

/* Sets on a socket and its associations what the file says otherwise than `old` did and their rows let act on
 * what is there (OPT_NOW), and on a listening socket what its next associations are to begin with. */
void brk_options_adopt(struct brk_socket *s, const struct cfg_config *old);

#endif
