/* `junctor reload`, `stop`, `set`, `disconnect`, `abort`, `move`, `drain`, `maint`, `ready`: the commands
 * that change a running broker. Each returns when the broker has finished, and prints what was done, in the
 * words of the broker's log. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "config/sctp/value.h"
#include "junctor/client.h"
#include "junctor/commands.h"
#include "junctor/usage.h"

#define EXIT_HELP                                                                                            \
    "\n"                                                                                                     \
    "Exit status: 0 done, 1 refused or failed, 2 wrong usage, 3 no broker answers.\n"

static const char reload_help[] =
    "Usage: junctor reload [-s PATH]\n"
    "\n"
    "Makes a running broker read its configuration again, as SIGHUP does, and waits\n"
    "until every worker serves it. A configuration with errors changes nothing.\n"
    "\n" CLIENT_SOCKET_HELP "  -h, --help             this text\n" EXIT_HELP;

static const char stop_help[] =
    "Usage: junctor stop [--drain TIME] [-s PATH]\n"
    "\n"
    "Ends a running broker, as SIGTERM does, and waits until it has ended: it stops\n"
    "accepting, delivers what was received, and shuts its associations down.\n"
    "\n"
    "      --drain TIME       how long that may take, such as 10s (default:\n"
    "                         broker.drain_timeout)\n" CLIENT_SOCKET_HELP
    "  -h, --help             this text\n" EXIT_HELP;

static const char set_help[] =
    "Usage: junctor set log_level error|warning|info|debug [SUBJECT] [-s PATH]\n"
    "\n"
    "Changes a setting of a running broker until its next reload. SUBJECT limits it\n"
    "to lines about broker, config, endpoint, peer, association, path or message.\n"
    "\n" CLIENT_SOCKET_HELP "  -h, --help             this text\n" EXIT_HELP;

static const char disconnect_help[] =
    "Usage: junctor disconnect ASSOCIATION [-s PATH]\n"
    "\n"
    "Shuts an association down (SCTP SHUTDOWN) and waits until it is gone. Messages\n"
    "that wait for it are delivered first; after broker.drain_timeout it is aborted.\n"
    "An association to a peer that routes need is set up again. `junctor status\n"
    "associations` shows the numbers.\n"
    "\n" CLIENT_SOCKET_HELP "  -h, --help             this text\n" EXIT_HELP;

static const char abort_help[] =
    "Usage: junctor abort ASSOCIATION [-s PATH]\n"
    "\n"
    "Aborts an association and waits until it is gone. Messages that wait for it go\n"
    "to another member of its group, or are dropped and counted. `junctor status\n"
    "associations` shows the numbers.\n"
    "\n" CLIENT_SOCKET_HELP "  -h, --help             this text\n" EXIT_HELP;

static const char drain_help[] =
    "Usage: junctor drain MEMBER [-s PATH]\n"
    "\n"
    "Takes a listener or peer out of its groups. Its streams move to other members in\n"
    "order, new clients get other partners, and existing sessions and associations\n"
    "stay. Returns when what was under way is acknowledged. It lasts until `junctor\n"
    "ready`, or until a reload of a file in which its `state` has changed.\n"
    "\n" CLIENT_SOCKET_HELP "  -h, --help             this text\n" EXIT_HELP;

static const char maint_help[] =
    "Usage: junctor maint MEMBER [-s PATH]\n"
    "\n"
    "As `junctor drain`, and shuts its associations down; those that are still there\n"
    "after broker.drain_timeout are aborted. Until `junctor ready` a peer is not\n"
    "connected to and a listener accepts nobody. Returns when its associations are\n"
    "gone.\n"
    "\n" CLIENT_SOCKET_HELP "  -h, --help             this text\n" EXIT_HELP;

static const char ready_help[] =
    "Usage: junctor ready MEMBER [-s PATH]\n"
    "\n"
    "Lets a listener or peer take part again after `junctor drain` or `maint`. With\n"
    "slow_start its share grows from now on.\n"
    "\n" CLIENT_SOCKET_HELP "  -h, --help             this text\n" EXIT_HELP;

static const char move_help[] =
    "Usage: junctor move ASSOCIATION WORKER [-s PATH]\n"
    "\n"
    "Hands an association over to another worker of the broker, with all that waits\n"
    "for it, while it carries messages. Both sides of a paired session go together.\n"
    "`junctor status associations` shows the numbers, `junctor status workers` the\n"
    "workers and their load.\n"
    "\n" CLIENT_SOCKET_HELP "  -h, --help             this text\n" EXIT_HELP;

#define CLIENT_SYNTAX(...)                                                                                   \
    {                                                                                                        \
        client_letters, client_options, (const char *const[])                                                \
        {                                                                                                    \
            "socket=@file", __VA_ARGS__                                                                      \
        }                                                                                                    \
    }
const struct cmd_syntax cmd_reload_syntax = CLIENT_SYNTAX(NULL);
const struct cmd_syntax cmd_set_syntax =
    CLIENT_SYNTAX("1=log_level", "2=error warning info debug", "3=@subject", NULL);
const struct cmd_syntax cmd_association_syntax = CLIENT_SYNTAX("1=@association", NULL);
const struct cmd_syntax cmd_move_syntax = CLIENT_SYNTAX("1=@association", "2=@worker", NULL);
const struct cmd_syntax cmd_member_syntax = CLIENT_SYNTAX("1=@member", NULL);

/* Prints "reloaded generation=2 …": the lines without what precedes the event's name in the log. */
static void print_lines(const json_t *document)
{
    size_t i;
    const json_t *line;
    json_array_foreach(json_object_get(document, "lines"), i, line)
    {
        const char *text = json_string_value(line), *event = text ? strstr(text, "event=") : NULL;
        if (text)
            puts(event ? event + strlen("event=") : text);
    }
}

