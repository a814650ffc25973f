/* See complete.h. */
#include "junctor/complete.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "broker/log_subject.h"
#include "config/sctp/options.h"
#include "config/sctp/ppid.h"
#include "junctor/client.h"
#include "junctor/commands.h"
#include "junctor/top_table.h"

#define PATIENCE_MS 500

/* A command line as far as it has been read. */
struct line {
    const struct cmd_command *command;
    const struct option *pending; /* its value is next; NULL: none */
    unsigned arguments;           /* that are no options, so far */
    bool options_over;            /* "--" has been seen */
    const char *socket;
    const char *word; /* that is to be completed */
};

static void put(const struct line *l, const char *text, const char *what)
{
    if (strncmp(text, l->word, strlen(l->word)) == 0)
        printf("%s%s%s\n", text, *what ? "\t" : "", what);
}

/* ---- of a running broker ---------------------------------------------------------------------------- */

static json_t *ask(const struct line *l, const char *path)
{
    const struct client_patience patience = {.give_up = -1, .timeout_ms = PATIENCE_MS};
    char why[CLIENT_WHY];
    json_t *document = NULL;
    const char *socket = l->socket ? l->socket : client_search(why, sizeof why);
    if (socket)
        client_request(socket, "GET", path, &patience, &document, why, sizeof why);
    return document;
}

/* The member `key` of each item; what it means is the item's `what`, or the word `what`. */
static void put_list(const struct line *l, const char *path, const char *list, const char *key,
                     const char *what)
{
    char number[32];
    size_t i;
    const json_t *item;
    json_t *document = ask(l, path);
    json_array_foreach(json_object_get(document, list), i, item)
    {
        const json_t *value = json_object_get(item, key);
        const char *meaning = json_string_value(json_object_get(item, what));
        snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        put(l, json_is_string(value) ? json_string_value(value) : number, meaning ? meaning : what);
    }
    json_decref(document);
}

static void put_members(const struct line *l)
{
    put_list(l, "/v1/listeners?limit=1000", "listeners", "name", "listener");
    put_list(l, "/v1/peers?limit=1000", "peers", "name", "peer");
}

static void put_associations(const struct line *l)
{
    put_list(l, "/v1/associations?limit=1000", "associations", "id", "name");
}

static void put_workers(const struct line *l)
{
    put_list(l, "/v1/workers", "workers", "worker", "worker");
}

/* ---- of the program --------------------------------------------------------------------------------- */

static void put_files(const struct line *l)
{
    (void)l;
    puts(":files");
}

static void put_subjects(const struct line *l)
{
    for (unsigned s = 0; s < CFG_LOG_SUBJECTS; s++)
        put(l, brk_log_subject_name(s), "");
}

static void put_columns(const struct line *l)
{
    for (unsigned v = 0; top_view_at(v); v++)
        for (unsigned c = 0; c < top_view_at(v)->column_count; c++)
            put(l, top_view_at(v)->columns[c].title, top_view_at(v)->name);
}

static void put_ppid(const char *name, uint32_t ppid, const char *what, void *line)
{
    (void)ppid;
    put(line, name, what);
}

static void put_ppids(const struct line *l)
{
    ppid_each(put_ppid, (void *)(uintptr_t)l);
}

static void put_sctp(const struct line *l)
{
    char text[100];
    for (unsigned i = 0; i < OPT_ID_COUNT; i++) {
        snprintf(text, sizeof text, "%s=", opt_rows[i].name);
        put(l, text, "");
    }
}

/* ---- the command line ------------------------------------------------------------------------------- */

static void put_word(const struct line *l, const char *word)
{
    static const struct {
        const char *name;
        void (*put)(const struct line *l);
    } kinds[] = {{"@file", put_files},     {"@member", put_members},   {"@association", put_associations},
                 {"@worker", put_workers}, {"@subject", put_subjects}, {"@column", put_columns},
                 {"@ppid", put_ppids},     {"@option", put_sctp}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].name, word) == 0) {
            kinds[i].put(l);
            return;
        }
    put(l, word, "");
}

