/* The receiving side of the load generator: its listening endpoints; see sink.h. */
#include "bench/sink.h"

#include <stdlib.h>

#include "bench/far_sink.h"
#include "bench/guest_priv.h"

#define BACKLOG 1024

uint64_t bench_sink_turn(struct bench_sink *s, uint64_t now_ns)
{
    return s->senders ? bench_traffic_turn(&s->traffic, now_ns, bench_guest_broken) : UINT64_MAX;
}

/* The number of an association that ended before it was accepted. */
static unsigned stray_number(struct bench_place *place, uint32_t assoc)
{
    if (!place->has_stray || place->stray != assoc) {
        place->has_stray = true;
        place->stray = assoc;
        place->stray_number = place->sink->accepted++;
    }
    return place->stray_number;
}

/* The listening endpoint has what arrived before the association was peeled off, usually its beginning. */
static void place_ready(struct bench_handle *handle, unsigned flags)
{
    struct bench_place *place = (struct bench_place *)handle;
    const struct tr_item *items;
    unsigned count;

    if (!(flags & TR_READABLE) || bench_recv(place->endpoint, &items, &count) != TR_OK)
        return;
    uint64_t now = bench_now_ns();
    for (unsigned i = 0; i < count; i++) {
        uint32_t assoc = items[i].kind == TR_EVENT ? items[i].event.assoc : items[i].msg.assoc;
        struct bench_guest *guest;
        if (items[i].kind == TR_EVENT && items[i].event.type == TR_EV_ASSOC_CHANGE &&
            items[i].event.change.state == TR_COMM_UP) {
            place->used = true;
            bench_guest_new(place, assoc, items[i].event.change.outbound_streams);
        } else if ((guest = bench_guest_find(place, assoc))) {
            bench_guest_item(guest, &items[i], now);
        } else if (items[i].kind == TR_MESSAGE) {
            bench_place_judge(place, stray_number(place, assoc), &items[i].msg, now);
            place->sink->not_echoed += place->sink->plan->reply;
        }
    }
    if (place->sink->parts > 1)
        bench_guests_leave(place->sink);
}

/* ---- life ------------------------------------------------------------------------------------------- */

static enum tr_code place_open(struct bench_place *place, const struct bench_end *end, struct tr_error *error)
{
    struct bench_sink *s = place->sink;
    struct tr_open_params params = {.style = TR_ONE_TO_MANY,
                                    .addresses = end->addresses,
                                    .address_count = end->count,
                                    .port = end->port,
                                    .netns = end->netns[0] ? end->netns : NULL,
                                    .encaps_port = end->encaps_port,
                                    .options = &s->plan->options,
                                    .cookie = &place->handle};

    enum tr_code code = tr_open(s->loop, &params, &place->endpoint, error);
    return code == TR_OK ? tr_listen(place->endpoint, BACKLOG, error) : code;
}

enum tr_code bench_sink_open(struct bench_sink *s, const struct bench_sink_params *params,
                             struct tr_error *error)
{
    const struct bench_plan *plan = params->plan;

    *s = (struct bench_sink){.plan = plan,
                             .loop = params->loop,
                             .part = params->part,
                             .parts = params->parts,
                             .all = params->all,
                             .wake = params->wake,
                             .wake_arg = params->wake_arg};
    s->judge_count = plan->fanout ? plan->listen_count : 1;
    s->judges = calloc(s->judge_count, sizeof *s->judges);
    if (!s->judges) {
        *error = (struct tr_error){.code = TR_LIMIT, .text = "out of memory"};
        return TR_LIMIT;
    }
    for (unsigned i = 0; i < s->judge_count; i++)
        bench_judge_init(&s->judges[i], params->clock, plan->verify);
    for (unsigned i = 0; i < plan->listen_count; i++) {
        struct bench_place *place = &s->places[s->place_count++];
        *place = (struct bench_place){.handle = {place_ready}, .sink = s};
        place->judge = &s->judges[plan->fanout ? i : 0];
        enum tr_code code = s->part == 0 ? place_open(place, &plan->listen[i], error) : TR_OK;
        if (code != TR_OK) {
            bench_sink_close(s);
            return code;
        }
    }
    return TR_OK;
}

static void traffic_free(struct bench_sink *s);

void bench_sink_close(struct bench_sink *s)
{
    bench_sink_arrivals(s);
    bench_far_sink_free(s);
    while (s->guests)
        bench_guest_free(s->guests);
    traffic_free(s);
    for (unsigned i = 0; i < s->place_count; i++)
        if (s->places[i].endpoint)
            tr_close(s->places[i].endpoint);
    s->place_count = 0;
    for (unsigned i = 0; i < s->judge_count; i++)
        bench_judge_free(&s->judges[i]);
    free(s->judges);
    s->judges = NULL;
    s->judge_count = 0;
}

static void traffic_free(struct bench_sink *s)
{
    for (struct bench_guest *guest = s->guests; guest; guest = guest->next)
        guest->sender = NULL;
    if (s->senders)
        bench_traffic_free(&s->traffic);
    free(s->senders);
    s->senders = NULL;
}

/* Prepares the flows to the source, if the plan has any. */
static bool traffic_new(struct bench_sink *s, uint32_t run, uint16_t clock)
{
    traffic_free(s);
    s->accepted = 0;
    for (unsigned i = 0; i < s->place_count; i++)
        s->places[i].has_stray = false;
    s->failed = s->given_up = 0;
    if (!bench_plan_has(s->plan, true))
        return true;
    if (!bench_traffic_init(&s->traffic, s->plan, true, run, clock))
        return false;
    s->senders = calloc(s->plan->associations, sizeof *s->senders);
    for (unsigned i = 0; s->senders && i < s->plan->associations; i++)
        if (bench_sink_home(i, s->parts) == s->part && !bench_sender_init(&s->senders[i], &s->traffic, i)) {
            traffic_free(s);
            return false;
        }
    if (!s->senders)
        bench_traffic_free(&s->traffic);
    return s->senders != NULL;
}

bool bench_sink_reset(struct bench_sink *s, uint32_t run, uint16_t clock, uint64_t trail_ns)
{
    for (unsigned i = 0; i < s->judge_count; i++) {
        bench_judge_reset(&s->judges[i], run);
        s->judges[i].trail_ns = trail_ns;
    }
    s->echoed = s->not_echoed = 0;
    return traffic_new(s, run ? run : (uint32_t)bench_now_ns() | 1, clock);
}

uint64_t bench_sink_delivered(const struct bench_sink *s)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < s->judge_count; i++)
        sum += s->judges[i].counts.messages;
    return sum;
}

void bench_sink_eof(struct bench_sink *s)
{
    struct tr_error error;

    for (struct bench_guest *guest = s->guests; guest; guest = guest->next)
        tr_eof(guest->endpoint, guest->assoc, &error);
}
