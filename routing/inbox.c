/* The inbox, and the batches that go through it.
 *
 * A batch is a plain list, because it belongs to one thread: adding and taking cost a store or two,
 * whereas a cds_wfcq of its own would need an atomic exchange for each parcel. Its nodes are linked as in
 * a cds_wfcq (first → … → last → NULL), so posting makes a cds_wfcq of it on the stack (head.next is the
 * first node, tail the last) and lets liburcu splice that into the inbox. The structs of cds_wfcq are
 * public and its functions are inlined into other programs, so this layout cannot change without a new
 * library version.
 *
 * What the splice does (urcu/wfcqueue.h): one atomic exchange of the inbox's tail with the last node of
 * the batch, then a store that links the node that was the tail to the first node of the batch. The
 * exchange decides the order of the batches. Between the two steps the list has a gap.
 *
 * Note on wake-up while the consumer is asleep (`awake` false). The producer whose exchange found the tail
 * at the head (the inbox was empty) writes the eventfd, after its second step. The consumer (1) clears the
 * eventfd, (2) exchanges the tail with the head and then has everything. Consider a producer P and its
 * exchange:
 *
 *   - It comes before (2). Then its batch is taken.
 *   - It is the first after (2). Then P finds the tail at the head and writes the eventfd, and that write
 *     comes after (1), because P saw (2). The consumer is woken again.
 *   - It comes after (2) and is not the first. Then the first one's write serves for it as well.
 *
 * If the consumer saw an empty inbox and exchanged nothing, a producer that it missed writes the eventfd
 * after (1): had the write come before (1), reading the eventfd would have ordered P's exchange before the
 * consumer's check. So whatever is in the inbox after a take has a wake-up pending or on its way.
 *
 * Note on wake-up while the consumer is awake. A wake-up costs both sides a system call, and a consumer
 * that is busy with other things often finds the inbox empty. So while it says that it is awake no
 * producer writes. Before it sleeps it (3) says that it is not awake, (4) executes a full barrier, (5)
 * checks the tail. A producer that finds the inbox empty (6) exchanges the tail, a full barrier, (7)
 * checks `awake`. Either (7) sees (3) and the producer writes the eventfd, or (5) sees (6) and the
 * consumer does not sleep; the two barriers exclude that both miss the other. A producer that finds the
 * inbox not empty comes after one to which this applies.
 *
 * Note on gaps. A producer that was preempted between its two steps keeps the consumer waiting at the gap.
 * The consumer could take what is before it and return later, but then a take would miss batches behind
 * the gap whose posting had returned long before, and others rely on finding them: a worker that sees a
 * group open again must already have what a lost member sent back before (snapshot.h). So it waits. The
 * gap is two instructions wide, so this is rare, and it is short unless the producer has to wait for a
 * processor; liburcu's blocking calls would then sleep for 10 ms, here it is some ten microseconds at a
 * time. */
#include "routing/inbox.h"

#include <assert.h>
#include <errno.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "routing/tsan_priv.h"

/* How often to look again at a gap before giving up the processor: a producer that is running needs a few
 * nanoseconds for its second step. */
#define GAP_LOOKS    100
#define GAP_SLEEP_NS 20000

static struct rt_parcel *parcel_of(struct cds_wfcq_node *n)
{
    return caa_container_of(n, struct rt_parcel, node);
}

/* ---- batches ---- */

void rt_batch_init(struct rt_batch *b)
{
    *b = (struct rt_batch){0};
}

void rt_batch_add(struct rt_batch *b, struct rt_parcel *p)
{
    p->node.next = NULL;
    if (b->last)
        b->last->node.next = &p->node;
    else
        b->first = p;
    b->last = p;
    b->count++;
}

struct rt_parcel *rt_batch_peek(struct rt_batch *b)
{
    return b->first;
}

struct rt_parcel *rt_batch_next(struct rt_batch *b, struct rt_parcel *p)
{
    return p == b->last ? NULL : parcel_of(p->node.next);
}

struct rt_parcel *rt_batch_take(struct rt_batch *b)
{
    struct rt_parcel *p = b->first;
    if (!p)
        return NULL;
    b->first = rt_batch_next(b, p);
    if (!b->first)
        b->last = NULL;
    b->count--;
    return p;
}

struct rt_parcel *rt_batch_take_after(struct rt_batch *b, struct rt_parcel *p)
{
    struct rt_parcel *taken = p ? rt_batch_next(b, p) : NULL;
    if (!p)
        return rt_batch_take(b);
    if (!taken)
        return NULL;
    p->node.next = taken->node.next;
    if (taken == b->last)
        b->last = p;
    b->count--;
    return taken;
}

void rt_batch_append(struct rt_batch *to, struct rt_batch *from)
{
    if (!from->first)
        return;
    if (to->last)
        to->last->node.next = &from->first->node;
    else
        to->first = from->first;
    to->last = from->last;
    to->count += from->count;
    rt_batch_init(from);
}

