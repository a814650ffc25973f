/* What `junctor load` is asked to do: its command line as one checked struct. */
#ifndef JUNCTOR_BENCH_PLAN_H
#define JUNCTOR_BENCH_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/judge.h"
#include "config/sctp/address.h"
#include "config/sctp/host.h"
#include "config/sctp/options.h"

#define BENCH_ADDRESSES_MAX 8 /* of one endpoint */
#define BENCH_PPIDS_MAX     32
#define BENCH_BATCH_MAX     1024
#define BENCH_SIZE_MAX      (16u << 20)
#define BENCH_TROUBLE_MAX   384 /* bytes of text: a tr_error and where it happened */

enum bench_role { BENCH_BOTH, BENCH_SOURCE, BENCH_SINK, BENCH_ECHO };
enum bench_transport {
    BENCH_TRANSPORT_AUTO,
    BENCH_TRANSPORT_KERNEL,
    BENCH_TRANSPORT_USRSCTP
}; /* --transport */

/* One end: its addresses, each with the port, and the UDP port where SCTP runs over UDP. */
struct bench_end {
    struct net_addr addresses[BENCH_ADDRESSES_MAX];
    unsigned count;
    char name[NET_HOST_NAME_MAX + 3]; /* --to: a host name in place of addresses (target.h); one byte more
                                         than any has, so that a longer one shows */
    uint16_t port, encaps_port;
};

struct bench_plan {
    enum bench_role role;
    enum bench_transport transport;

    struct bench_end to;                       /* where sources connect to; port 0: nowhere */
    struct bench_end from;                     /* what they bind first; count 0: any address */
    struct bench_end listen[BENCH_PLACES_MAX]; /* where the sink listens */
    unsigned listen_count;

    unsigned associations, streams;
    uint32_t ppids[BENCH_PPIDS_MAX];
    unsigned ppid_count;
    uint32_t size_min, size_max;
    bool unordered;
    struct opt_set options;

    double rate;    /* messages a second over all associations; 0: as fast as possible */
    uint64_t count; /* messages over all associations, warm-up not included; 0: until duration_ms is over */
    uint32_t duration_ms; /* 0: until `count` is reached; a sink: for ever */
    uint32_t warmup_ms, drain_ms, connect_ms;
    unsigned batch;

    bool reply;    /* the far side sends everything back */
    bool fanout;   /* every listening endpoint gets every message */
    bool partial;  /* a sink that gets a share of the messages only */
    bool keep;     /* a sink that does not end with its sources */
    bool baseline; /* first without the broker */
    bool verify, json, quiet;
};

/* What a command line without options says: one association with one stream, 64 bytes, as fast as possible.
 */
void bench_plan_defaults(struct bench_plan *plan);

/* Checks a plan as a whole and works out what is not given: how long it lasts, and `options`, which go over
 * the defaults of what the plan needs. False with the reason in `why`. For plans that were not parsed. */
bool bench_plan_settle(struct bench_plan *plan, char *why, size_t size);

enum bench_parsed { BENCH_PARSED_OK, BENCH_PARSED_HELP, BENCH_PARSED_BAD };

/* Reads the command line (argv[0] is the subcommand). On BENCH_PARSED_BAD `why` has the reason. Uses getopt:
 * main thread only. */
enum bench_parsed bench_plan_parse(int argc, char **argv, struct bench_plan *plan, char *why, size_t size);

/* Reads "name=value" or "name.field=value" of --option into *set; false with the reason in `why`. */
bool bench_option_parse(const char *text, struct opt_set *set, char *why, size_t size);

/* Reads "ADDRESS[,ADDRESS…][:PORT]", IPv6 addresses with a port in brackets. */
bool bench_end_parse(const char *text, bool with_port, struct bench_end *end, char *why, size_t size);

extern const char bench_load_manual[]; /* manual.c */

#endif
