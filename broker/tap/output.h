/* An output of the tap: which messages it wants, and their blocks. For the tap's thread. */
#ifndef JUNCTOR_BROKER_TAP_OUTPUT_H
#define JUNCTOR_BROKER_TAP_OUTPUT_H

#include "broker/capture.h"
#include "broker/tap/flows.h"
#include "broker/tap/names.h"
#include "broker/tap/pcapng.h"
#include "config/config.h"

#define TAP_COMMENT_MAX 600

struct tap_output {
    const struct cfg_filter *filter; /* owned: cfg_filter_free */
    unsigned snaplen;
    uint64_t begun_ns;
    uint64_t missed_before;                   /* brk_tap_missed when it began */
    uint64_t seen, accepted, written, missed; /* messages; missed: by this output */
};

/* A captured message with what is the same for all outputs. */
struct tap_message {
    const struct brk_captured *captured;
    struct tap_numbers numbers;
    char comment[TAP_COMMENT_MAX];
};

uint64_t tap_now_ns(void); /* CLOCK_REALTIME */

/* Fills `m`: comment and numbers. */
void tap_message(struct tap_message *m, const struct brk_captured *c, const struct tap_names *names,
                 struct tap_flows *flows);

void tap_output_begin(struct tap_output *o, uint64_t missed);

/* Whether its filter accepts the message; counts it. */
bool tap_output_wants(struct tap_output *o, const struct brk_captured *c);

/* Adds the packets of a message. */
void tap_output_packets(const struct tap_output *o, const struct tap_message *m, struct tap_bytes *b);

/* Adds its statistics. `missed`: brk_tap_missed now. */
void tap_output_statistics(const struct tap_output *o, uint64_t missed, struct tap_bytes *b);

#endif
