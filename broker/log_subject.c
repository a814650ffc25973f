/* See log_subject.h. */
#include "broker/log_subject.h"

#include <stdlib.h>
#include <string.h>

static const struct brk_log_event events[] = {
#define EVENT(name, subject, help) {name, CFG_LOG_##subject, help},
#include "broker/log_events.def"
#undef EVENT
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const names[CFG_LOG_SUBJECTS] = {
    [CFG_LOG_BROKER] = "broker",   [CFG_LOG_CONFIG] = "config", [CFG_LOG_ENDPOINT] = "endpoint",
    [CFG_LOG_PEER] = "peer",       [CFG_LOG_PATH] = "path",     [CFG_LOG_ASSOCIATION] = "association",
    [CFG_LOG_MESSAGE] = "message",
};

static const char *const levels[] = {[CFG_LOG_ERROR] = "error",
                                     [CFG_LOG_WARNING] = "warning",
                                     [CFG_LOG_INFO] = "info",
                                     [CFG_LOG_DEBUG] = "debug"};

const struct brk_log_event *brk_log_events(size_t *count)
{
    *count = COUNT(events);
    return events;
}

static int compare(const void *name, const void *event)
{
    return strcmp(name, ((const struct brk_log_event *)event)->name);
}

enum cfg_log_subject brk_log_subject(const char *event)
{
    const struct brk_log_event *e = bsearch(event, events, COUNT(events), sizeof events[0], compare);
    return e ? e->subject : CFG_LOG_BROKER;
}

const char *brk_log_subject_name(enum cfg_log_subject subject)
{
    return names[subject];
}

enum cfg_log_subject brk_log_subject_find(const char *name)
{
    unsigned i = 0;
    while (i < CFG_LOG_SUBJECTS && strcmp(name, names[i]) != 0)
        i++;
    return (enum cfg_log_subject)i;
}

const char *brk_log_level_name(enum cfg_log_level level)
{
    return levels[level];
}

bool brk_log_level_find(const char *name, enum cfg_log_level *level)
{
    for (unsigned i = 0; i < COUNT(levels); i++)
        if (strcmp(name, levels[i]) == 0) {
            *level = (enum cfg_log_level)i;
            return true;
        }
    return false;
}
