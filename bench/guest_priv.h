/* An association of the sink: private to sink.c and guest.c. */
#ifndef JUNCTOR_BENCH_GUEST_PRIV_H
#define JUNCTOR_BENCH_GUEST_PRIV_H

#include "bench/sink.h"

/* A copy of a message: one that an echo could not send at once, or that came before its association was
 * handed over. */
struct bench_held {
    struct bench_held *next;
    uint64_t arrived_ns;
    struct tr_msg msg;
    uint8_t data[];
};

struct bench_held_list {
    struct bench_held *first, **end; /* end NULL: empty */
};

struct bench_guest {
    struct bench_handle handle;
    struct bench_place *place;
    struct tr_endpoint *endpoint;
    uint32_t assoc, origin;       /* its id here, and at the listening endpoint */
    unsigned number, granted;     /* in the order in which they were accepted; its outbound streams */
    struct bench_sender *sender;  /* NULL: it sends nothing */
    struct bench_held_list held;  /* an echo's, to be sent */
    bool leaving;                 /* it will be handed over after this batch */
    struct bench_held_list early; /* while leaving: what came meanwhile, to be checked by its new worker */
    struct bench_guest *next, **link; /* in the sink's list; `next`: of those handed over */
};

/* The association that was accepted at `place` with this id; the latest one, if the stack reuses ids. */
struct bench_guest *bench_guest_find(struct bench_place *place, uint32_t origin);

/* An association has come up at the listening endpoint. */
void bench_guest_new(struct bench_place *place, uint32_t assoc, unsigned granted);

/* One message or event that came to the listening endpoint. */
void bench_guest_item(struct bench_guest *guest, const struct tr_item *item, uint64_t now);

/* Hands over all that are leaving. */
void bench_guests_leave(struct bench_sink *s);

void bench_guest_free(struct bench_guest *guest);

/* A message arrived at `place`, on the association with this number. */
void bench_place_judge(struct bench_place *place, unsigned number, const struct tr_msg *m, uint64_t now);

/* If a flow's message cannot be sent, its association is ended. */
void bench_guest_broken(struct bench_sender *sender, enum tr_code code, const struct tr_msg *which);

#endif
