/* The associations of the sink: what they deliver is checked, and sent back by an echo; see sink.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/far_sink.h"
#include "bench/guest_priv.h"

#define BURST      64
#define FULL_BATCH 64 /* a batch of this many items may not have been the last */
#define ROUNDS_MAX 8  /* batches in a row, so that others are served */

static void guest_ready(struct bench_handle *handle, unsigned flags);
static unsigned guest_messages(struct bench_guest *guest, const struct tr_item *items, unsigned count,
                               uint64_t now);

/* ---- copies of messages ------------------------------------------------------------------------------- */

/* False: out of memory. */
static bool held_add(struct bench_held_list *list, const struct tr_msg *m, uint64_t now)
{
    struct bench_held *held = malloc(sizeof *held + m->len);

    if (!held)
        return false;
    held->next = NULL;
    held->arrived_ns = now;
    held->msg = *m;
    held->msg.data = held->data;
    memcpy(held->data, m->data, m->len);
    if (!list->end)
        list->end = &list->first;
    *list->end = held;
    list->end = &held->next;
    return true;
}

static void held_drop(struct bench_held_list *list)
{
    struct bench_held *held = list->first;

    list->first = held->next;
    if (!list->first)
        list->end = NULL;
    free(held);
}

/* ---- associations ---------------------------------------------------------------------------------- */

struct bench_guest *bench_guest_find(struct bench_place *place, uint32_t origin)
{
    struct bench_guest *guest = place->sink->guests;

    while (guest && (guest->place != place || guest->origin != origin))
        guest = guest->next;
    return guest;
}

static void guest_link(struct bench_sink *s, struct bench_guest *guest)
{
    guest->next = s->guests;
    guest->link = &s->guests;
    if (guest->next)
        guest->next->link = &guest->next;
    s->guests = guest;
    s->alive++;
}

static void guest_unlink(struct bench_sink *s, struct bench_guest *guest)
{
    *guest->link = guest->next;
    if (guest->next)
        guest->next->link = guest->link;
    s->alive--;
}

/* Whether a sender waits for an association. */
static bool is_free(const struct bench_sender *sender)
{
    return !sender->open && (sender->suspended || sender->incarnation == 0);
}

/* The part of the flows to the source that falls to an association: by its number; or, if it came after all
 * others, that of one that has ended. NULL: none. */
static struct bench_sender *sender_for(struct bench_sink *s, unsigned number)
{
    if (!s->senders)
        return NULL;
    if (number < s->plan->associations)
        return &s->senders[number];
    for (unsigned i = 0; i < s->plan->associations; i++)
        if (bench_sink_home(i, s->parts) == s->part && is_free(&s->senders[i]))
            return &s->senders[i];
    return NULL;
}

static void guest_sends(struct bench_guest *guest)
{
    guest->sender = sender_for(guest->place->sink, guest->number);
    if (guest->sender)
        bench_sender_open(guest->sender, guest->endpoint, guest->assoc, guest->granted, bench_now_ns());
}

/* The association has ended; with churn there will be another one. */
static void guest_sends_no_more(struct bench_guest *guest)
{
    const struct bench_plan *plan = guest->place->sink->plan;

    if (plan->churn.rate > 0 || plan->role == BENCH_SINK)
        bench_sender_suspend(guest->sender);
    else
        bench_sender_close(guest->sender);
}

void bench_guest_new(struct bench_place *place, uint32_t assoc, unsigned granted)
{
    struct bench_sink *s = place->sink;
    struct bench_guest *guest = calloc(1, sizeof *guest);
    struct tr_error error = {.text = "out of memory"};

    if (guest) {
        guest->handle.ready = guest_ready;
        guest->place = place;
        guest->origin = guest->assoc = assoc;
        guest->granted = granted;
    }
    if (!guest ||
        tr_peeloff(place->endpoint, &guest->assoc, &guest->handle, &guest->endpoint, &error) != TR_OK) {
        if (guest && error.code == TR_NO_ASSOC) { /* it has already ended: what it sent is read here */
            s->seen++;
            free(guest);
            return;
        }
        s->turned_away++;
        if (!s->trouble[0])
            snprintf(s->trouble, sizeof s->trouble, "an association was turned away: %s", error.text);
        tr_abort(place->endpoint, assoc, &error);
        free(guest);
        return;
    }
    s->seen++;
    guest->number = s->accepted++;
    guest->leaving = bench_sink_home(guest->number, s->parts) != s->part;
    guest_link(s, guest);
    if (!guest->leaving)
        guest_sends(guest);
}

