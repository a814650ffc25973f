/* The addresses of peers; host names are looked up. */
#ifndef JUNCTOR_BROKER_NAMES_H
#define JUNCTOR_BROKER_NAMES_H

#include <stdbool.h>

#include "config/config.h"
#include "transport/transport.h"

struct brk_worker;

enum tr_code brk_names_open(struct brk_worker *w, struct tr_error *error);

/* Also after a failed open. */
void brk_names_close(struct brk_worker *w);

/* Prepares for a plan: sets up what its new peers, and those with other addresses, need. */
bool brk_names_prepare(struct brk_worker *w, const struct cfg_config *c, struct tr_error *error);
void brk_names_abandon(struct brk_worker *w);

/* That plan is in force. Answers that are still to come about the previous addresses of a peer are
 * ignored. */
void brk_names_adopt(struct brk_worker *w);

/* The addresses to connect a peer with now; valid until the next call about this peer. Pass *round to
 * brk_names_failed. TR_AGAIN: the name is being looked up. */
enum tr_code brk_names_get(struct brk_worker *w, unsigned peer, const struct net_addr **addresses,
                           unsigned *count, unsigned *round, struct tr_error *error);

/* How many addresses are worth trying, one after the other. */
unsigned brk_names_found(const struct brk_worker *w, unsigned peer);

/* A connect failed, or an association that `was_up` was lost: the next connect looks up the name again. */
void brk_names_failed(struct brk_worker *w, unsigned peer, unsigned round, bool was_up);

/* The resolver has answers: calls `resolved` for each peer whose look-up has succeeded or failed. */
void brk_names_read(struct brk_worker *w, void (*resolved)(struct brk_worker *w, unsigned peer));

#endif