/* ---- inbox ---- */

int rt_inbox_init(struct rt_inbox *in)
{
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (fd < 0)
        return -1;
    in->eventfd = fd;
    in->awake = false;
    __cds_wfcq_init(&in->head, &in->tail);
    return 0;
}

void rt_inbox_destroy(struct rt_inbox *in)
{
    assert(cds_wfcq_empty(&in->head, &in->tail));
    close(in->eventfd);
    in->eventfd = -1;
}

int rt_inbox_fd(const struct rt_inbox *in)
{
    return in->eventfd;
}

static void ring(struct rt_inbox *in)
{
    uint64_t one = 1;
    ssize_t n = write(in->eventfd, &one, sizeof one);
    /* EAGAIN: the counter is at its maximum, so it is readable anyway. */
    assert(n == (ssize_t)sizeof one || (n < 0 && errno == EAGAIN));
}

static void clear(struct rt_inbox *in)
{
    uint64_t value;
    ssize_t n = read(in->eventfd, &value, sizeof value);
    assert(n == (ssize_t)sizeof value || (n < 0 && errno == EAGAIN));
}

bool rt_inbox_post(struct rt_inbox *in, struct rt_batch *b)
{
    if (!b->first)
        return false;
    struct __cds_wfcq_head head = {.node = {.next = &b->first->node}};
    struct cds_wfcq_tail tail = {.p = &b->last->node};
    rt_batch_init(b);
    /* States that liburcu's exchange of the tail is a full barrier: what this thread did to the parcels
     * comes before whatever the thread that takes them does. The other side is in rt_inbox_take. */
    rt_tsan_release(&in->tail);
    /* "Blocking" refers to the source only, and that is complete: it never waits. */
    enum cds_wfcq_ret found = __cds_wfcq_splice_blocking(&in->head, &in->tail, &head, &tail);
    if (found != CDS_WFCQ_RET_DEST_EMPTY)
        return false;
    /* Relaxed, after the full barrier of the exchange; the other side is in rt_inbox_sleep. */
    if (__atomic_load_n(&in->awake, __ATOMIC_RELAXED))
        return false;
    ring(in);
    return true;
}

void rt_inbox_awake(struct rt_inbox *in)
{
    /* Relaxed: a producer that sees it late writes the eventfd needlessly. */
    __atomic_store_n(&in->awake, true, __ATOMIC_RELAXED);
}

bool rt_inbox_sleep(struct rt_inbox *in)
{
    __atomic_store_n(&in->awake, false, __ATOMIC_RELAXED);
    cmm_smp_mb(); /* the other side is the exchange in rt_inbox_post */
    if (cds_wfcq_empty(&in->head, &in->tail))
        return true;
    rt_inbox_awake(in);
    return false;
}

/* Waits between two looks at a gap. Sleeps rather than yields, so that a producer of lower priority can
 * run. */
static void wait_at_gap(unsigned looks)
{
    if (looks < GAP_LOOKS) {
        caa_cpu_relax();
    } else {
        struct timespec t = {.tv_nsec = GAP_SLEEP_NS};
        nanosleep(&t, NULL);
    }
}

static struct cds_wfcq_node *next_linked(struct cds_wfcq_node *n)
{
    struct cds_wfcq_node *next;
    /* Acquire pairs with the second step, a store after the full barrier of the producer's exchange. */
    for (unsigned looks = 0; !(next = __atomic_load_n(&n->next, __ATOMIC_ACQUIRE)); looks++)
        wait_at_gap(looks);
    return next;
}

/* Takes all the contents, as a queue that only the consumer knows. */
static void splice_out(struct rt_inbox *in, struct __cds_wfcq_head *head, struct cds_wfcq_tail *tail)
{
    __cds_wfcq_init(head, tail);
    for (unsigned looks = 0;; looks++) {
        if (__cds_wfcq_splice_nonblocking(head, tail, &in->head, &in->tail) != CDS_WFCQ_RET_WOULDBLOCK)
            break;
        wait_at_gap(looks);
    }
}

uint32_t rt_inbox_take(struct rt_inbox *in, bool woken, struct rt_batch *out)
{
    if (woken)
        clear(in);
    struct __cds_wfcq_head head;
    struct cds_wfcq_tail tail;
    splice_out(in, &head, &tail);
    if (tail.p == &head.node)
        return 0;
    /* The other side of rt_inbox_post: the splice exchanged the tail, with a full barrier, after every
     * producer whose batch it took. */
    rt_tsan_acquire(&in->tail);
    uint32_t count = 1;
    for (struct cds_wfcq_node *n = head.node.next; n != tail.p; n = next_linked(n))
        count++;
    struct rt_batch taken = {parcel_of(head.node.next), parcel_of(tail.p), count};
    rt_batch_append(out, &taken);
    return count;
}
