/* Chaos: for some seconds clients, servers and the cables between them and the broker are killed, crashed,
 * aborted, shut down, stopped, cut, delayed, reordered and thinned out at random, and servers leave and join
 * by reload, under load. Then everything is repaired, all must make progress, and end: the clients first, or
 * the broker while they send. The judge compares what was sent, what arrived and the broker's account
 * (judge.h).
 *
 *   SEED=N           the same actions again; else a random seed. It is printed
 *   DURATION=S       seconds of each run (3)
 *   KIND=NAME        one session kind (kinds.c) instead of all
 *   WORKERS=N        this number of workers instead of 1 or 2
 *   ALL=1            each kind with 1 and with 2 workers
 *   BACKEND=usrsctp  the broker runs on usrsctp, with one path and one worker; the others on the kernel's
 *                    SCTP over UDP
 *   RATE=N           messages a second of client 1 (150); 0 sends half as many, 2 twice, 3 four times
 *   SIZE=N           bytes of the longest message (1300, which is one packet)
 *   FOLDER=PATH      where records, logs and actions of each run are kept; else in /tmp, if something was
 *                    unexplained
 *   JUNCTOR=PATH     the program (build/junctor)
 *
 *   test_chaos --judge FOLDER KIND    judges the records of an earlier run
 *
 * Needs root, SCTP in the kernel, and netem; skipped elsewhere. Status 0: nothing is unexplained. */
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/chaos/actions.h"
#include "tests/chaos/broker.h"
#include "tests/chaos/judge.h"

enum {
    UDP_PORT = 9899,
    PATIENCE_S = 320,
    PROOF = 20 /* messages that each client sends after all is mended */
};

struct run {
    struct kind kind; /* and what is allowed beyond it */
    unsigned workers, duration;
    uint64_t seed;
    char folder[300];
    struct setting setting;
    struct scene scene;
};

static unsigned number_of(const char *name, unsigned otherwise)
{
    const char *text = getenv(name);
    return text && *text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

static const char *text_of(const char *name, const char *otherwise)
{
    const char *text = getenv(name);
    return text && *text ? text : otherwise;
}

static bool on_usrsctp(void)
{
    return strcmp(text_of("BACKEND", "kernel"), "usrsctp") == 0;
}

/* ---- folders ------------------------------------------------------------------------------------------ */

static void remove_folder(const char *folder)
{
    char command[400];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    if (system(command) != 0)
        printf("# %s remains\n", folder);
}

static void print_file(const char *folder, const char *name)
{
    char command[500];
    snprintf(command, sizeof command, "grep -vE 'event=(traffic|cost) ' %s/%s | tail -n 60 | sed 's/^/# /'",
             folder, name);
    printf("# ---- %s\n", name);
    fflush(stdout);
    if (system(command) != 0)
        printf("# cannot be shown\n");
}

/* ---- waiting ------------------------------------------------------------------------------------------ */

static bool wait_until(struct scene *s, bool (*is_so)(struct scene *))
{
    uint64_t end = scene_now_ms() + PATIENCE_S * 1000;
    while (!is_so(s)) {
        if (scene_now_ms() > end)
            return false;
        usleep(20000);
    }
    return true;
}

enum { CLIENTS = CHAOS_SERVERS, CLIENTS_END = CLIENTS + CHAOS_CLIENTS }; /* among the programs */

static uint32_t mark[CHAOS_PROGRAMS];

static bool clients_send(struct scene *s)
{
    for (unsigned i = CLIENTS; i < CLIENTS_END; i++)
        if (s->programs[i].shared->accepted - mark[i] < PROOF)
            return false;
    return true;
}

/* Programs FROM to TO have read enough in all. */
static bool have_read(const struct scene *s, unsigned from, unsigned to)
{
    uint32_t sum = 0;
    for (unsigned i = from; i < to; i++)
        sum += s->programs[i].shared->read - mark[i];
    return from == to || sum >= PROOF;
}

static bool receivers_read(struct scene *s)
{
    return have_read(s, 0, CLIENTS) && have_read(s, CLIENTS_END, s->count);
}

static bool have_finished(struct scene *s, unsigned from, unsigned to)
{
    bool all = true;
    for (unsigned i = from; i < to; i++)
        if (!program_has_finished(&s->programs[i]))
            all = false;
    return all;
}

static bool clients_finished(struct scene *s)
{
    return have_finished(s, CLIENTS, CLIENTS_END);
}

static bool others_finished(struct scene *s)
{
    bool servers = have_finished(s, 0, CLIENTS), watchers = have_finished(s, CLIENTS_END, s->count);
    return servers && watchers;
}

static void ask_to_finish(struct scene *s, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++)
        if (s->programs[i].pid > 0)
            kill(s->programs[i].pid, PROGRAM_FINISH);
}

