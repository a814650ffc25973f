/* The broker of `junctor tune --through broker`; see tune_broker.h. */
#include "junctor/tune_broker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define START_MS 40000 /* until it is ready */
#define END_MS   8000  /* until it has ended; then it is killed */
#define NAP_NS   2000000

/* ---- the configuration --------------------------------------------------------------------------------- */

/* The keys that decide where the log and the admin socket are, and which transport, are not the base's. */
static bool is_ours(const struct cfg_key_row *row)
{
    return row->section != CFG_BROKER || row->kind != CFG_SCALAR || strncmp(row->name, "log_", 4) == 0 ||
           strncmp(row->name, "admin.", 6) == 0 || row == &cfg_key_rows[CFG_KEY_TRANSPORT];
}

/* The value that the point or the base's file gives a key; false: neither does. */
static bool value_of(const struct bench_tune *t, const struct bench_tune_point *p, enum cfg_key key,
                     int64_t *out)
{
    const struct cfg_config *c = t->base_config;

    for (unsigned f = 0; f < t->factor_count; f++)
        if (t->factors[f].of_broker && t->factors[f].key == key && p->level[f] != t->factors[f].base) {
            *out = t->factors[f].value[p->level[f]];
            return true;
        }
    if (!c || c->key_at[key].line == 0)
        return false;
    *out = cfg_key_get(&cfg_key_rows[key], c);
    return true;
}

static void broker_section(FILE *out, const struct bench_tune *t, const struct bench_tune_point *p)
{
    char text[VAL_TEXT_MAX], name[64];

    fprintf(out, "broker:\n  transport: %s\n  admin: {path: \"off\"}\n",
            t->load.transport == BENCH_TRANSPORT_USRSCTP ? "usrsctp" : "kernel");
    for (unsigned k = 0; k < CFG_KEY_COUNT; k++) {
        const struct cfg_key_row *row = &cfg_key_rows[k];
        int64_t value;
        if (is_ours(row) || !value_of(t, p, k, &value))
            continue;
        snprintf(name, sizeof name, "%s", row->name);
        char *dot = strchr(name, '.');
        val_format(&row->spec, value, text, sizeof text);
        if (dot) {
            *dot = 0;
            fprintf(out, "  %s: {%s: %s}\n", name, dot + 1, text);
        } else {
            fprintf(out, "  %s: %s\n", name, text);
        }
    }
}

static void endpoint(FILE *out, const struct bench_end *end, unsigned above)
{
    char text[NET_ADDR_TEXT];

    fputs("address: [", out);
    for (unsigned i = 0; i < end->count; i++) {
        struct net_addr address = end->addresses[i];
        net_addr_set_port(&address, 0);
        fprintf(out, "%s\"%s\"", i ? ", " : "", net_addr_format(&address, text, sizeof text));
    }
    fprintf(out, "], port: %u, encaps_port: %u", end->port + above, end->encaps_port + above);
    if (end->netns[0])
        fprintf(out, ", netns: \"%s\"", end->netns);
}

void tune_broker_config(FILE *out, const struct bench_tune *tune, const struct bench_tune_point *point,
                        const struct bench_plan *plan)
{
    broker_section(out, tune, point);
    cfg_print_options(&plan->options, "", out);
    fputs("listeners:\n  - {name: in, ", out);
    endpoint(out, &plan->listen[0], 1);
    fputs("}\npeers:\n  - {name: out, ", out);
    endpoint(out, &plan->listen[0], 0);
    fputs("}\nroutes:\n  - {from: in, to: out, session: paired}\n", out);
}

/* ---- the process -----------------------------------------------------------------------------------------
 */

static void nap(void)
{
    struct timespec t = {0, NAP_NS};

    nanosleep(&t, NULL);
}

static bool has_ended(struct tune_broker *b)
{
    if (b->child > 0 && waitpid(b->child, &b->status, WNOHANG) == b->child)
        b->child = 0;
    return b->child == 0;
}

