/* See reload.h. */
#include "broker/reload.h"

#include <string.h>

#include "broker/clock.h"
#include "broker/log.h"
#include "broker/notify.h"
#include "broker/state.h"
#include "broker/stats/segments.h"
#include "broker/support.h"
#include "config/config.h"
#include "config/ids.h"
#include "config/same.h"
#include "routing/plan.h"
#include "transport/transport.h"

static void log_remarks(const char *file, const struct cfg_remarks *remarks)
{
    char name[300], text[700];
    brk_quote(file, name, sizeof name);
    for (unsigned i = 0; i < remarks->count; i++) {
        const struct cfg_remark *r = &remarks->list[i];
        bool error = r->severity == CFG_ERROR;
        brk_log(error ? CFG_LOG_ERROR : CFG_LOG_WARNING, error ? "reload_refused" : "advice",
                "file=%s line=%u column=%u text=%s", name, r->line, r->column,
                brk_quote(r->text, text, sizeof text));
    }
}

static void log_unsupported(struct cfg_place at, const char *text, void *arg)
{
    char file[300], quoted[300];
    brk_log(CFG_LOG_ERROR, "reload_refused", "file=%s line=%u column=%u text=%s",
            brk_quote(arg, file, sizeof file), at.line, at.column, brk_quote(text, quoted, sizeof quoted));
}

bool brk_reload_with(struct brk_reload *r, struct brk_broker *b, struct cfg_config *config)
{
    const struct cfg_config *old = b->plan->config;
    if (b->log_level_fixed) {
        config->log_level = old->log_level;
        memcpy(config->log_levels, old->log_levels, sizeof config->log_levels);
    }
    if (brk_unsupported(config, b->backend, log_unsupported, (void *)config->file)) {
        cfg_free(config);
        return false;
    }
    cfg_keep_ids(config, old);
    bool readdresses = tr_backend_caps(b->backend) & TR_CAP_ADDRESSES;
    struct brk_changes *changes = brk_changes_note(old, config, readdresses);
    cfg_keep_restart_values(config, old, readdresses);
    b->candidate = rt_plan_new(config, b->plan->generation + 1);
    if (!changes || !b->candidate || !brk_segments_fit(&b->health, rt_source_count(config))) {
        brk_log(CFG_LOG_ERROR, "reload_refused",
                "text=\"out of memory; the configuration in force is kept\"");
        rt_plan_free(b->candidate);
        b->candidate = NULL;
        brk_changes_free(changes);
        return false;
    }
    *r = (struct brk_reload){
        .step = BRK_RELOAD_TRYING, .waiting = 1, .begun_ms = brk_now_ms(), .changes = changes};
    return true;
}

bool brk_reload_begin(struct brk_reload *r, struct brk_broker *b)
{
    const char *file = b->plan->config->file;
    struct cfg_remarks remarks;
    char quoted[300];
    if (strcmp(file, "-") == 0) {
        brk_log(CFG_LOG_ERROR, "reload_refused",
                "text=\"the configuration came from standard input, which cannot be read again; run with a "
                "file\"");
        return false;
    }
    brk_log_reopen(b->plan->config->log_file);
    brk_log(CFG_LOG_INFO, "reloading", "file=%s", brk_quote(file, quoted, sizeof quoted));
    brk_notify_reloading();
    struct cfg_config *config = cfg_load(file, &remarks);
    log_remarks(file, &remarks);
    cfg_remarks_free(&remarks);
    bool begun = config && brk_reload_with(r, b, config);
    if (!begun)
        brk_notify_reloaded(false);
    return begun;
}

bool brk_reload_answered(struct brk_reload *r, const struct brk_worker *w)
{
    char quoted[400];
    if (r->step <= BRK_RELOAD_PREPARING && w->step_failed) {
        r->failed = true;
        brk_log(CFG_LOG_ERROR, "reload_refused", "worker=%u text=%s", w->index,
                brk_quote(w->step_error, quoted, sizeof quoted));
    }
    return --r->waiting == 0;
}

bool brk_reload_prepare(struct brk_reload *r, const struct brk_broker *b)
{
    r->step = BRK_RELOAD_PREPARING;
    r->waiting = b->worker_count - 1;
    return r->waiting != 0;
}

void brk_reload_adopt(struct brk_reload *r, struct brk_broker *b)
{
    b->candidate = NULL;
    r->step = BRK_RELOAD_ADOPTING;
    r->waiting = b->worker_count;
    brk_log_configure(b->plan->config);
    brk_log_reopen(b->plan->config->log_file);
    brk_changes_log(r->changes);
}

void brk_reload_abandon(struct brk_reload *r, struct brk_broker *b)
{
    r->step = BRK_RELOAD_ABANDONING;
    r->waiting = b->worker_count;
}

void brk_reload_done(struct brk_reload *r, struct brk_broker *b)
{
    char counts[BRK_CHANGES_TEXT];
    bool adopted = r->step == BRK_RELOAD_ADOPTING;
    brk_log(adopted ? CFG_LOG_INFO : CFG_LOG_ERROR, adopted ? "reloaded" : "reload_abandoned",
            "generation=%u in_ms=%llu %s", b->plan->generation,
            (unsigned long long)(brk_now_ms() - r->begun_ms),
            adopted ? brk_changes_counts(r->changes, counts, sizeof counts)
                    : "text=\"the configuration in force is kept\"");
    brk_notify_reloaded(adopted);
    rt_plan_free(adopted ? b->replaced : b->candidate);
    b->replaced = NULL;
    b->candidate = NULL;
    brk_reload_free(r);
    r->step = BRK_RELOAD_NONE;
}

void brk_reload_free(struct brk_reload *r)
{
    brk_changes_free(r->changes);
    r->changes = NULL;
}