void bench_guest_free(struct bench_guest *guest)
{
    struct bench_sink *s = guest->place->sink;

    bench_far_sink_gone(s, guest);
    guest_unlink(s, guest);
    while (guest->held.first) {
        held_drop(&guest->held);
        s->not_echoed++;
    }
    while (guest->early.first)
        held_drop(&guest->early);
    if (guest->sender)
        guest_sends_no_more(guest);
    tr_close(guest->endpoint);
    free(guest);
}

/* ---- messages --------------------------------------------------------------------------------------- */

static void echo_hold(struct bench_guest *guest, const struct tr_msg *m)
{
    if (!held_add(&guest->held, m, 0))
        guest->place->sink->not_echoed++;
    else
        tr_watch(guest->endpoint, TR_WRITABLE);
}

/* Sends `count` messages back, in order; those that cannot be sent now are kept. */
static void echo_send(struct bench_guest *guest, const struct tr_msg *msgs, unsigned count)
{
    struct bench_sink *s = guest->place->sink;
    unsigned done = 0, sent;

    while (done < count && !guest->held.first) {
        enum tr_code code = tr_send(guest->endpoint, msgs + done, count - done, &sent);
        done += sent;
        s->echoed += sent;
        if (code == TR_AGAIN)
            break;
        if (code != TR_OK) { /* the far side granted fewer streams than it uses, or has ended */
            s->not_echoed++;
            done++;
        }
    }
    while (done < count)
        echo_hold(guest, &msgs[done++]);
}

static void echo_release(struct bench_guest *guest)
{
    struct bench_sink *s = guest->place->sink;

    while (guest->held.first) {
        unsigned sent;
        enum tr_code code = tr_send(guest->endpoint, &guest->held.first->msg, 1, &sent);
        if (code == TR_AGAIN)
            return;
        if (code == TR_OK)
            s->echoed++;
        else
            s->not_echoed++;
        held_drop(&guest->held);
    }
    tr_watch(guest->endpoint, TR_READABLE);
}

void bench_place_judge(struct bench_place *place, unsigned number, const struct tr_msg *m, uint64_t now)
{
    struct bench_arrival arrival = {m->data, m->len, m->ppid, m->stream, number};

    bench_judge_take(place->judge, (unsigned)(place - place->sink->places), &arrival, now);
    if (place->sink->far)
        bench_far_sink_judge(place->sink, &arrival, now);
}

/* Checks the messages of one association at the beginning of `items`, at most a burst, and sends them back if
 * this is an echo. Returns how many. */
static unsigned guest_messages(struct bench_guest *guest, const struct tr_item *items, unsigned count,
                               uint64_t now)
{
    struct tr_msg msgs[BURST];
    unsigned n = 0, back = 0;
    bool echo = guest->place->sink->plan->reply;

    for (; n < count && n < BURST && items[n].kind == TR_MESSAGE; n++) {
        const struct tr_msg *m = &items[n].msg;
        if (bench_far_is(m->data, m->len)) {
            bench_far_sink_take(guest, m, now);
            continue;
        }
        bench_place_judge(guest->place, guest->number, m, now);
        if (echo) {
            msgs[back] = *m;
            msgs[back].assoc = guest->assoc;
            msgs[back].flags &= TR_UNORDERED;
            msgs[back++].pr_policy = TR_PR_NONE;
        }
    }
    if (echo)
        echo_send(guest, msgs, back);
    return n;
}

/* False: the association has ended, and is freed. */
static bool guest_event(struct bench_guest *guest, const struct tr_event *e)
{
    struct bench_sink *s = guest->place->sink;

    if (e->type == TR_EV_SEND_FAILED && guest->sender) {
        uint32_t flow = e->failed.msg.context;
        bool given_up = flow < s->plan->flow_count && s->plan->flows[flow].pr_policy != TR_PR_NONE;
        *(given_up ? &s->given_up : &s->failed) += 1;
    }
    if (e->type != TR_EV_ASSOC_CHANGE ||
        (e->change.state != TR_COMM_LOST && e->change.state != TR_SHUTDOWN_COMP))
        return true;
    if (e->change.state == TR_COMM_LOST)
        s->lost++;
    bench_guest_free(guest);
    return false;
}

/* Reads one batch; true when the association still exists and there may be more. */
static bool guest_read(struct bench_guest *guest)
{
    const struct tr_item *items;
    unsigned count, i = 0;

    if (bench_recv(guest->endpoint, &items, &count) != TR_OK)
        return false;
    uint64_t now = bench_now_ns();
    while (i < count) {
        if (items[i].kind == TR_MESSAGE)
            i += guest_messages(guest, items + i, count - i, now);
        else if (!guest_event(guest, &items[i++].event))
            return false;
    }
    return count >= FULL_BATCH && !guest->held.first;
}

