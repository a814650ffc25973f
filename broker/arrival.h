/* A hand-over at the worker that gets the association: the steps of handover.h that are its part. */
#ifndef JUNCTOR_BROKER_ARRIVAL_H
#define JUNCTOR_BROKER_ARRIVAL_H

struct brk_assoc;
struct brk_handover;
struct brk_worker;

/* EXPECT: makes the stand-ins. Where memory runs out the hand-over is refused. */
void brk_arrival_expect(struct brk_worker *w, struct brk_handover *h);

/* ARRIVE: the associations are its own from now on. */
void brk_arrival_settle(struct brk_worker *w, struct brk_handover *h);

/* FORGET: nothing will arrive. */
void brk_arrival_forget(struct brk_worker *w, struct brk_handover *h);

/* An association that stood still goes on, with the worker that has it. */
void brk_arrival_go_on(struct brk_worker *w, struct brk_assoc *a);

#endif
