/* `junctor status`: what a running broker reports, as tables or as its JSON documents. */
#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/sctp/nearest.h"
#include "junctor/client.h"
#include "junctor/commands.h"
#include "junctor/show.h"
#include "junctor/table_columns_priv.h"
#include "junctor/usage.h"

static const char help[] =
    "Usage: junctor status [WHAT] [OPTION...]\n"
    "\n"
    "Shows what a running broker does. Without WHAT: the broker as a whole, its\n"
    "groups and what was dropped. WHAT is one of\n"
    "\n"
    "  listeners peers groups routes workers config\n"
    "  associations           all of them; select with the options below\n"
    "  ASSOCIATION            one, by its number such as 0-17, with its paths\n"
    "\n"
    "  -j, --json             print the JSON document instead of a table\n"
    "  -q, --match TEXT       associations with TEXT in number, name or address\n"
    "      --sort KEY         sort associations by id, or by waiting, received,\n"
    "                         delivered, retransmitted or age, largest first\n"
    "  -n, --limit N          at most N rows (up to 1000; default 100)\n" CLIENT_SOCKET_HELP
    "  -h, --help             this text\n"
    "\n"
    "Exit status: 0 done, 1 not found, 2 wrong usage, 3 no broker answers.\n";

static const struct table_column listeners[] = {T("LISTENER", "name"),
                                                N("ASSOCIATIONS", "associations"),
                                                N("RECEIVED", "traffic.received"),
                                                N("DELIVERED", "traffic.delivered"),
                                                N("DROPPED", "traffic.dropped"),
                                                N("REFUSED", "traffic.refused"),
                                                T("ADDRESSES", "addresses"),
                                                N("MOST", "access.max_associations"),
                                                N("PER ADDRESS", "access.max_per_address"),
                                                N("NEW/S", "access.new_per_second"),
                                                T("ALLOW", "access.allow"),
                                                T("DENY", "access.deny")};
static const struct table_column peers[] = {T("PEER", "name"),
                                            T("STATE", "state"),
                                            N("ASSOCIATIONS", "associations"),
                                            N("RECEIVED", "traffic.received"),
                                            N("DELIVERED", "traffic.delivered"),
                                            N("DROPPED", "traffic.dropped"),
                                            N("WAITING", "queue.waiting"),
                                            N("MOST", "queue.most"),
                                            N("QUEUE", "queue.messages"),
                                            N("FAILURES", "failures"),
                                            M("RETRY IN", "retry_in_ms"),
                                            T("ADDRESSES", "addresses")};
static const struct table_column groups[] = {T("GROUP", "name"),
                                             T("MODE", "mode"),
                                             {"MEMBERS", "members", TABLE_MEMBERS},
                                             N("DELIVERED", "traffic.delivered"),
                                             N("DROPPED", "traffic.dropped"),
                                             N("WAITING", "hold.waiting"),
                                             N("HOLD", "hold.messages"),
                                             T("HELD", "held"),
                                             T("SHARE", "share")};
static const struct table_column routes[] = {N("LINE", "line"),
                                             T("ROUTE", "name"),
                                             T("FROM", "from"),
                                             T("PPID", "ppid"),
                                             T("STREAM", "stream"),
                                             T("TO", "to"),
                                             N("RECEIVED", "traffic.received"),
                                             N("DELIVERED", "traffic.delivered"),
                                             N("DROPPED", "traffic.dropped"),
                                             T("SESSION", "session")};
static const struct table_column associations[] = {T("ID", "id"),
                                                   T("NAME", "name"),
                                                   T("STATE", "state"),
                                                   N("WORKER", "worker"),
                                                   T("REMOTE", "remote"),
                                                   N("RECEIVED", "received"),
                                                   N("DELIVERED", "delivered"),
                                                   N("WAITING", "waiting"),
                                                   N("RTX", "retransmitted"),
                                                   M("AGE", "age_ms"),
                                                   T("ROLE", "role"),
                                                   T("BLOCKED", "blocked"),
                                                   T("PAUSED", "paused"),
                                                   T("SESSION", "session")};
static const struct table_column workers[] = {N("WORKER", "worker"),
                                              N("ASSOCIATIONS", "associations"),
                                              N("RECEIVED", "counters.received"),
                                              N("DELIVERED", "counters.delivered"),
                                              N("WAITING", "counters.waiting"),
                                              N("CPU US", "cpu_us"),
                                              N("TURNS", "turns"),
                                              N("SYSTEM CALLS", "system_calls"),
                                              N("PARKED", "parked")};
