/* What distinguishes a route from others when configurations are compared: its name, or else all its keys. */
#include "config/route_identity_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/arena_priv.h"

static void write_from(FILE *out, const struct cfg_config *c, const struct cfg_route *r, bool any_source)
{
    if (any_source)
        fputs("from any", out);
    for (unsigned i = 0; i < r->from_count && !any_source; i++)
        fprintf(out, "%s%s", i ? "," : "from ", cfg_member_name(c, r->from[i]));
}

static void write_matches(FILE *out, const struct cfg_route *r)
{
    for (unsigned i = 0; i < r->ppid_count; i++)
        fprintf(out, "%s%" PRIu32, i ? "," : " ppid ", r->ppids[i]);
    for (unsigned i = 0; i < r->stream_count; i++)
        fprintf(out, "%s%u-%u", i ? "," : " stream ", r->streams[i].first, r->streams[i].last);
    if (r->delivery != CFG_EITHER)
        fputs(r->delivery == CFG_UNORDERED ? " unordered" : " ordered", out);
}

const char *route_identity(struct arena *keep, const struct cfg_config *c, const struct cfg_route *r,
                           bool any_source)
{
    if (r->name)
        return r->name;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (!out)
        abort(); /* out of memory, which ends the loading of a configuration: arena.c */
    write_from(out, c, r, any_source);
    write_matches(out, r);
    fprintf(out, " to %s %s", c->groups[r->group].name, cfg_session_name(r->session));
    if (r->when_full != CFG_BLOCK)
        fprintf(out, " full %d", (int)r->when_full);
    if (r->pr_policy != OPT_PR_NONE)
        fprintf(out, " pr %d %" PRIu32, (int)r->pr_policy, r->pr_value);
    if (r->set_ppid != CFG_ABSENT)
        fprintf(out, " set_ppid %" PRId64, r->set_ppid);
    if (r->set_stream.rule != CFG_SAME_STREAM)
        fprintf(out, " set_stream %d %u", (int)r->set_stream.rule, r->set_stream.number);
    if (fclose(out) || !text)
        abort();
    const char *kept = arena_text(keep, text, len);
    free(text);
    return kept;
}
