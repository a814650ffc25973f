#include "config/yaml_priv.h"

#include <libfyaml.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "config/yaml_text_priv.h"

struct anchor {
    const char *name;
    const struct yaml_node *node;
};

struct builder {
    struct arena *arena;
    struct err_list *errors;
    const char *text;
    size_t len;
    struct yaml_node *root;
    struct yaml_node *open[YAML_DEPTH_MAX]; /* lists and maps not yet closed */
    unsigned began[YAML_DEPTH_MAX];         /* `values` when each was opened */
    unsigned depth;
    unsigned values;     /* in the tree so far, each alias counted with everything it refers to */
    void *anchors;       /* tsearch tree of struct anchor */
    char complaint[128]; /* of libfyaml, if it gives no place */
};

/* ---- syntax errors -------------------------------------------------------------------------------- */

static void keep_complaint(struct fy_diag *diag, void *user, const char *text, size_t len)
{
    struct builder *b = user;
    static const char prefix[] = "[ERR]: ";
    (void)diag;
    if (len >= sizeof prefix && memcmp(text, prefix, sizeof prefix - 1) == 0) {
        text += sizeof prefix - 1;
        len -= sizeof prefix - 1;
    }
    if (len && text[len - 1] == '\n')
        len--;
    if (b->complaint[0] == '\0')
        snprintf(b->complaint, sizeof b->complaint, "%.*s", (int)(len < 120 ? len : 120), text);
}

/* The likely cause of a syntax error, from its place. */
static const char *syntax_hint(const struct builder *b, struct cfg_place at)
{
    const char *line = b->text, *end = b->text + b->len;
    for (unsigned n = 1; n < at.line && line; n++) {
        line = memchr(line, '\n', (size_t)(end - line));
        line = line ? line + 1 : NULL;
    }
    if (!line || line >= end)
        return "; is a bracket, brace or quote not closed?";
    const char *p = line;
    while (p < end && *p == ' ')
        p++;
    if (p < end && *p == '\t')
        return "; indent with spaces, not with tabs";
    if (at.column == 0 || at.column > (size_t)(end - line))
        return "";
    p = line + at.column - 1;
    if (*p == '*')
        return "; write any, or \"*\" in quotes";
    return strchr("@`%&!", *p) ? "; put the value in quotes" : "";
}

static void report_syntax(struct builder *b, struct fy_diag *diag)
{
    void *state = NULL;
    const struct fy_diag_error *fault;
    bool any = false;
    while ((fault = fy_diag_errors_iterate(diag, &state))) {
        struct cfg_place at = {fault->line > 0 ? (unsigned)fault->line : 0,
                               fault->column > 0 ? (unsigned)fault->column : 0};
        err_add(b->errors, at, "this is not YAML: %s%s", fault->msg, syntax_hint(b, at));
        any = true;
    }
    if (!any)
        err_add(b->errors, (struct cfg_place){0}, "this is not YAML: %s",
                b->complaint[0] ? b->complaint : "it cannot be read");
}

/* ---- the tree ------------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct anchor *)a)->name, ((const struct anchor *)b)->name);
}

static void set_anchor(struct builder *b, struct fy_token *token, const struct yaml_node *node)
{
    size_t len;
    const char *name = token ? fy_token_get_text(token, &len) : NULL;
    if (!name)
        return;
    struct anchor *a = arena_alloc(b->arena, sizeof *a);
    a->name = arena_text(b->arena, name, len);
    a->node = node;
    struct anchor **found = tsearch(a, &b->anchors, by_name);
    if (!found)
        abort();
    (*found)->node = node; /* a name may be redefined: later aliases refer to the new one */
}

/* For libfyaml quoted text begins after the quote. */
static unsigned begins_late(struct fy_token *token)
{
    enum fy_scalar_style style = fy_token_scalar_style(token);
    return style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
}

/* The place of the token; if nothing is written, that of its parent's last child or of the parent. */
static struct cfg_place place_of(const struct builder *b, struct fy_token *token)
{
    const struct fy_mark *mark = token ? fy_token_start_mark(token) : NULL;
    if (mark)
        return (struct cfg_place){(unsigned)mark->line + 1, (unsigned)mark->column + 1 - begins_late(token)};
    if (b->depth == 0)
        return (struct cfg_place){1, 1};
    const struct yaml_node *parent = b->open[b->depth - 1];
    return parent->last ? parent->last->at : parent->at;
}

/* False, and reported, if the tree gets too large. */
static bool count_values(struct builder *b, struct cfg_place at, unsigned more)
{
    b->values += more;
    if (b->values <= YAML_VALUES_MAX)
        return true;
    err_add(b->errors, at, "more than %d values%s; a configuration this large is not accepted",
            YAML_VALUES_MAX, more > 1 ? ", with all that aliases stand for" : "");
    return false;
}

static struct yaml_node *add_node(struct builder *b, enum yaml_kind kind, struct fy_token *token)
{
    struct cfg_place at = place_of(b, token);
    if (!count_values(b, at, 1))
        return NULL;
    struct yaml_node *n = arena_alloc(b->arena, sizeof *n);
    n->kind = kind;
    n->at = at;
    n->text = "";
    n->values = 1;
    if (b->depth == 0) {
        b->root = n;
        return n;
    }
    struct yaml_node *parent = b->open[b->depth - 1];
    if (parent->last)
        parent->last->next = n;
    else
        parent->first = n;
    parent->last = n;
    parent->count++;
    return n;
}