static const struct list {
    const char *name;
    const struct table_column *columns;
    unsigned count;
} lists[] = {{"listeners", listeners, COUNT(listeners)}, {"peers", peers, COUNT(peers)},
             {"groups", groups, COUNT(groups)},          {"routes", routes, COUNT(routes)},
             {"workers", workers, COUNT(workers)},       {"associations", associations, COUNT(associations)}};

struct wanted {
    const char *what, *socket, *match, *sort, *limit;
    bool json;
};

/* ---- documents ------------------------------------------------------------------------------------ */

static int get(const struct wanted *w, const char *path, json_t **document)
{
    return client_ask("status", w->socket, "GET", path, document);
}

static void print_json(const json_t *document)
{
    json_dumpf(document, stdout, JSON_INDENT(2));
    putchar('\n');
}

static long long number(const json_t *o, const char *key)
{
    return json_integer_value(json_object_get(o, key));
}

static const char *text(const json_t *o, const char *key)
{
    const char *value = json_string_value(json_object_get(o, key));
    return value ? value : "-";
}

static void print_more(const json_t *document, const char *list)
{
    long long total = number(document, "total"),
              shown = (long long)json_array_size(json_object_get(document, list));
    if (total > shown)
        printf("%lld of %lld; see --limit, --match\n", shown, total);
}

static const struct list *find_list(const char *name)
{
    for (size_t i = 0; i < COUNT(lists); i++)
        if (strcmp(lists[i].name, name) == 0)
            return &lists[i];
    return NULL;
}

static int get_list(const struct wanted *w, const struct list *list, json_t **document)
{
    char path[900], match[300], sort[100], limit[100];
    snprintf(path, sizeof path, "/v1/%s?limit=%s%s%s%s%s", list->name,
             w->limit ? client_escape(w->limit, limit, sizeof limit) : "100", w->match ? "&q=" : "",
             w->match ? client_escape(w->match, match, sizeof match) : "", w->sort ? "&sort=" : "",
             w->sort ? client_escape(w->sort, sort, sizeof sort) : "");
    return get(w, path, document);
}

static void print_table(const json_t *document, const struct list *list)
{
    table_print(stdout, json_object_get(document, list->name), list->columns, list->count, table_width());
    print_more(document, list->name);
}

static int print_list(const struct wanted *w, const struct list *list)
{
    json_t *document = NULL;
    int status = get_list(w, list, &document);
    if (document && w->json)
        print_json(document);
    else if (document)
        print_table(document, list);
    json_decref(document);
    return status;
}

/* ---- one association ------------------------------------------------------------------------------ */

static int print_one(const struct wanted *w)
{
    char path[300], id[200];
    json_t *document;
    snprintf(path, sizeof path, "/v1/associations/%s", client_escape(w->what, id, sizeof id));
    int status = get(w, path, &document);
    if (document && w->json)
        print_json(document);
    else if (document)
        show_association(stdout, json_object_get(document, "association"), table_width());
    json_decref(document);
    return status;
}

/* ---- the whole ------------------------------------------------------------------------------------ */

/* By reason. */
static void print_reasons(const json_t *document, const char *what)
{
    const char *reason;
    const json_t *n;
    json_object_foreach(json_object_get(document, what), reason, n) if (json_integer_value(n))
        printf("%-14s%s %" JSON_INTEGER_FORMAT "\n", what, reason, json_integer_value(n));
}

static void print_whole(const json_t *d)
{
    static const struct table_column age = M("", "uptime_ms");
    const json_t *c = json_object_get(d, "counters");
    char since[40];
    printf("junctor       %s, pid %lld, %s for %s\n", text(d, "version"), number(d, "pid"), text(d, "state"),
           table_value(d, &age, since, sizeof since));
    printf("file          %s, generation %lld\n", text(d, "file"), number(d, "generation"));
    printf("transport     %s, %lld worker%s\n", text(d, "transport"), number(d, "workers"),
           number(d, "workers") == 1 ? "" : "s");
    printf("associations  %lld up; %lld opened, %lld closed, %lld lost\n", number(d, "associations"),
           number(c, "associations_opened"), number(c, "associations_closed"),
           number(c, "associations_lost"));
    if (json_is_integer(json_object_get(d, "balance")))
        printf("balance       %lld moved from workers busy to %lld %% or more\n",
               number(c, "associations_balanced"), number(d, "balance"));
    printf("messages      %lld received, %lld copies, %lld delivered, %lld waiting\n", number(c, "received"),
           number(c, "copies"), number(c, "delivered") - number(c, "returned"), number(d, "waiting"));
    print_reasons(d, "dropped");
    print_reasons(d, "refused");
}

