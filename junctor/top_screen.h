/* The terminal of `junctor top`, by ncurses. */
#ifndef JUNCTOR_JUNCTOR_TOP_SCREEN_H
#define JUNCTOR_JUNCTOR_TOP_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

/* Keys beside characters. */
enum top_key {
    TOP_NO_KEY = -1,
    TOP_UP = 256,
    TOP_DOWN,
    TOP_PAGE_UP,
    TOP_PAGE_DOWN,
    TOP_HOME,
    TOP_END,
    TOP_ENTER,
    TOP_BACK, /* Esc */
    TOP_ERASE,
    TOP_NEXT,
    TOP_PREVIOUS,
    TOP_RESIZED
};

struct top_picture {
    const char *head, *body;  /* lines; what does not fit is cut */
    bool has_title;           /* the first line of the body is one */
    const char *title_sorted; /* a word in it that is marked; NULL: none */
    int selected;             /* line of the body behind the title; -1: none */
    const char *bottom;
    bool alert; /* the bottom says that something is wrong */
};

/* Takes the terminal. False: `why` says what to do. Afterwards top_screen_close gives it back as it was. */
bool top_screen_open(char *why, size_t size);
void top_screen_close(void);

/* Lines for the body behind its title, and columns; 0: too small for anything. */
void top_screen_size(unsigned *lines, unsigned *columns);

/* In a window that is too small only that is said. */
void top_screen_draw(const struct top_picture *picture);

/* The next key that was pressed: a character or an enum top_key. Does not wait. */
int top_screen_key(void);

#endif
