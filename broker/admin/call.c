/* See call.h. */
#include "broker/admin/call.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "broker/json_text.h"
#include "config/sctp/value.h"

const char *admin_query(const struct admin_call *call, const char *name)
{
    return MHD_lookup_connection_value(call->connection, MHD_GET_ARGUMENT_KIND, name);
}

bool admin_query_number(struct admin_call *call, const char *name, unsigned otherwise, unsigned most,
                        unsigned *out)
{
    const struct val_spec spec = {OPT_UINT, OPT_COUNT, 0, most, NULL};
    char why[VAL_WHY_MAX];
    int64_t number;
    const char *text = admin_query(call, name);
    *out = otherwise;
    if (!text)
        return true;
    if (!val_parse(&spec, text, &number, why, sizeof why)) {
        admin_refuse(call, 400, "%s: %s", name, why);
        return false;
    }
    *out = (unsigned)number;
    return true;
}

const char *admin_time(uint64_t ago_ms, char out[static ADMIN_TIME_TEXT])
{
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 - (int64_t)ago_ms;
    time_t seconds = (time_t)(ms / 1000);
    gmtime_r(&seconds, &utc);
    size_t n = strftime(out, ADMIN_TIME_TEXT, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(out + n, ADMIN_TIME_TEXT - n, ".%03dZ", (int)(ms % 1000));
    return out;
}

json_t *admin_document(const struct admin *a)
{
    char text[ADMIN_TIME_TEXT];
    return json_pack("{s:i, s:s, s:I}", "api", ADMIN_API, "time", admin_time(0, text), "uptime_ms",
                     (json_int_t)brk_observer_uptime_ms(a->observer));
}

enum admin_step admin_answer_text(struct admin_call *call, unsigned status, const char *type, char *body,
                                  size_t length)
{
    if (!body) {
        call->status = 500;
        call->type = "text/plain";
        call->fixed = "out of memory\n";
        call->length = strlen(call->fixed);
        return ADMIN_DONE;
    }
    call->status = status;
    call->type = type;
    call->body = body;
    call->length = length;
    return ADMIN_DONE;
}

enum admin_step admin_answer(struct admin_call *call, unsigned status, json_t *document)
{
    char *text = document ? json_dumps(document, JSON_COMPACT) : NULL;
    json_decref(document);
    return admin_answer_text(call, status, "application/json", text, text ? strlen(text) : 0);
}

enum admin_step admin_refuse(struct admin_call *call, unsigned status, const char *format, ...)
{
    char text[600];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return admin_answer(
        call, status, json_pack("{s:i, s:o}", "api", ADMIN_API, "error", brk_json_text(text, strlen(text))));
}

bool admin_fresh(const struct admin *a, const struct admin_call *call)
{
    unsigned count;
    bool cut;
    brk_observer_found(a->observer, &count, &cut);
    uint64_t age = ADMIN_FRESH_MS + count / 50; /* so that many associations cost no more than few */
    return a->walked && a->walked_ms + age >= call->came_ms && a->walked_changes >= call->came_changes;
}
