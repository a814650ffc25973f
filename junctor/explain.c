/* `junctor explain`: which route takes a message, where it goes and why, as a running broker answers it or as
 * a file says. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "config/sctp/ppid.h"
#include "config/sctp/value.h"
#include "config/unknown.h"
#include "junctor/client.h"
#include "junctor/commands.h"
#include "junctor/table.h"
#include "junctor/usage.h"
#include "routing/explain.h"

static const char help[] =
    "Usage: junctor explain --from NAME --ppid PPID [--stream N] [--unordered]\n"
    "                       [OPTION...]\n"
    "\n"
    "Shows which route takes a message and why the others do not, and, asked of a\n"
    "running broker, where the message would go now.\n"
    "\n"
    "      --from NAME        the listener or peer that the message comes from\n"
    "      --ppid PPID        its payload protocol identifier, a name or number\n"
    "      --stream N         its stream (default 0)\n"
    "      --unordered        it is sent unordered\n"
    "  -c, --config FILE      use this configuration instead of a running broker\n"
    "  -j, --json             print the JSON document instead of tables\n" CLIENT_SOCKET_HELP
    "  -h, --help             this text\n"
    "\n"
    "Exit status: 0 a route takes it, 1 none does or the name is unknown, 2 wrong\n"
    "usage, 3 no broker answers.\n";

struct question {
    const char *from, *ppid, *stream, *file, *socket;
    bool json, unordered;
};

/* ---- from a file ---------------------------------------------------------------------------------- */

static json_t *route(const struct cfg_config *c, unsigned id, const char *what)
{
    const struct cfg_route *r = &c->routes[id];
    return json_pack("{s:s?, s:i, s:i, s:s, s:s}", "name", r->name, "number", (int)id + 1, "line",
                     (int)r->line, "to", c->groups[r->group].name, "what", what);
}

/* In the state that it begins with. */
static const char *gets(const struct cfg_config *c, struct cfg_member m)
{
    static const char *const texts[] = {[CFG_READY] = "is a member",
                                        [CFG_DRAIN] = "is a member in state drain: it gets nothing",
                                        [CFG_MAINT] = "is a member in state maint: it gets nothing"};
    return texts[m.kind == CFG_MEMBER_LISTENER ? c->listeners[m.index].state : c->peers[m.index].state];
}

static json_t *members(const struct cfg_config *c, const struct cfg_route *r)
{
    const struct cfg_group *g = &c->groups[r->group];
    json_t *array = json_array();
    for (unsigned i = 0; i < g->member_count; i++)
        json_array_append_new(array, json_pack("{s:s, s:s}", "name", cfg_member_name(c, g->members[i]),
                                               "what", gets(c, g->members[i])));
    return array;
}

static json_t *work_out(const struct cfg_config *c, struct cfg_member from, uint32_t ppid, uint16_t stream,
                        bool unordered)
{
    json_t *d = json_pack("{s:{s:s}, s:I, s:i, s:b}", "from", "name", cfg_member_name(c, from), "ppid",
                          (json_int_t)ppid, "stream", (int)stream, "unordered", (int)unordered);
    json_t *all = json_array();
    const struct cfg_route *taker = NULL;
    char leaves[RT_EXPLAIN_TEXT];
    for (unsigned i = 0; i < cfg_ordered_routes(c); i++) {
        unsigned id = cfg_route_at(c, i);
        enum rt_verdict v = rt_explain(&c->routes[id], from, ppid, stream, unordered);
        json_array_append_new(all, route(c, id, rt_verdict_text(v, taker)));
        if (v != RT_FITS || taker)
            continue;
        taker = &c->routes[id];
        json_object_set_new(d, "route", route(c, id, "takes it"));
        json_object_set_new(d, "session", json_string(cfg_session_name(taker->session)));
        json_object_set_new(d, "leaves_with", json_string(rt_explain_rewrite(taker, leaves)));
        json_object_set_new(d, "members", members(c, taker));
    }
    json_object_set_new(d, "routes", all);
    json_object_set_new(d, "verdict",
                        json_string(taker ? "it goes to the route's group" : rt_explain_unrouted(c)));
    return d;
}

static int from_file(const struct question *q, uint32_t ppid, uint16_t stream, json_t **document)
{
    struct cfg_remarks remarks;
    struct cfg_member from;
    char why[CFG_UNKNOWN_TEXT];
    struct cfg_config *c = cfg_load(q->file, &remarks);
    int status = CLIENT_REFUSED;
    if (!c)
        cfg_remarks_print(q->file, &remarks, stderr);
    else if (!cfg_member_find(c, q->from, &from))
        fprintf(stderr, "junctor explain: %s: %s\n", q->file, cfg_unknown_member(c, q->from, why));
    else {
        *document = work_out(c, from, ppid, stream, q->unordered);
        status = CLIENT_DONE;
    }
    cfg_remarks_free(&remarks);
    cfg_free(c);
    return status;
}

