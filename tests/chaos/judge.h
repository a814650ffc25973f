/* The judge: compares what the senders' kernels accepted, what the receivers' programs read and the broker's
 * account, from the records in a folder (record.h) and the last event=account in its broker.log. It knows
 * nothing else of the run.
 *
 * Of each message: its sender's kernel *accepted* it or may have (the program was killed while it sent it).
 * One that was accepted and not returned was *acknowledged*: the broker's kernel has it, and the broker must
 * read it. The others may have arrived there too. A message *arrived* if a receiver's program read it or its
 * kernel had it unread. So with
 *
 *     R received, C copies, D delivered (less those returned), X dropped: of the broker's account
 *     G of those delivered, how many the broker's stack may have given up without a word
 *     K messages that were acknowledged or arrived; O others, for which this is not known
 *     U arrivals: messages that arrived; if each receiver gets a copy, counted once per receiver
 *
 * all of this must hold, and nothing more can be known:
 *
 *     R + C = D + X, nothing waits             the account balances
 *     K <= R <= K + O                          the broker read what its kernel acknowledged, and nothing else
 *     D <= U + G                               what the broker says was delivered has arrived
 *     U - D <= what was dropped after it had been sent (`unacknowledged`, or `returned` and dropped later)
 *     X only for reasons that the session kind allows
 *
 * In kinds that lose no message of a client (kinds.h) each acknowledged one arrived.
 *
 * So acknowledged messages that arrived nowhere are exactly accounted for by drops: K - U <= R + C - U = X -
 * (U - D). And of each message: only what was sent arrives, unchanged; at one association of a receiver
 * nothing arrives twice, and a stream's messages arrive in the order that the kind promises. What arrives at
 * several associations had been sent to one that was lost. */
#ifndef JUNCTOR_TESTS_CHAOS_JUDGE_H
#define JUNCTOR_TESTS_CHAOS_JUDGE_H

#include <stdbool.h>
#include <stdio.h>

#include "tests/chaos/kinds.h"

/* Writes what it found to `report`, and returns whether everything is explained. */
bool judge(const char *folder, const struct kind *kind, FILE *report);

#endif
