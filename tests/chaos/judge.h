/* The judge: compares what the senders' kernels accepted, what the receivers' programs read and the broker's
 * account, from the records in a folder (record.h) and the last event=account in its broker.log. It knows
 * nothing else of the run.
 *
 * Of each message: its sender's kernel *accepted* it or may have (the program was killed while it sent it).
 * One that was accepted and not given back was *acknowledged*: the broker's kernel has it, and the broker
 * must read it. The others may have got there too. A message *arrived* where a receiver's program read it or
 * its kernel had it unread. So with
 *
 *     R received, C copies, D delivered (less those given back), X dropped: of the broker's account
 *     K messages that were acknowledged or arrived; O others, of which it is not known
 *     U arrivals: messages that arrived, where each receiver gets a copy counted once for each receiver
 *
 * all of this must hold, and nothing else can be known:
 *
 *     R + C = D + X, nothing waits             the account balances
 *     K <= R <= K + O                          the broker read what its kernel acknowledged, and nothing else
 *     D <= U                                   what the broker says was delivered has arrived
 *     U - D <= what was dropped after it had been sent: `unacknowledged`, and `returned` ones that were
 * dropped later X only for reasons that the session kind allows
 *
 * In kinds that lose no message of a client (kinds.h) each that was acknowledged arrived.
 *
 * So acknowledged messages that arrived nowhere are exactly accounted for by drops: K - U <= R + C - U = X -
 * (U - D). And of each message: nothing arrives that was not sent, as it was sent; at one association of a
 * receiver nothing arrives twice, and a stream's messages come in the order that the kind promises. What
 * arrives at several associations had been sent to one that was lost. */
#ifndef JUNCTOR_TESTS_CHAOS_JUDGE_H
#define JUNCTOR_TESTS_CHAOS_JUDGE_H

#include <stdbool.h>
#include <stdio.h>

#include "tests/chaos/kinds.h"

/* Writes what it found to `report`, and returns whether everything is explained. */
bool judge(const char *folder, const struct kind *kind, FILE *report);

#endif
