// A whole relay in one process: source, broker and sink in one loop and one thread, over loopback; a paired
// session. So processor time and system calls of a message are those of all three; transport.cc has the same
// rows without the broker. Its configuration is the default one, with the row's socket parameters for all of
// its associations.
//
// On two processors a broker of its own is faster: `make speed` measures that.
#include <cstdio>

#include "bench/micro/beside.h"
#include "bench/micro/broker.h"
#include "bench/micro/throughput.h"

namespace
{

std::string configuration(const opt_set &options, uint16_t port, uint16_t encaps_port, uint16_t to,
                          uint16_t encaps_to)
{
    char *text = nullptr;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        abort();
    std::string host = ends::own_host();
    fprintf(out,
            "listeners: [{name: access, address: %s, port: %u, encaps_port: %u}]\n"
            "peers: [{name: server, address: %s, port: %u, encaps_port: %u}]\n"
            "routes: [{from: access, to: server, session: paired}]\n",
            host.c_str(), port, encaps_port, host.c_str(), to, encaps_to);
    cfg_print_options(&options, "", out);
    fclose(out);
    std::string yaml = text;
    free(text);
    return yaml;
}

void relay(benchmark::State &state, const tr_backend *backend)
{
    const opt_set all = throughput::options_of(state), some = throughput::at_open(all);
    uint16_t port = ends::free_port(), encaps_port = ends::free_port();
    uint16_t to = ends::free_port(), encaps_to = ends::free_port();
    char why[300];
    std::string yaml = configuration(all, port, encaps_port, to, encaps_to);
    micro_broker *broker = micro_broker_new(yaml.c_str(), backend, why, sizeof why);
    if (!broker) {
        state.SkipWithError(why);
        return;
    }
    {
        tr_loop *loop = micro_broker_loop(broker);
        ends::Ends e(loop, &some, throughput::size_of(state), to, encaps_to, micro_broker_stranger(broker));
        e.connect(port, encaps_port);
        throughput::measure(state, e, loop, [&] {
            micro_broker_turn(broker);
            e.turn();
        });
    }
    micro_broker_free(broker);
}

} // namespace

int main(int argc, char **argv)
{
    if (!throughput::add_all("relay", relay))
        return 1;
    return beside::run(argc, argv, {});
}
