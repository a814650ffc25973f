/* See balance.h. */
#include "broker/balance.h"

#include "broker/check.h"
#include "broker/dest.h"
#include "broker/state.h"

enum { GAP = 4, GAIN = 32, OVER = 4 }; /* parts of the higher load; OVER: of the difference */

uint32_t brk_balance_gain(uint32_t from, uint32_t to, uint32_t share)
{
    uint32_t gap = from > to ? from - to : 0;
    if (share >= gap)
        return 0;
    uint32_t gain = share <= gap / 2 ? share : gap - share;
    if (gain < from / GAIN || (share > gap / 2 && gain < gap / OVER))
        return 0;
    return gain;
}

/* Whether there can be an association whose move helps. */
static bool is_uneven(const struct cfg_balance *rules, uint32_t highest, uint32_t lowest)
{
    return rules->threshold && highest >= rules->threshold * 10 && highest - lowest >= highest / GAP;
}

enum brk_balance_act brk_balance_step(struct brk_balance *b, const struct cfg_balance *rules,
                                      const uint32_t *busy, unsigned workers, uint64_t now_ms)
{
    unsigned from = 0, to = 0;
    for (unsigned i = 1; i < workers; i++) {
        from = busy[i] > busy[from] ? i : from;
        to = busy[i] < busy[to] ? i : to;
    }
    if (from == to || !is_uneven(rules, busy[from], busy[to])) {
        b->steady = 0;
        return BRK_BALANCE_NOTHING;
    }
    b->steady = from == b->from ? b->steady + 1 : 1;
    b->from = from;
    b->to = to;
    if (b->has_given && now_ms - b->given_ms < rules->pause_ms)
        return BRK_BALANCE_MEASURE; /* what is measured when the pause is over is then the last interval's */
    if (b->steady < BRK_BALANCE_STEADY)
        return BRK_BALANCE_MEASURE;
    b->steady = 0;
    b->has_given = true;
    b->given_ms = now_ms;
    return BRK_BALANCE_GIVE;
}

bool brk_balance_turn(struct brk_balance *b, struct brk_broker *broker, const uint32_t *busy, uint64_t now_ms)
{
    struct brk_balance_ask *ask = &b->ask;
    struct rt_batch one;
    if (b->asked)
        return false;
    *ask = (struct brk_balance_ask){.magic = BRK_BALANCE_MAGIC};
    ask->act = brk_balance_step(b, &broker->plan->config->balance, busy, broker->worker_count, now_ms);
    if (ask->act == BRK_BALANCE_NOTHING)
        return true;
    ask->parcel = (struct rt_parcel){.kind = RT_CONTROL, .control = BRK_BALANCE, .to = ask, .embedded = true};
    ask->from = b->from;
    ask->to = b->to;
    ask->from_busy = busy[b->from];
    ask->to_busy = busy[b->to];
    b->asked = true;
    rt_batch_init(&one);
    rt_batch_add(&one, &ask->parcel);
    rt_inbox_post(&broker->workers[b->from]->inbox, &one);
    return true;
}
