/*
 * What each key does to the state of ctrctl top.  One table: dispatch and help.
 */
#include "ctl/top_screen.h"

#include "lib/client.h"

#include <curses.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEY_ESCAPE 27
#define KEY_RETURN '\r'
/* As ctrctl kill: beside the policy's grace. */
#define KILL_MS 30000

const struct top_row *
top_selected(const struct top_screen *screen)
{
	return screen->selected < screen->shown ? &screen->sample.row[screen->selected] : NULL;
}

static void
enter_mode(struct top_screen *screen, enum top_mode mode)
{
	screen->mode_before = screen->mode;
	screen->mode = mode;
	screen->typed[0] = '\0';
}

static void
act_quit(struct top_screen *screen)
{
	screen->is_over = true;
}

static void
act_help(struct top_screen *screen)
{
	screen->scroll = 0;
	enter_mode(screen, TOP_HELP);
}

static void
sort_by(struct top_screen *screen, enum top_key key)
{
	screen->order.key = key;
	screen->order.is_reversed = false;
}

static void act_by_cpu(struct top_screen *screen) { sort_by(screen, TOP_BY_CPU); }
static void act_by_memory(struct top_screen *screen) { sort_by(screen, TOP_BY_MEMORY); }
static void act_by_tasks(struct top_screen *screen) { sort_by(screen, TOP_BY_TASKS); }
static void act_by_time(struct top_screen *screen) { sort_by(screen, TOP_BY_TIME); }
static void act_by_io(struct top_screen *screen) { sort_by(screen, TOP_BY_IO); }
static void act_by_sessions(struct top_screen *screen) { sort_by(screen, TOP_BY_SESSIONS); }
static void act_by_user(struct top_screen *screen) { sort_by(screen, TOP_BY_USER); }

static void
act_next_key(struct top_screen *screen)
{
	sort_by(screen, (screen->order.key + 1) % TOP_KEY_COUNT);
}

static void
act_previous_key(struct top_screen *screen)
{
	sort_by(screen, (screen->order.key + TOP_KEY_COUNT - 1) % TOP_KEY_COUNT);
}

static void
act_reverse(struct top_screen *screen)
{
	screen->order.is_reversed = !screen->order.is_reversed;
}

static void
act_idle(struct top_screen *screen)
{
	screen->order.hides_idle = !screen->order.hides_idle;
}

static void
act_filter(struct top_screen *screen)
{
	enter_mode(screen, TOP_ASK_FILTER);
}

static void
act_delay(struct top_screen *screen)
{
	enter_mode(screen, TOP_ASK_DELAY);
}

static void
act_colours(struct top_screen *screen)
{
	screen->is_plain = !has_colors() || !screen->is_plain;
}

static void
act_detail(struct top_screen *screen)
{
	if (!top_selected(screen))
		return;
	screen->scroll = 0;
	enter_mode(screen, TOP_DETAIL);
}

static void
act_kill(struct top_screen *screen)
{
	if (screen->killer)
		(void)snprintf(screen->message, sizeof(screen->message), "one at a time: uid %u is being ended",
		    (unsigned)screen->killed);
	else if (top_selected(screen))
		enter_mode(screen, TOP_ASK_KILL);
}

static void
act_refresh(struct top_screen *screen)
{
	(void)screen;
	(void)clearok(curscr, TRUE);
}

/* The cursor of the list; elsewhere what is shown moves. */
static void
move_by(struct top_screen *screen, long lines)
{
	size_t *at = screen->mode == TOP_LIST ? &screen->selected : &screen->scroll;

	if (lines < 0 && *at < (size_t)-lines)
		*at = 0;
	else
		*at += (size_t)lines;
}

static void act_up(struct top_screen *screen) { move_by(screen, -1); }
static void act_down(struct top_screen *screen) { move_by(screen, 1); }
static void act_page_up(struct top_screen *screen) { move_by(screen, -(long)top_list_lines()); }
static void act_page_down(struct top_screen *screen) { move_by(screen, (long)top_list_lines()); }
static void act_home(struct top_screen *screen) { move_by(screen, -INT16_MAX); }
static void act_end(struct top_screen *screen) { move_by(screen, INT16_MAX); }

