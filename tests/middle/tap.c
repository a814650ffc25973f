/* Half of the worlds are tapped: after each step what the workers have captured is taken, and agrees with
 * what they have counted, message by message. */
#include <inttypes.h>
#include <string.h>

#include "broker/observe.h"
#include "broker/tapping.h"
#include "tests/middle/world.h"

static struct {
    struct brk_observer *observer; /* NULL: not tapped */
    uint64_t seen[CFG_RETURNED + 1];
} tap;

/* Before the first turn, so that nothing is missed. Draws nothing from the seed: a run is the same with a
 * tap. */
void tap_begin(void)
{
    memset(&tap, 0, sizeof tap);
    if (world.seed % 2 == 0)
        return;
    tap.observer = brk_observer_new(&world.broker);
    if (!tap.observer || !brk_tap_on(tap.observer, sizeof(struct body)))
        fail_seed("no tap");
}

static bool is_known(const struct brk_captured *c)
{
    struct body b;
    if (!c->len) /* what is left of one that a lost peer has acknowledged in part */
        return true;
    memcpy(&b, c + 1, c->caught < sizeof b ? c->caught : sizeof b);
    return c->len == sizeof b && c->caught == sizeof b && b.magic == BODY_MAGIC;
}

void tap_check(uint64_t received, uint64_t delivered, uint64_t returned, uint64_t dropped)
{
    const struct brk_captured *c;
    if (!tap.observer)
        return;
    while ((c = brk_tap_next(tap.observer))) {
        if (c->verdict < CFG_RECEIVED || c->verdict > CFG_RETURNED || !is_known(c))
            fail_seed("tapped: %u bytes, verdict %u, that are no message", c->len, c->verdict);
        if (c->verdict == CFG_FORWARDED && (!c->has_to || !c->target || !c->has_from || !c->origin))
            fail_seed("tapped: forwarded from %" PRIx64 " to %" PRIx64, c->origin, c->target);
        tap.seen[c->verdict]++;
    }
    if (brk_tap_missed(tap.observer) || tap.seen[CFG_RECEIVED] != received ||
        tap.seen[CFG_FORWARDED] != delivered || tap.seen[CFG_RETURNED] != returned ||
        tap.seen[CFG_DROPPED] != dropped)
        fail_seed("tapped %" PRIu64 " received, %" PRIu64 " forwarded, %" PRIu64 " returned, %" PRIu64
                  " dropped; counted %" PRIu64 ", %" PRIu64 ", %" PRIu64 ", %" PRIu64,
                  tap.seen[CFG_RECEIVED], tap.seen[CFG_FORWARDED], tap.seen[CFG_RETURNED],
                  tap.seen[CFG_DROPPED], received, delivered, returned, dropped);
}

void tap_end(void)
{
    brk_observer_free(tap.observer);
    tap.observer = NULL;
}
