// One hop of a message from thread to thread: the inbox, compared with the usual alternative, a list with a
// mutex and a condition variable.
//
// Every row moves the same parcels from one producer to one consumer on another processor and reports
// messages per second of real time. The consumer sleeps when there is nothing, in poll on the eventfd, as a
// worker does, or in pthread_cond_wait; at most WINDOW parcels are in flight. The argument is how many
// messages the producer hands over at a time. The rows:
//
//   inbox/n             n messages per post; the consumer takes everything
//   mutex_each/1        the textbook queue: the lock is taken for each message, in and out
//   mutex_take_all/n    n messages per lock; the consumer takes everything with one lock: batched like the
//                       inbox, so this row separates the effect of batching from that of the lock
//
// A broker's worker posts once a turn what it has for another worker (n > 1 under load); the textbook queue
// is what "a queue between threads" usually means. A queue with a lock that batches on both sides is as fast
// if each of the two threads has its own processor: one lock then serves many messages. The advantage of the
// inbox is that a worker never waits because another one was preempted while holding a lock, however many
// post to it.
#include <benchmark/benchmark.h>

#include <poll.h>
#include <pthread.h>
#include <sched.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "bench/micro/beside.h"
#include "routing/inbox.h"

namespace
{

constexpr uint64_t WINDOW = 32768, TELL = 64;

class Inbox
{
  public:
    Inbox()
    {
        if (rt_inbox_init(&inbox) != 0)
            abort();
    }
    ~Inbox()
    {
        rt_inbox_destroy(&inbox);
    }
    void put(rt_batch *b)
    {
        rt_inbox_post(&inbox, b);
    }
    void take(rt_batch *out)
    {
        if (rt_inbox_take(&inbox, false, out))
            return;
        if (!rt_inbox_sleep(&inbox)) {
            rt_inbox_take(&inbox, false, out);
            return;
        }
        pollfd p = {rt_inbox_fd(&inbox), POLLIN, 0};
        poll(&p, 1, -1);
        rt_inbox_awake(&inbox);
        rt_inbox_take(&inbox, true, out);
    }

  private:
    rt_inbox inbox;
};

// `all`: take() returns everything instead of one message.
template <bool all> class MutexQueue
{
  public:
    ~MutexQueue()
    {
        pthread_cond_destroy(&filled);
        pthread_mutex_destroy(&lock);
    }
    void put(rt_batch *b)
    {
        pthread_mutex_lock(&lock);
        rt_batch_append(&list, b);
        pthread_mutex_unlock(&lock);
        pthread_cond_signal(&filled);
    }
    void take(rt_batch *out)
    {
        pthread_mutex_lock(&lock);
        while (list.count == 0)
            pthread_cond_wait(&filled, &lock);
        if (all)
            rt_batch_append(out, &list);
        else
            rt_batch_add(out, rt_batch_take(&list));
        pthread_mutex_unlock(&lock);
    }

  private:
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t filled = PTHREAD_COND_INITIALIZER;
    rt_batch list = {};
};

// Producer and consumer have processors of their own, as workers do: on a shared one the scheduler's switches
// would be measured.
void pin(unsigned n)
{
    static const std::vector<int> allowed = [] { // what this process may use, read before the first pinning
        cpu_set_t set;
        std::vector<int> all;
        if (sched_getaffinity(0, sizeof set, &set) == 0)
            for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
                if (CPU_ISSET(cpu, &set))
                    all.push_back(cpu);
        return all;
    }();
    if (allowed.empty())
        return;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(allowed[n % allowed.size()], &one);
    pthread_setaffinity_np(pthread_self(), sizeof one, &one);
}

// The consumer's thread: takes until it has received `total` messages, and publishes its progress from time
// to time, so that the producer can reuse their memory.
template <class Queue>
void consume(Queue *queue, const std::atomic<uint64_t> *total, std::atomic<uint64_t> *taken)
{
    pin(1);
    rt_batch out = {};
    uint64_t n = 0, streams = 0;
    while (n < total->load(std::memory_order_relaxed)) {
        queue->take(&out);
        while (rt_parcel *p = rt_batch_take(&out)) {
            streams += p->stream;
            if (++n % TELL == 0)
                taken->store(n, std::memory_order_release); // the parcels are the producer's again
        }
        taken->store(n, std::memory_order_release);
    }
    benchmark::DoNotOptimize(streams);
}

template <class Queue> void hop(benchmark::State &state)
{
    pin(0);
    const uint64_t size = (uint64_t)state.range(0);
    auto queue = std::make_unique<Queue>();
    auto parcels = std::make_unique<rt_parcel[]>(WINDOW);
    std::atomic<uint64_t> total{UINT64_MAX};
    alignas(RT_CACHE_LINE) std::atomic<uint64_t> taken{0};
    alignas(RT_CACHE_LINE) uint64_t put = 0, room = WINDOW;
    std::thread consumer(consume<Queue>, queue.get(), &total, &taken);
    rt_batch batch = {};
    auto hand_over = [&](uint64_t n) {
        while (put + n > room) {
            room = taken.load(std::memory_order_acquire) + WINDOW;
            if (put + n > room)
                sched_yield();
        }
        for (; n > 0; n--, put++) {
            rt_parcel *p = &parcels[put % WINDOW];
            p->stream = (uint32_t)put;
            rt_batch_add(&batch, p);
        }
        queue->put(&batch);
    };
    for (auto _ : state)
        hand_over(size);
    total.store(put + 1, std::memory_order_relaxed); // one more ends the consumer
    hand_over(1);
    consumer.join();
    state.SetItemsProcessed((int64_t)(put - 1));
}

} // namespace

// The same number of messages for every row, many times the window, so that each run measures the steady
// state.
#define ROW(queue, name, size)                                                                               \
    BENCHMARK_TEMPLATE(hop, queue)->Name(name)->Arg(size)->Iterations(2000000 / (size))->UseRealTime()
ROW(Inbox, "inbox", 1);
ROW(Inbox, "inbox", 32);
ROW(MutexQueue<false>, "mutex_each", 1);
ROW(MutexQueue<true>, "mutex_take_all", 1);
ROW(MutexQueue<true>, "mutex_take_all", 32);

int main(int argc, char **argv)
{
    return beside::run(argc, argv,
                       {{"inbox/32", "mutex_each/1"},
                        {"inbox/1", "mutex_each/1"},
                        {"inbox/32", "mutex_take_all/32"},
                        {"inbox/1", "mutex_take_all/1"}});
}
