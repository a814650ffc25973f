/* The queue of a traffic's senders by when they are to be served: a heap; see traffic.h. */
#include "bench/traffic_priv.h"

static void queue_put(struct bench_traffic *t, struct bench_sender *s, unsigned place)
{
    t->queue[place] = s;
    s->place = place + 1;
}

static void queue_up(struct bench_traffic *t, struct bench_sender *s, unsigned place)
{
    for (; place > 0 && t->queue[(place - 1) / 2]->due_ns > s->due_ns; place = (place - 1) / 2)
        queue_put(t, t->queue[(place - 1) / 2], place);
    queue_put(t, s, place);
}

static void queue_down(struct bench_traffic *t, struct bench_sender *s, unsigned place)
{
    for (;;) {
        unsigned child = 2 * place + 1;
        if (child + 1 < t->queued && t->queue[child + 1]->due_ns < t->queue[child]->due_ns)
            child++;
        if (child >= t->queued || t->queue[child]->due_ns >= s->due_ns)
            break;
        queue_put(t, t->queue[child], place);
        place = child;
    }
    queue_put(t, s, place);
}

static void queue_remove(struct bench_traffic *t, struct bench_sender *s)
{
    unsigned place = s->place - 1;
    struct bench_sender *last = t->queue[--t->queued];

    s->place = 0;
    if (last == s)
        return;
    queue_down(t, last, place);
    queue_up(t, last, last->place - 1);
}

void bench_sender_due(struct bench_sender *s, uint64_t due_ns)
{
    struct bench_traffic *t = s->traffic;
    uint64_t before = s->due_ns;

    s->due_ns = due_ns;
    if (due_ns == UINT64_MAX) {
        if (s->place)
            queue_remove(t, s);
    } else if (!s->place) {
        queue_up(t, s, t->queued++);
    } else if (due_ns < before) {
        queue_up(t, s, s->place - 1);
    } else {
        queue_down(t, s, s->place - 1);
    }
}
