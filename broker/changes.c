/* See changes.h. */
#include "broker/changes.h"

#include <stdio.h>
#include <stdlib.h>

#include "broker/log.h"
#include "config/diff.h"

struct line {
    enum cfg_log_level level;
    char text[1400];
};

struct brk_changes {
    unsigned count, by_effect[CFG_RESTART + 1];
    struct line lines[BRK_CHANGES_TOLD];
};

/* " name=value", or nothing without a value. */
static void write_value(FILE *out, const char *name, const char *value)
{
    char quoted[2 * CFG_DIFF_VALUE + 3];
    if (value)
        fprintf(out, " %s=%s", name, brk_quote(value, quoted, sizeof quoted));
}

static void write_line(FILE *out, const struct cfg_difference *d)
{
    fprintf(out, "change=%s in=%s", cfg_change_word(d->change), cfg_section_word(d->section));
    write_value(out, "name", d->name);
    if (d->key)
        fprintf(out, " key=%s", d->key);
    write_value(out, "before", d->before);
    write_value(out, "after", d->after);
    write_value(out, "default", d->by_default ? "yes" : NULL);
    write_value(out, "acts", cfg_effect_text(d->effect));
}

static void note(const struct cfg_difference *d, void *arg)
{
    struct brk_changes *changes = arg;
    changes->by_effect[d->effect]++;
    if (changes->count++ >= BRK_CHANGES_TOLD)
        return;
    struct line *line = &changes->lines[changes->count - 1];
    line->level = d->effect == CFG_RESTART ? CFG_LOG_WARNING : CFG_LOG_INFO;
    FILE *out = fmemopen(line->text, sizeof line->text - 1, "w"); /* the last byte stays 0 */
    if (!out)
        return;
    write_line(out, d);
    fclose(out);
}

struct brk_changes *brk_changes_note(const struct cfg_config *old, const struct cfg_config *c,
                                     bool readdresses)
{
    struct brk_changes *changes = calloc(1, sizeof *changes);
    if (changes)
        cfg_diff(old, c, readdresses, note, changes);
    return changes;
}

void brk_changes_free(struct brk_changes *changes)
{
    free(changes);
}

void brk_changes_log(const struct brk_changes *changes)
{
    for (unsigned i = 0; i < changes->count && i < BRK_CHANGES_TOLD; i++)
        brk_log(changes->lines[i].level, "changed", "%s", changes->lines[i].text);
    if (changes->count > BRK_CHANGES_TOLD)
        brk_log(CFG_LOG_INFO, "changed_more",
                "changes=%u text=\"further changes are not listed; see junctor check --diff\"",
                changes->count - BRK_CHANGES_TOLD);
}

const char *brk_changes_counts(const struct brk_changes *changes, char *out, size_t size)
{
    snprintf(out, size, "changes=%u at_once=%u new_associations=%u new_endpoint=%u restart=%u",
             changes->count, changes->by_effect[CFG_NOW], changes->by_effect[CFG_NEW_ASSOC],
             changes->by_effect[CFG_NEW_ENDPOINT], changes->by_effect[CFG_RESTART]);
    return out;
}