const struct top_binding top_bindings[] = {
	{ "q F10", "quit; back from the details", { 'q', KEY_F(10) }, act_quit },
	{ "h ? F1", "this help", { 'h', '?', KEY_F(1) }, act_help },
	{ "P", "sort by CPU", { 'P' }, act_by_cpu },
	{ "M", "sort by memory", { 'M' }, act_by_memory },
	{ "N", "sort by the number of tasks", { 'N' }, act_by_tasks },
	{ "T", "sort by CPU time", { 'T' }, act_by_time },
	{ "I", "sort by disk reads and writes", { 'I' }, act_by_io },
	{ "S", "sort by sessions", { 'S' }, act_by_sessions },
	{ "U", "sort by user", { 'U' }, act_by_user },
	{ "> . F6", "sort by the next column", { '>', '.', KEY_F(6) }, act_next_key },
	{ "< ,", "sort by the one before", { '<', ',' }, act_previous_key },
	{ "r R", "reverse the order", { 'r', 'R' }, act_reverse },
	{ "i", "hide those that use no CPU", { 'i' }, act_idle },
	{ "/ u F4", "only users with this in their name", { '/', 'u', KEY_F(4) }, act_filter },
	{ "d s", "seconds between two looks", { 'd', 's' }, act_delay },
	{ "Enter", "sessions and processes of a container", { KEY_RETURN, KEY_ENTER, '\n' }, act_detail },
	{ "k F9", "end a container", { 'k', KEY_F(9) }, act_kill },
	{ "Up Down", "move the cursor", { KEY_UP }, act_up },
	{ "PgUp PgDn", "by a page", { KEY_PPAGE }, act_page_up },
	{ "Home End", "to the first, the last", { KEY_HOME }, act_home },
	{ "z", "colours, or none", { 'z' }, act_colours },
	{ "Space Ctrl-L", "look at once, draw anew", { ' ', 'L' & 0x1f }, act_refresh },
	{ NULL, NULL, { 0 }, NULL },
};

/* The other halves of pairs that share a line of the help. */
static const struct top_binding others[] = {
	{ "Down", NULL, { KEY_DOWN }, act_down },
	{ "PgDn", NULL, { KEY_NPAGE }, act_page_down },
	{ "End", NULL, { KEY_END }, act_end },
	{ NULL, NULL, { 0 }, NULL },
};

static bool
dispatch(struct top_screen *screen, const struct top_binding *bindings, int key)
{
	for (; bindings->keys; bindings++)
		for (size_t i = 0; i < sizeof(bindings->key) / sizeof(bindings->key[0]); i++)
			if (bindings->key[i] == key && key) {
				bindings->act(screen);
				return true;
			}
	return false;
}

/* --- questions ------------------------------------------------------------------------- */

static void
take_answer(struct top_screen *screen)
{
	int ms;

	if (screen->mode == TOP_ASK_FILTER)
		(void)snprintf(screen->order.filter, sizeof(screen->order.filter), "%s", screen->typed);
	else if ((ms = top_delay(screen->typed)) >= 0)
		screen->delay_ms = ms;
	else
		(void)snprintf(screen->message, sizeof(screen->message), "%.60s: not a number of seconds from 0.1 to 600",
		    screen->typed);
	screen->mode = screen->mode_before;
}

static void
press_typing(struct top_screen *screen, int key)
{
	size_t length = strlen(screen->typed);

	if (key == KEY_RETURN || key == KEY_ENTER || key == '\n')
		take_answer(screen);
	else if (key == KEY_ESCAPE)
		screen->mode = screen->mode_before;
	else if ((key == KEY_BACKSPACE || key == 127 || key == '\b') && length > 0)
		screen->typed[length - 1] = '\0';
	else if (key >= ' ' && key <= '~' && length + 1 < sizeof(screen->typed))
		screen->typed[length] = (char)key;
}

/* It may take the policy's grace: a child waits for it, the screen goes on. */
static void
start_killer(struct top_screen *screen, const struct top_row *row)
{
	struct error err = ERROR_INIT;
	bool existed;
	pid_t child = fork();

	if (child == 0)
		_exit(client_end(row->uid, KILL_MS, &existed, &err) < 0 ? 1 : existed ? 0 : 2);
	if (child < 0) {
		(void)snprintf(screen->message, sizeof(screen->message), "start a process: %m");
		return;
	}
	screen->killer = child;
	screen->killed = row->uid;
	(void)snprintf(screen->message, sizeof(screen->message), "ending %s ...", row->user);
}

static void
press_kill(struct top_screen *screen, int key)
{
	const struct top_row *row = top_selected(screen);

	screen->mode = screen->mode_before;
	if (key == 'y' && row)
		start_killer(screen, row);
}

/* --- all of it ---------------------------------------------------------------------------- */

static void
press_list(struct top_screen *screen, int key)
{
	(void)(dispatch(screen, top_bindings, key) || dispatch(screen, others, key));
}

static void
press_detail(struct top_screen *screen, int key)
{
	if (key == 'q' || key == KEY_F(10) || key == KEY_ESCAPE || key == KEY_LEFT)
		screen->mode = TOP_LIST;
	else if (key != KEY_RETURN && key != KEY_ENTER && key != '\n')
		press_list(screen, key);
}

void
top_press(struct top_screen *screen, int key)
{
	screen->message[0] = '\0';
	switch (screen->mode) {
	case TOP_LIST: press_list(screen, key); break;
	case TOP_DETAIL: press_detail(screen, key); break;
	case TOP_HELP:
		if (!dispatch(screen, others, key) && key != KEY_UP && key != KEY_PPAGE)
			screen->mode = screen->mode_before;
		else if (key == KEY_UP || key == KEY_PPAGE)
			press_list(screen, key);
		break;
	case TOP_ASK_FILTER:
	case TOP_ASK_DELAY: press_typing(screen, key); break;
	case TOP_ASK_KILL: press_kill(screen, key); break;
	}
}
