// The load generator's message: encoding and checking it, compared with the same fields as a line of text
// with snprintf and sscanf. The argument is the size of the message in bytes. The binary form also has a
// check sum and a mark every KiB, which the text does not have.
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "bench/micro/beside.h"
#include "bench/payload.h"

namespace
{

bench_payload example(uint32_t size)
{
    bench_payload p = {};
    p.sequence = 1234567;
    p.intended_ns = 98765432109876;
    p.run = 0xdecade;
    p.associations = 50;
    p.association = 17;
    p.ppid = 3;
    p.size = size;
    p.streams = 8;
    p.stream = 5;
    p.clock = 77;
    return p;
}

void binary_encode(benchmark::State &state)
{
    bench_payload p = example((uint32_t)state.range(0));
    std::vector<uint8_t> buffer(p.size);
    bench_payload_pattern(buffer.data(), 0, p.size);
    for (auto _ : state) {
        p.sequence++;
        bench_payload_encode(buffer.data(), &p);
        benchmark::DoNotOptimize(buffer.data());
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations());
}

void binary_decode(benchmark::State &state)
{
    bench_payload p = example((uint32_t)state.range(0)), out;
    std::vector<uint8_t> buffer(p.size);
    bench_payload_pattern(buffer.data(), 0, p.size);
    bench_payload_encode(buffer.data(), &p);
    for (auto _ : state) {
        if (bench_payload_decode(buffer.data(), p.size, &out) != BENCH_PAYLOAD_GOOD)
            state.SkipWithError("not what was encoded");
        benchmark::DoNotOptimize(out);
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations());
}

int write_text(std::vector<char> *buffer, const bench_payload &p)
{
    return snprintf(buffer->data(), buffer->size(),
                    "JLD1 clock=%" PRIu16 " run=%" PRIu32 " assoc=%" PRIu32 "/%" PRIu32 " stream=%" PRIu16
                    "/%" PRIu16 " ppid=%" PRIu32 " size=%" PRIu32 " seq=%" PRIu64 " t=%" PRIu64,
                    p.clock, p.run, p.association, p.associations, p.stream, p.streams, p.ppid, p.size,
                    p.sequence, p.intended_ns);
}

// Returns how many fields it found.
int read_text(const std::vector<char> &buffer, bench_payload *out)
{
    return sscanf(buffer.data(),
                  "JLD1 clock=%" SCNu16 " run=%" SCNu32 " assoc=%" SCNu32 "/%" SCNu32 " stream=%" SCNu16
                  "/%" SCNu16 " ppid=%" SCNu32 " size=%" SCNu32 " seq=%" SCNu64 " t=%" SCNu64,
                  &out->clock, &out->run, &out->association, &out->associations, &out->stream, &out->streams,
                  &out->ppid, &out->size, &out->sequence, &out->intended_ns);
}

void text_encode(benchmark::State &state)
{
    bench_payload p = example((uint32_t)state.range(0));
    std::vector<char> buffer(p.size);
    for (auto _ : state) {
        p.sequence++;
        benchmark::DoNotOptimize(write_text(&buffer, p));
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations());
}

void text_decode(benchmark::State &state)
{
    bench_payload p = example((uint32_t)state.range(0)), out;
    std::vector<char> buffer(p.size);
    write_text(&buffer, p);
    for (auto _ : state) {
        if (read_text(buffer, &out) != 10)
            state.SkipWithError("not what was encoded");
        benchmark::DoNotOptimize(out);
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations());
}

} // namespace

BENCHMARK(binary_encode)->Arg(64)->Arg(1400);
BENCHMARK(text_encode)->Arg(1400);
BENCHMARK(binary_decode)->Arg(64)->Arg(1400);
BENCHMARK(text_decode)->Arg(1400);

int main(int argc, char **argv)
{
    return beside::run(
        argc, argv, {{"binary_encode/1400", "text_encode/1400"}, {"binary_decode/1400", "text_decode/1400"}});
}
