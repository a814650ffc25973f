/* What a program of the chaos test does, in its own process: plain SCTP sockets, one thread. A client keeps
 * one association with the broker up and sends numbered messages on all its streams; a server reads what
 * comes, and answers some of it. Both read all the time, and never wait to send. */
#ifndef JUNCTOR_TESTS_CHAOS_ENDPOINT_H
#define JUNCTOR_TESTS_CHAOS_ENDPOINT_H

#include "tests/chaos/program.h"

/* Runs until PROGRAM_FINISH is done. */
void endpoint_run(struct program *p);

/* SCTP_EOF or SCTP_ABORT: sends no message, but ends the association. */
void endpoint_send_flag(int sock, sctp_assoc_t assoc, uint16_t flag);

#endif
