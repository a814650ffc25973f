/* Associations whose time is over. */
#ifndef JUNCTOR_BROKER_TIMEOUTS_H
#define JUNCTOR_BROKER_TIMEOUTS_H

struct brk_worker;

/* Each tick: tells of those whose peer has made no progress for too long, and aborts them where that is to
 * be. */
void brk_stall_tick(struct brk_worker *w);

/* Each tick: aborts those that are being ended (ending.h) and whose time is over; closes retired sockets
 * that have no associations left. */
void brk_ending_tick(struct brk_worker *w);

#endif
