/* The course of the simulation: see world.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/assoc.h"
#include "broker/handover.h"
#include "tests/middle/world.h"

enum { NOTES = 80, NOTE_BYTES = 160, CALM_ROUNDS = 20000, LONELY_ROUNDS = 150, BACK_ROUNDS = 120 };

struct world world;

static char notes[NOTES][NOTE_BYTES];
static unsigned note_count;

/* ---- the seed -------------------------------------------------------------------------------------- */

/* SplitMix64 (Steele, Lea and Flood 2014). */
uint64_t pick(uint64_t n)
{
    uint64_t x = world.random += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (x ^ (x >> 31)) % n;
}

bool chance(unsigned percent)
{
    return pick(100) < percent;
}

bool fails(unsigned percent)
{
    return !world.calm && !world.gentle && chance(percent);
}

/* ---- telling --------------------------------------------------------------------------------------- */

static bool aloud(void)
{
    static int is = -1;
    if (is < 0)
        is = getenv("VERBOSE") != NULL;
    return is;
}

void note(const char *format, ...)
{
    char *line = notes[note_count++ % NOTES];
    int n = snprintf(line, NOTE_BYTES, "%6llu %7llu ms  ", (unsigned long long)world.step,
                     (unsigned long long)world.now_ms);
    va_list args;
    va_start(args, format);
    vsnprintf(line + n, NOTE_BYTES - (size_t)n, format, args);
    va_end(args);
    if (aloud())
        fprintf(stderr, "%s\n", line);
}

void trace(const char *what, unsigned assoc, const struct body *b)
{
    char text[80];
    if (!aloud())
        return;
    snprintf(text, sizeof text, what, assoc);
    note("%s message %u: source %u, stream %u, number %u", text, b->id, b->source, b->stream, b->seq);
}

void print_notes(void)
{
    unsigned first = note_count > NOTES ? note_count - NOTES : 0;
    for (unsigned i = first; i < note_count; i++)
        fprintf(stderr, "%s\n", notes[i % NOTES]);
    fprintf(stderr, "scenario %s, step %llu: again with SEED=%llu, and VERBOSE=1 for the broker's log\n",
            world.scenario ? world.scenario->name : "?", (unsigned long long)world.step,
            (unsigned long long)world.seed);
}

void fail_seed(const char *format, ...)
{
    char text[300];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    print_notes();
    fail_msg("%s, SEED=%llu, step %llu: %s", world.scenario->name, (unsigned long long)world.seed,
             (unsigned long long)world.step, text);
    abort();
}

static void fail_stuck(const char *what)
{
    static const char *const lives[] = {"connecting", "up", "closing", "leaving", "gone"};
    for (unsigned i = 0; i < world.broker.worker_count; i++)
        note("worker %u: %llu wait, %u associations", i,
             (unsigned long long)brk_counted(&world.broker.workers[i]->counts.waiting),
             world.broker.workers[i]->assoc_count);
    for (unsigned i = 0; i < world.assoc_count; i++) {
        const struct assoc *a = world.assocs[i];
        if (a->end && (a->life != GONE || a->end->queue))
            note("assoc %u: %s, %u of %u out, %u unread, watched for %s%s%s", a->number, lives[a->life],
                 a->out_count, a->window, a->unread, a->end->base.watch & TR_READABLE ? "reading " : "",
                 a->end->base.watch & TR_WRITABLE ? "writing " : "",
                 a->end->queue ? ", queue not empty" : "");
    }
    fail_seed("stuck: %s", what);
}

/* ---- begin ----------------------------------------------------------------------------------------- */

static struct cfg_config *configure(const char *sections)
{
    char text[4000];
    struct cfg_remarks remarks;
    static const unsigned queues[] = {1, 2, 5, 20, 4096};
    static const char *const bytes[] = {"4K", "64K", "1M"};
    int n = snprintf(
        text, sizeof text,
        "broker: {workers: %u, queue_messages: %u, queue_bytes: %s, drain_timeout: %s, log_level: %s, "
        "balance: {threshold: %s, pause: 100ms}, %s}\n",
        world.workers, queues[pick(sizeof queues / sizeof queues[0])],
        bytes[pick(sizeof bytes / sizeof bytes[0])], chance(50) ? "1h" : "30m", aloud() ? "debug" : "error",
        chance(80) ? "50" : "off", world.scenario->broker ? world.scenario->broker : "pin: false");
    note("%.*s", (int)strcspn(text, "\n"), text);
    n += snprintf(text + n, sizeof text - (size_t)n, sections, world.peeloff, world.peeloff);
    struct cfg_config *c = cfg_parse(world.scenario->name, text, (size_t)n, &remarks);
    if (!c) {
        cfg_remarks_print(world.scenario->name, &remarks, stderr);
        fail_seed("configuration");
    }
    cfg_remarks_free(&remarks);
    return c;
}

