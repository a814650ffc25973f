#include "tests/chaos/actions.h"

#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PAUSE_MIN_MS = 20, PAUSE_MAX_MS = 400, STEP_US = 5000 };

static unsigned draw(struct scene *s, unsigned from, unsigned to)
{
    s->random ^= s->random << 13;
    s->random ^= s->random >> 7;
    s->random ^= s->random << 17;
    return from + (unsigned)(s->random >> 20) % (to - from + 1);
}

uint64_t scene_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void __attribute__((format(printf, 2, 3))) tell(struct scene *s, const char *format, ...)
{
    va_list list;
    fprintf(s->log, "%6" PRIu64 " ms  ", scene_now_ms() - s->start_ms);
    va_start(list, format);
    vfprintf(s->log, format, list);
    va_end(list);
    fprintf(s->log, "\n");
    fflush(s->log);
}

/* ---- programs ----------------------------------------------------------------------------------------- */

static void start(struct scene *s, unsigned i)
{
    s->dead[i] = 0;
    program_start(&s->programs[i]);
}

static void end(struct scene *s, unsigned i, unsigned pause_ms)
{
    program_end(&s->programs[i]);
    s->stopped[i] = 0;
    s->dead[i] = scene_now_ms() + pause_ms;
}

static void go_on(struct scene *s, unsigned i)
{
    s->stopped[i] = 0;
    kill(s->programs[i].pid, SIGCONT);
}

/* Its host vanishes with it and comes back: nobody is told that its associations have ended. */
static void crash(struct scene *s, unsigned i, unsigned pause_ms)
{
    const struct disturbance cut = {.loss = 100}, none = {0};
    unsigned host = s->programs[i].host;
    for (unsigned p = 0; p < s->paths; p++)
        network_disturb(host, p, &cut);
    end(s, i, pause_ms);
    for (unsigned p = 0; p < s->paths; p++) {
        network_disturb(host, p, &none);
        s->disturbed[host][p] = 0;
    }
}

static void disturb_program(struct scene *s)
{
    enum { KILL, CRASH, ABORT, SHUT_DOWN, STOP, COUNT };
    static const char *const names[] = {"kill", "crash", "abort", "shut down", "stop"};
    unsigned what = draw(s, 0, COUNT - 1), i = draw(s, 0, s->count - 1);
    unsigned pause_ms = draw(s, 0, 1) ? draw(s, 0, 100) : draw(s, 100, 2500);
    char name[32];
    program_name(&s->programs[i], name);
    if (s->dead[i]) {
        tell(s, "%s does not run: no %s", name, names[what]);
        return;
    }
    tell(s, "%s %s (%u) %u ms", names[what], name, s->programs[i].incarnation, pause_ms);
    switch (what) {
    case KILL:
        end(s, i, pause_ms);
        break;
    case CRASH:
        crash(s, i, pause_ms);
        break;
    case ABORT:
        kill(s->programs[i].pid, PROGRAM_ABORT);
        break;
    case SHUT_DOWN:
        kill(s->programs[i].pid, PROGRAM_SHUT_DOWN);
        break;
    default:
        kill(s->programs[i].pid, SIGSTOP);
        s->stopped[i] = scene_now_ms() + pause_ms;
    }
}

/* ---- cables ------------------------------------------------------------------------------------------- */

static void disturb_cables(struct scene *s)
{
    enum { CUT, CUT_ALL, DELAY, REORDER, LOSS, COUNT };
    static const char *const names[] = {"cut", "cut all", "delay", "reorder", "loss"};
    unsigned what = draw(s, 0, COUNT - 1), host = draw(s, 0, CHAOS_HOSTS - 1);
    unsigned first = draw(s, 0, s->paths - 1), last = first, how_much = draw(s, 1, 100);
    unsigned pause_ms = draw(s, 0, 1) ? draw(s, 50, 500) : draw(s, 500, 4000);
    struct disturbance d = {0};
    if (what == CUT || what == CUT_ALL)
        d.loss = 100;
    else if (what == LOSS)
        d.loss = 1 + how_much / 5;
    else
        d.delay_ms = 1 + how_much / 2;
    if (what == REORDER)
        d.jitter_ms = d.delay_ms;
    if (what == CUT_ALL)
        first = 0, last = s->paths - 1;
    tell(s, "%s host %u path %u to %u: loss %u%% delay %u ms +- %u ms, for %u ms", names[what], host, first,
         last, d.loss, d.delay_ms, d.jitter_ms, pause_ms);
    for (unsigned p = first; p <= last; p++) {
        network_disturb(host, p, &d);
        s->disturbed[host][p] = scene_now_ms() + pause_ms;
    }
}

static void mend(struct scene *s, unsigned host, unsigned path)
{
    const struct disturbance none = {0};
    network_disturb(host, path, &none);
    s->disturbed[host][path] = 0;
}

/* ---- the broker --------------------------------------------------------------------------------------- */

static void serve(struct scene *s, unsigned members)
{
    tell(s, "reload: members %u%u%u", members & 1, members >> 1 & 1, members >> 2 & 1);
    s->setting.members = members;
    broker_reload(s->broker, s->folder, &s->setting);
}

static void ask_broker(struct scene *s)
{
    unsigned reload = draw(s, 0, 1), members = draw(s, 1, (1u << CHAOS_SERVERS) - 1);
    if (reload)
        serve(s, members);
    else
        kill(s->broker, SIGUSR1); /* its account, at a barrier of all workers */
}

/* ---- time --------------------------------------------------------------------------------------------- */

/* Ends what was to end before this time. */
static void end_due(struct scene *s, uint64_t now)
{
    for (unsigned i = 0; i < s->count; i++) {
        if (s->stopped[i] && s->stopped[i] <= now)
            go_on(s, i);
        if (s->dead[i] && s->dead[i] <= now)
            start(s, i);
    }
    for (unsigned h = 0; h < CHAOS_HOSTS; h++)
        for (unsigned p = 0; p < s->paths; p++)
            if (s->disturbed[h][p] && s->disturbed[h][p] <= now)
                mend(s, h, p);
}

void scene_run(struct scene *s, unsigned seconds)
{
    uint64_t next = scene_now_ms(), last = next + seconds * 1000;
    while (scene_now_ms() < last) {
        end_due(s, scene_now_ms());
        if (scene_now_ms() < next) {
            usleep(STEP_US);
            continue;
        }
        unsigned which = draw(s, 0, 9);
        if (which < 6)
            disturb_program(s);
        else if (which < 9)
            disturb_cables(s);
        else
            ask_broker(s);
        next = scene_now_ms() + draw(s, PAUSE_MIN_MS, PAUSE_MAX_MS);
    }
}

void scene_settle(struct scene *s)
{
    tell(s, "settle");
    end_due(s, UINT64_MAX);
    serve(s, (1u << CHAOS_SERVERS) - 1);
}

bool scene_toss(struct scene *s)
{
    return draw(s, 0, 1);
}
