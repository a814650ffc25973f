/* Sessions: what happens to a message after its route has been found, and to what comes back. A route says
 * which kind of session its messages belong to; a kind is a table of operations, in a file of its own.
 *
 * Two sorts of associations take part:
 *
 *   - Those that a listener has accepted (assoc->session is NULL). Their messages may take routes of
 *     several kinds, so every kind is told what happens to them.
 *   - Those that a session has opened to a peer (assoc->session is its kind). Only that kind is told what
 *     happens to them.
 *
 * All operations are called by the worker that the association belongs to, and do not block. An operation
 * that is NULL does nothing, unless its comment says otherwise. */
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
    bool per_client; /* it opens an association for each client, so their log lines have a budget */

    /* The worker has a new plan (w->plan); `old` is the previous configuration, or NULL when the worker
     * starts. */
    void (*plan)(struct brk_worker *w, const struct cfg_config *old);

    /* ---- messages ---- */

    /* Required. A message of `from` on a route of this kind, still in its receive slot, and counted as
     * received. */
    void (*route_in)(struct brk_worker *w, struct brk_assoc *from, const struct tr_msg *m, uint32_t route);

    /* A message of an association that this kind has opened, likewise. NULL: its messages are routed. */
    void (*answer)(struct brk_worker *w, struct brk_assoc *a, const struct tr_msg *m);

    /* A message for `a`, an association that this kind has opened and that is a destination: it has waited,
     * or comes from another worker. Takes it over. NULL: it is appended to its outbox. */
    void (*deliver)(struct brk_worker *w, struct brk_assoc *a, struct rt_parcel *p);

    /* A message of an accepted association that is being ended (brk_end); `route` as it is now, or
     * RT_NO_ROUTE. False: this kind does not take it, and it goes where the route says. */
    bool (*last)(struct brk_worker *w, struct brk_assoc *from, const struct tr_msg *m, uint32_t route);

    /* Required. A message, read by this worker, whose route is of this kind under the plan in force, and that
     * another association did not deliver, or that has waited for a member of a group under the previous
     * plan. It is whole, and its ttl is not over. Takes it over. Whoever had it may have been of another
     * kind, under another plan. */
    void (*returned)(struct brk_worker *w, struct rt_parcel *p);

    /* Whether what `a`, which this kind has opened, did not deliver is for nobody else, although its route is
     * one of `kind` now; then it is dropped. NULL: it is not. */
    bool (*keeps)(const struct brk_assoc *a, const struct brk_session *kind);

    /* ---- both sorts of associations ---- */

    /* It has come up. */
    void (*up)(struct brk_worker *w, struct brk_assoc *a);

    /* It is up, and there is a new plan, under which it stays. */
    void (*adopt)(struct brk_worker *w, struct brk_assoc *a);

    /* It was up and has ended; `clean`: by a graceful shutdown. What the stack gives back is still to
     * come. */
    void (*lost)(struct brk_worker *w, struct brk_assoc *a, bool clean, const struct tr_event *e);

    /* Streams have been added to it (RFC 6525); it had `in` and `out` before. */
    void (*streams)(struct brk_worker *w, struct brk_assoc *a, uint16_t in, uint16_t out);

    /* Such a request was denied, or has failed. */
    void (*streams_denied)(struct brk_worker *w, struct brk_assoc *a);

    /* Why it cannot be handed over to another worker now (handover.h), static text; NULL: it can. */
    const char *(*fixed)(const struct brk_worker *w, const struct brk_assoc *a);

    /* The association that has to be on the same worker, and is handed over with it. NULL: none. */
    struct brk_assoc *(*companion)(const struct brk_assoc *a);

    /* ---- those that a listener has accepted ---- */

    /* Whether it has a session of its own under the plan; its log lines then carry the session's number. */
    bool (*numbers)(const struct brk_worker *w, const struct brk_assoc *a);

    /* Whether the plan in force would make its session as the previous one (`old`) did. If not, it is
     * ended. NULL: yes. */
    bool (*stays)(const struct brk_worker *w, const struct brk_assoc *a, const struct cfg_config *old);

    /* ---- those that it has opened ---- */

    /* The look-up that it waited for in worker->resolving has succeeded or failed; it is no longer in that
     * list. Required where a kind uses that list. */
    void (*resolved)(struct brk_worker *w, struct brk_assoc *a);

    /* Its set-up took too long: it is off its socket and in no list. Takes it over, to close it or to
     * connect it again. Required where a kind opens associations. */
    void (*timed_out)(struct brk_worker *w, struct brk_assoc *a);

    /* Its set-up was refused; `ended` follows. */
    void (*refused)(struct brk_worker *w, struct brk_assoc *a);

    /* It has ended, whether it was up or not; all that the stack gave back has been read, and it is off
     * its socket. True: taken over, as by timed_out. False: the caller passes on what it has left, and
     * closes it. NULL: false. */
    bool (*ended)(struct brk_worker *w, struct brk_assoc *a);

    /* The stack says that everything that was sent on it is acknowledged (brk_assoc_tell_dry). */
    void (*dry)(struct brk_worker *w, struct brk_assoc *a);

    /* Its peer has restarted: `old` is lost, and `a`, which comes up next, takes its place. NULL: a
     * restart is not supported, and the association is aborted. */
    void (*restarted)(struct brk_worker *w, struct brk_assoc *old, struct brk_assoc *a);
};

/* Indexed by enum cfg_session. */
extern const struct brk_session *const brk_sessions[CFG_SESSIONS];

/* Each calls the operation of that name of every kind that is to be told. */
void brk_session_plan(struct brk_worker *w, const struct cfg_config *old);
bool brk_session_last(struct brk_worker *w, struct brk_assoc *from, const struct tr_msg *m, uint32_t route);
void brk_session_up(struct brk_worker *w, struct brk_assoc *a);
void brk_session_adopt(struct brk_worker *w, struct brk_assoc *a);
void brk_session_lost(struct brk_worker *w, struct brk_assoc *a, bool clean, const struct tr_event *e);
const char *brk_session_fixed(const struct brk_worker *w, const struct brk_assoc *a);
struct brk_assoc *brk_session_companion(const struct brk_assoc *a);
void brk_session_streams(struct brk_worker *w, struct brk_assoc *a, uint16_t in, uint16_t out);
void brk_session_streams_denied(struct brk_worker *w, struct brk_assoc *a);
bool brk_session_numbers(const struct brk_worker *w, const struct brk_assoc *a);
bool brk_session_stays(const struct brk_worker *w, const struct brk_assoc *a, const struct cfg_config *old);

#endif
