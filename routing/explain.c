/* See explain.h. */
#include "routing/explain.h"

#include <inttypes.h>
#include <stdio.h>

#include "config/sctp/ppid.h"

enum rt_verdict rt_explain(const struct cfg_route *r, struct cfg_member from, uint32_t ppid, uint16_t stream,
                           bool unordered)
{
    bool source = false, any_ppid = !r->ppid_count, any_stream = !r->stream_count;
    for (unsigned i = 0; i < r->from_count; i++)
        source |= cfg_same_member(r->from[i], from);
    for (unsigned i = 0; i < r->ppid_count; i++)
        any_ppid |= r->ppids[i] == ppid;
    for (unsigned i = 0; i < r->stream_count; i++)
        any_stream |= r->streams[i].first <= stream && stream <= r->streams[i].last;
    if (!source || !any_ppid || !any_stream)
        return !source ? RT_OTHER_SOURCE : !any_ppid ? RT_OTHER_PPID : RT_OTHER_STREAM;
    if (r->delivery == (unordered ? CFG_ORDERED : CFG_UNORDERED))
        return unordered ? RT_ORDERED_ONLY : RT_UNORDERED_ONLY;
    return RT_FITS;
}

const char *rt_verdict_text(enum rt_verdict v, bool taken)
{
    static const char *const texts[] = {[RT_FITS] = "takes it",
                                        [RT_OTHER_SOURCE] = "is for other sources",
                                        [RT_OTHER_PPID] = "is for other PPIDs",
                                        [RT_OTHER_STREAM] = "is for other streams",
                                        [RT_ORDERED_ONLY] = "is for ordered messages",
                                        [RT_UNORDERED_ONLY] = "is for unordered messages"};
    return v == RT_FITS && taken ? "fits, but an earlier one takes it" : texts[v];
}

const char *rt_explain_unrouted(const struct cfg_config *c)
{
    return c->unrouted == CFG_UNROUTED_ABORT
               ? "no route takes it: it is dropped (no_route), and its association is aborted"
               : "no route takes it: it is dropped (no_route)";
}

const char *rt_explain_rewrite(const struct cfg_route *r, char out[RT_EXPLAIN_TEXT])
{
    static const char *const rules[] = {
        [CFG_HASHED_STREAM] = ", stream by hash", [CFG_SPREAD_STREAM] = ", streams in turn"};
    char ppid[40] = "", stream[30] = "";
    const char *name = r->set_ppid == CFG_ABSENT ? NULL : ppid_name((uint32_t)r->set_ppid);
    if (name)
        snprintf(ppid, sizeof ppid, ", PPID %s", name);
    else if (r->set_ppid != CFG_ABSENT)
        snprintf(ppid, sizeof ppid, ", PPID %" PRId64, r->set_ppid);
    if (r->set_stream.rule == CFG_FIXED_STREAM)
        snprintf(stream, sizeof stream, ", stream %u", r->set_stream.number);
    else if (r->set_stream.rule != CFG_SAME_STREAM)
        snprintf(stream, sizeof stream, "%s", rules[r->set_stream.rule]);
    snprintf(out, RT_EXPLAIN_TEXT, "%s%s", ppid, stream);
    return *out ? out + 2 : out;
}
