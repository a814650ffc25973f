/* The two calls that wait: tr_connect and tr_recv_wait, for simple programs and tests; and the stash that
 * tr_connect needs.
 *
 * tr_connect reads the endpoint until its own association's outcome appears. What it reads on the way belongs
 * to tr_recv; a stack cannot take it back, so it is copied into the endpoint's stash, and tr_recv empties the
 * stash before it asks the backend again: the order stays. An endpoint with a stash counts as readable. */
#include "config/sctp/require.h"
#include "transport/clock_priv.h"
#include "transport/wait_priv.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

struct tr_stash {
    struct tr_endpoint *ep;
    struct tr_stash *next; /* in the loop's list */
    struct tr_item *items; /* their data is allocated one by one */
    unsigned count, room;
    unsigned given; /* the first ones are with the user, until the turn ends */
};

/* ---- Stash ----------------------------------------------------------------------------------------- */

/* What an item keeps outside itself, or NULL. */
static const void *item_data(const struct tr_item *item, size_t *len)
{
    const struct tr_msg *m = item->kind == TR_MESSAGE                ? &item->msg
                             : item->event.type == TR_EV_SEND_FAILED ? &item->event.failed.msg
                                                                     : NULL;
    if (m != NULL) {
        *len = m->len;
        return m->data;
    }
    if (item->event.type == TR_EV_REMOTE_ERROR) {
        *len = item->event.remote_error.len;
        return item->event.remote_error.data;
    }
    if (item->event.type == TR_EV_ASSOC_CHANGE) {
        *len = item->event.change.reason_len;
        return item->event.change.reason;
    }
    if (item->event.type == TR_EV_STREAM_RESET) {
        *len = item->event.stream_reset.count * sizeof *item->event.stream_reset.streams;
        return item->event.stream_reset.streams;
    }
    return NULL;
}

/* Gives an item that has data other memory for it. */
static void set_item_data(struct tr_item *item, const void *data)
{
    if (item->kind == TR_MESSAGE)
        item->msg.data = data;
    else if (item->event.type == TR_EV_SEND_FAILED)
        item->event.failed.msg.data = data;
    else if (item->event.type == TR_EV_REMOTE_ERROR)
        item->event.remote_error.data = data;
    else if (item->event.type == TR_EV_ASSOC_CHANGE)
        item->event.change.reason = data;
    else
        item->event.stream_reset.streams = data;
}

static uint32_t *item_assoc(struct tr_item *item)
{
    return item->kind == TR_MESSAGE ? &item->msg.assoc : &item->event.assoc;
}

static void free_items(struct tr_item *items, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++) {
        size_t len;
        free((void *)item_data(&items[i], &len));
    }
}

static struct tr_stash *stash_of(struct tr_endpoint *ep)
{
    if (ep->stash == NULL) {
        ep->stash = calloc(1, sizeof *ep->stash);
        if (ep->stash == NULL)
            return NULL;
        ep->stash->ep = ep;
        tr_stash_link(ep);
    }
    return ep->stash;
}

static bool make_room(struct tr_stash *s)
{
    if (s->count < s->room)
        return true;
    unsigned room = s->room ? 2 * s->room : 16;
    struct tr_item *items = realloc(s->items, room * sizeof *items);
    if (items == NULL)
        return false;
    s->items = items;
    s->room = room;
    return true;
}

void tr_stash_tell(struct tr_endpoint *ep)
{
    const struct tr_stash *s = ep->stash;
    if (s != NULL && s->given < s->count && (ep->watch & TR_READABLE) && ep->loop != NULL &&
        ep->backend->stashed != NULL)
        ep->backend->stashed(ep->loop);
}

/* Appends a copy of `item`. False: out of memory. */
static bool stash_add(struct tr_endpoint *ep, const struct tr_item *item)
{
    struct tr_stash *s = stash_of(ep);
    if (s == NULL || !make_room(s))
        return false;
    struct tr_item copy = *item;
    size_t len = 0;
    const void *data = item_data(item, &len);
    if (data != NULL) {
        void *bytes = malloc(len > 0 ? len : 1);
        if (bytes == NULL)
            return false;
        memcpy(bytes, data, len);
        set_item_data(&copy, bytes);
    }
    s->items[s->count++] = copy;
    tr_stash_tell(ep);
    return true;
}

