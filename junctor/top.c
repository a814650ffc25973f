/* `junctor top`: what a running broker does, from second to second. One thread: it reads the broker, draws,
 * and waits for a key, a signal or the next reading. Signals that end it are read from a descriptor, so that
 * the terminal is always given back; a reading is given up for them. */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "config/sctp/nearest.h"
#include "config/sctp/value.h"
#include "junctor/commands.h"
#include "junctor/top_screen.h"
#include "junctor/top_text.h"
#include "junctor/usage.h"

#define DEPTH 8 /* places that one can go back from */

static const char help[] = "Usage: junctor top [WHAT] [OPTION...]\n"
                           "\n"
                           "Shows what a running broker does, from second to second: associations by their\n"
                           "rate, what waits for them, retransmissions; with Enter the paths and history of\n"
                           "one. The key ? lists the keys. WHAT is the table to begin with: associations\n"
                           "(default), groups, peers, listeners or workers.\n"
                           "\n"
                           "  -i, --interval TIME    time between two readings (default 1s)\n"
                           "      --sort COLUMN      sort by this column, such as WAITING or RTX/MIN\n"
                           "  -q, --match TEXT       only rows with TEXT in a column\n"
                           "      --once             read twice, print the table, and end: for scripts\n"
                           "  -n, --limit N          with --once: at most N rows\n" CLIENT_SOCKET_HELP
                           "  -h, --help             this text\n"
                           "\n"
                           "Exit status: 0 done, 1 the terminal cannot show it, 2 wrong usage, 3 no broker\n"
                           "answers.\n";

/* What is come back to. */
struct left {
    struct top_place place;
    unsigned sort;
    bool reverse;
    char match[64], selected[TOP_NAME];
};

struct top {
    struct top_source source;
    struct top_shown shown;
    struct left back[DEPTH];
    unsigned depth;
    unsigned interval_ms, limit;
    bool once;
    const char *sort;

    char why[CLIENT_WHY]; /* what went wrong with the last reading; "": nothing */
    uint64_t read_ms;     /* when one went well */
    char selected[TOP_NAME];
    unsigned row, first; /* the selected one, the first one on the screen */
    size_t count;        /* rows that fit the filter */
    bool helping, asking, done;
};

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* ---- reading -------------------------------------------------------------------------------------- */

static bool is_one(const struct top *t)
{
    return t->shown.table.view == &top_one;
}

static int read_broker(struct top *t)
{
    struct top_reading r;
    int status = top_read(&t->source, &t->shown.place, &r, t->why, sizeof t->why);
    if (r.status) {
        json_t *whole = json_array();
        json_array_append(whole, r.status);
        top_table_take(&t->shown.whole, whole, r.status_ms);
    }
    if (status == CLIENT_DONE || (r.rows && is_one(t))) {
        top_table_take(&t->shown.table, json_incref(r.rows), r.rows_ms);
        t->shown.total = r.total;
        json_decref(t->shown.history);
        t->shown.history = json_incref(r.history);
    }
    if (status == CLIENT_DONE)
        t->read_ms = now_ms();
    top_reading_free(&r);
    return status;
}

static void go(struct top *t, const struct top_place *place)
{
    t->shown.place = *place;
    top_table_end(&t->shown.table);
    top_table_begin(&t->shown.table, place->view);
    t->shown.total = 0;
    *t->selected = '\0';
    t->row = t->first = 0;
}

/* ---- drawing -------------------------------------------------------------------------------------- */

/* Where the selected row is now, and which rows are on the screen. */
static void follow(struct top *t, const json_t *rows, unsigned lines)
{
    char id[TOP_NAME];
    size_t i;
    const json_t *row;
    if (*t->selected)
        json_array_foreach(rows, i, row)
        {
            if (strcmp(top_row_id(t->shown.table.view, row, id, sizeof id), t->selected) == 0)
                t->row = (unsigned)i;
        }
    if (t->row >= t->count)
        t->row = t->count ? (unsigned)t->count - 1 : 0;
    if (t->row < t->first)
        t->first = t->row;
    if (t->row >= t->first + lines)
        t->first = t->row - lines + 1;
    if (t->first + lines > t->count)
        t->first = t->count > lines ? (unsigned)t->count - lines : 0;
}