/* ---- a run -------------------------------------------------------------------------------------------- */

static void begin(struct run *r)
{
    struct scene *s = &r->scene;
    char path[400];
    remove_folder(r->folder);
    mkdir(r->folder, 0755);
    snprintf(path, sizeof path, "%s/actions", r->folder);
    s->log = fopen(path, "w");
    if (s->log == NULL) {
        perror(path);
        exit(2);
    }
    r->setting =
        (struct setting){.folder = r->folder,
                         .paths = s->paths,
                         .rate = number_of("RATE", 150),
                         .size = number_of("SIZE", 1300),
                         .answers = r->kind.answers,
                         .maps = !strcmp(r->kind.session, "mapped"),
                         .streams = !strcmp(r->kind.session, "mapped") ? CHAOS_STREAMS_MAX : CHAOS_STREAMS,
                         .seed = r->seed};
    if (on_usrsctp() && r->setting.size > 1300 &&
        !strcmp(r->kind.drops, " ")) /* README, A destination is lost */
    {
        r->kind.drops = " unacknowledged peer_lost ";
        r->kind.whole = false;
    }
    s->count = r->kind.back ? CHAOS_PROGRAMS : CHAOS_PROGRAMS - CHAOS_WATCHERS;
    for (unsigned i = 0; i < s->count; i++) {
        enum role role = i < CLIENTS ? SERVER : i < CLIENTS_END ? CLIENT : WATCHER;
        unsigned index = i - (role == SERVER ? 0 : role == CLIENT ? CLIENTS : CLIENTS_END);
        unsigned host = role == SERVER ? index : CHAOS_SERVERS + index % CHAOS_CLIENT_HOSTS;
        program_new(&s->programs[i], &r->setting, role, index, host);
    }
    s->random = r->seed * 6364136223846793005u + 1442695040888963407u;
    s->start_ms = scene_now_ms();
    s->folder = r->folder;
    s->setting = (struct broker_setting){.members = (1u << CHAOS_SERVERS) - 1,
                                         .kind = &r->kind,
                                         .usrsctp = on_usrsctp(),
                                         .workers = r->workers,
                                         .servers = CHAOS_SERVERS,
                                         .first_host = 0,
                                         .paths = s->paths,
                                         .streams = r->setting.streams};
}

/* After all has been mended every client must get on. Returns what does not, or NULL. */
static const char *get_on(struct scene *s)
{
    for (unsigned i = 0; i < s->count; i++)
        mark[i] =
            s->programs[i].role == CLIENT ? s->programs[i].shared->accepted : s->programs[i].shared->read;
    if (!wait_until(s, clients_send))
        return "a client cannot send although everything was mended";
    if (!wait_until(s, receivers_read))
        return "servers or watchers read nothing although everything was mended";
    return NULL;
}

/* On a machine that stands still for seconds associations end by themselves. Whoever listened cannot come
 * back while the broker drains, and what was for him is dropped when the time is over. */
static bool has_lost_watcher(const struct run *r)
{
    return r->kind.back &&
           broker_logged_after(r->folder, "event=draining", "event=association_lost listener=watch");
}

static const char *end_broker(struct run *r)
{
    int status = broker_stop(r->scene.broker, PATIENCE_S);
    if (status == 1 && has_lost_watcher(r)) {
        r->kind.drops = " stopped ";
        r->kind.whole = false;
        return NULL;
    }
    return status == 0 ? NULL : status < 0 ? "the broker does not end" : "the broker's exit status is not 0";
}