bool tr_stash_event(struct tr_endpoint *ep, const struct tr_event *e)
{
    struct tr_item item = {.kind = TR_EVENT, .event = *e};
    return stash_add(ep, &item);
}

/* Forgets what waits for one association and is not with the user yet. */
static void stash_forget(struct tr_endpoint *ep, uint32_t assoc)
{
    struct tr_stash *s = ep->stash;
    unsigned kept = s != NULL ? s->given : 0;
    for (unsigned i = kept; s != NULL && i < s->count; i++) {
        if (*item_assoc(&s->items[i]) == assoc)
            free_items(s->items, i, i + 1);
        else
            s->items[kept++] = s->items[i];
    }
    if (s != NULL)
        s->count = kept;
}

bool tr_stash_recv(struct tr_endpoint *ep, unsigned max, const struct tr_item **items, unsigned *count)
{
    struct tr_stash *s = ep->stash;
    unsigned left = s->count - s->given;
    if (left == 0)
        return false;
    *items = s->items + s->given;
    *count = max != 0 && max < left ? max : left;
    s->given += *count;
    return true;
}

bool tr_stash_any(const struct tr_loop *loop)
{
    for (const struct tr_stash *s = loop->stashes; s != NULL; s = s->next)
        if (s->given < s->count && (s->ep->watch & TR_READABLE))
            return true;
    return false;
}

unsigned tr_stash_ready(struct tr_loop *loop, unsigned max)
{
    unsigned count = loop->ready_count;
    for (struct tr_stash *s = loop->stashes; s != NULL; s = s->next) {
        struct tr_endpoint *ep = s->ep;
        if (s->given == s->count || !(ep->watch & TR_READABLE))
            continue;
        if (ep->ready_index != 0 && ep->ready_turn == loop->turn) {
            loop->ready[ep->ready_index - 1].flags |= TR_READABLE;
        } else if (count < max) {
            loop->ready[count++] = (struct tr_ready){ep, ep->cookie, TR_READABLE};
            ep->ready_index = count;
            ep->ready_turn = loop->turn;
        }
    }
    return count;
}

void tr_stash_unlink(struct tr_endpoint *ep)
{
    if (ep->stash == NULL || ep->loop == NULL)
        return;
    struct tr_stash **at = &ep->loop->stashes;
    while (*at != ep->stash)
        at = &(*at)->next;
    *at = ep->stash->next;
}

void tr_stash_link(struct tr_endpoint *ep)
{
    if (ep->stash == NULL)
        return;
    ep->stash->next = ep->loop->stashes;
    ep->loop->stashes = ep->stash;
    tr_stash_tell(ep);
}

void tr_stash_discard(struct tr_endpoint *ep)
{
    struct tr_stash *s = ep->stash;
    if (s == NULL)
        return;
    tr_stash_unlink(ep);
    ep->stash = NULL;
    free_items(s->items, 0, s->count);
    free(s->items);
    free(s);
}

void tr_stash_discard_all(struct tr_loop *loop)
{
    while (loop->stashes != NULL)
        tr_stash_discard(loop->stashes->ep);
}

void tr_stash_turn(struct tr_loop *loop)
{
    for (struct tr_stash *s = loop->stashes, *next; s != NULL; s = next) {
        next = s->next;
        if (s->given == s->count) {
            tr_stash_discard(s->ep);
        } else if (s->given > 0) {
            free_items(s->items, 0, s->given);
            s->count -= s->given;
            memmove(s->items, s->items + s->given, s->count * sizeof *s->items);
            s->given = 0;
        }
    }
}