static json_t *slice(const json_t *rows, unsigned first, unsigned count)
{
    json_t *part = json_array();
    for (unsigned i = first; i < first + count && i < json_array_size(rows); i++)
        json_array_append(part, json_array_get(rows, i));
    return part;
}

static void put_bottom(const struct top *t, char *out, size_t size)
{
    if (t->asking)
        snprintf(out, size, "rows with: %s_", t->shown.match);
    else if (*t->why)
        snprintf(out, size, "%.300s; what is shown is %llu s old", t->why,
                 (unsigned long long)(now_ms() - t->read_ms) / 1000);
    else
        snprintf(out, size,
                 "Tab tables  Enter more  Esc back  < > sort  r reverse  / filter  ? help  q quit");
}

/* Of an association, and of the help, the text is scrolled. */
static const char *scroll(struct top *t, const char *text, unsigned lines)
{
    unsigned count = 0;
    for (const char *at = text; (at = strchr(at, '\n')); at++)
        count++;
    t->count = count > lines ? count - lines + 1 : 1;
    if (t->row >= t->count)
        t->row = (unsigned)t->count - 1;
    for (unsigned i = 0; i < t->row; i++)
        text = strchr(text, '\n') + 1;
    return text;
}

static void draw(struct top *t)
{
    char *head = NULL, *body = NULL, bottom[500];
    size_t size;
    unsigned lines, columns;
    bool text = t->helping || is_one(t);
    json_t *rows = top_table_choose(&t->shown.table, is_one(t) ? "" : t->shown.match);
    top_screen_size(&lines, &columns);
    t->count = json_array_size(rows);
    FILE *out = open_memstream(&head, &size);
    top_text_head(out, &t->shown, t->count);
    fclose(out);
    if (!text)
        follow(t, rows, lines ? lines : 1);
    json_t *part = text ? json_incref(rows) : slice(rows, t->first, lines);
    out = open_memstream(&body, &size);
    if (t->helping)
        top_text_help(out);
    else
        top_text_body(out, &t->shown, part, columns);
    fclose(out);
    put_bottom(t, bottom, sizeof bottom);
    const struct table_column *sorted = &t->shown.table.view->columns[t->shown.table.sort];
    const struct top_picture picture = {.head = head,
                                        .body = text ? scroll(t, body, lines + 1) : body,
                                        .has_title = !text,
                                        .title_sorted = sorted->title,
                                        .selected = text || !t->count ? -1 : (int)(t->row - t->first),
                                        .bottom = bottom,
                                        .alert = *t->why && !t->asking};
    top_screen_draw(&picture);
    free(head);
    free(body);
    json_decref(part);
    json_decref(rows);
}

/* ---- keys ----------------------------------------------------------------------------------------- */

/* The row that was drawn as the selected one. */
static json_t *selected(const struct top *t)
{
    json_t *rows = top_table_choose(&t->shown.table, t->shown.match),
           *row = json_incref(json_array_get(rows, t->row));
    json_decref(rows);
    return row;
}

static void choose_row(struct top *t, long row)
{
    char id[TOP_NAME] = "";
    t->row = row < 0 ? 0 : row >= (long)t->count ? (t->count ? (unsigned)t->count - 1 : 0) : (unsigned)row;
    if (t->helping || is_one(t))
        return;
    json_t *chosen = t->row ? selected(t) : NULL; /* the top is the top, whoever is there */
    if (chosen)
        top_row_id(t->shown.table.view, chosen, id, sizeof id);
    json_decref(chosen);
    strcpy(t->selected, id);
}