/* The words of "NAME=WORDS". False: there is no such row. */
static bool put_values(const struct line *l, const char *name)
{
    char words[400], *rest = NULL;
    size_t len = strlen(name);
    for (const char *const *row = l->command->syntax->values; *row; row++) {
        if (strncmp(*row, name, len) != 0 || (*row)[len] != '=')
            continue;
        snprintf(words, sizeof words, "%s", *row + len + 1);
        for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
            put_word(l, word);
        return true;
    }
    return false;
}

static void put_options(const struct line *l)
{
    char text[100];
    for (const struct option *o = l->command->syntax->options; o->name; o++) {
        snprintf(text, sizeof text, "--%s", o->name);
        put(l, text, "");
    }
}

static const struct option *option_of(const struct line *l, const char *name, size_t len)
{
    for (const struct option *o = l->command->syntax->options; o->name; o++)
        if (strlen(o->name) == len && strncmp(o->name, name, len) == 0)
            return o;
    return NULL;
}

static const struct option *letter_of(const struct line *l, char letter)
{
    if (letter == ':' || !strchr(l->command->syntax->letters, letter))
        return NULL;
    for (const struct option *o = l->command->syntax->options; o->name; o++)
        if (o->val == letter)
            return o;
    return NULL;
}

static void take_value(struct line *l, const struct option *o, const char *value)
{
    l->pending = NULL;
    if (strcmp(o->name, "socket") == 0)
        l->socket = value;
}

/* A word before the one that is completed. */
static void take(struct line *l, const char *word)
{
    const char *equals = strchr(word, '=');
    const struct option *o;
    if (l->pending) {
        if (strcmp(word, "=") != 0) /* bash cuts there */
            take_value(l, l->pending, word);
    } else if (l->options_over || word[0] != '-' || !word[1]) {
        l->arguments++;
    } else if (strcmp(word, "--") == 0) {
        l->options_over = true;
    } else if (word[1] == '-') {
        o = option_of(l, word + 2, equals ? (size_t)(equals - word - 2) : strlen(word + 2));
        if (o && equals)
            take_value(l, o, equals + 1);
        else if (o && o->has_arg == required_argument)
            l->pending = o;
    } else {
        for (word++; *word && (o = letter_of(l, *word)); word++) {
            if (o->has_arg != required_argument)
                continue;
            if (word[1])
                take_value(l, o, word + 1);
            else
                l->pending = o;
            return;
        }
    }
}

static void put_all(struct line *l)
{
    char nth[16];
    const char *equals = strchr(l->word, '=');
    const struct option *o = NULL;
    if (strcmp(l->word, "=") == 0)
        l->word = "";
    else if (!l->pending && strncmp(l->word, "--", 2) == 0 && equals)
        o = option_of(l, l->word + 2, (size_t)(equals - l->word - 2));
    if (o)
        l->word = equals + 1;
    o = o ? o : l->pending;
    if (o) {
        put_values(l, o->name);
        return;
    }
    if (!l->options_over && *l->word == '-') {
        put_options(l);
        return;
    }
    snprintf(nth, sizeof nth, "%u", l->arguments + 1);
    if (!put_values(l, nth) && !put_values(l, "*") && !l->options_over)
        put_options(l);
}

/* The first word, or that of `junctor help`. */
static void put_commands(const struct line *l, bool all)
{
    for (unsigned i = 0; cmd_at(i); i++)
        put(l, cmd_at(i)->name, cmd_at(i)->what);
    if (all) {
        put(l, "help", "the same as COMMAND --help");
        put(l, "--help", "lists the commands");
        put(l, "--version", "version, libraries, what this host can");
    }
}

int complete_print(int count, char **words)
{
    struct line l = {.word = count > 0 ? words[count - 1] : ""};
    bool help = count == 2 && strcmp(words[0], "help") == 0;
    if (count == 2 && strcmp(words[0], "--version") == 0)
        put(&l, "--json", "");
    else if (count < 2 || help)
        put_commands(&l, !help);
    else if ((l.command = cmd_find(words[0]))) {
        for (int i = 1; i < count - 1; i++)
            take(&l, words[i]);
        put_all(&l);
    }
    return 0;
}
