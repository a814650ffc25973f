/* The state of the tap: thread.c has the argument about threads. */
#ifndef JUNCTOR_BROKER_TAP_TAP_PRIV_H
#define JUNCTOR_BROKER_TAP_TAP_PRIV_H

#include <pthread.h>
#include <stdatomic.h>

#include "broker/tap/file.h"
#include "broker/tap/flows.h"
#include "broker/tap/names.h"
#include "broker/tap/pcapng.h"
#include "broker/tap/tap.h"

struct brk_observer;

struct tap {
    char *application;
    struct brk_observer *observer;
    pthread_t thread;
    int wake, ready; /* eventfds: for the thread, and for who reads streams */
    _Atomic bool stop;

    pthread_mutex_t lock;
    struct tap_stream *coming; /* opened, and not seen by the thread yet */
    unsigned clients;          /* open or not freed yet */
    struct tap_status status;

    /* The thread's. */
    struct tap_stream *streams;
    struct tap_file file;
    struct tap_flows flows;
    struct tap_names names;
    struct tap_bytes block;
    unsigned generation; /* of the configuration that file and names are of */
    unsigned snaplen;    /* as told to the workers; 0: nobody taps */
    uint64_t statistics_ms, missed_ms, missed_told;
};

/* The thread: `tap` is a struct tap. Returns NULL when `stop` is set. */
void *tap_run(void *tap);

#endif