static const char *text_of(const json_t *row, const char *key)
{
    const char *text = json_string_value(json_object_get(row, key));
    return text ? text : "";
}

/* What Enter shows of a row. False: there is nothing more to it. */
static bool below(const struct top *t, const json_t *row, struct top_place *place)
{
    const struct top_view *view = t->shown.table.view, *all = top_view_find("associations");
    const char *kind = "";
    *place = (struct top_place){.view = all};
    if (view == all)
        place->view = &top_one;
    else if (view == top_view_find("groups"))
        place->view = &top_members;
    else if (view == top_view_find("peers") || view == top_view_find("listeners"))
        kind = view == top_view_find("peers") ? "peer" : "listener";
    else if (view == &top_members)
        kind = text_of(row, "kind");
    else
        return false;
    snprintf(place->key, sizeof place->key, "%s", kind);
    top_row_id(view, row, place->of, sizeof place->of);
    return true;
}

static bool enter(struct top *t)
{
    struct top_place place;
    json_t *row = is_one(t) ? NULL : selected(t);
    bool deeper = row && t->depth < DEPTH && below(t, row, &place);
    json_decref(row);
    if (!deeper)
        return false;
    struct left *left = &t->back[t->depth++];
    *left = (struct left){
        .place = t->shown.place, .sort = t->shown.table.sort, .reverse = t->shown.table.reverse};
    strcpy(left->match, t->shown.match);
    strcpy(left->selected, t->selected);
    go(t, &place);
    *t->shown.match = '\0';
    return true;
}

static bool go_back(struct top *t)
{
    if (t->helping || !t->depth) {
        t->helping = false;
        return false;
    }
    const struct left *left = &t->back[--t->depth];
    go(t, &left->place);
    t->shown.table.sort = left->sort;
    t->shown.table.reverse = left->reverse;
    strcpy(t->shown.match, left->match);
    strcpy(t->selected, left->selected);
    return true;
}

/* Another table; `step` 1 or -1. From deep inside: the one that it is part of. */
static bool turn_to(struct top *t, int step)
{
    unsigned count = 0, at = 0;
    const struct top_view *base = t->depth ? t->back[0].place.view : t->shown.place.view;
    for (; top_view_at(count); count++)
        if (top_view_at(count) == base)
            at = count;
    t->depth = 0;
    t->helping = false;
    const struct top_place place = {.view = top_view_at((at + count + (unsigned)step) % count)};
    go(t, &place);
    return true;
}

static void sort_by(struct top *t, int step)
{
    struct top_table *table = &t->shown.table;
    table->sort = (table->sort + table->view->column_count + (unsigned)step) % table->view->column_count;
    table->reverse = false;
}

static void type(struct top *t, int key)
{
    size_t n = strlen(t->shown.match);
    if (key == TOP_ENTER || key == TOP_BACK)
        t->asking = false;
    if (key == TOP_BACK)
        n = 0;
    else if (key == TOP_ERASE && n)
        n--;
    else if (key >= ' ' && key < 127 && n + 1 < sizeof t->shown.match)
        t->shown.match[n++] = (char)key;
    t->shown.match[n] = '\0';
}

/* True: something else is to be read. */
static bool press(struct top *t, int key)
{
    unsigned lines, columns;
    top_screen_size(&lines, &columns);
    if (t->asking) {
        type(t, key);
        return false;
    }
    switch (key) {
    case 'q':
        t->done = true;
        return false;
    case TOP_UP:
    case 'k':
        choose_row(t, (long)t->row - 1);
        return false;
    case TOP_DOWN:
    case 'j':
        choose_row(t, (long)t->row + 1);
        return false;
    case TOP_PAGE_UP:
        choose_row(t, (long)t->row - lines);
        return false;
    case TOP_PAGE_DOWN:
        choose_row(t, (long)t->row + lines);
        return false;
    case TOP_HOME:
        choose_row(t, 0);
        return false;
    case TOP_END:
        choose_row(t, (long)t->count);
        return false;
    case TOP_ENTER:
        return enter(t);
    case TOP_BACK:
    case TOP_ERASE:
        return go_back(t);
    case TOP_NEXT:
        return turn_to(t, 1);
    case TOP_PREVIOUS:
        return turn_to(t, -1);
    case '<':
    case '>':
        sort_by(t, key == '<' ? -1 : 1);
        return false;
    case 'r':
        t->shown.table.reverse = !t->shown.table.reverse;
        return false;
    case '/':
        t->asking = !is_one(t);
        return false;
    case '?':
        t->helping = !t->helping;
        t->row = 0;
        return false;
    default:
        return false;
    }
}

