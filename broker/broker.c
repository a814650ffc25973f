/* Start and end of a broker: chooses the transport, opens everything, hands over to the control thread, frees
 * everything.
 *
 * Whatever can fail (a port in use, a missing permission, a kernel without SCTP) fails here, before the first
 * association, with one log line that says what to do. */
#include "broker/broker.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "broker/access.h"
#include "broker/control.h"
#include "broker/health.h"
#include "broker/identity.h"
#include "broker/log.h"
#include "broker/state.h"
#include "broker/stats/segments.h"
#include "broker/support.h"
#include "broker/worker.h"
#include "broker/worker_life.h"
#include "config/config.h"
#include "config/sctp/options.h"
#include "routing/inbox.h"
#include "routing/plan.h"
#include "transport/transport.h"

/* ---- preparation ---------------------------------------------------------------------------------- */

static const struct tr_backend *choose_backend(enum cfg_transport wanted, struct tr_error *error)
{
    struct tr_error reason;
    char quoted[300];
    if (wanted == CFG_TRANSPORT_USRSCTP)
        return tr_backend_probe(tr_usrsctp(), error) == TR_OK ? tr_usrsctp() : NULL;
    if (tr_backend_probe(tr_kernel(), &reason) == TR_OK)
        return tr_kernel();
    if (wanted == CFG_TRANSPORT_KERNEL) {
        *error = reason;
        return NULL;
    }
    brk_log(CFG_LOG_INFO, "transport", "transport=usrsctp kernel=%s",
            brk_quote(reason.text, quoted, sizeof quoted));
    return tr_backend_probe(tr_usrsctp(), error) == TR_OK ? tr_usrsctp() : NULL;
}

static unsigned count_workers(const struct brk_broker *b)
{
    cpu_set_t cpus;
    unsigned wanted = b->plan->config->workers;
    if (!wanted)
        wanted = sched_getaffinity(0, sizeof cpus, &cpus) ? 1 : (unsigned)CPU_COUNT(&cpus);
    if (wanted > BRK_WORKERS_MAX)
        wanted = BRK_WORKERS_MAX;
    if (wanted > 1 && !(tr_backend_caps(b->backend) & TR_CAP_LOOPS)) {
        if (b->plan->config->workers > 1)
            brk_log(CFG_LOG_WARNING, "workers",
                    "asked=%u used=1 text=\"the %s transport runs in one thread\"", b->plan->config->workers,
                    tr_backend_name(b->backend));
        wanted = 1;
    }
    return wanted;
}

static bool prepare(struct brk_broker *b)
{
    const struct cfg_config *c = b->plan->config;
    b->worker_count = count_workers(b);
    brk_segments_init(&b->health, sizeof(struct brk_peer_health));
    b->workers = calloc(b->worker_count, sizeof(struct brk_worker *));
    b->access = brk_access_new();
    if (!brk_segments_fit(&b->health, rt_source_count(c)) || !b->workers || !b->access ||
        rt_inbox_init(&b->control) || rt_inbox_init(&b->requests)) {
        brk_log(CFG_LOG_ERROR, "start_failed", "error=\"out of memory or descriptors\"");
        return false;
    }
    pthread_barrier_init(&b->account_enter, NULL, b->worker_count + 1);
    pthread_barrier_init(&b->account_leave, NULL, b->worker_count + 1);
    return true;
}

static bool open_workers(struct brk_broker *b)
{
    for (unsigned i = 0; i < b->worker_count; i++)
        if (!(b->workers[i] = brk_worker_new(b, i)))
            return false;
    return true;
}

bool brk_broker_open(struct brk_broker *b)
{
    return prepare(b) && open_workers(b);
}

void brk_broker_close(struct brk_broker *b)
{
    for (unsigned i = 0; b->workers && i < b->worker_count; i++)
        if (b->workers[i])
            brk_worker_free(b->workers[i]);
    if (b->control.eventfd >= 0)
        rt_inbox_destroy(&b->control);
    if (b->requests.eventfd >= 0)
        rt_inbox_destroy(&b->requests);
    free(b->workers);
    brk_access_free(b->access);
    brk_segments_free(&b->health);
    rt_plan_free(b->candidate);
    rt_plan_free(b->replaced);
    rt_plan_free((struct rt_plan *)b->plan);
}

static void log_advice(const char *text, void *arg)
{
    char quoted[500];
    (void)arg;
    brk_log(CFG_LOG_WARNING, "advice", "text=%s", brk_quote(text, quoted, sizeof quoted));
}

