/* Addresses of peers, looked up where they are host names. */
#ifndef JUNCTOR_BROKER_NAMES_H
#define JUNCTOR_BROKER_NAMES_H

#include <stdbool.h>

#include "config/config.h"
#include "transport/transport.h"

struct brk_worker;

enum tr_code brk_names_open(struct brk_worker *w, struct tr_error *error);

/* Also of what was opened in part. */
void brk_names_close(struct brk_worker *w);

/* Gets ready for a plan: what its peers that are new or elsewhere need. */
bool brk_names_prepare(struct brk_worker *w, const struct cfg_config *c, struct tr_error *error);
void brk_names_abandon(struct brk_worker *w);

/* That plan is in force. Answers to questions about peers that are elsewhere now come to nothing. */
void brk_names_adopt(struct brk_worker *w);

/* What to connect a peer with now; valid until the next call about this peer. *round: say it in
 * brk_names_failed. TR_AGAIN: being looked up. */
enum tr_code brk_names_get(struct brk_worker *w, unsigned peer, const struct net_addr **addresses,
                           unsigned *count, unsigned *round, struct tr_error *error);

/* How many addresses are worth trying one after the other. */
unsigned brk_names_found(const struct brk_worker *w, unsigned peer);

/* A connect failed, or an association was lost that `was_up`: the next connect looks the name up again. */
void brk_names_failed(struct brk_worker *w, unsigned peer, unsigned round, bool was_up);

/* The resolver has answers: `resolved` is called for each peer whose addresses are known now, or known not to
 * be had. */
void brk_names_read(struct brk_worker *w, void (*resolved)(struct brk_worker *w, unsigned peer));

#endif