static const char *end_clients(struct scene *s)
{
    ask_to_finish(s, CLIENTS, CLIENTS_END);
    return wait_until(s, clients_finished) ? NULL : "a client's association does not end";
}

static const char *end_others(struct scene *s)
{
    ask_to_finish(s, 0, CLIENTS);
    ask_to_finish(s, CLIENTS_END, s->count);
    return wait_until(s, others_finished) ? NULL : "an association of a server or watcher does not end";
}

/* The clients end, and then the broker; or the broker ends while they send. */
static const char *finish(struct run *r)
{
    struct scene *s = &r->scene;
    const char *first = get_on(s), *second, *third;
    if (scene_toss(s)) {
        second = end_clients(s);
        third = end_broker(r);
    } else {
        second = end_broker(r);
        third = end_clients(s);
    }
    const char *fourth = end_others(s);
    for (unsigned i = 0; i < s->count; i++)
        program_end(&s->programs[i]);
    return first ? first : second ? second : third ? third : fourth;
}

static bool run(struct run *r)
{
    struct scene *s = &r->scene;
    begin(r);
    for (unsigned i = 0; i < CLIENTS; i++)
        program_start(&s->programs[i]);
    s->broker = broker_start(text_of("JUNCTOR", "build/junctor"), r->folder, &s->setting);
    if (s->broker == 0) {
        printf("# the broker did not start\n");
        return false;
    }
    for (unsigned i = CLIENTS; i < s->count; i++)
        program_start(&s->programs[i]);
    scene_run(s, r->duration);
    scene_settle(s);
    const char *failure = finish(r);
    fclose(s->log);
    if (failure != NULL)
        printf("# %s\n", failure);
    return judge(r->folder, &r->kind, stdout) && failure == NULL;
}

/* ---- all runs ----------------------------------------------------------------------------------------- */

static bool one(unsigned n, const struct kind *kind, unsigned workers, uint64_t seed)
{
    struct run r = {.kind = *kind, .workers = workers, .duration = number_of("DURATION", 3), .seed = seed};
    char folder[64];
    snprintf(folder, sizeof folder, "/tmp/chaos.%d", (int)getpid());
    snprintf(r.folder, sizeof r.folder, "%s-%u", text_of("FOLDER", folder), n);
    r.scene.paths = on_usrsctp() ? 1 : CHAOS_PATHS;
    printf("# %s, workers %u: SEED=%" PRIu64 " KIND=%s WORKERS=%u DURATION=%u\n", kind->name, workers, seed,
           kind->name, workers, r.duration);
    fflush(stdout);
    bool fine = run(&r);
    printf("%s %u - %s, workers %u, seed %" PRIu64 "\n", fine ? "ok" : "not ok", n, kind->name, workers,
           seed);
    if (!fine) {
        print_file(r.folder, "actions");
        print_file(r.folder, "broker.log");
        printf("# all of it: %s\n", r.folder);
    } else if (getenv("FOLDER") == NULL) {
        remove_folder(r.folder);
    }
    fflush(stdout);
    return fine;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "--judge") == 0 && kind_of(argv[3]) != NULL)
        return !judge(argv[2], kind_of(argv[3]), stdout);
    uint64_t seed = number_of("SEED", (unsigned)time(NULL) % 100000);
    const char *only = getenv("KIND");
    bool all = number_of("ALL", 0), fine = true;
    unsigned n = 0;
    signal(SIGUSR1, SIG_IGN);
    signal(SIGUSR2, SIG_IGN);
    if (!network_possible())
        return 0;
    setpriority(PRIO_PROCESS, 0, -10); /* before all that it disturbs */
    network_new(CHAOS_HOSTS, on_usrsctp() ? UDP_PORT : 0);
    for (unsigned i = 0; i < kind_count; i++) {
        unsigned workers = on_usrsctp() ? 1 : number_of("WORKERS", all ? 1 : 1 + (unsigned)(seed + i) % 2);
        if (only && *only && strcmp(only, kinds[i].name) != 0)
            continue;
        fine &= one(++n, &kinds[i], workers, seed);
        if (all && !on_usrsctp())
            fine &= one(++n, &kinds[i], 2, seed);
    }
    printf("1..%u\n", n);
    return !fine;
}
