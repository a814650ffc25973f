/* `junctor history`: recent events of a running broker's associations and peers. */
#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "junctor/client.h"
#include "junctor/commands.h"
#include "junctor/show.h"
#include "junctor/table.h"
#include "junctor/usage.h"

static const char help[] =
    "Usage: junctor history [NAME|ASSOCIATION] [OPTION...]\n"
    "\n"
    "Shows recent events of the associations and peers of a running broker, oldest\n"
    "first. NAME: only those of this listener or peer. ASSOCIATION: only those of\n"
    "this one, given by its number such as 0-17, even if it has ended.\n"
    "\n"
    "  -j, --json             print the JSON document instead of a table\n"
    "  -n, --limit N          only the newest N events (up to 10000; default 100)\n" CLIENT_SOCKET_HELP
    "  -h, --help             this text\n"
    "\n"
    "Exit status: 0 done, 1 refused, 2 wrong usage, 3 no broker answers.\n";

static int show(const char *what, const char *limit, const char *socket, bool json)
{
    char path[900], escaped[300], number[100];
    json_t *document;
    socket = client_find("history", socket);
    if (!socket)
        return CLIENT_NO_BROKER;
    bool association = what && isdigit((unsigned char)*what) && strchr(what, '-');
    snprintf(path, sizeof path, "/v1/history?limit=%s%s%s",
             limit ? client_escape(limit, number, sizeof number) : "100",
             association ? "&association="
             : what      ? "&name="
                         : "",
             what ? client_escape(what, escaped, sizeof escaped) : "");
    int status = client_ask("history", socket, "GET", path, &document);
    if (document && json) {
        json_dumpf(document, stdout, JSON_INDENT(2));
        putchar('\n');
    } else if (document) {
        show_history(stdout, json_object_get(document, "history"), table_width());
    }
    json_decref(document);
    return status;
}

static const struct option options[] = {{"socket", required_argument, NULL, 's'},
                                        {"json", no_argument, NULL, 'j'},
                                        {"limit", required_argument, NULL, 'n'},
                                        {"help", no_argument, NULL, 'h'},
                                        {0}};
const struct cmd_syntax cmd_history_syntax = {
    ":s:jn:h", options, (const char *const[]){"socket=@file", "1=@member @association", NULL}};

int cmd_history(int argc, char **argv)
{
    const char *socket = NULL, *limit = NULL;
    bool json = false;
    int option;
    optind = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, cmd_history_syntax.letters, options, NULL)) != -1) {
        switch (option) {
        case 's':
            socket = optarg;
            break;
        case 'j':
            json = true;
            break;
        case 'n':
            limit = optarg;
            break;
        case 'h':
            fputs(help, stdout);
            return 0;
        default:
            return cmd_wrong_option("history", option, argv, options);
        }
    }
    if (argc - optind > 1)
        return cmd_wrong("history", "unexpected argument \"%s\"", argv[optind + 1]);
    return show(argv[optind], limit, socket, json);
}
