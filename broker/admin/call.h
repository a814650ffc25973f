/* A call: a request and its answer. For the admin thread. */
#ifndef JUNCTOR_BROKER_ADMIN_CALL_H
#define JUNCTOR_BROKER_ADMIN_CALL_H

#include <jansson.h>

#include "broker/admin/state_priv.h"

/* The value of ?name=, or NULL. */
const char *admin_query(const struct admin_call *call, const char *name);
/* The same as a number; `otherwise` if it is missing. False: it is not a number up to `most`; answered. */
bool admin_query_number(struct admin_call *call, const char *name, unsigned otherwise, unsigned most,
                        unsigned *out);

/* The time `ago_ms` ago, UTC: "2026-01-31T12:00:00.000Z". Returns `out`. */
#define ADMIN_TIME_TEXT 48
const char *admin_time(uint64_t ago_ms, char out[static ADMIN_TIME_TEXT]);

/* A document with the fields that all have: api, time, uptime_ms. NULL: out of memory. */
json_t *admin_document(const struct admin *a);

/* Answers; they return ADMIN_DONE. The document is taken over, NULL: out of memory. */
enum admin_step admin_answer(struct admin_call *call, unsigned status, json_t *document);
enum admin_step admin_answer_text(struct admin_call *call, unsigned status, const char *type, char *body,
                                  size_t length);
enum admin_step admin_refuse(struct admin_call *call, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Whether the workers' data is recent enough for this call; otherwise its handler returns ADMIN_WALK. */
bool admin_fresh(const struct admin *a, const struct admin_call *call);

#endif
