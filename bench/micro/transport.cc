// The transport alone: two endpoints in one loop and one thread, one association over loopback. It is what a
// relay can at best come near to: relay.cc has the same rows, with a broker between the two.
#include "bench/micro/beside.h"
#include "bench/micro/throughput.h"

namespace
{

void transport(benchmark::State &state, const tr_backend *backend)
{
    tr_loop *loop;
    tr_error error;
    tr_ready ready[16];
    const tr_loop_params params = {};
    if (tr_loop_open(backend, &params, &loop, &error) != TR_OK) {
        state.SkipWithError(error.text);
        return;
    }
    {
        opt_set options = throughput::at_open(throughput::options_of(state));
        uint16_t port = ends::free_port(), encaps_port = ends::free_port();
        ends::Ends e(loop, &options, throughput::size_of(state), port, encaps_port, nullptr);
        e.connect(port, encaps_port);
        throughput::measure(state, e, loop, [&] {
            tr_loop_wait(loop, -1, ready, 16);
            e.turn();
        });
    }
    tr_loop_close(loop);
}

} // namespace

int main(int argc, char **argv)
{
    if (!throughput::add_all("transport", transport))
        return 1;
    return beside::run(argc, argv, {});
}
