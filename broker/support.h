/* What a configuration asks of SCTP and a transport cannot do: found before the first socket is opened. */
#ifndef JUNCTOR_BROKER_SUPPORT_H
#define JUNCTOR_BROKER_SUPPORT_H

#include "config/config.h"
#include "transport/transport.h"

/* Calls `tell` for each place of the file at which something is written that `b` cannot do, an SCTP option or
 * how a socket is opened: what it is, and which transport can; one line. Returns how often. Opens nothing;
 * any thread. */
unsigned brk_unsupported(const struct cfg_config *c, const struct tr_backend *b,
                         void (*tell)(struct cfg_place at, const char *text, void *arg), void *arg);

#endif