void world_begin(const struct scenario *s, uint64_t seed)
{
    note_count = 0;
    world = (struct world){.scenario = s, .seed = seed, .random = seed, .now_ms = 1000000};
    srandom((unsigned)seed); /* pauses before a peer is tried again */
    world.style = chance(70) ? LIKE_LINUX : LIKE_USRSCTP;
    world.returns = chance(50);
    world.roughness = (unsigned)pick(8);
    world.gentle = world.roughness == 0 && !s->members_change && !s->states;
    world.restlessness = chance(50) ? 40 : 100;
    world.answers = s->answers && (!world.gentle || seed % 2);
    static const char *const peeloffs[] = {"never", "always", "busy", "busy"};
    world.peeloff = peeloffs[pick(sizeof peeloffs / sizeof peeloffs[0])];
    world.few_descriptors = chance(20);
    world.workers = world.style == LIKE_USRSCTP ? 1 : 1 + (unsigned)pick(WORKERS_MAX);
    note("peeloff %s%s, %s, servers return %s", world.peeloff, world.few_descriptors ? " if it can" : "",
         world.style == LIKE_LINUX ? "like Linux" : "like usrsctp",
         world.returns ? "at any time" : "when all is settled");
    servers_return();
    ledger_begin();
    brk_log_open(aloud() ? CFG_LOG_DEBUG : CFG_LOG_ERROR);
    const unsigned all_caps =
        TR_CAP_LOOPS | TR_CAP_SHARE_PORT | TR_CAP_MULTIHOMING | TR_CAP_MOVE | TR_CAP_GIVES_UP_SILENTLY;
    paper.caps = world.style == LIKE_USRSCTP ? 0 : all_caps;
    world.broker = (struct brk_broker){.plan = rt_plan_new(configure(s->config), 1),
                                       .backend = &paper,
                                       .control.eventfd = -1,
                                       .requests.eventfd = -1};
    if (!brk_broker_open(&world.broker) || !(world.control = brk_control_new(&world.broker)))
        fail_seed("the broker does not start");
    tap_begin();
    world_settle();
}

/* ---- reload ---------------------------------------------------------------------------------------- */

void world_reload(void)
{
    const struct scenario *s = world.scenario;
    unsigned count = 0;
    if (brk_control_reloading(world.control) || brk_control_pairs_wait(world.control))
        return;
    while (count < sizeof s->others / sizeof s->others[0] && s->others[count])
        count++;
    unsigned which = (unsigned)pick(count + 1);
    world.cannot_open = chance(20);
    note("reload: configuration %u%s", which, world.cannot_open ? ", nothing can be opened" : "");
    world.reloads++;
    if (world.cannot_open && chance(50))
        remotes_lose_member();
    if (!brk_control_reload_with(world.control, configure(which ? s->others[which - 1] : s->config)))
        fail_seed("a reload was refused");
}

static void reload_or_be_refused(void)
{
    if (!world.draining)
        world_reload();
    else
        brk_control_reload(world.control); /* refused before it would look for a file */
}

/* ---- states of members ------------------------------------------------------------------------------ */

void world_set_state(void)
{
    static const char *const words[] = {"ready", "drain", "maint"};
    const struct cfg_config *c = world.broker.plan->config;
    bool peer = chance(80);
    unsigned count = peer ? c->peer_count : c->listener_count;
    if (!count)
        return;
    struct cfg_member m = {peer ? CFG_MEMBER_PEER : CFG_MEMBER_LISTENER, (unsigned)pick(count)};
    enum cfg_state state = chance(40) ? CFG_READY : chance(50) ? CFG_DRAIN : CFG_MAINT;
    if (peer ? c->peers[m.index].gone : c->listeners[m.index].gone)
        return;
    note("%s is set to %s", cfg_member_name(c, m), words[state]);
    brk_control_set_state(world.control, m, state);
}

void world_all_ready(void)
{
    const struct cfg_config *c = world.broker.plan->config;
    for (unsigned i = 0; world.scenario->states && i < c->peer_count; i++)
        if (!c->peers[i].gone)
            brk_control_set_state(world.control, (struct cfg_member){CFG_MEMBER_PEER, i}, CFG_READY);
    for (unsigned i = 0; world.scenario->states && i < c->listener_count; i++)
        if (!c->listeners[i].gone)
            brk_control_set_state(world.control, (struct cfg_member){CFG_MEMBER_LISTENER, i}, CFG_READY);
}

/* ---- hand-overs ------------------------------------------------------------------------------------ */