/* True when both the minimum RTO and the SACK delay are left to the host's defaults. */
static bool leaves_timers(const struct opt_set *s)
{
    return !opt_any(s, OPT_RTOINFO) && !opt_any(s, OPT_DELAYED_ACK_TIME) &&
           !opt_any(s, OPT_DELAYED_ACK_FREQUENCY) && !opt_any(s, OPT_PEER_ADDR_PARAMS);
}

/* A network namespace that a listener or peer uses, and what host settings matter to it there. */
struct place {
    const char *netns;
    unsigned topics; /* enum tr_advice bits */
};

static struct place place_of(const struct cfg_config *c, unsigned i)
{
    const struct cfg_listener *l = i < c->listener_count ? &c->listeners[i] : NULL;
    const struct cfg_peer *p = l ? NULL : &c->peers[i - c->listener_count];
    unsigned shared = l && l->peeloff == CFG_PEELOFF_NEVER ? TR_ADVICE_SHARED : 0;
    unsigned timers = leaves_timers(l ? &l->sctp : &p->sctp) ? TR_ADVICE_TIMERS : 0;
    return (struct place){l ? l->netns : p->netns, shared | timers | TR_ADVICE_BUFFERS};
}

static bool same_place(const struct place *a, const struct place *b)
{
    return a->netns == b->netns || (a->netns && b->netns && strcmp(a->netns, b->netns) == 0);
}

/* Reports host settings that do harm with this configuration, once for each network namespace. */
static void advise(const struct brk_broker *b)
{
    const struct cfg_config *c = b->plan->config;
    unsigned count = c->listener_count + c->peer_count;
    for (unsigned i = 0; i < count; i++) {
        struct place here = place_of(c, i);
        bool told = false;
        for (unsigned k = 0; k < count && !told; k++) {
            struct place other = place_of(c, k);
            if (!same_place(&here, &other))
                continue;
            told = k < i;
            here.topics |= other.topics;
        }
        if (!told)
            tr_backend_advise(b->backend, here.netns, here.topics, log_advice, NULL);
    }
}

/* An association needs a descriptor: allow as many as the system permits. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static int block_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set,
                    NULL); /* inherited by the workers: only the signalfd receives these signals */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow any more is an error of write(2) */
    return signalfd(-1, &set, SFD_CLOEXEC);
}

static void log_unsupported(struct cfg_place at, const char *text, void *arg)
{
    char file[300], quoted[300];
    brk_log(CFG_LOG_ERROR, "start_failed", "file=%s line=%u column=%u error=%s",
            brk_quote(arg, file, sizeof file), at.line, at.column, brk_quote(text, quoted, sizeof quoted));
}

/* Chooses the transport, and reports what parts of the configuration it does not support. */
static bool choose_transport(struct brk_broker *b)
{
    const struct cfg_config *config = b->plan->config;
    struct tr_error error;
    char quoted[300];
    b->backend = choose_backend(config->transport, &error);
    if (b->backend)
        return !brk_unsupported(config, b->backend, log_unsupported, (void *)config->file);
    brk_log(CFG_LOG_ERROR, "start_failed", "error=%s", brk_quote(error.text, quoted, sizeof quoted));
    return false;
}

int brk_run(struct cfg_config *config, bool log_level_fixed, const struct brk_service *services,
            unsigned count)
{
    struct brk_broker b = {.plan = rt_plan_new(config, 1),
                           .control.eventfd = -1,
                           .requests.eventfd = -1,
                           .log_level_fixed = log_level_fixed};
    struct brk_identity who;
    char why[200], quoted[300];
    int status = 1, signals = block_signals();
    raise_descriptor_limit();
    srandom((unsigned)(time(NULL) ^ getpid()));
    if (!b.plan || signals < 0)
        brk_log(CFG_LOG_ERROR, "start_failed", "error=\"%s\"", strerror(errno));
    else if (!brk_identity_find(config, &who, why, sizeof why))
        brk_log(CFG_LOG_ERROR, "start_failed", "error=%s", brk_quote(why, quoted, sizeof quoted));
    else if (choose_transport(&b)) {
        advise(&b);
        if (brk_broker_open(&b))
            status = brk_control_main(&b, signals, services, count);
    }
    brk_broker_close(&b);
    if (signals >= 0)
        close(signals);
    return status;
}
