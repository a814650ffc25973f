/* See command.h. What is about the broker or a member is a request to control (ADMIN_REQUEST); what is about
 * an association its worker does (ADMIN_ONE). */
#include "broker/admin/command.h"

#include <stdio.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "broker/admin/call.h"
#include "broker/admin/refuse.h"
#include "broker/admin/json.h"
#include "broker/json_text.h"
#include "broker/log.h"
#include "broker/log_subject.h"
#include "config/sctp/value.h"
#include "routing/origin.h"

#define LOOK_AGAIN_MS 50
#define MOVE_AGAIN_MS 5
#define MISSED_MAX    100
#define END_WAIT_MS   3700000 /* longer than any drain_timeout: its end is sure by then */

/* ---- the broker ----------------------------------------------------------------------------------- */

/* What control has answered. */
static enum admin_step answered(const struct admin *a, struct admin_call *call, unsigned refused)
{
    json_t *d = admin_document(a), *lines = json_array();
    for (char *line = call->request.lines, *end; line && *line; line = end + 1) {
        end = strchr(line, '\n');
        json_array_append_new(lines, brk_json_text(line, (size_t)(end - line)));
    }
    free(call->request.lines);
    call->request.lines = NULL;
    json_object_set_new(d, "done", json_boolean(call->request.done));
    json_object_set_new(d, "generation", json_integer(call->request.generation));
    json_object_set_new(d, "lines", lines);
    return admin_answer(call, call->request.done ? 200 : refused, d);
}

enum admin_step admin_post_reload(struct admin *a, struct admin_call *call)
{
    if (call->round > 0)
        return answered(a, call, 409);
    brk_request_init(&call->request, BRK_ASK_RELOAD);
    return ADMIN_REQUEST;
}

enum admin_step admin_post_stop(struct admin *a, struct admin_call *call)
{
    const struct val_spec spec = {OPT_UINT, OPT_MSEC, 0, 3600000, NULL};
    char why[VAL_WHY_MAX];
    int64_t drain_ms;
    const char *drain = admin_query(call, "drain");
    if (call->round > 0)
        return answered(a, call, 409);
    brk_request_init(&call->request, BRK_ASK_STOP);
    if (drain && !val_parse(&spec, drain, &drain_ms, why, sizeof why))
        return admin_refuse(call, 400, "drain: %s", why);
    if (drain)
        call->request.drain_ms = (unsigned)drain_ms;
    return ADMIN_REQUEST;
}

static enum admin_step refuse_subject(struct admin_call *call, const char *name)
{
    char names[200];
    size_t n = 0;
    for (unsigned i = 0; i < CFG_LOG_SUBJECTS; i++)
        n += (size_t)snprintf(names + n, sizeof names - n, "%s%s", i ? ", " : "",
                              brk_log_subject_name((enum cfg_log_subject)i));
    return admin_refuse(call, 400, "log_level: there is no subject %s; there are %s", name, names);
}

enum admin_step admin_post_log_level(struct admin *a, struct admin_call *call)
{
    const char *level_name = admin_query(call, "value"), *name = admin_query(call, "subject");
    enum cfg_log_subject subject = name ? brk_log_subject_find(name) : CFG_LOG_SUBJECTS;
    enum cfg_log_level level;
    if (!level_name || !brk_log_level_find(level_name, &level))
        return admin_refuse(call, 400, "log_level: %s; there are error, warning, info and debug",
                            level_name ? "there is no such level" : "say which with ?value=");
    if (name && subject == CFG_LOG_SUBJECTS)
        return refuse_subject(call, name);
    if (name)
        brk_log_set_subject(subject, level);
    else
        brk_log_set_level(level);
    brk_log(CFG_LOG_INFO, "log_level", "value=%s subject=%s text=\"until the next reload\"", level_name,
            name ? name : "all");
    json_t *d = admin_document(a);
    json_object_set_new(d, "done", json_true());
    json_object_set_new(d, "log_level", json_string(level_name));
    json_object_set_new(d, "subject", name ? json_string(name) : json_null());
    return admin_answer(call, 200, d);
}

/* ---- a member of groups --------------------------------------------------------------------------- */

#define LOOK_MEMBER_MS 100

/* Whether associations of its member are left. */
static bool any_left(struct admin *a, const struct admin_call *call)
{
    struct brk_sight s;
    unsigned count, left = 0;
    bool cut;
    const struct brk_assoc_view *v = brk_observer_found(a->observer, &count, &cut);
    brk_sight_open(a->observer, &s);
    for (unsigned i = 0; i < count; i++)
        left += strcmp(cfg_member_name(s.config, v[i].member), call->request.member) == 0;
    brk_sight_close(a->observer);
    return left != 0;
}

/* Control has answered; in maint its associations are still to end. */
static enum admin_step wait_for_end(struct admin *a, struct admin_call *call)
{
    bool walked = call->again_ms && call->step != ADMIN_LATER;
    if (call->request.state != CFG_MAINT || !call->request.done || (walked && !any_left(a, call)))
        return answered(a, call, 404);
    call->again_ms = LOOK_MEMBER_MS;
    call->deadline_ms = call->came_ms + END_WAIT_MS;
    return walked ? ADMIN_LATER : ADMIN_WALK;
}