/* Of two documents. That of the groups comes first: the total may then have what was delivered in between,
 * and is not less than its parts. */
static int print_status(const struct wanted *w)
{
    const struct list *list = find_list("groups");
    json_t *document = NULL, *of_groups = NULL;
    int parts = w->json ? CLIENT_DONE : get_list(w, list, &of_groups);
    if (parts == CLIENT_NO_BROKER)
        return parts;
    int status = get(w, "/v1/status", &document);
    if (document && w->json)
        print_json(document);
    else if (document)
        print_whole(document);
    if (document && of_groups) {
        putchar('\n');
        print_table(of_groups, list);
    }
    json_decref(document);
    json_decref(of_groups);
    return status != CLIENT_DONE ? status : parts;
}

static int print_config(const struct wanted *w)
{
    json_t *document;
    int status = get(w, "/v1/config", &document);
    if (document && w->json)
        print_json(document);
    else if (document)
        printf("# %s, generation %lld\n%s", text(document, "file"), number(document, "generation"),
               text(document, "yaml"));
    json_decref(document);
    return status;
}

/* ---- the command ---------------------------------------------------------------------------------- */

static int unknown(const char *what)
{
    struct nearest near;
    nearest_begin(&near, what);
    for (size_t i = 0; i < COUNT(lists); i++)
        nearest_try(&near, lists[i].name);
    nearest_try(&near, "config");
    const char *found = nearest_found(&near);
    return cmd_wrong(
        "status",
        "there is no \"%s\"%s%s%s there are listeners, peers, groups, routes, associations, workers, "
        "config, and associations by number",
        what, found ? "; did you mean " : ";", found ? found : "", found ? "?" : "");
}

static int show(struct wanted *w)
{
    const struct list *list = w->what ? find_list(w->what) : NULL;
    bool config = w->what && strcmp(w->what, "config") == 0,
         one = w->what && isdigit((unsigned char)*w->what);
    if (w->what && !list && !config && !one)
        return unknown(w->what);
    if ((w->match || w->sort) && (!list || strcmp(list->name, "associations") != 0))
        return cmd_wrong("status", "--match and --sort apply to associations only");
    w->socket = client_find("status", w->socket);
    if (!w->socket)
        return CLIENT_NO_BROKER;
    return list ? print_list(w, list) : config ? print_config(w) : one ? print_one(w) : print_status(w);
}

static const struct option options[] = {{"socket", required_argument, NULL, 's'},
                                        {"json", no_argument, NULL, 'j'},
                                        {"match", required_argument, NULL, 'q'},
                                        {"sort", required_argument, NULL, 'o'},
                                        {"limit", required_argument, NULL, 'n'},
                                        {"help", no_argument, NULL, 'h'},
                                        {0}};
const struct cmd_syntax cmd_status_syntax = {
    ":s:jq:n:h", options,
    (const char *const[]){"socket=@file", "sort=id waiting received delivered retransmitted age",
                          "1=listeners peers groups routes workers config associations @association", NULL}};

int cmd_status(int argc, char **argv)
{
    struct wanted w = {0};
    int option;
    optind = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, cmd_status_syntax.letters, options, NULL)) != -1) {
        switch (option) {
        case 's':
            w.socket = optarg;
            break;
        case 'j':
            w.json = true;
            break;
        case 'q':
            w.match = optarg;
            break;
        case 'o':
            w.sort = optarg;
            break;
        case 'n':
            w.limit = optarg;
            break;
        case 'h':
            fputs(help, stdout);
            return 0;
        default:
            return cmd_wrong_option("status", option, argv, options);
        }
    }
    if (argc - optind > 1)
        return cmd_wrong("status", "unexpected argument \"%s\"", argv[optind + 1]);
    w.what = argv[optind];
    return show(&w);
}