static int from_broker(const struct question *q, uint16_t stream, json_t **document)
{
    char path[700], from[250], ppid[150];
    const char *socket = client_find("explain", q->socket);
    if (!socket)
        return CLIENT_NO_BROKER;
    snprintf(path, sizeof path, "/v1/explain?from=%s&ppid=%s&stream=%u&unordered=%d",
             client_escape(q->from, from, sizeof from), client_escape(q->ppid, ppid, sizeof ppid), stream,
             q->unordered);
    return client_ask("explain", socket, "GET", path, document);
}

/* ---- printing -------------------------------------------------------------------------------------- */

static const char *text(const json_t *o, const char *key)
{
    const char *value = json_string_value(json_object_get(o, key));
    return value ? value : "-";
}

static void print(const json_t *d, uint32_t ppid)
{
    static const struct table_column who[] = {
        {"MEMBER", "name", TABLE_TEXT}, {"IN GROUP", "in_group", TABLE_NUMBER}, {"WHAT", "what", TABLE_TEXT}};
    static const struct table_column which[] = {{"LINE", "line", TABLE_NUMBER},
                                                {"ROUTE", "name", TABLE_TEXT},
                                                {"WHAT", "what", TABLE_TEXT},
                                                {"TO", "to", TABLE_TEXT}};
    const json_t *r = json_object_get(d, "route");
    printf("message   from %s, PPID %u%s%s%s, stream %d%s\n", text(json_object_get(d, "from"), "name"), ppid,
           ppid_name(ppid) ? " (" : "", ppid_name(ppid) ? ppid_name(ppid) : "", ppid_name(ppid) ? ")" : "",
           (int)json_integer_value(json_object_get(d, "stream")),
           json_is_true(json_object_get(d, "unordered")) ? ", unordered" : "");
    if (r)
        printf("route     %s, line %d, to %s, session %s\n", text(r, "name"),
               (int)json_integer_value(json_object_get(r, "line")), text(r, "to"), text(d, "session"));
    if (r && *text(d, "leaves_with"))
        printf("leaves    with %s\n", text(d, "leaves_with"));
    printf("verdict   %s\n\n", text(d, "verdict"));
    if (r) {
        table_print(stdout, json_object_get(d, "members"), who, 3, table_width());
        putchar('\n');
    }
    table_print(stdout, json_object_get(d, "routes"), which, 4, table_width());
}

static int explain(const struct question *q)
{
    const struct val_spec spec = {OPT_UINT, OPT_NO_UNIT, 0, 65534, NULL};
    char why[VAL_WHY_MAX];
    int64_t stream = 0;
    uint32_t ppid;
    json_t *document = NULL;
    if (!q->from || !q->ppid)
        return cmd_wrong("explain", "--from and --ppid are required");
    if (!ppid_parse(q->ppid, &ppid))
        return cmd_wrong("explain", "--ppid: \"%s\" is neither a number nor a known name", q->ppid);
    if (q->stream && !val_parse(&spec, q->stream, &stream, why, sizeof why))
        return cmd_wrong("explain", "--stream: %s", why);
    if (q->file && q->socket)
        return cmd_wrong("explain", "give a file (-c) or a running broker (-s), not both");
    int status = q->file ? from_file(q, ppid, (uint16_t)stream, &document)
                         : from_broker(q, (uint16_t)stream, &document);
    if (!document)
        return status;
    if (q->json) {
        json_dumpf(document, stdout, JSON_INDENT(2));
        putchar('\n');
    } else {
        print(document, ppid);
    }
    if (status == CLIENT_DONE && !json_object_get(document, "route"))
        status = CLIENT_REFUSED;
    json_decref(document);
    return status;
}

static const struct option options[] = {{"from", required_argument, NULL, 'f'},
                                        {"ppid", required_argument, NULL, 'p'},
                                        {"stream", required_argument, NULL, 't'},
                                        {"config", required_argument, NULL, 'c'},
                                        {"unordered", no_argument, NULL, 'u'},
                                        {"socket", required_argument, NULL, 's'},
                                        {"json", no_argument, NULL, 'j'},
                                        {"help", no_argument, NULL, 'h'},
                                        {0}};
const struct cmd_syntax cmd_explain_syntax = {
    ":c:s:jh", options,
    (const char *const[]){"from=@member", "ppid=@ppid", "config=@file", "socket=@file", NULL}};

int cmd_explain(int argc, char **argv)
{
    struct question q = {0};
    int option;
    optind = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, cmd_explain_syntax.letters, options, NULL)) != -1) {
        switch (option) {
        case 'f':
            q.from = optarg;
            break;
        case 'p':
            q.ppid = optarg;
            break;
        case 't':
            q.stream = optarg;
            break;
        case 'c':
            if (!cmd_take_file("explain", &q.file, optarg))
                return 2;
            break;
        case 's':
            q.socket = optarg;
            break;
        case 'u':
            q.unordered = true;
            break;
        case 'j':
            q.json = true;
            break;
        case 'h':
            fputs(help, stdout);
            return 0;
        default:
            return cmd_wrong_option("explain", option, argv, options);
        }
    }
    if (optind < argc)
        return cmd_wrong("explain", "unexpected argument \"%s\"", argv[optind]);
    return explain(&q);
}
