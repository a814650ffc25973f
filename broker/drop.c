/* Dropped messages: always counted, and logged with what is needed to find the cause.
 *
 *     event=dropped reason=no_route from=access stream=0 ppid=0x3c000000 route=0 hint="…"
 *     more_since_last=0 */
#include "broker/drop.h"

#include <inttypes.h>
#include <stdio.h>

#include "broker/assoc.h"
#include "broker/capture.h"
#include "broker/log.h"
#include "broker/socket.h"
#include "broker/state.h"
#include "broker/stats/counts.h"
#include "config/config.h"
#include "config/sctp/ppid.h"
#include "routing/message.h"
#include "routing/table.h"
#include "transport/transport.h"

#define PPID_TEXT 24

/* The name; without one the number, in hexadecimal if it is unlikely that somebody chose it. */
static const char *ppid_text(uint32_t ppid, char out[PPID_TEXT])
{
    const char *name = ppid_name(ppid);
    if (ppid && name)
        snprintf(out, PPID_TEXT, "%s", name);
    else
        snprintf(out, PPID_TEXT, ppid <= UINT16_MAX ? "%" PRIu32 : "0x%08" PRIx32, ppid);
    return out;
}

/* The likely mistake behind a PPID that no route takes; empty if there is none to tell. */
static void add_hint(uint32_t ppid, char *out, size_t size)
{
    uint32_t swapped = __builtin_bswap32(ppid);
    out[0] = '\0';
    if (ppid == 0)
        snprintf(out, size, " hint=\"the sender sets no PPID; a route with ppid: 0 takes it\"");
    else if (!ppid_name(ppid) && ppid_name(swapped))
        snprintf(out, size, " hint=\"%s in the wrong byte order? the sender needs htonl()\"",
                 ppid_name(swapped));
}

struct brk_dropped brk_dropped_message(const struct rt_message *m, uint32_t route)
{
    return (struct brk_dropped){.source = m->source,
                                .route = route,
                                .ppid = m->ppid,
                                .stream = m->stream,
                                .flags = m->flags,
                                .len = m->len,
                                .origin = m->origin,
                                .data = m->data};
}

struct brk_dropped brk_dropped_of(const struct brk_assoc *from, const struct tr_msg *m, uint32_t route)
{
    return (struct brk_dropped){.source = from->socket->source,
                                .route = route,
                                .ppid = m->ppid,
                                .stream = m->stream,
                                .flags = m->flags,
                                .len = m->len,
                                .origin = from->origin,
                                .data = m->data};
}

static void tell(const struct brk_worker *w, const struct brk_dropped *d, enum brk_drop reason,
                 uint64_t skipped)
{
    const char *from =
        d->source == BRK_NO_SOURCE ? "-" : cfg_member_name(w->config, rt_source_member(d->source));
    char ppid[PPID_TEXT], hint[100] = "";
    if (reason == BRK_NO_ROUTE)
        add_hint(d->ppid, hint, sizeof hint);
    brk_log(CFG_LOG_WARNING, "dropped", "reason=%s from=%s stream=%u ppid=%s route=%d%s more_since_last=%llu",
            brk_drop_name(reason), from, d->stream, ppid_text(d->ppid, ppid),
            d->route == RT_NO_ROUTE ? 0 : (int)d->route + 1, hint, (unsigned long long)skipped);
}

void brk_count_drop(struct brk_worker *w, const struct brk_dropped *d, enum brk_drop reason)
{
    uint64_t skipped;
    brk_count(&w->counts.dropped[reason], 1);
    if (w->tap)
        brk_capture_dropped(w, d, reason);
    if (d->route != RT_NO_ROUTE) {
        brk_count(&brk_traffic_of(&w->counts, BRK_ROUTES, d->route)->dropped, 1);
        brk_count(&brk_traffic_of(&w->counts, BRK_GROUPS, w->config->routes[d->route].group)->dropped, 1);
    }
    if (brk_log_limited(&w->drop_limits[reason], w->now_ms, &skipped))
        tell(w, d, reason, skipped);
}
