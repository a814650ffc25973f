/* What a message gets just before the stack takes it: the stream and PPID that it leaves with, its policy of
 * partial reliability, and its place in the log of what has been sent.
 *
 * For the worker of the association; does not block. */
#ifndef JUNCTOR_BROKER_STAMP_H
#define JUNCTOR_BROKER_STAMP_H

#include <stdint.h>

#include "broker/sent.h"
#include "transport/transport.h"

struct brk_worker;
struct brk_assoc;

/* Sets in `m`, which is as received, what depends on its route and where it came from, and logs it as sent to
 * `a`. `known`: the stream, if a map has found it already, or RT_NO_STREAM. Of `s`, `asked`, `group` and
 * `ppid_bits` are filled in here, and `entered_ms` matters where the route has a ttl. */
void brk_stamp(struct brk_worker *w, struct brk_assoc *a, struct tr_msg *m, uint16_t known,
               struct brk_sent s);

#endif
