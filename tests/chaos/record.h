/* The records that the programs keep of their messages, one line for each, written immediately, so that they
 * survive if the program is killed. The judge reads nothing else, apart from the broker's account.
 *
 *   KIND SENDER ASSOC STREAM NUMBER AT
 *
 * The first four numbers name the message; AT is the association that it was read from, as the reader's
 * kernel calls it, or 0 if the line is the sender's. The file's name is PROGRAM.INCARNATION.record. */
#ifndef JUNCTOR_TESTS_CHAOS_RECORD_H
#define JUNCTOR_TESTS_CHAOS_RECORD_H

#include <stdint.h>

#include "tests/chaos/message.h"

enum record_kind {
    RECORD_TRY = 't',      /* is about to be sent */
    RECORD_ACCEPTED = 'a', /* the sender's kernel has taken it */
    RECORD_REFUSED = 'n',  /* the sender's kernel has not taken it */
    RECORD_FAILED = 'f',   /* the sender's kernel gave it back: it was not acknowledged */
    RECORD_READ = 'r',     /* the receiving program read it */
    RECORD_UNREAD =
        'u', /* the kernel of a receiving program that was killed had it and the program had not read it */
    RECORD_STRANGE = 'x', /* something else was read, or it came on another stream or with another PPID */
};

/* Opens a new file; ends the program if that cannot be done. */
int record_open(const char *folder, const char *program, uint32_t incarnation);

void record_add(int file, enum record_kind kind, const struct chaos_id *id, uint32_t at);

/* For the record of a program that has been killed: cuts off a line that it did not finish, and adds this one
 * unless it is the last. */
void record_repair(int file, enum record_kind kind, const struct chaos_id *id, uint32_t at);

#endif