void bench_guest_broken(struct bench_sender *sender, enum tr_code code, const struct tr_msg *which)
{
    struct bench_sink *s =
        (struct bench_sink *)((char *)sender->traffic - offsetof(struct bench_sink, traffic));
    struct tr_error error;

    if (!s->trouble[0])
        snprintf(s->trouble, sizeof s->trouble, "cannot send to the source: %s (stream %u, %u bytes)",
                 tr_code_text(code), which->stream, which->len);
    tr_abort(sender->endpoint, sender->assoc, &error);
    bench_sender_close(sender);
}

static void guest_write(struct bench_guest *guest)
{
    const struct tr_msg *which;
    enum tr_code code = bench_sender_writable(guest->sender, bench_now_ns(), &which);

    if (code != TR_OK)
        bench_guest_broken(guest->sender, code, which);
}

static void guest_ready(struct bench_handle *handle, unsigned flags)
{
    struct bench_guest *guest = (struct bench_guest *)handle;

    if (flags & TR_WRITABLE && guest->held.first)
        echo_release(guest);
    if (flags & TR_WRITABLE && guest->sender)
        guest_write(guest);
    for (unsigned round = 0; flags & TR_READABLE && round < ROUNDS_MAX && guest_read(guest); round++)
        continue;
}

/* ---- handing over ------------------------------------------------------------------------------------- */

/* Checks what came while the association was leaving. */
static void take_early(struct bench_guest *guest)
{
    while (guest->early.first) {
        struct tr_item item = {.kind = TR_MESSAGE, .msg = guest->early.first->msg};
        guest_messages(guest, &item, 1, guest->early.first->arrived_ns);
        held_drop(&guest->early);
    }
}

static void stay(struct bench_guest *guest)
{
    guest->leaving = false;
    take_early(guest);
}

void bench_guest_item(struct bench_guest *guest, const struct tr_item *item, uint64_t now)
{
    if (item->kind == TR_MESSAGE && guest->leaving && held_add(&guest->early, &item->msg, now))
        return;
    if (item->kind == TR_MESSAGE) {
        guest_messages(guest, item, 1, now);
        return;
    }
    if (guest->leaving)
        take_early(guest);
    guest_event(guest, &item->event);
}

/* Puts the association into the mailbox of its worker, which takes it from there: bench_sink_arrivals. */
static void hand_over(struct bench_sink *s, struct bench_guest *guest)
{
    unsigned home = bench_sink_home(guest->number, s->parts);
    struct bench_sink *to = s->all[home];
    struct tr_error error;

    if (tr_release(guest->endpoint, &error) != TR_OK) {
        stay(guest);
        return;
    }
    guest_unlink(s, guest);
    guest->leaving = false;
    guest->place = &to->places[guest->place - s->places];
    s->handed++;
    guest->next = atomic_load_explicit(&to->arriving, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&to->arriving, &guest->next, guest,
                                                  memory_order_release, /* with bench_sink_arrivals */
                                                  memory_order_relaxed))
        continue;
    s->wake(home, s->wake_arg);
}

void bench_guests_leave(struct bench_sink *s)
{
    for (struct bench_guest *guest = s->guests, *next; guest; guest = next) {
        next = guest->next;
        if (guest->leaving)
            hand_over(s, guest);
    }
}

/* Those handed over belong to this thread from now on: all that the other one wrote before is seen. */
void bench_sink_arrivals(struct bench_sink *s)
{
    if (!atomic_load_explicit(&s->arriving, memory_order_relaxed))
        return;
    struct bench_guest *guest =
        atomic_exchange_explicit(&s->arriving, NULL, memory_order_acquire); /* with hand_over */
    for (struct bench_guest *next; guest; guest = next) {
        struct tr_error error;
        next = guest->next;
        s->adopted++;
        if (tr_adopt(s->loop, guest->endpoint, &error) != TR_OK) {
            s->turned_away++;
            if (!s->trouble[0])
                snprintf(s->trouble, sizeof s->trouble, "an association was turned away: %s", error.text);
            s->alive++; /* as bench_guest_free expects */
            guest->next = NULL;
            guest->link = &guest->next;
            bench_guest_free(guest);
            continue;
        }
        guest_link(s, guest);
        guest_sends(guest);
        take_early(guest);
    }
}
