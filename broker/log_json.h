/* A line of the log as a JSON object. */
#ifndef JUNCTOR_BROKER_LOG_JSON_H
#define JUNCTOR_BROKER_LOG_JSON_H

#include <stddef.h>

/* Writes {"ts":"…","level":"info","event":"…",…} of a line in logfmt ("level=info event=… key=value …",
 * `length` bytes) into `out`, without a line end, and returns its length. Quoted values are strings; others
 * that are whole numbers are numbers. `ts` NULL: without it. If the object does not fit into `size`, which
 * must be at least 256, it has only level, event and "cut":true. Bytes that are not UTF-8 become '?'. 0: out
 * of memory. */
size_t brk_log_json(const char *text, size_t length, const char *ts, char *out, size_t size);

#endif
