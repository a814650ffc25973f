/* Associations that listeners accept, and which they refuse: access.h says which. For the worker that reads
 * the listener's socket. */
#ifndef JUNCTOR_BROKER_ACCEPT_H
#define JUNCTOR_BROKER_ACCEPT_H

#include <stdbool.h>
#include <stdint.h>

struct brk_assoc;
struct brk_socket;
struct brk_worker;
struct tr_event;

/* One that the stack has accepted on a listener's socket `s`, as `e` tells. NULL: it was refused and aborted;
 * that has been counted and logged. */
struct brk_assoc *brk_accept(struct brk_worker *w, struct brk_socket *s, const struct tr_event *e);

/* Its peer has restarted the association. Whether the listener still lets it in; then its place goes to
 * `next`. True for those of peers. */
bool brk_accept_again(struct brk_worker *w, const struct brk_assoc *a);
void brk_accept_follow(struct brk_assoc *next, struct brk_assoc *old);

/* A path of an association that is up: it is aborted if its peer has added an address that its listener does
 * not let in. */
void brk_accept_path(struct brk_worker *w, struct brk_assoc *a, const struct tr_event *e);

#endif