/* The text of its log that has the word, or its last line. */
static bool find(const struct tune_broker *b, const char *word, char *line, size_t size)
{
    static char text[65536];
    ssize_t got = pread(b->log, text, sizeof text - 1, 0);
    const char *found, *start;

    text[got > 0 ? got : 0] = 0;
    found = strstr(text, word);
    start = found ? found : text;
    while (start > text && start[-1] != '\n')
        start--;
    snprintf(line, size, "%.*s", (int)strcspn(start, "\n"), start);
    return found != NULL;
}

/* In the child. */
static void become(int config, int log)
{
    int nothing = open("/dev/null", O_RDONLY);
    char name[40];

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0); /* Ctrl-C is for the parent, which ends it */
    if (nothing < 0 || dup2(nothing, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0 || dup2(config, 3) < 0)
        _exit(126);
    snprintf(name, sizeof name, "/proc/self/fd/3");
    signal(SIGUSR1, SIG_DFL);
    execl("/proc/self/exe", "junctor", "run", "-c", name, (char *)NULL);
    dprintf(2, "/proc/self/exe: %s\n", strerror(errno));
    _exit(127);
}

static bool start(struct tune_broker *b, int config, char *why, size_t size)
{
    char line[300];

    b->child = fork();
    if (b->child == 0)
        become(config, b->log);
    if (b->child < 0) {
        b->child = 0;
        snprintf(why, size, "the broker: fork: %s", strerror(errno));
        return false;
    }
    for (unsigned waited = 0; waited < START_MS * 1000000u / NAP_NS; waited++) {
        if (find(b, "event=ready", line, sizeof line))
            return true;
        if (has_ended(b))
            break;
        nap();
    }
    if (!find(b, "level=error", line, sizeof line))
        find(b, "/proc/self/fd", line, sizeof line);
    if (b->child > 0)
        snprintf(why, size, "the broker did not start within %d s: %s", START_MS / 1000, line);
    else if (WIFSIGNALED(b->status))
        snprintf(why, size, "the broker did not start: signal %d: %s", WTERMSIG(b->status), line);
    else
        snprintf(why, size, "the broker did not start: exit status %d: %s", WEXITSTATUS(b->status), line);
    return false;
}

static void end(void *arg)
{
    struct tune_broker *b = arg;

    if (b->child > 0) {
        kill(b->child, SIGTERM);
        for (unsigned waited = 0; !has_ended(b) && waited < END_MS * 1000000u / NAP_NS; waited++)
            nap();
    }
    if (b->child > 0) {
        kill(b->child, SIGKILL);
        waitpid(b->child, NULL, 0);
    }
    b->child = 0;
    if (b->log >= 0)
        close(b->log);
    b->log = -1;
}

static bool begin(const struct bench_tune *tune, const struct bench_tune_point *point,
                  struct bench_plan *plan, char *why, size_t size, void *arg)
{
    struct tune_broker *b = arg;
    int config = memfd_create("junctor.yaml", 0);
    FILE *out = config < 0 ? NULL : fdopen(dup(config), "w");

    b->log = memfd_create("junctor.log", 0);
    bool good = out != NULL && b->log >= 0;
    if (out) {
        tune_broker_config(out, tune, point, plan);
        good = fclose(out) == 0 && good;
    }
    if (!good)
        snprintf(why, size, "the broker's configuration: %s", strerror(errno));
    good = good && start(b, config, why, size);
    if (config >= 0)
        close(config);
    plan->to = plan->listen[0];
    plan->to.port++;
    plan->to.encaps_port++;
    for (unsigned i = 0; i < plan->to.count; i++)
        net_addr_set_port(&plan->to.addresses[i], plan->to.port);
    return good;
}

static double cpu(void *arg)
{
    struct tune_broker *b = arg;
    clockid_t clock;
    struct timespec t = {0, 0};

    if (b->child > 0 && clock_getcpuclockid(b->child, &clock) == 0)
        clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct bench_middle tune_broker_middle(struct tune_broker *broker)
{
    *broker = (struct tune_broker){.log = -1};
    return (struct bench_middle){.begin = begin, .cpu = cpu, .end = end, .arg = broker};
}
