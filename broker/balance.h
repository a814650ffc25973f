/* Balancing: control has an association handed over (handover.h) from a worker that is loaded to an idler
 * one.
 *
 * A worker's load is the processor time that its thread took in the last `balance.interval`, in thousandths.
 *
 * What is decided here is pure: control_thread.c reads the loads, work.h knows what each association makes of
 * its worker's. The rules, each of which is there so that associations do not move to and fro:
 *
 *   steady  The same worker is the busiest, above `balance.threshold`, in BRK_BALANCE_STEADY intervals in a
 *           row, and busier than the idlest one by a quarter of its load.
 *   helps   A move lowers the higher one of both loads by a thirty-second at least, and leaves the two no
 *           further apart the other way round than by half of what they were. So an association that is
 *           nearly all of its worker's load stays, as it would only make the other one the busiest; and
 *           while the load itself does not change, moves come to an end.
 *   rare    One move at most in `balance.pause`, and the same association not twice in
 *           BRK_BALANCE_REST_MS.
 *
 * One association is moved at a time: where many make little each the kernel's hash spreads them evenly; it
 * is a few heavy ones that make one worker busier than the others.
 *
 * Everything here is for the control thread, but for brk_balance_gain, which any thread may call; struct
 * brk_balance_ask belongs to whoever has its parcel. */
#ifndef JUNCTOR_BROKER_BALANCE_H
#define JUNCTOR_BROKER_BALANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "routing/inbox.h"

struct brk_broker;

#define BRK_BALANCE_STEADY  3
#define BRK_BALANCE_REST_MS 60000

enum brk_balance_act {
    BRK_BALANCE_NOTHING,
    BRK_BALANCE_MEASURE, /* the busiest worker is to measure from now on what its associations bring */
    BRK_BALANCE_GIVE     /* and is to give one away now */
};

/* To a worker, and back to control. */
struct brk_balance_ask {
    uint32_t magic; /* BRK_BALANCE_MAGIC */
    struct rt_parcel parcel;
    enum brk_balance_act act;
    unsigned from, to;           /* workers */
    uint32_t from_busy, to_busy; /* thousandths */
};

/* All zeros at the beginning. */
struct brk_balance {
    unsigned steady;   /* for how many intervals `from` has been the busiest */
    unsigned from, to; /* workers */
    bool has_given;
    uint64_t given_ms; /* when one was last given away */
    bool asked;        /* `ask` is on its way */
    struct brk_balance_ask ask;
};

/* How much a move of an association that makes `share` of `from` lowers the higher one of two loads; 0: it
 * does not help enough. All in thousandths. */
uint32_t brk_balance_gain(uint32_t from, uint32_t to, uint32_t share);

/* An interval is over, in which the workers were `busy`, in thousandths: what is to be done, by and for which
 * workers (b->from, b->to). */
enum brk_balance_act brk_balance_step(struct brk_balance *b, const struct cfg_balance *rules,
                                      const uint32_t *busy, unsigned workers, uint64_t now_ms);

/* The same, and asks the worker. False: the last one asked has not answered yet, so nothing is decided. */
bool brk_balance_turn(struct brk_balance *b, struct brk_broker *broker, const uint32_t *busy,
                      uint64_t now_ms);

#endif
