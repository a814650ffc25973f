/* See output.h. */
#include "broker/tap/output.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "broker/stats/counts.h"
#include "broker/tap/frame.h"
#include "routing/origin.h"

uint64_t tap_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ---- comments ------------------------------------------------------------------------------------- */

struct line {
    char *out;
    size_t used;
};

static void __attribute__((format(printf, 2, 3))) add(struct line *l, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(l->out + l->used, TAP_COMMENT_MAX - l->used, format, args);
    va_end(args);
    l->used += (size_t)n < TAP_COMMENT_MAX - l->used ? (size_t)n : TAP_COMMENT_MAX - 1 - l->used;
}

static void add_association(struct line *l, const char *word, uint64_t number)
{
    char text[RT_ORIGIN_TEXT];
    if (number)
        add(l, " %s=%s", word, rt_origin_format(number, text));
}

static void add_route(struct line *l, const struct tap_names *n, uint32_t route)
{
    if (route >= n->route_count)
        return;
    const struct tap_route *r = &n->routes[route];
    if (r->name)
        add(l, " route=%s", r->name);
    else
        add(l, " route=%u", route + 1);
    add(l, " group=%s", n->groups[r->group]);
}

/* "verdict=forwarded route=calls group=core from=access to=hlr from_association=0-3 to_association=0-4" */
static void comment(struct tap_message *m, const struct tap_names *names)
{
    static const char *const words[] = {[CFG_RECEIVED] = "received",
                                        [CFG_FORWARDED] = "forwarded",
                                        [CFG_DROPPED] = "dropped",
                                        [CFG_RETURNED] = "returned"};
    const struct brk_captured *c = m->captured;
    struct line l = {m->comment, 0};
    add(&l, "verdict=%s", words[c->verdict]);
    if (c->verdict == CFG_DROPPED)
        add(&l, " reason=%s", brk_drop_name((enum brk_drop)c->reason));
    add_route(&l, names, c->route);
    if (c->has_from)
        add(&l, " from=%s", tap_names_of(names, c->from));
    if (c->has_to)
        add(&l, " to=%s", tap_names_of(names, c->to));
    add_association(&l, "from_association", c->origin);
    add_association(&l, "to_association", c->target);
}

void tap_message(struct tap_message *m, const struct brk_captured *c, const struct tap_names *names,
                 struct tap_flows *flows)
{
    m->captured = c;
    m->numbers = tap_flows_next(flows, c, tap_fragments(c->len));
    comment(m, names);
}

/* ---- filters -------------------------------------------------------------------------------------- */

static bool is_member(const struct cfg_member *list, unsigned count, bool known, struct cfg_member m)
{
    for (unsigned i = 0; known && i < count; i++)
        if (cfg_same_member(list[i], m))
            return true;
    return !count;
}

static bool is_number(const uint32_t *list, unsigned count, uint32_t number)
{
    for (unsigned i = 0; i < count; i++)
        if (list[i] == number)
            return true;
    return !count;
}

static bool is_stream(const struct cfg_range *list, unsigned count, uint16_t stream)
{
    for (unsigned i = 0; i < count; i++)
        if (list[i].first <= stream && stream <= list[i].last)
            return true;
    return !count;
}

static bool fits(const struct cfg_filter *f, const struct brk_captured *c)
{
    return (f->verdict == CFG_ANY_VERDICT || f->verdict == (enum cfg_verdict)c->verdict) &&
           is_number(f->ppids, f->ppid_count, c->ppid) && is_stream(f->streams, f->stream_count, c->stream) &&
           is_number(f->routes, f->route_count, c->route) &&
           is_member(f->from, f->from_count, c->has_from, c->from) &&
           is_member(f->to, f->to_count, c->has_to, c->to);
}

/* ---- an output ------------------------------------------------------------------------------------ */

void tap_output_begin(struct tap_output *o, uint64_t missed)
{
    o->begun_ns = tap_now_ns();
    o->missed_before = missed;
    o->seen = o->accepted = o->written = o->missed = 0;
}

bool tap_output_wants(struct tap_output *o, const struct brk_captured *c)
{
    o->seen++;
    if (!fits(o->filter, c))
        return false;
    o->accepted++;
    return true;
}

void tap_output_packets(const struct tap_output *o, const struct tap_message *m, struct tap_bytes *b)
{
    static const enum pcapng_direction directions[] = {[CFG_RECEIVED] = PCAPNG_INBOUND,
                                                       [CFG_FORWARDED] = PCAPNG_OUTBOUND,
                                                       [CFG_DROPPED] = 0,
                                                       [CFG_RETURNED] = 0};
    const struct brk_captured *c = m->captured;
    size_t caught = c->caught < o->snaplen ? c->caught : o->snaplen;
    unsigned fragments = tap_fragments(c->len);
    char text[TAP_COMMENT_MAX + 40];
    for (unsigned i = 0; i < fragments; i++) {
        struct tap_frame f;
        tap_frame(&f, c, &m->numbers, i, caught);
        if (i && !f.caught)
            return; /* nothing of it is there */
        if (fragments > 1)
            snprintf(text, sizeof text, "%s fragment=%u/%u", m->comment, i + 1, fragments);
        pcapng_packet(b, &(struct pcapng_packet){.at_ns = c->at_ns,
                                                 .head = f.head,
                                                 .head_length = f.head_length,
                                                 .data = f.data,
                                                 .caught = f.caught,
                                                 .zeros = f.padding,
                                                 .length = f.length,
                                                 .direction = directions[c->verdict],
                                                 .comment = fragments > 1 ? text : m->comment});
    }
}

void tap_output_statistics(const struct tap_output *o, uint64_t missed, struct tap_bytes *b)
{
    uint64_t in_rings = missed - o->missed_before;
    pcapng_statistics(b, &(struct pcapng_counts){.begun_ns = o->begun_ns,
                                                 .now_ns = tap_now_ns(),
                                                 .received = o->seen + in_rings,
                                                 .accepted = o->accepted,
                                                 .missed = in_rings + o->missed,
                                                 .delivered = o->written});
}
