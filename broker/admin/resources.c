/* See resources.h. A new document or command is a row here, a handler, and a line in API.md (a test compares
 * the two). */
#include "broker/admin/resources.h"

#include <string.h>

#include "broker/admin/call.h"
#include "broker/admin/capture.h"
#include "broker/admin/command.h"
#include "broker/admin/doc.h"
#include "broker/admin/metrics.h"
#include "broker/admin/page.h"

static admin_handler get_index;

static const struct admin_resource resources[] = {
    {"GET", "/", false, admin_get_page, "the status page, for people"},
    {"GET", "/metrics", false, admin_get_metrics, "all counters, in the text format of Prometheus"},
    {"GET", "/healthz", false, admin_get_healthz, "200 while every worker takes turns, else 503"},
    {"GET", "/readyz", false, admin_get_readyz,
     "200 while associations are accepted, 503 while the broker drains"},
    {"GET", "/v1/", false, get_index, "this list"},
    {"GET", "/v1/status", false, admin_get_status, "the broker as a whole, its counters, drops by reason"},
    {"GET", "/v1/listeners", false, admin_get_listeners, "listeners, their associations and traffic"},
    {"GET", "/v1/peers", false, admin_get_peers, "peers, their state and traffic"},
    {"GET", "/v1/groups", false, admin_get_groups, "groups, the state of their members, traffic"},
    {"GET", "/v1/routes", false, admin_get_routes, "routes in the order in which they are tried, traffic"},
    {"GET", "/v1/associations", false, admin_get_associations,
     "associations; listener=, peer=, state=, worker=, q= choose, sort= orders"},
    {"GET", "/v1/associations/", false, admin_get_association, "one, by its number, with its paths"},
    {"GET", "/v1/workers", false, admin_get_workers, "workers, their load and counters"},
    {"GET", "/v1/explain", false, admin_get_explain,
     "which route takes a message (from=, ppid=, stream=), where it would go now and why"},
    {"GET", "/v1/history", false, admin_get_history,
     "recent events of associations and peers; name=, association= select"},
    {"GET", "/v1/config", true, admin_get_config, "the configuration in force, with its defaults"},
    {"POST", "/v1/reload", true, admin_post_reload,
     "reads the configuration again; answers when it is in force"},
    {"POST", "/v1/stop", true, admin_post_stop, "drains and ends, within drain=; answers when that is done"},
    {"POST", "/v1/log_level", true, admin_post_log_level,
     "the log's level from now on, value=, of one subject="},
    {"POST", "/v1/disconnect", true, admin_post_disconnect,
     "shuts association= down; answers when it is gone"},
    {"POST", "/v1/drain", true, admin_post_drain,
     "groups send nothing to member= any more; answers when its streams have moved"},
    {"POST", "/v1/maint", true, admin_post_maint,
     "the same, and ends its associations; answers when they are gone"},
    {"POST", "/v1/ready", true, admin_post_ready, "member= takes part again"},
    {"POST", "/v1/move", true, admin_post_move,
     "hands association= over to worker=; answers when that one has it"},
    {"POST", "/v1/tap", true, admin_post_tap,
     "captures messages that fit filter=, snaplen= bytes of each, as pcapng until the client goes"},
    {"POST", "/v1/abort", true, admin_post_abort, "aborts association=; answers when it is gone"},
};

#define COUNT (sizeof resources / sizeof resources[0])

/* A path that ends in '/' takes what follows, but for the two that are lists themselves. */
static bool fits(const struct admin_resource *r, const char *path, const char **rest)
{
    size_t len = strlen(r->path);
    *rest = "";
    if (strcmp(r->path, path) == 0)
        return r->handle != admin_get_association;
    if (r->handle != admin_get_association || strncmp(r->path, path, len) != 0)
        return false;
    *rest = path + len;
    return true;
}

const struct admin_resource *admin_find(const char *method, const char *path, const char **rest, bool *known)
{
    *known = false;
    for (size_t i = 0; i < COUNT; i++) {
        if (!fits(&resources[i], path, rest))
            continue;
        if (strcmp(resources[i].method, method) == 0 ||
            (strcmp(method, "HEAD") == 0 && strcmp(resources[i].method, "GET") == 0))
            return &resources[i];
        *known = true;
    }
    return NULL;
}

static enum admin_step get_index(struct admin *a, struct admin_call *call)
{
    json_t *d = admin_document(a), *list = json_array();
    for (size_t i = 0; i < COUNT; i++)
        if (call->local || !resources[i].local)
            json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "method", resources[i].method, "path",
                                                  resources[i].path, "what", resources[i].help));
    json_object_set_new(d, "resources", list);
    return admin_answer(call, 200, d);
}
