/* See commands.h. */
#include "junctor/commands.h"

#include <stddef.h>
#include <string.h>

static const struct cmd_command commands[] = {
    {"run", "run the broker in the foreground", cmd_run, &cmd_run_syntax},
    {"check", "validate a configuration file", cmd_check, &cmd_check_syntax},
    {"load", "send over associations; measure delivery, order and latency", cmd_load, &cmd_load_syntax},
    {"tune", "find the SCTP parameters for a link by experiment", cmd_tune, &cmd_tune_syntax},
    {"report", "make a page of saved results of load", cmd_report, &cmd_report_syntax},
    {"status", "show what a running broker does", cmd_status, &cmd_status_syntax},
    {"top", "show it from second to second, on a terminal", cmd_top, &cmd_top_syntax},
    {"history", "show recent events of associations and peers", cmd_history, &cmd_history_syntax},
    {"tap", "capture relayed messages, for Wireshark", cmd_tap, &cmd_tap_syntax},
    {"explain", "show which route takes a message, and why", cmd_explain, &cmd_explain_syntax},
    {"reload", "make the broker read its configuration again", cmd_reload, &cmd_reload_syntax},
    {"stop", "end the broker when everything is delivered", cmd_stop, &cmd_stop_syntax},
    {"set", "change a setting of the broker", cmd_set, &cmd_set_syntax},
    {"disconnect", "shut down one of its associations", cmd_disconnect, &cmd_association_syntax},
    {"abort", "abort one of its associations", cmd_abort, &cmd_association_syntax},
    {"move", "hand one of its associations over to another worker", cmd_move, &cmd_move_syntax},
    {"drain", "let groups send nothing to one of their members", cmd_drain, &cmd_member_syntax},
    {"maint", "the same, and end its associations", cmd_maint, &cmd_member_syntax},
    {"ready", "let it take part again", cmd_ready, &cmd_member_syntax},
};

const struct cmd_command *cmd_at(unsigned index)
{
    return index < sizeof commands / sizeof commands[0] ? &commands[index] : NULL;
}

const struct cmd_command *cmd_find(const char *name)
{
    for (unsigned i = 0; cmd_at(i); i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}