static enum admin_step set_state(struct admin *a, struct admin_call *call, enum cfg_state state)
{
    struct brk_sight s;
    struct cfg_member m;
    const char *name = admin_query(call, "member");
    if (call->round > 0)
        return wait_for_end(a, call);
    if (!name)
        return admin_refuse(call, 400, "say which with ?member=NAME; /v1/listeners and /v1/peers have them");
    brk_sight_open(a->observer, &s);
    bool found = strlen(name) < BRK_NAME_TEXT && cfg_member_find(s.config, name, &m);
    brk_sight_close(a->observer);
    if (!found)
        return admin_refuse_member(a, call, name);
    brk_request_init(&call->request, BRK_ASK_STATE);
    strcpy(call->request.member, name);
    call->request.state = state;
    return ADMIN_REQUEST;
}

enum admin_step admin_post_drain(struct admin *a, struct admin_call *call)
{
    return set_state(a, call, CFG_DRAIN);
}

enum admin_step admin_post_maint(struct admin *a, struct admin_call *call)
{
    return set_state(a, call, CFG_MAINT);
}

enum admin_step admin_post_ready(struct admin *a, struct admin_call *call)
{
    return set_state(a, call, CFG_READY);
}

/* ---- an association ------------------------------------------------------------------------------- */

static enum admin_step done(const struct admin *a, struct admin_call *call, const char *what)
{
    char id[RT_ORIGIN_TEXT];
    json_t *d = admin_document(a);
    json_object_set_new(d, "done", json_true());
    json_object_set_new(d, what, json_string(rt_origin_format(call->origin, id)));
    return admin_answer(call, 200, d);
}

static bool can_end(const char *state)
{
    return strcmp(state, "up") == 0 || strcmp(state, "ending") == 0 || strcmp(state, "connecting") == 0;
}

/* Which one is meant. False: answered. */
static bool take_id(struct admin_call *call)
{
    const char *id = admin_query(call, "association");
    call->origin = id ? rt_origin_parse(id) : 0;
    if (!call->origin)
        admin_refuse_id(call, id);
    return call->origin;
}

static enum admin_step not_there(struct admin_call *call)
{
    return admin_refuse_association(call, admin_query(call, "association"));
}

/* Ends it with `act`, then looks until it is gone. */
static enum admin_step end(struct admin *a, struct admin_call *call, enum brk_look_act act, const char *what)
{
    if (call->round == 0) {
        if (!take_id(call))
            return ADMIN_DONE;
        call->act = act;
        return ADMIN_ONE;
    }
    if (call->step == ADMIN_LATER)
        return ADMIN_ONE;
    if (call->round == 1) {
        if (!call->found)
            return not_there(call);
        if (!can_end(call->found->state) ||
            (act == BRK_LOOK_SHUT_DOWN && !strcmp(call->found->state, "connecting")))
            return admin_refuse(call, 409, "association %s is %s, which cannot be ended this way",
                                admin_query(call, "association"), call->found->state);
        call->act = BRK_LOOK_ONLY;
        call->deadline_ms = call->came_ms + END_WAIT_MS;
    }
    if (!call->found)
        return done(a, call, what);
    call->again_ms = LOOK_AGAIN_MS;
    return ADMIN_LATER;
}

enum admin_step admin_post_disconnect(struct admin *a, struct admin_call *call)
{
    return end(a, call, BRK_LOOK_SHUT_DOWN, "disconnected");
}

enum admin_step admin_post_abort(struct admin *a, struct admin_call *call)
{
    return end(a, call, BRK_LOOK_ABORT, "aborted");
}

/* Asks its worker, then looks until the other one has it. On the way between two workers it may be seen with
 * neither, so it is missed only after several looks. */
enum admin_step admin_post_move(struct admin *a, struct admin_call *call)
{
    const struct brk_assoc_view *v = call->found;
    if (call->round == 0) {
        if (!take_id(call) || !admin_query_number(call, "worker", UINT_MAX, UINT16_MAX, &call->to))
            return ADMIN_DONE;
        if (call->to == UINT_MAX)
            return admin_refuse(call, 400, "say where to with ?worker=N; /v1/workers has them");
        if (call->to >= brk_observer_workers(a->observer))
            return admin_refuse_worker(a, call, call->to);
        call->act = BRK_LOOK_MOVE;
        return ADMIN_ONE;
    }
    if (call->step == ADMIN_LATER)
        return ADMIN_ONE;
    if (!v && (call->round == 1 || ++call->missed == MISSED_MAX))
        return not_there(call);
    if (call->round == 1 && call->detail->refused)
        return admin_refuse(call, 409, "association %s stays with worker %u: %s",
                            admin_query(call, "association"), v->worker, call->detail->refused);
    bool moving = !v || call->round == 1 || strcmp(v->state, "moving") == 0;
    if (!moving && v->worker == call->to)
        return done(a, call, "moved");
    if (!moving)
        return admin_refuse(call, 409, "association %s stays with worker %u; the log says why",
                            admin_query(call, "association"), v->worker);
    call->act = BRK_LOOK_ONLY;
    call->deadline_ms = call->came_ms + END_WAIT_MS;
    call->again_ms = MOVE_AGAIN_MS;
    return ADMIN_LATER;
}
