/* The partner of a client in a paired session, from the choice of a member until it is up: the member's
 * addresses are looked up and tried one after the other, then those of the next member; if all fail, the
 * session is refused and the client aborted. For their worker, which both belong to. */
#ifndef JUNCTOR_BROKER_SESSION_PARTNER_H
#define JUNCTOR_BROKER_SESSION_PARTNER_H

#include <stdbool.h>
#include <stdint.h>

struct brk_assoc;
struct brk_session;
struct brk_worker;

/* The partner for a message of `client` on `route`; starts to connect one if there is none yet. NULL: there
 * is none, and the client is ending. `kind`: that of paired sessions. */
struct brk_assoc *brk_partner_of(struct brk_worker *w, const struct brk_session *kind,
                                 struct brk_assoc *client, uint32_t route);
/* The same before its first message, if it may take a route of paired sessions. */
void brk_partner_open(struct brk_worker *w, const struct brk_session *kind, struct brk_assoc *client);

/* The two no longer belong together. */
void brk_partner_unlink(struct brk_assoc *partner);
/* Ends a partner that is still being connected. */
void brk_partner_abandon(struct brk_worker *w, struct brk_assoc *partner);

/* Operations of the kind: session.h. */
void brk_partner_resolved(struct brk_worker *w, struct brk_assoc *partner);
void brk_partner_timed_out(struct brk_worker *w, struct brk_assoc *partner);
void brk_partner_refused(struct brk_worker *w, struct brk_assoc *partner);
bool brk_partner_ended(struct brk_worker *w, struct brk_assoc *partner);

#endif
