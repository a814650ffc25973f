/* See refuse.h. */
#include "broker/admin/refuse.h"

#include "broker/admin/call.h"
#include "config/unknown.h"

enum admin_step admin_refuse_member(struct admin *a, struct admin_call *call, const char *name)
{
    struct brk_sight s;
    char text[CFG_UNKNOWN_TEXT];
    brk_sight_open(a->observer, &s);
    cfg_unknown_member(s.config, name, text);
    brk_sight_close(a->observer);
    return admin_refuse(call, 404, "%s", text);
}

enum admin_step admin_refuse_id(struct admin_call *call, const char *id)
{
    return admin_refuse(call, 400,
                        "%s%.64s%san association is called WORKER-NUMBER, like 0-17; `junctor status "
                        "associations` (/v1/associations) lists them",
                        id ? "there is no association " : "", id ? id : "", id ? ": " : "");
}

enum admin_step admin_refuse_association(struct admin_call *call, const char *id)
{
    return admin_refuse(
        call, 404,
        "there is no association %.64s; `junctor status associations` (/v1/associations) lists them", id);
}

enum admin_step admin_refuse_worker(const struct admin *a, struct admin_call *call, unsigned worker)
{
    unsigned count = brk_observer_workers(a->observer);
    if (count == 1)
        return admin_refuse(call, 404, "there is no worker %u; there is one, 0", worker);
    return admin_refuse(call, 404, "there is no worker %u; there are 0 to %u", worker, count - 1);
}