/* Sends the request; prints the lines of the answer, or `done` if it has none. */
static int steer(const char *command, const char *given, const char *path, const char *done)
{
    json_t *document;
    const char *socket = client_find(command, given);
    if (!socket)
        return CLIENT_NO_BROKER;
    int status = client_ask(command, socket, "POST", path, &document);
    if (document && json_object_get(document, "lines"))
        print_lines(document);
    else if (status == CLIENT_DONE)
        puts(done);
    json_decref(document);
    return status;
}

int cmd_reload(int argc, char **argv)
{
    const char *socket;
    char **words;
    unsigned count;
    int status;
    if (!client_arguments("reload", reload_help, argc, argv, 0, 0, &socket, &words, &count, &status))
        return status;
    return steer("reload", socket, "/v1/reload", "");
}

static const struct option stop_options[] = {{"socket", required_argument, NULL, 's'},
                                             {"drain", required_argument, NULL, 'd'},
                                             {"help", no_argument, NULL, 'h'},
                                             {0}};
const struct cmd_syntax cmd_stop_syntax = {":s:h", stop_options, (const char *const[]){"socket=@file", NULL}};

int cmd_stop(int argc, char **argv)
{
    const struct val_spec time = {OPT_UINT, OPT_MSEC, 0, 3600000, NULL};
    const char *socket = NULL, *drain = NULL;
    char why[VAL_WHY_MAX], path[300], escaped[200];
    int64_t ignored;
    int option;
    optind = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, cmd_stop_syntax.letters, stop_options, NULL)) != -1) {
        switch (option) {
        case 's':
            socket = optarg;
            break;
        case 'd':
            drain = optarg;
            break;
        case 'h':
            fputs(stop_help, stdout);
            return 0;
        default:
            return cmd_wrong_option("stop", option, argv, stop_options);
        }
    }
    if (optind < argc)
        return cmd_wrong("stop", "unexpected argument \"%s\"", argv[optind]);
    if (drain && !val_parse(&time, drain, &ignored, why, sizeof why))
        return cmd_wrong("stop", "--drain: %s", why);
    snprintf(path, sizeof path, drain ? "/v1/stop?drain=%s" : "/v1/stop",
             drain ? client_escape(drain, escaped, sizeof escaped) : "");
    return steer("stop", socket, path, "");
}

int cmd_set(int argc, char **argv)
{
    const char *socket;
    char **words, path[300], escaped[200], done[300];
    unsigned count;
    int status;
    if (!client_arguments("set", set_help, argc, argv, 2, 3, &socket, &words, &count, &status))
        return status;
    if (strcmp(words[0], "log_level") != 0)
        return cmd_wrong("set", "\"%s\" cannot be set; only log_level can", words[0]);
    size_t n = (size_t)snprintf(path, sizeof path, "/v1/log_level?value=%.200s",
                                client_escape(words[1], escaped, sizeof escaped));
    if (count == 3)
        snprintf(path + n, sizeof path - n, "&subject=%s", client_escape(words[2], escaped, sizeof escaped));
    snprintf(done, sizeof done, "log_level %.100s%s%.100s", words[1], count == 3 ? " " : "",
             count == 3 ? words[2] : "");
    return steer("set", socket, path, done);
}

/* One that takes the name or number of something. */
static int steer_one(const char *command, const char *help, const char *key, const char *what, int argc,
                     char **argv)
{
    const char *socket;
    char **words, path[300], escaped[200], done[300];
    unsigned count;
    int status;
    if (!client_arguments(command, help, argc, argv, 1, 1, &socket, &words, &count, &status))
        return status;
    snprintf(path, sizeof path, "/v1/%s?%s=%s", command, key,
             client_escape(words[0], escaped, sizeof escaped));
    snprintf(done, sizeof done, "%s %.200s", what, words[0]);
    return steer(command, socket, path, done);
}

int cmd_disconnect(int argc, char **argv)
{
    return steer_one("disconnect", disconnect_help, "association", "disconnected", argc, argv);
}

int cmd_abort(int argc, char **argv)
{
    return steer_one("abort", abort_help, "association", "aborted", argc, argv);
}

int cmd_drain(int argc, char **argv)
{
    return steer_one("drain", drain_help, "member", "drain", argc, argv);
}

int cmd_maint(int argc, char **argv)
{
    return steer_one("maint", maint_help, "member", "maint", argc, argv);
}

int cmd_ready(int argc, char **argv)
{
    return steer_one("ready", ready_help, "member", "ready", argc, argv);
}

int cmd_move(int argc, char **argv)
{
    const char *socket;
    char **words, path[500], association[200], worker[200], done[300];
    unsigned count;
    int status;
    if (!client_arguments("move", move_help, argc, argv, 2, 2, &socket, &words, &count, &status))
        return status;
    snprintf(path, sizeof path, "/v1/move?association=%s&worker=%s",
             client_escape(words[0], association, sizeof association),
             client_escape(words[1], worker, sizeof worker));
    snprintf(done, sizeof done, "moved %.100s worker=%.100s", words[0], words[1]);
    return steer("move", socket, path, done);
}
