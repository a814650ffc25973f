/* /v1/status and /v1/workers: the broker as a whole. */
#include "broker/admin/doc.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "broker/admin/call.h"
#include "broker/admin/json.h"
#include "broker/admin/memory.h"
#include "broker/tap/tap.h"

static const char *state_word(const struct admin *a)
{
    static const char *const words[] = {
        [BRK_RUNS] = "running", [BRK_DRAINS] = "draining", [BRK_ENDED] = "ended"};
    return words[brk_observer_state(a->observer)];
}

/* A counter of the kernel's SCTP, or -1. */
static long long kernel_counter(const char *name)
{
    char key[64];
    long long value, found = -1;
    FILE *f = fopen("/proc/net/sctp/snmp", "r");
    while (f && fscanf(f, "%63s %lld", key, &value) == 2)
        if (strcmp(key, name) == 0)
            found = value;
    if (f)
        fclose(f);
    return found;
}

/* What the kernel's SCTP could not do at once because a socket was in use: its packets waited. */
static json_t *contention(const struct admin *a)
{
    long long n = brk_observer_in_kernel(a->observer) ? kernel_counter("SctpInPktBacklog") : -1;
    return n < 0 ? json_null() : json_integer(n);
}

static json_t *tapping(const struct admin *a)
{
    struct tap_status s;
    if (!a->tap)
        return json_null();
    tap_get_status(a->tap, &s);
    json_t *file = *s.file ? json_pack("{s:s, s:o, s:I, s:I}", "path", s.file, "error",
                                       *s.error ? json_string(s.error) : json_null(), "messages",
                                       (json_int_t)s.file_messages, "missed", (json_int_t)s.file_missed)
                           : json_null();
    return json_pack("{s:o, s:i, s:I, s:I}", "file", file, "clients", (int)s.clients, "client_messages",
                     (json_int_t)s.client_messages, "client_missed", (json_int_t)s.client_missed);
}

enum admin_step admin_get_status(struct admin *a, struct admin_call *call)
{
    struct brk_sight s;
    struct brk_counts sum;
    json_t *d = admin_document(a);
    brk_sight_open(a->observer, &s);
    if (!d || !brk_sight_counts(a->observer, &s, &sum)) {
        brk_sight_close(a->observer);
        json_decref(d);
        return admin_answer(call, 500, NULL);
    }
    unsigned generation = s.generation;
    uint64_t memory_limit = s.config->memory_limit;
    unsigned balance = brk_observer_workers(a->observer) > 1 ? s.config->balance.threshold : 0;
    brk_sight_close(a->observer);
    uint64_t opened = brk_counted(&sum.opened), ended = brk_counted(&sum.closed) + brk_counted(&sum.lost);
    json_object_update_new(
        d, json_pack("{s:s, s:s, s:i, s:s, s:s, s:i, s:i, s:I, s:I, s:o, s:o, s:o, s:I}", "state",
                     state_word(a), "version", a->version, "pid", (int)getpid(), "file", a->file, "transport",
                     brk_observer_transport(a->observer), "workers", (int)brk_observer_workers(a->observer),
                     "generation", (int)generation, "associations",
                     (json_int_t)(opened > ended ? opened - ended : 0), "waiting",
                     (json_int_t)brk_counts_waiting(&sum), "counters", admin_json_totals(&sum), "dropped",
                     admin_json_dropped(&sum), "sctp_in_pkt_backlog", contention(a), "allocated_bytes",
                     (json_int_t)admin_memory_allocated()));
    json_object_set_new(d, "refused", admin_json_refused(&sum));
    json_object_set_new(d, "balance", balance ? json_integer((json_int_t)balance) : json_null());
    json_object_set_new(d, "tap", tapping(a));
    json_object_set_new(d, "memory_limit",
                        memory_limit ? json_integer((json_int_t)memory_limit) : json_null());
    brk_counts_free(&sum);
    return admin_answer(call, 200, d);
}

static json_t *worker(const struct admin *a, unsigned i)
{
    const struct brk_worker_view *v = brk_observer_worker(a->observer, i);
    return json_pack("{s:i, s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "worker", (int)i,
                     "associations", (int)v->associations, "parked", (json_int_t)v->parked, "cpu_us",
                     (json_int_t)brk_observer_cpu_us(a->observer, i), "turns", (json_int_t)v->turns,
                     "system_calls", (json_int_t)v->system_calls, "messages_in", (json_int_t)v->messages_in,
                     "messages_out", (json_int_t)v->messages_out, "packets_in", (json_int_t)v->packets_in,
                     "packets_out", (json_int_t)v->packets_out, "reassembled", (json_int_t)v->reassembled,
                     "counters", admin_json_totals(brk_observer_counts(a->observer, i)), "dropped",
                     admin_json_dropped(brk_observer_counts(a->observer, i)));
}

enum admin_step admin_get_workers(struct admin *a, struct admin_call *call)
{
    if (!admin_fresh(a, call))
        return ADMIN_WALK;
    json_t *d = admin_document(a), *list = json_array();
    for (unsigned i = 0; i < brk_observer_workers(a->observer); i++)
        json_array_append_new(list, worker(a, i));
    json_object_set_new(d, "workers", list);
    json_object_set_new(d, "sctp_in_pkt_backlog", contention(a));
    return admin_answer(call, 200, d);
}
