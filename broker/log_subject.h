/* The subjects of log events (log_events.def), and names of subjects and levels. */
#ifndef JUNCTOR_BROKER_LOG_SUBJECT_H
#define JUNCTOR_BROKER_LOG_SUBJECT_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"

struct brk_log_event {
    const char *name;
    enum cfg_log_subject subject;
    const char *help;
};

/* All events, sorted by name. */
const struct brk_log_event *brk_log_events(size_t *count);

/* The subject of an event; CFG_LOG_BROKER of one that is not in the table. Any thread. */
enum cfg_log_subject brk_log_subject(const char *event);

/* "association", and the reverse; CFG_LOG_SUBJECTS: there is no such subject. */
const char *brk_log_subject_name(enum cfg_log_subject subject);
enum cfg_log_subject brk_log_subject_find(const char *name);

/* "warning", and the reverse. False: there is no level of this name. */
const char *brk_log_level_name(enum cfg_log_level level);
bool brk_log_level_find(const char *name, enum cfg_log_level *level);

#endif