void tr_stash_move(struct tr_endpoint *from, uint32_t assoc, struct tr_endpoint *to, uint32_t new_assoc)
{
    struct tr_stash *s = from->stash;
    unsigned kept = s != NULL ? s->given : 0;
    for (unsigned i = kept; s != NULL && i < s->count; i++) {
        struct tr_item *item = &s->items[i];
        struct tr_stash *target = *item_assoc(item) == assoc ? stash_of(to) : NULL;
        if (target == NULL || !make_room(target)) {
            s->items[kept++] = *item;
            continue;
        }
        *item_assoc(item) = new_assoc;
        if (item->kind == TR_EVENT && item->event.type == TR_EV_SEND_FAILED)
            item->event.failed.msg.assoc = new_assoc;
        target->items[target->count++] = *item;
    }
    if (s != NULL)
        s->count = kept;
    tr_stash_tell(to);
}

/* ---- Waiting --------------------------------------------------------------------------------------- */

/* One wait. True where `ep` is ready. What it tells of other endpoints is the program's to hear, which gets
 * it again: from a stack that tells something only once, because that is asked for. */
static bool wait_once(struct tr_endpoint *ep, int timeout_ms, unsigned *count)
{
    const struct tr_backend *b = ep->loop->backend;
    struct tr_ready ready[16];
    bool found = false;
    *count = b->loop_wait(ep->loop, timeout_ms, ready, sizeof ready / sizeof ready[0]);
    for (unsigned i = 0; i < *count; i++) {
        struct tr_endpoint *other = ready[i].endpoint;
        if (other == ep)
            found = true;
        else if (other != NULL && b->again != NULL)
            b->again(other, ready[i].flags);
    }
    return found;
}

/* Sleeps until something can be read at `ep` (TR_OK) or the deadline (-1: none) is over. With `look` it looks
 * once at least: a stack that works only while it is waited for (usrsctp) gets its turn. Only what `ep` gives
 * ends the wait. Others that stay ready are left to the program; so that they do not keep this spinning, each
 * such round is followed by a millisecond of sleep. */
static enum tr_code wait_for(struct tr_endpoint *ep, int64_t deadline, bool look)
{
    unsigned others;
    for (;; look = false) {
        int64_t left = deadline < 0 ? 60000 : deadline - tr_now_ms();
        if (left <= 0 && !look)
            return TR_TIMEOUT;
        int timeout = left > 60000 ? 60000 : left > 0 ? (int)left : 0;
        if (wait_once(ep, timeout, &others))
            return TR_OK;
        if (others > 0)
            nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
}

enum tr_code tr_recv_wait(struct tr_endpoint *ep, int timeout_ms, const struct tr_item **item)
{
    REQUIRE(tr_is_endpoint(ep) && ep->loop != NULL && item != NULL);
    int64_t deadline = timeout_ms < 0 ? -1 : tr_now_ms() + timeout_ms;
    unsigned watch = ep->watch, count;
    bool look = true;
    enum tr_code code;

    tr_loop_turn(ep->loop);
    while ((code = tr_recv(ep, 1, item, &count)) == TR_AGAIN) {
        tr_watch(ep, TR_READABLE); /* and nothing else: writable is no answer */
        if ((code = wait_for(ep, deadline, look)) != TR_OK)
            break;
        look = false;
    }
    tr_watch(ep, watch);
    return code;
}

/* Reads a batch of what there is. The event that decides about `assoc` goes to *change (the first one,
 * *decided tells), the rest to the stash. TR_AGAIN: nothing is there. */
static enum tr_code read_batch(struct tr_endpoint *ep, uint32_t assoc, bool *decided, struct tr_event *change,
                               struct tr_error *error)
{
    const struct tr_item *items;
    unsigned count;

