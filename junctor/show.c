/* See show.h. */
#include "junctor/show.h"

#include "junctor/table_columns_priv.h"

static const struct table_column paths[] = {
    T("PATH", "address"),  T("STATE", "state"), T("PRIMARY", "primary"), N("SRTT MS", "srtt_ms"),
    N("RTO MS", "rto_ms"), N("CWND", "cwnd"),   N("MTU", "mtu")};

static const struct table_column events[] = {T("TIME", "last"),      T("NAME", "name"),
                                             T("EVENT", "event"),    T("DETAIL", "detail"),
                                             N("TIMES", "times"),    T("ASSOCIATION", "association"),
                                             T("ADDRESS", "address")};

void show_association(FILE *out, const json_t *a, unsigned width)
{
    static const struct table_column rows[] = {T("id", "id"),
                                               T("of", "kind"),
                                               T("name", "name"),
                                               T("role", "role"),
                                               T("state", "state"),
                                               M("age", "age_ms"),
                                               T("remote", "remote"),
                                               T("session", "session"),
                                               N("worker", "worker"),
                                               N("streams in", "in_streams"),
                                               N("streams out", "out_streams"),
                                               N("received", "received"),
                                               N("received bytes", "received_bytes"),
                                               N("delivered", "delivered"),
                                               N("delivered bytes", "delivered_bytes"),
                                               N("waiting", "waiting"),
                                               N("waiting bytes", "waiting_bytes"),
                                               T("blocked", "blocked"),
                                               M("no progress for", "stuck_ms"),
                                               T("paused", "paused"),
                                               T("limited", "limited"),
                                               N("times limited", "limited_times"),
                                               N("unacknowledged", "unacknowledged"),
                                               N("peer's window", "peer_window"),
                                               N("retransmitted", "retransmitted"),
                                               N("duplicates", "duplicates"),
                                               N("abandoned", "abandoned")};
    char value[200];
    for (size_t i = 0; i < COUNT(rows); i++)
        fprintf(out, "%-16s%s\n", rows[i].title, table_value(a, &rows[i], value, sizeof value));
    fputc('\n', out);
    table_print(out, json_object_get(a, "paths"), paths, COUNT(paths), width);
}

void show_history(FILE *out, const json_t *history, unsigned width)
{
    table_print(out, history, events, COUNT(events), width);
}
