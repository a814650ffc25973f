/* Configured SCTP features that a transport does not support: found before the first socket is opened. */
#ifndef JUNCTOR_BROKER_SUPPORT_H
#define JUNCTOR_BROKER_SUPPORT_H

#include "config/config.h"
#include "transport/transport.h"

/* Calls `tell` for each place of the file that asks for something that `b` does not support, an SCTP
 * option or a way of opening a socket. The text is one line: what it is, and which transport supports it.
 * Returns the number of calls. Opens nothing; any thread. */
unsigned brk_unsupported(const struct cfg_config *c, const struct tr_backend *b,
                         void (*tell)(struct cfg_place at, const char *text, void *arg), void *arg);

#endif