    tr_loop_turn(ep->loop);
    enum tr_code code = ep->backend->recv(ep, 0, &items, &count);
    if (code != TR_OK)
        return code;
    for (unsigned i = 0; i < count; i++) {
        const struct tr_event *e = &items[i].event;
        if (!*decided && items[i].kind == TR_EVENT && e->type == TR_EV_ASSOC_CHANGE && e->assoc == assoc) {
            *change = *e;
            *decided = true;
        } else if (!stash_add(ep, &items[i])) {
            return tr_fail(error, TR_LIMIT, 0, "connect: out of memory");
        }
    }
    return TR_OK;
}

/* Aborts it and throws everything about it away. Its end stands behind all else that waits unread; what comes
 * later is left where it is. */
static void give_up(struct tr_endpoint *ep, uint32_t assoc)
{
    struct tr_event end;
    bool over = false;
    ep->backend->abort(ep, assoc, NULL, 0, NULL);
    while (!over && read_batch(ep, assoc, &over, &end, NULL) == TR_OK)
        ;
    stash_forget(ep, assoc);
}

/* How long the stack tries at least before it gives an unanswered association up: attempts + 1 waiting times,
 * each twice as long as the one before up to max_init_timeo, or to rtoinfo.max where a stack goes by that
 * (RFC 9260 5.1, RFC 6458 8.1.3). 0: not known. */
static int64_t set_up_time(struct tr_endpoint *ep)
{
    struct opt_set o = {0};
    if (tr_get_option(ep, 0, OPT_INITMSG, &o, NULL) != TR_OK ||
        tr_get_option(ep, 0, OPT_RTOINFO, &o, NULL) != TR_OK)
        return 0;
    int64_t wait = opt_num(&o, OPTF_RTO_INITIAL, 0), longest = opt_num(&o, OPTF_INIT_TIMEO, 0), sum = 0;
    int64_t rto_max = opt_num(&o, OPTF_RTO_MAX, 0);
    if (rto_max > 0 && (longest == 0 || rto_max < longest))
        longest = rto_max;
    for (int64_t i = opt_num(&o, OPTF_INIT_ATTEMPTS, 0); i >= 0; i--) {
        if (longest > 0 && wait > longest)
            wait = longest;
        sum += wait;
        wait *= 2;
        if (wait > INT32_MAX)
            break;
    }
    return sum;
}

/* A stack reports an association that nobody answered and one that was refused without a cause alike. The
 * time it took tells them apart: a refusal comes after a round trip, giving up after all attempts. */
static enum tr_code outcome(struct tr_endpoint *ep, const struct tr_event *change, int64_t took,
                            const char *to, struct tr_error *error)
{
    if (change->change.state == TR_COMM_UP)
        return TR_OK;
    int64_t all = change->change.error == 0 ? set_up_time(ep) : 0;
    if (all > 0 && took >= all - all / 4)
        return tr_fail(error, TR_TIMEOUT, 0, "connect to %s: no answer to any attempt", to);
    if (change->change.error != 0)
        return tr_fail(error, TR_REFUSED, 0, "connect to %s: the peer refused: %s", to,
                       tr_error_string(change->change.error));
    return tr_fail(error, TR_REFUSED, 0, "connect to %s: the peer refused; does anything listen there?", to);
}

enum tr_code tr_connect(struct tr_endpoint *ep, const struct tr_target *to, int timeout_ms,
                        struct tr_event *change, struct tr_error *error)
{
    REQUIRE(tr_is_endpoint(ep) && ep->loop != NULL && to != NULL && change != NULL);
    int64_t begin = tr_now_ms(), deadline = timeout_ms < 0 ? -1 : begin + timeout_ms;
    unsigned watch = ep->watch;
    uint32_t assoc = 0;
    bool decided = false;
    char text[NET_ADDR_TEXT];

    enum tr_code code = tr_connect_init(ep, to, &assoc, error);
    if (code != TR_OK)
        return code;
    net_addr_format(&to->addresses[0], text, sizeof text);
    tr_watch(ep, TR_READABLE);
    for (bool look = true;; look = false) {
        code = read_batch(ep, assoc, &decided, change, error);
        if (decided || (code != TR_OK && code != TR_AGAIN))
            break;
        code = wait_for(ep, deadline, look);
        if (code != TR_OK) {
            tr_fail(error, code, 0, "connect to %s: no association within %d ms", text, timeout_ms);
            break;
        }
    }
    if (decided)
        code = outcome(ep, change, tr_now_ms() - begin, text, error);
    else
        give_up(ep, assoc);
    tr_watch(ep, watch);
    return code;
}
