/* What `junctor load` is to do, as one validated struct.
 *
 * Traffic is described by flows. A plan without flows gets one from `streams`, `size`, `rate`, `count` and so
 * on; otherwise these are the defaults of the flows. */
#ifndef JUNCTOR_BENCH_PLAN_H
#define JUNCTOR_BENCH_PLAN_H

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>

#include "bench/flow.h"
#include "bench/judge.h"
#include "bench/script.h"
#include "config/sctp/address.h"
#include "config/sctp/host.h"
#include "config/sctp/options.h"

#define BENCH_ADDRESSES_MAX    8 /* of one endpoint */
#define BENCH_WORKERS_MAX      64
#define BENCH_BATCH_MAX        1024
#define BENCH_SIZE_MAX         (16u << 20)
#define BENCH_RATE_MAX         1e9 /* messages a second */
#define BENCH_ASSOCIATIONS_MAX 60000
#define BENCH_FILE_MAX         1024 /* bytes of a file's name */
#define BENCH_FROM_MAX         64   /* bytes of --replay-from */
#define BENCH_WHY_MAX          4096 /* enough for the reason why a plan is refused */
#define BENCH_TROUBLE_MAX      384  /* bytes of text: a tr_error and its context */

struct option; /* of getopt.h */

enum bench_role { BENCH_BOTH, BENCH_SOURCE, BENCH_SINK, BENCH_ECHO };
enum bench_transport {
    BENCH_TRANSPORT_AUTO,
    BENCH_TRANSPORT_KERNEL,
    BENCH_TRANSPORT_USRSCTP
}; /* --transport */

/* Associations that are closed and opened again while the load runs. */
struct bench_churn {
    double rate;           /* associations a second; 0: none */
    unsigned first, count; /* these, in turn; count 0: all */
    bool abort;            /* aborted, not shut down: messages in flight then count as given up, not lost */
};

/* One end: its addresses, each with the port, and the UDP port for SCTP over UDP. */
struct bench_end {
    struct net_addr addresses[BENCH_ADDRESSES_MAX];
    unsigned count;
    char name[NET_HOST_NAME_MAX + 3]; /* --to: a host name instead of addresses (target.h); one byte more than
                                         the maximum, so that a longer one is detected */
    uint16_t port, encaps_port;
    char netns[40]; /* network namespace of its sockets: a path; "": the process's own */
};

struct bench_plan {
    enum bench_role role;
    enum bench_transport transport;

    struct bench_end to;                       /* what sources connect to; port 0: nothing */
    struct bench_end from;                     /* the local addresses they bind; count 0: any address */
    struct bench_end listen[BENCH_PLACES_MAX]; /* where the sink listens */
    unsigned listen_count;

    unsigned workers;      /* threads, each with its share of the associations; 0 is settled as 1 */
    unsigned associations; /* when settled: with the idle ones, which are the last */
    unsigned idle, busy;   /* held up without traffic; the others (0: not settled yet) */
    double open_rate;      /* associations begun per second; 0: as fast as they come up */
    struct bench_churn churn;
    struct bench_flow flows[BENCH_FLOWS_MAX];
    unsigned flow_count;
    bool implicit_flow; /* flows[0] was made by bench_plan_settle */
    struct opt_set options;

    unsigned streams; /* when settled: of an association, as many as the flows need */
    uint32_t ppids[BENCH_PPIDS_MAX];
    unsigned ppid_count;
    struct bench_distribution size; /* bytes; if zero-initialised, uniformly from size_min to size_max */
    uint32_t size_min, size_max;    /* when settled: of all flows */
    bool unordered;
    struct bench_distribution arrivals; /* as in a flow; if zero-initialised, constant */
    double rate;    /* messages a second over all associations; 0: as fast as possible. When settled: of all
                       flows */
    uint64_t count; /* messages over all associations, warm-up not included; 0: until duration_ms is over */
    uint32_t duration_ms; /* 0: until the flows' counts are reached; for a sink: forever */
    uint32_t warmup_ms, drain_ms, connect_ms;
    uint32_t interval_ms; /* of the series; 0: no series */
    unsigned batch;

