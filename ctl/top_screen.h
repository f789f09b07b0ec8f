/*
 * The state of ctrctl top's screen, and its drawing.  curses(3ncurses) sends what changed and
 * no more, so that a slow line carries it.
 */
#ifndef CTL_TOP_SCREEN_H
#define CTL_TOP_SCREEN_H

#include "ctl/top_model.h"
#include "ctl/top_sample.h"
#include "lib/machine.h"

enum top_mode {
	TOP_LIST,
	TOP_DETAIL,
	TOP_HELP,
	TOP_ASK_FILTER, /* a line is typed: screen->typed */
	TOP_ASK_DELAY,
	TOP_ASK_KILL    /* y or n */
};

struct top_screen {
	struct machine machine;
	struct top_sample sample;
	struct top_sample before;
	struct top_detail detail;  /* of TOP_DETAIL */
	struct top_order order;
	enum top_mode mode;
	enum top_mode mode_before; /* where the help or a question leads back to */
	size_t shown;              /* rows of sample that the order shows */
	size_t selected, first;    /* of these: under the cursor; on the screen's first line */
	size_t scroll;             /* of the help and of the processes */
	int delay_ms;
	bool is_plain;             /* no colours */
	bool is_over;
	char typed[TOP_NAME];
	char message[160];         /* on the last line until the next key */
	pid_t killer;              /* 0, or a child that ends a container and waits for that */
	uid_t killed;
};

/* A key of the list, told in the help in this order. */
struct top_binding {
	const char *keys;          /* as the help has them */
	const char *help;
	int key[4];                /* of getch(3ncurses); 0 ends */
	void (*act)(struct top_screen *screen);
};

extern const struct top_binding top_bindings[]; /* the last has no keys */

/* The row under the cursor, or NULL. */
const struct top_row *top_selected(const struct top_screen *screen);

/* What a key does, in whatever mode. */
void top_press(struct top_screen *screen, int key);

void top_draw(struct top_screen *screen);

/* Lines for containers, or for what scrolls, on a screen of this height. */
size_t top_list_lines(void);

#endif