/* Some worker is to hand some association to some other one, if it can. */
static void hand_over(void)
{
    struct brk_worker *w = world.broker.workers[pick(world.broker.worker_count)];
    struct brk_assoc *a = w->assocs;
    if (w->stop)
        return;
    for (unsigned skip = (unsigned)pick(8); a && skip; skip--)
        a = a->next_of_all ? a->next_of_all : w->assocs;
    if (!a)
        return;
    unsigned to = (unsigned)pick(world.broker.worker_count);
    const char *refused = brk_handover_begin(w, a, to);
    totals.handed += !refused;
    note("hand-over: association %u of worker %u to worker %u%s%s", a->id, w->index, to, refused ? ": " : "",
         refused ? refused : "");
}

/* Control is told how busy the workers are, and may have some association handed over. */
static void balance(void)
{
    uint32_t busy[WORKERS_MAX];
    for (unsigned i = 0; i < world.broker.worker_count; i++)
        busy[i] = (uint32_t)pick(1000);
    if (chance(80)) /* mostly the same one is the busiest */
        busy[0] = 1000;
    brk_control_balance(world.control, busy);
}

/* ---- steps ----------------------------------------------------------------------------------------- */

static void worker_turn(unsigned i)
{
    struct brk_worker *w = world.broker.workers[i];
    if (!w->stop)
        brk_worker_turn(w);
}

bool world_step(void)
{
    bool goes_on = true;
    world.step++;
    unsigned what = (unsigned)pick(100);
    if (what < 35)
        worker_turn((unsigned)pick(world.broker.worker_count));
    else if (what < 42)
        goes_on = brk_control_turn(world.control, true);
    else if (what < 45 && world.broker.worker_count > 1)
        chance(40) ? balance() : hand_over();
    else if (what < 46 && world.scenario->others[0] && chance(40))
        reload_or_be_refused();
    else if (what < 47 && world.scenario->states && chance(50))
        world_set_state();
    else
        remotes_step();
    check_step();
    return goes_on;
}

/* False: the broker has drained. */
static bool calm_round(void)
{
    bool goes_on = true;
    world.step++;
    remotes_calm_step();
    if (chance(30))
        goes_on = brk_control_turn(world.control, true);
    else
        worker_turn((unsigned)pick(world.broker.worker_count));
    check_step();
    return goes_on;
}

static bool any_server(void)
{
    for (unsigned i = 0; i < world.assoc_count; i++) {
        const struct assoc *a = world.assocs[i];
        if (a->is_server && a->life != CONNECTING && a->life != GONE)
            return true;
    }
    return false;
}

/* Those that are to keep away come back when all are gone, and what they left is on its way to nobody. */
void world_settle(void)
{
    unsigned rounds = 0, quiet = 0, lonely = 0;
    note("settling");
    world_all_ready();
    world.calm = true;
    for (; quiet < 50; rounds++) {
        lonely = any_server() ? 0 : lonely + 1;
        if (lonely == LONELY_ROUNDS ||
            rounds == CALM_ROUNDS / 2) /* attempts that are refused are no quiet either */
            servers_return();
        if (rounds == CALM_ROUNDS)
            fail_stuck("something waits and nothing moves");
        calm_round();
        quiet = check_quiet() ? quiet + 1 : 0;
    }
    servers_return();
    world.members_lost = world.member_restarted = false;
    for (rounds = 0; rounds < BACK_ROUNDS; rounds++) /* until they are connected again */
        calm_round();
    check_maps();
    world.calm = false;
}

/* ---- end ------------------------------------------------------------------------------------------- */

static void stop(void)
{
    bool running = true;
    world.stopping = true;
    brk_control_stop(world.control);
    while (running) {
        running = false;
        worker_turn((unsigned)pick(world.broker.worker_count));
        check_step();
        for (unsigned i = 0; i < world.broker.worker_count; i++)
            running |= !world.broker.workers[i]->stop;
    }
    brk_control_settle(world.control);
}

/* The world goes on for a while as it was. */
static bool drain_roughly(void)
{
    if (world.scenario->others[0] && chance(40))
        world_reload(); /* is given up, or takes effect before anybody drains */
    world.draining = true;
    brk_control_drain(world.control, "SIGTERM", BRK_DRAIN_AS_CONFIGURED);
    for (unsigned steps = (unsigned)pick(200); steps; steps--)
        if (!world_step())
            return false;
    return true;
}

void world_end(bool drain)
{
    bool goes_on = drain && drain_roughly();
    world_all_ready();
    world.calm = world.returns = true;
    servers_return();
    for (unsigned rounds = 0; goes_on; rounds++) {
        goes_on = calm_round();
        if (rounds == 2 * CALM_ROUNDS)
            fail_stuck("the drain does not end");
    }
    if (drain)
        check_end();
    stop();
    check_end();
    tap_end();
    brk_control_free(world.control);
    brk_broker_close(&world.broker);
    for (unsigned i = 0; i < world.assoc_count; i++) {
        free(world.assocs[i]->out);
        free(world.assocs[i]);
    }
    free(world.assocs);
    ledger_end();
}