    char
        payload[BENCH_FILE_MAX]; /* a file with the content after the header of the messages; "": a pattern */
    bool raw;                    /* its content as it is, without a header, is every message */
    char replay[BENCH_FILE_MAX], replay_from[BENCH_FROM_MAX]; /* a capture; whose messages: script.h */
    double speed; /* of the replay: 1 is that of the capture; 0: as fast as possible */
    bool loop;    /* the replay begins anew at its end */

    bool reply;    /* the far side sends everything back */
    bool fanout;   /* every listening endpoint gets every message */
    bool partial;  /* a sink that gets only a share of the messages */
    bool keep;     /* a sink that does not end with its sources */
    bool baseline; /* first without the broker */
    bool collect;  /* a source asks the far side for its half of the result */
    bool late_ok;  /* a result is OK even if the generator did not keep the schedule */
    bool verify;

    char scenario[BENCH_FILE_MAX]; /* the file that it was read from; "": none */
    bool json, quiet;              /* used by the command, not the engine: what it prints, */
    char csv[BENCH_FILE_MAX], report[BENCH_FILE_MAX]; /* and writes: a folder, a page; "": nothing */
};

/* The plan of a command line without options: one association with one stream, 64 bytes, as fast as possible.
 */
void bench_plan_defaults(struct bench_plan *plan);

/* Checks a plan as a whole and fills in what is not given: how long it lasts, and the options that it needs,
 * over which `options` take precedence. False with the reason in `why`. For plans that were not parsed. */
bool bench_plan_settle(struct bench_plan *plan, char *why, size_t size);

/* A flow with the plan's defaults. */
struct bench_flow bench_plan_flow(const struct bench_plan *plan);

/* Changes a settled plan to send `rate` messages a second in all, each flow the same share as before (flows
 * that sent as fast as possible get equal shares); 0: all as fast as possible. */
void bench_plan_set_rate(struct bench_plan *plan, double rate);

/* Whether messages are sent as they are: script.h. They are all of flow 0. */
static inline bool bench_plan_raw(const struct bench_plan *plan)
{
    return plan->raw || plan->replay[0];
}

/* The messages that are sent as they are. NULL with the reason in `why`. */
struct bench_script *bench_plan_script(const struct bench_plan *plan, char *why, size_t size);

/* Whether this process has the source. */
bool bench_plan_sends(const struct bench_plan *plan);

/* Whether there is any flow in that direction. */
bool bench_plan_has(const struct bench_plan *plan, bool down);

enum bench_parsed { BENCH_PARSED_OK, BENCH_PARSED_HELP, BENCH_PARSED_BAD };

/* Its options, as getopt_long is given them. */
extern const char bench_plan_letters[];
extern const struct option bench_plan_options[];

/* Parses the command line (argv[0] is the subcommand). On BENCH_PARSED_BAD `why` has the reason. Uses getopt:
 * main thread only. */
enum bench_parsed bench_plan_parse(int argc, char **argv, struct bench_plan *plan, char *why, size_t size);

/* Another command that takes these options, too. */
struct bench_more {
    const char *name; /* the command */
    /* All options that it takes: its own, with values from 1024 on or one of its `letters`, and those of
     * `junctor load`, with 0. An empty row ends them. */
    const struct option *options;
    const char *letters;                                                           /* as getopt's: ":c:h" */
    bool (*take)(void *arg, int which, const char *value, char *why, size_t size); /* one of its own */
    /* Everything has been read: fills in what is not given. The plan is checked and settled afterwards. */
    bool (*complete)(void *arg, struct bench_plan *plan, char *why, size_t size);
    void *arg;
};

/* The same with the options of another command. */
enum bench_parsed bench_plan_parse_more(int argc, char **argv, const struct bench_more *more,
                                        struct bench_plan *plan, char *why, size_t size);

/* Parses "name=value" or "name.field=value" of --option into *set; false with the reason in `why`. */
bool bench_option_parse(const char *text, struct opt_set *set, char *why, size_t size);

/* Parses "ADDRESS[,ADDRESS…][:PORT]"; with a port, IPv6 addresses are in brackets. */
bool bench_end_parse(const char *text, bool with_port, struct bench_end *end, char *why, size_t size);

extern const char bench_load_manual[]; /* manual.c */

#endif
