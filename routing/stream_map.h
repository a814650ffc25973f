/* Which stream of an association carries which stream of which client: what a mapped session knows of the
 * association to a member.
 *
 * A client is known by its number (`origin`), so an entry never refers to anything that may have been freed.
 * Finding an entry, by client and stream or by the association's stream, taking a stream and giving it up
 * each take constant time. Memory grows with the streams that are taken at once: about 40 bytes for each.
 *
 * A stream whose client has gone (rt_stream_map_leave) keeps its entry until rt_stream_map_reclaim finds
 * nothing of it on the way any more. Streams that have never been taken are given out first, then those that
 * have been free for longest.
 *
 * `usable` is how many streams the association has. Numbers above it may be taken as well, for streams that
 * are still to be added; what waits for them is the caller's.
 *
 * Pure; for one thread. */
#ifndef JUNCTOR_ROUTING_STREAM_MAP_H
#define JUNCTOR_ROUTING_STREAM_MAP_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RT_NO_STREAM   UINT16_MAX /* not the number of a stream: there are 65,535 at most */
#define RT_STREAMS_MAX UINT16_MAX

struct rt_stream_map;

/* Who has a stream. */
struct rt_stream_user {
    uint64_t origin; /* the client's association */
    uint16_t stream; /* of the client */
    bool left;       /* it has gone */
};

struct rt_stream_map *rt_stream_map_new(void); /* NULL: out of memory */
void rt_stream_map_free(struct rt_stream_map *m);

/* The stream that a client's stream has; RT_NO_STREAM: none. */
uint16_t rt_stream_map_find(const struct rt_stream_map *m, uint64_t origin, uint16_t stream);

/* Takes one for a client's stream that has none: a free one below `usable`, or else, while there are fewer
 * than `most`, the next number above. RT_NO_STREAM: none is free, or memory has run out. */
uint16_t rt_stream_map_take(struct rt_stream_map *m, uint64_t origin, uint16_t stream, uint16_t usable,
                            uint16_t most);

/* Who has the association's stream `out`. False: nobody. */
bool rt_stream_map_user(const struct rt_stream_map *m, uint16_t out, struct rt_stream_user *user);

/* A message has passed on it, in either direction. */
void rt_stream_map_used(struct rt_stream_map *m, uint16_t out, uint64_t now_ms);
/* One has been sent on it: the association's message `number`. Numbers only rise. */
void rt_stream_map_sent(struct rt_stream_map *m, uint16_t out, uint64_t number, uint64_t now_ms);

#define RT_TO_BE_SENT UINT64_MAX /* a number: something waits until the stream exists */

/* The streams below `usable` exist, and nothing waits for them any more: where nothing has been sent although
 * something was to be, nothing of the association's messages up to `number` was. */
void rt_stream_map_exist(struct rt_stream_map *m, uint16_t usable, uint64_t number);

/* Its client has gone, or is there after all. */
void rt_stream_map_leave(struct rt_stream_map *m, uint16_t out);
void rt_stream_map_stay(struct rt_stream_map *m, uint16_t out);

/* There are no streams from `usable` on, and none will be added: whoever has one has none any more. */
void rt_stream_map_cut(struct rt_stream_map *m, uint16_t usable);

/* What is over: messages up to `number` have been acknowledged, and what happened before `before_ms` is long
 * enough ago. */
struct rt_stream_past {
    uint64_t number, before_ms;
};

/* Frees streams whose clients have gone and on which nothing has happened since. Looks at `most` of them, the
 * next ones each time. Returns how many of these wait for an acknowledgement only. */
uint32_t rt_stream_map_reclaim(struct rt_stream_map *m, struct rt_stream_past past, uint32_t most);

/* How many streams clients have, and those whose clients have gone. */
uint32_t rt_stream_map_taken(const struct rt_stream_map *m);
uint32_t rt_stream_map_left(const struct rt_stream_map *m);

#ifdef __cplusplus
}
#endif
#endif