/* ---- on a terminal -------------------------------------------------------------------------------- */

/* Waits for keys until `until_ms`. True: read again now. *ended: the signal, or the terminal has gone. */
static bool wait_keys(struct top *t, int signals, uint64_t until_ms, int *ended)
{
    bool again = false;
    int key;
    while (!t->done && !again) {
        uint64_t now = now_ms();
        struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
        if (now >= until_ms)
            return true;
        if (poll(fds, 2, (int)(until_ms - now)) < 0 && errno != EINTR)
            return true;
        struct signalfd_siginfo info;
        if (fds[1].revents && read(signals, &info, sizeof info) == sizeof info)
            *ended = (int)info.ssi_signo;
        else if (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL))
            *ended = SIGHUP;
        if (*ended)
            return false;
        while ((key = top_screen_key()) != TOP_NO_KEY)
            again |= press(t, key);
        if (!again)
            draw(t);
    }
    return again;
}

/* Until q, or a signal: returns it. */
static int watch(struct top *t)
{
    int ended = 0;
    while (!t->done && !ended) {
        uint64_t begun = now_ms();
        read_broker(t);
        draw(t);
        wait_keys(t, t->source.give_up, begun + t->interval_ms, &ended);
    }
    return ended;
}

static int show(struct top *t)
{
    sigset_t ending;
    char why[300];
    if (read_broker(t) == CLIENT_NO_BROKER) {
        fprintf(stderr, "junctor top: %s\n", t->why);
        return CLIENT_NO_BROKER;
    }
    sigemptyset(&ending);
    for (unsigned i = 0; i < 4; i++)
        sigaddset(&ending, (const int[]){SIGINT, SIGTERM, SIGHUP, SIGQUIT}[i]);
    sigprocmask(SIG_BLOCK, &ending, NULL);
    t->source.give_up = signalfd(-1, &ending, SFD_CLOEXEC);
    if (t->source.give_up < 0 || !top_screen_open(why, sizeof why)) {
        fprintf(stderr, "junctor top: %s\n", t->source.give_up < 0 ? strerror(errno) : why);
        return 1;
    }
    int ended = watch(t);
    top_screen_close();
    close(t->source.give_up);
    if (ended) { /* as if it had not been caught */
        signal(ended, SIG_DFL);
        sigprocmask(SIG_UNBLOCK, &ending, NULL);
        raise(ended);
    }
    return 0;
}

/* ---- for scripts ---------------------------------------------------------------------------------- */

static int print_once(struct top *t)
{
    const struct timespec pause = {t->interval_ms / 1000, (long)(t->interval_ms % 1000) * 1000000};
    int status = read_broker(t);
    if (status == CLIENT_DONE) {
        nanosleep(&pause, NULL);
        status = read_broker(t);
    }
    if (*t->why)
        fprintf(stderr, "junctor top: %s\n", t->why);
    if (status != CLIENT_DONE)
        return status;
    json_t *rows = top_table_choose(&t->shown.table, t->shown.match),
           *part = slice(rows, 0, t->limit ? t->limit : (unsigned)json_array_size(rows));
    top_text_head(stdout, &t->shown, json_array_size(rows));
    top_text_body(stdout, &t->shown, part, table_width());
    json_decref(part);
    json_decref(rows);
    return status;
}

