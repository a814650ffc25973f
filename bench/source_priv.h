/* The parts of source.c: associations (link.c), and the churn (churn.c). One thread. */
#ifndef JUNCTOR_BENCH_SOURCE_PRIV_H
#define JUNCTOR_BENCH_SOURCE_PRIV_H

#include "bench/endpoint_priv.h"
#include "bench/silence.h"
#include "bench/source.h"

enum bench_link_state {
    BENCH_LINK_CLOSED,
    BENCH_LINK_CONNECTING,
    BENCH_LINK_UP,
    BENCH_LINK_SETTLING, /* churn: up; it sends nothing more, and the replies to what it has sent are awaited
                          */
    BENCH_LINK_CLOSING   /* churn: it is being shut down or aborted */
};

struct bench_link {
    struct bench_handle handle;
    struct bench_source *source;
    struct bench_sender sender;
    struct tr_endpoint *endpoint;
    uint32_t assoc;
    enum bench_link_state state;
    uint64_t answered;   /* with replies: of sender.sent, those that have been answered, or never will be */
    uint64_t begun_ns;   /* when its set-up began; or its settling, or closing */
    uint64_t closing_ns; /* when its shutdown began; 0: it did not */
    struct bench_silence silence; /* since sending is over, */
    uint64_t handed_before;       /* sender.handed then */
    bool churned;                 /* it is being closed to be opened again */
    struct bench_link *next;      /* in the list of those */
};

static inline bool bench_link_is_up(const struct bench_link *link)
{
    return link->state == BENCH_LINK_UP || link->state == BENCH_LINK_SETTLING;
}

/* Up, or being closed by the churn. */
static inline bool bench_link_is_there(const struct bench_link *link)
{
    return bench_link_is_up(link) || link->state == BENCH_LINK_CLOSING;
}

/* The link of the plan's association number `index`; NULL: another source has it. */
static inline struct bench_link *bench_source_link(const struct bench_source *s, unsigned index)
{
    return index % s->parts == s->part ? &s->links[index / s->parts] : NULL;
}

/* ---- link.c */

/* What its endpoint calls: bench_handle.ready. */
void bench_link_ready(struct bench_handle *handle, unsigned flags);

/* Begins to set it up; it may have failed when this returns. */
void bench_link_open(struct bench_source *s, struct bench_link *link);

/* Its set-up has taken too long: it has failed. */
void bench_link_timed_out(struct bench_link *link);

/* Keeps, for the user, the first thing that went wrong: "WHAT ADDRESS: WHY". */
void bench_link_note(struct bench_source *s, const char *what, const char *why);

/* An association of the churn has ended. `lost`: not in the way that was requested. */
void bench_link_ended(struct bench_link *link, bool lost);

/* It cannot send message `which`. */
void bench_link_broken(struct bench_sender *sender, enum tr_code code, const struct tr_msg *which);

#endif
