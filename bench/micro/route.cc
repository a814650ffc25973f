// Which route takes a message: the compiled table, compared with the walk over the rules that it replaces.
// The argument is the number of routes; the time of the table must not depend on it.
//
//   ppid      each route has a PPID of its own, on one of four sources, all streams
//   streams   each route has a range of streams of its own, on one source, any PPID
//   mixed     half of the routes of each kind, so a lookup tries both
//
// Lookups are random over all routes of the file (the worst case for the caches; real traffic uses few), and
// the same for table and walk.
#include <cstdint>
#include <random>
#include <vector>

#include "bench/micro/beside.h"
#include "routing/table.h"

namespace
{

enum Shape { PPID, STREAMS, MIXED };

const cfg_member sources[] = {
    {CFG_MEMBER_LISTENER, 0}, {CFG_MEMBER_LISTENER, 1}, {CFG_MEMBER_PEER, 0}, {CFG_MEMBER_PEER, 1}};

struct Rules {
    std::vector<cfg_route> routes;
    std::vector<uint32_t> ppids;
    std::vector<cfg_range> ranges;
    cfg_config config = {};

    Rules(Shape shape, unsigned n) : routes(n), ppids(n), ranges(n)
    {
        for (unsigned i = 0; i < n; i++) {
            cfg_route &r = routes[i];
            r.from = &sources[shape == PPID ? i % 4 : 0];
            r.from_count = 1;
            if (shape == PPID || (shape == MIXED && i % 2)) {
                ppids[i] = i;
                r.ppids = &ppids[i];
                r.ppid_count = 1;
            } else {
                ranges[i] = {(uint16_t)(i * 65536ull / n), (uint16_t)((i + 1) * 65536ull / n - 1)};
                r.streams = &ranges[i];
                r.stream_count = 1;
            }
        }
        config.listener_count = 2;
        config.peer_count = 2;
        config.routes = routes.data();
        config.route_count = n;
    }
};

struct Lookup {
    uint32_t source, ppid;
    uint16_t stream;
};

std::vector<Lookup> lookups(Shape shape, unsigned n)
{
    std::mt19937 random(1);
    std::vector<Lookup> all(8192);
    for (Lookup &l : all) {
        l.ppid = (uint32_t)random() % n;
        l.source = rt_source(sources[shape == PPID ? l.ppid % 4 : 0]);
        l.stream = (uint16_t)random();
    }
    return all;
}

bool fits(const cfg_route &r, const Lookup &l)
{
    bool from = false, ppid = r.ppid_count == 0, stream = r.stream_count == 0;
    for (unsigned i = 0; !from && i < r.from_count; i++)
        from = rt_source(r.from[i]) == l.source;
    for (unsigned i = 0; from && !ppid && i < r.ppid_count; i++)
        ppid = r.ppids[i] == l.ppid;
    for (unsigned i = 0; ppid && !stream && i < r.stream_count; i++)
        stream = r.streams[i].first <= l.stream && l.stream <= r.streams[i].last;
    return from && ppid && stream;
}

uint32_t walk(const cfg_config &c, const Lookup &l)
{
    for (uint32_t i = 0; i < c.route_count; i++)
        if (fits(c.routes[i], l))
            return i;
    return RT_NO_ROUTE;
}

template <Shape shape> void by_table(benchmark::State &state)
{
    Rules rules(shape, (unsigned)state.range(0));
    const auto all = lookups(shape, (unsigned)state.range(0));
    rt_table *table = rt_table_build(&rules.config);
    size_t i = 0;
    for (; i < 100; i++) // tests/unit/test_routing_table.c has the rest
        if (rt_table_find(table, all[i].source, all[i].ppid, all[i].stream, false) !=
            walk(rules.config, all[i]))
            state.SkipWithError("the table is wrong");
    for (auto _ : state) {
        const Lookup &l = all[i++ % all.size()];
        benchmark::DoNotOptimize(rt_table_find(table, l.source, l.ppid, l.stream, false));
    }
    state.SetItemsProcessed(state.iterations());
    rt_table_free(table);
}

template <Shape shape> void by_walk(benchmark::State &state)
{
    Rules rules(shape, (unsigned)state.range(0));
    const auto all = lookups(shape, (unsigned)state.range(0));
    size_t i = 0;
    for (auto _ : state)
        benchmark::DoNotOptimize(walk(rules.config, all[i++ % all.size()]));
    state.SetItemsProcessed(state.iterations());
}

// Not a comparison: the cost of a reload.
void build(benchmark::State &state)
{
    Rules rules(MIXED, (unsigned)state.range(0));
    for (auto _ : state)
        rt_table_free(rt_table_build(&rules.config));
    state.SetItemsProcessed(state.iterations());
}

} // namespace

BENCHMARK_TEMPLATE(by_table, PPID)->Name("table_ppid")->RangeMultiplier(10)->Range(10, 10000);
BENCHMARK_TEMPLATE(by_walk, PPID)->Name("walk_ppid")->RangeMultiplier(10)->Range(10, 10000);
BENCHMARK_TEMPLATE(by_table, STREAMS)->Name("table_streams")->RangeMultiplier(10)->Range(10, 10000);
BENCHMARK_TEMPLATE(by_walk, STREAMS)->Name("walk_streams")->RangeMultiplier(10)->Range(10, 10000);
BENCHMARK_TEMPLATE(by_table, MIXED)->Name("table_mixed")->RangeMultiplier(10)->Range(10, 10000);
BENCHMARK_TEMPLATE(by_walk, MIXED)->Name("walk_mixed")->RangeMultiplier(10)->Range(10, 10000);
BENCHMARK(build)->RangeMultiplier(10)->Range(10, 10000)->Unit(benchmark::kMicrosecond);

int main(int argc, char **argv)
{
    return beside::run(argc, argv,
                       {{"table_ppid/10", "walk_ppid/10"},
                        {"table_ppid/10000", "walk_ppid/10000"},
                        {"table_streams/10", "walk_streams/10"},
                        {"table_streams/10000", "walk_streams/10000"},
                        {"table_mixed/10", "walk_mixed/10"},
                        {"table_mixed/10000", "walk_mixed/10000"},
                        {"table_ppid/10000", "table_ppid/10"}, // flat: about 1
                        {"table_streams/10000", "table_streams/10"},
                        {"table_mixed/10000", "table_mixed/10"}});
}
