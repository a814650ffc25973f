/* Notifications of a stack as events. Pure: bytes in, an event out. Which there are, and where what stands in
 * them, is data (notices.def); what only one stack does its event.c adds. */
#ifndef JUNCTOR_TRANSPORT_NOTICE_PRIV_H
#define JUNCTOR_TRANSPORT_NOTICE_PRIV_H

#include "transport/record_priv.h"

struct tr_notice_row {
    enum tr_event_type event;
    uint16_t number, fixed,
        assoc;            /* the stack's number; length without payload; where the association stands */
    enum opt_field field; /* of option events */
    bool begins;
};

struct tr_notice_member {
    enum tr_event_type event;
    uint16_t at; /* in struct tr_event */
    uint8_t size;
    struct tr_member from;
};

struct tr_notices {
    const struct tr_notice_row *row;
    unsigned rows;
    const struct tr_notice_member *member;
    unsigned members;
    uint16_t data_sent; /* the flag of messages that came back from the wire */
};

/* Bits: which part of a message came back. Those of its DATA chunk (RFC 9260 3.3.1). */
enum tr_fragment { TR_LAST = 1, TR_FIRST = 2 };

struct tr_notice {
    struct tr_event event;  /* payloads point into the bytes; of TR_EV_PATH_CHANGE the address is missing */
    unsigned fragment;      /* of TR_EV_SEND_FAILED, whose message may be a part of one: enum tr_fragment */
    const uint8_t *payload; /* behind the fixed part */
    uint32_t payload_len;
};

/* Reads one whole notification. False: nothing that is reported, or shorter than its fixed part. */
bool tr_notice_read(const struct tr_notices *stack, const void *bytes, size_t len, struct tr_notice *out);

#endif