static bool add_scalar(struct builder *b, struct fy_token *value, struct fy_token *anchor)
{
    size_t len = 0;
    struct yaml_node *n = add_node(b, YAML_SCALAR, value);
    const char *text = value ? fy_token_get_text(value, &len) : NULL;
    if (!n)
        return false;
    if (text && memchr(text, '\0', len)) {
        err_add(b->errors, n->at, "this text contains a zero byte; remove it");
        return false;
    }
    if (len > YAML_TEXT_MAX) {
        err_add(b->errors, n->at, "a text of %zu bytes; no value is longer than %d", len, YAML_TEXT_MAX);
        return false;
    }
    if (text)
        n->text = arena_text(b->arena, text, len);
    set_anchor(b, anchor, n);
    return true;
}

static bool add_alias(struct builder *b, struct fy_token *token)
{
    size_t len;
    struct yaml_node *n = add_node(b, YAML_SCALAR, token);
    const char *text = fy_token_get_text(token, &len);
    if (!n || !text)
        return false;
    n->at.column--; /* it begins with a star */
    struct anchor wanted = {arena_text(b->arena, text, len), NULL};
    struct anchor **found = tfind(&wanted, &b->anchors, by_name);
    if (!found) {
        err_add(b->errors, n->at, "alias *%.40s refers to nothing; write &%.40s before an earlier value",
                wanted.name, wanted.name);
        return false;
    }
    n->target = (*found)->node;
    if (n->target->values == 0) {
        err_add(b->errors, n->at, "alias *%.40s is inside the value it refers to; write the value out",
                wanted.name);
        return false;
    }
    return count_values(b, n->at, n->target->values);
}

static bool open_node(struct builder *b, enum yaml_kind kind, struct fy_token *token, struct fy_token *anchor)
{
    struct yaml_node *n = add_node(b, kind, token);
    if (!n)
        return false;
    if (b->depth == YAML_DEPTH_MAX) {
        yaml_too_deep(b->errors, n->at);
        return false;
    }
    n->values = 0; /* not known before it is closed */
    b->began[b->depth] = b->values;
    b->open[b->depth++] = n;
    set_anchor(b, anchor, n);
    return true;
}

static bool close_node(struct builder *b)
{
    struct yaml_node *n = b->open[--b->depth];
    n->values = 1 + b->values - b->began[b->depth];
    if (n->kind == YAML_MAP)
        n->count /= 2;
    return true;
}

static bool start_document(struct builder *b, struct fy_token *token)
{
    if (!b->root)
        return true;
    err_add(b->errors, place_of(b, token),
            "a second document begins here; write one document, without --- between");
    return false;
}

/* Handles one event; false ends the parsing, with the reason among the errors. */
static bool take(struct builder *b, struct fy_event *e)
{
    switch (e->type) {
    case FYET_DOCUMENT_START:
        return start_document(b, e->document_start.document_start);
    case FYET_SCALAR:
        return add_scalar(b, e->scalar.value, e->scalar.anchor);
    case FYET_ALIAS:
        return add_alias(b, e->alias.anchor);
    case FYET_SEQUENCE_START:
        return open_node(b, YAML_LIST, e->sequence_start.sequence_start, e->sequence_start.anchor);
    case FYET_MAPPING_START:
        return open_node(b, YAML_MAP, e->mapping_start.mapping_start, e->mapping_start.anchor);
    case FYET_SEQUENCE_END:
    case FYET_MAPPING_END:
        return close_node(b);
    default:
        return true;
    }
}

static bool take_all(struct builder *b, struct fy_parser *parser, struct fy_diag *diag)
{
    struct fy_event *e;
    bool ok = true;
    while (ok && (e = fy_parser_parse(parser))) {
        ok = take(b, e);
        fy_parser_event_free(parser, e);
    }
    if (ok && fy_parser_get_stream_error(parser)) {
        report_syntax(b, diag);
        ok = false;
    }
    return ok;
}

static bool parse(struct builder *b)
{
    struct fy_diag_cfg diag_cfg;
    fy_diag_cfg_default(&diag_cfg);
    diag_cfg.fp = NULL;
    diag_cfg.output_fn = keep_complaint;
    diag_cfg.user = b;
    diag_cfg.colorize = false;
    struct fy_diag *diag = fy_diag_create(&diag_cfg);
    if (!diag)
        abort();
    fy_diag_set_collect_errors(diag, true);

    const struct fy_parse_cfg cfg = {
        .flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_DISABLE_MMAP_OPT | FYPCF_JSON_NONE, .diag = diag};
    struct fy_parser *parser = fy_parser_create(&cfg);
    if (!parser || fy_parser_set_string(parser, b->text, b->len) != 0)
        abort();
    bool ok = take_all(b, parser, diag);
    fy_parser_destroy(parser);
    fy_diag_destroy(diag);
    return ok;
}

static void keep_entry(void *entry)
{
    (void)entry; /* in the arena */
}

const struct yaml_node *yaml_read(struct arena *a, const char *text, size_t len, struct err_list *e)
{
    struct builder b = {.arena = a, .errors = e, .text = text, .len = len};
    if (!yaml_text_check(text, len, e))
        return NULL;
    bool ok = len == 0 || parse(&b);
    tdestroy(b.anchors, keep_entry);
    if (!ok)
        return NULL;
    if (!b.root)
        add_node(&b, YAML_SCALAR, NULL);
    return b.root;
}

const struct yaml_node *yaml_real(const struct yaml_node *n)
{
    return n->target ? n->target : n;
}

bool yaml_is_empty(const struct yaml_node *n)
{
    return n->kind == YAML_SCALAR && n->text[0] == '\0';
}