/* ---- the command ---------------------------------------------------------------------------------- */

static int wrong_word(const char *what, const char *word, const char *found)
{
    return cmd_wrong("top", "there is no %s \"%s\"%s%s%s", what, word, found ? "; did you mean " : "",
                     found ? found : "", found ? "?" : "");
}

static int set_place(struct top *t, const char *what)
{
    struct nearest near;
    const struct top_view *view = top_view_find(what);
    const struct top_place place = {.view = view};
    nearest_begin(&near, what);
    for (unsigned i = 0; top_view_at(i); i++)
        nearest_try(&near, top_view_at(i)->name);
    if (!view)
        return wrong_word("table", what, nearest_found(&near));
    go(t, &place);
    for (unsigned i = 0; t->sort && i < view->column_count; i++) {
        nearest_try(&near, view->columns[i].title);
        if (strcasecmp(view->columns[i].title, t->sort) == 0) {
            t->shown.table.sort = i;
            t->sort = NULL;
        }
    }
    return t->sort ? cmd_wrong("top", "--sort: %s have no column \"%s\"", what, t->sort) : 0;
}

static bool take_number(const char *option, const char *text, const struct val_spec *spec, unsigned *out)
{
    char why[VAL_WHY_MAX];
    int64_t n;
    if (!val_parse(spec, text, &n, why, sizeof why)) {
        cmd_wrong("top", "--%s: %s", option, why);
        return false;
    }
    *out = (unsigned)n;
    return true;
}

static int run(struct top *t, const char *what)
{
    int status = set_place(t, what);
    if (status)
        return status;
    top_table_begin(&t->shown.whole, &top_whole);
    status = t->once ? print_once(t) : show(t);
    top_table_end(&t->shown.table);
    top_table_end(&t->shown.whole);
    json_decref(t->shown.history);
    return status;
}

static const struct option options[] = {
    {"socket", required_argument, NULL, 's'}, {"interval", required_argument, NULL, 'i'},
    {"sort", required_argument, NULL, 'o'},   {"match", required_argument, NULL, 'q'},
    {"once", no_argument, NULL, '1'},         {"limit", required_argument, NULL, 'n'},
    {"help", no_argument, NULL, 'h'},         {0}};
const struct cmd_syntax cmd_top_syntax = {
    ":s:i:q:n:h", options,
    (const char *const[]){"socket=@file", "sort=@column", "1=associations groups peers listeners workers",
                          NULL}};

int cmd_top(int argc, char **argv)
{
    static const struct val_spec time = {OPT_UINT, OPT_MSEC, 100, 3600000, NULL},
                                 rows = {OPT_UINT, OPT_COUNT, 1, 1000000, NULL};
    struct top t = {.interval_ms = 1000, .source = {.give_up = -1}};
    int option;
    optind = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, cmd_top_syntax.letters, options, NULL)) != -1) {
        switch (option) {
        case 's':
            t.source.given = optarg;
            break;
        case 'i':
            if (!take_number("interval", optarg, &time, &t.interval_ms))
                return 2;
            break;
        case 'o':
            t.sort = optarg;
            break;
        case 'q':
            snprintf(t.shown.match, sizeof t.shown.match, "%s", optarg);
            break;
        case '1':
            t.once = true;
            break;
        case 'n':
            if (!take_number("limit", optarg, &rows, &t.limit))
                return 2;
            break;
        case 'h':
            fputs(help, stdout);
            return 0;
        default:
            return cmd_wrong_option("top", option, argv, options);
        }
    }
    if (argc - optind > 1)
        return cmd_wrong("top", "unexpected argument \"%s\"", argv[optind + 1]);
    if (t.limit && !t.once)
        return cmd_wrong("top", "--limit goes with --once");
    return run(&t, argv[optind] ? argv[optind] : "associations");
}
