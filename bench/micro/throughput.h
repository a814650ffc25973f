// What the benchmarks of throughput share: their rows, the socket parameters of a row, and measuring.
//
// A row's arguments are the size of a message and socket parameters: sndbuf, recbuf and maxseg in bytes,
// nodelay 0 or 1; KEPT leaves a parameter as it is. All others are those of section `sctp` of the file that
// the environment variable CONFIG names, else the defaults of a broker.
//
// Its counters: messages and bytes a second of real time, processor time of the process (nanoseconds) and
// system calls for each message.
#ifndef JUNCTOR_BENCH_MICRO_THROUGHPUT_H
#define JUNCTOR_BENCH_MICRO_THROUGHPUT_H

#include <benchmark/benchmark.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <string>

#include <sys/time.h>

#include "bench/micro/ends.h"
#include "config/config.h"

namespace throughput
{

constexpr int64_t KEPT = -1;
constexpr unsigned PATIENCE_S = 100; // without a message

// What CONFIG says. False: there is something wrong with it, and that has been told.
inline bool read_config(opt_set *out)
{
    opt_defaults(out);
    const char *file = getenv("CONFIG");
    if (!file || !*file)
        return true;
    cfg_remarks remarks;
    cfg_config *config = cfg_load_common(file, &remarks);
    if (!config)
        cfg_remarks_print(file, &remarks, stderr);
    cfg_remarks_free(&remarks);
    if (!config)
        return false;
    opt_merge(out, &config->sctp);
    cfg_free(config);
    return true;
}

inline opt_set configured; // by CONFIG

inline uint32_t size_of(const benchmark::State &state)
{
    return (uint32_t)state.range(0);
}

// Of a row.
inline opt_set options_of(const benchmark::State &state)
{
    static const opt_field fields[] = {OPTF_SNDBUF, OPTF_RECBUF, OPTF_NODELAY, OPTF_MAXSEG};
    opt_set options = configured;
    for (unsigned i = 0; i < 4; i++)
        if (state.range(i + 1) != KEPT)
            opt_put(&options, fields[i], state.range(i + 1));
    return options;
}

// Of those, what an endpoint can be opened with.
inline opt_set at_open(const opt_set &all)
{
    opt_set some = {};
    for (unsigned id = 0; id < OPT_ID_COUNT; id++)
        if (opt_rows[id].when & OPT_AT_OPEN)
            opt_take_option(&some, &all, (opt_id)id);
    return some;
}

inline double seconds(clockid_t clock)
{
    timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

// `step` lets everybody do what they can, and waits for more where that is nothing. Returns when so many have
// been delivered; false if that does not happen.
inline bool until(ends::Ends &e, uint64_t delivered, const std::function<void()> &step)
{
    uint64_t before = e.delivered;
    double since = seconds(CLOCK_MONOTONIC);
    while (e.delivered < delivered && e.wrong.empty()) {
        step();
        double now = seconds(CLOCK_MONOTONIC);
        if (e.delivered != before)
            since = now;
        else if (now - since > PATIENCE_S)
            e.wrong =
                "only " + std::to_string(e.delivered) + " of " + std::to_string(e.sent) + " messages arrive";
        before = e.delivered;
    }
    return e.wrong.empty();
}

// Messages of an iteration.
inline uint64_t batch_of(const benchmark::State &state)
{
    return size_of(state) < 16384 ? 256 : 16;
}

inline void measure(benchmark::State &state, ends::Ends &e, tr_loop *loop, const std::function<void()> &step)
{
    tr_loop_stats before, after;
    bool good = until(e, 64 + (1u << 18) / size_of(state), step); // warm
    tr_loop_get_stats(loop, &before);
    double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    const uint64_t first = e.delivered;
    uint64_t goal = first;
    while (good && state.KeepRunningBatch((int64_t)batch_of(state)))
        good = until(e, goal += batch_of(state), step);
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    tr_loop_get_stats(loop, &after);
    double messages = (double)(e.delivered - first);
    e.limit = e.sent;
    if (!good || !until(e, e.sent, step)) {
        state.SkipWithError(e.wrong.c_str());
        return;
    }
    state.SetItemsProcessed(state.iterations());
    state.SetBytesProcessed(state.iterations() * size_of(state));
    state.counters["cpu_ns"] = cpu * 1e9 / messages;
    state.counters["syscalls"] = (double)(after.syscalls - before.syscalls) / messages;
}

using Row = void (*)(benchmark::State &state, const tr_backend *backend);

// Those of one backend: every size as configured, then a few other values.
inline void add(const char *name, Row row, const tr_backend *backend)
{
    auto *rows = benchmark::RegisterBenchmark((std::string(name) + "/" + tr_backend_name(backend)).c_str(),
                                              row, backend);
    rows->ArgNames({"size", "sndbuf", "recbuf", "nodelay", "maxseg"})->UseRealTime();
    for (int64_t size : {64, 1400, 65536})
        rows->Args({size, KEPT, KEPT, KEPT, KEPT});
    rows->Args({64, KEPT, KEPT, 0, KEPT});
    rows->Args({64, 262144, 262144, KEPT, KEPT});
    rows->Args({1400, 262144, 262144, KEPT, KEPT});
    rows->Args({1400, KEPT, KEPT, KEPT, 512});
    rows->Args({65536, 1048576, 1048576, KEPT, KEPT});
}

// A signal a second ends the sleep of a loop in which nothing happens any more, so that patience can come to
// its end.
inline void wake(int)
{
}
inline void wake_every_second()
{
    struct sigaction action = {};
    action.sa_handler = wake;
    sigaction(SIGALRM, &action, nullptr);
    itimerval second = {{1, 0}, {1, 0}};
    setitimer(ITIMER_REAL, &second, nullptr);
}

// The backend that the environment variable BACKEND names, else all that this host has. False: told.
inline bool add_all(const char *name, Row row)
{
    const char *wanted = getenv("BACKEND");
    tr_error error;
    bool any = false;
    for (unsigned i = 0; tr_backend_at(i); i++) {
        const tr_backend *b = tr_backend_at(i);
        if (wanted && *wanted && strcmp(wanted, tr_backend_name(b)) != 0)
            continue;
        any = true;
        if ((wanted && *wanted) || tr_backend_probe(b, &error) == TR_OK)
            add(name, row, b);
        else
            fprintf(stderr, "%s/%s is left out: %s\n", name, tr_backend_name(b), error.text);
    }
    if (!any)
        fprintf(stderr, "BACKEND=%s: there is no such backend; write kernel or usrsctp\n", wanted);
    wake_every_second();
    return any && read_config(&configured);
}

} // namespace throughput

#endif
