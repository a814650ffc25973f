/* Sessions: what becomes of messages after their route has been found, and of what comes back. A route says
 * which kind of session its messages belong to; a kind is a table of operations, in a file of its own.
 *
 * Two sorts of associations take part:
 *   - those that a listener has accepted (assoc->session is NULL). Their messages may take routes of several
 *     kinds, so what happens to such an association is told to each kind;
 *   - those that a session has opened to a peer (assoc->session is its kind). What happens to one of them is
 *     told to its own kind only.
 *
 * All operations are called by the worker that the association belongs to, and do not block. One that is NULL
 * has nothing to do, where its comment does not say otherwise. */
#ifndef JUNCTOR_BROKER_SESSION_SESSION_H
#define JUNCTOR_BROKER_SESSION_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "routing/message.h"
#include "transport/transport.h"

struct brk_worker;
struct brk_assoc;

struct brk_session {
    bool per_client; /* it opens an association for each client: their lines in the log have a budget */

    /* The worker has got a plan (w->plan); `old`: the configuration before it, or NULL when it starts. */
    void (*plan)(struct brk_worker *w, const struct cfg_config *old);

    /* ---- messages ---- */

    /* A message of `from` on a route of this kind, still in its receive slot; counted as received. Each kind
     * has this one. */
    void (*route_in)(struct brk_worker *w, struct brk_assoc *from, const struct tr_msg *m, uint32_t route);

    /* A message of an association that it has opened, likewise. NULL: such messages have routes. */
    void (*answer)(struct brk_worker *w, struct brk_assoc *a, const struct tr_msg *m);

    /* A message of an accepted association that is being ended (brk_end), which no route takes any more.
     * False: not taken here, either. */
    bool (*last)(struct brk_worker *w, struct brk_assoc *from, const struct tr_msg *m);

    /* A message on a route of this kind that its association did not deliver, whole, with its ttl not over;
     * it is this operation's from now on. Called by the worker of that association, and by the one that had
     * read the message when it is passed on to that one as BRK_RETURNED. Each kind has this one. */
    void (*returned)(struct brk_worker *w, struct rt_parcel *p);

    /* ---- both sorts of associations ---- */

    /* It came up. */
    void (*up)(struct brk_worker *w, struct brk_assoc *a);

    /* It was up, and there is another plan, by which it stays. */
    void (*adopt)(struct brk_worker *w, struct brk_assoc *a);

    /* It was up and has ended, `clean` by a shutdown. What the stack gives back for it is still to come. */
    void (*lost)(struct brk_worker *w, struct brk_assoc *a, bool clean, const struct tr_event *e);

    /* It has got more streams (RFC 6525); it had `in` and `out`. */
    void (*streams)(struct brk_worker *w, struct brk_assoc *a, uint16_t in, uint16_t out);

    /* ---- those that a listener has accepted ---- */

    /* Whether it has a session of its own, by the plan: then the number of that one stands in its lines. */
    bool (*numbers)(const struct brk_worker *w, const struct brk_assoc *a);

    /* Whether the plan in force would make its session as the one before it (`old`) did; if not, the
     * association is ended. NULL: yes. */
    bool (*stays)(const struct brk_worker *w, const struct brk_assoc *a, const struct cfg_config *old);

    /* ---- those that it has opened ---- */

    /* The addresses that it waited for in worker->resolving, which it has left, are known, or known not to be
     * had. Needed by a kind that uses that list. */
    void (*resolved)(struct brk_worker *w, struct brk_assoc *a);

    /* The time for its set-up is over: it is off its socket and in no list. It is this operation's: closed,
     * or connected again. Each kind that opens associations has this one. */
    void (*timed_out)(struct brk_worker *w, struct brk_assoc *a);

    /* Its set-up was refused; `ended` follows. */
    void (*refused)(struct brk_worker *w, struct brk_assoc *a);

    /* It has ended, up or not, all that the stack gave back has been read, and it is off its socket. True: it
     * is this operation's, as with timed_out; false: what it has left is passed on, and it is closed. NULL:
     * false. */
    bool (*ended)(struct brk_worker *w, struct brk_assoc *a);

    /* Its peer has begun anew: `old` is lost, and `a`, which comes up next, stands in its place. NULL: the
     * peer of such an association cannot begin anew, and it is aborted. */
    void (*restarted)(struct brk_worker *w, struct brk_assoc *old, struct brk_assoc *a);
};

/* By enum cfg_session. */
extern const struct brk_session *const brk_sessions[CFG_SESSIONS];

/* The operations of the same names, of all the kinds that are to be told. */
void brk_session_plan(struct brk_worker *w, const struct cfg_config *old);
bool brk_session_last(struct brk_worker *w, struct brk_assoc *from, const struct tr_msg *m);
void brk_session_up(struct brk_worker *w, struct brk_assoc *a);
void brk_session_adopt(struct brk_worker *w, struct brk_assoc *a);
void brk_session_lost(struct brk_worker *w, struct brk_assoc *a, bool clean, const struct tr_event *e);
void brk_session_streams(struct brk_worker *w, struct brk_assoc *a, uint16_t in, uint16_t out);
bool brk_session_numbers(const struct brk_worker *w, const struct brk_assoc *a);
bool brk_session_stays(const struct brk_worker *w, const struct brk_assoc *a, const struct cfg_config *old);

#endif
