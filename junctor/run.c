/* `junctor run`: reads the command line and the configuration, and runs a broker with it. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "broker/admin/admin.h"
#include "broker/broker.h"
#include "broker/log.h"
#include "broker/log_subject.h"
#include "broker/privileges.h"
#include "broker/tap/tap.h"
#include "config/config.h"
#include "junctor/commands.h"
#include "junctor/usage.h"
#include "junctor/version.h"

const char *junctor_version = "unknown";

static const char help[] =
    "Usage: junctor run -c FILE [--log-level LEVEL]\n"
    "\n"
    "Runs the broker in the foreground until SIGTERM or SIGINT, and logs to standard\n"
    "error.\n"
    "\n"
    "  -c, --config FILE      the configuration (YAML; - for standard input)\n"
    "      --log-level LEVEL  error, warning, info or debug; overrides the file\n"
    "  -h, --help             this text\n"
    "\n"
    "Signals, to be sent to the pid= in the first line of the log:\n"
    "  SIGTERM, SIGINT  stop accepting, deliver what was received, shut down (for at\n"
    "                   most broker.drain_timeout); a second one ends it at once\n"
    "  SIGHUP           read the configuration again and apply it; a file with errors\n"
    "                   changes nothing\n"
    "  SIGUSR1          log the account:\n"
    "                   received + copies = delivered + dropped + waiting\n"
    "\n"
    "Exit status: 0 after a drain whose account balances, 1 otherwise, 2 wrong usage.\n";

/* For all subjects. */
static bool fix_level(const char *text, struct cfg_config *config)
{
    if (!brk_log_level_find(text, &config->log_level)) {
        cmd_wrong("run", "there is no log level %s; write error, warning, info or debug", text);
        return false;
    }
    for (unsigned s = 0; s < CFG_LOG_SUBJECTS; s++)
        config->log_levels[s] = CFG_ABSENT;
    return true;
}

static void log_warnings(const struct cfg_config *config, const struct cfg_remarks *remarks)
{
    char file[300], text[700];
    brk_quote(config->file, file, sizeof file);
    for (unsigned i = 0; i < remarks->count; i++) {
        const struct cfg_remark *r = &remarks->list[i];
        brk_log(CFG_LOG_WARNING, "advice", "file=%s line=%u column=%u text=%s", file, r->line, r->column,
                brk_quote(r->text, text, sizeof text));
    }
}

/* The first line: the version, and the pid for signals. */
static void log_start(const struct cfg_config *config)
{
    char file[300];
    brk_log(CFG_LOG_INFO, "starting", "version=%s pid=%d file=%s", junctor_version, (int)getpid(),
            brk_quote(config->file, file, sizeof file));
}

/* Takes ownership of the configuration. */
static int run_logged(struct cfg_config *config, const struct cfg_remarks *remarks, bool level_fixed)
{
    brk_privileges_begin();
    brk_log_configure(config);
    int error = brk_log_to(config->log_file);
    if (error) {
        fprintf(stderr, "junctor run: broker.log_file: %s: %s\n", config->log_file, strerror(error));
        cfg_free(config);
        return 1;
    }
    error = brk_log_start();
    if (error) {
        fprintf(stderr, "junctor run: thread of the log: %s\n", strerror(error));
        cfg_free(config);
        return 1;
    }
    log_start(config);
    log_warnings(config, remarks);
    struct brk_service services[2]; /* admin serves what the tap says until it has ended */
    struct tap *tap = tap_new(junctor_version);
    struct admin *admin = tap ? admin_new(junctor_version, tap) : NULL;
    int status = 1;
    if (admin) {
        tap_service(tap, &services[0]);
        admin_service(admin, &services[1]);
        status = brk_run(config, level_fixed, services, 2);
    } else {
        brk_log(CFG_LOG_ERROR, "start_failed", "error=\"out of memory or descriptors\"");
        cfg_free(config);
    }
    admin_free(admin);
    tap_free(tap);
    brk_log_stop();
    return status;
}

static int run_file(const char *file, const char *level_text)
{
    struct cfg_remarks remarks;
    struct cfg_config *config = cfg_load(file, &remarks);
    if (!config) {
        cfg_remarks_print(file, &remarks, stderr);
        cfg_remarks_free(&remarks);
        return 1;
    }
    int status = 2;
    if (!level_text || fix_level(level_text, config)) {
        status = run_logged(config, &remarks, level_text != NULL);
        config = NULL; /* now owns it */
    }
    cfg_remarks_free(&remarks);
    cfg_free(config);
    return status;
}

static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                        {"log-level", required_argument, NULL, 'l'},
                                        {"help", no_argument, NULL, 'h'},
                                        {0}};
const struct cmd_syntax cmd_run_syntax = {
    "+:c:h", options, (const char *const[]){"config=@file", "log-level=error warning info debug", NULL}};

int cmd_run(int argc, char **argv)
{
    const char *file = NULL, *level = NULL;
    int option;
    optind = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, cmd_run_syntax.letters, options, NULL)) != -1) {
        switch (option) {
        case 'c':
            if (!cmd_take_file("run", &file, optarg))
                return 2;
            break;
        case 'l':
            level = optarg;
            break;
        case 'h':
            fputs(help, stdout);
            return 0;
        default:
            return cmd_wrong_option("run", option, argv, options);
        }
    }
    if (optind < argc || !file)
        return cmd_wrong_file("run", file, argv[optind]);
    return run_file(file, level);
}
