// Messages from a source to a sink, through whatever is between them: both endpoints in one loop and one
// thread, so that a benchmark runs in the same way on both backends. The source sends as fast as its socket
// takes it, a burst a turn. The sink checks every message: nothing may be missing, doubled, out of order or
// changed.
#ifndef JUNCTOR_BENCH_MICRO_ENDS_H
#define JUNCTOR_BENCH_MICRO_ENDS_H

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "bench/payload.h"
#include "config/sctp/options.h"
#include "transport/transport.h"

namespace ends
{

// An address of the loopback network that only this process uses, so that ports are free.
inline net_addr own_address(uint16_t port)
{
    unsigned id = (unsigned)getpid();
    std::string text = "127." + std::to_string(1 + (id >> 16) % 254) + "." + std::to_string(id >> 8 & 255) +
                       "." + std::to_string(1 + (id & 255) % 254);
    net_addr address;
    if (!net_addr_parse(text.c_str(), port, &address))
        abort();
    return address;
}

inline std::string own_host()
{
    net_addr address = own_address(0);
    char text[NET_ADDR_TEXT];
    std::string host = net_addr_format(&address, text, sizeof text);
    return host.substr(0, host.find(':'));
}

// A number that no UDP socket has there; for a UDP or an SCTP port.
inline uint16_t free_port()
{
    sockaddr_in address = {};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    address.sin_family = AF_INET;
    if (fd < 0 || inet_pton(AF_INET, own_host().c_str(), &address.sin_addr) != 1 ||
        bind(fd, (sockaddr *)&address, size) || getsockname(fd, (sockaddr *)&address, &size))
        abort();
    close(fd);
    return ntohs(address.sin_port);
}

class Ends
{
  public:
    std::string wrong; // what has gone wrong, if anything
    uint64_t sent = 0, delivered = 0;
    uint64_t limit = UINT64_MAX; // no more than so many are sent

    // Opens both in `loop`, the sink with these ports. `stranger` is their cookie.
    Ends(tr_loop *loop, const opt_set *options, uint32_t size, uint16_t port, uint16_t encaps_port,
         void *stranger)
        : message{0, 0, RUN, 1, 0, PPID, size, 1, 0, 0, 1, 0, 0}, buffers((size_t)BURST * size)
    {
        for (unsigned i = 0; i < BURST; i++) {
            bench_payload_pattern(&buffers[(size_t)i * size], 0, size);
            burst[i].data = &buffers[(size_t)i * size];
            burst[i].len = size;
            burst[i].ppid = PPID;
        }
        tr_error error;
        net_addr here = own_address(0);
        tr_open_params params = {};
        params.addresses = &here;
        params.address_count = 1;
        params.options = options;
        params.cookie = stranger;
        if (tr_open(loop, &params, &source, &error) != TR_OK) {
            fail(error.text);
            return;
        }
        params.port = port;
        params.encaps_port = encaps_port;
        if (tr_open(loop, &params, &sink, &error) != TR_OK || tr_listen(sink, 16, &error) != TR_OK)
            fail(error.text);
    }

    ~Ends()
    {
        tr_close(source);
        tr_close(sink);
    }

    Ends(const Ends &) = delete;
    Ends &operator=(const Ends &) = delete;

    // Sets up the source's association.
    void connect(uint16_t port, uint16_t encaps_port)
    {
        tr_error error;
        net_addr there = own_address(port);
        if (!wrong.empty())
            return;
        tr_target target = {&there, 1, encaps_port};
        if (tr_connect_init(source, &target, &assoc, &error) != TR_OK)
            fail(error.text);
    }

    // What is possible without waiting, after the loop has waited.
    void turn()
    {
        read(sink);
        read(source);
        if (up && wrong.empty())
            send();
    }

  private:
    static constexpr unsigned BURST = 64;
    static constexpr uint32_t PPID = 46, RUN = 1;

    void fail(const std::string &why)
    {
        if (wrong.empty())
            wrong = why;
    }

    void event(const tr_endpoint *ep, const tr_event &e)
    {
        char text[200];
        if (e.type == TR_EV_ASSOC_CHANGE && e.change.state == TR_COMM_UP)
            up = up || ep == source;
        else if (e.type == TR_EV_ASSOC_CHANGE || e.type == TR_EV_SEND_FAILED ||
                 e.type == TR_EV_PARTIAL_DELIVERY)
            fail(tr_event_format(&e, text, sizeof text));
    }

    void arrived(const tr_msg &m)
    {
        bench_payload p;
        if (bench_payload_decode(m.data, m.len, &p) != BENCH_PAYLOAD_GOOD || p.size != m.len ||
            p.run != RUN || m.stream != 0 || m.ppid != PPID ||
            (p.sequence % 16 == 0 && !bench_payload_verify(m.data, m.len)))
            fail("a message is not as it was sent");
        else if (p.sequence != delivered)
            fail("message " + std::to_string(p.sequence) + " arrived in place of " +
                 std::to_string(delivered));
        delivered++;
    }

    void read(tr_endpoint *ep)
    {
        const tr_item *items;
        unsigned count;
        tr_code code = tr_recv(ep, 0, &items, &count);
        if (code == TR_NO_SLOT) { // whoever shares the loop has used all, and is done with them
            tr_loop_turn(tr_endpoint_loop(ep));
            code = tr_recv(ep, 0, &items, &count);
        }
        for (unsigned i = 0; code == TR_OK && i < count; i++)
            if (items[i].kind == TR_EVENT)
                event(ep, items[i].event);
            else if (ep == sink)
                arrived(items[i].msg);
            else
                fail("the source has received a message");
    }

    void send()
    {
        unsigned count = limit - sent < BURST ? (unsigned)(limit - sent) : BURST, taken = 0;
        for (unsigned i = 0; i < count; i++) {
            message.sequence = sent + i;
            bench_payload_encode(const_cast<void *>(burst[i].data), &message);
            burst[i].assoc = assoc;
        }
        tr_code code = count ? tr_send(source, burst, count, &taken) : TR_OK;
        sent += taken;
        if (code != TR_OK && code != TR_AGAIN)
            fail(std::string("sending: ") + tr_code_text(code));
        tr_watch(source, sent < limit ? TR_READABLE | TR_WRITABLE : TR_READABLE);
    }

    tr_endpoint *source = nullptr, *sink = nullptr;
    uint32_t assoc = 0;
    bool up = false;
    bench_payload message;
    std::vector<uint8_t> buffers;
    tr_msg burst[BURST] = {};
};

} // namespace ends

#endif
