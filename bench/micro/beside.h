// What the micro-benchmarks share: each row has a plain alternative, and the comparison is printed.
//
// Rows run several times in random order, so that other load on the machine affects all of them alike;
// the median is shown. Any flag of Google Benchmark can be given.
#ifndef JUNCTOR_BENCH_MICRO_BESIDE_H
#define JUNCTOR_BENCH_MICRO_BESIDE_H

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace beside
{

// "`ours` does N times as much as `plain`"; names as they are printed, without "/iterations:" and
// "/real_time".
struct Pair {
    const char *ours, *plain;
};

class Reporter : public benchmark::ConsoleReporter
{
  public:
    explicit Reporter(std::vector<Pair> compared) : ConsoleReporter(OO_Tabular), pairs(std::move(compared))
    {
    }

    bool failed = false;

    void ReportRuns(const std::vector<Run> &runs) override
    {
        for (const Run &run : runs) {
            failed = failed || run.error_occurred;
            if (run.run_type == Run::RT_Iteration)
                rows[{run.family_index, run.per_family_instance_index}].push_back(run);
        }
    }

    void Finalize() override
    {
        std::vector<Run> shown;
        std::map<std::string, double> rates;
        for (auto &[row, runs] : rows) {
            std::sort(runs.begin(), runs.end(), [](const Run &a, const Run &b) { return rate(a) < rate(b); });
            auto wrong =
                std::find_if(runs.begin(), runs.end(), [](const Run &r) { return r.error_occurred; });
            const Run &run = wrong != runs.end() ? *wrong : runs[runs.size() / 2];
            std::string name = run.run_name.str();
            shown.push_back(run);
            rates[name.substr(0, std::min(name.find("/iterations"), name.find("/real_time")))] = rate(run);
        }
        ConsoleReporter::ReportRuns(shown);
        for (const Pair &pair : pairs)
            if (rates.count(pair.ours) && rates.count(pair.plain))
                printf("%-24s %8.2f times %s\n", pair.ours, rates[pair.ours] / rates[pair.plain], pair.plain);
    }

  private:
    static double rate(const Run &run)
    {
        auto found = run.counters.find("items_per_second");
        return found == run.counters.end() ? 0 : found->second.value;
    }

    std::vector<Pair> pairs;
    std::map<std::pair<int64_t, int64_t>, std::vector<Run>> rows;
};

// What main returns: 1 if a benchmark has found something wrong.
inline int run(int argc, char **argv, const std::vector<Pair> &pairs)
{
    std::string settings[] = {"--benchmark_repetitions=15", "--benchmark_min_time=0.05",
                              "--benchmark_enable_random_interleaving=true"};
    std::vector<char *> arguments = {argv[0]};
    for (std::string &s : settings)
        arguments.push_back(s.data());
    arguments.insert(arguments.end(), argv + 1, argv + argc);
    int count = (int)arguments.size();
    arguments.push_back(nullptr);
    benchmark::Initialize(&count, arguments.data());
    if (benchmark::ReportUnrecognizedArguments(count, arguments.data()))
        return 1;
    Reporter reporter(pairs);
    benchmark::RunSpecifiedBenchmarks(&reporter);
    return reporter.failed;
}

} // namespace beside

#endif
