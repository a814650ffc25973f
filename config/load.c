/* Loads a configuration: bytes, tree, structs, checks; all or nothing. Only a valid one gets warnings. */
#include <stdlib.h>

#include "config/file_priv.h"
#include "config/advice_circle_priv.h"
#include "config/advice_priv.h"
#include "config/advice_unused_priv.h"
#include "config/config_priv.h"
#include "config/loader_priv.h"
#include "config/read_sections_priv.h"

static struct cfg_config *parse(const char *name, const char *text, size_t len, bool common_only,
                                struct cfg_remarks *remarks)
{
    struct cfg_config *c = cfg_new(name);
    struct loader l = {
        .keep = cfg_arena(c), .config = c, .common_only = common_only, .warnings.severity = CFG_WARNING};
    const struct yaml_node *root = NULL;

    if (len > FILE_READ_MAX)
        err_add(&l.errors, (struct cfg_place){0},
                "larger than %d MiB; a configuration this large is not accepted", FILE_READ_MAX >> 20);
    else
        root = yaml_read(&l.scratch, text, len, &l.errors);
    if (root)
        read_sections(&l, root);
    bool valid = l.errors.count == 0;
    if (valid) {
        advise(&l);
        advise_unused(&l);
        advise_circles(&l);
    }
    names_free(&l.names);
    names_free(&l.route_names);
    arena_free(&l.scratch);

    err_finish(valid ? &l.warnings : &l.errors, remarks);
    if (valid)
        return c;
    struct cfg_remarks unsaid; /* warnings that were found on the way */
    err_finish(&l.warnings, &unsaid);
    cfg_remarks_free(&unsaid);
    cfg_free(c);
    return NULL;
}

struct cfg_config *cfg_parse(const char *name, const char *text, size_t len, struct cfg_remarks *remarks)
{
    return parse(name, text, len, false, remarks);
}

/* ---- files ---------------------------------------------------------------------------------------- */

static struct cfg_config *failed(struct cfg_remarks *remarks, const char *what)
{
    struct err_list e = {0};
    err_add(&e, (struct cfg_place){0}, "%s", what);
    err_finish(&e, remarks);
    return NULL;
}

static struct cfg_config *load(const char *file, bool common_only, struct cfg_remarks *remarks)
{
    const char *failure;
    size_t len;
    char *text = file_read(file, &len, &failure);

    if (!text)
        return failed(remarks, failure);
    struct cfg_config *c = parse(file, text, len, common_only, remarks);
    free(text);
    return c;
}

struct cfg_config *cfg_load(const char *file, struct cfg_remarks *remarks)
{
    return load(file, false, remarks);
}

struct cfg_config *cfg_load_common(const char *file, struct cfg_remarks *remarks)
{
    return load(file, true, remarks);
}
