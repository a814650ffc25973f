/* See top_screen.h. */
#include "junctor/top_screen.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curses.h>
#include <term.h>
#undef columns /* term.h has all capabilities as macros */
#undef lines

#include "junctor/top_text.h"

#define LEAST_LINES   8
#define LEAST_COLUMNS 30
#define ESCAPE_MS     50 /* what follows an Esc later than this is another key */

static SCREEN *screen;

/* newterm() and initscr() end the program, or draw on what has no place to draw at. */
static bool is_able(char *why, size_t size)
{
    int error = 1;
    const char *type = getenv("TERM");
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        snprintf(why, size, "standard input and output are not a terminal; use --once");
        return false;
    }
    if (!type || !*type || setupterm(type, STDOUT_FILENO, &error) != OK) {
        snprintf(why, size, "%s%s%s; set TERM, or use --once",
                 !type || !*type ? "TERM is not set" : "the type of the terminal, TERM=",
                 type && *type ? type : "", type && *type ? ", is unknown" : "");
        return false;
    }
    bool able = cursor_address && clear_screen;
    if (!able)
        snprintf(why, size, "a terminal of type %s cannot place text; use --once", type);
    del_curterm(cur_term); /* newterm() makes its own */
    return able;
}

bool top_screen_open(char *why, size_t size)
{
    setlocale(LC_CTYPE, "");
    if (!is_able(why, size))
        return false;
    screen = newterm(NULL, stdout, stdin);
    if (!screen) {
        snprintf(why, size, "the terminal cannot be used; use --once");
        return false;
    }
    cbreak();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    set_escdelay(ESCAPE_MS);
    curs_set(0);
    return true;
}

void top_screen_close(void)
{
    if (!screen)
        return;
    curs_set(1);
    endwin();
    delscreen(screen);
    screen = NULL;
}

static bool is_tiny(void)
{
    return LINES < LEAST_LINES || COLS < LEAST_COLUMNS;
}

void top_screen_size(unsigned *lines, unsigned *columns)
{
    *lines = is_tiny() ? 0 : (unsigned)LINES - TOP_HEAD_LINES - 2;
    *columns = is_tiny() ? 0 : (unsigned)COLS;
}

static void put_line(int y, const char *line, size_t length, attr_t how)
{
    attrset(how);
    if (how)
        mvhline(y, 0, ' ', COLS);
    mvaddnstr(y, 0, line, length < (size_t)COLS ? (int)length : COLS);
    attrset(A_NORMAL);
}

static void mark(int y, const char *line, size_t length, const char *word)
{
    const char *at = word ? strstr(line, word) : NULL;
    if (at && (size_t)(at - line) + strlen(word) <= length && at - line < COLS)
        mvchgat(y, (int)(at - line), (int)strlen(word), A_REVERSE | A_BOLD | A_UNDERLINE, 0, NULL);
}

/* Lines from `y` to `end`; returns the next y. */
static int put_text(int y, int end, const char *text, const struct top_picture *body)
{
    int first = y + (body && body->has_title);
    while (*text && y < end) {
        size_t length = strcspn(text, "\n");
        bool title = body && body->has_title && y < first;
        put_line(y, text, length,
                 title || (body && body->selected >= 0 && y - first == body->selected) ? A_REVERSE
                                                                                       : A_NORMAL);
        if (title)
            mark(y, text, length, body->title_sorted);
        text += length + (text[length] == '\n');
        y++;
    }
    return y;
}

void top_screen_draw(const struct top_picture *p)
{
    erase();
    if (is_tiny()) {
        put_line(0, "window too small", 16, A_NORMAL);
    } else {
        put_text(0, TOP_HEAD_LINES, p->head, NULL);
        put_text(TOP_HEAD_LINES, LINES - 1, p->body, p);
        put_line(LINES - 1, p->bottom, strlen(p->bottom), p->alert ? A_REVERSE | A_BOLD : A_BOLD);
    }
    refresh();
}

int top_screen_key(void)
{
    static const struct {
        int curses, key;
    } keys[] = {
        {KEY_UP, TOP_UP},     {KEY_DOWN, TOP_DOWN}, {KEY_PPAGE, TOP_PAGE_UP},   {KEY_NPAGE, TOP_PAGE_DOWN},
        {KEY_HOME, TOP_HOME}, {KEY_END, TOP_END},   {KEY_ENTER, TOP_ENTER},     {'\r', TOP_ENTER},
        {'\n', TOP_ENTER},    {27, TOP_BACK},       {KEY_BACKSPACE, TOP_ERASE}, {'\b', TOP_ERASE},
        {127, TOP_ERASE},     {'\t', TOP_NEXT},     {KEY_BTAB, TOP_PREVIOUS},   {KEY_RESIZE, TOP_RESIZED}};
    int key = getch();
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (keys[i].curses == key)
            return keys[i].key;
    return key == ERR ? TOP_NO_KEY : key < 256 ? key : 0;
}
